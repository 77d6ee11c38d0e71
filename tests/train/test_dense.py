import numpy as np
import pytest

from support.dense_voice import DenseVoice
from train.dense import fit_dense

CENTRES = np.eye(4)[:3]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, 200)
    vectors = CENTRES[ids] + 0.3 * rng.standard_normal((200, 4))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.eye(3, dtype=bool)[ids]


def test_it_finds_the_label_of_a_direction(rows):
    voice = fit_dense(*rows, penalty=0.1)
    assert voice.logits(CENTRES).argmax(axis=1).tolist() == [0, 1, 2]


def test_a_larger_penalty_makes_it_less_sure(rows):
    sure, calm = (np.ptp(fit_dense(*rows, penalty=p).logits(CENTRES)) for p in (0.01, 100))
    assert sure > 2 * calm


def test_save_and_load_round_trip(rows, tmp_path):
    voice = fit_dense(*rows)
    voice.save(tmp_path)
    loaded = DenseVoice.load(tmp_path)
    assert loaded is not None
    assert loaded.dim == 4
    np.testing.assert_allclose(loaded.logits(CENTRES), voice.logits(CENTRES), atol=1e-2)
    assert DenseVoice.load(tmp_path / "elsewhere") is None


def test_vectors_of_another_encoder_are_refused(rows):
    with pytest.raises(ValueError, match="4 dimensions"):
        fit_dense(*rows).logits(np.ones((2, 5)))
