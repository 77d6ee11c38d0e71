"""The demo's pictures: the same for a name, another for another, and reposts are known again."""

import io
import itertools

import pytest
from PIL import Image

import data
from listings.clean_pictures import DISTANCE, tells, to_hashes
from listings.pictures import perceptual_hash
from support.errors import InputError
from web.cli.demo_listings import pictures_of
from web.cli.demo_motifs import MOTIFS
from web.cli.demo_pictures import SOON, draw


def hashed(name):
    with Image.open(io.BytesIO(draw(name))) as picture:
        return int(perceptual_hash(picture.convert("RGB")), 16)


@pytest.fixture(scope="module")
def hashes():
    """Of every picture that a listing of the sample has."""
    names = {name for row in data.rows("moderation_listings") for name in row["pictures"].split()}
    for number, row in enumerate(data.rows("listings"), 1):
        names |= set(pictures_of(row["category"], number))
    return {name: hashed(name) for name in sorted(names)}


def original(name):
    return "-".join(name.removesuffix(".jpg").split("-")[:2])


def test_every_motif_is_drawn_and_drawn_alike_again():
    for motif in MOTIFS:
        assert draw(f"{motif}-7.jpg") == draw(f"{motif}-7.jpg")
    assert draw("bag-7.jpg") != draw("bag-8.jpg")


@pytest.mark.parametrize("name", ["bag.jpg", "bag-7", "spoon-1.jpg", "bag-7-turned.jpg", ""])
def test_an_unknown_picture_is_named(name):
    with pytest.raises(InputError, match="No picture"):
        draw(name)


def test_a_picture_of_another_thing_is_another_picture(hashes):
    apart = [
        ((one ^ other).bit_count(), first, second)
        for (first, one), (second, other) in itertools.combinations(hashes.items(), 2)
        if original(first) != original(second)
    ]
    assert min(apart)[0] > DISTANCE, min(apart)
    assert tells(to_hashes([f"{one:016x}" for one in hashes.values()])).all()


def test_a_picture_that_is_posted_again_is_known_again_unless_it_is_mirrored(hashes):
    again = [name for name in hashes if name.count("-") == 2]
    assert {name.rpartition("-")[2] for name in again} == {"small.jpg", "crop.jpg", "mirror.jpg"}
    for name in again:
        bits = (hashes[name] ^ hashes[f"{original(name)}.jpg"]).bit_count()
        assert (bits <= DISTANCE) != ("mirror" in name), (name, bits)


def test_photos_follow_is_a_picture_too(hashes):
    assert SOON in hashes
