import numpy as np
import pytest

from support.features import FeatureConfig, Features
from support.linear import Gate, LinearVoice

TEXTS = ["환불 해주세요", "환불 언제 되나요", "배송 언제 와요", "배송 조회 안됨"]


@pytest.fixture
def voice():
    features = Features.fit(TEXTS, config=FeatureConfig(min_count=1))
    weights = np.random.default_rng(0).normal(size=(len(features), 3)).astype(np.float32)
    return LinearVoice.quantise(features, weights, np.array([0.1, 0, -0.1], np.float32)), weights


def test_rounded_weights_give_nearly_the_same_scores(voice):
    rounded, weights = voice
    exact = rounded.features.transform(TEXTS) @ weights + rounded.bias
    exact -= exact.mean(axis=1, keepdims=True)
    found = rounded.logits(TEXTS)
    found -= found.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found, exact, atol=0.05)


def test_probabilities_sum_to_one(voice):
    np.testing.assert_allclose(voice[0].predict([*TEXTS, "xyz"]).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("text", ["환불 언제 와요 환불", "Hello 배송조회 안 됨!", "xyz"])
def test_the_words_parts_sum_to_the_score(voice, text):
    parts = voice[0].contributions(text, [1])[0]
    score = voice[0].logits([text])[0, 1] - voice[0].bias[1]
    assert sum(part.weight for part in parts) == pytest.approx(score, abs=1e-5)


def test_a_text_without_a_word_has_no_parts(voice):
    assert voice[0].contributions("?! …", [0, 2]) == [[], []]


def test_the_strongest_word_comes_first(voice):
    weights = [abs(part.weight) for part in voice[0].contributions("환불 언제 와요", [0])[0]]
    assert weights == sorted(weights, reverse=True)


def test_save_load_round_trip(voice, tmp_path):
    voice[0].save(tmp_path)
    np.testing.assert_array_equal(LinearVoice.load(tmp_path).logits(TEXTS), voice[0].logits(TEXTS))


def test_the_gate_is_a_column_of_its_own_and_survives_a_round_trip(voice, tmp_path):
    plain, _ = voice
    assert not plain.has_gate
    assert plain.gate(TEXTS).tolist() == [0, 0, 0, 0]
    column = np.linspace(-1, 1, len(plain.features), dtype=np.float32)
    gated = LinearVoice(
        plain.features, plain.weights, plain.scales, plain.bias, Gate.quantise(column, 0.5)
    )
    expected = plain.features.transform(TEXTS) @ column + 0.5
    np.testing.assert_allclose(gated.gate(TEXTS), expected, atol=0.02)
    gated.save(tmp_path)
    np.testing.assert_allclose(LinearVoice.load(tmp_path).gate(TEXTS), gated.gate(TEXTS), atol=1e-6)


def test_the_most_telling_words_are_the_first_of_all(voice):
    text = "환불 언제 와요 환불 조회 안됨 배송"
    for label in range(3):
        every = voice[0].contributions(text, [label])[0]
        telling = [part for part in every if part.weight > 0]
        for most in (1, 2, 100):
            assert voice[0].contributions(text, [label], most=most)[0] == telling[:most]
