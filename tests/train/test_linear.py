import numpy as np
import pytest
from scipy import sparse
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from support.features import FeatureConfig, Features
from train.linear import fit_gate, fit_logistic, fit_svm, mix

TEXTS = ["환불 해주세요", "환불 언제", "배송 언제 와요", "배송 조회", "계정 탈퇴", "계정 정지 환불"]
TARGETS = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1]], dtype=bool)


@pytest.fixture
def rows():
    return Features.fit(TEXTS, config=FeatureConfig(min_count=1)).transform(TEXTS)


@pytest.mark.parametrize("fit", [fit_logistic, fit_svm])
def test_learns_what_it_was_shown(rows, fit):
    scores = fit(rows, TARGETS)(rows)
    assert TARGETS[np.arange(len(TEXTS)), scores.argmax(axis=1)].all()


def test_an_inquiry_of_two_labels_is_for_both(rows):
    scores = fit_svm(rows, TARGETS, cost=10)(rows)
    assert scores[5, 0] > scores[5, 1]
    assert scores[5, 2] > scores[5, 1]


def test_progress_may_cancel(rows):
    def cancel(share):
        raise RuntimeError("cancelled")

    for fit in (fit_logistic, fit_svm):
        with pytest.raises(RuntimeError, match="cancelled"):
            fit(rows, TARGETS, progress=cancel)


def test_finds_the_same_minimum_as_scikit_learn(rows):
    reference = LogisticRegression(C=1.0, max_iter=1000, tol=1e-8)
    reference.fit(sparse.csr_matrix(rows)[:5], [0, 0, 1, 1, 2])
    found = fit_logistic(rows[:5], TARGETS[:5], penalty=1.0, num_iterations=200)
    expected = reference.predict_proba(sparse.csr_matrix(rows))
    # Theirs leaves the bias free, ours is held by a hundredth of the penalty.
    np.testing.assert_allclose(softmax(found(rows), axis=1), expected, atol=0.02)


def test_margins_are_those_of_a_linear_svm(rows):
    found = fit_svm(rows, TARGETS, cost=1.0, num_iterations=200)(rows)
    for label in range(3):
        machine = LinearSVC(C=1.0, random_state=0, tol=1e-6, intercept_scaling=10)
        machine.fit(sparse.csr_matrix(rows), TARGETS[:, label])
        expected = machine.decision_function(sparse.csr_matrix(rows))
        np.testing.assert_allclose(found[:, label], expected, atol=0.03)


@pytest.mark.parametrize("fit", [fit_logistic, fit_svm])
def test_threads_change_nothing(rows, fit, monkeypatch):
    alone = fit(rows, TARGETS, n_threads=1)(rows)
    monkeypatch.setattr("train.solver._SMALL", 0)
    np.testing.assert_allclose(fit(rows, TARGETS, n_threads=3)(rows), alone, atol=1e-3)


def test_no_threads_are_refused(rows):
    with pytest.raises(ValueError, match="n_threads must be 1 or more, got 0"):
        fit_svm(rows, TARGETS, n_threads=0)


def test_the_gate_rises_for_what_no_faq_answered():
    asked = [f"환불 {n}번 언제" for n in range(30)]
    odd = [f"날씨 {n}번 어때" for n in range(30)]
    features = Features.fit([*asked, *odd])
    gate = fit_gate(features.transform([*asked, *odd]), np.arange(60) >= 30)
    assert gate is not None
    inside, outside = gate(features.transform(["환불 언제 돼요", "오늘 날씨 어때"]))
    assert inside[0] < 0 < outside[0]


def test_too_few_out_of_scope_make_no_gate(rows):
    assert fit_gate(rows, np.arange(len(TEXTS)) == 0) is None


def test_mixing_is_a_weighted_sum(rows):
    one, two = fit_logistic(rows, TARGETS), fit_svm(rows, TARGETS)
    mixed = mix([(0.5, one), (2.0, two)])
    np.testing.assert_allclose(mixed(rows), 0.5 * one(rows) + 2 * two(rows), atol=1e-5)
