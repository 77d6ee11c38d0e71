"""Pictures from strangers: read right way up, or refused by name."""

import io
import struct
import zlib

import pytest
from PIL import Image

from listings.pictures import (
    MAX_SIDE,
    StoredPicture,
    open_picture,
    perceptual_hash,
    read_picture,
    store,
)
from support.errors import PictureError

RED, BLUE = (220, 20, 20), (20, 20, 220)


def two_halves(size=(64, 32)):
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture


def encoded(picture, kind="JPEG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def near(pixel, colour):
    return max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 24


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_usual_kinds_come_out_as_rgb(tmp_path, kind):
    path = tmp_path / "photo.bin"
    path.write_bytes(encoded(two_halves(), kind))
    picture = open_picture(path)
    assert (picture.mode, picture.size) == ("RGB", (64, 32))
    assert near(picture.getpixel((4, 16)), RED)
    assert near(picture.getpixel((60, 16)), BLUE)


def test_a_photo_is_turned_as_the_camera_was_held():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    picture = read_picture(encoded(two_halves(), exif=exif), name="turned.jpg")
    assert picture.size == (32, 64)
    assert near(picture.getpixel((16, 4)), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(mode):
    clear = Image.new("RGBA", (16, 16), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    picture = read_picture(encoded(clear, "PNG", **options), name="clear.png")
    assert picture.getpixel((8, 8)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_clipped():
    grey = Image.new("I;16", (8, 8), 32768)
    picture = read_picture(encoded(grey, "PNG"), name="deep.png")
    assert picture.getpixel((4, 4)) == (128, 128, 128)


def test_a_large_photo_comes_out_within_the_size_asked_for():
    data = encoded(two_halves((1600, 800)))
    picture = read_picture(data, name="large.jpg", within=224)
    assert picture.size == (224, 112)
    assert near(picture.getpixel((8, 8)), RED)


def bomb():
    """A PNG of a few hundred bytes that says it is 20,000 by 20,000 pixels."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no picture"),
        (b"<html>not found</html>", "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "no picture"),
        (encoded(two_halves())[:300], "broken"),
        (encoded(two_halves(), "PNG")[:60], "broken"),
        (bomb(), "pixels"),
    ],
    ids=["empty", "page", "postscript", "cut jpeg", "cut png", "bomb"],
)
def test_what_is_no_picture_is_refused_by_name(tmp_path, data, words):
    path = tmp_path / "odd.jpg"
    path.write_bytes(data)
    with pytest.raises(PictureError, match=r"odd\.jpg.*" + words):
        open_picture(path)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path):
    with pytest.raises(PictureError, match=r"gone\.jpg"):
        open_picture(tmp_path / "gone.jpg")
    with pytest.raises(PictureError, match="not a file"):
        open_picture(tmp_path)


def test_a_stored_picture_is_small_enough_and_carries_nothing_beside_the_picture(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "A camera's maker"
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    stored = store(tmp_path, encoded(two_halves((2600, 1300)), exif=exif), name="photo.jpg")
    assert isinstance(stored, StoredPicture)
    assert stored.file == f"{stored.sha256[:2]}/{stored.sha256}.jpg"
    data = (tmp_path / stored.file).read_bytes()
    assert b"A camera's maker" not in data
    with Image.open(io.BytesIO(data)) as kept:
        assert dict(kept.getexif()) == {}
        assert kept.size == (stored.width, stored.height) == (MAX_SIDE, MAX_SIDE // 2)


def test_the_same_picture_is_stored_once(tmp_path):
    data = encoded(two_halves())
    assert store(tmp_path, data, name="a.jpg") == store(tmp_path, data, name="b.jpg")
    assert len(list(tmp_path.rglob("*"))) == 2  # its folder, and itself


def test_a_tracking_pixel_is_not_stored(tmp_path):
    with pytest.raises(PictureError, match="1 x 1"):
        store(tmp_path, encoded(Image.new("RGB", (1, 1)), "PNG"), name="dot.png")
    assert list(tmp_path.iterdir()) == []


def test_the_perceptual_hash_survives_scaling_and_compression_but_not_another_picture():
    picture = Image.linear_gradient("L").resize((200, 200)).convert("RGB")
    picture.paste(BLUE, (20, 30, 90, 160))
    small = read_picture(encoded(picture.resize((90, 90)), quality=40), name="small.jpg")
    other = picture.rotate(90)
    bits = [int(perceptual_hash(image), 16) for image in (picture, small, other)]
    assert (bits[0] ^ bits[1]).bit_count() <= 6
    assert (bits[0] ^ bits[2]).bit_count() > 12
