import numpy as np
import pytest

from support.features import Features
from train.factored import FactoredConfig, fit_factored

CONFIG = FactoredConfig(dim=16, looks=3000, batch_size=8)
TEXTS = [
    text
    for n in range(8)
    for text in (f"환불 언제 되나요 {n}", f"배송 조회 안 돼요 {n}", f"계정 탈퇴할래요 {n}")
]
TARGETS = np.tile(np.eye(3, dtype=bool), (8, 1))


@pytest.fixture(scope="module")
def features():
    return Features.fit(TEXTS)


def test_learns_what_it_was_shown(features):
    weights = fit_factored(features.transform(TEXTS), TARGETS, config=CONFIG)
    assert weights.weights.shape == (len(features), 3)
    scores = weights(features.transform(["환불은 언제", "배송이 안 돼요", "탈퇴하고 싶어요"]))
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


def test_an_inquiry_of_two_labels_is_for_both(features):
    targets = TARGETS.copy()
    targets[targets[:, 0], 1] = True  # each refund is also a delivery
    weights = fit_factored(features.transform(TEXTS), targets, config=CONFIG)
    (scores,) = weights(features.transform(["환불 언제 되나요"]))
    assert min(scores[0], scores[1]) > scores[2]


def test_the_seed_decides(features):
    rows = features.transform(TEXTS)
    one, again, other = (
        fit_factored(rows, TARGETS, config=CONFIG, seed=seed)(rows) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3


def test_progress_rises_to_one_and_may_cancel(features):
    told = []
    fit_factored(features.transform(TEXTS), TARGETS, config=CONFIG, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1

    def cancel(share):
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        fit_factored(features.transform(TEXTS), TARGETS, config=CONFIG, progress=cancel)


@pytest.mark.parametrize(("n", "epochs"), [(100, 40), (10_000, 10), (1_000_000, 2)])
def test_few_inquiries_are_read_more_often(n, epochs):
    assert FactoredConfig(looks=100_000).num_epochs(n) == epochs


def test_settings_that_cannot_work_are_refused(features):
    with pytest.raises(ValueError, match=r"left_out must be in \[0, 1\), got 1"):
        FactoredConfig(left_out=1)
    with pytest.raises(ValueError, match="n_seeds must be 1 or more, got 0"):
        fit_factored(features.transform(TEXTS), TARGETS, n_seeds=0)
