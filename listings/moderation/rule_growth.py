r"""How the time that a pattern takes grows with a text, worked out from the pattern alone.

`re` tries one way after another. A search takes time by the square of a text where the same letters
can be read before the pattern begins and within one of its repeats (`\d+x` in a long number: each
digit begins anew), by the cube where they can be read in two repeats that follow each other
(`a.*b.*c` in "ababab"), and so on. That is so where some word leads from one place back to it, from
there to another, and from the other back to itself (the criterion of Weber and Seidl, 1991, for how
ambiguous an automaton is); the longest chain of such places is the power. Words that do so are
found on the way. What stands in front (`(?<!\d)`) may make it better than is said here, never
worse.
"""

from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from .rule_patterns import letters_of, may_be

_PARSER: Final[Any] = import_module("re._parser")  # its own; nothing public takes one to pieces
_OPEN: Final = 200  # turns from which on a repeat counts as one without an end
_LETTERS: Final = ("LITERAL", "NOT_LITERAL", "ANY", "IN")

_Part = tuple[Any, Any]
_Ends = tuple[bool, list[int], list[int]]  # may it be empty, where it begins, where it ends


@lru_cache(maxsize=500)
def growth(pattern: str, flags: int = 0) -> "Growth":
    """How a pattern's time grows, worked out once.

    Raises:
        re.error: it is none.
    """
    return Growth(pattern, flags)


class Growth:
    """The places of a pattern, which follow which, and which lead to which by the same word.

    Place 0 stands for the text before the pattern begins. `power`: 1 for time in proportion to a
    text, 2 for its square, and so on. `words`: some that make it so, each to be repeated. `factor`:
    how often each place may be read again within repeats that have an end.
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        """Take a pattern to pieces.

        Raises:
            re.error: it is none.
        """
        parts = _PARSER.parse(pattern, flags)
        self._letters = letters_of(parts)
        every = (1 << len(self._letters)) - 1
        self._masks, self._after, self._own = [every], [{0}], {0: False}
        self._known: dict[tuple[str, str], int] = {}
        self.factor = 1
        _, first, _ = self._row(parts)
        self._after[0] |= set(first)
        self._before: list[set[int]] = [set() for _ in self._masks]
        for place, after in enumerate(self._after):
            for following in after:
                self._before[following].add(place)
        self.words: tuple[str, ...] = ()
        self.power = self._chain()

    def _chain(self) -> int:
        loops = list(self._own)  # what lies in no repeat is never come back to
        to = {place: self._leading_to(place) for place in loops}
        around = {
            one: frozenset(other for other in loops if one in to[other] and other in to[one])
            for one in loops
        }
        leads: dict[int, list[int]] = {place: [] for place in loops}
        words = []
        for one in loops:
            if self._own[one]:
                continue  # what it has read it never gives back
            for other in loops:
                if one not in to[other] or other in around[one]:
                    continue
                if word := self._word(one, other, around, to[other]):
                    leads[one].append(other)
                    words.append(word)
        self.words = tuple(dict.fromkeys(words))
        known: dict[int, int] = {}

        def longest(place: int) -> int:
            if place not in known:
                known[place] = 1 + max(map(longest, leads[place]), default=0)
            return known[place]

        return max(map(longest, loops))

    def _leading_to(self, end: int) -> set[int]:
        """The places from which one is reached in a step or more."""
        found: set[int] = set()
        waiting = [end]
        while waiting:
            new = self._before[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    def _word(
        self, one: int, other: int, around: dict[int, frozenset[int]], useful: set[int]
    ) -> str:
        """A word that leads from one place to it, from it to another, and from that to itself."""
        start, end = (one, one, other), (one, other, other)
        waiting, came = deque([start]), {start: ""}
        while waiting:
            places = waiting.popleft()
            between = self._after[places[1]] & (useful | {other})
            for a in self._after[places[0]] & around[one]:
                for c in self._after[places[2]] & around[other]:
                    both = self._masks[a] & self._masks[c]
                    if not both:
                        continue
                    for b in between:
                        mask = both & self._masks[b]
                        if mask and (a, b, c) not in came:
                            letter = self._letters[(mask & -mask).bit_length() - 1]
                            came[a, b, c] = came[places] + letter
                            if (a, b, c) == end:
                                return came[end]
                            waiting.append((a, b, c))
        return ""

    def _letter(self, mask: int) -> _Ends:
        self._masks.append(mask)
        self._after.append(set())
        return False, [len(self._masks) - 1], [len(self._masks) - 1]

    def _lead(self, ends: Iterable[int], starts: Iterable[int]) -> None:
        for end in ends:
            self._after[end] |= set(starts)

    def _row(self, parts: Iterable[_Part]) -> _Ends:
        found: _Ends = (True, [], [])
        for kind, value in parts:
            after = self._part(str(kind), value)
            self._lead(found[2], after[1])
            found = (
                found[0] and after[0],
                found[1] + (after[1] if found[0] else []),
                after[2] + (found[2] if after[0] else []),
            )
        return found

    def _part(self, kind: str, value: Any) -> _Ends:
        if kind in _LETTERS:
            known = (kind, str(value))
            if known not in self._known:
                self._known[known] = sum(
                    1 << at for at, char in enumerate(self._letters) if may_be(kind, value, char)
                )
            return self._letter(self._known[known])
        if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            return self._repeat(int(value[0]), int(value[1]), value[2], kind[:3] == "POS")
        if kind == "SUBPATTERN":
            return self._row(value[-1])
        if kind == "ATOMIC_GROUP":
            return self._row(value)
        if kind == "GROUPREF":  # whatever it was, of whatever length
            found = self._letter(self._masks[0])
            self._lead(found[2], found[1])
            return True, found[1], found[2]
        if kind in ("BRANCH", "GROUPREF_EXISTS"):
            held = value[1] if kind == "BRANCH" else [value[1], value[2] or ()]
            ways = [self._row(one) for one in held]
            return (
                any(way[0] for way in ways),
                [place for way in ways for place in way[1]],
                [place for way in ways for place in way[2]],
            )
        if kind in ("ASSERT", "ASSERT_NOT") and value[0] > 0:
            return True, self._row(value[1])[1], []  # read, and gone back from
        return True, [], []

    def _repeat(self, least: int, most: int, body: Any, keeps: bool) -> _Ends:
        before = len(self._masks)
        found = self._row(body)
        if most >= _OPEN:
            self._lead(found[2], found[1])
            self._own |= dict.fromkeys(range(before, len(self._masks)), keeps)
        elif most > 9:
            self.factor *= most - least + 1
        return (least == 0 or found[0], found[1], found[2])
