"""Check 22, the file itself: what is torn, changed, hostile, newer or of another key is refused.

Before anything is in place, each with what is wrong and what to do; what was there before stays.
"""

import io
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from support import at_work, backup, backups, delivery, key_mark, restore, settings
from support.audit import Actor
from support.bundle import MANIFEST, Manifest, Reader, Writer
from support.clock import now
from support.database import scalar
from support.errors import BackupError, FaqdeskError, WorkspaceError
from support.forgetting_copies import Entry, tell
from support.seal import Seal
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.support.old_desks import desk_0_1_0, steps
from tests.web.doors import ROOT, environment, faqdesk


@pytest.fixture(scope="module")
def bundle(model_desk, tmp_path_factory):
    """A backup of the small desk, and its key."""
    place = tmp_path_factory.mktemp("bundles")
    home = place / "desk"
    shutil.copytree(model_desk.home, home)
    shutil.copy(model_desk.key_path, place / "desk.key")
    (home / "batches").mkdir()
    (home / "batches" / ("가" * 60 + ".csv")).write_text("id\n1\n")
    (home / "images" / "ab").mkdir()
    made = backup.make(Workspace(home), actor=ACTOR, to=place)
    return made.path


@pytest.fixture
def key(bundle):
    return bundle.parent / "desk.key"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "back"


def put_back(bundle, home, key, **more):
    return restore.restore(bundle, Workspace(home), actor=ACTOR, key=key, **more)


def assert_nothing_there(home):
    assert not home.exists() or list(home.iterdir()) == []


def rewritten(bundle, place, change=lambda name, data: (name, data), more=()):
    """The bundle with its members changed, as whoever can write to it might."""
    out = place / "changed.tar"
    with tarfile.open(bundle) as old, tarfile.open(out, "w", format=tarfile.GNU_FORMAT) as new:
        for member in old:
            name, data = change(member.name, old.extractfile(member).read())
            if data is None:
                continue
            info = tarfile.TarInfo(name)
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))
        for info, data in more:
            info.size = len(data)
            new.addfile(info, io.BytesIO(data) if data else None)
    return out


def manifest_with(**changed):
    def change(name, data):
        if name != MANIFEST:
            return name, data
        return name, json.dumps(json.loads(data) | changed).encode()

    return change


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_a_person_with_tar_and_sha256sum_needs_no_faqdesk(bundle, tmp_path):
    subprocess.run(["tar", "xf", bundle, "-C", tmp_path], check=True)
    told = json.loads((tmp_path / MANIFEST).read_text())
    for name, held in told["files"].items():
        sums = subprocess.run(["sha256sum", tmp_path / name], capture_output=True, check=True)
        assert sums.stdout.split()[0].lstrip(b"\\").decode() == held["sha256"]
    with closing(sqlite3.connect(tmp_path / "desk" / "desk.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM inquiries").fetchone()[0] == 9
    assert "faqdesk restore" in (tmp_path / "README.txt").read_text()
    assert bundle.stat().st_mode & 0o777 == 0o600


def test_the_key_nobody_is_signed_in_by_and_what_only_rings_are_not_in_it(bundle):
    with Reader(bundle) as reader:
        names = set(reader.manifest.files)
    folders = {name.split("/")[1] for name in names if name.startswith("desk/")}
    assert folders <= {"desk.db", "models", "images", "batches", "moderation"}
    assert "desk.key" not in names
    secret = (bundle.parent / "desk.key").read_bytes().strip()
    assert secret not in bundle.read_bytes()


HOSTILE = {
    "a path above": [(member("desk/images/../../evil"), b"x")],
    "a path from the root": [(member("/etc/evil"), b"x")],
    "a path that only begins so": [(member("desk/models"), b"x")],
    "a file of no backup": [(member("desk/desk.db-wal"), b"x")],
    "another place": [(member("home/.ssh/authorized_keys"), b"x")],
    "a backslash": [(member("desk/images/..\\evil"), b"x")],
    "a link": [(member("desk/images/a", tarfile.SYMTYPE, "/etc"), b"")],
    "a hard link": [(member("desk/images/a", tarfile.LNKTYPE, "desk/desk.db"), b"")],
    "a folder": [(member("desk/images/a", tarfile.DIRTYPE), b"")],
    "a device": [(member("desk/images/a", tarfile.CHRTYPE), b"")],
    "a pipe": [(member("desk/images/a", tarfile.FIFOTYPE), b"")],
    "a file twice": [(member("desk/desk.db"), b"x")],
    "a file that no manifest names": [(member("desk/images/aa/more.jpg"), b"x")],
    "a second manifest": [(member(MANIFEST), b"{}")],
    "words for every reader": [(member("desk/images/a", tarfile.XHDTYPE), b"30 path=/etc/evil\n")],
    "a long name for a link": [(member("././@LongLink", tarfile.GNUTYPE_LONGLINK), b"x" * 99)],
    "an endless name": [(member("././@LongLink", tarfile.GNUTYPE_LONGNAME), b"x" * 9999)],
}


@pytest.mark.parametrize("more", HOSTILE.values(), ids=HOSTILE)
def test_an_archive_that_is_no_backup_puts_nothing_anywhere(more, bundle, key, home, tmp_path):
    made = rewritten(bundle, tmp_path, more=more)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BackupError):
        put_back(made, home, key)
    assert sorted(tmp_path.iterdir()) == before


def swapped(name, data):
    """A database of one's own, with its right sum in the manifest, but not what it counts."""
    return (name, data) if name != "desk/desk.db" else (name, data[:-4096] + bytes(4096))


CHANGED = {
    "a byte of the database": (swapped, "not as it was written"),
    "no manifest": (lambda name, data: (name, None if name == MANIFEST else data), "no manifest"),
    "no words": (lambda name, data: (name, b"{" if name == MANIFEST else data), "manifest"),
    "no object": (lambda name, data: (name, b"[]" if name == MANIFEST else data), "manifest"),
    "no files": (manifest_with(files={}), "not those of its manifest"),
    "sizes that lie": (
        manifest_with(files={"desk/desk.db": {"size": 1 << 60, "sha256": ""}}),
        "not those of its manifest",
    ),
    "other counts": (manifest_with(counts={"inquiries": 8}), "not the one of its manifest"),
    "a newer layout": (manifest_with(format=2, faqdesk="9.0"), "newer faqdesk"),
    "a newer schema": (manifest_with(steps=["m999_later"]), "newer faqdesk"),
    "a field nobody knows": (manifest_with(more=1), "manifest"),
}


@pytest.mark.parametrize(("change", "words"), CHANGED.values(), ids=CHANGED)
def test_what_is_not_as_it_was_written_is_refused(change, words, bundle, key, home, tmp_path):
    made = rewritten(bundle, tmp_path, change)
    with pytest.raises(BackupError, match=words):
        put_back(made, home, key)
    assert_nothing_there(home)


def test_a_file_that_was_cut_anywhere_is_refused(bundle, key, home, tmp_path):
    whole = bundle.read_bytes()
    cut = tmp_path / "cut.tar"
    for length in (0, 1, 511, 512, *random.sample(range(len(whole) - 1024), 20)):
        cut.write_bytes(whole[:length])
        with pytest.raises(BackupError, match="Take another backup"):
            put_back(cut, home, key)
        assert_nothing_there(home)


def test_any_changed_byte_that_a_desk_would_hold_is_found(bundle, tmp_path):
    """Of the headers, of what is in the files, of the manifest; not of what only fills up."""
    with Reader(bundle) as reader:
        places = dict(reader._places)
        sizes = reader.manifest.files
    whole = bytearray(bundle.read_bytes())
    for name in random.sample(sorted(sizes), min(6, len(sizes))):
        offset, size = places[name]
        if not size:
            continue
        at = offset + random.randrange(size)
        changed = bytearray(whole)
        changed[at] ^= 1 << random.randrange(8)
        other = tmp_path / "changed.tar"
        other.write_bytes(changed)
        with pytest.raises(BackupError), Reader(other) as reader:
            reader.check()


def test_another_desks_key_and_a_missing_one_are_told_with_the_one_it_needs(bundle, home, tmp_path):
    with Reader(bundle) as reader:
        needed = reader.manifest.key[:8]
    with pytest.raises(WorkspaceError, match=needed):
        put_back(bundle, home, None)
    other = tmp_path / "other.key"
    Seal.create(other)
    with pytest.raises(WorkspaceError, match=needed):
        put_back(bundle, home, other)
    other.write_text("damaged")
    with pytest.raises(WorkspaceError, match=r"damaged|Cannot read"):
        put_back(bundle, home, other)
    assert_nothing_there(home)
    assert not Workspace(home).key_path.exists()


def test_only_an_empty_folder_is_taken(bundle, key, home):
    home.mkdir()
    (home / "mine.txt").write_text("mine")
    with pytest.raises(BackupError, match=r"mine\.txt"):
        put_back(bundle, home, key)
    assert [path.name for path in home.iterdir()] == ["mine.txt"]
    assert not Workspace(home).key_path.exists()


def test_a_log_that_another_database_left_is_not_put_over_the_restored_one(bundle, key, home):
    home.mkdir()
    for name in ("desk.db-wal", "desk.db-shm"):
        (home / name).write_bytes(os.urandom(4096))
    put_back(bundle, home, key)
    with closing(Workspace(home).database()) as db:
        assert scalar(db, "PRAGMA integrity_check") == "ok"


def test_a_folder_that_is_not_there_is_no_file_to_be(space, tmp_path):
    """As where a disk is not mounted."""
    with pytest.raises(BackupError, match=r"no folder .*backups\. Make it"):
        backup.make(space, actor=ACTOR, to=tmp_path / "backups")
    assert not (tmp_path / "backups").exists()


def test_with_the_key_in_it_a_bundle_needs_nothing_else(space, tmp_path, home):
    made = backup.make(space, actor=ACTOR, to=tmp_path / "whole.tar", with_key=True)
    done = put_back(made.path, home, None)
    assert done.manifest.has_key
    place = Workspace(home).key_path
    assert place.read_bytes() == space.key_path.read_bytes()
    assert place.stat().st_mode & 0o777 == 0o600


def test_restored_nothing_comes_back_to_life_and_no_answer_goes_out_twice(
    space, db, tmp_path, home
):
    from web import sessions, tokens

    sessions.begin(db, space.seal(), _agent(db, "mina"), Actor("agent:1", "127.0.0.1"), "test")
    _, secret = tokens.create(db, ACTOR, name="x", scopes=("suggest",))
    for state in ("queued", "running"):
        row = {"kind": "train", "arguments": "{}", "state": state, "created_by": "cli:x",
               "created_at": now()}  # fmt: skip
        db["jobs"].insert(row)
    db.conn.commit()
    waiting = _waiting_answer(space, db)
    made = backup.make(space, actor=ACTOR, to=tmp_path)
    assert delivery.due(db) == [waiting]  # the desk itself goes on
    done = put_back(made.path, home, space.key_path)
    assert (done.held, done.interrupted, done.revoked) == (1, 2, 1)
    back = Workspace(home)
    with closing(back.database()) as other:
        assert scalar(other, "SELECT count(*) FROM sessions") == 0
        assert tokens.find(other, secret) is None
        assert scalar(other, "SELECT group_concat(DISTINCT state) FROM jobs") == "interrupted"
        assert delivery.due(other) == []
        assert at_work.confirm(other, ACTOR)
        assert not at_work.confirm(other, ACTOR)
        assert delivery.due(other) == [waiting]
        looked = _Sender()
        state = delivery.deliver(other, back.seal(), waiting, make=lambda kind, access: looked)
        assert state == "delivered"
        assert looked.asked == ["find"]  # it was there already: not sent once more
    with closing(space.database()) as db:
        assert not at_work.held(db)


class _Sender:
    def __init__(self):
        self.asked = []

    def find(self, answer):
        self.asked.append("find")
        return "there"

    def send(self, answer):
        self.asked.append("send")
        return "sent"


def _agent(db, login):
    from support import agents

    return agents.get(db, scalar(db, "SELECT id FROM agents WHERE login = ?", [login]))


def _waiting_answer(space, db):
    from support import answering, connections, routes
    from support.connection_access import Access

    access = Access(secret="s", account="3", user="u@example.com", token="t",
                    address="https://help.desk.example")  # fmt: skip
    made, _ = connections.connect(
        db, space.seal(), ACTOR, name="chat", kind="chatwoot", access=access
    )
    inquiry = scalar(db, "SELECT id FROM inquiries WHERE status = 'open' ORDER BY id LIMIT 1")
    routes.note(db, space.seal(), inquiry, connection_id=made.id, conversation="7")
    mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    answering.send(db, space.seal(), inquiry_id=inquiry, agent_id=mina, text="사흘 걸립니다.",
                   actor=Actor(f"agent:{mina}"))  # fmt: skip
    return scalar(db, "SELECT max(id) FROM outbox")


def test_whoever_was_forgotten_since_is_forgotten_again(space, db, tmp_path, home):
    inquiry = db.conn.execute("SELECT id, customer FROM inquiries WHERE status = 'answered'")
    inquiry_id, customer = inquiry.fetchone()
    if not customer:
        customer = space.seal().customer("s", "c")
        db.execute("UPDATE inquiries SET customer = ? WHERE id = ?", [customer, inquiry_id])
        db.conn.commit()
    made = backup.make(space, actor=ACTOR, to=tmp_path)
    tell(made.path, [Entry("customer", customer, now())])
    done = put_back(made.path, home, space.key_path)
    assert done.forgotten == 1
    with closing(Workspace(home).database()) as other:
        assert scalar(other, "SELECT 1 FROM inquiries WHERE id = ?", [inquiry_id]) is None
        assert (
            scalar(other, "SELECT count(*) FROM messages WHERE inquiry_id = ?", [inquiry_id]) == 0
        )


def test_a_backup_of_an_earlier_faqdesk_is_brought_up_to_date(tmp_path, home):
    old = desk_0_1_0(tmp_path / "old")
    path = tmp_path / "old.tar"
    with closing(sqlite3.connect(old.database_path)) as db, Writer(path) as writer:
        counted, taken = backup.counts(Database(db)), tuple(steps(old.database_path))
        writer.add("desk/desk.db", old.database_path)
        writer.finish(
            Manifest("0.1.0", now(), taken, {}, counted, {}, key_mark.of(old.seal()),
                     files=writer.files)
        )  # fmt: skip
    done = put_back(path, home, old.key_path)
    assert "m031_backups" in done.steps
    with closing(Workspace(home).database()) as db:
        assert scalar(db, "SELECT count(*) FROM inquiries") == counted["inquiries"]
        assert at_work.held(db)


def test_old_bundles_of_this_desk_go_and_those_of_others_stay(space, tmp_path):
    other = tmp_path / "faqdesk-00000000-20200101T000000Z.tar"
    other.write_bytes(b"another desk's")
    (tmp_path / "notes.tar").write_bytes(b"mine")
    made = [backup.make(space, actor=ACTOR, to=tmp_path, keep=2) for _ in range(4)]
    assert len({each.path for each in made}) == 4
    left = sorted(path.name for path in tmp_path.glob("*.tar"))
    assert left == sorted([other.name, "notes.tar", made[2].path.name, made[3].path.name])
    with closing(space.database()) as db:
        assert backups.known_bundles(space, db) == [each.path for each in made[2:]]


def test_a_damaged_database_makes_no_backup_and_costs_no_older_one(space, tmp_path):
    good = backup.make(space, actor=ACTOR, to=tmp_path, keep=1)
    with closing(sqlite3.connect(space.database_path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()[
            0
        ]
    with space.database_path.open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(os.urandom(2048))
    with pytest.raises(FaqdeskError, match=r"damaged|malformed"):
        backup.make(space, actor=ACTOR, to=tmp_path, keep=1)
    assert [path.name for path in tmp_path.glob("*.tar")] == [good.path.name]
    assert list(tmp_path.glob(".faqdesk*")) == []


def test_killed_half_way_it_leaves_a_half_file_that_the_next_one_sweeps(space, tmp_path):
    (space.home / "images" / "ab").mkdir()
    place = tmp_path / "bundles"
    place.mkdir()
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "backup", str(place)], cwd=ROOT,
            env=environment(space), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        # It is at work from when its own folder is there.
        while process.poll() is None and not (space.home / "backups" / ".links.half").exists():
            time.sleep(0.002)
        time.sleep(random.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for path in place.glob("*.tar"):  # it was faster
            with Reader(path) as reader:
                reader.check()
            path.unlink()
    made = faqdesk(space, "backup", str(place), "--json")
    assert made.returncode == 0, made.stderr
    assert [path.name for path in place.iterdir()] == [Path(json.loads(made.stdout)["file"]).name]
    assert not (space.home / "backups" / ".links.half").exists()


def test_a_restore_that_was_killed_is_swept_by_the_next(bundle, key, home):
    stage = home / restore.STAGE
    (stage / "models").mkdir(parents=True)
    (home / "images").mkdir()  # moved up already
    (stage / "desk.db").write_bytes(b"half")
    put_back(bundle, home, key)
    assert not stage.exists()
    with closing(Workspace(home).database()) as db:
        assert scalar(db, "SELECT count(*) FROM inquiries") == 9


def test_nothing_of_others_goes_where_a_restore_was_killed(bundle, key, home):
    stage = home / restore.STAGE
    stage.mkdir(parents=True)
    (home / "lost+found").mkdir()  # of a disk
    (home / "mine").mkdir()
    copy = Path(shutil.copy(bundle, home))
    with pytest.raises(BackupError, match=f"not empty .{copy.name}, mine"):
        put_back(copy, home, key)
    assert copy.exists()
    (home / "mine").rmdir()
    copy.unlink()
    put_back(bundle, home, key)
    assert {"desk.db", "lost+found"} <= {path.name for path in home.iterdir()}


def test_two_restores_do_not_sweep_each_other(bundle, key, home, monkeypatch):
    said = []

    def meanwhile(*_):
        with pytest.raises(BackupError) as error:
            put_back(bundle, home, key)
        said.append(str(error.value))

    opened = restore._put_key
    monkeypatch.setattr(restore, "_put_key", lambda *given: (meanwhile(), opened(*given)))
    put_back(bundle, home, key)
    assert ["already" in words for words in said] == [True]


@pytest.mark.parametrize("failing", ["images", "batches", "desk.db", "the last sync"])
def test_what_fails_on_the_way_up_leaves_an_empty_folder(bundle, key, home, monkeypatch, failing):
    rename, sync = Path.rename, restore.sync_to_disk

    def fail(name):
        if name == failing:
            raise OSError(28, "No space left on device")

    def renamed(path, place):
        if path.parent.name == restore.STAGE:
            fail(path.name)
        return rename(path, place)

    def synced(folder):
        fail("the last sync" if folder == home else "")
        sync(folder)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", renamed)
        patch.setattr(restore, "sync_to_disk", synced)
        with pytest.raises(BackupError, match="No space left"):
            put_back(bundle, home, key)
    assert_nothing_there(home)
    assert put_back(bundle, home, None).troubles == ()


def test_without_room_it_says_how_much_is_needed(bundle, key, home, space, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(BackupError, match="1,000 bytes are free"):
        backup.make(space, actor=ACTOR, to=tmp_path)
    with pytest.raises(BackupError, match="1,000 bytes are free"):
        put_back(bundle, home, key)
    assert_nothing_there(home)
    with closing(space.database()) as db:
        assert "no room" in backups.failed_since(db).error


def test_the_desk_backs_itself_up_once_a_day_and_says_when_it_is_late(space, db, tmp_path):
    from datetime import datetime, timedelta

    from web import backup_work, worker_state

    def asked(moment):
        return backup_work.queue_due(space, db, moment)

    noon = datetime.now().astimezone().replace(hour=12)
    assert asked(noon) is None  # nobody set a folder
    settings.change(db, ACTOR, backup_folder=str(tmp_path), backup_hour=3, backup_keep=2)
    assert not backups.late(db)
    job = asked(noon)
    assert job is not None
    assert asked(noon) is None  # it waits
    backup_work.back_up(space, db, ACTOR, {}, lambda done, total, message: None)
    db.execute("UPDATE jobs SET state = 'done'")
    db.execute("UPDATE backups SET at = ?", [backup_work.iso(noon)])
    db.execute("UPDATE jobs SET created_at = ?", [backup_work.iso(noon)])
    db.conn.commit()
    assert asked(noon.replace(hour=23)) is None
    assert asked(noon.replace(hour=2) + timedelta(days=1)) is None
    assert asked(noon.replace(hour=3, minute=5) + timedelta(days=1)) is not None
    # The clock goes back a year: what lies in the future says nothing about today.
    db.execute("UPDATE jobs SET state = 'done'")
    db.conn.commit()
    assert asked(noon - timedelta(days=365)) is not None
    db.execute("UPDATE backups SET at = '2020-01-01T00:00:00Z'")
    db.execute("UPDATE settings SET changed_at = '2020-01-01T00:00:00Z'")
    db.conn.commit()
    assert "backup_late" in worker_state.troubles(space, db)
