"""What the desk does by itself after a training, and when its links are due."""

import pytest

from support import releases, saved_replies, settings
from support.clock import ago, now
from support.database import one, scalar
from support.recommender import ENOUGH
from tests.conftest import ACTOR
from tests.support.parts import write_part
from web import follow_ups


@pytest.fixture
def trained(space, db):
    """A release with a new classifier and an encoder, and nothing queued."""
    db.execute("DELETE FROM jobs")
    publish(space, db, "one")


def publish(space, db, version):
    parts = write_part(space, f"e-{version}", kind="encoder") | write_part(space, version)
    return releases.publish(space, db, parts, actor=ACTOR)


def answered(db, n, *, slug=""):
    """So many answered inquiries, with an FAQ or without."""
    for number in range(n):
        row = {
            "source": "test", "source_id": f"{slug}-{number}", "text": "환불", "status": "closed",
            "opened_at": now(),
        }  # fmt: skip
        inquiry = db["inquiries"].insert(row).last_pk
        row = {"inquiry_id": inquiry, "source_id": "m", "role": "agent", "text": "네", "at": now()}
        message = db["messages"].insert(row).last_pk
        db["inquiries"].update(inquiry, {"answer_id": message})
        if slug:
            row = {"inquiry_id": inquiry, "slug": slug, "origin": "import", "at": now()}
            db["labels"].insert(row)


def test_a_small_desk_is_left_alone(space, db, trained):
    assert follow_ups.queue(space, db) == []
    assert scalar(db, "SELECT count(*) FROM jobs") == 0


def test_what_there_is_enough_of_is_looked_at_once_for_each_training(space, db, trained):
    answered(db, ENOUGH)
    assert follow_ups.queue(space, db) == ["gaps"]
    row = one(db, "SELECT kind, created_by, arguments FROM jobs")
    assert row == {"kind": "gaps", "created_by": "system", "arguments": '{"after": "one"}'}
    assert follow_ups.queue(space, db) == []
    db.execute("UPDATE jobs SET state = 'failed'")
    assert follow_ups.queue(space, db) == []  # not tried again at every look
    answered(db, ENOUGH, slug="refund")
    assert follow_ups.queue(space, db) == ["pairs"]
    db.execute("UPDATE jobs SET state = 'done'")
    publish(space, db, "two")
    assert follow_ups.queue(space, db) == ["gaps", "pairs"]


def test_an_index_built_anew_is_no_training(space, db, trained):
    answered(db, ENOUGH)
    follow_ups.queue(space, db)
    db.execute("UPDATE jobs SET state = 'done'")
    parts = dict(releases.current(space.models).parts)
    releases.publish(space, db, parts | write_part(space, "i2", kind="index"), actor=ACTOR)
    assert follow_ups.queue(space, db) == []


def test_replies_and_the_map_follow_where_there_are_any(space, db, trained):
    saved_replies.create(db, ACTOR, title="인사", body="안녕하세요, 문의 감사합니다.")
    assert follow_ups.queue(space, db) == ["replies"]
    row = {"encoder_version": "v", "ids": b"", "points": b"", "settings": "{}", "made_at": now()}
    db["maps"].insert(row)
    assert follow_ups.queue(space, db) == ["map"]


def test_one_that_runs_already_is_waited_for(space, db, trained):
    answered(db, ENOUGH)
    row = {"kind": "gaps", "state": "running", "created_by": "agent:1", "created_at": now()}
    db["jobs"].insert(row)
    assert follow_ups.queue(space, db) == []
    db.execute("UPDATE jobs SET state = 'done'")
    assert follow_ups.queue(space, db) == ["gaps"]


def test_links_are_checked_when_they_are_due_and_a_failure_waits_a_day(space, db):
    db.execute("DELETE FROM jobs")
    assert follow_ups.queue(space, db) == []  # off by default
    settings.change(db, ACTOR, link_check_days=7)
    assert follow_ups.queue(space, db) == ["links"]
    db.execute("UPDATE jobs SET state = 'failed'")
    assert follow_ups.queue(space, db) == []
    db.execute("UPDATE jobs SET created_at = ?", [ago(days=2)])
    assert follow_ups.queue(space, db) == ["links"]
