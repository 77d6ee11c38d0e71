"""A space learned from drawn things finds another photo of the same thing."""

import numpy as np
import pytest

from listings.similar.colour_words import PARTS, ColourWords, seen
from listings.similar.picture_space import PictureSpace
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


def test_lab_by_hand():
    # White is all light and no hue; red lies far out on both axes; grey between black and white.
    found = seen(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [119, 119, 119]], np.uint8))
    np.testing.assert_allclose(found[0], [60, 0, 0], atol=0.1)
    np.testing.assert_allclose(found[1], [0, 0, 0], atol=0.3)
    np.testing.assert_allclose(found[2], [0.6 * 53.2, 80.1, 67.2], atol=0.5)
    np.testing.assert_allclose(found[3], [0.6 * 50, 0, 0], atol=0.2)


def test_colours_by_hand():
    picture = np.zeros((1, 48, 48, 3), np.uint8)
    picture[0, :, :24, 0] = 255  # the left half is red
    black_and_red = seen(np.array([[0, 0, 0], [255, 0, 0]], np.uint8))
    found = ColourWords(black_and_red, 1.0).describe(picture).reshape(PARTS, 2) ** 2
    assert found.sum(axis=1) == pytest.approx(np.ones(PARTS), abs=1e-5)
    whole, upper_left, upper_right, lower_left, lower_right, middle, around = found[:, 1]
    assert (upper_left, lower_left) == pytest.approx((1, 1), abs=1e-5)
    assert (upper_right, lower_right) == pytest.approx((0, 0), abs=1e-5)
    assert (whole, middle, around) == pytest.approx((0.5, 0.5, 0.5), abs=1e-5)


def test_a_colour_between_two_is_shared_by_them():
    centres = np.array([[0, 0, 0], [60, 0, 0]], np.float32)
    grey = np.full((1, 48, 48, 3), 119, np.uint8)
    dark, light = ColourWords(centres, 30.0).describe(grey).reshape(PARTS, 2)[0] ** 2
    assert dark == pytest.approx(0.5, abs=0.03)
    assert dark + light == pytest.approx(1, abs=1e-5)


def test_photos_of_one_colour_alone_are_learned_from_without_trouble():
    space = fit_space(np.full((40, 96, 96, 3), 255, np.uint8), list(range(40)), filters=4)
    vectors = space.encode(np.full((2, 96, 96, 3), 255, np.uint8))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_too_few_photos_and_none(picture_space):
    with pytest.raises(TooFewLabelsError, match="32"):
        fit_space(np.zeros((3, 96, 96, 3), np.uint8), [1, 2, 3])
    assert picture_space.encode(np.zeros((0, 96, 96, 3), np.uint8)).shape == (0, picture_space.dim)
