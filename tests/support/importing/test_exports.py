"""Every helpdesk's export: known by its content, read, taken back, and in again."""

import json

import pytest

from support import saved_replies
from support.database import scalar
from support.importing import undo
from support.importing.door import Options, detect, import_export
from tests.conftest import ACTOR, LINKS
from tests.support.importing import exports

KINDS = [
    "zendesk", "zendesk lines", "zendesk lines apart", "freshdesk", "chatwoot", "zammad",
    "help_scout", "freescout", "channel_talk", "channel_talk json", "mail", "mail single",
]  # fmt: skip


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    return exports.every(folder)


def imported(space, db, paths, **options):
    dry_run = options.pop("dry_run", False)
    return import_export(
        db,
        space.seal(),
        paths,
        actor=ACTOR,
        options=Options(links=LINKS, **options),
        dry_run=dry_run,
    )


# What is said of imports and of what people did; indexes are told what went.
SAID = (
    "imports", "import_changes", "import_faqs", "import_settings", "audit", "audit_head",
    "sqlite_sequence", "tombstones",
)  # fmt: skip
# Which import brought it, when an FAQ was made of a link; what is sealed is another each time.
SINCE = ("import_id", "created_at", "updated_at", "changed_at", "applied_at", "sealed")


def desk(db, *, but=()):
    """Every row of every table, but what is said of imports, and columns called `but`."""
    sql = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' "
        "AND name NOT GLOB '*_search_*' ORDER BY name"
    )
    found = {}
    for table in list(db.query(sql)):
        if table["name"] not in SAID:
            extra = "rowid, " if "VIRTUAL" in table["sql"] else ""
            rows = db.query(f'SELECT {extra}* FROM "{table["name"]}" ORDER BY 1, 2')
            found[table["name"]] = [
                {name: value for name, value in row.items() if name not in but} for row in rows
            ]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_known_by_what_it_holds(files, kind):
    assert detect(files[kind]).format == kind.split()[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_three_conversations_come_in(space, db, files, kind):
    report = imported(space, db, files[kind])
    assert report.rejections == []
    assert (report.inquiries, report.pairs, report.labelled) == (3, 2, 1)
    assert report.masked["phone"] >= 1
    assert report.roles["customer"] == 3
    assert report.roles["agent"] == 2
    rows = list(db.query("SELECT * FROM inquiries ORDER BY opened_at, id"))
    assert [row["status"] for row in rows] == (
        ["answered", "answered", "closed"] if "mail" in kind else ["answered", "answered", "open"]
    )
    assert "환불은 언제 되나요" in rows[0]["text"]
    assert "[전화번호]" in rows[0]["text"]
    assert rows[0]["opened_at"] == "2026-01-05T01:00:00Z"
    answers = [
        scalar(db, "SELECT text FROM messages WHERE id = ?", [row["answer_id"]]) for row in rows
    ]
    assert answers[0].startswith("사흘 안에 됩니다.")
    assert "드림" not in answers[0]
    assert "작성" not in answers[0]
    assert answers[1] == "새 주소를 알려 주세요"
    assert list(db.query("SELECT slug FROM labels")) == [{"slug": "refund"}]
    assert not scalar(db, "SELECT count(*) FROM messages WHERE text LIKE '%VIP%'")


@pytest.mark.parametrize("kind", KINDS)
def test_tried_in_taken_back_and_in_again(space, db, files, kind):
    before = desk(db)
    dry = imported(space, db, files[kind], dry_run=True)
    assert desk(db) == before
    assert not scalar(db, "SELECT count(*) FROM imports")
    first = imported(space, db, files[kind])
    assert dry.as_dict() | {"dry_run": False, "import_id": first.import_id} == first.as_dict()
    there = desk(db)
    there_but = desk(db, but=SINCE)
    again = imported(space, db, files[kind])
    assert (again.inquiries, again.messages, again.already_there) == (0, 0, 3)
    assert desk(db) == there
    undo.undo(db, ACTOR, again.import_id)
    assert desk(db) == there
    gone = undo.undo(db, ACTOR, first.import_id)
    assert (gone.inquiries, gone.messages, gone.kept) == (3, first.messages, 0)
    assert desk(db) == before
    assert imported(space, db, files[kind]).inquiries == 3
    assert desk(db, but=SINCE) == there_but


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_import_on_top_of_the_first_goes_alone(space, db, files, tmp_path, kind):
    """First what the customers asked, then everything."""
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    asked = exports.unanswered(files[kind], earlier)
    first = imported(space, db, asked)
    between = desk(db)
    second = imported(space, db, files[kind])
    assert (first.inquiries, first.pairs, second.inquiries, second.pairs) == (3, 0, 0, 2)
    assert second.messages >= 2
    answers = "SELECT count(*) FROM inquiries WHERE status = 'answered' AND answer_id IS NOT NULL"
    assert scalar(db, answers) == 2
    at_once = desk(db, but=SINCE)
    undo.undo(db, ACTOR, second.import_id)
    assert desk(db) == between
    undo.undo(db, ACTOR, first.import_id)
    assert not any(desk(db)[name] for name in ("inquiries", "messages", "labels", "originals"))
    imported(space, db, files[kind])
    told = ("inquiries", "labels", "faqs", "inquiry_search", "settings")
    whole = desk(db, but=(*SINCE, "id", "message_id", "answer_id"))
    assert all(
        sorted(map(str, whole[name]))
        == sorted(
            str(
                {
                    key: value
                    for key, value in row.items()
                    if key not in ("id", "message_id", "answer_id")
                }
            )
            for row in at_once[name]
        )
        for name in told
    )


def test_the_encoding_is_told_of_files_that_are_in_one(files):
    assert detect(files["freshdesk"]).encoding == "utf-8"
    assert detect(files["mail"]).encoding == ""  # each part of a mail names its own
    assert detect(files["channel_talk"]).encoding == ""


def test_what_is_left_out_is_counted(space, db, files):
    def left_out(kind):
        return imported(space, db, files[kind], dry_run=True).left_out

    assert left_out("zendesk") == {"private note": 1}
    assert left_out("freshdesk") == {"private note": 1, "spam or deleted": 1}
    assert left_out("chatwoot") == {"private note": 1, "system message": 1}
    assert left_out("zammad") == {"private note": 1, "system message": 1}
    assert left_out("help_scout") == {"draft or hidden": 1, "private note": 1, "system message": 1}
    assert left_out("freescout") == {"draft or hidden": 1, "private note": 1}
    assert left_out("channel_talk") == {"telephone or video call": 1, "without text": 1}
    assert left_out("mail") == {"automatic mail": 1}


@pytest.mark.parametrize("kind", ["chatwoot", "channel_talk"])
def test_what_a_bot_said_is_no_answer(space, db, files, kind):
    assert imported(space, db, files[kind]).roles["bot"] == 1


@pytest.mark.parametrize("kind", ["help_scout", "freescout"])
def test_the_saved_reply_of_an_answer_is_a_label(space, db, files, kind):
    saved_replies.create(db, ACTOR, name="77", title="환불", body="환불 안내 글")
    report = imported(space, db, files[kind])
    assert report.saved_replies == {"77": 1}
    assert report.unknown_replies == 0
    uses = list(db.query("SELECT share FROM saved_reply_uses"))
    assert uses == [{"share": 1.0}]


def test_a_ticket_leads_back_to_its_page(space, db, files):
    imported(space, db, files["zendesk"])
    urls = [row["source_url"] for row in db.query("SELECT source_url FROM inquiries ORDER BY id")]
    assert urls[0] == "https://shop.zendesk.com/agent/tickets/5158"


def test_a_ticket_that_comes_twice_is_one_in_its_newest_form(space, db, tmp_path):
    old = exports.ZENDESK_TICKETS["tickets"][2]
    new = old | {"status": "closed", "updated_at": "2026-02-01T00:00:00Z"}
    path = exports.lines(tmp_path / "twice.ndjson", [new, old])
    report = imported(space, db, [path])
    assert (report.inquiries, report.repeats) == (1, 2)  # the ticket and its description
    assert scalar(db, "SELECT status FROM inquiries") == "closed"


def test_messages_without_their_conversation_are_told(space, db, tmp_path, files):
    tickets = exports.dumped(
        tmp_path / "one.json", {"tickets": exports.ZENDESK_TICKETS["tickets"][:1]}
    )
    report = imported(space, db, [tickets, files["zendesk"][0]])
    assert report.inquiries == 1
    assert sorted(item.reason for item in report.rejections) == [
        "1 messages of the conversation '5160', which is not in the files",
        "2 messages of the conversation '5159', which is not in the files",
    ]


def test_a_broken_object_costs_no_other(space, db, tmp_path):
    path = exports.lines(tmp_path / "export.ndjson", exports.ZENDESK_TICKETS["tickets"])
    path.write_text(path.read_text("utf-8").replace("\n", '\n{"id": 7, \n', 1), encoding="utf-8")
    report = imported(space, db, [path])
    assert report.inquiries == 3
    assert [item.line for item in report.rejections] == [2]


def test_an_export_in_korean_code_page_says_so(space, db, tmp_path):
    path = tmp_path / "export.ndjson"
    rows = [json.dumps(row, ensure_ascii=False) for row in exports.FRESHDESK]
    path.write_bytes("\n".join(rows).encode("cp949"))
    report = imported(space, db, [path])
    assert (report.encoding, report.inquiries, report.format) == ("cp949", 3, "freshdesk")
