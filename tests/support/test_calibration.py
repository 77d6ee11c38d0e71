import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.blend import Blend
from support.calibration import (
    Band,
    Calibration,
    Confidence,
    Decision,
    Promise,
    PromiseTable,
    Scale,
    Sureness,
    choose_band,
    clopper_pearson,
    is_tie,
)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (8, 10, 0.4439, 0.9748), (0, 0, 0.0, 1.0)],
)
def test_exact_interval_by_published_table(right, n, low, high):
    assert clopper_pearson(right, n) == pytest.approx((low, high), abs=1e-4)


def test_an_impossible_count_is_refused():
    with pytest.raises(ValueError, match=r"0\.\.3"):
        clopper_pearson(4, 3)


def test_scale_keeps_order_and_by_default_the_value():
    p = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(Scale()(p), p)
    scaled = Scale(0.5, 1.0)(p)
    assert (np.diff(scaled) > 0).all()
    assert scaled[1] == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_promise_counts_the_nearest():
    p = np.linspace(0, 1, 100, endpoint=False)
    table = PromiseTable(p, p >= 0.5)
    assert table.look_up(0.95).right == 20
    assert table.look_up(0.05) == Promise(0, 20, *clopper_pearson(0, 20))
    assert table.look_up(0.5).right == 10


@pytest.mark.parametrize("n", [0, 1, 5])
def test_promise_of_few(n):
    table = PromiseTable(np.full(n, 0.5), np.ones(n, bool))
    promise = table.look_up(0.7)
    assert (promise.right, promise.n) == (n, n)
    assert promise.share == (1.0 if n else 0.0)


def test_promise_table_round_trip():
    table = PromiseTable(np.array([0.2, 0.1]), np.array([True, False]))
    assert PromiseTable.from_dict(table.as_dict()).look_up(0.1) == table.look_up(0.1)


def test_band_by_hand():
    # 20 sure and right, then 20 half sure of which 10 are right: all together .75 right.
    p = np.array([0.9] * 20 + [0.5] * 20)
    right = np.array([True] * 20 + [True, False] * 10)
    band = choose_band(p, right, stated=0.8)
    assert band.threshold == pytest.approx(0.9)
    assert band.coverage == 0.5
    assert (band.promise.right, band.promise.n) == (20, 20)
    assert choose_band(p, right, stated=0.7).coverage == 1.0


def test_no_band_where_the_share_is_never_reached():
    band = choose_band(np.full(50, 0.5), np.arange(50) % 2 == 0, stated=0.8)
    assert band.threshold is None
    assert band.coverage == 0


def test_a_lucky_few_make_no_band():
    p = np.array([0.99] * 4 + [0.5] * 40)
    right = np.array([True] * 4 + [False] * 40)
    assert choose_band(p, right, stated=0.8).threshold is None


def test_a_floor_keeps_the_hopeless_out_of_a_band():
    p = np.array([0.9] * 40 + [0.1] * 10)
    right = np.array([True] * 40 + [False] * 10)
    assert choose_band(p, right, stated=0.5).coverage == 1.0
    assert choose_band(p, right, stated=0.5, floor=0.25).coverage == 0.8


def band(threshold, stated=0.8):
    return Band(threshold, stated, 0.3, Promise.of(24, 30))


def calibration(**changes):
    table = PromiseTable(np.linspace(0, 1, 40), np.arange(40) >= 20)
    parts = {
        "blend": Blend({"a": 1.0}, 0.0),
        "confidence": (Confidence({"top": 1.0}), Confidence({"top": 0.8}), Confidence({}, 0.1)),
        "scope": Confidence({"among": 1.0, "gate": -1.0}),
        "others": Scale(1.0, -0.5),
        "likely": band(0.7),
        "possible": band(0.6, 0.5),
        "pair": band(0.75),
        "promises": table,
        "promises_three": table,
        "label_bands": {7: band(0.9), 8: band(None)},
        "accept": 0.4,
    }
    return Calibration(**(parts | changes))


@pytest.mark.parametrize(
    ("sure", "band", "reason", "tie"),
    [
        # label, first, second, any of two, any of three, in scope
        ((1, 0.70, 0.20, 0.8, 0.9, 1.0), "likely", "", False),
        ((1, 0.69, 0.20, 0.8, 0.9, 1.0), "possible", "", False),
        ((7, 0.80, 0.10, 0.8, 0.9, 1.0), "possible", "", False),  # this FAQ asks for .9
        ((7, 0.90, 0.10, 0.8, 0.9, 1.0), "likely", "", False),
        ((8, 0.99, 0.01, 1.0, 1.0, 1.0), "possible", "", False),  # this one is never Likely
        ((1, 0.45, 0.40, 0.8, 0.9, 1.0), "possible", "", True),  # a choice of two
        ((1, 0.45, 0.40, 0.7, 0.9, 1.0), "possible", "", False),  # a tie, but not sure enough
        ((1, 0.30, 0.28, 0.5, 0.5, 1.0), "silent", "ambiguous", True),
        ((1, 0.30, 0.10, 0.4, 0.5, 1.0), "silent", "below_threshold", False),
        ((1, 0.30, 0.10, 0.4, 0.5, 0.3), "silent", "out_of_scope", False),
        ((1, 0.30, 0.28, 0.5, 0.5, 0.3), "silent", "out_of_scope", True),
    ],
)
def test_what_is_shown_by_hand(sure, band, reason, tie):
    found = calibration().decide(Sureness(*sure))
    assert (found.band, found.reason, found.tie) == (band, reason, tie)


def test_a_choice_of_two_carries_the_promise_of_ties():
    found = calibration().decide(Sureness(1, 0.45, 0.40, 0.8, 0.9, 1.0))
    assert found == Decision("possible", "", True, 0.75, Promise.of(24, 30))


def test_without_thresholds_everything_is_silent():
    never = calibration(
        likely=band(None), possible=band(None), pair=band(None), label_bands={}, accept=None
    )
    assert not never.proven
    assert never.decide(Sureness(1, 1.0, 0.0, 1.0, 1.0, 0.0)).reason == "below_threshold"


@pytest.mark.parametrize(("first", "second", "tie"), [(0.5, 0.45, True), (0.5, 0.4, False)])
def test_a_tie_by_hand(first, second, tie):
    assert is_tie(first, second) is tie


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=5, max_size=5), min_size=1, max_size=6))
def test_more_suggestions_are_never_worth_less(rows):
    blended = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    judged = calibration().judge(blended, top_k=4)
    assert (np.diff(judged.each, axis=1) <= 0).all()
    for sure, row in zip(judged.sure, judged.each, strict=True):
        assert sure.first == row[0]
        assert sure.second == row[1]
        assert sure.first <= sure.two <= sure.three


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_promise_lies_within_its_interval(right, wrong):
    promise = Promise.of(right, right + wrong)
    assert 0 <= promise.low <= promise.share <= promise.high <= 1 or not promise.n


def test_calibration_round_trip():
    before = calibration()
    after = Calibration.from_dict(json.loads(json.dumps(before.as_dict())))
    assert after.as_dict() == before.as_dict()
    assert after.label_bands == before.label_bands
    blended = np.array([[0.5, 0.3, 0.1, 0.1]])
    assert after.judge(blended).sure == before.judge(blended).sure
