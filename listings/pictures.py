"""Pictures from strangers, read safely: right way up, RGB, never larger than memory can bear.

They are decoded in a process of their own (`support.picture_decoder`). A stored picture is written
anew: what a camera wrote beside it (the place it was taken, the camera's owner) stays outside, and
so does whatever else a file may carry.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from support.errors import PictureError
from support.picture_decoder import MAX_BYTES, Pixels, decode
from support.whole_files import sweep, whole_file

MAX_SIDE: Final = 1280  # of a stored picture; models read 224
MIN_SIDE: Final = 8  # less is a tracking pixel, not a photo
QUALITY: Final = 92
SUFFIXES: Final = frozenset((".jpg", ".jpeg", ".jpe", ".png", ".webp"))


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture under `images/`."""

    file: str  # relative to the folder of pictures: aa/<sha256>.jpg
    sha256: str  # of the stored file
    phash: str  # 64 bits, as 16 hexadecimal digits
    width: int
    height: int


def read_file(path: Path) -> bytes:
    """What a picture's file holds; nothing is decoded.

    Raises:
        PictureError: it is missing, no file, or too large.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise PictureError(f"{path} is not a file.")
        if size > MAX_BYTES:
            raise PictureError(f"{path} has {size:,} bytes; at most {MAX_BYTES:,} are read.")
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f"Cannot read the picture {path}: {error.strerror}.") from error


def open_picture(path: Path, *, within: int = MAX_SIDE) -> Image.Image:
    """Read a picture: decoded, turned as it was held, RGB on white.

    Args:
        path: the file.
        within: no side comes out longer, in pixels; a JPEG of a larger photo is decoded at a half,
            a quarter or an eighth of its size, which is much quicker.

    Raises:
        PictureError: it is missing, too large, no picture, or broken.
    """
    return read_picture(read_file(path), name=str(path), within=within)


def read_picture(data: bytes, *, name: str, within: int = MAX_SIDE) -> Image.Image:
    """Read a picture from its bytes, as `open_picture` does from a file.

    Args:
        data: what the file holds.
        name: how errors call it.
        within: as for `open_picture`.

    Raises:
        PictureError: it is too large, no picture, or broken.
    """
    return to_image(decode(data, name=name, at_least=within, side=within))


def to_image(pixels: Pixels) -> Image.Image:
    """A picture of plain pixels; it carries nothing else, whatever the file did."""
    return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data)


def store(folder: Path, data: bytes, *, name: str, sync: bool = True) -> StoredPicture:
    """Keep a picture under `folder`; one that is there already is not written twice.

    Args:
        folder: the folder of pictures.
        data: the file as it came.
        name: how errors call it.
        sync: wait until it is on the disk; whoever does not must do so for many together.

    Raises:
        PictureError: it is too large or too small, no picture, or broken.
    """
    picture = read_picture(data, name=name)
    if min(picture.size) < MIN_SIDE:
        raise PictureError(
            f"{name} is {picture.width} x {picture.height} pixels; {MIN_SIDE} a side are the least."
        )
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, optimize=True)
    digest = hashlib.sha256(written.getbuffer()).hexdigest()
    file = f"{digest[:2]}/{digest}.jpg"
    path = folder / file
    if not path.exists() or path.stat().st_size != written.tell():
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, mode=0o600, sync=sync, sweeps=False) as half:
            half.write_bytes(written.getvalue())
    return StoredPicture(file, digest, perceptual_hash(picture), picture.width, picture.height)


def sweep_halves(folder: Path) -> None:
    """Remove what killed writers left under a folder of pictures."""
    for place in folder.glob("??"):
        sweep(place)


def perceptual_hash(picture: Image.Image) -> str:
    """64 bits that change little when a picture is scaled or compressed, as 16 digits."""
    import imagehash  # brings numpy and scipy, which `faqdesk --help` shall not wait for

    return str(imagehash.phash(picture))
