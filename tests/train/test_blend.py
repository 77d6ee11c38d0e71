import numpy as np
import pytest

from train.blend import fit_blend, targets_of
from train.metrics import expected_calibration_error


def overconfident(n, *, sharpness, seed=0, labels=4):
    """Scores whose softmax at sharpness 1 is the truth, made too sure of themselves."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(n, labels)) * 1.5
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    drawn = (chances.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    return scores * sharpness, np.eye(labels, dtype=bool)[drawn]


def ece_of(blended, targets):
    first = blended[:, :-1].argmax(axis=1)
    right = targets[np.arange(len(targets)), first]
    return expected_calibration_error(blended.max(axis=1).tolist(), right.tolist())


def test_the_blend_finds_the_temperature_and_calibrates():
    scores, targets = overconfident(4000, sharpness=3)
    blend = fit_blend({"a": scores[:2000]}, targets[:2000], penalty=0)
    assert blend.weights["a"] == pytest.approx(1 / 3, rel=0.1)
    raw = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    before = ece_of(np.hstack([raw, np.zeros((len(raw), 1))])[2000:], targets[2000:])
    after = ece_of(blend({"a": scores[2000:]}), targets[2000:])
    assert before > 0.15
    assert after < 0.04


def test_a_voice_of_noise_gets_little():
    scores, targets = overconfident(1000, sharpness=1)
    noise = np.random.default_rng(1).normal(size=scores.shape)
    weights = fit_blend({"good": scores, "noise": noise}, targets).weights
    assert weights["good"] > 0.7
    assert 0 <= weights["noise"] < 0.15


def test_none_of_these_is_as_likely_as_it_occurs():
    scores, targets = overconfident(2000, sharpness=1)
    targets[:500] = False
    blend = fit_blend({"a": scores}, targets)
    assert blend({"a": scores})[:, -1].mean() == pytest.approx(0.25, abs=0.02)


def test_targets_by_hand():
    found = targets_of([("b", "x"), (), ("a", "b")], ["a", "b"])
    assert found.tolist() == [[False, True], [False, False], [True, True]]
