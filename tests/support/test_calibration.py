import numpy as np
import pytest

from support.calibration import Promise, PromiseTable, Scale, choose_band, clopper_pearson


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
