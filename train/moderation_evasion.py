"""Twists words as those do who hide from filters, so that a model learns such words too.

What `listings.moderation.evasion` undoes needs no learning. Here are tricks that it cannot undo:
letters that only sound alike, added and dropped finals, marks inside words, letters that change
places. The characters are another choice than that module's, and another than the benchmark's.
"""

import random
from collections.abc import Callable, Sequence
from typing import Final

from listings.moderation.classes import NORMAL
from listings.moderation.evasion import undo
from listings.moderation.lookalikes import is_syllable, parts, syllable

_VOWELS: Final = {
    "ㅐ": "ㅔ", "ㅔ": "ㅐ", "ㅏ": "ㅑ", "ㅓ": "ㅕ", "ㅗ": "ㅛ", "ㅜ": "ㅠ", "ㅚ": "ㅙ", "ㅙ": "ㅚ",
    "ㅟ": "ㅣ", "ㅢ": "ㅣ", "ㅖ": "ㅔ", "ㅒ": "ㅐ",
}  # fmt: skip
_TENSE: Final = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ", "ㅋ": "ㄱ", "ㅍ": "ㅂ"}
_ADDED: Final = ("ㅇ", "ㅅ", "ㅁ")
_DROPPED: Final = frozenset("ㅇㄴㅁㅎㅅ")
_DIGITS: Final = dict(zip("aeiost", "431057", strict=True))
_MARKS: Final = ("ㆍ", "_", "'", "1", "z")
_AT_MOST: Final = 2  # words twisted of a text: more, and nobody could read it
_SHORTEST: Final = 2  # letters of a word worth twisting

_Twist = Callable[[str, random.Random], str]


def twist(text: str, draw: random.Random) -> str:
    """The text with one or two of its words twisted; the same where none can be."""
    pieces = text.split(" ")
    places = [at for at, piece in enumerate(pieces) if len(piece) >= _SHORTEST]
    for at in draw.sample(places, min(len(places), draw.randint(1, _AT_MOST))):
        pieces[at] = draw.choice(TWISTS)(pieces[at], draw)
    return " ".join(pieces)


def evading(texts: Sequence[str], labels: Sequence[str], *, share: float, seed: int) -> list[str]:
    """The texts, a share of the problems twisted and then read as serving reads them.

    Normal ones are left alone: few honest people write so, and a model may learn just that.
    """
    draw = random.Random(seed)
    return [
        undo(twist(text, draw)).text if label != NORMAL and draw.random() < share else text
        for text, label in zip(texts, labels, strict=True)
    ]


def _sound(word: str, draw: random.Random) -> str:
    """A vowel as another that sounds alike."""
    return _change(word, draw, lambda i, v, f: syllable(i, _VOWELS[v], f) if v in _VOWELS else "")


def _tense(word: str, draw: random.Random) -> str:
    """A consonant harder, or softer, than it is."""
    return _change(word, draw, lambda i, v, f: syllable(_TENSE[i], v, f) if i in _TENSE else "")


def _final(word: str, draw: random.Random) -> str:
    """A final added, or dropped."""
    added = draw.choice(_ADDED)

    def change(initial: str, vowel: str, final: str) -> str:
        if final == "\0":
            return syllable(initial, vowel, added)
        return syllable(initial, vowel) if final in _DROPPED else ""

    return _change(word, draw, change)


def _marked(word: str, draw: random.Random) -> str:
    """A mark, a digit or a letter between two letters."""
    at = draw.randint(1, len(word) - 1)
    return word[:at] + draw.choice(_MARKS) + word[at:]


def _swapped(word: str, draw: random.Random) -> str:
    """Two letters that changed places, in words long enough to be read so."""
    if len(word) < _SHORTEST + 2:
        return word
    at = draw.randint(1, len(word) - 3)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _stretched(word: str, draw: random.Random) -> str:
    """A letter said again."""
    at = draw.randrange(len(word))
    return word[: at + 1] + word[at] + word[at + 1 :]


def _digits(word: str, draw: random.Random) -> str:
    """Latin letters as the digits they look like."""
    return "".join(_DIGITS.get(c.lower(), c) if draw.random() < 0.7 else c for c in word)


def _change(word: str, draw: random.Random, change: Callable[[str, str, str], str]) -> str:
    """One syllable of a word changed, where any can be."""
    places = [at for at, char in enumerate(word) if is_syllable(char)]
    draw.shuffle(places)
    for at in places:
        if found := change(*parts(word[at])):
            return word[:at] + found + word[at + 1 :]
    return word


TWISTS: Final[tuple[_Twist, ...]] = (
    _sound, _tense, _final, _marked, _swapped, _stretched, _digits,
)  # fmt: skip
