"""Moderation from the command line: trained from a desk's decisions, measured on a user's files."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from listings.moderation import policy_store
from listings.moderation.decisions_past import add_past
from listings.moderation.policy import Policy, Rules
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
    assert set(found["figures"]) >= {"blend", "linear", "rules"}


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


def said(*command: str) -> str:
    return CliRunner().invoke(faqdesk, command, catch_exceptions=False).output


def test_handled_reports_come_in_listings_are_judged_and_the_desk_says_how_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = Workspace(tmp_path / "desk").create()
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    table = tmp_path / "listings.csv"
    table.write_text("id,title,seller\na1,짝퉁 가방 팝니다,kim\na2,아기 의자,lee\na3,위스키,kim\n")
    decisions, reports = tmp_path / "d.csv", tmp_path / "r.csv"
    decisions.write_text("listing_id,label,sampled\na1,짝퉁,0\na2,normal,1\nzz,normal,0\n")
    reports.write_text("report_id,listing_id,reporter\nr1,a1,park\nr2,a3,park\n")
    said("collect", "files", str(table))
    command = ["moderation", "import", "--decisions", str(decisions), "--reports", str(reports)]
    output = said(*command, "--label", "짝퉁=counterfeit")
    assert "2 decisions taken over (counterfeit 1, normal 1), 1 of them chosen by chance" in output
    assert "2 reports taken over, 1 of them wait" in output
    assert "no listing 'zz' of the source 'files'" in output
    assert "No policy is live" in said("moderation", "judge")
    with space.database().conn as conn:
        assert conn.execute("SELECT count(*) FROM moderation_cases").fetchone()[0] == 3
    db = space.database()
    stored = policy_store.store(db, Actor("test"), Policy(rules=Rules(sample_all=0.0)))
    policy_store.set_mode(db, Actor("test"), stored.id, "shadow")
    db.execute("UPDATE listings SET revised_at = '2026-01-01T00:00:00Z'")
    db.close()
    more = tmp_path / "more.csv"
    more.write_text("id,title,seller\na4,강아지 분양합니다,kim\n")
    collected = CliRunner().invoke(faqdesk, ["collect", "files", str(more), "--json"])
    assert json.loads(collected.stdout)["moderation"]["judged"]["judged"] == 1
    found = json.loads(
        CliRunner().invoke(faqdesk, ["moderation", "judge", "--all", "--json"]).stdout
    )
    assert found["judged"]["judged"] == 3
    assert found["judged"]["hidden_now"] == 0
    assert "faqdesk train moderation" in found["trouble"]
    status = json.loads(CliRunner().invoke(faqdesk, ["moderation", "status", "--json"]).stdout)
    assert (status["shadow"], status["live"], status["open_cases"]) == (stored.version, "", 1)
    assert (status["drawn_by_chance"], status["problems_among_them"]) == (1, 0)
    assert "1 open" in said("moderation", "status")
