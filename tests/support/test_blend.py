import numpy as np
import pytest

from support.blend import Blend, log_normalize


def test_blend_by_hand():
    # Two voices agree on the odds 4 : 1; weights of one half each leave them so.
    voice = np.log(np.array([[0.8, 0.2]], dtype=np.float32))
    mixed = Blend({"a": 0.5, "b": 0.5}, none=np.log(0.25))({"a": voice, "b": voice})
    np.testing.assert_allclose(mixed, [[0.64, 0.16, 0.2]], rtol=1e-5)


def test_rows_sum_to_one_and_a_constant_changes_nothing():
    generator = np.random.default_rng(0)
    voice = generator.normal(size=(5, 4)).astype(np.float32)
    blend = Blend({"a": 1.3}, none=-2.0)
    mixed = blend({"a": voice})
    assert mixed.sum(axis=1) == pytest.approx(1)
    np.testing.assert_allclose(blend({"a": voice + 7}), mixed, rtol=1e-5)


def test_log_normalize_survives_large_scores():
    np.testing.assert_allclose(np.exp(log_normalize(np.array([[1000.0, 1000.0]]))), [[0.5, 0.5]])
