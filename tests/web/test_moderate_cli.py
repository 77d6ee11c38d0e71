"""`faqdesk moderate`: killed outright, by rules alone, by a model and a live policy."""

import json
from pathlib import Path

import pytest

from listings.moderation import policy_store
from listings.moderation.policy import Policy
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.listings.small_category import read_csv, write_csv
from tests.train.moderation_rows import examples
from tests.web.test_label_cli import count, kill_when, shell
from train.moderation import fit_moderation
from train.moderation_voices import ModerationConfig

__all__ = ["shell"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model, small enough to train in a test."""
    folder = tmp_path_factory.mktemp("moderation") / "model"
    config = ModerationConfig(texts=("linear",), network=False, num_folds=2, evidence=0.0)
    fit_moderation(examples(80), folder=folder, config=config)
    return folder


def test_killed_it_ends_with_the_same_bytes(
    space: Workspace, tmp_path: Path, model: Path, shell: object
) -> None:
    rows = [(n, e.listing.title) for n, e in enumerate(examples(1200, seed=3))]
    table = write_csv(tmp_path / "in.csv", rows, "id", "title")
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"

    def words(out: Path) -> list[str]:
        more = ["--model", str(model), "--shard-rows", "50", "--workers", "1"]
        return ["moderate", str(table), "--out", str(out), *more]

    shell(*words(whole))  # type: ignore[operator]
    folder = tmp_path / "out.csv.faqdesk"
    assert kill_when(space, words(out), lambda pid: count(folder, "done") >= 3)
    assert not out.exists()
    done = count(folder, "done")
    report = json.loads(shell(*words(out), "--json"))  # type: ignore[operator]
    assert (report["rows"], report["resumed"]) == (1200, 50 * done)
    assert out.read_bytes() == whole.read_bytes()
    assert not folder.exists()


def test_rules_alone_judge_from_the_first_day(
    space: Workspace, tmp_path: Path, shell: object
) -> None:
    table = write_csv(tmp_path / "in.csv", [["수제 담금주"], ["의자"], [""]], "title")
    # 4: there is a row without words.
    said = shell("moderate", str(table), "--out", str(tmp_path / "o.csv"), code=4)  # type: ignore[operator]
    assert "No moderation model" in said
    assert "rules alone, no live policy" in said
    assert "1 rows without words or picture" in said
    found = read_csv(tmp_path / "o.csv")
    assert [row["label"] for row in found] == ["alcohol_tobacco", "normal", ""]
    assert {row["action"] for row in found} == {"review"}
    (space.home / "moderation").mkdir()
    (space.home / "moderation" / "rules.toml").write_text("[[rule]]\n", encoding="utf-8")
    said = shell("moderate", str(table), "--out", str(tmp_path / "p.csv"), code=1)  # type: ignore[operator]
    assert "a rule needs a name" in said


def test_the_live_policy_of_the_desk_decides(
    space: Workspace, tmp_path: Path, model: Path, shell: object
) -> None:
    with space.database() as db:
        stored = policy_store.store(db, ACTOR, Policy())
        policy_store.set_mode(db, ACTOR, stored.id, "live")
    table = write_csv(tmp_path / "in.csv", [["푸들 새끼 분양"], ["의자 팝니다"]], "title")
    asked = ["moderate", str(table), "--model", str(model), "--out", str(tmp_path / "o.csv")]
    report = json.loads(shell(*asked, "--json"))  # type: ignore[operator]
    assert report["policy_version"] == stored.version
    assert report["actions"] == {"hide": 0, "review": 1, "pass": 1}
    assert [row["action"] for row in read_csv(tmp_path / "o.csv")] == ["review", "pass"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--map", "title"], 2, "title=COLUMN"),
        (["--map", "price=none"], 1, "No column 'none'"),
        (["--images", "no-such-folder"], 2, "no-such-folder"),
        (["--out", "x.doc"], 1, "endings"),
    ],
)
def test_what_cannot_be_done_ends_with_words(
    tmp_path: Path, shell: object, words: list[str], code: int, said: str
) -> None:
    table = write_csv(tmp_path / "in.csv", [["의자"]], "title")
    line = ["moderate", str(table), "--out", str(tmp_path / "o.csv")]
    assert said in shell(*line, *words, code=code)  # type: ignore[operator]
