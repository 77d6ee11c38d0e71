"""How well a category model tells each category, on listings that were held out of its training."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """One category: held-out listings of it, and on how many the model was right."""

    n: int
    right: int
    hit_3: int

    @property
    def share(self) -> float | None:
        """Right first guesses, in [0, 1]; None where none was held out."""
        return self.right / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Confused:
    """Listings of one category that the model took for another."""

    path: str
    said: str
    n: int
    examples: tuple[int, ...]  # ids of listings


@dataclass(frozen=True, slots=True)
class Figures:
    """What a training measured."""

    version: str
    tree: str  # whose categories it learned; "" where it does not say
    categories: Mapping[str, Told]
    confused: tuple[Confused, ...]  # the most frequent first
    situations: tuple[Mapping[str, Any], ...]  # by what a listing has: accuracy, hit_3 ...
    message: str  # what was decided about pictures


@lru_cache(maxsize=4)  # a version's file never changes
def figures(model: Path) -> Figures:
    """Read the figures of a model folder; what it does not tell is empty."""
    found = _read(model / "metrics.json")
    return Figures(
        version=model.name,
        tree=str(_read(model / "config.json").get("tree") or ""),
        categories={
            item["path"]: Told(int(item["n"]), int(item["right"]), int(item.get("hit_3", 0)))
            for item in found.get("categories", [])
        },
        confused=tuple(
            Confused(item["path"], item["said"], int(item["n"]), tuple(item.get("examples", ())))
            for item in found.get("confused", [])
        ),
        situations=tuple(found.get("situations", ())),
        message=str(found.get("message", "")),
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
