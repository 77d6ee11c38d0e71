import numpy as np
import pytest

from support.bands import Band, choose_band, choose_label_bands
from support.promise import Promise


def test_an_faq_that_breaks_the_promise_gets_a_higher_threshold_of_its_own():
    # FAQ 0: 100 of 100 right. FAQ 1: right where it is surest (.95), 20 of 20, else 5 of 20.
    p = np.r_[np.full(100, 0.9), np.full(20, 0.95), np.full(20, 0.85)]
    right = np.r_[np.ones(100, bool), np.ones(20, bool), np.arange(20) < 5]
    first = np.r_[np.zeros(100, int), np.ones(40, int)]
    common = choose_band(p, right, stated=0.8)
    assert common.threshold == pytest.approx(0.85)
    bands = choose_label_bands(p, right, first, common)
    assert set(bands) == {1}
    assert bands[1].threshold == pytest.approx(0.95)
    assert (bands[1].promise.right, bands[1].promise.n) == (20, 20)


def test_an_faq_that_no_threshold_mends_is_never_likely():
    p = np.r_[np.full(200, 0.9), np.full(40, 0.9)]
    right = np.r_[np.ones(200, bool), np.zeros(40, bool)]
    first = np.r_[np.zeros(200, int), np.ones(40, int)]
    bands = choose_label_bands(p, right, first, choose_band(p, right, stated=0.8))
    assert bands[1].threshold is None
    assert not bands[1].holds(1.0)


def test_few_inquiries_are_no_evidence_against_an_faq():
    p = np.full(120, 0.9)
    right = np.r_[np.ones(100, bool), np.zeros(20, bool)]
    first = np.r_[np.zeros(100, int), np.ones(20, int)]
    common = choose_band(p, right, stated=0.8)
    assert choose_label_bands(p, right, first, common) == {}
    assert set(choose_label_bands(p, right, first, common, least=20)) == {1}


def test_an_faq_that_does_better_than_the_rest_gets_no_lower_threshold():
    p = np.r_[np.full(40, 0.9), np.full(40, 0.6), np.full(60, 0.6)]
    right = np.r_[np.ones(80, bool), np.zeros(60, bool)]
    first = np.r_[np.zeros(80, int), np.ones(60, int)]
    common = choose_band(p, right, stated=0.8)
    assert common.threshold == pytest.approx(0.9)
    assert choose_label_bands(p, right, first, common) == {}


def test_without_a_common_band_there_are_none_of_their_own():
    nothing = Band(None, 0.8, 0.0, Promise.of(0, 0))
    ones = np.ones(50)
    assert choose_label_bands(ones, ones > 0, np.zeros(50, int), nothing) == {}


def test_round_trip():
    band = Band(0.7, 0.8, 0.25, Promise.of(20, 24))
    assert Band.from_dict(band.as_dict()) == band
    never = Band(None, 0.8, 0.0, Promise.of(0, 0))
    assert Band.from_dict(never.as_dict()) == never
