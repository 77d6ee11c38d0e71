"""`faqdesk week` and its tables."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from support import agents, answering
from support.audit import Actor
from support.clock import ago
from support.database import scalar
from tests.conftest import ACTOR
from web.cli import faqdesk
from web.sheets import Sheet, write_csv, write_xlsx


@pytest.fixture
def run(space, db, seal, monkeypatch):
    """A desk that answered one inquiry this minute, with an FAQ that was not suggested."""
    sora = agents.add(db, ACTOR, login="sora", name="소라", role="agent", password="long enough 1")
    asked = scalar(db, "SELECT id FROM inquiries WHERE source_id = 'o4'")
    row = {"id": "sg", "inquiry_id": asked, "asked_by": "agent:1", "release": "r"}
    db["suggestions"].insert(row | {"band": "silent", "reason": "no_model", "at": ago(minutes=1)})
    answering.send(
        db, seal, inquiry_id=asked, agent_id=sora.id, actor=Actor(sora.actor_name),
        text="https://help.example.com/ko/faq/refund",
    )  # fmt: skip
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    return lambda *words: CliRunner().invoke(faqdesk, ["week", *words])


def test_the_week_is_told_and_written(run, tmp_path):
    said = run()
    assert said.exit_code == 0, said.output
    assert "1 answered" in said.output
    assert "missed an FAQ             100%" in said.output
    table, book = tmp_path / "week.csv", tmp_path / "week.xlsx"
    to_both = ("--json", "--csv", str(table), "--xlsx", str(book))
    assert "--reason" in str(run(*to_both).exception)
    assert not book.exists()
    found = json.loads(run(*to_both, "--reason", "monthly").output)
    assert found["figures"]["misses"]["right"] == 1
    assert len(found["by_day"]) == 7
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    assert [(row["faq"], row["sent"], row["missed"]) for row in rows] == [("refund", "1", "1")]
    sheets = load_workbook(book)
    assert sheets.sheetnames == ["week", "faqs", "agents", "days", "releases", "next"]
    assert [cell.value for cell in sheets["agents"]["A"]] == ["agent", "소라"]
    assert json.loads(run("--json", "--back", "3").output)["figures"]["n"] == 0


def test_words_of_others_are_no_formulas():
    sheet = Sheet("t", ("name", "n"), [("=1+1", 2), ("@cmd", None), ("a\x00b", 1.5)])
    assert "\r\n=1+1" not in write_csv(sheet).decode("utf-8-sig")
    cells = load_workbook(io.BytesIO(write_xlsx([sheet])))["t"]
    assert [(cell.value, cell.data_type) for cell in cells["A"]][1:] == [
        ("=1+1", "s"),
        ("@cmd", "s"),
        ("ab", "s"),
    ]
