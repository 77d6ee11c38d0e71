import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.confidence import AMONG, GATE, PRIOR, TOP, Confidence, read_signs

# Two rankings over three labels and "none of these".
BLENDED = np.array([[0.6, 0.2, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4]])


def test_signs_by_hand():
    signs = read_signs(BLENDED, k=1, prior=np.array([0.5, 0.3, 0.2]), gate=np.array([0.0, 2.0]))
    np.testing.assert_allclose(signs[TOP], np.log([0.6 / 0.4, 0.3 / 0.7]))
    np.testing.assert_allclose(signs[PRIOR], np.log([0.5, 0.2]))
    np.testing.assert_allclose(signs[GATE], [0, 2])
    # Among the labels alone the first has .6 of .9 and .3 of .6.
    np.testing.assert_allclose(signs[AMONG], [np.log(2), 0], atol=1e-12)


def test_signs_of_the_first_two_together():
    signs = read_signs(BLENDED, k=2)
    np.testing.assert_allclose(signs[TOP], np.log([0.8 / 0.2, 0.5 / 0.5]), atol=1e-12)
    np.testing.assert_allclose(signs[PRIOR], np.log(2 / 3))  # all labels alike
    np.testing.assert_allclose(signs[GATE], 0)


def test_confidence_by_hand():
    found = Confidence({TOP: 2.0, GATE: -1.0}, 0.5)({TOP: np.array([1.0]), GATE: np.array([3.0])})
    assert found[0] == pytest.approx(1 / (1 + np.exp(0.5)))


def test_a_confidence_that_falls_as_the_probability_rises_is_refused():
    with pytest.raises(ValueError, match="'top' must be 0 or more, got -1"):
        Confidence({TOP: -1.0})


@given(
    st.floats(0, 3), st.floats(-3, 3), st.floats(-5, 5),
    st.lists(st.floats(0.01, 0.99), min_size=2, max_size=9),
)  # fmt: skip
def test_a_higher_probability_is_never_worth_less(slope, gate, offset, shares):
    shares = np.sort(np.array(shares))
    signs = {TOP: np.log(shares / (1 - shares)), GATE: np.ones(len(shares))}
    found = Confidence({TOP: slope, GATE: gate}, offset)(signs)
    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_round_trip():
    before = Confidence({TOP: 1.5, PRIOR: -0.25}, 0.125)
    assert Confidence.from_dict(before.as_dict()) == before
