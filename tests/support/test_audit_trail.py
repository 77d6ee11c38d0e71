"""The audit trail read: every filter, names, pages."""

import pytest

from support import agents, audit_trail
from support.audit import Actor, record
from support.audit_trail import AuditFilters
from support.errors import InputError
from support.workspace import Workspace
from tests.conftest import ACTOR


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """A desk whose trail is only read."""
    database = Workspace(tmp_path_factory.mktemp("trail") / "desk").create().database()
    yield database
    database.close()


@pytest.fixture(scope="module")
def trail(db):
    """Seven acts, the first being that an agent was added."""
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    me = Actor(mina.actor_name, "10.0.0.1")
    for action, obj in (
        ("answer.sent", "inquiry:1"),
        ("answer.undone", "inquiry:1"),
        ("answers.counted", "desk"),
        ("answer.sent", "inquiry:17"),
        ("setting.changed", "setting:top_k"),
    ):
        record(db, me, action, obj, detail={"of": obj})
    record(db, Actor("system"), "originals.forgotten", "desk")
    return mina


def found(db, **filters):
    return [row.id for row in audit_trail.find(db, AuditFilters(**filters)).rows]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1]),
        ({"actor": "system"}, [7]),
        ({"action": "answer.sent"}, [5, 2]),
        ({"action": "answer."}, [5, 3, 2]),
        ({"obj": "inquiry:1"}, [3, 2]),
        ({"obj": "inquiry:"}, [5, 3, 2]),
        ({"obj": "inquiry:", "action": "answer.undone", "actor": "agent:1"}, [3]),
        ({"obj": "inquiry:", "action": "answer."}, [5, 3, 2]),
        ({"obj": "setting:", "action": "answer."}, []),
        ({"obj": "inquiry:17", "action": "answer."}, [5]),
        ({"since": "2100-01-01T00:00:00Z"}, []),
        ({"until": "2100-01-01T00:00:00Z", "actor": "cli:test"}, [1]),
        ({"words": "Inquiry:1"}, [5, 3, 2]),
        ({"words": '"of": "desk"'}, [4]),
        ({"words": "top_k", "action": "setting."}, [6]),
        ({"words": "top_k", "action": "answer."}, []),
        ({"words": "%"}, []),
    ],
)
@pytest.mark.parametrize("few", [0, 5000])  # walked from the newest, and found first
def test_every_filter(db, trail, monkeypatch, filters, expected, few):
    monkeypatch.setattr(audit_trail, "FEW", few)
    assert found(db, **filters) == expected


def test_rows_are_told_whole_and_by_name(db, trail):
    row = audit_trail.find(db, AuditFilters(action="setting.changed")).rows[0]
    assert (row.actor, row.name, row.address) == (trail.actor_name, "미나", "10.0.0.1")
    assert row.detail == {"of": "setting:top_k"}
    assert audit_trail.find(db).rows[0].name == "system"
    assert "answer.sent" in audit_trail.choices(db)["action"]
    assert audit_trail.choices(db)["actor"] == ["agent:1", "cli:test", "system"]


def test_pages_follow_each_other(db, trail, monkeypatch):
    first = audit_trail.find(db, limit=3)
    second = audit_trail.find(db, after=first.after, limit=3)
    third = audit_trail.find(db, after=second.after, limit=3)
    ids = [row.id for page in (first, second, third) for row in page.rows]
    assert ids == [7, 6, 5, 4, 3, 2, 1]
    assert third.after is None
    assert [row.id for row in audit_trail.each(db)] == ids


def test_a_moment_that_means_nothing_is_refused():
    with pytest.raises(InputError, match="since"):
        AuditFilters(since="today")


def test_words_are_looked_for_a_stretch_at_a_time(db, trail, monkeypatch):
    monkeypatch.setattr(audit_trail, "SCANNED", 2)
    pages, after = [], None
    for _ in range(4):
        page = audit_trail.find(db, AuditFilters(words="inquiry:17"), after=after)
        pages.append([row.id for row in page.rows])
        after = page.after
    assert pages == [[], [5], [], []]
    assert after is None
    every = audit_trail.each(db, AuditFilters(words="inquiry:1"))
    assert [row.id for row in every] == [5, 3, 2]
