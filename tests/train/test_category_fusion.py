"""Stacking: what is learned from held-out rows."""

import numpy as np
import pytest

from train.category_fusion import OWN, SHARED, fit_fusion, log_loss
from train.metrics import expected_calibration_error


def noisy(labels, share, *, seed, sure=0.9, wide=4):
    """Log-probabilities of a voice that is right in a share and always as sure."""
    draw = np.random.default_rng(seed)
    right = draw.random(len(labels)) < share
    said = np.where(right, labels, (labels + draw.integers(1, wide, len(labels))) % wide)
    found = np.full((len(labels), wide), (1 - sure) / (wide - 1), np.float32)
    found[np.arange(len(labels)), said] = sure
    return np.log(found)


LABELS = np.random.default_rng(0).integers(0, 4, 600)


def test_a_voice_that_is_too_sure_is_calibrated():
    loud = noisy(LABELS, 0.6, seed=1, sure=0.99)
    fitted = fit_fusion({"loud": loud}, LABELS)
    found = fitted.held_out
    right = found.argmax(axis=1) == LABELS
    assert expected_calibration_error(found.max(axis=1).tolist(), right.tolist()) < 0.03
    assert expected_calibration_error([0.99] * 600, right.tolist()) > 0.3
    assert (fitted.fusion.weights < 0.5).all()
    assert fitted.log_loss == pytest.approx(log_loss(found, LABELS))


def test_the_better_voice_weighs_more_and_noise_nothing():
    voices = {
        "good": noisy(LABELS, 0.8, seed=1),
        "fair": noisy(LABELS, 0.5, seed=2),
        "noise": noisy(LABELS, 0.25, seed=3),
    }
    fusion = fit_fusion(voices, LABELS).fusion
    weights = dict(zip(fusion.voices, fusion.weights.mean(axis=1), strict=True))
    assert weights["good"] > weights["fair"] > 0.2
    assert weights.get("noise", 0) < 0.1


def test_voices_that_tell_everything_apart_stay_in_doubt_where_they_disagree():
    sure = noisy(LABELS, 1.0, seed=1, sure=0.8)[:90]
    fusion = fit_fusion({"a": sure, "b": sure}, LABELS[:90]).fusion
    assert fusion.weights.sum(axis=0).max() < 6
    torn = fusion({"a": sure[LABELS[:90] == 0][:1], "b": sure[LABELS[:90] == 1][:1]})
    assert torn.max() < 0.9


def test_together_they_are_right_more_often_than_alone():
    voices = {"a": noisy(LABELS, 0.7, seed=1), "b": noisy(LABELS, 0.6, seed=2)}
    both = fit_fusion(voices, LABELS)
    alone = fit_fusion({"a": voices["a"]}, LABELS)
    assert both.log_loss < alone.log_loss
    assert (both.held_out.argmax(1) == LABELS).mean() >= (alone.held_out.argmax(1) == LABELS).mean()


def test_a_label_has_weights_of_its_own_where_there_are_rows_to_learn_them():
    """What the voice says of the first label is a throw of the dice."""
    voice = noisy(LABELS, 0.9, seed=1)
    voice[:, 0] = np.random.default_rng(2).normal(-2, 1.5, len(LABELS))
    many = fit_fusion({"a": voice}, LABELS)
    assert many.form == OWN
    first, *others = many.fusion.weights[0]
    assert first < min(others) - 0.1
    few = fit_fusion({"a": voice[:30]}, LABELS[:30])
    assert (np.ptp(few.fusion.weights, axis=1) == 0).all()  # no label has 20 of 30 rows


def test_a_voice_that_weighs_nothing_is_left_out():
    """It is sure of the label after the right one."""
    voices = {"good": noisy(LABELS, 0.9, seed=1), "wrong": noisy((LABELS + 1) % 4, 1, seed=2)}
    assert fit_fusion(voices, LABELS).fusion.voices == ("good",)


def test_what_is_common_is_learned_as_a_bias():
    labels = np.where(np.random.default_rng(1).random(600) < 0.7, 0, LABELS)
    fitted = fit_fusion({"a": noisy(labels, 0.4, seed=1, sure=0.4)}, labels)
    assert fitted.form != SHARED
    assert fitted.fusion.bias.argmax() == 0


def test_folds_do_not_cut_groups():
    """Every row stands twice: a fusion that saw one of both could not do better on the other."""
    voice = {"a": noisy(np.repeat(LABELS[:100], 2), 0.5, seed=1)}
    labels = np.repeat(LABELS[:100], 2)
    fitted = fit_fusion(voice, labels, groups=np.repeat(np.arange(100), 2).tolist())
    assert fitted.held_out.shape == (200, 4)
    np.testing.assert_allclose(fitted.held_out.sum(axis=1), 1)


def test_too_little_is_refused():
    with pytest.raises(ValueError, match="got 1 and 1"):
        fit_fusion({"a": noisy(LABELS[:1], 1, seed=0)}, LABELS[:1])
