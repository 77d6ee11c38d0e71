"""Five ways to hide a word from a filter, for measuring alone: nothing learns from these.

Tricks and characters are another choice than those that training twists words by
(`moderation_evasion`), and are not read off the tables that serving undoes them with.
"""

import random
import unicodedata
from collections.abc import Callable
from typing import Final

_EMOJI: Final = "🍀⭐🎈💎🔥✨🌸☘♣♪"
_INVISIBLE: Final = "\u200b\u200c\u2060\ufeff\u00ad"
_OTHERS: Final = "\u0430\u0441\u0435\u0456\u043e\u0440\u0455\u0445\u0443\u043a\u044c\u04bb\u03c4"
_ALIKE: Final = str.maketrans("aceiopsxykbht", _OTHERS)
_VOWELS: Final = {"ㅏ": "卜", "ㅣ": "｜", "ㅡ": "一", "ㅜ": "丁"}


def _blanks(word: str, draw: random.Random) -> str:
    """A blank after each letter."""
    return " ".join(word)


def _emoji(word: str, draw: random.Random) -> str:
    """A picture between two letters."""
    at = draw.randrange(1, len(word))
    return word[:at] + draw.choice(_EMOJI) + word[at:]


def _jamo(word: str, draw: random.Random) -> str:
    """Syllables in their parts."""
    return "".join(
        _alone(part) for char in word for part in unicodedata.normalize("NFD", char)
    )  # fmt: skip


def _signs(word: str, draw: random.Random) -> str:
    """Signs drawn like vowels, letters of other scripts like Latin ones."""
    letters = list(_jamo(word, draw))
    return "".join(_VOWELS.get(letter, letter) for letter in letters).lower().translate(_ALIKE)


def _unseen(word: str, draw: random.Random) -> str:
    """A character between letters that nobody sees."""
    return draw.choice(_INVISIBLE).join(word)


TRICKS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "blanks": _blanks,
    "emoji": _emoji,
    "parts": _jamo,
    "signs": _signs,
    "unseen": _unseen,
}


def hide(text: str, trick: str, draw: random.Random) -> str:
    """A text with every word of two letters or more hidden by one trick.

    Args:
        text: what is posted.
        trick: one of `TRICKS`.
        draw: where a trick needs chance.
    """
    change = TRICKS[trick]
    words = text.split(" ")
    return " ".join(change(word, draw) if len(word) > 1 else word for word in words)


def _alone(part: str) -> str:
    """A conjoining part of Hangul as the one that stands alone; anything else as it is."""
    name = unicodedata.name(part, "")
    for kind in ("HANGUL CHOSEONG ", "HANGUL JUNGSEONG ", "HANGUL JONGSEONG "):
        if name.startswith(kind):
            try:
                return unicodedata.lookup("HANGUL LETTER " + name.removeprefix(kind))
            except KeyError:
                return part
    return part
