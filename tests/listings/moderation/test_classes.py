"""Verdicts and signals hold what their docstrings promise."""

import pytest

from listings.moderation.classes import CLASSES, LEGAL, NORMAL, PROBLEMS, Signals, Verdict


def test_classes_begin_with_normal_and_hold_the_legal_one() -> None:
    assert CLASSES[0] == NORMAL
    assert set(PROBLEMS) == set(CLASSES) - {NORMAL}
    assert LEGAL in PROBLEMS


def test_a_verdict_names_its_likeliest_class() -> None:
    verdict = Verdict({"normal": 0.3, "animals": 0.6, "pro_ads": 0.1})
    assert (verdict.label, verdict.probability) == ("animals", 0.6)
    assert verdict.problem == pytest.approx(0.7)
    assert verdict.model == ""


def test_of_equals_the_first_is_named() -> None:
    assert Verdict({"normal": 0.5, "animals": 0.5}).label == "normal"


@pytest.mark.parametrize("probabilities", [{}, {"normal": 0.5}, {"normal": 0.9, "animals": 0.2}])
def test_probabilities_must_sum_to_one(probabilities: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        Verdict(probabilities)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_signals_refuse_what_cannot_be(wrong: float) -> None:
    with pytest.raises(ValueError, match="account_days must be 0 or more"):
        Signals(account_days=wrong)


def test_signals_may_be_unknown() -> None:
    assert Signals().earlier_posts is None
