"""`faqdesk forget`: says what would go, and does it when it is told to."""

import json

import pytest
from click.testing import CliRunner

from support import backup
from support.clock import ago
from support.errors import WorkspaceError
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv
from web.cli import faqdesk


@pytest.fixture
def space(tmp_path, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(tmp_path / "desk"))
    space = Workspace(tmp_path / "desk").create()
    rows = f"1,mina,환불 문의,네,{ago(hours=2)}\n2,mina,010-2345-6789 또 문의,,{ago(hours=1)}\n"
    rows += f"3,joon,교환 문의,네,{ago(hours=1)}\n"
    import_csv(space, tmp_path / "h.csv", "id,customer,question,answer,created_at\n" + rows)
    return space


def run(*words, code=0):
    done = CliRunner().invoke(faqdesk, ["forget", *words])
    assert done.exit_code == code, done.output
    return done.output


def test_it_says_what_would_go_and_changes_nothing(space):
    for _ in range(2):
        told = run("--customer", "mina")
        assert "Would go:\n       2  inquiries\n       3  messages\n" in told
        assert "No model on disk learned from them." in told
        assert "Nothing was changed. To do it, the same command with --yes" in told


def test_it_goes_on_being_told(space):
    told = run("--customer", "mina", "--source", "csv", "--yes")
    assert "Gone:\n       2  inquiries\n" in told
    assert "nothing more" in run("--customer", "mina", "--yes")
    db = space.database()
    assert [row["source_id"] for row in db.query("SELECT source_id FROM inquiries")] == ["3"]
    db.close()


def test_as_json(space):
    found = json.loads(run("--inquiry", "3", "--json"))
    assert (found["rows"]["inquiries"], found["dry_run"], found["done"]) == (1, True, False)
    assert (found["models"], found["copies"], found["bundles"]) == ([], [], [])
    assert (found["missing"], found["amiss"]) == ([], "")
    found = json.loads(run("--inquiry", "3", "--yes", "--json"))
    assert (found["dry_run"], found["done"]) == (False, True)


def test_backups_that_are_there_away_and_not_to_be_written(space, tmp_path):
    first, second = (backup.make(space, actor=ACTOR, to=tmp_path).path for _ in range(2))
    second.unlink()
    note = first.with_name(first.name + ".forgotten.json")
    note.mkdir()
    told = run("--customer", "mina")
    assert f"brought back, they forget them again:\n  {first}\n" in told
    assert f"that is away, they get their note within an hour of being back:\n  {second}\n" in told
    done = CliRunner().invoke(faqdesk, ["forget", "--customer", "mina", "--yes"])
    assert "Gone:\n       2  inquiries\n" in done.output
    assert isinstance(done.exception, WorkspaceError)
    note.rmdir()
    assert "nothing more" in run("--customer", "mina", "--yes")
    assert note.is_file()


def test_whom_is_asked(space):
    assert "Give --customer ID or --inquiry N." in run(code=2)
    assert "Give --customer" in run("--customer", "a", "--inquiry", "1", code=2)
    done = CliRunner().invoke(faqdesk, ["forget", "--customer", "nobody"])
    assert "Nothing is kept of such a customer (sources: csv)" in str(done.exception)
