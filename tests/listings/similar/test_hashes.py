"""Hashes are found by the bits that differ, whatever was added, removed and saved between."""

import numpy as np
import pytest

from listings.similar.hashes import HashIndex
from support.errors import ModelDamagedError

ONE = 0x0F0F_0F0F_0F0F_0F0F


def ids(*values):
    return np.array(values, np.int64)


def hashes(*values):
    return np.array(values, np.uint64)


@pytest.fixture
def made():
    index = HashIndex()
    index.add(ids(10, 7, 3), hashes(ONE, ONE ^ 0b111, ONE ^ 0xFF))
    return index


def test_finds_those_that_differ_in_few_bits_nearest_first(made):
    assert made.near(ONE) == [(10, 0), (7, 3)]
    assert made.near(ONE, distance=8) == [(10, 0), (7, 3), (3, 8)]
    assert made.near(ONE, allow=ids(3, 7)) == [(7, 3)]


def test_replaces_and_removes(made):
    made.near(ONE)  # sorted in
    made.add(ids(7), hashes(~ONE & (2**64 - 1)))
    made.remove(ids(10, 99))
    assert made.near(ONE) == []
    assert len(made) == 2


def test_plain_colours_are_neither_kept_nor_looked_for(made):
    made.add(ids(1), hashes(1))
    assert len(made) == 3
    assert made.near(1) == []


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_snapshot_comes_back(size, tmp_path):
    index = HashIndex()
    index.add(np.arange(size), hashes(*(ONE ^ bit for bit in range(size))))
    index.snapshot(tmp_path)
    again = HashIndex.load(tmp_path)
    assert len(again) == size
    assert again.near(ONE) == index.near(ONE)
    again.add(ids(50), hashes(ONE))
    assert (50, 0) in again.near(ONE)


def test_a_damaged_file_is_refused(tmp_path):
    with pytest.raises(ModelDamagedError, match="faqdesk similar index"):
        HashIndex.load(tmp_path)
    (tmp_path / "hashes.npy").write_bytes(b"x")
    with pytest.raises(ModelDamagedError):
        HashIndex.load(tmp_path)


def test_many_newer_ones_are_sorted_in(monkeypatch):
    monkeypatch.setattr("listings.similar.hashes.MOST_NEWER", 2)
    index = HashIndex()
    index.add(ids(9, 1, 5), hashes(ONE, ONE ^ 1, ONE ^ 3))
    assert index.near(ONE) == [(9, 0), (1, 1), (5, 2)]
    with pytest.raises(ValueError, match="as many"):
        index.add(ids(1), hashes())
