"""Opens a file of text, gzipped or not, in any usual encoding. Knows nothing of rows."""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from charset_normalizer import from_bytes

from ..errors import ImportFileError

SAMPLE_BYTES = 1 << 20  # enough to tell an encoding by
FEW_ODD = 100  # control characters that prove nothing
MAX_GROWTH = 200  # times a zipped file's size; words and numbers grow far less
SPARE = 64 << 20  # bytes that it may grow to in any case

# Stands for bytes that are no text. No decoder yields it, so it tells them from a U+FFFD that the
# file itself holds.
UNREADABLE = "\udfff"
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\0\t\n\v\f\r\x1b\x1e")))


def _mark(error: UnicodeError) -> tuple[str, int]:
    return UNREADABLE, error.end if isinstance(error, UnicodeDecodeError) else 0


codecs.register_error("faqdesk-mark", _mark)


def detect_encoding(sample: bytes) -> str:
    """Name the encoding of some bytes: by mark, as UTF-8, as CP949, or by statistics."""
    for mark, name in ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                       (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
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
    # A wrong byte here and there does not make it something else: other encodings hold hardly any
    # letter that is one in UTF-8 too, and other tongues hardly any Hangul in CP949.
    for name, first, last in (("utf-8", "\x80", "\U0010ffff"), ("cp949", "가", "힣")):
        text = sample.decode(name, errors="replace")
        wrong = text.count("\ufffd")
        right = sum(first <= character <= last for character in text) - wrong * (name == "utf-8")
        if wrong < right / 2:
            return name
    guess = from_bytes(sample[:65536]).best()
    return guess.encoding if guess else "utf-8"


def file_encoding(path: Path, sample: bytes) -> str:
    """Name a whole file's encoding; a first megabyte of ASCII tells nothing of the rest.

    Raises:
        ImportFileError: the file cannot be read to its end.
    """
    name = detect_encoding(sample)
    with to_its_end(path):
        if name == "utf-8" and not _decodes(path, name) and _decodes(path, "cp949"):
            return "cp949"
    return name


@contextmanager
def to_its_end(path: Path) -> Iterator[None]:
    """Say of what file it was that a gzipped one is torn, or a disk fails, half way.

    Raises:
        ImportFileError: so it is.
    """
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(
            f"Cannot read {path.name} to its end: {error}. Copy or download it again."
        ) from error


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
        raise ImportFileError(
            f"Cannot read {path.name}: {error}. Copy or download it again."
        ) from error
    if not sample.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise ImportFileError(f"{path.name} is empty. Export it again.")
    if sample[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") or sample[:5] == b"%PDF-":
        raise ImportFileError(
            f"{path.name} is a spreadsheet, archive or PDF. Save it as CSV (UTF-8) and import that."
        )
    # UTF-16 and UTF-32 are full of NULs; other text has hardly a control character, but for a cell
    # of a short file.
    odd = len(sample) - len(sample.translate(None, _CONTROLS))
    if odd > FEW_ODD and odd * 20 > len(sample) and sample.count(0) * 5 < len(sample):
        raise ImportFileError(
            f"{path.name} is no text: {odd:,} of its first {len(sample):,} bytes are control "
            "characters. Export it as JSON, CSV or XLSX."
        )
    return sample


def may_grow_to(size: int) -> int:
    """How many bytes a zipped file of so many may hold; more is a bomb."""
    return MAX_GROWTH * size + SPARE


class _Gzipped(gzip.GzipFile):
    """A gzipped file that is read no further where it grows as no text does."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._most = may_grow_to(path.stat().st_size)

    def read(self, size: int | None = -1) -> bytes:
        return self._checked(super().read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._checked(super().read1(size))

    def _checked(self, read: bytes) -> bytes:
        if self.tell() > self._most:
            raise ImportFileError(
                f"{Path(self.name).name} would grow to more than {self._most:,} bytes, which no "
                "export does. Unpack it yourself, and import that."
            )
        return read


def open_binary(path: Path) -> IO[bytes]:
    """Open a file, unzipped where it is gzipped."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return _Gzipped(path) if zipped else path.open("rb")  # type: ignore[return-value]


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
