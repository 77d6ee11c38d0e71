"""Whoever was forgotten comes back from no backup, whatever became of it meanwhile."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from support import backup, backups, forgetting, forgetting_copies, restore, retention
from support.bundle import Writer
from support.clock import ago
from support.database import scalar, write
from support.errors import InputError, NotFoundError, WorkspaceError
from support.forgotten import entries
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv
from web.work import forget as hourly

HERS = "퀴즈뙤약볕"


@pytest.fixture
def desk(space, db, tmp_path):
    rows = f"1,mina,{HERS} 환불,네,{ago(days=3)}\n2,joon,교환,네,{ago(days=3)}\n"
    import_csv(space, tmp_path / "h.csv", "id,customer,question,answer,created_at\n" + rows)
    (tmp_path / "bundles").mkdir()
    return db


@pytest.fixture
def place(tmp_path):
    return tmp_path / "bundles"


def forget(space, name="mina", **more):
    with closing(space.database()) as db:
        person = forgetting.customer(db, space.seal(), name, **more)
        return forgetting.forget(space, db, space.seal(), person, actor=ACTOR)


def brought_back(path, space, folder):
    back = Workspace(folder / "desk")
    restore.restore(path, back, actor=ACTOR, key=space.key_path)
    return back


def asked(space):
    with closing(space.database()) as db:
        return " ".join(row["text"] for row in db.query("SELECT text FROM inquiries"))


def test_who_is_forgotten_while_a_backup_is_made(space, desk, place, tmp_path, monkeypatch):
    finish = Writer.finish

    def forgets(writer, manifest):
        assert forget(space).done
        finish(writer, manifest)

    monkeypatch.setattr(Writer, "finish", forgets)
    made = backup.make(space, actor=ACTOR, to=place)
    assert HERS not in asked(brought_back(made.path, space, tmp_path / "a"))


def test_a_restored_desk_knows_what_it_came_from_and_what_lies_beside(space, desk, place, tmp_path):
    made = [backup.make(space, actor=ACTOR, to=place).path for _ in range(3)]
    back = brought_back(made[1], space, tmp_path / "a")
    assert set(forget(back).bundles) == set(made)
    for number, path in enumerate(made):
        assert HERS not in asked(brought_back(path, space, tmp_path / f"b{number}"))


def test_a_desk_that_was_moved_finds_its_own(space, desk, tmp_path):
    made = backup.make(space, actor=ACTOR)
    desk.close()
    (tmp_path / "new").mkdir()
    moved = Workspace(tmp_path / "new" / "desk")
    shutil.move(space.home, moved.home)
    shutil.move(space.key_path, moved.key_path)
    found = forget(moved)
    assert found.bundles == (moved.home / "backups" / made.path.name,)
    assert found.missing == ()
    assert HERS not in asked(brought_back(found.bundles[0], moved, tmp_path / "a"))


def test_a_disk_that_was_away_gets_its_notes_when_it_is_back(space, desk, seal, place, tmp_path):
    made = backup.make(space, actor=ACTOR, to=place)
    place.rename(tmp_path / "away")
    found = forget(space)
    assert (found.done, found.bundles, found.missing) == (True, (), (made.path,))
    (tmp_path / "away").rename(place)
    assert forgetting.clean(space, desk, seal)
    assert forgetting_copies.told(made.path) == entries(desk)
    note = made.path.with_name(made.path.name + forgetting_copies.SUFFIX)
    written = note.stat().st_mtime_ns
    assert forgetting.clean(space, desk, seal)
    assert note.stat().st_mtime_ns == written  # nothing new: nothing to write


def test_a_note_that_cannot_be_written_is_told_and_the_others_are(space, desk, seal, place):
    first, second = (backup.make(space, actor=ACTOR, to=place).path for _ in range(2))
    blocked = first.with_name(first.name + forgetting_copies.SUFFIX)
    blocked.mkdir()
    found = forget(space)
    assert found.rows["inquiries"] == 1
    assert not found.done
    assert str(blocked) in found.amiss
    assert len(forgetting_copies.told(second)) == 1
    with pytest.raises(WorkspaceError, match=first.name):
        forgetting.clean(space, desk, seal)
    blocked.rmdir()
    assert forgetting.clean(space, desk, seal)
    assert len(forgetting_copies.told(first)) == 1


def test_a_damaged_note_is_written_anew(space, desk, seal, place):
    made = backup.make(space, actor=ACTOR, to=place)
    note = made.path.with_name(made.path.name + forgetting_copies.SUFFIX)
    note.write_text("{")
    assert forget(space).done
    for damage in ("", "[]", '{"forgotten": [1]}'):
        note.write_text(damage)
        assert forgetting.clean(space, desk, seal)
        assert forgetting_copies.told(made.path) == entries(desk)


def test_the_hourly_cleaning_goes_on_where_a_note_cannot_be_written(space, desk, place):
    made = backup.make(space, actor=ACTOR, to=place)
    forget(space)
    note = made.path.with_name(made.path.name + forgetting_copies.SUFFIX)
    note.unlink()
    note.mkdir()
    found = hourly(space, desk, ACTOR, {}, lambda done, total, message: None)
    assert str(note) in found["amiss"]


def test_a_folder_that_is_read_only_is_told_with_the_cure(space, desk, place, monkeypatch):
    backup.make(space, actor=ACTOR, to=place)

    def read_only(*_, **__):
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(forgetting_copies, "whole_file", read_only)
    found = forget(space)
    assert not found.done
    assert "Read-only file system" in found.amiss
    assert "Make its folder writable" in found.amiss


def _delete(db, *ids):
    with write(db):
        retention.delete(db, list(ids))


def test_who_is_in_backups_alone_can_be_forgotten(space, desk, seal, place, tmp_path):
    _delete(desk, 1)
    with pytest.raises(NotFoundError, match="only backups"):
        forgetting.customer(desk, seal, "mina")  # there is none
    import_csv(space, tmp_path / "h.csv", (tmp_path / "h.csv").read_text())
    made = backup.make(space, actor=ACTOR, to=place)
    with write(desk):
        ids = [row["id"] for row in desk.query("SELECT id FROM inquiries WHERE source_id = '1'")]
        retention.delete(desk, ids)
    found = forget(space)
    assert not any(found.rows.values())
    assert found.bundles == (made.path,)
    assert HERS not in asked(brought_back(made.path, space, tmp_path / "a"))


def test_of_an_address_each_source_is_meant_and_of_a_number_one(space, desk, seal, place):
    mail = "mina@customer.example"
    with write(desk):
        sql = "UPDATE inquiries SET source = ?, customer = ? WHERE id = ?"
        desk.execute(sql, ["a", seal.customer("a", mail), 1])
        desk.execute(sql, ["b", seal.customer("b", "7"), 2])
    assert set(forgetting.customer(desk, seal, mail).customers.values()) == {"a", "b"}
    assert set(forgetting.customer(desk, seal, "7").customers.values()) == {"b"}
    backup.make(space, actor=ACTOR, to=place)
    with pytest.raises(NotFoundError, match="--source NAME"):
        forgetting.customer(desk, seal, "8")
    person = forgetting.customer(desk, seal, "8", sources=["a"])
    assert person.customers == {seal.customer("a", "8"): "a"}
    with pytest.raises(InputError):
        forgetting.customer(desk, seal, " ")


def _killed(space, place):
    pid = os.fork()
    if not pid:
        Writer.finish = lambda *_: os._exit(9)
        try:
            backup.make(space, actor=ACTOR, to=place)
        finally:
            os._exit(1)
    os.waitpid(pid, 0)


def test_what_a_killed_backup_left_is_swept(space, desk, seal, place):
    _killed(space, place)
    left = space.home / "backups" / backup.LINKS
    with closing(sqlite3.connect(left / "desk.db")) as copy:
        assert copy.execute("SELECT count(*) FROM inquiries").fetchone() == (2,)
    assert len(list(place.iterdir())) == 1
    other = place / f".faqdesk-{'0' * 8}-20260101T000000Z.tar.half"
    other.write_bytes(b"another desk's")
    assert forgetting.clean(space, desk, seal)
    assert not left.exists()
    assert list(place.iterdir()) == [other]


def test_one_that_is_at_work_is_left_alone(space, desk, seal, place, monkeypatch):
    finish = Writer.finish

    def cleans(writer, manifest):
        assert forgetting.clean(space, desk, seal)
        assert (space.home / "backups" / backup.LINKS / "desk.db").exists()
        finish(writer, manifest)

    monkeypatch.setattr(Writer, "finish", cleans)
    made = backup.make(space, actor=ACTOR, to=place)
    assert list(place.iterdir()) == [made.path]
    assert scalar(desk, "SELECT count(*) FROM backups WHERE state = 'whole'") == 1
    assert backups.missing_bundles(space, desk) == []
