"""Names that become names of files: plain words, and never a way out of their folder."""

import re
from pathlib import Path
from typing import Final

from .errors import InputError

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def checked(name: str, what: str) -> str:
    """A name that may stand in a path.

    Args:
        name: of a model, a version, an index.
        what: what it names, for the error.

    Raises:
        InputError: it is none.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} is no name of {what}: small letters, digits, dots, hyphens and "
            f"underscores, 64 at most, the first a letter or digit."
        )
    return name


def inside(root: Path, *names: str, what: str) -> Path:
    """The path of names below a folder.

    Args:
        root: the folder; it may be a link itself.
        names: one a level.
        what: what the last one names, for the error.

    Raises:
        InputError: a name is none, or what lies there is a link that leads out of the folder.
    """
    path = root.joinpath(*(checked(name, what) for name in names))
    if not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{path} leads out of {root}: no {what} is read through such a link.")
    return path
