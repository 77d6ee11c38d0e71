import numpy as np
import pytest

from support.calibration import Scale
from train.blend import fit_blend, targets_of
from train.calibrate import calibrate, fit_scale
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


def test_scale_corrects_what_is_too_sure():
    generator = np.random.default_rng(0)
    truth = generator.random(5000)
    right = generator.random(5000) < truth
    sure = Scale(2.0, 0.5)(truth)
    fixed = fit_scale(sure, right)(sure)
    assert expected_calibration_error(sure.tolist(), right.tolist()) > 0.08
    assert expected_calibration_error(fixed.tolist(), right.tolist()) < 0.03


def test_calibrate_keeps_the_stated_shares_on_new_inquiries():
    scores, targets = overconfident(3000, sharpness=2)
    calibration, held_out = calibrate(
        {"a": scores[:1500]}, targets[:1500], share_right=0.8, share_right_three=0.5
    )
    assert ece_of(held_out.blended, targets[:1500]) < 0.05
    blended = calibration.blend({"a": scores[1500:]})[:, :-1]
    first = calibration.first(blended.max(axis=1))
    right = targets[1500:][np.arange(1500), blended.argmax(axis=1)]
    assert calibration.likely.threshold is not None
    shown = first >= calibration.likely.threshold
    assert right[shown].mean() == pytest.approx(0.8, abs=0.06)
    assert shown.mean() == pytest.approx(calibration.likely.coverage, abs=0.06)


def test_calibration_round_trip():
    scores, targets = overconfident(200, sharpness=1)
    calibration, _ = calibrate({"a": scores}, targets, share_right=0.8, share_right_three=0.5)
    copy = type(calibration).from_dict(calibration.as_dict())
    assert copy.blend == calibration.blend
    assert copy.likely == calibration.likely
    assert copy.promises.look_up(0.6) == calibration.promises.look_up(0.6)


def test_targets_by_hand():
    found = targets_of([("b", "x"), (), ("a", "b")], ["a", "b"])
    assert found.tolist() == [[False, True], [False, False], [True, True]]
