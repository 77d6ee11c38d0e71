"""The machine's clock goes back, by hours or by a year, under a served desk.

What was to wait does not wait for as long as the step was; nobody stays signed in by it; acts keep
their order and their chain; and the desk says that the clock is behind what it has seen.
"""

import mmap
import struct
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from support import clock_steps, delivery, holding, settings
from support.audit import record
from support.audit_chain import verify
from support.clock import ago, iso, now
from support.database import scalar, write
from tests.conftest import ACTOR
from tests.trust import namespaces
from tests.trust.agent_at_door import AgentAtDoor
from tests.trust.test_faults_disk import assert_sent, open_ids, served
from tests.web.doors import until
from train.judge import cut_off
from web import attempts, schedule, sessions, worker_state

HOUR, YEAR = 3600, 365 * 86_400


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    place = tmp_path_factory.mktemp("clock")
    source = namespaces.ROOT / "tests" / "trust" / "clock.c"
    words = ["cc", "-O2", "-shared", "-fPIC", "-o", place / "clock.so", source, "-ldl"]
    subprocess.run(words, check=True)
    return place / "clock.so"


def test_a_served_desk_whose_clock_goes_back_a_year(space, tmp_path, library):
    file = tmp_path / "clock"
    file.write_bytes(bytes(8))
    home, errors = space.home, tmp_path / "errors"
    first, second, third, *_ = open_ids(home)
    with served(
        namespaces.faqdesk_words(), home, errors, LD_PRELOAD=str(library), CLOCK_FILE=str(file)
    ) as (port, _):
        agent = AgentAtDoor(port)
        assert_sent(agent, first)
        agent.http.get(f"/inquiries/{second}")  # in hand, for ten minutes
        assert agent.http.get("/").status_code == 200
        with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 8) as page:
            page[:] = struct.pack("q", -YEAR)
        # Nobody knows for how long the browser was left alone: it signs in anew.
        answer = agent.http.get("/")
        assert (answer.status_code, "/sign-in" in answer.headers.get("location", "")) == (302, True)
        assert "clock_back" in agent.ready().json()["failing"]
        until(lambda: "the clock went back" in errors.read_text(), "the worker has looked")
        again = AgentAtDoor(port)
        assert_sent(again, third)
        with closing(space.database()) as db:
            assert not _in_hand(db, second)
            moments = [row["at"] for row in db.query("SELECT at FROM audit ORDER BY id")]
            assert moments != sorted(moments)  # the clock did go back
            assert verify(db).broken is None
        told = errors.read_text()
        assert "Traceback" not in told
        with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 8) as page:
            page[:] = bytes(8)
        until(lambda: "clock_back" not in agent.ready().json()["failing"], "right again")
        agent.close()
        again.close()


def _in_hand(db, inquiry_id):
    """Whether it is by the clock of before the step; by today's it may be somebody's next one."""
    until = scalar(db, "SELECT held_until FROM inquiries WHERE id = ?", [inquiry_id])
    return until is not None and until > now()


def later(seconds):
    """A moment as it was written before the clock went back by so many seconds."""
    return ago(seconds=-seconds)


@pytest.mark.parametrize("step", [2 * HOUR, YEAR])
def test_what_was_written_before_the_step_holds_nothing_up(step, space, db):
    seal = space.seal()
    with write(db):
        db.execute("UPDATE audit_head SET last = last")  # the chain is as it was
        for _ in range(attempts.ATTEMPTS):
            row = {"login": "x", "address": "10.0.0.1", "at": later(step)}
            db["sign_in_attempts"].insert(row)
    waiting = _queued(space, db, later(step + delivery.LONGEST_WAIT * 3), later(step))
    inquiry = open_ids(space.home)[-1]
    mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    db.execute("UPDATE inquiries SET held_by = ?, held_until = ? WHERE id = ?",
               [mina, later(step + 600), inquiry])  # fmt: skip
    db.conn.commit()
    assert delivery.due(db) == []
    assert clock_steps.mend(db) >= attempts.ATTEMPTS + 2
    assert holding.holder(db, inquiry) is None
    assert scalar(db, "SELECT count(*) FROM sign_in_attempts") == 0
    db.execute("UPDATE outbox SET leased_until = NULL")  # five minutes later
    db.conn.commit()
    assert delivery.due(db) == [waiting]
    assert clock_steps.mend(db) == 0
    assert seal.session_secret


def _queued(space, db, next_at, leased_until):
    from tests.trust.test_22_bundle import _waiting_answer

    waiting = _waiting_answer(space, db)
    db.execute("UPDATE outbox SET next_at = ?, leased_until = ?", [next_at, leased_until])
    db.conn.commit()
    return waiting


@pytest.mark.parametrize("step", [HOUR, YEAR])
def test_a_session_from_before_the_step_ends(step, space, db):
    from tests.trust.test_22_bundle import _agent

    actor = ACTOR
    token = sessions.begin(db, space.seal(), _agent(db, "mina"), actor, "test")
    assert sessions.find(db, token)
    db.execute("UPDATE sessions SET last_seen_at = ?, expires_at = ?, created_at = ?",
               [later(step), later(step + 12 * HOUR), later(step)])  # fmt: skip
    db.conn.commit()
    assert sessions.find(db, token) is None


def test_a_training_and_its_cut_off_do_not_wait_for_the_clock(db):
    settings.change(db, ACTOR, train_every_days=7)
    row = {"name": "r", "line": "desk", "parts": "{}", "created_at": later(YEAR), "created_by": "x",
           "judgement": "{}", "recipe": "{}", "no_classifier": ""}  # fmt: skip
    db["releases"].insert(row)
    db.conn.commit()
    present = datetime.now().astimezone()
    planned = schedule.plan(db, present)
    assert planned.at is not None
    assert planned.at <= present + timedelta(days=1)

    class Row:
        at = later(YEAR)

    moment, notes = cut_off([Row], weeks=4)
    assert moment < Row.at
    assert moment > iso(datetime.now(UTC) + timedelta(days=300))
    assert notes


def test_a_sign_of_life_from_the_future_is_none(space):
    import os
    import time

    worker_state.give_sign(space)
    assert worker_state.seconds_silent(space) < worker_state.GONE_SECONDS
    ahead = time.time() + YEAR
    os.utime(space.home / "worker.alive", (ahead, ahead))
    assert worker_state.seconds_silent(space) > worker_state.GONE_SECONDS


def test_acts_keep_their_order_and_chain(space, db):
    for number in range(3):
        with write(db):
            record(db, ACTOR, "setting.changed", f"setting:{number}")
    assert verify(db).broken is None
    assert clock_steps.behind(db) == timedelta()
    ids = [row["object"] for row in db.query("SELECT object FROM audit ORDER BY id DESC LIMIT 3")]
    assert ids == ["setting:2", "setting:1", "setting:0"]
