"""A desk that an early faqdesk made is brought up to date, and as it was lies beside it.

It held two FAQs, three answered inquiries, one open with a draft, one answered at the desk.
"""

import os
import time
from contextlib import closing

import pytest

from support import agents, answering, inquiries, settings, upgrading
from support.database import scalar
from support.migrations import migrations
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.support import old_desks
from tests.support.old_desks import counts, steps
from tests.web.doors import faqdesk
from web import tokens

TOKEN = "fd_txpTzYzLSjz97z69ZsdlcgbahFQ1oCoYuvRK6uzGxK4"


@pytest.fixture
def old(tmp_path):
    """The old desk's folder, as it was left."""
    return old_desks.first_desk(tmp_path)


def test_an_old_desk_is_whole_after_the_upgrade(old):
    assert steps(old.database_path)[-1] == "m004_models"
    before = counts(old.database_path)
    assert before["inquiries"] == 5
    db = old.database()
    try:
        after = counts(old.database_path)
        assert {name: after[name] for name in before} == before
        assert not migrations.pending(db)
        assert settings.load(db).desk_name == "오래된 데스크"
        assert agents.authenticate(db, "mina", "correct horse").role == "admin"
        assert tokens.find(db, TOKEN).scopes == ("suggest", "search")
        waiting = scalar(db, "SELECT id FROM inquiries WHERE source_id = 'o1'")
        shown = inquiries.get(db, waiting, old.seal())
        assert "010-2345-6789" in shown.messages[0].text  # sealed then, read now
        me = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
        assert answering.draft(db, old.seal(), waiting, me).text == "초안입니다"
        found = inquiries.search_words(db, "환불", limit=5)
        assert [past.question for past in found] == ["환불받고 싶어요"]
        by = scalar(db, "SELECT answered_by FROM inquiries WHERE source_id = 'o2'")
        assert by == f"agent:{me}"
        answering.send(
            db, old.seal(), inquiry_id=waiting, agent_id=me, actor=ACTOR,
            text="https://help.example.com/ko/faq/refund",
        )  # fmt: skip
        assert inquiries.get(db, waiting, old.seal()).status == "answered"
        assert scalar(db, "PRAGMA foreign_key_check") is None
    finally:
        db.close()


def test_a_schema_brought_up_to_date_is_the_one_a_new_desk_has(old, tmp_path):
    def schema(space):
        with closing(space.database()) as db:
            sql = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
            return {row["name"]: " ".join((row["sql"] or "").split()) for row in db.query(sql)}

    assert schema(old).keys() == schema(Workspace(tmp_path / "new").create()).keys()


def test_as_it_was_it_lies_beside_and_can_be_put_back(old):
    before = counts(old.database_path)
    old.database().close()
    [copy] = upgrading.backups(old.database_path)
    assert copy.parent == old.home / "backups"
    assert copy.name.startswith("desk-before-m005-")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert counts(copy) == before
    assert steps(copy)[-1] == "m004_models"
    # Putting it back is copying it back; the next start brings it up to date once more.
    for name in ("desk.db", "desk.db-wal", "desk.db-shm"):
        (old.home / name).unlink(missing_ok=True)
    copy.rename(old.database_path)
    db = old.database()
    assert not migrations.pending(db)
    db.close()


def test_a_new_desk_and_one_that_is_up_to_date_leave_no_copy(tmp_path):
    space = Workspace(tmp_path / "desk").create()
    space.database().close()
    assert upgrading.backups(space.database_path) == []


def test_two_copies_are_kept_and_old_ones_go(old):
    folder = old.home / "backups"
    folder.mkdir()
    for number, days in enumerate((20, 3, 2)):
        path = folder / f"desk-before-m00{number}-x.db"
        path.touch()
        os.utime(path, times=(time.time() - days * 86_400,) * 2)
    old.database().close()
    assert [copy.name[:16] for copy in upgrading.backups(old.database_path)] == [
        "desk-before-m005", "desk-before-m002",
    ]  # fmt: skip
    assert upgrading.forget(old.database_path) == 0
    assert upgrading.forget(old.database_path, days=1) == 1
    assert [copy.name[:16] for copy in upgrading.backups(old.database_path)] == ["desk-before-m005"]


def test_the_command_tells_what_was_done(old):
    done = faqdesk(old, "upgrade")
    assert done.returncode == 0, done.stderr
    [copy] = upgrading.backups(old.database_path)
    assert done.stdout.startswith("Done: m005_loop, m006_helpful, ")
    assert str(copy) in done.stdout
    assert faqdesk(old, "upgrade").stdout == "The desk is up to date.\n"
