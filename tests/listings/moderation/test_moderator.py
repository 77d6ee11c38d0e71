"""The moderator by rules alone, and what becomes of a model that is missing or damaged."""

from pathlib import Path

import pytest

from listings.listing import Listing
from listings.moderation.classes import CLASSES, Signals
from listings.moderation.moderator import Moderator, model_folder
from listings.moderation.rules import default_rules
from support.errors import ModelMissingError, SettingError
from support.workspace import Workspace


@pytest.fixture
def moderator() -> Moderator:
    return Moderator(default_rules())


def test_rules_judge_alone_and_name_no_model(moderator: Moderator) -> None:
    plain, smoke = moderator.judge([Listing("원목 의자"), Listing("담 배 한 보루 팝니다")])
    assert (plain.label, plain.model, plain.voices) == ("normal", "", ("rules",))
    assert tuple(plain.probabilities) == CLASSES
    assert smoke.label == "alcohol_tobacco"
    assert smoke.reasons[0].kind == "rule"
    assert "tobacco" in smoke.reasons[0].what


def test_signals_are_heard(moderator: Moderator) -> None:
    listing = Listing("의자 팝니다", "자세히는 https://shop.example.com 카톡 문의")
    (quiet, loud) = moderator.judge([listing] * 2, [Signals(), Signals(repeats=40)])
    assert loud.probabilities["pro_ads"] > quiet.probabilities["pro_ads"]


def test_without_reasons_the_verdict_is_the_same(moderator: Moderator) -> None:
    listing = Listing("강아지 무료분양 합니다")
    (told,), (quick,) = moderator.judge([listing]), moderator.judge([listing], reasons=False)
    assert told.probabilities == quick.probabilities
    assert quick.reasons == ()


def test_no_listings_no_verdicts(moderator: Moderator) -> None:
    assert moderator.judge([]) == []


def test_a_desk_without_a_model_says_so(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    moderator = Moderator.of_desk(space)
    assert moderator.version == ""
    assert "faqdesk train moderation" in moderator.trouble
    with pytest.raises(ModelMissingError, match="people look at everything"):
        model_folder(space.models)


def test_a_damaged_release_leaves_the_rules(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    space.models.mkdir(parents=True)
    (space.models / "current-moderation").write_text("{", encoding="utf-8")
    moderator = Moderator.of_desk(space)
    assert moderator.version == ""
    assert "damaged" in moderator.trouble


def test_a_wrong_rule_file_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "moderation").mkdir()
    (tmp_path / "moderation" / "rules.toml").write_text("[[rule]]\n", encoding="utf-8")
    with pytest.raises(SettingError, match="line 1"):
        Moderator.of_desk(Workspace(tmp_path))
