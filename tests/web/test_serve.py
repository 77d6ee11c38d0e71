"""`faqdesk serve` as a process: the console, the worker beside it, and how both end."""

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.conftest import ACTOR
from tests.web.doors import answers, faqdesk, fetch, free_port, logged, members, serving, until
from web import jobs


def workers(group):
    """The job workers among a group's processes."""
    return [
        pid
        for pid in members(group)
        if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]


@pytest.fixture
def enqueue(space, db):
    return lambda kind: jobs.enqueue(space, db, ACTOR, kind, {})


def test_the_console_answers_with_a_worker_beside_it_and_sigterm_ends_both(space, db, enqueue):
    with serving(space) as (port, process):
        assert fetch(port, "/healthz")[2].strip() == '{"status":"ok"}'
        status, headers, _ = fetch(port, "/")
        assert (status, headers["location"]) == (302, "/sign-in?next=/")
        job_id = enqueue("forget")
        until(lambda: jobs.get(db, job_id).state == "done", "the worker does a job")
        assert len(members(process.pid)) == 4  # gunicorn, its two workers, ours
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert members(process.pid) == []
        assert not answers(port)
    lines = logged(space)
    assert [line["address"] for line in lines if line["event"] == "serving"] == [
        f"http://127.0.0.1:{port}"
    ]
    assert {line["level"] for line in lines} <= {"info", "warning"}


def test_a_killed_console_takes_its_worker_with_it(space):
    with serving(space, "--workers", "1") as (_, process):
        assert until(lambda: workers(process.pid), "the worker runs")
        process.kill()
        process.wait()
        until(lambda: not members(process.pid), "nothing is left", seconds=20)


def test_a_killed_worker_is_replaced_and_its_console_answers_on(space, db, enqueue):
    with serving(space, "--workers", "1") as (port, process):
        [first] = until(lambda: workers(process.pid), "the worker runs")
        os.kill(first, signal.SIGKILL)
        assert answers(port)
        until(lambda: workers(process.pid) not in ([], [first]), "another worker runs")
        job_id = enqueue("forget")
        until(lambda: jobs.get(db, job_id).state == "done", "it does a job")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        assert members(process.pid) == []


def test_a_taken_port_is_a_clear_message_and_nothing_is_left_running(space):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = faqdesk(space, "serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(
        f"faqdesk: Cannot serve at 127.0.0.1, port {port}: Address already"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.7"])
def test_an_address_of_another_machine_is_a_clear_message(space, host):
    done = faqdesk(space, "serve", "--host", host, "--port", str(free_port()))
    assert done.returncode == 1
    assert done.stderr.startswith(f"faqdesk: Cannot serve at {host}")


def test_serving_needs_a_desk(tmp_path, space):
    from support.workspace import Workspace

    for command in ("serve", "worker"):
        done = faqdesk(Workspace(tmp_path / "nowhere"), command)
        assert done.returncode == 3
        assert "faqdesk init" in done.stderr
    assert not (tmp_path / "nowhere").exists()
