"""A desk that was made before: what it holds is found by the new indexes at once."""

from support import archive, tagging
from support.archive import Filters
from support.database import connect
from support.migrations import migrations

OLD = """
    INSERT INTO agents (id, login, name, role, created_at) VALUES (3, 'mina', '미나', 'agent', '');
    INSERT INTO inquiries (id, source, source_id, text, status, opened_at, tags)
        VALUES (1, 's', '1', '환불', 'answered', '2026-01-01T00:00:00Z', '["vip","급함"]'),
               (2, 's', '2', '배송', 'answered', '2026-01-02T00:00:00Z', '[]'),
               (3, 's', '3', '그냥', 'open', '2026-01-03T00:00:00Z', '[]');
    INSERT INTO messages (id, inquiry_id, source_id, role, agent_id, author, text, at)
        VALUES (7, 1, 'a', 'agent', 3, '', '네', '2026-01-01T01:00:00Z'),
               (8, 2, 'a', 'agent', NULL, 'Kim', '네', '2026-01-02T01:00:00Z');
    UPDATE inquiries SET answer_id = id + 6, answered_at = opened_at WHERE id < 3;
"""


def test_agents_and_tags_of_an_older_desk_are_found(tmp_path):
    db = connect(tmp_path / "desk.db")
    migrations.apply(db, stop_before="m013_work")
    db.conn.executescript(OLD)
    migrations.apply(db)
    assert [row.agent for row in archive.find(db).rows] == ["Kim", "미나"]
    assert [row.id for row in archive.find(db, Filters(agent="agent:3")).rows] == [1]
    assert [row.id for row in archive.find(db, Filters(tag="급함")).rows] == [1]
    assert dict(tagging.known(db)) == {"vip": 1, "급함": 1}
    db.close()
