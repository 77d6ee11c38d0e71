"""`faqdesk serve` as a process: the console, the worker beside it, and how both end."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from support import answering, embeddings
from support.database import scalar
from support.recommender import Recommender
from tests.conftest import ACTOR
from tests.knowledge_desk import use_shipped_encoder
from tests.web.doors import (
    answers,
    command_words,
    desk_to_teach,
    end_group,
    environment,
    faqdesk,
    fetch,
    free_port,
    logged,
    members,
    running,
    serving,
    until,
)
from tests.web.test_cli import fresh, shell
from web import jobs
from web.serve import make_findable

__all__ = ["fresh", "shell"]


def workers(group):
    """The job workers among a group's processes."""
    return [pid for pid in members(group) if b"worker" in command_words(pid)]


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


def test_the_worker_is_ours_whatever_lies_in_the_folder_it_is_started_from(space, db, enqueue):
    decoy = space.home / "elsewhere" / "web"
    decoy.mkdir(parents=True)
    (decoy / "__init__.py").write_text("raise SystemExit('not ours')")
    command = [Path(sys.executable).with_name("faqdesk"), "serve", "--port", str(free_port())]
    process = subprocess.Popen(
        [*command, "--workers", "1"],
        cwd=decoy.parent, env=environment(space), start_new_session=True,
    )  # fmt: skip
    try:
        job_id = enqueue("forget")
        until(lambda: jobs.get(db, job_id).state == "done", "the worker does a job")
    finally:
        end_group(process.pid)
        process.wait()


def test_answers_that_were_not_encoded_are_made_findable(space, db, recommender, ids, add_rows):
    add_rows([("a6", 40, "web", "ko", "최하나", "ㅋ", "안녕하세요")])  # holds no pair of letters
    seal = space.seal()
    text = "무지개빛 답변"
    answering.send(db, seal, inquiry_id=ids["o4"], agent_id=1, text=text, actor=ACTOR)
    version = recommender.similar.encoder.version
    unread = scalar(db, "SELECT id FROM inquiries WHERE source_id = 'a6'")
    assert set(embeddings.missing(db, version)) == {ids["o4"], unread}
    make_findable(recommender, db)
    assert embeddings.missing(db, version) == [unread]
    found = recommender.similar.similar(db, "오늘 날씨가 좋네요", top_k=1)
    assert [past.inquiry_id for past in found] == [ids["o4"]]


def test_a_worker_makes_answers_findable_by_itself(space, db, tmp_path):
    taught = desk_to_teach(tmp_path / "taught")
    use_shipped_encoder(taught)
    with closing(taught.database()) as database, running(taught, "worker"):
        answered = scalar(database, "SELECT count(*) FROM inquiries WHERE status = 'answered'")
        assert answered > 50
        sql = "SELECT count(*) FROM embeddings"
        until(lambda: scalar(database, sql) == answered, "the answers are encoded")


def test_a_desk_without_an_encoder_has_nothing_to_make_findable(space, db):
    make_findable(Recommender(space), db)


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
def test_an_address_of_another_machine_is_a_clear_message(shell, host):
    said = shell.refuses("serve", "--host", host, "--port", free_port())
    assert said.startswith(f"faqdesk: Cannot serve at {host}")


def test_serving_needs_a_desk(fresh):
    for command in ("serve", "worker"):
        assert "faqdesk init" in fresh.refuses(command, code=3)
    assert not fresh.home.exists()
