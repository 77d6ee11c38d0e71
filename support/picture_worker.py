"""Decodes pictures from strangers in a process that can do nothing else.

`picture_decoder` starts it as a script and talks to it over one socket, its standard input: bytes
in, plain pixels out. Before the first picture it gives away what a picture that breaks a decoder
could use: no file or socket can be opened, none can grow, memory and time are counted. Imports
nothing of ours.
"""

import contextlib
import io
import os
import resource
import select
import socket
import struct
import warnings
from typing import Final

from PIL import (  # noqa: F401
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

# Decoders for photos alone: some of Pillow's start other programs, and old ones have holes.
FORMATS: Final = ("JPEG", "PNG", "WEBP")
MAX_PIXELS: Final = 64_000_000  # a telephone's largest
MEMORY: Final = 1 << 30  # bytes of address space beyond what the empty process has
CPU_SECONDS: Final = 20  # for one picture
IDLE_SECONDS: Final = 60.0  # then it ends by itself
MOST_WORDS: Final = 300  # bytes of a reason

# What travels. A request: bytes of the file that follows, `at_least`, `side` and `square` of
# `decode`. An answer: 1, width, height, then the pixels; or 0, bytes of a reason, 0, the reason.
REQUEST: Final = struct.Struct("<IIIB")
ANSWER: Final = struct.Struct("<BII")
READY: Final = b"\1"  # sent once, when the process has given away what it does not need

_WHITE: Final = (255, 255, 255)


class RefusedError(Exception):
    """Why a file is not decoded, as the end of a sentence that begins with its name."""


def decode(data: bytes, *, at_least: int = 0, side: int = 0, square: bool = False) -> Image.Image:
    """Read a picture: decoded, turned as it was held, RGB on white, nothing beside it.

    Args:
        data: the file.
        at_least: where a side of so many pixels is enough, a JPEG may be decoded at a half, a
            quarter or an eighth of its size, but no smaller; 0: at its own.
        side: bring it to this many pixels; 0: leave its size.
        square: squeeze it into a square of `side`; else it is fitted into one, never enlarged.

    Raises:
        RefusedError: it is no picture, broken, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise _too_many(f"{image.width} x {image.height}")
                if at_least:
                    image.draft("RGB", (at_least, at_least))
                image.load()
                return _sized(_on_white(ImageOps.exif_transpose(image)), side, square)
    except RefusedError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many("far too many") from error
    except UnidentifiedImageError as error:
        raise RefusedError(f"is no picture of a known kind ({', '.join(FORMATS)})") from error
    except MemoryError as error:
        raise RefusedError("is a broken picture: it asks for more memory than one needs") from error
    except Exception as error:  # decoders raise whatever they stumble over in a broken file
        why = " ".join(str(error).split()) or type(error).__name__
        raise RefusedError(f"is a broken picture: {why}") from error


def _too_many(size: str) -> RefusedError:
    return RefusedError(f"has {size} pixels; at most {MAX_PIXELS:,} are decoded")


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
    return image.convert("RGB")


def _sized(image: Image.Image, side: int, square: bool) -> Image.Image:
    if square:
        # Dividing by whole numbers first is as good to the eye and many times quicker.
        return image.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    if side:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def main() -> None:
    """Answer until nobody asks any more."""
    door = socket.socket(fileno=0)
    _warm_up()
    _confine()
    door.sendall(READY)
    while select.select([door], [], [], IDLE_SECONDS)[0]:
        head = _read(door, REQUEST.size)
        if len(head) < REQUEST.size:
            return
        size, at_least, side, square = REQUEST.unpack(head)
        data = _read(door, size)
        if len(data) < size:
            return
        _count_time()
        try:
            image = decode(bytes(data), at_least=at_least, side=side, square=bool(square))
            door.sendall(ANSWER.pack(1, *image.size) + image.tobytes())
        except RefusedError as error:
            words = str(error).encode()[:MOST_WORDS]
            door.sendall(ANSWER.pack(0, len(words), 0) + words)


def _warm_up() -> None:
    """Decode one of each kind: what decoders load late cannot be loaded later."""
    small = Image.new("RGBA", (8, 8), _WHITE)
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in FORMATS:
        file = io.BytesIO()
        small.convert("RGB" if kind == "JPEG" else "RGBA").save(file, kind, exif=exif)
        decode(file.getvalue(), at_least=4, side=4, square=True)
    with contextlib.suppress(RefusedError):
        decode(b"no picture")


def _confine() -> None:
    """Give away what decoding does not need; only ever less, until the process ends."""
    with open("/proc/self/statm", encoding="ascii") as file:
        own = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    _limit(resource.RLIMIT_AS, own + MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, 0)  # those that are open stay open


def _limit(what: int, value: int) -> None:
    resource.setrlimit(what, (value, value))


def _count_time() -> None:
    """Let the next picture have its seconds of processor time, then the system ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    edge = int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (edge, resource.RLIM_INFINITY))


def _read(door: socket.socket, size: int) -> bytearray:
    """So many bytes; fewer where the other side is gone."""
    found = bytearray(size)
    view, at = memoryview(found), 0
    while at < size:
        got = door.recv_into(view[at:])
        if not got:
            return found[:at]
        at += got
    return found


if __name__ == "__main__":
    main()
