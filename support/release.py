"""A release, and the file that says which one is in force on a line.

`models/current` is a small JSON file, replaced atomically; `models/current-category` is that of the
line of category models. Every process looks at it before it answers. Knows no database.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .artifact import version_of
from .errors import InputError, ModelDamagedError
from .names import checked, inside
from .whole_files import whole_file

# What is valid only together is one line, and its parts are written in this order.
LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "desk": ("encoder", "index", "faq"),
    "category": ("category",),
    "moderation": ("moderation",),
    "similar": ("similar",),
}
_TRAIN: Final = {"desk": "faqdesk train"}


@dataclass(frozen=True, slots=True)
class Release:
    """A set of models that are valid together: kind to version."""

    name: str
    parts: Mapping[str, str]
    no_classifier: str = ""  # why there is no classifier in it; empty where there is one
    hashes: Mapping[str, str] = field(default_factory=dict, compare=False)  # kind to `version_of`

    def folder(self, models: Path, kind: str) -> Path | None:
        """Where the release's model of a kind lies; None where it has none.

        Raises:
            ModelDamagedError: another model lies there than the release was made of, or one that
                nothing vouches for.
        """
        version = self.parts.get(kind)
        if not version:
            return None
        try:
            folder = inside(models, kind, version, what="a model")
            # A manifest vouches for its folder's files; the release vouches for the manifest.
            same = self.hashes.get(kind) in (None, version_of(folder))
        except InputError as error:
            raise ModelDamagedError(str(error)) from error
        except OSError as error:
            if not folder.is_dir():  # whoever opens it says what is missing
                return folder
            # Nothing vouches for what else lies there: it might be taken for a model of others.
            raise ModelDamagedError(
                f"{folder / 'manifest.json'} cannot be read ({error.strerror}). Bring the folder "
                f"back from a backup, or train again: faqdesk train {kind}"
            ) from error
        if not same:
            raise ModelDamagedError(
                f"{folder} is not what release {self.name} was made of. Bring the folder back from "
                f"a backup, or train again: faqdesk train {kind}"
            )
        return folder


def pointer(models: Path, line: str = "desk") -> Path:
    """The file that names the release in force on a line.

    Raises:
        InputError: there is no such line.
    """
    kinds(line)
    return models / ("current" if line == "desk" else f"current-{line}")


def kinds(line: str) -> tuple[str, ...]:
    """The kinds of models that move together on a line.

    Raises:
        InputError: there is no such line.
    """
    if line not in LINES:
        raise InputError(f"No line {line!r} of releases. There are: {', '.join(LINES)}.")
    return LINES[line]


def training(line: str) -> str:
    """The command that makes a new release of a line."""
    return _TRAIN.get(line, f"faqdesk train {line}")


def current(models: Path, *, line: str = "desk") -> Release | None:
    """The release in force on a line; None before the first.

    Raises:
        InputError: there is no such line.
        ModelDamagedError: the file is not what `point` writes.
    """
    path = pointer(models, line)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        parts = {kind: str(part["version"]) for kind, part in data["parts"].items()}
        hashes = {kind: str(p["hash"]) for kind, p in data["parts"].items() if "hash" in p}
        for name in (str(data["release"]), *parts, *parts.values()):
            checked(name, "a model or release")
        return Release(str(data["release"]), parts, str(data.get("no_classifier", "")), hashes)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise ModelDamagedError(
            f"{path} is damaged. Publish a release again: faqdesk models publish NAME, or "
            f"{training(line)}"
        ) from error


def in_force(models: Path, *, line: str = "desk") -> Release | None:
    """As `current`, for those about to replace it: a damaged file counts as none."""
    try:
        return current(models, line=line)
    except ModelDamagedError:
        return None


def point(models: Path, content: Mapping[str, object], *, line: str) -> None:
    """Replace the file of a line, whole or not at all, and wait for the disk."""
    with whole_file(pointer(models, line)) as beside:
        beside.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
