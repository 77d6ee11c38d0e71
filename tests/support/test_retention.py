"""Closed inquiries are deleted whole, and nothing else."""

import numpy as np
import pytest

from support import agents, answering, embeddings, inquiries, retention, settings
from support.audit import Actor
from support.clock import ago
from support.database import scalar
from tests.conftest import ACTOR, import_csv
from web import work

REFUND = "https://help.example.com/ko/faq/refund"


@pytest.fixture
def desk(space, db, seal, tmp_path):
    """1 and 2 were answered long ago, 3 lately, 4 is open; 2's answer was never delivered."""
    rows = "".join(f"{i},환불 문의 {i} 010-1234-5678,,{ago(hours=1)}\n" for i in range(1, 5))
    import_csv(space, tmp_path / "h.csv", "id,question,answer,created_at\n" + rows)
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    for number in (1, 2, 3):
        key = f"sg{number}"
        row = {"id": key, "inquiry_id": number, "asked_by": "agent:1", "release": "r"}
        db["suggestions"].insert(row | {"band": "likely", "at": ago(minutes=1)})
        row = {"suggestion_id": key, "rank": 1, "slug": "chat", "probability": 0.9}
        db["suggestion_faqs"].insert(row)
        answering.note_inserted(db, key, "chat")
        answering.send(
            db, seal, inquiry_id=number, agent_id=mina.id, text=REFUND, actor=Actor("agent:1")
        )
        embeddings.save(db, "e1", [number], np.ones((1, 4), np.float32))
    db.execute("UPDATE inquiries SET closed_at = ? WHERE id IN (1, 2)", [ago(days=40)])
    db.execute("UPDATE outbox SET state = 'queued' WHERE inquiry_id = 2")
    return db


def test_nothing_goes_unless_it_is_set(desk):
    assert retention.forget_closed(desk, days=0) == 0
    assert retention.due(desk, days=0) == 0


def test_what_was_closed_long_ago_goes_whole(desk):
    assert retention.due(desk, days=30) == 1
    told = []
    assert retention.forget_closed(desk, days=30, progress=lambda *words: told.append(words)) == 1
    assert told[-1][:2] == (1, 1)
    assert [row["id"] for row in desk.query("SELECT id FROM inquiries ORDER BY id")] == [2, 3, 4]
    for table, column in (
        ("messages", "inquiry_id"), ("labels", "inquiry_id"), ("suggestions", "inquiry_id"),
        ("outbox", "inquiry_id"), ("embeddings", "item_id"), ("inquiry_search", "rowid"),
    ):  # fmt: skip
        assert scalar(desk, f"SELECT count(*) FROM {table} WHERE {column} = 1") == 0, table
        assert scalar(desk, f"SELECT count(*) FROM {table} WHERE {column} = 3") > 0, table
    assert scalar(desk, "SELECT count(*) FROM suggestion_faqs") == 2
    assert scalar(desk, "SELECT count(*) FROM misses") == 2
    assert scalar(desk, "SELECT count(*) FROM suggestion_events") == 2
    assert scalar(desk, "SELECT item_id FROM tombstones") == 1
    assert desk.conn.execute("PRAGMA foreign_key_check").fetchall() == []
    assert inquiries.get(desk, 3).status == "answered"
    assert retention.forget_closed(desk, days=30) == 0


def test_a_delivered_answer_no_longer_keeps_it(desk):
    desk.execute("UPDATE outbox SET state = 'delivered' WHERE inquiry_id = 2")
    assert retention.forget_closed(desk, days=30) == 2


def test_what_was_forgotten_is_in_no_byte_of_the_desk(desk, space, seal):
    desk.execute("UPDATE outbox SET state = 'delivered'")
    desk.conn.commit()
    sealed = [
        bytes(row["sealed"])
        for table in ("originals", "outbox")
        for row in desk.query(f"SELECT sealed FROM {table}")
    ]
    assert len(sealed) > 3
    words = ["환불".encode()]  # as it was asked, and as a pair of letters that search finds

    def whole():
        found = (path for path in space.home.glob("desk.db*") if path.suffix != ".db-shm")
        return b"".join(path.read_bytes() for path in found)

    assert all(part in whole() for part in [*sealed, *words])
    desk.execute("UPDATE inquiries SET status = 'answered', closed_at = ?", [ago(days=40)])
    settings.change(desk, ACTOR, inquiries_days=30, originals_days=7)
    work.forget(space, desk, ACTOR, {}, lambda done, total, message: None)
    assert scalar(desk, "SELECT count(*) FROM inquiries") == 0
    assert not any(part in whole() for part in [*sealed, *words])
