"""When the desk trains by itself."""

from datetime import datetime, timedelta, timezone

import pytest

from support import settings
from support.audit import Actor
from support.clock import iso
from support.database import one, scalar
from web import jobs, schedule

ACTOR = Actor("cli:test")
SEOUL = timezone(timedelta(hours=9))


@pytest.fixture
def desk(space, db):
    """A desk that trains every three days at four; its newest label is of 20 November, noon."""
    settings.change(db, ACTOR, train_every_days=3, train_hour=4)
    db.execute("UPDATE labels SET at = '2026-11-20T03:00:00Z'")
    db.execute("DELETE FROM jobs")
    db.execute("DELETE FROM releases")
    return space, db


def at(day, hour):
    return datetime(2026, 11, day, hour, 30, tzinfo=SEOUL)


def trained(db, moment, state="done"):
    row = {"kind": "train", "state": state, "created_by": "agent:1", "created_at": iso(moment)}
    db["jobs"].insert(row)


def test_it_waits_for_its_hour_and_is_queued_once(desk):
    space, db = desk
    assert schedule.queue_due(space, db, at(21, 3)) is None
    job = schedule.queue_due(space, db, at(21, 4))
    row = one(db, "SELECT * FROM jobs WHERE id = ?", [job])
    assert (row["kind"], row["state"], row["created_by"]) == ("train", "queued", "system")
    db.execute("UPDATE jobs SET created_at = '2026-01-01T00:00:00Z'")
    assert schedule.queue_due(space, db, at(21, 5)) is None  # one waits already
    assert scalar(db, "SELECT count(*) FROM jobs") == 1


def test_days_are_counted_from_the_last_training_by_hand_too(desk):
    space, db = desk
    trained(db, at(18, 15))
    trained(db, at(20, 15), state="cancelled")
    assert schedule.plan(db, at(20, 12)).at == datetime(2026, 11, 21, 4, tzinfo=SEOUL)
    assert schedule.queue_due(space, db, at(21, 3)) is None
    assert schedule.queue_due(space, db, at(21, 4)) is not None


def test_a_training_on_the_command_line_counts(desk):
    _, db = desk
    db["releases"].insert({"name": "r", "parts": "{}", "created_at": iso(at(19, 1))})
    assert schedule.plan(db, at(20, 12)).at == datetime(2026, 11, 22, 4, tzinfo=SEOUL)


def test_without_news_nothing_is_trained(desk):
    space, db = desk
    trained(db, at(20, 13))
    assert schedule.plan(db, at(24, 5)).fresh == 0
    assert schedule.queue_due(space, db, at(24, 5)) is None
    db.execute("UPDATE labels SET at = '2026-11-22T03:00:00Z' WHERE id = 1")
    assert schedule.queue_due(space, db, at(24, 5)) is not None


def test_never_by_itself_unless_set(desk):
    space, db = desk
    settings.change(db, ACTOR, train_every_days=0)
    assert schedule.plan(db, at(24, 5)).at is None
    assert schedule.queue_due(space, db, at(24, 5)) is None
    assert jobs.listed(db) == []
