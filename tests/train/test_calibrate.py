import numpy as np
import pytest

from support.calibration import Calibration, Scale
from support.confidence import GATE, PRIOR
from support.recommender import ENOUGH
from train.as_of import HELD_OUT
from train.calibrate import Part, calibrate, join
from train.confidence import fit_scale
from train.examples import Example, split_by_fraction
from train.metrics import expected_calibration_error

STATED = {"share_right": 0.8, "share_right_three": 0.5}


def overconfident(n, *, sharpness=2.0, seed=0, labels=4):
    """Scores whose softmax at sharpness 1 is the truth, made too sure of themselves."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(n, labels)) * 1.5
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    drawn = (chances.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    return scores * sharpness, np.eye(labels, dtype=bool)[drawn]


def judged(calibration, scores, targets, **evidence):
    found = calibration.judge(calibration.blend({"a": scores}), **evidence)
    first = np.array([sure.first for sure in found.sure])
    return found, first, targets[np.arange(len(targets)), found.ranked[:, 0]]


def test_scale_corrects_what_is_too_sure():
    generator = np.random.default_rng(0)
    truth = generator.random(5000)
    right = generator.random(5000) < truth
    sure = Scale(2.0, 0.5)(truth)
    fixed = fit_scale(sure, right)(sure)
    assert expected_calibration_error(sure.tolist(), right.tolist()) > 0.08
    assert expected_calibration_error(fixed.tolist(), right.tolist()) < 0.03


def test_stated_shares_are_kept_on_new_inquiries():
    scores, targets = overconfident(3000)
    calibration, held_out = calibrate({"a": scores[:1500]}, targets[:1500], **STATED)
    held = held_out.probabilities.tolist()
    assert expected_calibration_error(held, held_out.right.tolist()) < 0.04
    found, first, right = judged(calibration, scores[1500:], targets[1500:])
    assert expected_calibration_error(first.tolist(), right.tolist()) < 0.04
    shown = np.array([calibration.decide(sure).band == "likely" for sure in found.sure])
    assert right[shown].mean() == pytest.approx(0.8, abs=0.06)
    assert shown.mean() == pytest.approx(calibration.likely.coverage, abs=0.06)


def test_what_is_common_and_wrong_is_promised_less():
    # The voice favours label 0, which is common among what was learned, beyond its due.
    scores, targets = overconfident(3000, sharpness=1.0)
    scores[:, 0] += 1.5
    prior = np.array([0.7, 0.1, 0.1, 0.1])
    plain, _ = calibrate({"a": scores[:1500]}, targets[:1500], **STATED)
    aware, _ = calibrate({"a": scores[:1500]}, targets[:1500], prior=prior, **STATED)
    assert aware.confidence[0].weights[PRIOR] < -0.2
    _, before, right = judged(plain, scores[1500:], targets[1500:])
    _, after, _ = judged(aware, scores[1500:], targets[1500:], prior=prior)

    def gap(probabilities, favoured):
        first = scores[1500:].argmax(axis=1) == 0
        among = first if favoured else ~first
        return abs(probabilities[among].mean() - right[among].mean())

    assert gap(before, True) > 2 * gap(after, True)
    assert gap(before, False) > 2 * gap(after, False)


def test_what_is_out_of_scope_is_refused_by_its_gate():
    scores, targets = overconfident(2000)
    outside = np.arange(2000) % 5 == 0
    targets[outside] = False
    gate = np.random.default_rng(1).normal(size=2000) + 4 * outside
    calibration, held_out = calibrate({"a": scores}, targets, gate=gate, **STATED)
    assert calibration.confidence[0].weights[GATE] < 0
    assert (held_out.scope[outside] < calibration.accept).mean() > 0.8
    right = held_out.right & ~outside
    assert (held_out.scope[right] < calibration.accept).mean() < 0.03


def test_ties_are_shown_as_two_where_two_hold_the_right_one():
    # Of four labels two are always out of the question, the other two are as good as each other.
    generator = np.random.default_rng(0)
    pair = generator.integers(0, 2, 600)
    scores = generator.normal(0, 0.02, (600, 4))
    scores[np.arange(600), 2 * pair] += 5
    scores[np.arange(600), 2 * pair + 1] += 5
    drawn = 2 * pair + generator.integers(0, 2, 600)
    targets = np.eye(4, dtype=bool)[drawn]
    calibration, _ = calibrate({"a": scores}, targets, **STATED)
    assert calibration.likely.threshold is None
    found, _, _ = judged(calibration, scores, targets)
    decisions = [calibration.decide(sure) for sure in found.sure]
    assert all(decision.band == "possible" and decision.tie for decision in decisions)
    assert decisions[0].promise.share == 1


def test_too_little_evidence_promises_nothing():
    scores, targets = overconfident(8)
    calibration, _ = calibrate({"a": scores}, targets, **STATED)
    assert not calibration.proven
    assert calibration.accept is None


def test_round_trip():
    scores, targets = overconfident(400)
    before, _ = calibrate({"a": scores}, targets, prior=np.full(4, 0.25), **STATED)
    after = Calibration.from_dict(before.as_dict())
    assert after.as_dict() == before.as_dict()
    assert judged(after, scores, targets)[0].sure == judged(before, scores, targets)[0].sure


def test_held_out_parts_are_joined_row_by_row():
    scores, targets = overconfident(10)
    one = Part({"a": scores[:6]}, targets[:6], {"h": scores[:6]})
    two = Part({"a": scores[6:]}, targets[6:], {"h": scores[6:]})
    both = join([one, two])
    np.testing.assert_array_equal(both.voices["a"], scores)
    np.testing.assert_array_equal(both.heads["h"], scores)
    np.testing.assert_array_equal(both.targets, targets)
    with pytest.raises(ValueError, match="same labels, got 3 beside 4"):
        join([one, Part({"a": scores[:, :3]}, targets[:, :3], {"h": scores})])
    with pytest.raises(ValueError, match="same voices"):
        join([one, Part({"b": scores}, targets, {"h": scores})])


def test_what_is_said_to_be_enough_leaves_enough_to_calibrate_on():
    assert split_by_fraction_of(ENOUGH) >= 10 > split_by_fraction_of(ENOUGH - 4)


def split_by_fraction_of(count):
    examples = [Example(str(i), ("a",), "2026", i) for i in range(count)]
    return len(split_by_fraction(examples, train=1 - HELD_OUT, validation=HELD_OUT).validation)
