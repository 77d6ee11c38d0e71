"""Check 20: the audit trail is added to alone, and every other change of it is found.

Whoever is against us here has the database and no key: they drop triggers, write what they like,
put rows and whole databases back as they once were.
"""

import multiprocessing
import random
import shutil
import sqlite3
from contextlib import closing, suppress

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import audit_chain, backup, restore
from support.audit import Actor, record
from support.database import scalar, write
from support.errors import InputError, WorkspaceError
from support.workspace import Workspace
from tests import soaking
from tests.conftest import ACTOR
from tests.support.old_desks import desk_0_1_0, first_desk
from web.cli import faqdesk

# What a cell is changed to, one of them at least another than it was.
OTHERS = (None, "", "x", 0, 1, -1, 0.5, 10**12, b"x", "agent:1", "{}", "0" * 64)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A desk with a trail; never written to."""
    space = Workspace(tmp_path_factory.mktemp("trail") / "desk").create()
    with closing(space.database()) as db:
        for number in range(5):
            act(db, random.Random(number), number)
    return space


@pytest.fixture
def desk(made, tmp_path):
    """A copy of it, key and anchor too."""
    shutil.copytree(made.home, tmp_path / "desk")
    shutil.copy(made.key_path, tmp_path / "desk.key")
    shutil.copy(made.anchor_path, tmp_path / "desk.trail")
    return Workspace(tmp_path / "desk")


def act(db, chance, number=0):
    """Record something, in one transaction with others or not."""
    record(
        db,
        Actor(chance.choice(("system", "agent:1", "cli:민아")), chance.choice(("", "10.0.0.1"))),
        chance.choice(("answer.sent", "setting.changed")),
        f"inquiry:{number}",
        detail={"n": chance.choice((0, 1.5, "환불\u2028\x00\"'", None, [1, {"a": "b"}]))},
        release=chance.choice(("", "r1")),
        threshold=chance.choice((None, 0, 0.7, 1 / 3)),
        policy=chance.choice(("", "p1")),
    )


def undone(db, chance):
    """Record something in a transaction that is taken back."""
    with suppress(ZeroDivisionError), write(db):
        act(db, chance)
        raise ZeroDivisionError


def verified(space):
    with closing(space.database()) as db:
        return audit_chain.verify(db).broken


def meddle(space, *statements):
    """Write to the database as anybody can who has the file: without triggers."""
    with closing(sqlite3.connect(space.database_path, isolation_level=None)) as db:
        kept = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
        ).fetchall()
        for name, _sql in kept:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(*statement if isinstance(statement, tuple) else (statement,))
        for _name, sql in kept:
            db.execute(sql)


def columns(db, table="audit"):
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def test_a_trail_that_nobody_touched_holds(desk):
    with closing(desk.database()) as db:
        found = audit_chain.verify(db)
        assert (found.acts, found.broken, found.anchored) == (5, None, True)
        assert audit_chain.glance(db) == found
        act(db, random.Random(0))
        assert audit_chain.verify(db).acts == 6
    assert desk.anchor_path.stat().st_mode & 0o777 == 0o600


def changed(db, table, column, row, value):
    """Change one cell; whether it is another now: some values cannot stand there, or stood."""
    told = f"SELECT {column}, typeof({column}) FROM {table} WHERE id = ?"
    before = db.conn.execute(told, [row]).fetchone()
    try:
        db.conn.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", [value, row])
    except sqlite3.IntegrityError:
        return False
    return db.conn.execute(told, [row]).fetchone() != before


def test_every_change_of_any_one_cell_is_found(desk):
    """Each column of each row, of the trail and of what names its end, to several other values."""
    with closing(sqlite3.connect(desk.database_path, isolation_level=None)) as raw:
        cells = [
            (table, column, row)
            for table in ("audit", "audit_head")
            for column in columns(raw, table)
            for (row,) in raw.execute(f"SELECT id FROM {table} ORDER BY id")
        ]
    assert len(cells) == 5 * 14 + 4
    tried = 0
    with closing(desk.database()) as db:
        for name in audit_chain.TRIGGERS:
            db.conn.execute(f"DROP TRIGGER {name}")
        db.conn.execute("PRAGMA ignore_check_constraints = ON")
        for table, column, row in cells:
            for value in OTHERS:
                db.conn.execute("BEGIN")
                if changed(db, table, column, row, value):
                    found = audit_chain.verify(db).broken
                    assert found is not None, (table, column, row, value)
                    assert found.why != "open", (table, column, row, value)
                    tried += 1
                db.conn.rollback()
    assert tried > 500


@pytest.mark.parametrize("row", range(1, 6))
def test_a_row_that_is_taken_out_is_found_and_the_place_is_named(desk, row):
    meddle(desk, f"DELETE FROM audit WHERE id = {row}")
    found = verified(desk)
    assert (found.why, found.row) == (("torn", row + 1) if row < 5 else ("cut", 5))


@pytest.mark.parametrize("kept", range(5))
def test_an_end_that_is_cut_off_is_found_also_where_what_names_the_end_is_cut_back(desk, kept):
    meddle(desk, f"DELETE FROM audit WHERE id > {kept}")
    assert verified(desk) == audit_chain.Break(kept + 1, "cut")
    head = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1"
    meddle(desk, f"UPDATE audit_head SET (last, hash) = ({head})" if kept else
           "DELETE FROM audit_head")  # fmt: skip
    assert verified(desk).why == "end"
    # Even after the desk went on, and where nothing beside the key remembers.
    desk.anchor_path.unlink()
    meddle(desk, "DELETE FROM sqlite_sequence")
    with closing(desk.database()) as db:
        act(db, random.Random(1))
        assert audit_chain.verify(db).broken == audit_chain.Break(
            kept + 1, "torn", audit_chain.verify(db).broken.what
        )


def test_rows_that_are_put_in_moved_or_swapped_are_found(desk):
    copied = "SELECT at, actor, address, action, object, detail, release, threshold, policy"
    rest = "automatic, person, previous, hash FROM audit"
    into = "INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold,"
    into += " policy, automatic, person, previous, hash)"
    copy = copied.replace("SELECT", "SELECT 6,")
    meddle(desk, f"{into} {copy}, {rest} WHERE id = 2")
    assert verified(desk).row == 6
    meddle(desk, "DELETE FROM audit WHERE id = 6")
    assert verified(desk) is None
    meddle(
        desk,
        "UPDATE audit SET id = -id WHERE id IN (2, 3)",
        "UPDATE audit SET id = 3 WHERE id = -2",
        "UPDATE audit SET id = 2 WHERE id = -3",
    )
    assert verified(desk) == audit_chain.Break(2, "changed", verified(desk).what)


def test_an_earlier_state_of_the_whole_database_is_found_until_somebody_answers_for_it(
    desk, tmp_path, monkeypatch
):
    monkeypatch.setenv("FAQDESK_HOME", str(desk.home))
    copy = tmp_path / "earlier.db"
    with closing(desk.database()) as db, closing(sqlite3.connect(copy)) as other:
        db.conn.backup(other)
        act(db, random.Random(1))
    for name in ("desk.db", "desk.db-wal", "desk.db-shm"):
        (desk.home / name).unlink(missing_ok=True)
    shutil.copy(copy, desk.database_path)
    assert verified(desk) == audit_chain.Break(6, "earlier")
    with closing(desk.database()) as db:  # nor does it help to go on, past where it was
        act(db, random.Random(2))
        act(db, random.Random(3))
    assert verified(desk) == audit_chain.Break(6, "earlier")
    run = CliRunner().invoke
    said = run(faqdesk, ["audit", "verify"])
    assert said.exit_code == 1
    assert "saw act 6" in said.output
    assert "NOT WHOLE" in run(faqdesk, ["status"]).output
    assert isinstance(run(faqdesk, ["audit", "accept", "--reason", " "]).exception, InputError)
    assert run(faqdesk, ["audit", "accept", "--reason", "a backup was put back"]).exit_code == 0
    said = run(faqdesk, ["audit", "verify"])
    assert (said.exit_code, said.stdout) == (0, "8 acts, each as it was recorded, none missing.\n")
    again = run(faqdesk, ["audit", "accept", "--reason", "once more"])
    assert "nothing that can be accepted" in str(again.exception)


def test_the_first_broken_act_is_named_by_the_command(desk, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(desk.home))
    meddle(desk, "UPDATE audit SET actor = 'agent:9' WHERE id IN (3, 4)")
    said = CliRunner().invoke(faqdesk, ["audit", "verify"])
    assert said.exit_code == 1
    assert "act 3 (" in said.output
    assert "agent:9" in said.output


def test_another_desks_key_and_a_missing_one_are_told_apart(desk, tmp_path):
    other = Workspace(tmp_path / "other").create()
    desk.key_path.rename(tmp_path / "mine")
    shutil.copy(other.key_path, desk.key_path)
    with pytest.raises(WorkspaceError, match="another desk's"):
        desk.database()
    meddle(desk, "DELETE FROM key_mark")
    assert verified(desk) == audit_chain.Break(0, "key")
    desk.key_path.unlink()
    with closing(desk.database()) as db:
        with pytest.raises(WorkspaceError, match="Put the desk's key there"):
            record(db, ACTOR, "thing.done", "x:1")
        assert scalar(db, "SELECT count(*) FROM audit") == 5  # what cannot be recorded is not done


def test_rows_are_neither_changed_nor_replaced_nor_put_in_past_the_chain(desk):
    whole = "SELECT * FROM audit WHERE id = 2"
    with closing(desk.database()) as db:
        for statement in (
            "DELETE FROM audit", "UPDATE audit SET actor = 'me'", f"REPLACE INTO audit {whole}",
            f"INSERT OR REPLACE INTO audit {whole}", f"INSERT OR IGNORE INTO audit {whole}",
            "INSERT INTO audit (at, actor, action, object) VALUES ('', 'me', 'x.y', 'z')",
        ):  # fmt: skip
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.conn.execute(statement)
            db.conn.rollback()
        for name in audit_chain.TRIGGERS:
            db.conn.execute("BEGIN")
            db.conn.execute(f"DROP TRIGGER {name}")
            assert audit_chain.verify(db).broken == audit_chain.Break(0, "open", name)
            db.conn.rollback()


def test_without_a_place_beside_the_key_the_desk_works_and_says_so(desk, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(desk.home))
    desk.anchor_path.unlink()
    desk.anchor_path.mkdir()  # what root cannot write either
    with closing(desk.database()) as db:
        act(db, random.Random(1))
        found = audit_chain.verify(db)
        assert (found.acts, found.broken, found.anchored) == (6, None, False)
    said = CliRunner().invoke(faqdesk, ["audit", "verify"])
    assert said.exit_code == 0
    assert "Nothing beside the key" in said.stderr


def test_a_trial_with_the_same_key_file_leaves_the_desks_anchor_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("FAQDESK_KEY_FILE", str(tmp_path / "keys" / "all.key"))
    (tmp_path / "keys").mkdir()
    desk = Workspace(tmp_path / "live" / "desk").create()
    with closing(desk.database()) as db:
        bundle = backup.make(desk, actor=ACTOR, to=tmp_path / "desk.tar").path
        act(db, random.Random(1))
        said = audit_chain._anchored(db)
    trial = Workspace(tmp_path / "trial" / "desk")
    restore.restore(bundle, trial, actor=ACTOR)
    with closing(trial.database()) as db:
        act(db, random.Random(2))
        assert audit_chain.verify(db).broken is None
        assert audit_chain._anchored(db) == audit_chain.head(db)
    with closing(desk.database()) as db:
        assert audit_chain._anchored(db) == said
        assert audit_chain.verify(db).broken is None
        act(db, random.Random(3))
        assert audit_chain._anchored(db) == audit_chain.head(db)


@pytest.mark.parametrize("old", [first_desk, desk_0_1_0])
def test_the_acts_of_an_older_desk_are_chained_as_they_are(old, tmp_path):
    space = old(tmp_path)
    with closing(sqlite3.connect(space.database_path)) as raw:
        before = raw.execute("SELECT id, at, actor, action, object, detail FROM audit").fetchall()
    with closing(space.database()) as db:
        sql = "SELECT id, at, actor, action, object, detail FROM audit ORDER BY id"
        assert db.conn.execute(sql).fetchall() == before
        act(db, random.Random(1))
        found = audit_chain.verify(db)
        assert (found.acts, found.broken) == (len(before) + 1, None)
        about = scalar(db, "SELECT count(*) FROM audit WHERE person <> ''")
        known = scalar(db, "SELECT count(*) FROM audit JOIN inquiries i ON object = 'inquiry:' || "
                           "i.id WHERE customer <> ''")  # fmt: skip
        assert about >= known
    meddle(space, f"UPDATE audit SET at = '' WHERE id = {before[0][0]}")
    assert verified(space).row == before[0][0]


def _records(home, n):
    with closing(Workspace(home).database()) as db:
        for number in range(n):
            act(db, random.Random(number), number)


def test_processes_that_record_at_once_keep_one_chain(desk):
    context = multiprocessing.get_context("spawn")
    n = soaking.many(25, 2000)
    working = [context.Process(target=_records, args=(desk.home, n)) for _ in range(2)]
    for process in working:
        process.start()
    for process in working:
        process.join()
    assert [process.exitcode for process in working] == [0, 0]
    with closing(desk.database()) as db:
        found = audit_chain.verify(db)
        assert (found.acts, found.broken) == (5 + 2 * n, None)
        assert audit_chain._anchored(db) == audit_chain.head(db)


@pytest.mark.parametrize("look", [audit_chain.glance, audit_chain.verify])
@pytest.mark.parametrize("reads", ["_end_wrong", "_head", "_anchored", "_reaches"])
def test_an_act_that_comes_while_one_looks_is_no_break(desk, monkeypatch, look, reads):
    """Whatever is read next, somebody else records something just before it."""
    kept = getattr(audit_chain, reads)
    with closing(desk.database()) as db, closing(desk.database()) as other:

        def later(*given):
            if given[0] is db:
                act(other, random.Random(7))
            return kept(*given)

        monkeypatch.setattr(audit_chain, reads, later)
        assert look(db).broken is None
        monkeypatch.undo()
        assert audit_chain.verify(db).acts == 6
        assert not db.conn.in_transaction


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("record", "together", "undone", "nested", "anew")),
        st.integers(0, 2**32),
    ),
    min_size=1, max_size=12,
)  # fmt: skip
MEDDLINGS = (
    "DELETE FROM audit WHERE id = :one", "DELETE FROM audit WHERE id >= :one",
    "DELETE FROM audit WHERE id < :one", "UPDATE audit SET detail = detail || ' ' WHERE id = :one",
    "UPDATE audit SET automatic = 1 - automatic WHERE id = :one",
    "UPDATE audit SET id = id + 1000 WHERE id = :one", "DELETE FROM audit_head",
    "UPDATE audit SET previous = '' WHERE id > :one",
    "UPDATE audit_head SET (last, hash) = (SELECT id, hash FROM audit WHERE id = :one)",
)  # fmt: skip


@settings(
    max_examples=soaking.many(15, 400), deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=STEPS, meddling=st.sampled_from(MEDDLINGS), seed=st.integers(0, 2**32))
def test_whatever_is_done_the_trail_holds_and_whatever_else_is_done_to_it_is_found(
    desk, steps, meddling, seed
):
    chance, acts = random.Random(seed), 0
    for end in ("", "-wal", "-shm"):
        desk.home.joinpath(f"desk.db{end}").unlink(missing_ok=True)
    desk.anchor_path.unlink(missing_ok=True)
    db = desk.create().database()
    try:
        act(db, chance)
        acts += 1
        for step, number in steps:
            mine = random.Random(number)
            if step == "record":
                act(db, mine)
                acts += 1
            elif step == "together":
                with write(db):
                    for _ in range(3):
                        act(db, mine)
                acts += 3
            elif step == "undone":
                undone(db, mine)
            elif step == "nested":
                with write(db):
                    act(db, mine)
                    undone(db, mine)
                    act(db, mine)
                acts += 2
            else:
                db.close()
                db = desk.database()
            found = audit_chain.verify(db)
            assert (found.acts, found.broken) == (acts, None)
            assert audit_chain._anchored(db) == audit_chain.head(db)
        one = chance.randint(1, acts)
        for name in audit_chain.TRIGGERS:
            db.conn.execute(f"DROP TRIGGER {name}")
        changed = db.conn.execute(meddling, {"one": one} if ":one" in meddling else {}).rowcount
        db.conn.commit()
        found = audit_chain.verify(db).broken
        # A hash that was empty is no change; an end named by the last act is none either.
        nothing = not changed or ("(last, hash)" in meddling and one == acts)
        assert nothing or (found is not None and found.why != "open")
    finally:
        db.close()
