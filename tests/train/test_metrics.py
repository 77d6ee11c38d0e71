import numpy as np
import pytest

from train.metrics import (
    coverage_curve,
    expected_calibration_error,
    hit,
    hit_rate,
    macro,
    paired_bootstrap,
    score_labels,
    share_above,
)


@pytest.mark.parametrize(
    ("ranked", "right", "k", "expected"),
    [
        (["a", "b", "c"], {"a"}, 1, True),
        (["a", "b", "c"], {"b"}, 1, False),
        (["a", "b", "c"], {"b", "z"}, 3, True),
        (["a", "b", "c"], {"z"}, 3, False),
        ([], {"a"}, 3, False),
        (["a"], set(), 5, False),
    ],
)
def test_hit_by_hand(ranked, right, k, expected):
    assert hit(ranked, right, k) is expected


def test_hit_rate_by_hand():
    assert hit_rate([["a", "b"], ["b", "a"]], [{"a"}, {"a"}], 1) == 0.5
    assert hit_rate([], [], 1) == 0


def test_scores_of_labels_by_hand():
    # a is suggested twice, right once; b is suggested once and right; c never.
    scores = score_labels(["a", "a", "b"], [{"a"}, {"c"}, {"b", "c"}], ["a", "b", "c", "d"])
    by_label = {score.label: score for score in scores}
    assert (by_label["a"].precision, by_label["a"].recall) == (0.5, 1.0)
    assert by_label["a"].f1 == pytest.approx(2 / 3)
    assert (by_label["b"].precision, by_label["b"].recall, by_label["b"].f1) == (1, 1, 1)
    # The third inquiry was answered by b: not held against c. The second was missed.
    assert (by_label["c"].n, by_label["c"].recall) == (2, 0)
    assert by_label["d"].n == 0
    assert macro(scores) == pytest.approx(((2 / 3 + 1 + 0) / 3, 2 / 3))
    assert macro([]) == (0, 0)


@pytest.mark.parametrize(
    ("threshold", "coverage", "share"),
    [(0.5, 0.75, 2 / 3), (0.9, 0.25, 1.0), (1.0, 0.0, 0.0), (None, 0.0, 0.0)],
)
def test_share_above_by_hand(threshold, coverage, share):
    found = share_above([0.9, 0.6, 0.5, 0.1], [True, False, True, False], threshold)
    assert found == pytest.approx((coverage, share))


def test_coverage_curve_by_hand():
    curve = coverage_curve([0.1, 0.9, 0.5, 0.7], [False, True, True, False])
    assert curve == [(0.25, 1.0), (0.5, 0.5), (0.75, pytest.approx(2 / 3)), (1.0, 0.5)]
    assert coverage_curve([], []) == []


def test_calibration_error_by_hand():
    # Bin .9-1.0: stated .95, right 1 of 2; bin .1-.2: stated .15, right 0 of 2.
    error = expected_calibration_error([0.95, 0.95, 0.15, 0.15], [True, False, False, False])
    assert error == pytest.approx(0.5 * 0.45 + 0.5 * 0.15)
    assert expected_calibration_error([1.0], [True]) == 0
    assert expected_calibration_error([], []) == 0


def test_paired_bootstrap():
    same = paired_bootstrap([1, 0, 1], [1, 0, 1])
    assert (same.mean, same.low, same.high, same.standard_error) == (0, 0, 0, 0)
    ours, theirs = np.ones(100), np.r_[np.ones(80), np.zeros(20)]
    found = paired_bootstrap(ours.tolist(), theirs.tolist())
    assert found.mean == pytest.approx(0.2)
    assert found.standard_error == pytest.approx(np.sqrt(0.2 * 0.8 / 100), rel=0.1)
    assert found.low < 0.2 < found.high
    assert paired_bootstrap([], []).mean == 0
