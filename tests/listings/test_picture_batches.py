import numpy as np
import pytest
from PIL import Image

from listings.picture_batches import read_batches, read_square
from support.errors import PictureError
from tests.listings.drawn import draw


def test_a_picture_becomes_a_square_and_keeps_its_colours(tmp_path):
    path = tmp_path / "wide.png"
    picture = Image.new("RGB", (200, 50), (10, 20, 30))
    picture.paste((200, 100, 50), (100, 0, 200, 50))
    picture.save(path)
    square = read_square(path, 32)
    assert square.shape == (32, 32, 3)
    assert square.dtype == np.uint8
    assert square[16, 4].tolist() == [10, 20, 30]
    assert square[16, 28].tolist() == [200, 100, 50]


def test_a_large_jpeg_read_small_looks_like_the_whole_one_made_small(tmp_path):
    path = tmp_path / "large.jpg"
    ramp = np.linspace(0, 255, 1024).astype(np.uint8)
    Image.fromarray(np.dstack([np.tile(ramp, (1024, 1))] * 3)).save(path, quality=95)
    square = read_square(path, 64).astype(int)
    whole = np.asarray(Image.open(path).resize((64, 64), Image.Resampling.BOX)).astype(int)
    assert np.abs(square - whole).max() <= 6


def test_what_cannot_be_read_is_told_and_the_rest_keeps_its_place(tmp_path):
    paths, _ = draw(tmp_path, 5)
    paths[1].write_bytes(b"no picture")
    missing = tmp_path / "missing.jpg"
    asked = [*paths[:3], missing, *paths[3:]]
    batches = list(read_batches(asked, side=16, batch_size=2))
    assert [batch.positions.tolist() for batch in batches] == [[0], [2], [4, 5]]
    assert [batch.pixels.shape for batch in batches] == [(1, 16, 16, 3)] * 2 + [(2, 16, 16, 3)]
    assert [one.path for batch in batches for one in batch.broken] == [paths[1], missing]
    assert (batches[2].pixels[0] == read_square(paths[3], 16)).all()


def test_nothing_asked_is_nothing_read():
    assert list(read_batches([], side=16)) == []


def test_a_listener_may_stop_early(tmp_path):
    paths, _ = draw(tmp_path, 12)
    batches = read_batches(paths, side=16, batch_size=2)
    assert next(batches).positions.tolist() == [0, 1]
    batches.close()


def test_one_picture_alone_raises_what_is_wrong(tmp_path):
    with pytest.raises(PictureError, match="missing"):
        read_square(tmp_path / "missing.jpg", 16)
