import numpy as np
import pytest

from support.features import FeatureConfig, Features
from train.linear import fit_logistic, fit_svm, mix

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


def test_the_two_ways_to_multiply_agree(rows, monkeypatch):
    dense = fit_logistic(rows, TARGETS)(rows)
    monkeypatch.setattr("train.linear._DENSE_ROWS", 0)
    np.testing.assert_allclose(fit_logistic(rows, TARGETS)(rows), dense, atol=1e-2)


def test_mixing_is_a_weighted_sum(rows):
    one, two = fit_logistic(rows, TARGETS), fit_svm(rows, TARGETS)
    mixed = mix([(0.5, one), (2.0, two)])
    np.testing.assert_allclose(mixed(rows), 0.5 * one(rows) + 2 * two(rows), atol=1e-5)
