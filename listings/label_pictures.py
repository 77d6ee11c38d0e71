"""Names of pictures in a table's cells, and the files they stand for."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BETWEEN = re.compile(r"(?:(?<!\s)\s+)?[;|,\n]\s*")
_ADDRESS = re.compile(r"^(https?|ftp|data):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Where pictures lie."""

    folder: str
    confined: bool  # whether only files inside the folder are looked at

    def find(self, cell: Any) -> tuple[tuple[Path, ...], list[tuple[str, str]]]:
        """The files that a cell names, and the names that stand for none, each with the reason."""
        files: list[Path] = []
        missing: list[tuple[str, str]] = []
        for name in self._names(cell):
            reason = self._wrong(name)
            if reason:
                missing.append((name, reason))
            else:
                files.append(Path(self._path(name)))
        return tuple(files), missing

    def _names(self, cell: Any) -> Sequence[str]:
        if isinstance(cell, list | tuple):
            return [str(item).strip() for item in cell if item and str(item).strip()]
        text = str(cell or "").strip()
        if not text:
            return ()
        if text.startswith("["):
            try:
                return self._names(json.loads(text))
            except (ValueError, RecursionError):
                pass
        # A name may hold a comma; several names do not make one file.
        if not _BETWEEN.search(text) or os.path.isfile(self._path(text)):
            return (text,)
        return [name for name in _BETWEEN.split(text) if name]

    def _wrong(self, name: str) -> str:
        if _ADDRESS.match(name):
            return "an address, not a file: fetch the pictures first"
        if "\0" in name:
            return "no name of a file"
        path = self._path(name)
        if self.confined and not self._inside(path):
            return "outside of the folder of pictures"
        return "" if os.path.isfile(path) else "no such file"

    def _inside(self, path: str) -> bool:
        """Whether a path lies in the folder, and so does what a link there leads to."""
        pairs = ((self.folder, path), (os.path.realpath(self.folder), os.path.realpath(path)))
        return all(os.path.commonpath(pair) == pair[0] for pair in pairs)

    def _path(self, name: str) -> str:
        return os.path.normpath(os.path.join(self.folder, name))
