import numpy as np
import pytest

from support.promise import clopper_pearson
from train.metrics import expected_calibration_error, judge_acceptance
from train.reliability import Bin, chance_error, reliability_bins, share_at


def test_bins_by_hand():
    bins = reliability_bins([0.95, 1.0, 0.15, 0.1], [True, True, False, True])
    assert [(found.low, found.high, found.n, found.right) for found in bins] == [
        (0.1, 0.2, 2, 1),
        (0.9, 1.0, 2, 2),
    ]
    assert bins[0].stated == pytest.approx(0.125)
    assert (bins[0].share, bins[0].least, bins[0].most) == (0.5, *clopper_pearson(1, 2))
    assert reliability_bins([], []) == []


def test_the_bins_are_those_of_the_calibration_error():
    random = np.random.default_rng(0)
    p = random.random(300).tolist()
    right = (random.random(300) < 0.5).tolist()
    bins: list[Bin] = reliability_bins(p, right)
    by_hand = sum(found.n / 300 * abs(found.stated - found.share) for found in bins)
    assert expected_calibration_error(p, right) == pytest.approx(by_hand)


def test_chance_alone_makes_an_error_that_shrinks_with_more_inquiries():
    random = np.random.default_rng(1)
    few, many = random.random(100).tolist(), random.random(10_000).tolist()
    assert chance_error(few) > 3 * chance_error(many) > 0
    measured = [
        expected_calibration_error(few, (random.random(100) < few).tolist()) for _ in range(200)
    ]
    assert np.mean(measured) == pytest.approx(chance_error(few), rel=0.1)
    assert chance_error([]) == 0
    assert chance_error([0.0, 1.0]) == 0


def test_the_surest_half_by_hand():
    assert share_at([0.9, 0.1, 0.8, 0.2], [True, True, False, False]) == 0.5
    assert share_at([0.9, 0.1], [True, False]) == 1
    assert share_at([], []) == 0


@pytest.mark.parametrize(
    ("accepted", "accuracy", "recall"),
    [([True] * 4, 1 / 2, 0.0), ([True, False, False, False], 1 / 2, 1.0), ([False] * 4, 0, 1.0)],
)
def test_a_refused_inquiry_in_scope_counts_as_wrong(accepted, accuracy, recall):
    right, inside = [True, False, False, False], [True, True, False, False]
    assert judge_acceptance(accepted, right, inside) == (accuracy, recall)


def test_nothing_out_of_scope_has_no_recall():
    assert judge_acceptance([True], [True], [True]) == (1.0, None)
    assert judge_acceptance([], [], []) == (0.0, None)
