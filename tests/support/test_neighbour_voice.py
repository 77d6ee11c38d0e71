import numpy as np
import pytest

from support.neighbour_voice import NeighbourConfig, NeighbourVoice

PRIOR = np.array([0.5, 0.3, 0.2], dtype=np.float32)


@pytest.fixture
def voice():
    config = NeighbourConfig(top_k=2, sharpness=np.log(3) / 0.1, smoothing=0.0)
    return NeighbourVoice(["a", "b", "c"], PRIOR + 1e-9, config)


def test_a_neighbour_nearer_by_a_tenth_counts_three_times(voice):
    with np.errstate(divide="ignore"):
        found = voice.log_probabilities([[(("b",), 0.8), (("a",), 0.9), (("c",), 0.5)]])
    np.testing.assert_allclose(np.exp(found), [[0.75, 0.25, 0]], atol=1e-6)


def test_neighbours_without_a_label_are_no_evidence(voice):
    with np.errstate(divide="ignore"):
        found = voice.log_probabilities([[((), 0.99), (("b",), 0.5)]])
    np.testing.assert_allclose(np.exp(found), [[0, 1, 0]], atol=1e-6)


def test_without_neighbours_the_prior_speaks(voice):
    np.testing.assert_allclose(np.exp(voice.log_probabilities([[], []])), [PRIOR, PRIOR], rtol=1e-4)


def test_neighbours_of_unknown_labels_leave_the_prior():
    voice = NeighbourVoice(["a", "b", "c"], PRIOR, NeighbourConfig())
    found = np.exp(voice.log_probabilities([[(("old",), 0.9)]]))
    np.testing.assert_allclose(found, [PRIOR], rtol=1e-4)
