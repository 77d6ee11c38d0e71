"""Pictures from strangers, read safely: right way up, RGB, never larger than memory can bear.

A stored picture is written anew: what a camera wrote beside it (the place it was taken, the
camera's owner) stays outside, and so does whatever else a file may carry.
"""

import contextlib
import hashlib
import io
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from support.errors import PictureError

MAX_BYTES: Final = 32 << 20  # of a file
MAX_PIXELS: Final = 64_000_000  # a telephone's largest; decoded, 192 MB
MAX_SIDE: Final = 1280  # of a stored picture; models read 224
MIN_SIDE: Final = 8  # less is a tracking pixel, not a photo
QUALITY: Final = 92
# Decoders for photos alone: some of Pillow's start other programs, and old ones have holes.
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
SUFFIXES: Final = frozenset((".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".avif"))
_WHITE: Final = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture under `images/`."""

    file: str  # relative to the folder of pictures: aa/<sha256>.jpg
    sha256: str  # of the stored file
    phash: str  # 64 bits, as 16 hexadecimal digits
    width: int
    height: int


def open_picture(path: Path, *, at_least: int | None = None) -> Image.Image:
    """Read a picture: decoded, turned as it was held, RGB on white.

    Args:
        path: the file.
        at_least: where a side of so many pixels is enough, a JPEG may be decoded at a half, a
            quarter or an eighth of its size, but no smaller; much quicker for large photos.

    Raises:
        PictureError: it is missing, too large, no picture, or broken.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise PictureError(f"{path} is not a file.")
        if size > MAX_BYTES:
            raise PictureError(f"{path} has {size:,} bytes; at most {MAX_BYTES:,} are read.")
        with path.open("rb") as file:
            return _decoded(file, str(path), at_least)
    except OSError as error:
        raise PictureError(f"Cannot read the picture {path}: {error.strerror}.") from error


def read_picture(data: bytes, *, name: str, at_least: int | None = None) -> Image.Image:
    """Read a picture from its bytes, as `open_picture` does from a file.

    Args:
        data: what the file holds.
        name: how errors call it.
        at_least: as for `open_picture`.

    Raises:
        PictureError: it is too large, no picture, or broken.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(f"{name} has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
    return _decoded(io.BytesIO(data), name, at_least)


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
    picture = read_picture(data, name=name, at_least=MAX_SIDE)
    if min(picture.size) < MIN_SIDE:
        raise PictureError(
            f"{name} is {picture.width} x {picture.height} pixels; {MIN_SIDE} a side are the least."
        )
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, optimize=True)
    digest = hashlib.sha256(written.getbuffer()).hexdigest()
    file = f"{digest[:2]}/{digest}.jpg"
    path = folder / file
    if not path.exists() or path.stat().st_size != written.tell():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, written.getvalue(), sync=sync)
    return StoredPicture(file, digest, perceptual_hash(picture), picture.width, picture.height)


def perceptual_hash(picture: Image.Image) -> str:
    """64 bits that change little when a picture is scaled or compressed, as 16 digits."""
    import imagehash  # brings numpy and scipy, which `faqdesk --help` shall not wait for

    return str(imagehash.phash(picture))


def _decoded(file: IO[bytes], name: str, at_least: int | None) -> Image.Image:
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_many(name, f"{image.width} x {image.height}")
            if at_least:
                image.draft("RGB", (at_least, at_least))
            image.load()
            return _on_white(ImageOps.exif_transpose(image))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many(name, "far too many") from error
    except UnidentifiedImageError as error:
        kinds = ", ".join(FORMATS)
        raise PictureError(f"{name} is no picture of a known kind ({kinds}).") from error
    except Exception as error:  # decoders raise whatever they stumble over in a broken file
        why = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{name} is a broken picture: {why}.") from error


def _too_many(name: str, size: str) -> PictureError:
    return PictureError(f"{name} has {size} pixels; at most {MAX_PIXELS:,} are decoded.")


def _on_white(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB; what is transparent becomes white, as a page would show it."""
    if image.mode.startswith("I"):  # 16 bits a pixel: Pillow would clip, not scale
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # palettes with transparency in bytes
            image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, _WHITE)
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    # A copy carries no metadata, and no open file.
    plain = image.convert("RGB")
    plain.info = {}
    return plain


def _write(path: Path, data: bytes, *, sync: bool) -> None:
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise
