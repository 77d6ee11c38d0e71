"""`faqdesk import` of any export, `faqdesk imports`."""

import json

import pytest
from click.testing import CliRunner

from tests.support.importing import exports
from web.cli import faqdesk


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(tmp_path / "desk"))

    def call(*words, code=0):
        done = CliRunner().invoke(faqdesk, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return done.stdout if "--json" in words else done.output

    return call


def test_dry_run_import_list_undo(run, tmp_path):
    path = exports.dumped(tmp_path / "scout.json", exports.HELP_SCOUT)
    told = run("import", path, "--dry-run")
    assert "Read as Help Scout, utf-8; messages: agent 2, customer 3." in told
    assert "3 inquiries read, 3 would be added" in told
    assert "Left out: draft or hidden 1, private note 1, system message 1." in told
    assert "1 answers name the saved reply" in told
    told = run("import", path)
    assert "Take it back: faqdesk imports undo 1" in told
    assert "help_scout: 3 inquiries, 5 messages (scout.json)" in run("imports", "list")
    assert "Import 1 is taken back: 3 inquiries, 5 messages" in run("imports", "undo", 1)
    listed = json.loads(run("imports", "list", "--json"))
    assert [(item["state"], item["inquiries"]) for item in listed] == [("undone", 0)]
    assert json.loads(run("import", path, "--json"))["inquiries"] == 3


def test_a_table_of_unknown_columns_says_how_to_name_them(run, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("x,y\n환불요,네\n교환요,아니요\n", encoding="utf-8")
    done = CliRunner().invoke(faqdesk, ["import", str(path)])
    assert "--column question=COLUMN" in str(done.exception)
    told = run("import", path, "--column", "question=x", "--column", "answer=y")
    assert "'x' is taken for the question" in told
    assert "2 inquiries added" not in told
    assert "2 inquiries read, 2 added" in told


def test_a_wrong_field_is_told(run, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("x,y\n1,2\n", encoding="utf-8")
    assert "The fields are id, question" in run("import", path, "--column", "what=x", code=2)
