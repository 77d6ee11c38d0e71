"""Words and patterns that rules look for, found quickly: most texts hold none of them.

Whether a word can be there at all is asked of the text without blanks, which takes a tenth of the
time that a pattern does. A pattern that begins with plain letters is asked so too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from .rule_growth import growth

_PIECE: Final = 2_000  # letters that a slow pattern reads at once ...
_SHARED: Final = 500  # ... and those that two pieces have in common
_PLAIN: Final = r"[^\\.^$*+?{}\[\]|()\s]"
_BEFORE = re.compile(r"\(\?<[!=](?:\[[^\]]*\]|[^()\[\]\\])\)|\\b|\\s[*?]?")  # what takes no letter
_ONE_OF = re.compile(rf"\(\?:({_PLAIN}+(?: {_PLAIN}+)*(?:\|{_PLAIN}+(?: {_PLAIN}+)*)*)\)(?![*?{{])")
_RUN = re.compile(rf"{_PLAIN}+(?![*?{{])")


def lower(text: str) -> str:
    """A text in lower case, every letter in its place.

    Of a letter whose lower case is two only the first is kept: places would move.
    """
    low = text.lower()
    return low if len(low) == len(text) else "".join([char.lower()[:1] for char in text])


@dataclass(frozen=True, slots=True)
class Lower:
    """A text as rules read it."""

    words: str  # in lower case
    title: int  # where its first line ends
    close: str  # without blanks

    @classmethod
    def of(cls, text: str) -> Self:
        """A text, its first line the title."""
        low = lower(text)
        first = low.find("\n")
        return cls(low, len(low) if first < 0 else first, "".join(low.split()))


@dataclass(frozen=True, slots=True)
class Sought:
    """A pattern, and what must be in a text without blanks for it to be found; () for nothing."""

    needed: tuple[str, ...]
    pattern: re.Pattern[str]
    slow: bool = False  # its time grows by the square of what it reads: it reads a piece at a time

    def search(self, text: Lower, stop: int) -> re.Match[str] | None:
        """Where it is first found before a place."""
        close = text.close
        for word in self.needed:
            if word in close:
                break
        else:
            if self.needed:
                return None
        if not self.slow:
            return self.pattern.search(text.words, 0, stop)
        for start in range(0, max(stop - _SHARED, 1), _PIECE - _SHARED):
            end = min(start + _PIECE, stop)
            found = self.pattern.search(text.words, start, end)
            # What goes up to a piece's end may go on, or end there alone: the next piece tells.
            if found and (found.end() < end or end == stop):
                return found
        return None


def sought(words: Sequence[str], patterns: Sequence[str] = ()) -> tuple[Sought, ...]:
    """What finds any of some words, then any of some patterns.

    Raises:
        re.error: a pattern is none.
    """
    found = []
    if words:
        needed = tuple("".join(lower(word).split()) for word in words)
        found.append(Sought(needed, re.compile("|".join(map(_word, words)))))
    found += [
        Sought(_needed(pattern), re.compile(pattern, re.I), growth(pattern, re.I).power > 1)
        for pattern in patterns
    ]
    return tuple(found)


def _needed(pattern: str) -> tuple[str, ...]:
    """What a pattern begins with: one of these must be there; () where that cannot be told."""
    at = 0
    while before := _BEFORE.match(pattern, at):
        at = before.end()
    rest = pattern[at:]
    if "|" in _outside(rest):
        return ()
    if group := _ONE_OF.match(rest):
        return tuple("".join(lower(word).split()) for word in group[1].split("|"))
    run = _RUN.match(rest)
    return (lower(run[0]),) if run else ()


def _outside(pattern: str) -> str:
    """A pattern without what stands in brackets."""
    before = ""
    while before != pattern:
        before, pattern = pattern, re.sub(r"\\.|\[[^\]]*(?:\]|$)|\([^()]*\)", "", pattern)
    return pattern


def _word(word: str) -> str:
    """A pattern for a word: blanks may be left out or more; Latin letters end where it ends."""
    parts = lower(word).split()
    korean = any("가" <= char <= "힣" for char in word)
    body = (r"\s*" if korean else r"\s+").join(re.escape(part) for part in parts)
    before = r"(?<![a-z0-9])" if parts[0][0].isascii() else ""
    after = r"(?![a-z0-9])" if parts[-1][-1].isascii() else ""
    return f"{before}{body}{after}"
