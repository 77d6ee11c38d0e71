"""A conversation is one, whichever way it came first: by export, by webhook, by mail, from here."""

import copy

import pytest

from support import (
    agents,
    answering,
    connections,
    inquiries,
    mail_intake,
    outside_answers,
    routes,
)
from support.clock import ago, from_iso, iso
from support.connections import Access
from support.database import one, scalar
from support.importing import undo
from support.importing.conversation import RawMessage
from support.importing.door import Options, import_export
from support.importing.ids import is_hashed, safe_id
from support.incoming import receive
from support.redact import Redactor
from tests.conftest import ACTOR
from tests.support.importing import exports

TODAY = ago(hours=3)
LATER = ago(hours=2)
LAST = ago(hours=1)


@pytest.fixture
def run(space, db, tmp_path):
    """Import rows as lines of JSON."""

    def run(*rows, name="export.ndjson", **options):
        path = exports.lines(tmp_path / name, rows)
        return import_export(db, space.seal(), [path], actor=ACTOR, options=Options(**options))

    return run


def connected(db, seal, kind, **more):
    access = Access(address="https://shop.zendesk.com", user="u@shop.example", token="t", **more)
    if kind == "smtp":
        access = Access(
            address="mail.example.com:25", sender="Help <help@shop.example>", tls="none"
        )
    if kind == "channel-talk":
        access = Access(user="key", token="secret")
    return connections.connect(db, seal, ACTOR, name=kind, kind=kind, access=access)[0]


def ticket(**change):
    return copy.deepcopy(exports.ZENDESK_TICKETS["tickets"][2]) | {
        "created_at": TODAY, "updated_at": TODAY, **change,
    }  # fmt: skip


def comment(number, author, words, at, **change):
    found = copy.deepcopy(exports.ZENDESK_COMMENTS[5])
    return found | {
        "id": number, "author_id": author, "body": words, "plain_body": words,
        "html_body": f"<p>{words}</p>", "created_at": at, **change,
    }  # fmt: skip


def said(db):
    sql = "SELECT inquiry_id, role, text FROM messages ORDER BY inquiry_id, at, id"
    return [tuple(row.values()) for row in db.query(sql)]


ASKED = "로그인이 안 돼요"
FIRST = comment(6, 903, ASKED, TODAY)
ANSWER = comment(7, 700, "다시 해 보세요", LATER)
AGAIN = comment(8, 903, "그래도 안 돼요", LAST)


def test_comments_that_come_later_do_not_say_twice_what_a_ticket_began_with(run, db):
    first = run(ticket())
    assert said(db) == [(1, "customer", ASKED)]
    report = run(ticket(status="solved"), FIRST, ANSWER)
    assert (report.inquiries, report.messages) == (0, 1)
    assert said(db) == [(1, "customer", ASKED), (1, "agent", "다시 해 보세요")]
    row = one(db, "SELECT * FROM inquiries")
    assert (row["status"], row["answer_id"]) == ("answered", 2)
    assert run(ticket()).messages == 0  # and without them again
    undo.undo(db, ACTOR, report.import_id)
    assert said(db) == [(1, "customer", ASKED)]
    assert one(db, "SELECT * FROM inquiries")["status"] == "open"
    assert undo.undo(db, ACTOR, first.import_id).inquiries == 1


def heard(db, seal, number, words, at, **more):
    message = RawMessage(str(number), "customer", words, at)
    return receive(
        db, seal, source="zendesk", conversation="5160", message=message, customer_id="903", **more
    )


def answered(db, seal, number, words, at):
    message = RawMessage(str(number), "agent", words, at)
    return outside_answers.take(db, seal, source="zendesk", conversation="5160", message=message)


def test_what_came_by_webhook_comes_again_in_an_export(run, db, seal):
    heard(db, seal, "5160:description", ASKED, TODAY, subject=ASKED)
    answered(db, seal, 7, "다시 해 보세요", LATER)
    heard(db, seal, 8, "그래도 안 돼요", LAST, subject=ASKED)
    assert scalar(db, "SELECT source_id FROM inquiries WHERE id = 2") == "5160#8"
    before = said(db), list(db.query("SELECT * FROM inquiries"))
    report = run(ticket(status="open"), FIRST, ANSWER, AGAIN)
    assert (report.inquiries, report.messages, report.already_there) == (0, 0, 1)
    assert (said(db), list(db.query("SELECT * FROM inquiries"))) == before


def test_what_webhooks_missed_goes_where_it_belongs(run, db, seal):
    heard(db, seal, 6, ASKED, TODAY, subject=ASKED)
    answered(db, seal, 7, "다시 해 보세요", LATER)
    heard(db, seal, 8, "그래도 안 돼요", LAST, subject=ASKED)
    between = comment(9, 700, "비밀번호도 바꿔 보세요", iso(from_iso(LATER)))
    end = comment(10, 700, "고쳤습니다", iso(from_iso(LAST)))
    report = run(ticket(status="solved"), FIRST, ANSWER, between, AGAIN, end)
    assert report.messages == 2
    assert [(row[0], row[2]) for row in said(db)] == [
        (1, ASKED), (1, "다시 해 보세요"), (1, "비밀번호도 바꿔 보세요"),
        (2, "그래도 안 돼요"), (2, "고쳤습니다"),
    ]  # fmt: skip
    second = one(db, "SELECT * FROM inquiries WHERE id = 2")
    assert (second["status"], second["answer_id"]) == ("answered", 5)
    assert "그래도" in second["text"]
    undo.undo(db, ACTOR, report.import_id)
    assert scalar(db, "SELECT status FROM inquiries WHERE id = 2") == "open"
    assert len(said(db)) == 3


def test_what_was_imported_comes_again_by_webhook(run, db, seal):
    run(ticket(status="open"), FIRST, ANSWER, AGAIN)
    assert not heard(db, seal, 8, "그래도 안 돼요", LAST).fresh
    assert answered(db, seal, 7, "다시 해 보세요", LATER).became == "known"
    assert len(said(db)) == 3


def test_an_older_export_does_not_close_what_was_asked_since(run, db, seal):
    run(ticket(status="open"), FIRST)
    heard(db, seal, 8, "급해요, 환불해 주세요", LAST)
    older = comment(7, 700, "비공개", LATER)
    report = run(ticket(status="solved"), FIRST, older)
    assert report.messages == 1
    row = one(db, "SELECT * FROM inquiries")
    assert row["status"] == "open"


def test_an_answer_of_this_desk_that_an_export_brings_is_known(run, db, seal):
    run(ticket(status="open"), FIRST)
    agent = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    for number, words in ((1, "첫 답"), (2, "둘째 답")):
        if number == 2:
            heard(db, seal, 8, "그래도 안 돼요", ago(minutes=-1))
        answering.send(db, seal, inquiry_id=number, agent_id=agent.id, text=words, actor=ACTOR)
    db.execute("UPDATE outbox SET state = 'delivered', external_id = '21' WHERE id = 1")
    at = ago(minutes=-2)
    changed = comment(21, 700, "첫 답 (보낸 뒤 고침)", at)
    copied = comment(22, 700, "둘째  답", at)
    report = run(ticket(status="solved"), FIRST, changed, AGAIN, copied)
    assert report.messages == 0
    assert sorted(row[2] for row in said(db)) == sorted(
        [ASKED, "첫 답", "그래도 안 돼요", "둘째 답"]
    )


CHAT = {"id": "c9", "userId": "u1", "state": "opened", "mediumType": "native",
        "firstOpenedAt": TODAY}  # fmt: skip


def line(kind, words, at, **more):
    return {"chatId": "c9", "personType": kind, "personId": "p", "plainText": words,
            "createdAt": at, **more}  # fmt: skip


def test_a_workbooks_messages_have_no_ids_and_are_known_all_the_same(run, db, seal):
    made = connected(db, seal, "channel-talk")
    assert made.source == "channel_talk"
    message = RawMessage("m1", "customer", "전화 010-2938-4471 주세요", TODAY)
    receive(db, seal, source=made.source, conversation="c9", message=message, customer_id="u1")
    rows = [CHAT, line("user", "전화 010-2938-4471 주세요", TODAY), line("manager", "네", LATER)]
    assert run(*rows).messages == 1
    again = RawMessage("m2", "agent", "네", LATER)
    taken = outside_answers.take(db, seal, source=made.source, conversation="c9", message=again)
    assert taken.became == "known"
    fresh = RawMessage("m3", "customer", "전화 010-2938-4471 주세요", LAST)
    came = receive(db, seal, source=made.source, conversation="c9", message=fresh)
    assert came.fresh
    assert len(said(db)) == 3


def test_an_open_inquiry_gets_its_way_back(run, db, seal):
    rows = [ticket(status="open"), FIRST, ticket(id=5161, status="solved")]
    before = run(*rows)
    assert routes.of(db, 1) is None
    made = connected(db, seal, "zendesk")
    report = run(*rows)
    assert routes.of(db, 1) == routes.Route(made.id, "5160", delivers=True)
    assert routes.of(db, 2) is None  # nobody waits
    undo.undo(db, ACTOR, report.import_id)
    assert routes.of(db, 1) is None
    undo.undo(db, ACTOR, before.import_id)
    run(*rows, source="another")
    assert scalar(db, "SELECT count(*) FROM inquiry_routes") == 0
    run(*rows)
    assert scalar(db, "SELECT conversation FROM inquiry_routes") == "5160"


@pytest.fixture
def box(space, db, tmp_path):
    def box(*mails):
        path = tmp_path / "box.mbox"
        begin = b"From x@y Thu Jan  1 00:00:00 2026\n"
        path.write_bytes(b"".join(begin + item + b"\n" for item in mails))
        options = Options(ours=("help@shop.example",))
        return import_export(db, space.seal(), [path], actor=ACTOR, options=options)

    return box


def recent(own, sender, body, hours, *, answers=""):
    item = exports.mail(own, sender, "help@shop.example", "환불", body, 5, answers=answers)
    head, rest = item.split(b"Date: ", 1)
    when = from_iso(ago(hours=hours)).strftime("%a, %d %b %Y %H:%M:%S +0000").encode()
    return head + b"Date: " + when + b"\n" + rest.split(b"\n", 1)[1]


def test_a_thread_of_mails_goes_on_where_the_mailbox_ended(box, db, seal):
    made = connected(db, seal, "smtp")
    asked = recent("q", "민아 <c@gmail.com>", "환불은 언제 되나요", 3)
    more = recent("q2", "민아 <c@gmail.com>", "17번이요", 2, answers="q")
    assert box(asked, more).inquiries == 1
    thread = routes.mail_thread(db, seal, 1)
    assert (thread.to, thread.message_id) == ("민아 <c@gmail.com>", "<q2@mail.example>")
    assert thread.references == ["<q@mail.example>"]
    assert is_hashed(routes.of(db, 1).conversation)  # an address stands in a Message-ID
    assert not any("mail.example" in str(row) for row in db.query("SELECT * FROM messages"))
    assert mail_intake.take(db, seal, made, more).became == "known"
    last = recent("q3", "민아 <c@gmail.com>", "아직인가요", 1, answers="q2")
    assert mail_intake.take(db, seal, made, last) == mail_intake.Taken("asked", 1)
    assert len(inquiries.get(db, 1).messages) == 3
    assert routes.mail_thread(db, seal, 1).message_id == "<q3@mail.example>"
    assert box(asked, more, last).messages == 0


def test_a_mail_that_answers_what_a_mailbox_had_answered_belongs_to_it(box, db, seal):
    asked = recent("q", "민아 <c@gmail.com>", "환불은 언제 되나요", 3)
    answer = recent("a", "help@shop.example", "사흘 안에 됩니다", 2.5, answers="q")
    box(asked, answer)
    made = connected(db, seal, "smtp")
    more = recent("q2", "민아 <c@gmail.com>", "아직이에요", 2, answers="a")
    assert mail_intake.take(db, seal, made, more) == mail_intake.Taken("asked", 2)
    ids = [row["source_id"] for row in db.query("SELECT source_id FROM inquiries ORDER BY id")]
    assert ids[1].startswith(ids[0] + "#")
    assert box(asked, answer, more).messages == 0


def test_numbers_that_a_helpdesk_deals_out_stay_what_they_are(seal):
    mask = Redactor().redact
    card = "4111111111111111"

    def kept(name, *, dealt):
        return safe_id(name, lambda text: mask(text).text, seal, dealt=dealt)

    assert kept(card, dealt=True) == card
    assert is_hashed(kept(card, dealt=False))
    assert is_hashed(kept("01029384471", dealt=True))
    assert kept("5160:description", dealt=True) == "5160:description"
    assert is_hashed(kept("row:0123", dealt=True))
