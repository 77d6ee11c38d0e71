"""Moderation models are trained, written, read back and heard."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from listings.listing import Listing
from listings.moderation.classes import Signals
from listings.moderation.moderator import Moderator
from listings.moderation.rules import default_rules
from support.errors import SettingError, TooFewLabelsError
from tests.train.moderation_rows import examples
from train.moderation import EVIDENCE, ModerationReport, fit_moderation
from train.moderation_voices import Example, ModerationConfig, repeated, weak_examples

CONFIG = ModerationConfig(texts=("linear",), network=False, num_folds=2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> ModerationReport:
    folder = tmp_path_factory.mktemp("moderation") / "model"
    return fit_moderation(examples(), folder=folder, config=CONFIG)


def test_a_part_is_kept_for_the_policy_and_written_beside(trained: ModerationReport) -> None:
    written = json.loads((trained.folder / EVIDENCE).read_text(encoding="utf-8"))
    assert len(written["rows"]) == trained.n_evidence > 30
    assert trained.n_train + trained.n_evidence == 160
    assert all(abs(sum(row["probabilities"]) - 1) < 1e-4 for row in written["rows"])
    assert {row["label"] for row in written["rows"]} == set(written["labels"])


def test_what_was_learned_from_is_written_down(tmp_path: Path) -> None:
    rows = [replace(row, id=n, revision=n + 7) for n, row in enumerate(examples())]
    sure = [Listing("담배 판매"), Listing("담배 두 보루"), Listing("아무 말")]
    report = fit_moderation(
        rows,
        folder=tmp_path / "model",
        config=CONFIG,
        undecided=sure,
        undecided_ids=[901, 902, 903],
    )
    written = json.loads((report.folder / EVIDENCE).read_text(encoding="utf-8"))
    kept, learned = {row["id"] for row in written["rows"]}, set(written["learned"])
    assert not kept & learned
    assert all(row["revision"] == row["id"] + 7 for row in written["rows"])
    assert kept | learned >= {row.id for row in rows}
    assert learned & {901, 902, 903} >= {901, 902}
    assert len(learned) == report.n_train + report.n_weak


def test_the_blend_is_no_worse_than_its_best_voice(trained: ModerationReport) -> None:
    figures = trained.figures
    assert set(figures) == {"blend", "linear", "rules"}
    assert figures["blend"].log_loss <= min(f.log_loss for f in figures.values()) + 0.05
    assert figures["blend"].accuracy > 0.8


def test_a_model_read_back_judges_and_gives_reasons(trained: ModerationReport) -> None:
    moderator = Moderator.load(trained.folder)
    assert moderator.version == trained.version
    seller = Signals(account_days=500, repeats=0)
    found = moderator.judge(
        [Listing("담 배 두 보루 팝니다"), Listing("책상 팝니다")], [seller, seller]
    )
    assert [verdict.label for verdict in found] == ["alcohol_tobacco", "normal"]
    assert all(verdict.model == trained.version for verdict in found)
    assert any(reason.kind == "rule" for reason in found[0].reasons)
    assert [v.probabilities for v in Moderator.load(trained.folder).judge(
        [Listing("담 배 두 보루 팝니다"), Listing("책상 팝니다")], [seller, seller]
    )] == [v.probabilities for v in found]  # fmt: skip


def test_signals_move_a_verdict(trained: ModerationReport) -> None:
    moderator = Moderator.load(trained.folder)
    old, new = moderator.judge(
        [Listing("문의 환영")] * 2,
        [Signals(account_days=900, repeats=0), Signals(account_days=2, repeats=30)],
    )
    assert new.probabilities["pro_ads"] > old.probabilities["pro_ads"]


def test_two_classes_are_needed(tmp_path: Path) -> None:
    rows = [Example(Listing(f"의자 {n}"), "normal") for n in range(20)]
    with pytest.raises(TooFewLabelsError, match="there are normal 20"):
        fit_moderation(rows, folder=tmp_path / "model", config=CONFIG)


def test_rare_classes_are_heard_more_often() -> None:
    texts, labels = repeated(
        ["a"] * 16 + ["b b"], ["normal"] * 16 + ["animals"], balance=0.5, share_twisted=0, seed=0
    )
    assert labels.count("animals") == 4
    assert labels.count("normal") == 16
    assert len(texts) == 20


def test_what_rules_are_sure_of_is_learned_from() -> None:
    listings = [Listing("담배 판매"), Listing("의자"), Listing("책상"), Listing("강아지 무료분양")]
    weak = weak_examples(listings, default_rules(), ["normal", "alcohol_tobacco"])
    assert sorted(label for _, label in weak) == ["alcohol_tobacco", "normal"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"texts": ("nothing",)}, "nothing"),
        ({"balance": 2.0}, "balance"),
        ({"num_folds": 1}, "num_folds"),
    ],
)
def test_settings_are_checked(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        ModerationConfig(**wrong)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_model(trained: ModerationReport, tmp_path: Path) -> None:
    again = fit_moderation(examples(), folder=tmp_path / "model", config=CONFIG)
    assert again.figures == trained.figures
    seen = [Listing("의자 팝니다"), Listing("햄스터 분양")]
    first, second = (Moderator.load(report.folder).judge(seen) for report in (trained, again))
    assert [v.probabilities for v in first] == [v.probabilities for v in second]
