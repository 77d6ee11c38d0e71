"""Imports into a real database: idempotent, masked, labelled, survived kills."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from support import faqs, inquiries, settings
from support.clock import ago
from support.database import scalar
from support.errors import ImportFileError, MappingError
from support.importing.faqs import import_aliases, import_faqs
from support.importing.load import run_import
from support.importing.mapping import AnswerColumns, LinkRules, Mapping, QuestionColumns
from tests.conftest import ACTOR, LINKS, import_csv

HISTORY = """id,question,answer,created_at,customer
1,환불요? 010-2938-4471,https://help.example.com/ko/faq/refund 보세요,2026-01-02 10:00,c1
2,로그인 안돼,"<a href=""https://m.help.example.com/ko/faq/login?a=b"">여기</a>",2026-01-03,c2
3,https://help.example.com/ko/faq/login 이거 봤는데 안돼요,확인해 보겠습니다,2026-01-04 10:00,c1
"""


@pytest.fixture
def history(space, tmp_path):
    return import_csv(space, tmp_path / "h.csv", HISTORY)


def test_labels_come_from_the_agents_links_alone(db, history):
    assert (history.inquiries, history.pairs, history.labelled) == (3, 3, 2)
    labels = {row["inquiry_id"]: row["slug"] for row in db.query("SELECT * FROM labels")}
    assert labels == {1: "refund", 2: "login"}


def test_what_is_stored_is_masked_and_the_customer_a_keyed_hash(space, db, history):
    assert history.masked == {"phone": 1}
    assert "[전화번호]" in inquiries.get(db, 1).text
    everything = space.database_path.read_bytes()
    for wal in space.home.glob("desk.db-*"):
        everything += wal.read_bytes()
    assert b"2938-4471" not in everything
    customers = [row["customer"] for row in db.query("SELECT customer FROM inquiries ORDER BY id")]
    assert customers[0] == customers[2] != customers[1]
    assert all(len(customer) == 32 for customer in customers)


def test_a_second_import_adds_nothing(space, db, history, tmp_path):
    again = import_csv(space, tmp_path / "h.csv", HISTORY)
    assert (again.inquiries, again.messages, again.already_there) == (0, 0, 3)
    assert scalar(db, "SELECT count(*) FROM inquiries") == 3


def test_a_longer_file_adds_the_rest(space, db, history, tmp_path):
    longer = HISTORY + "4,새 질문이에요,답변입니다,2026-01-05 10:00,c9\n"
    assert import_csv(space, tmp_path / "h.csv", longer).inquiries == 1


def test_rows_without_an_id_are_known_by_what_they_say(space, db, tmp_path):
    text = "question,answer\n환불요,네\n환불요,네\n배송요,네\n"
    first = import_csv(space, tmp_path / "h.csv", text)
    assert (first.inquiries, first.rejected) == (2, 1)  # the same pair twice is one
    assert import_csv(space, tmp_path / "h.csv", text).inquiries == 0


def test_dry_run_reports_the_same_and_stores_nothing(space, db, tmp_path):
    dry = import_csv(space, tmp_path / "h.csv", HISTORY, dry_run=True)
    assert (dry.inquiries, dry.pairs, dry.labelled, dry.masked) == (3, 3, 2, {"phone": 1})
    assert dry.unknown_links == {"refund": 1, "login": 1}
    assert scalar(db, "SELECT count(*) FROM inquiries") == 0
    assert scalar(db, "SELECT count(*) FROM settings") == 0


def test_rejected_rows_carry_line_and_reason(space, tmp_path):
    text = "question,answer,created_at\n,a,2026-01-01\nq,a,gestern\nq2,a2,2026-01-01\n"
    report = import_csv(space, tmp_path / "h.csv", text)
    assert report.inquiries == 1
    assert [(item.line, item.reason[:24]) for item in report.rejections] == [
        (2, "a question without text"),
        (3, "Cannot read 'gestern' as"),
    ]


def test_unanswered_ones_open_the_inbox_with_their_original_words(space, db, seal, tmp_path):
    text = (
        "id,question,answer,created_at\n"
        f"1,제 번호는 010-2938-4471 입니다,,{ago(hours=3)}\n"
        "2,아주 오래된 질문,,2020-01-01\n"
    )
    import_csv(space, tmp_path / "h.csv", text)
    assert inquiries.counts(db) == {"open": 1, "answered": 0, "closed": 1}
    assert "010-2938-4471" in inquiries.get(db, 1, seal).messages[0].text
    assert "[전화번호]" in inquiries.get(db, 1).messages[0].text


TWO_TABLES = Mapping(
    source="forum",
    questions=QuestionColumns(
        file="q.csv",
        id="id",
        text="body",
        subject="title",
        at="created",
        customer="creator",
        solution="solution",
    ),
    answers=AnswerColumns(
        file="a.csv", id="id", question="qid", text="body", at="created", author="creator"
    ),
    links=LinkRules(hosts=("forum.example.com",), path="/{locale}/kb/{slug}", discover=True),
)


@pytest.fixture
def forum(tmp_path):
    (tmp_path / "q.csv").write_text(
        "id,title,body,created,creator,solution\n"
        "q1,No mail,<p>Since today</p>,2026-01-01 10:00:00 +0000,ann,a3\n"
        "q2,Dark mode,<p>How?</p>,2026-01-02 10:00:00 +0000,bob,\n",
        encoding="utf-8",
    )
    (tmp_path / "a.csv").write_text(
        "id,qid,body,created,creator\n"
        "a1,q1,<p>I read /en-US/kb/own-link</p>,2026-01-01 11:00:00 +0000,ann\n"
        'a2,q1,"<a href=""/en-US/kb/server-settings"">this</a>",2026-01-01 12:00:00 +0000,eve\n'
        "a3,q1,That was it: the port,2026-01-01 13:00:00 +0000,eve\n"
        "a4,q9,to nobody,2026-01-01 13:00:00 +0000,eve\n",
        encoding="utf-8",
    )
    return [tmp_path / "q.csv", tmp_path / "a.csv"]


def test_two_tables_join_and_know_who_speaks(space, db, seal, forum):
    report = run_import(db, seal, list(reversed(forum)), TWO_TABLES, actor=ACTOR)
    assert (report.inquiries, report.labelled, report.messages) == (2, 1, 5)
    assert [item.reason for item in report.rejections] == [
        "answers the question 'q9', which is not in the file"
    ]
    inquiry = inquiries.get(db, 1)
    roles = [message.role for message in inquiry.messages]
    assert roles == ["customer", "customer", "agent", "agent"]
    assert inquiry.slugs == ("server-settings",)  # the asker's own link does not count
    assert inquiry.text.startswith("No mail\nSince today")
    # The marked solution is the answer shown beside it.
    assert inquiries.past_answers(db, [1])[1].answer == "That was it: the port"
    assert faqs.get(db, "server-settings").discovered


def test_a_mapping_that_does_not_fit_names_the_columns(space, db, seal, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("frage,antwort\na,b\n", encoding="utf-8")
    with pytest.raises(MappingError, match="no column 'question'; it has 'frage', 'antwort'"):
        run_import(db, seal, [path], Mapping(), actor=ACTOR)


def test_aliases_give_old_labels_their_faq(space, db, tmp_path):
    text = "question,answer\n환불,https://help.example.com/ko/faq/old-refund\n"
    import_csv(space, tmp_path / "h.csv", text)
    path = tmp_path / "faqs.csv"
    path.write_text(
        "slug,title,url\nrefund,환불 안내,https://help.example.com/ko/faq/refund\n,없음,x\n",
        encoding="utf-8",
    )
    added, _, rejected = import_faqs(db, path, Mapping(links=LINKS), actor=ACTOR)
    assert (added, len(rejected)) == (1, 1)
    path = tmp_path / "aliases.csv"
    path.write_text("alias,slug\n/ko/faq/old-refund,refund\n", encoding="utf-8")
    assert import_aliases(db, path, Mapping(links=LINKS), actor=ACTOR) == (1, [])
    assert [row["slug"] for row in db.query("SELECT slug FROM labels")] == ["refund"]
    assert faqs.get(db, "refund").sent == 1


def test_killed_in_the_middle_nothing_is_half_written_and_the_next_run_adds_the_rest(
    space, db, tmp_path
):
    path = tmp_path / "big.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,question,answer\n")
        for number in range(6000):
            link = f"https://help.example.com/ko/faq/f{number % 9}"
            file.write(f"{number},질문 {number} 입니다,{link}\n")
    environment = os.environ | {"FAQDESK_HOME": str(space.home)}
    command = [sys.executable, "-m", "web.cli", "import", str(path)]
    settings.change(db, ACTOR, faq_hosts=("help.example.com",))
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not scalar(db, "SELECT count(*) FROM inquiries") and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stored = scalar(db, "SELECT count(*) FROM inquiries")
    assert 0 < stored < 6000
    assert scalar(db, "PRAGMA integrity_check") == "ok"
    for table in ("labels", "inquiry_search"):
        assert scalar(db, f"SELECT count(*) FROM {table}") == stored
    assert scalar(db, "SELECT count(*) FROM messages") == 2 * stored
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout)["inquiries"] == 6000 - stored
    assert scalar(db, "SELECT count(*) FROM labels") == 6000
    states = [row["state"] for row in db.query("SELECT state FROM imports ORDER BY id")]
    assert states == ["interrupted", "done"]


def test_a_file_without_a_row_is_refused(space, db, tmp_path):
    with pytest.raises(ImportFileError, match="holds no row"):
        import_csv(space, tmp_path / "h.csv", "question,answer\n")
    assert scalar(db, "SELECT state FROM imports") == "failed"


def test_two_imports_at_once_store_each_row_once(space, db, tmp_path):
    path = tmp_path / "h.csv"
    rows = "".join(f"{number},질문 {number},답변 {number}\n" for number in range(1500))
    path.write_text("id,question,answer\n" + rows, encoding="utf-8")
    environment = os.environ | {"FAQDESK_HOME": str(space.home)}
    command = [sys.executable, "-m", "web.cli", "import", str(path)]
    both = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert scalar(db, "SELECT count(*) FROM inquiries") == 1500
    assert scalar(db, "SELECT count(*) FROM messages") == 3000
    assert scalar(db, "SELECT count(*) FROM inquiry_search") == 1500


def test_no_field_of_a_row_keeps_personal_data(space, db, tmp_path):
    phone = "010-2938-4471"
    text = (
        "id,question,answer,subject,category,tags,customer,created_at\n"
        f"1,{phone} 요,{phone}?,{phone},{phone},vip;{phone},{phone},2026-01-01\n"
        f"2,질문,답변,,,,,{phone}\n"
    )
    report = import_csv(space, tmp_path / "h.csv", text)
    assert (report.inquiries, report.rejected) == (1, 1)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"2938-4471" not in space.database_path.read_bytes()
