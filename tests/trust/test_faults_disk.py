"""A disk that is full or cannot be written, a database that is held or damaged: a served desk.

Each is told by 503 with when to come again, on the page with what was typed, and in the log with
what to do; what can be read is read; and it works again by itself when the cause goes.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from support.database import scalar
from support.workspace import Workspace
from tests.trust import namespaces
from tests.trust.agent_at_door import AgentAtDoor
from tests.web.doors import answers, free_port, members, until

TYPED = "사흘 안에 환불됩니다. 계좌를 확인해 주세요."
CAN_MOUNT = namespaces.can_mount()


def log_of(errors):
    return [json.loads(line) for line in errors.read_text().splitlines() if line.startswith("{")]


@contextmanager
def served(words, home, errors, *, before=None, **more):
    """A desk served by a command of one's own; its port and process."""
    port = free_port()
    environment = namespaces.environment_of(
        home, FAQDESK_BUSY_SECONDS="0.5", FAQDESK_LOOK_SECONDS="1", **more
    )
    words = [*words, "serve", "--port", str(port), "--workers", "1"]
    with namespaces.command(words, environment, errors, before) as process:
        until(lambda: answers(port) or process.poll() is not None, "the console answers")
        assert process.poll() is None, errors.read_text()
        yield port, process


def open_ids(home):
    with closing(sqlite3.connect(home / "desk.db")) as db:
        rows = db.execute("SELECT id FROM inquiries WHERE status = 'open' ORDER BY id").fetchall()
    return [row[0] for row in rows]


def assert_refused_with_what_was_typed(answer):
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert TYPED in answer.text
    assert "Traceback" not in answer.text
    assert "desk.db" not in answer.text  # no folder of the machine


def assert_sent(agent, inquiry_id):
    """As often as its page says to press the button once more."""
    answer = until(lambda: (a := agent.send(inquiry_id, TYPED)).status_code != 503 and a, "it goes")
    assert answer.status_code == 302, answer.text


def assert_kept(home, inquiry_id):
    with closing(sqlite3.connect(home / "desk.db")) as db:
        sql = "SELECT status FROM inquiries WHERE id = ?"
        assert db.execute(sql, [inquiry_id]).fetchone() == ("answered",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def fill(folder):
    """Write into a folder until nothing more goes in."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 512):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@pytest.mark.skipif(not CAN_MOUNT, reason="what cannot grow is tried below")
def test_on_a_full_disk_nothing_is_half_written_and_room_is_all_it_takes(space, tmp_path):
    errors = tmp_path / "errors"
    words = namespaces.on_small_disk(space.home, 24, namespaces.faqdesk_words())
    with served(words, space.home, errors) as (port, process):
        home = namespaces.inside(process.pid, space.home)
        first, second, *_ = open_ids(space.home)
        with closing(space.database()) as db:  # what lay there when the disk was mounted over it
            before = scalar(db, "SELECT count(*) FROM inquiries WHERE status = 'answered'")
        agent = AgentAtDoor(port)
        fill(home)
        assert_refused_with_what_was_typed(agent.send(first, TYPED))
        assert agent.http.get("/").status_code == 200  # what can be read is read
        ready = agent.ready()
        assert ready.status_code == 200
        assert "disk_low" in ready.json()["failing"]
        told = [line for line in log_of(errors) if line.get("fault") == "full"]
        assert "Make room" in told[0]["cure"]
        words = namespaces.faqdesk_words("backup")
        done = namespaces.run_inside(process.pid, words, space.home)
        assert done.returncode == 1
        assert "room" in done.stderr
        (home / "filler").unlink()
        for inquiry_id in (first, second):
            assert_sent(agent, inquiry_id)
        # Inside: SQLite follows /proc/<pid>/root to where it seems to lead.
        script = (
            "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); print(db.execute("
            "\"SELECT count(*) FROM inquiries WHERE status = 'answered'\").fetchone()[0], "
            "db.execute('PRAGMA integrity_check').fetchone()[0])"
        )
        words = [sys.executable, "-c", script, str(space.home / "desk.db")]
        done = namespaces.run_inside(process.pid, words, space.home)
        assert done.stdout.split() == [str(before + 2), "ok"]
        assert not list((home / "backups").glob(".*half*"))
        agent.close()


def test_files_that_cannot_grow_are_as_a_full_disk(space, tmp_path):
    errors = tmp_path / "errors"
    size = (space.home / "desk.db").stat().st_size + (1 << 20)
    with served(
        namespaces.faqdesk_words(), space.home, errors, before=namespaces.small_files(size)
    ) as (port, process):
        first, *_ = open_ids(space.home)
        agent = AgentAtDoor(port)
        for pid in members(process.pid):
            subprocess.run(["prlimit", "--pid", str(pid), "--fsize=4096:"], check=True)
        assert_refused_with_what_was_typed(agent.send(first, TYPED))
        for pid in members(process.pid):
            subprocess.run(["prlimit", "--pid", str(pid), "--fsize=unlimited:"], check=True)
        assert_sent(agent, first)
        assert_kept(space.home, first)
        agent.close()


@pytest.fixture(scope="module")
def desk(model_desk, tmp_path_factory):
    """One served desk for all that can be taken from it and given back; nobody writes all over."""
    folder = tmp_path_factory.mktemp("faults")
    shutil.copytree(model_desk.home, folder / "desk")
    shutil.copy(model_desk.key_path, folder / "desk.key")
    home, errors = folder / "desk", folder / "errors"
    words = namespaces.faqdesk_words()
    with served(words, home, errors, before=namespaces.obeying_modes) as (port, process):
        agent = AgentAtDoor(port)
        yield home, agent, errors, process
        agent.close()


def test_while_another_holds_the_database_pages_are_read_and_nothing_typed_is_lost(desk):
    home, agent, errors, _ = desk
    first, *_ = open_ids(home)
    with closing(sqlite3.connect(home / "desk.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert_refused_with_what_was_typed(agent.send(first, TYPED))
        for page in ("/", "/search?q=환불", "/answered", "/readyz", "/healthz"):
            assert agent.http.get(page).status_code in (200, 404), page
        other.execute("ROLLBACK")
    assert_sent(agent, first)
    assert_kept(home, first)
    assert any(line.get("fault") == "locked" for line in log_of(errors))
    until(lambda: agent.ready().json()["failing"] == [], "the worker goes on")


def test_a_folder_that_cannot_be_written_is_told_and_waited_for(desk):
    home, agent, errors, _ = desk
    first, *_ = open_ids(home)
    modes = {path: path.stat().st_mode for path in (home, *home.glob("*.db*"))}
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        answer = agent.send(first, TYPED)
        assert_refused_with_what_was_typed(answer)
        assert agent.http.get("/healthz").status_code == 200
        assert any(line.get("fault") == "read_only" for line in log_of(errors))
    finally:
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)
    assert_sent(agent, first)
    assert_kept(home, first)


def test_a_damaged_database_is_told_and_one_put_back_is_used_by_new_processes(desk, tmp_path):
    home, agent, errors, process = desk
    first, *_ = open_ids(home)
    with closing(sqlite3.connect(home / "desk.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    good = tmp_path / "good.db"
    shutil.copy(home / "desk.db", good)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(os.urandom(8192))
    for put in (damaged, None, good):
        for name in ("desk.db-wal", "desk.db-shm"):
            (home / name).unlink(missing_ok=True)
        if put is None:
            (home / "desk.db").unlink()
        else:
            shutil.copy(put, home / "coming.db")
            (home / "coming.db").replace(home / "desk.db")
        if put is not good:
            answer = until(lambda: (a := _get(agent, "/")) and a.status_code == 503 and a, "told")
            assert int(answer.headers["Retry-After"]) > 0
            assert agent.ready().status_code == 503
    until(lambda: (a := _get(agent, "/")) and a.status_code == 200, "it is used")
    assert_sent(agent, first)
    assert_kept(home, first)
    told = [line.get("event") for line in log_of(errors)]
    assert "the database was replaced; starting anew" in told
    assert process.poll() is None
    until(lambda: agent.ready().json()["failing"] == [], "a worker is there")


def _get(agent, path):
    """A page; None while a process is replaced by another."""
    try:
        return agent.http.get(path)
    except Exception:
        return None


@pytest.mark.parametrize("file", ["queue.db", "doors.db", "limits.db"])
@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_what_only_rings_or_counts_is_made_anew(desk, file, how):
    home, agent, _, _ = desk
    space = Workspace(home)
    for name in (file, f"{file}-wal", f"{file}-shm"):
        (home / name).unlink(missing_ok=True)
    if how == "damaged":
        (home / file).write_bytes(os.urandom(8192))
    with closing(sqlite3.connect(home / "desk.db", timeout=30)) as db:
        db.execute(
            "INSERT INTO jobs (kind, arguments, state, created_by, created_at) "
            "VALUES ('forget', '{}', 'queued', 'cli:test', '2026-01-01T00:00:00Z')"
        )
        db.commit()
    with closing(space.database()) as db:
        until(lambda: not scalar(db, "SELECT 1 FROM jobs WHERE state = 'queued'"), "it is done")
    assert agent.http.get("/").status_code == 200
