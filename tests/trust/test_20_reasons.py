"""Check 20: who read or took whose data is written down, and nothing is taken without a reason."""

import json

import pytest
from click.testing import CliRunner

from support import agents, clock
from support.audit import Actor, record
from support.database import one, scalar, write
from support.errors import InputError
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD, signed_in
from web import attachments, tokens
from web.cli import faqdesk

BLANK = ("", " ", "\u3000\t\n")
WHY = "분기 점검, kim@example.com"
# Every page that lets people's words or acts be taken away, and what else its form holds.
TAKEN = {
    "/answered/export": {},
    "/audit/export": {},
    "/map/region.csv": {"ids": "1"},
    "/review/tasks.json": {},
    "/week/agents.csv": {},
    "/week/week.xlsx": {},
}
# Every command that writes them to a file; FILE is replaced.
WRITTEN = (
    ("audit", "--csv", "FILE"),
    ("inquiries", "answered", "--csv", "FILE"),
    ("inquiries", "answered", "--xlsx", "FILE"),
    ("map", "region", "1", "--export", "FILE"),
    ("review", "export", "FILE"),
    ("week", "--xlsx", "FILE"),
)


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


def newest(db):
    """The newest act, as the trail has it."""
    return one(db, "SELECT * FROM audit ORDER BY id DESC LIMIT 1")


def acts(db, action):
    return list(db.query("SELECT * FROM audit WHERE action = ? ORDER BY id", [action]))


@pytest.mark.parametrize("path", TAKEN)
def test_no_page_lets_data_go_without_a_reason(admin, db, path):
    for reason in ({}, *({"reason": blank} for blank in BLANK)):
        assert admin.post(path, data=TAKEN[path] | reason).status_code == 400
    assert admin.get(path).status_code in (400, 404, 405)
    assert list(db.query("SELECT 1 FROM audit WHERE action LIKE '%.exported'")) == []
    admin.post(path, data=TAKEN[path] | {"reason": WHY}).close()
    row = newest(db)
    assert row["action"].endswith(".exported")
    assert row["actor"].startswith("agent:")
    assert row["address"] == "127.0.0.1"
    assert json.loads(row["detail"])["reason"] == "분기 점검, [이메일]"


def test_the_api_lets_nothing_go_without_a_reason(app, db):
    token_id, secret = tokens.create(db, ACTOR, name="t", scopes=("export",))
    asks, head = app.test_client(), {"Authorization": f"Bearer {secret}"}
    for query in ("", *(f"?reason={blank}" for blank in BLANK)):
        assert asks.get(f"/api/v1/export{query}", headers=head).status_code == 422
    assert asks.get("/api/v1/export", query_string={"reason": WHY}, headers=head).status_code == 200
    row = newest(db)
    assert (row["actor"], row["address"]) == (f"token:{token_id}", "127.0.0.1")
    assert json.loads(row["detail"])["reason"] == "분기 점검, [이메일]"


@pytest.mark.parametrize("words", WRITTEN, ids=lambda words: " ".join(words[:2]))
def test_no_command_writes_data_without_a_reason(space, db, tmp_path, monkeypatch, words):
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    file = tmp_path / "taken.xlsx"
    typed = [str(file) if word == "FILE" else word for word in words]
    for more in ((), ("--reason", " ")):
        refused = CliRunner().invoke(faqdesk, [*typed, *more])
        assert isinstance(refused.exception, InputError)
        assert "--reason WORDS" in str(refused.exception)
        assert not file.exists()
    CliRunner().invoke(faqdesk, [*typed, "--reason", WHY])
    assert json.loads(newest(db)["detail"])["reason"] == "분기 점검, [이메일]"


def test_reading_a_customers_own_words_is_written_down_once_a_person_and_day(
    sign_in, db, monkeypatch
):
    open_id, done = (
        scalar(db, f"SELECT id FROM inquiries WHERE status = '{status}' ORDER BY id")
        for status in ("open", "answered")
    )
    with write(db):
        db.execute("UPDATE inquiries SET customer = 'c0ffee' WHERE id = ?", [open_id])
    mina, yuna = sign_in("mina"), sign_in("yuna")
    for _ in range(3):
        assert "010-2345-6789" in mina.get(f"/inquiries/{open_id}").text
        assert mina.get(f"/inquiries/{done}").status_code == 200  # masked: nobody's own words
    yuna.get(f"/inquiries/{open_id}")
    rows = acts(db, "originals.read")
    assert [(row["object"], row["person"]) for row in rows] == [
        (f"inquiry:{open_id}", "c0ffee")
    ] * 2
    assert len({row["actor"] for row in rows}) == 2
    tomorrow = clock.ago(days=-1)
    monkeypatch.setattr("support.clock.now", lambda: tomorrow)
    mina.get(f"/inquiries/{open_id}")
    assert len(acts(db, "originals.read")) == 3


def test_a_file_that_is_opened_is_written_down(sign_in, db, monkeypatch):
    message = one(db, "SELECT id, inquiry_id FROM messages ORDER BY id")
    with write(db):
        key = (
            db.table("attachments")
            .insert(
                {"message_id": message["id"], "name": "a.pdf", "url": "https://x.example/a.pdf"}
            )
            .last_pk
        )
    fetched = attachments.attachment_fetch.Fetched("a.pdf", b"%PDF", "")
    monkeypatch.setattr(attachments.attachment_fetch, "fetch", lambda *_: fetched)
    for _ in range(2):
        assert sign_in("mina").get(f"/attachments/{key}").status_code == 200
    [row] = acts(db, "attachment.opened")
    assert row["object"] == f"inquiry:{message['inquiry_id']}"
    assert json.loads(row["detail"]) == {"attachment": key}


def test_an_act_says_who_when_whence_whose_what_and_by_which_rule(db):
    inquiry = scalar(db, "SELECT id FROM inquiries ORDER BY id")
    with write(db):
        db.execute("UPDATE inquiries SET customer = 'c0ffee' WHERE id = ?", [inquiry])
        record(db, Actor("system"), "thing.done", f"inquiry:{inquiry}", release="r1",
               threshold=0.9, policy="v3")  # fmt: skip
    row = newest(db)
    assert clock.parse(row["at"]) == row["at"]
    told = (row["actor"], row["automatic"], row["person"], row["release"], row["threshold"])
    assert (*told, row["policy"]) == ("system", 1, "c0ffee", "r1", 0.9, "v3")
    record(db, Actor("agent:1", "10.0.0.9"), "thing.done", "seller:5e11e4")
    row = newest(db)
    assert (row["automatic"], row["person"], row["address"]) == (0, "5e11e4", "10.0.0.9")


def test_the_page_says_whether_the_trail_holds_and_what_was_done_to_one_persons_data(admin, db):
    record(db, Actor("agent:1"), "thing.done", "seller:5e11e4")
    record(db, Actor("agent:1"), "thing.done", "seller:0ther0")
    page = admin.get("/audit?whose=5e11e4").text
    assert "서로 이어져" in page
    assert "0ther0" not in page.split("audit-rows")[1]
    with write(db):
        db.execute("UPDATE audit_head SET last = last - 1")
    assert "faqdesk audit verify" in admin.get("/audit").text.split('class="trouble"')[1][:400]
