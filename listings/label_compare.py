"""Where a seller's category and the model's disagree.

Compared without case, blanks and signs, so that "women/shoes" is "Women > Shoes"; a category that
is only coarser or finer than the other does not disagree with it.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

REPORT: Final = ("line", "title", "seller", "model", "probability", "rank", "kind")
_LEVELS = re.compile(r"(?:(?<!\s)\s+)?[>/|›»→]\s*")
_SIGNS = re.compile(r"[\W_]+")


def fold(path: str) -> str:
    """A category as it is compared."""
    return _SIGNS.sub(" ", unicodedata.normalize("NFKC", path).casefold()).strip()


@lru_cache(maxsize=65_536)  # a table names the same few thousand pairs again and again
def relation(seller: str, model: str) -> str:
    """How two categories stand to each other.

    Returns:
        "" where they are the same or either is not known, "coarser" or "finer" for the seller's,
        "same branch" or "other branch" where they disagree.
    """
    theirs, ours = fold(seller), fold(model)
    if not theirs or not ours or theirs == ours:
        return ""
    their_levels, our_levels = levels(seller), levels(model)
    shorter = min(len(their_levels), len(our_levels))
    if their_levels[:shorter] == our_levels[:shorter]:
        return "coarser" if len(their_levels) < len(our_levels) else "finer"
    if len(their_levels) == 1 and theirs in our_levels:
        # Named by one of its levels alone, such as "Boots".
        return "" if theirs == our_levels[-1] else "coarser"
    return "same branch" if their_levels[0] == our_levels[0] else "other branch"


def disagrees(kind: str) -> bool:
    """Whether a relation is a disagreement."""
    return kind.endswith("branch")


def rank(seller: str, guesses: Sequence[str]) -> int | None:
    """The place of the seller's category among the guesses, from 1; None where it is not there."""
    for place, path in enumerate(guesses, 1):
        if not relation(seller, path):
            return place
    return None


def levels(path: str) -> list[str]:
    """The levels of a category, each as it is compared."""
    return [folded for level in _LEVELS.split(path) if (folded := fold(level))]
