"""What a group of texts has in common that others have not: its words, and a sentence.

A Korean noun comes with its particle: 환불은, 환불이, 환불을. Words are cut back to the beginning
that most of them share, as long as hardly a text is lost by reading on.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from support.features import normalize, split_words
from support.redact import MASKS
from support.text import fold_line

SHOWN: Final = 5
TITLE: Final = 80  # characters of a draft title
_HANGUL = re.compile("^[가-힣]+$")
_SENTENCE = re.compile(r"(?<=[.?!。？！…])\s+|\n+")
_KEPT: Final = 0.8  # of the texts with a beginning that also have a longer one: then read on
_PRIOR: Final = 0.5  # added to counts, so that one text alone proves little
_HELD: Final = 0.25  # of a group's texts that a word must stand in
_GREETING = re.compile(
    r"^(안녕하세요|안녕하십니까|수고\S*|문의\s?드립니다|hello|hi|dear|good (morning|afternoon))\b",
    re.IGNORECASE,
)


class CommonWords:
    """Names groups against everything that was grouped or not."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Take all texts; each group's are among them."""
        # Read when it is needed: no search for gaps, no wait for scikit-learn.
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        self._words = [_beginnings(text) - ENGLISH_STOP_WORDS for text in texts]
        self._all: Counter[str] = Counter()
        for words in self._words:
            self._all.update(words)

    def of(self, members: Sequence[int]) -> list[str]:
        """The words that tell a group from the rest, the most telling first.

        Args:
            members: places of its texts.
        """
        inside: Counter[str] = Counter()
        for member in members:
            inside.update(self._words[member])
        n, rest = len(members), len(self._words) - len(members)
        scores: dict[str, float] = {}
        for word, count in inside.items():
            if count < 2 or count < _HELD * n:
                continue
            outside = self._all[word] - count
            odds = math.log((count + _PRIOR) / (n - count + _PRIOR))
            odds -= math.log((outside + _PRIOR) / (rest - outside + _PRIOR))
            spread = 1 / (count + _PRIOR) + 1 / (outside + _PRIOR)
            if odds > 0:
                scores[word] = odds / math.sqrt(spread)
        chosen: list[str] = []
        for word in sorted(scores, key=lambda word: (-scores[word], word)):
            if any(word.startswith(had) or had.startswith(word) for had in chosen):
                continue
            chosen.append(self._whole(word, inside))
            if len(chosen) == SHOWN:
                break
        return chosen

    def _whole(self, word: str, inside: Counter[str]) -> str:
        """The longest form of a beginning that nearly as many of the texts hold."""
        if not _HANGUL.match(word):
            return word
        longer = [
            other
            for other, count in inside.items()
            if other.startswith(word) and count >= _KEPT * inside[word]
        ]
        return max(longer, key=lambda other: (len(other), inside[other], other))


def draft_title(text: str, words: Sequence[str]) -> str:
    """A sentence of a typical text that says what it is about, as a title to be edited."""
    for mask in MASKS.values():
        text = text.replace(mask, " ")
    best, most = "", -1.0
    for place, sentence in enumerate(_SENTENCE.split(text)):
        line = fold_line(sentence).strip(" -–·*>")
        if not line or (_GREETING.match(line) and len(line) < 25):
            continue
        folded = normalize(line)
        asked = 0.5 if line.endswith(("?", "？", "요", "까")) else 0.0
        score = sum(word in folded for word in words) + asked - 0.1 * place
        score -= max(0, len(line) - TITLE) / TITLE
        if score > most:
            best, most = line, score
    best = best or fold_line(text)
    if len(best) <= TITLE:
        return best
    cut = best[:TITLE].rsplit(" ", 1)[0]
    return cut + "…"


def _beginnings(text: str) -> frozenset[str]:
    """Words of two letters and more; of a Korean one, its beginnings too."""
    for mask in MASKS.values():
        text = text.replace(mask, " ")
    found: set[str] = set()
    for word in split_words(normalize(text[:2000])):
        if len(word) < 2 or word.isdecimal():
            continue
        if _HANGUL.match(word):
            found.update(word[:size] for size in range(2, min(len(word), 6) + 1))
        elif len(word) > 2:
            found.add(word)
    return frozenset(found)
