"""An upgrade that meets another, a full disk, or its end leaves the desk as it was, and a copy."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from support import upgrading
from support.database import connect
from support.errors import WorkspaceError
from support.migrations import migrations
from tests.support.old_desks import counts, desk_0_1_0, steps
from tests.web.doors import ROOT, environment, faqdesk

LAST = "m020_closed_unanswered"  # of 0.1.0
# Upgrades with one step more, which says that it was reached, and never ends.
HANGS = """
import sys, time
from support.migrations import migrations
from support.workspace import Workspace

@migrations()
def m999_hangs(db):
    db.conn.execute("CREATE TABLE half_way (id INTEGER)")
    print("there", flush=True)
    time.sleep(600)

Workspace.locate().upgrade()
"""


@pytest.fixture
def old(tmp_path):
    return desk_0_1_0(tmp_path)


def test_processes_that_start_at_once_upgrade_once(old):
    words = [sys.executable, "-m", "web.cli", "upgrade"]
    started = [
        subprocess.Popen(
            words, cwd=ROOT, env=environment(old), stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]  # fmt: skip
    told = sorted(process.communicate()[0][:11] for process in started)
    assert [process.returncode for process in started] == [0, 0, 0]
    assert told == ["Done: m021_", "The desk is", "The desk is"]
    assert len(upgrading.backups(old.database_path)) == 1


def test_threads_too(old):
    wrong = []

    def open_it():
        try:
            old.database().close()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(upgrading.backups(old.database_path)) == 1


def test_killed_in_the_middle_it_is_as_it_was_and_goes_on_at_the_next_start(old):
    before = counts(old.database_path)
    for _ in range(2):
        command = [sys.executable, "-c", HANGS]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(old), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "there\n"
            process.send_signal(signal.SIGKILL)
        assert steps(old.database_path)[-1] == LAST
        assert counts(old.database_path) == before
    copies = upgrading.backups(old.database_path)
    assert copies
    assert all(counts(copy) == before for copy in copies)
    old.database().close()
    assert steps(old.database_path)[-1] == migrations._migrations[-1].name


def test_what_a_killed_copy_left_is_swept(old):
    folder = old.home / "backups"
    folder.mkdir()
    left = folder / "desk-before-m021-20261101T000000Z.half"
    left.write_bytes(b"x" * 1000)
    old.database().close()
    assert not left.exists()
    assert len(list(folder.iterdir())) == 1


def test_a_step_that_fails_changes_nothing_and_names_the_copy(old):
    with closing(sqlite3.connect(old.database_path)) as db:
        db.execute("CREATE TABLE connections (id INTEGER)")  # in the way of a later step
    words = r"is as it was: m\d+_\w+: .*connections.*backups/desk-before-m021"
    with pytest.raises(WorkspaceError, match=words):
        old.database()
    assert steps(old.database_path)[-1] == LAST
    with closing(sqlite3.connect(old.database_path)) as db:
        db.execute("DROP TABLE connections")
    old.database().close()
    assert steps(old.database_path)[-1] == migrations._migrations[-1].name


def test_a_disk_that_fills_up_half_way_changes_nothing(old):
    before = counts(old.database_path)
    with closing(connect(old.database_path)) as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(WorkspaceError, match=r"is as it was: .*disk is full.*A copy is in"):
            upgrading.upgrade(db, old.database_path)
        assert steps(old.database_path)[-1] == LAST
        assert counts(old.database_path) == before
    old.database().close()


def test_a_copy_that_cannot_be_written_is_not_begun_upon(old):
    size = old.database_path.stat().st_size
    done = faqdesk(
        old, "upgrade",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2)),
    )  # fmt: skip
    assert done.returncode == 3
    assert "a copy could not be put into" in done.stderr
    assert steps(old.database_path)[-1] == LAST
    assert faqdesk(old, "upgrade").stdout.startswith("Done: m021_")


def test_without_room_nothing_is_changed(old, monkeypatch):
    monkeypatch.setattr(upgrading, "ROOM", 1e12)
    with pytest.raises(WorkspaceError, match="no room"):
        old.database()
    assert steps(old.database_path)[-1] == LAST
    assert upgrading.backups(old.database_path) == []


def test_an_older_faqdesk_refuses_a_newer_desk(old):
    with closing(old.database()) as db:
        row = {"migration_set": "faqdesk", "name": "m999_future", "applied_at": "2030"}
        db["_sqlite_migrations"].insert(row)
    for words in (("upgrade",), ("status",), ("serve", "--port", "1")):
        done = faqdesk(old, *words)
        assert done.returncode == 3
        assert "was written by a newer faqdesk (steps ['m999_future']). Update" in done.stderr
    assert len(os.listdir(old.home / "backups")) == 1  # of its own upgrade, none of these
