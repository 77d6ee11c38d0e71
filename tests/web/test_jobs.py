"""Long work in a real worker: queued, shown, cancelled, killed and done once more."""

import shutil
import signal
import sqlite3
from contextlib import contextmanager
from itertools import pairwise

import pytest

from support.clock import ago
from support.database import scalar
from support.errors import ConflictError, InputError, NotFoundError
from support.releases import current
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.web.doors import desk_to_teach, logged, running, until
from web import job_locks, job_queue, job_run, jobs

LONG = 5  # times the history of a small desk: training can be stopped in its middle


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    return {
        times: desk_to_teach(tmp_path_factory.mktemp("desk"), times=times) for times in (1, LONG)
    }


@pytest.fixture
def times():
    return 1


@pytest.fixture
def space(desks, times, tmp_path):
    shutil.copytree(desks[times].home, tmp_path / "desk")
    shutil.copy(desks[times].key_path, tmp_path / "desk.key")
    return Workspace(tmp_path / "desk")


@pytest.fixture
def enqueue(space, db):
    return lambda kind: jobs.enqueue(space, db, ACTOR, kind, {})


def state(db, job_id):
    return jobs.get(db, job_id).state


def ended(db, job_id):
    """Wait for a job's end, and give the job."""
    until(lambda: not jobs.get(db, job_id).live, f"job {job_id} ends")
    return jobs.get(db, job_id)


@contextmanager
def worker_at(space, db, job_id):
    """A worker that has come to the middle of a job."""
    with running(space, "worker") as process:
        until(lambda: jobs.get(db, job_id).message, "the job tells where it is")
        assert state(db, job_id) == "running"
        yield process


def test_a_worker_does_a_job_and_shows_how_far_it_is(space, db, enqueue):
    job_id = enqueue("train")
    waiting = jobs.get(db, job_id)
    assert (waiting.state, waiting.share, waiting.created_by) == ("queued", None, "cli:test")
    seen = set()
    with running(space, "worker"):

        def looked():
            job = jobs.get(db, job_id)
            seen.add((job.state, job.share))
            return not job.live

        until(looked, "the job ends")
        again = enqueue("index")  # a worker that idles takes the next one too
        assert ended(db, again).state == "done"
    job = jobs.get(db, job_id)
    assert job.state == "done", job.result
    assert job.started_at <= job.finished_at
    assert set(job.result) == {"release", "published", "message"}
    assert job.result["published"] is True
    assert job.message == job.result["message"]
    assert jobs.get(db, again).result["release"] == current(space.models).name
    assert len({share for _, share in seen if share is not None}) > 1
    told = [line.split(maxsplit=1) for line in job.log.splitlines()]
    assert len(told) > 3
    assert all(at.endswith("Z") and words for at, words in told)
    assert all(before[1] != after[1] for before, after in pairwise(told))
    actions = scalar(db, "SELECT group_concat(action) FROM audit WHERE object = 'job:1'")
    assert actions == "job.queued"


def test_a_job_cancelled_in_the_queue_never_starts(space, db, enqueue):
    first, second = enqueue("train"), enqueue("forget")
    jobs.cancel(db, ACTOR, first)
    assert state(db, first) == "cancelled"
    with running(space, "worker"):
        assert ended(db, second).state == "done"
    cancelled = jobs.get(db, first)
    assert (cancelled.state, cancelled.started_at) == ("cancelled", None)
    assert cancelled.finished_at
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'job.cancelled'") == 1


@pytest.mark.parametrize("times", [LONG])
def test_a_running_job_stops_at_its_next_step_and_publishes_nothing(space, db, enqueue):
    job_id = enqueue("train")
    with worker_at(space, db, job_id):
        jobs.cancel(db, ACTOR, job_id)
        assert ended(db, job_id).state == "cancelled"
        assert current(space.models) is None
        assert ended(db, enqueue("forget")).state == "done"


def test_what_has_ended_cannot_be_cancelled(db, enqueue):
    job_id = enqueue("train")
    jobs.cancel(db, ACTOR, job_id)
    with pytest.raises(ConflictError, match="cancelled already"):
        jobs.cancel(db, ACTOR, job_id)
    with pytest.raises(NotFoundError):
        jobs.cancel(db, ACTOR, 999)


def test_a_failed_job_says_why_and_the_worker_goes_on(space, db, enqueue):
    refused, broken = enqueue("index"), enqueue("forget")
    stranger = enqueue("forget")
    db.execute("UPDATE jobs SET kind = 'brew' WHERE id = ?", [stranger])
    db.execute("ALTER TABLE originals RENAME TO elsewhere")
    with running(space, "worker"):
        refused = ended(db, refused)
        assert refused.state == "failed"
        assert "faqdesk train encoder" in refused.result["error"]
        broken = ended(db, broken)
        assert broken.state == "failed"
        assert broken.result["error"] == (
            "Something went wrong on our side (OperationalError); see the log."
        )
        assert "brew" in ended(db, stranger).result["error"]
    failed = next(line for line in logged(space) if line["event"] == "job failed")
    assert (failed["job"], failed["error"]) == (broken.id, "OperationalError")
    assert any("forget_originals" in place for place in failed["at"])


def test_jobs_run_one_after_the_other_in_the_order_they_came(space, db, enqueue):
    ids = [enqueue("forget") for _ in range(12)]
    rank = {"done": 0, "running": 1, "queued": 2}
    with running(space, "worker"):

        def all_done():
            states = [row["state"] for row in db.query("SELECT state FROM jobs ORDER BY id")]
            assert states == sorted(states, key=rank.__getitem__)
            assert states.count("running") <= 1
            return set(states) == {"done"}

        until(all_done, "all are done")
    assert len(jobs.listed(db)) == len(ids)
    assert [job.id for job in jobs.listed(db, limit=3)] == ids[:-4:-1]


def test_a_job_whose_bell_was_lost_with_its_worker_is_done_by_the_next(space, db, enqueue):
    job_id = enqueue("forget")
    job_queue.queue(space.queue_path).flush()
    with running(space, "worker"):
        assert ended(db, job_id).state == "done"


@pytest.mark.parametrize("times", [LONG])
def test_a_killed_worker_leaves_an_interrupted_job_that_can_be_started_again(space, db, enqueue):
    job_id = enqueue("train")
    with worker_at(space, db, job_id) as process:
        process.kill()
        process.wait()
    assert state(db, job_id) == "running"
    jobs.mark_interrupted(db)
    assert state(db, job_id) == "running"  # its last sign of life is too fresh
    db.execute("UPDATE jobs SET heartbeat_at = ?", [ago(seconds=jobs.DEAD_SECONDS + 1)])
    with running(space, "worker"):
        until(lambda: state(db, job_id) == "interrupted", "the next worker notices")
        assert jobs.get(db, job_id).finished_at
        again = ended(db, enqueue("train"))
        assert again.state == "done", again.result
    assert current(space.models).name == again.result["release"]
    assert not list(space.models.rglob(".tmp-*"))


@pytest.mark.parametrize("times", [LONG])
def test_a_job_whose_worker_was_killed_is_known_at_once(space, db, enqueue):
    job_id = enqueue("train")
    with worker_at(space, db, job_id) as process:
        jobs.mark_left(space, db)
        assert state(db, job_id) == "running"
        process.kill()
        process.wait()
    jobs.mark_left(space, db)
    assert state(db, job_id) == "interrupted"
    assert jobs.get(db, job_id).finished_at


def test_locks_of_jobs_that_ended_say_nothing(space, db, enqueue):
    job_id = enqueue("forget")
    job_run.run(space, job_id)
    assert job_locks.left_behind(space) == []
    with job_locks.held(space, job_id):
        assert job_locks.left_behind(space) == []
    (space.home / "running" / str(job_id)).touch()  # left by one that could not take it away
    jobs.mark_left(space, db)
    assert state(db, job_id) == "done"
    assert job_locks.left_behind(space) == []


@pytest.mark.parametrize("times", [LONG])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_stops_soon_and_says_what_it_left(space, db, enqueue, number):
    job_id, waiting = enqueue("train"), enqueue("forget")
    with worker_at(space, db, job_id) as process:
        process.send_signal(number)
        assert process.wait(timeout=15) == 0
    assert state(db, job_id) == "interrupted"
    assert state(db, waiting) == "queued"


def test_unknown_work_is_refused_and_leaves_no_row(space, db, enqueue):
    with pytest.raises(InputError, match="train, index, forget"):
        enqueue("brew")
    assert jobs.listed(db) == []
    with pytest.raises(NotFoundError, match="No job 7"):
        jobs.get(db, 7)


def test_a_job_that_tells_nothing_for_long_still_gives_signs_of_life(space, db, enqueue):
    """The beat goes on beside the work: one long step is not death."""
    job_id = enqueue("forget")
    old = ago(hours=1)
    db.execute("UPDATE jobs SET state = 'running', heartbeat_at = ? WHERE id = ?", [old, job_id])
    with job_run.beating(space, job_id, seconds=0.05):
        until(lambda: scalar(db, "SELECT heartbeat_at FROM jobs") > old, "a sign of life")


class Stumbling:
    """A workspace whose database is locked at first."""

    def __init__(self, space):
        self.space, self.tries = space, 0

    def database(self):
        self.tries += 1
        if self.tries < 3:
            raise sqlite3.OperationalError("database is locked")
        return self.space.database()


def test_a_locked_database_does_not_end_the_signs_of_life(space, db, enqueue):
    job_id = enqueue("forget")
    old = ago(hours=1)
    db.execute("UPDATE jobs SET state = 'running', heartbeat_at = ? WHERE id = ?", [old, job_id])
    stumbling = Stumbling(space)
    with job_run.beating(stumbling, job_id, seconds=0.05):
        until(lambda: scalar(db, "SELECT heartbeat_at FROM jobs") > old, "a sign of life")
    assert stumbling.tries >= 3
