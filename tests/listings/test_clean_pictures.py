"""Near duplicates of pictures, against all pairs compared one by one."""

import numpy as np
import pytest

from listings.clean_groups import Groups
from listings.clean_pictures import near_pictures, tells, to_hashes
from listings.pictures import perceptual_hash, read_picture


def test_every_pair_within_the_distance_is_joined_and_no_other():
    random = np.random.default_rng(7)
    hashes = random.integers(0, 2**64, size=400, dtype=np.uint64)
    for place in range(0, 200, 4):  # some near ones, 1 to 6 bits away
        flipped = random.choice(64, size=1 + place % 6, replace=False)
        change = np.bitwise_or.reduce(np.uint64(1) << flipped.astype(np.uint64))
        hashes[place + 200] = hashes[place] ^ change
    hashes[399] = hashes[0]
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    for distance in (0, 2, 4, 6):
        truth, groups = Groups(400), Groups(400)
        truth.join((int(a), int(b)) for a, b in zip(*np.nonzero(apart <= distance), strict=True))
        groups.join(near_pictures(hashes, distance=distance))
        assert groups.members() == truth.members()


def test_a_plain_colour_is_like_nothing():
    hashes = to_hashes(["8000000000000000", "8000000000000000", "f0f0f0f0f0f0f0f0"])
    assert tells(hashes).tolist() == [False, False, True]
    assert near_pictures(hashes) == []


def test_a_photo_made_smaller_and_compressed_again_is_near(photos):
    written = [
        perceptual_hash(read_picture(data, name="photo"))
        for data in (photos(1), photos(1, size=60, kind="JPEG", quality=50), photos(2), photos(3))
    ]
    assert near_pictures(to_hashes(written)) == [(0, 1)]


def test_a_distance_beyond_sense_is_refused():
    with pytest.raises(ValueError, match="16"):
        near_pictures(to_hashes([]), distance=16)
