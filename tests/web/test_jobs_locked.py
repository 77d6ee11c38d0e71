"""Jobs while the database is locked, or after the machine slept: none is lost, none ends for it."""

import sqlite3
import time
from contextlib import closing

import pytest

from support import database
from support.clock import ago
from support.database import one
from tests.conftest import ACTOR
from tests.web.doors import until
from web import job_queue, job_run, jobs


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody waits half a minute for a lock."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(job_run, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(job_run, "TRIES", 2)


@pytest.fixture
def job_id(space, db):
    return jobs.enqueue(space, db, ACTOR, "forget", {})


@pytest.fixture
def does(monkeypatch):
    """Put a function in the place of the work; says how often it was done."""

    def put(act):
        done = []

        def work(workspace, db, actor, arguments, progress):
            act(progress)
            done.append(1)
            return {}

        monkeypatch.setattr(job_run, "works", lambda: {"forget": work})
        return done

    return put


@pytest.fixture
def other(space):
    """Somebody else at the database, who may lock it."""
    with closing(space.database()) as found:
        yield found.conn


def rung(space):
    return [task.args[1] for task in job_queue.queue(space.queue_path).pending()]


def heard(space):
    """The worker takes every bell from the queue."""
    job_queue.queue(space.queue_path).flush()


def test_a_job_that_could_not_begin_waits_and_is_rung_for_again(space, db, job_id, does, other):
    done = does(lambda progress: None)
    heard(space)
    other.execute("BEGIN IMMEDIATE")
    job_run.run(space, job_id)
    assert jobs.get(db, job_id).state == "queued"
    other.rollback()
    for _ in range(2):
        job_queue.ring_again(space, db)
    assert rung(space) == [job_id]
    for _ in range(2):  # rung for twice, it runs once
        job_run.run(space, job_id)
    assert (jobs.get(db, job_id).state, len(done)) == ("done", 1)
    heard(space)
    job_queue.ring_again(space, db)
    assert rung(space) == []


def test_a_job_whose_bell_cannot_be_rung_is_kept(space, db, monkeypatch):
    def fail(*_):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(jobs, "ring", fail)
    job_id = jobs.enqueue(space, db, ACTOR, "forget", {})
    job_queue.ring_again(space, db)
    assert rung(space) == [job_id]


def test_progress_that_cannot_be_written_is_told_later(space, db, job_id, does, other):
    def act(progress):
        other.execute("BEGIN IMMEDIATE")
        progress(1, 3, "one")
        other.rollback()
        progress(2, 3, "two")

    does(act)
    job_run.run(space, job_id)
    job = jobs.get(db, job_id)
    assert (job.state, job.done) == ("done", 2)
    assert [line.split()[1] for line in job.log.splitlines()] == ["one", "two"]


def test_the_end_of_a_job_is_written_once_the_lock_is_gone(
    space, db, job_id, does, other, monkeypatch
):
    does(lambda progress: other.execute("BEGIN IMMEDIATE"))
    monkeypatch.setattr(job_run.time, "sleep", lambda seconds: other.rollback())
    job_run.run(space, job_id)
    assert jobs.get(db, job_id).state == "done"


def test_a_job_whose_end_cannot_be_written_stops_no_worker(space, db, job_id, does, other):
    does(lambda progress: other.execute("BEGIN IMMEDIATE"))
    job_run.run(space, job_id)
    other.rollback()
    db.execute("UPDATE jobs SET heartbeat_at = ?", [ago(hours=1)])
    jobs.mark_interrupted(db)
    assert jobs.get(db, job_id).state == "interrupted"


def test_a_job_that_slept_with_its_machine_runs_again_at_its_next_sign_of_life(space, db, job_id):
    db.execute("UPDATE jobs SET state = 'running', heartbeat_at = ?", [ago(hours=9)])
    jobs.mark_interrupted(db)
    assert jobs.get(db, job_id).state == "interrupted"
    with job_run.beating(space, job_id, seconds=0.02):
        until(lambda: jobs.get(db, job_id).state == "running", "a sign of life")
    assert one(db, "SELECT finished_at FROM jobs") == {"finished_at": None}


@pytest.mark.parametrize("state", ["done", "failed", "cancelled", "queued"])
def test_a_sign_of_life_changes_no_other_state(space, db, job_id, state):
    db.execute("UPDATE jobs SET state = ?, heartbeat_at = NULL", [state])
    with job_run.beating(space, job_id, seconds=0.01):
        time.sleep(0.1)
    assert one(db, "SELECT state, heartbeat_at FROM jobs") == {"state": state, "heartbeat_at": None}


def test_a_job_that_its_worker_had_to_leave_stays_interrupted(space, db, job_id):
    db.execute("UPDATE jobs SET state = 'running'")
    with job_run.beating(space, job_id, seconds=0.01):
        job_run.cut_off(space, job_id)
        time.sleep(0.1)
    assert jobs.get(db, job_id).state == "interrupted"
