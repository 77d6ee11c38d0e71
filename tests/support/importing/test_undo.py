"""Taking an import back: exact, and never what people worked on."""

import json
import sqlite3

import pytest

from support import answering, embeddings, inquiries, tagging
from support.clock import now
from support.database import one, scalar
from support.errors import ConflictError, NotFoundError, UndoRefusedError
from support.importing import undo
from support.importing.standing import begun_by
from tests.conftest import ACTOR, import_csv

HEAD = "id,question,answer,created_at,customer\n"
FIRST = HEAD + "1,환불 언제요,https://help.example.com/ko/faq/refund 보세요,2026-01-02,c1\n"
MORE = FIRST + "2,로그인 안돼,다시 해 보세요,2026-01-03,c2\n"
TABLES = ("inquiries", "messages", "labels", "originals", "settings", "faqs", "inquiry_search")


def desk(db):
    return {name: list(db.query(f"SELECT * FROM {name} ORDER BY 1, 2")) for name in TABLES}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "h.csv"


def test_a_desk_that_had_nothing_has_nothing_again(space, db, path):
    before = desk(db)
    report = import_csv(space, path, FIRST)
    assert scalar(db, "SELECT count(*) FROM settings")
    gone = undo.undo(db, ACTOR, report.import_id)
    assert (gone.inquiries, gone.messages, gone.kept) == (1, 2, 0)
    assert desk(db) == before
    item = undo.get(db, report.import_id)
    assert (item.state, item.undone_by, item.inquiries) == ("undone", ACTOR.name, 0)
    actions = [row["action"] for row in db.query("SELECT action FROM audit ORDER BY id")]
    assert actions[-1] == "import.undone"


def test_what_an_earlier_import_brought_stays(space, db, path):
    import_csv(space, path, FIRST)
    before = desk(db)
    second = import_csv(space, path, MORE)
    undo.undo(db, ACTOR, second.import_id)
    assert desk(db) == before


def test_an_answer_that_came_later_goes_alone(space, db, path):
    today = now()
    asked = HEAD + f"1,전화 010-2938-4471 주세요,,{today},c1\n"
    first = import_csv(space, path, asked)
    before = desk(db)
    assert before["inquiries"][0]["status"] == "open"
    assert before["originals"]
    second = import_csv(space, path, HEAD + f"1,전화 010-2938-4471 주세요,드릴게요,{today},c1\n")
    assert inquiries.get(db, 1).status == "answered"
    with pytest.raises(UndoRefusedError) as refused:
        undo.undo(db, ACTOR, first.import_id)
    assert (refused.value.why, refused.value.later) == ("later", second.import_id)
    undo.undo(db, ACTOR, second.import_id)
    assert desk(db) == before
    undo.undo(db, ACTOR, first.import_id)
    assert desk(db)["inquiries"] == []


def test_open_inquiries_that_were_joined_stand_apart_again(space, db, path):
    first = import_csv(space, path, HEAD + f"1,환불 언제요,,{now()},c1\n")
    before = desk(db)
    second = import_csv(space, path, HEAD + f"2,그리고 교환은요,,{now()},c1\n")
    assert "교환" in inquiries.get(db, 1).text
    undo.undo(db, ACTOR, second.import_id)
    assert desk(db) == before
    assert undo.worked_on(db, first.import_id) == 0


def test_what_was_answered_here_is_never_taken_away(space, db, path, agent_id):
    report = import_csv(space, path, HEAD + f"1,환불 언제요,,{now()},c1\n2,교환은요,,{now()},c2\n")
    answering.send(db, space.seal(), inquiry_id=1, agent_id=agent_id, text="곧 됩니다", actor=ACTOR)
    before = desk(db)
    with pytest.raises(UndoRefusedError) as refused:
        undo.undo(db, ACTOR, report.import_id)
    assert (refused.value.why, refused.value.n) == ("used", 1)
    assert desk(db) == before
    gone = undo.undo(db, ACTOR, report.import_id, keep_worked=True)
    assert (gone.inquiries, gone.kept) == (1, 1)
    assert [row["id"] for row in db.query("SELECT id FROM inquiries")] == [1]
    assert inquiries.get(db, 1).messages[-1].text == "곧 됩니다"


def test_a_tag_put_on_by_people_is_work(space, db, path):
    report = import_csv(space, path, FIRST)
    tagging.change(db, ACTOR, 1, add=["급함"])
    with pytest.raises(UndoRefusedError):
        undo.undo(db, ACTOR, report.import_id)


def test_every_index_forgets_what_went(space, db, path):
    report = import_csv(space, path, FIRST)
    last = embeddings.last_tombstone(db)
    undo.undo(db, ACTOR, report.import_id)
    assert list(embeddings.removed_after(db, last)[1]) == [1]


def test_once_is_enough_and_an_unknown_one_is_none(space, db, path):
    report = import_csv(space, path, FIRST)
    undo.undo(db, ACTOR, report.import_id)
    with pytest.raises(UndoRefusedError) as refused:
        undo.undo(db, ACTOR, report.import_id)
    assert refused.value.why == "undone"
    with pytest.raises(NotFoundError):
        undo.undo(db, ACTOR, 99)


def test_one_at_work_is_left_alone_and_a_killed_one_is_not(space, db, path):
    report = import_csv(space, path, FIRST)
    db.table("imports").update(report.import_id, {"state": "running", "process": begun_by()})
    with pytest.raises(ConflictError, match="at work"):
        undo.undo(db, ACTOR, report.import_id)
    db.table("imports").update(report.import_id, {"process": "1:0"})
    assert undo.undo(db, ACTOR, report.import_id).inquiries == 1


def test_killed_half_way_the_next_call_goes_on(space, db, path, monkeypatch):
    monkeypatch.setattr(undo, "BATCH", 2)
    rows = "".join(f"{n},질문 {n}번입니다,답 {n},2026-01-02,c{n}\n" for n in range(7))
    before = desk(db)
    report = import_csv(space, path, HEAD + rows)

    def stop(done, total, message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undo.undo(db, ACTOR, report.import_id, progress=stop)
    assert undo.get(db, report.import_id).state == "done"
    assert 0 < scalar(db, "SELECT count(*) FROM inquiries") < 7
    undo.undo(db, ACTOR, report.import_id)
    assert desk(db) == before


def test_settings_that_people_changed_since_stay(space, db, path):
    report = import_csv(space, path, FIRST)
    db.execute("UPDATE settings SET value = '[\"other.example\"]' WHERE key = 'faq_hosts'")
    undo.undo(db, ACTOR, report.import_id)
    assert one(db, "SELECT value FROM settings WHERE key = 'faq_hosts'") == {
        "value": '["other.example"]'
    }


def test_imports_are_listed_newest_first(space, db, path):
    ids = [import_csv(space, path, text).import_id for text in (FIRST, MORE)]
    found = undo.listed(db)
    assert [item.id for item in found] == ids[::-1]
    assert [item.inquiries for item in found] == [1, 1]
    assert found[0].files == ("h.csv",)
    assert undo.listed(db, before=ids[1])[0].id == ids[0]
    assert json.dumps(found[0].report)


def test_foreign_keys_hold(space, db, path):
    report = import_csv(space, path, MORE)
    undo.undo(db, ACTOR, report.import_id)
    assert list(db.query("PRAGMA foreign_key_check")) == []
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO import_changes VALUES (1, 99, '{}', '{}')")


@pytest.fixture
def agent_id(db):
    row = {"login": "mina", "name": "김미나", "role": "agent", "created_at": now()}
    return db.table("agents").insert(row).last_pk
