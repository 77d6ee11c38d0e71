import numpy as np
import pytest

from support.confidence import GATE, PRIOR, TOP
from train.confidence import choose_accept, fit_confidence

RANDOM = np.random.default_rng(0)
N = 4000
SIGNS = {TOP: RANDOM.normal(0, 2, N), PRIOR: RANDOM.normal(-3, 1, N), GATE: np.zeros(N)}


def drawn(score):
    return RANDOM.random(N) < 1 / (1 + np.exp(-score))


def test_the_weights_that_made_the_outcomes_are_found():
    right = drawn(0.7 * SIGNS[TOP] - 0.5 * SIGNS[PRIOR] - 1.0)
    found = fit_confidence(SIGNS, right, names=(TOP, PRIOR, GATE))
    assert found.weights[TOP] == pytest.approx(0.7, abs=0.1)
    assert found.weights[PRIOR] == pytest.approx(-0.5, abs=0.1)
    assert found.offset == pytest.approx(-1.0, abs=0.3)
    assert GATE not in found.weights  # it never varies: it says nothing
    assert found(SIGNS).mean() == pytest.approx(right.mean(), abs=1e-3)


def test_a_probability_that_misleads_is_not_believed_but_never_turned_round():
    right = drawn(-1.0 * SIGNS[TOP])
    assert fit_confidence(SIGNS, right, names=(TOP,)).weights[TOP] == 0


def test_few_inquiries_leave_the_probability_nearly_as_it_stands():
    few = {TOP: np.array([-1.0, 1.0, 2.0])}
    found = fit_confidence(few, np.array([False, True, True]), names=(TOP,), penalty=100.0)
    assert found.weights[TOP] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("right", [np.ones(5, bool), np.zeros(5, bool)])
def test_outcomes_all_alike_give_a_number(right):
    found = fit_confidence({TOP: np.arange(5.0)}, right, names=(TOP,))
    assert np.isfinite(found({TOP: np.arange(5.0)})).all()
    constant = fit_confidence({TOP: np.ones(5)}, right, names=(TOP,))
    assert constant({TOP: np.ones(5)})[0] == pytest.approx((right.sum() + 1) / 7)


def test_the_threshold_of_acceptance_loses_as_few_right_answers_as_said():
    # 100 in scope, 90 of them right; 40 out of scope, most of them low.
    scope = np.r_[np.linspace(0.5, 1, 100), np.linspace(0.3, 0.7, 40)]
    right = np.r_[np.arange(100) >= 10, np.zeros(40, bool)]
    inside = np.arange(140) < 100
    accept = choose_accept(scope, right, inside, loss=0.05)
    kept = right & inside & (scope >= accept)
    assert kept.sum() == 85  # 90 right less 5 of 100
    assert (scope[~inside] < accept).mean() > 0.6
    assert choose_accept(scope, right, inside, loss=0) == scope[10]


def test_too_few_out_of_scope_refuse_nothing():
    scope, inside = np.linspace(0, 1, 50), np.arange(50) >= 19
    assert choose_accept(scope, inside, inside) is None
    assert choose_accept(scope, inside, inside, least=19) is not None
    assert choose_accept(np.ones(30), np.zeros(30, bool), np.zeros(30, bool)) is None
