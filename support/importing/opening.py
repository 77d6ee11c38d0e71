"""Opens a file of text, gzipped or not, in any usual encoding. Knows nothing of rows."""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

from charset_normalizer import from_bytes

from ..errors import ImportFileError

SAMPLE_BYTES = 1 << 20  # enough to tell an encoding by

# Stands for bytes that are no text. No decoder yields it, so it tells them from a U+FFFD that the
# file itself holds.
UNREADABLE = "\udfff"


def _mark(error: UnicodeError) -> tuple[str, int]:
    return UNREADABLE, error.end if isinstance(error, UnicodeDecodeError) else 0


codecs.register_error("faqdesk-mark", _mark)


def detect_encoding(sample: bytes) -> str:
    """Name the encoding of some bytes: by mark, as UTF-8, as CP949, or by statistics."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                       (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if sample.startswith(mark):
            return name
    if sample.count(0) > len(sample) // 5:
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    for name in ("utf-8", "cp949"):
        try:
            # final=False: the sample may end inside a character.
            codecs.getincrementaldecoder(name)("strict").decode(sample, final=False)
        except UnicodeDecodeError:
            continue
        return name
    # A wrong byte here and there among much UTF-8 does not make it something else.
    text = sample.decode("utf-8", errors="replace")
    wrong = text.count("\ufffd")
    if wrong * 10 < sum(character > "\x7f" for character in text) - wrong:
        return "utf-8"
    guess = from_bytes(sample[:65536]).best()
    return guess.encoding if guess else "utf-8"


def file_encoding(path: Path, sample: bytes) -> str:
    """Name a whole file's encoding; a first megabyte of ASCII tells nothing of the rest."""
    name = detect_encoding(sample)
    if name == "utf-8" and not _decodes(path, name) and _decodes(path, "cp949"):
        return "cp949"
    return name


def read_sample(path: Path) -> bytes:
    """The first megabyte of a file of text.

    Raises:
        ImportFileError: the file is missing, empty, or not a file of text.
    """
    if not path.is_file():
        raise ImportFileError(f"No file {path}.")
    try:
        with open_binary(path) as file:
            sample = file.read(SAMPLE_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(f"Cannot read {path}: {error}.") from error
    if not sample.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise ImportFileError(f"{path} is empty.")
    if sample[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") or sample[:5] == b"%PDF-":
        raise ImportFileError(
            f"{path} is a spreadsheet, archive or PDF. Save it as CSV (UTF-8) and import that."
        )
    return sample


def open_binary(path: Path) -> IO[bytes]:
    """Open a file, unzipped where it is gzipped."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def open_text(path: Path, encoding: str) -> IO[str]:
    """Open a file of text, its line ends as they are; what cannot be read becomes UNREADABLE."""
    # Not strict: one wrong byte in the middle of a gigabyte shall not cost the rest.
    return io.TextIOWrapper(open_binary(path), encoding=encoding, errors="faqdesk-mark", newline="")


def place(file: IO[str]) -> Callable[[], int]:
    """How many bytes of the file on disk `open_text` has read so far, whenever it is asked."""
    binary: Any = file.buffer  # type: ignore[attr-defined]
    below = getattr(binary, "fileobj", None) or binary
    return cast(Callable[[], int], getattr(below, "raw", below).tell)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with open_binary(path) as file:
        try:
            while chunk := file.read(SAMPLE_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
