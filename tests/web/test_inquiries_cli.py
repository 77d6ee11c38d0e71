"""`faqdesk inquiries` on the small marketplace's desk."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from support.clock import ago
from support.database import scalar
from web.cli import faqdesk


@pytest.fixture
def run(space, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))

    def run(*words):
        done = CliRunner().invoke(faqdesk, ["inquiries", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def test_answered_ones_are_found_and_written(run, tmp_path):
    lines = run("answered", "--words", "인증번호").splitlines()
    assert len(lines) == 2
    assert all("code-missing" in line for line in lines)
    rows = [json.loads(line) for line in run("answered", "--faq", "refund", "--jsonl").splitlines()]
    assert {row["agent"] for row in rows} == {"김민지", "Daniel"}
    assert [row["answered_at"] for row in rows] == sorted(
        (row["answered_at"] for row in rows), reverse=True
    )
    table, book = tmp_path / "a.csv", tmp_path / "a.xlsx"
    both = ("--suggested", "none", "--csv", str(table), "--xlsx", str(book))
    refused = CliRunner().invoke(faqdesk, ["inquiries", "answered", *both, "--reason", " "])
    assert "--reason WORDS" in str(refused.exception)
    assert not table.exists()
    said = run("answered", *both, "--reason", "audit")
    assert said == "5 inquiries written.\n"
    assert len(list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))) == 5
    assert load_workbook(book)["answered"].max_row == 6


def test_open_ones_are_tagged_and_snoozed(run, db):
    first = scalar(db, "SELECT id FROM inquiries WHERE source_id = 'o1'")
    assert run("tag", str(first), "--add", "급함") == "급함\n"
    assert len(run("open").splitlines()) == 4
    assert "#급함" in run("open", "--tag", "급함")
    run("snooze", str(first), ago(hours=-3))
    assert len(run("open").splitlines()) == 3
    assert "until" in run("open", "--scope", "snoozed")
    assert run("snooze", str(first)) == "Back in the inbox.\n"
    assert run("tag", str(first), "--remove", "급함") == "No tags.\n"
    assert json.loads(run("open", "--jsonl").splitlines()[0])["id"] == first
