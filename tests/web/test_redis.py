"""The queues on a real Redis server: it only rings, so nothing is lost with it; nobody fails."""

import gc
import json
import os
import random
import signal
import socket
import time
from contextlib import ExitStack, closing, suppress

import pytest

from support import agents
from support.database import scalar
from support.errors import SettingError
from support.webhook_signatures import signed
from support.workspace import Workspace
from tests.certificates import Authority
from tests.conftest import ACTOR
from tests.redis_server import PASSWORD, redis_server
from tests.support.test_webhooks import BODIES, SECRET
from tests.web.doors import (
    command_words,
    desk_to_teach,
    faqdesk,
    fetch,
    logged,
    members,
    running,
    serving,
    until,
)
from tests.web.test_webhooks import connected
from train.bench_web_clicks import Agent, Words
from web import job_queue, jobs, redis_queue

SECRET_WORDS = "correct horse battery"


@pytest.fixture
def here(tmp_path):
    """A folder with a short path: that of a socket may have about a hundred letters."""
    folder = tmp_path / "r"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def fresh_queues(monkeypatch):
    """Queues are made once a process: each test asks another server."""
    monkeypatch.delenv(redis_queue.REDIS, raising=False)
    caches = (job_queue._made, job_queue._door_task, job_queue._task)
    for cached in caches:
        cached.cache_clear()
    redis_queue._awayed.clear()
    yield
    for cached in caches:
        cached.cache_clear()
    redis_queue._awayed.clear()


@pytest.fixture
def server(here, monkeypatch):
    with redis_server(here) as found:
        monkeypatch.setenv(redis_queue.REDIS, found.address)
        yield found


@pytest.fixture
def space(tmp_path):
    space = desk_to_teach(tmp_path, times=3)
    db = space.database()
    for number in range(4):
        agents.add(
            db, ACTOR, login=f"lead{number}", name="리드", role="admin", password=SECRET_WORDS
        )
    db.close()
    return space


def ended(db, job_id, state="done"):
    until(lambda: not jobs.get(db, job_id).live, f"job {job_id} ends")
    assert jobs.get(db, job_id).state == state, jobs.get(db, job_id).result


def lead(port, number):
    agent = Agent(port, random.Random(0), Words((), (), (), (), ()))
    return agent.sign_in(f"lead{number}", SECRET_WORDS)


def start_job(agent, kind):
    """Press the button of a page: the job's number."""
    status, body = agent.ask("POST", "/jobs", {"kind": kind})
    assert status == 302, body[:500]
    return int(agent.led().rpartition("/")[2])


def worker_of(group):
    return [pid for pid in members(group) if b"worker" in command_words(pid)]


def test_four_web_processes_ring_and_nothing_is_lost_with_server_or_worker(
    space, server, monkeypatch
):
    # Only hearing the server again makes the worker look: not the minute being over.
    monkeypatch.setenv("FAQDESK_LOOK_SECONDS", "600")
    db = space.database()
    connected(space, db, "zendesk")
    with serving(space, "--workers", "4") as (port, process), ExitStack() as lines:
        team = [lines.enter_context(closing(lead(port, number))) for number in range(4)]
        found = [start_job(team[0], "train"), start_job(team[1], "index")]
        found += [jobs.enqueue(space, db, ACTOR, "forget", {}) for _ in range(6)]
        for job_id in found:
            ended(db, job_id)
        assert server.rung() >= len(found)
        assert len({jobs.get(db, job_id).started_at for job_id in found}) > 1
        assert not (space.home / "queue.db").exists()

        # Killed while a job is under way and another waits; it comes back empty.
        running_one = start_job(team[2], "train")
        until(lambda: jobs.get(db, running_one).state == "running", "it has begun")
        killed = time.monotonic()
        server.kill()
        waiting = start_job(team[3], "index")
        assert jobs.get(db, waiting).state == "queued"
        assert team[3].get(f"/jobs/{waiting}")[0] == 200
        body = json.dumps(BODIES["zendesk"](1, "인증번호가 안 와요")).encode()
        came = signed("zendesk", SECRET, body)
        knocked = fetch(
            port, "/api/v1/webhooks/zendesk", method="POST", body=came.body,
            **{name.replace("-", "_"): value for name, value in came.headers.items()},
            Content_Type="application/json",
        )  # fmt: skip
        assert knocked[0] == 202, knocked
        ended(db, running_one)
        assert jobs.get(db, waiting).state == "queued"
        server.start()
        ended(db, waiting)
        minutes = (time.monotonic() - killed) / redis_queue.TELL_SECONDS
        until(
            lambda: scalar(db, "SELECT state FROM webhook_deliveries") == "done", "it is worked on"
        )

        # The worker is killed in the middle: known at once, and what waits goes on.
        cut, waiting = start_job(team[0], "train"), start_job(team[1], "index")
        until(lambda: jobs.get(db, cut).message, "it has begun")
        [worker] = worker_of(process.pid)
        os.kill(worker, signal.SIGKILL)
        ended(db, cut, "interrupted")
        ended(db, waiting)
        assert fetch(port, "/readyz")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
    db.close()
    lines = logged(space)
    away = [line for line in lines if "Redis server is away" in line["event"]]
    assert 1 <= len(away) <= 3 + minutes  # and not one a second
    assert PASSWORD not in (space.home / "errors").read_text()
    assert [line for line in lines if "is heard again" in line["event"]]


def test_to_ask_whether_it_is_there_leaves_no_line_open(server):
    gc.disable()  # what is closed by chance would be closed late
    try:
        for _ in range(5):
            redis_queue._awayed.clear()
            assert not redis_queue.away()
        redis_queue.reach()
        assert server.client().info("clients")["connected_clients"] <= 2
    finally:
        gc.enable()


def test_a_server_that_is_away_when_serving_begins_is_waited_for(space, here, monkeypatch):
    monkeypatch.setenv("FAQDESK_LOOK_SECONDS", "600")
    with redis_server(here, start=False) as server:
        monkeypatch.setenv(redis_queue.REDIS, server.address)
        db = space.database()
        with serving(space, "--workers", "1") as (port, _), closing(lead(port, 0)) as agent:
            job_id = start_job(agent, "index")
            assert "queue_away" in json.loads(fetch(port, "/readyz")[2])["failing"]
            assert jobs.get(db, job_id).state == "queued"
            server.start()
            until(lambda: jobs.get(db, job_id).state != "queued", "it begins")
            until(
                lambda: "queue_away" not in json.loads(fetch(port, "/readyz")[2])["failing"],
                "it is well again",
            )
        db.close()


def test_who_rings_when_the_server_is_back_is_heard_at_once(space, here, monkeypatch):
    """Also in a process that found it away a moment ago: nobody else rings for a minute."""
    with redis_server(here, start=False) as server, closing(space.database()) as db:
        for address in (server.address, f"unix://:{PASSWORD}@{server.socket}"):
            monkeypatch.setenv(redis_queue.REDIS, address)
            assert _is_not_rung(space, db)
            server.start()
            jobs.enqueue(space, db, ACTOR, "forget", {})
            assert server.rung() == 1
            server.kill()
            assert jobs.enqueue(space, db, ACTOR, "forget", {})
            server.start()
            jobs.enqueue(space, db, ACTOR, "forget", {})
            assert server.rung() == 1
            server.kill()
            server.socket.unlink(missing_ok=True)


def test_who_does_not_answer_holds_up_nobody_for_long(space, monkeypatch):
    """A machine that swallows what is sent to it: the worst kind of being away."""
    monkeypatch.setattr(redis_queue, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setenv(redis_queue.REDIS, f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        db = space.database()
        begun = time.monotonic()
        found = [jobs.enqueue(space, db, ACTOR, "forget", {}) for _ in range(12)]
        waited = time.monotonic() - begun
        assert [jobs.get(db, job_id).state for job_id in found] == ["queued"] * 12
        deaf.settimeout(0.1)
        asked = 0
        with suppress(TimeoutError):
            while True:
                deaf.accept()[0].close()
                asked += 1
        # Once, and once more on another line; then not before the pause is over.
        assert 1 <= asked <= 2 * (1 + waited // redis_queue.PAUSE_SECONDS)
        db.close()


def test_a_wrong_password_is_told_before_serving_begins(space, server, monkeypatch):
    for address in (
        server.address.replace(PASSWORD, "guessed"), f"redis://127.0.0.1:{server.port}/0"
    ):  # fmt: skip
        monkeypatch.setenv(redis_queue.REDIS, address)
        for command in (["serve", "--port", "1"], ["worker"]):
            done = faqdesk(space, *command)
            assert done.returncode == 1
            assert "does not let the desk in" in done.stderr
            assert "guessed" not in done.stderr
            assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "address",
    ["redis://localhost:port/0", "redis://localhost:99999/0", "http://localhost:6379", "localhost",
     "REDIS//", "memcached://localhost"],
)  # fmt: skip
def test_what_is_no_address_is_told(address, monkeypatch):
    monkeypatch.setenv(redis_queue.REDIS, address)
    with pytest.raises(SettingError, match="FAQDESK_REDIS"):
        redis_queue.check()


def test_a_certificate_is_checked(space, here, monkeypatch, tmp_path):
    authority, hostile = Authority(tmp_path / "ca"), Authority(tmp_path / "other", "authority")
    right = authority.certify("queue", "127.0.0.1")
    elsewhere = authority.certify("elsewhere", "10.9.8.7")
    forged = hostile.certify("queue", "127.0.0.1")
    ours = f"?ssl_ca_certs={authority.certificate}"
    db = space.database()
    with redis_server(here, tls=right) as server:
        monkeypatch.setenv(redis_queue.REDIS, server.address + ours)
        redis_queue.reach()
        job_queue.ring(space, 7)
        [message] = server.client().lrange(server.client().keys("huey.redis.*")[0], 0, -1)
        assert json.loads(message)["args"] == [str(space.home), 7]  # JSON, and no pickle
        job_id = jobs.enqueue(space, db, ACTOR, "forget", {})
        with running(space, "worker"):
            ended(db, job_id)
        # Without the authority nothing vouches for it; plain text is not spoken there.
        for address in (server.address, server.address.replace("rediss", "redis")):
            monkeypatch.setenv(redis_queue.REDIS, address)
            if address.startswith("rediss"):
                with pytest.raises(SettingError, match="certificate is not to be believed"):
                    redis_queue.reach()
            assert _is_not_rung(space, db)
    for files in (elsewhere, forged):
        with redis_server(here, tls=files) as server:
            monkeypatch.setenv(redis_queue.REDIS, server.address + ours)
            with pytest.raises(SettingError, match="certificate is not to be believed"):
                redis_queue.reach()
            assert _is_not_rung(space, db)
            assert server.rung() == 0
    db.close()


def _is_not_rung(space, db):
    """Whether a job that is asked for now waits in its table alone, and nobody fails for it."""
    for cached in (job_queue._made, job_queue._door_task, job_queue._task):
        cached.cache_clear()
    redis_queue._awayed.clear()
    with pytest.raises(job_queue.NOT_RUNG):
        job_queue.ring(space, 7)
    return jobs.get(db, jobs.enqueue(space, db, ACTOR, "forget", {})).state == "queued"


def test_a_socket_of_the_machine_will_do(space, server, monkeypatch):
    monkeypatch.setenv(redis_queue.REDIS, f"unix://:{PASSWORD}@{server.socket}")
    db = space.database()
    job_id = jobs.enqueue(space, db, ACTOR, "forget", {})
    assert server.rung() == 1
    with running(space, "worker"):
        ended(db, job_id)
    db.close()


def test_two_desks_on_one_server_are_kept_apart(server, tmp_path):
    """Also those whose paths are the same but for signs, or of two machines."""
    spaces = [Workspace(tmp_path / name).create() for name in ("desk-1", "desk1", "책상", "의자")]
    dbs = [space.database() for space in spaces]
    found = [jobs.enqueue(s, db, ACTOR, "forget", {}) for s, db in zip(spaces, dbs, strict=True)]
    names = server.client().keys("huey.redis.*")
    assert len(names) == len(spaces)
    with running(spaces[0], "worker"):
        ended(dbs[0], found[0])
        # What names another desk is passed over, also where it stands in this one's queue.
        [own] = [
            name for name in names
            if (spaces[0].home / "queue.name").read_text().encode() in name
        ]  # fmt: skip
        [other] = server.client().lrange(
            next(
                name for name in names
                if (spaces[1].home / "queue.name").read_text().encode() in name
            ), 0, -1,
        )  # fmt: skip
        for message in (b"\x80\x04.", b"{}", other):
            server.client().lpush(own, message)
        again = jobs.enqueue(spaces[0], dbs[0], ACTOR, "forget", {})
        ended(dbs[0], again)
    assert [jobs.get(db, job_id).state for db, job_id in zip(dbs[1:], found[1:], strict=True)] == (
        ["queued"] * 3
    )
    assert any("another desk" in line["event"] for line in logged(spaces[0]))
    for db in dbs:
        db.close()
