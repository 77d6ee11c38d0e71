"""Pictures that somebody drops on a page: kept for as long as the page is open, for them alone.

Each is decoded and written anew, small; what came is not kept. Those that a page forgot to take
away go when the next one comes.
"""

import re
import secrets
import time
from pathlib import Path

from werkzeug.datastructures import FileStorage

from listings.pictures import read_picture
from support.errors import InputError, NotFoundError
from support.picture_decoder import MAX_BYTES
from support.workspace import Workspace

MAX_PICTURES = 10  # of one listing
SIDE = 640  # pixels of the longest side; models read 224
KEPT_SECONDS = 3600
_NAME = re.compile(r"[0-9a-f]{32}")


class Uploads:
    """One person's pictures."""

    def __init__(self, workspace: Workspace, agent_id: int) -> None:
        """Name their folder; it is made with the first picture."""
        self._folder = workspace.home / "uploads" / str(agent_id)

    def add(self, file: FileStorage) -> str:
        """Keep a picture; returns the name it goes by.

        Raises:
            PictureError: it is too large, no picture, or broken.
            InputError: there are too many.
        """
        self.sweep()
        if len(self._all()) >= 5 * MAX_PICTURES:
            raise InputError("Too many pictures at once. Take some away, or wait an hour.")
        name = secrets.token_hex(16)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_small(file, self._folder / f"{name}.jpg")
        return name

    def find(self, name: str) -> Path:
        """The file of a picture.

        Raises:
            NotFoundError: there is none of this name, or no longer.
        """
        path = self._folder / f"{name}.jpg"
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFoundError("This picture is gone. Drop it once more.")
        return path

    def some(self, names: list[str]) -> tuple[Path, ...]:
        """The files of those that are still there, in order."""
        found = []
        for name in names[:MAX_PICTURES]:
            path = self._folder / f"{name}.jpg"
            if _NAME.fullmatch(name) and path.is_file():
                found.append(path)
        return tuple(found)

    def remove(self, name: str) -> None:
        """Take a picture away, if it is there."""
        if _NAME.fullmatch(name):
            (self._folder / f"{name}.jpg").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Take away what every page has long forgotten, of anybody."""
        edge = time.time() - KEPT_SECONDS
        for path in self._folder.parent.glob("*/*.jpg"):
            try:
                if path.stat().st_mtime < edge:
                    path.unlink()
            except FileNotFoundError:  # its page was closed just now
                continue

    def _all(self) -> list[Path]:
        return list(self._folder.glob("*.jpg"))


def write_small(file: FileStorage, path: Path) -> None:
    """Decode a picture that was sent, and write it small.

    Raises:
        PictureError: it is too large, no picture, or broken.
    """
    name = Path(file.filename or "").name or "The picture"
    picture = read_picture(file.stream.read(MAX_BYTES + 1), name=name, within=SIDE)
    picture.save(path, "JPEG", quality=90)
