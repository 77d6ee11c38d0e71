"""Moderation from the command line: trained from a desk's decisions, measured on a user's files."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from listings.moderation.decisions_past import add_past
from listings.store import Collected, ListingStore
from support.audit import Actor
from support.workspace import Workspace
from tests.train.moderation_rows import examples
from web.cli import faqdesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    space = Workspace(tmp_path / "desk").create()
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    db, seal = space.database(), space.seal()
    rows = examples(60)
    items = [
        Collected(source="shop", external_id=str(n), title=row.listing.title)
        for n, row in enumerate(rows)
    ]
    for listing_id, row in zip(ListingStore(db, seal).save(items).ids, rows, strict=True):
        add_past(db, seal, Actor("test"), listing_id, label=row.label)
    db.close()
    return space


def test_a_desk_learns_from_its_decisions(desk: Workspace) -> None:
    command = ["train", "moderation", "--no-network", "--json"]
    said = CliRunner().invoke(faqdesk, command, catch_exceptions=False)
    found = json.loads(said.stdout)
    assert found["published"] is True
    assert found["n_train"] + found["n_evidence"] == 60
    assert set(found["figures"]) >= {"blend", "linear", "rules", "signals"}


def test_a_users_files_are_measured(tmp_path: Path) -> None:
    rows = [(row.listing.text, row.label) for row in examples(80)]
    for name, some in (("a", rows[:50]), ("b", rows[50:])):
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *some])
    command = ["bench", "moderation", "--train", str(tmp_path / "a.csv"), "--no-network"]
    command += ["--test", str(tmp_path / "b.csv")]
    said = CliRunner().invoke(faqdesk, [*command, "--json"], catch_exceptions=False)
    found = json.loads(said.stdout)
    assert list(found)[:4] == ["set", "n_train", "n_test", "labels"]
    assert set(found["baselines"]) == {"all_normal", "svm", "rules"}
    table = CliRunner().invoke(faqdesk, command, catch_exceptions=False)
    assert "all_normal" in table.stdout


def test_a_set_or_two_files_are_named() -> None:
    said = CliRunner().invoke(faqdesk, ["bench", "moderation", "--set", "joonggonara"])
    assert said.exit_code == 2
    assert "--data" in said.output
