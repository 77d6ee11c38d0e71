"""A space learned from drawn things finds another photo of the same thing."""

import numpy as np
import pytest

from listings.similar.picture_space import COLOURS, PictureSpace, colours
from support.artifact import write_artifact
from support.errors import ModelDamagedError, ModelMissingError, TooFewLabelsError
from tests.listings import drawn
from train.picture_space import fit_space


def test_another_photo_of_a_thing_it_never_saw_is_near(picture_space):
    pixels, groups = drawn.photographed(90)
    unseen = slice(2 * 60, None)
    vectors = picture_space.encode(np.stack(pixels[unseen]))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    nearest = np.array(groups[unseen])[likeness.argmax(axis=1)]
    assert np.mean(nearest == np.array(groups[unseen])) >= 0.8


def test_a_saved_space_says_the_same(picture_space, drawn_photos, tmp_path):
    folder = tmp_path / "similar"
    write_artifact(folder, kind="similar", config={}, files=picture_space.save, metrics={})
    again = PictureSpace.load(folder)
    some = drawn_photos[0][:3]
    np.testing.assert_array_equal(again.encode(some), picture_space.encode(some))
    assert len(again.version) == 12
    (folder / "space.safetensors").write_bytes(b"x")
    with pytest.raises(ModelDamagedError):
        PictureSpace.load(folder)
    with pytest.raises(ModelMissingError):
        PictureSpace.load(tmp_path / "none")


def test_colours_by_hand():
    red = np.zeros((1, 4, 4, 3), np.uint8)
    red[0, :, :2, 0] = 255  # the left half
    found = colours(red).reshape(5, -1) ** 2
    assert found.shape == (5, COLOURS // 5)
    assert found.sum(axis=1) == pytest.approx(np.ones(5))
    assert found[0].max() == pytest.approx(0.5)  # half red, half black
    assert found[1, 48] == pytest.approx(1)  # upper left: red alone


def test_too_few_photos_and_none(picture_space):
    with pytest.raises(TooFewLabelsError, match="32"):
        fit_space(np.zeros((3, 96, 96, 3), np.uint8), [1, 2, 3])
    assert picture_space.encode(np.zeros((0, 96, 96, 3), np.uint8)).shape == (0, picture_space.dim)
