"""Whether an admin's pattern can be used: it is one, and no listing can hold it up for hours.

What is repeated must be read in one way only: `(?:a+)+` reads "aaa" in four, and each letter more
doubles them. A pattern is taken to pieces as `re` does it; of each repeat an automaton is made (a
place for each letter, and the places that may follow it), and two ways from one place to another
are looked for. Letters are told apart by those that the pattern names and one of each kind beside.
"""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, Final

_PARSER: Final[Any] = import_module("re._parser")  # its own; nothing public takes one to pieces
_FEW: Final = 9  # turns that are taken one by one
_FIXED: Final = 60  # the same, where their number is fixed
_MOST_PLACES: Final = 1500
_MOST_PAIRS: Final = 50_000
_KINDS: Final = " \n0a_가ㄱ一!\x01"
_REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_LETTERS: Final = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
_CLASSES: Final = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}

_Part = tuple[Any, Any]  # what it is, and its value
_Ends = tuple[bool, list[int], list[int]]  # may it be empty, where it begins, where it ends


class _AmbiguousError(Exception):
    """A repeat may be read in several ways, or is too large to tell."""


def pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern; "" where nothing is."""
    try:
        re.compile(pattern, re.I)
        parts = _PARSER.parse(pattern, re.I)
        letters = letters_of(parts)
        for body in _loops(parts):
            _Automaton(letters).check(body)
    except _AmbiguousError:
        return (
            f"the pattern {pattern[:200]!r} repeats what can be read in several ways, and might "
            f"take hours; repeat something simpler, or at most three times: {{1,3}}"
        )
    except (re.error, OverflowError, RecursionError) as error:
        return f"the pattern {pattern[:200]!r} is not one: {error}"
    return ""


def _inside(kind: str, value: Any) -> list[Any]:
    """The parts that a part holds."""
    if kind in _REPEATS:
        return [value[2]]
    if kind == "SUBPATTERN":
        return [value[-1]]
    if kind == "BRANCH":
        return list(value[1])
    if kind == "GROUPREF_EXISTS":
        return [value[1], value[2] or ()]
    if kind == "ATOMIC_GROUP":
        return [value]
    return [value[1]] if kind in ("ASSERT", "ASSERT_NOT") else []


def _all(parts: Iterable[_Part]) -> Iterator[tuple[str, Any]]:
    """Every part, and those that they hold."""
    for kind, value in parts:
        yield str(kind), value
        for held in _inside(str(kind), value):
            yield from _all(held)


def _loops(parts: Iterable[_Part]) -> Iterator[Any]:
    """What is repeated often, or a few times where it is itself a long repeat."""
    for kind, value in _all(parts):
        if kind in _REPEATS:
            within = any(name in _REPEATS and held[1] > _FEW for name, held in _all(value[2]))
            if value[1] > (3 if within else _FEW):
                yield value[2]


def letters_of(parts: Iterable[_Part]) -> list[str]:
    """Letters that stand for all: those that a pattern names, and one of each kind beside."""
    return sorted({*_KINDS, *_named(parts)})


def _named(parts: Iterable[_Part]) -> Iterator[str]:
    """The letters that a pattern names, in lower case."""
    for kind, value in _all(parts):
        for name, one in value if kind == "IN" else [(kind, value)]:
            if str(name) in ("LITERAL", "NOT_LITERAL"):
                yield chr(one).lower()[:1]
            elif str(name) == "RANGE":
                yield from (chr(end).lower()[:1] for end in one)


def may_be(kind: str, value: Any, char: str) -> bool:
    """Whether a part that is one letter may be this one, in lower case or not."""
    if kind == "ANY":
        return True
    if kind in ("LITERAL", "NOT_LITERAL"):
        return (chr(value).lower()[:1] == char) == (kind == "LITERAL")
    if kind == "RANGE":
        return any(value[0] <= ord(one) <= value[1] for one in {char, char.upper()[:1]})
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        found = re.match(_CLASSES[name.removeprefix("NOT_")], char) is not None
        return found != name.startswith("NOT_")
    negated = str(value[0][0]) == "NEGATE"
    return any(may_be(str(name), one, char) for name, one in value[negated:]) != negated


class _Automaton:
    """The places of what is repeated, and which follow which.

    Args:
        letters: that are told apart.
    """

    def __init__(self, letters: list[str]) -> None:
        self._letters = letters
        self._masks: list[int] = []  # of each place, the letters it may be
        self._after: list[set[int]] = []

    def check(self, body: Iterable[_Part]) -> None:
        """See that a repeat of this can be read in one way only.

        Raises:
            _AmbiguousError: it cannot, or it is too large to tell.
        """
        _, first, _ = self._again(self._row(body))
        waiting = [pair for places in (first, *self._after) for pair in self._both(places, places)]
        seen = set(waiting)
        while waiting:
            one, other = waiting.pop()
            if one == other:
                raise _AmbiguousError
            for pair in self._both(self._after[one], self._after[other], same=True):
                if pair not in seen:
                    seen.add(pair)
                    waiting.append(pair)
            if len(seen) > _MOST_PAIRS:
                raise _AmbiguousError

    def _both(
        self, ones: Iterable[int], others: Iterable[int], *, same: bool = False
    ) -> Iterator[tuple[int, int]]:
        """Pairs of places that one letter leads to."""
        for one in ones:
            for other in others:
                if self._masks[one] & self._masks[other] and (same or one < other):
                    yield min(one, other), max(one, other)

    def _letter(self, mask: int) -> _Ends:
        if len(self._masks) >= _MOST_PLACES:
            raise _AmbiguousError
        self._masks.append(mask)
        self._after.append(set())
        return False, [len(self._masks) - 1], [len(self._masks) - 1]

    def _lead(self, ends: list[int], starts: list[int]) -> None:
        for end in ends:
            for start in starts:
                if start in self._after[end]:  # there already: a second way
                    raise _AmbiguousError
                self._after[end].add(start)

    def _row(self, parts: Iterable[_Part]) -> _Ends:
        found: _Ends = (True, [], [])
        for kind, value in parts:
            found = self._then(found, self._part(str(kind), value))
        return found

    def _then(self, before: _Ends, after: _Ends) -> _Ends:
        self._lead(before[2], after[1])
        return (
            before[0] and after[0],
            before[1] + (after[1] if before[0] else []),
            after[2] + (before[2] if after[0] else []),
        )

    def _again(self, body: _Ends) -> _Ends:
        if body[0]:  # nothing, any number of times
            raise _AmbiguousError
        self._lead(body[2], body[1])
        return body

    def _part(self, kind: str, value: Any) -> _Ends:
        if kind in _LETTERS:
            return self._letter(
                sum(1 << at for at, char in enumerate(self._letters) if may_be(kind, value, char))
            )
        if kind == "GROUPREF":
            return self._letter((1 << len(self._letters)) - 1)
        if kind in _REPEATS:
            return self._repeat(*value)
        if kind in ("BRANCH", "GROUPREF_EXISTS"):
            return self._one_of([self._row(held) for held in _inside(kind, value)])
        held = [] if kind in ("ASSERT", "ASSERT_NOT") else _inside(kind, value)
        return self._row(held[0]) if held else (True, [], [])

    def _one_of(self, found: list[_Ends]) -> _Ends:
        if sum(one[0] for one in found) > 1:  # nothing, in two ways
            raise _AmbiguousError
        return (
            any(one[0] for one in found),
            [place for one in found for place in one[1]],
            [place for one in found for place in one[2]],
        )

    def _repeat(self, least: int, most: int, body: Any) -> _Ends:
        least, most = int(least), int(most)
        if most <= _FEW or least == most <= _FIXED:
            found: _Ends = (True, [], [])
            for _ in range(most - least):  # from the last: each may be there if the one before is
                found = self._maybe(self._then(self._row(body), found))
        else:
            found = self._again(self._row(body))
            found = found if least else self._maybe(found)
            least = min(max(least - 1, 0), _FEW)
        for _ in range(least):
            found = self._then(self._row(body), found)
        return found

    def _maybe(self, found: _Ends) -> _Ends:
        return self._one_of([(True, [], []), found])
