"""What two texts say alike: shared words for people to read, and codes that name one product.

A code is a word that holds a digit (`64gb`, `mq8n2b`, `270mm`): two products of one make differ
in nothing else. Pure functions of texts.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from support.text import split_tokens

MAX_WORDS: Final = 8  # shown of one pair
MAX_LETTERS: Final = 2_000  # read of one text
LEAST_LETTERS: Final = 4  # fewer that are the same say nothing
_KEPT: Final = 4_096  # texts that were read
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+[^\W_]*)*")  # 1.7l and 5,5mm are one, 8gb/1tb are two
_DIGIT = re.compile(r"\d")
_MARKS = re.compile(r"[\W_]+")
# 64 gb is 64gb: what is counted belongs to its number.
_UNIT = re.compile(
    r"(?<=\d) +(?=(?:gb|tb|mb|ghz|mhz|khz|hz|mm|cm|m|inch|in|kg|mg|g|l|ml|kw|w|v|mp|mah|k|fps"
    r"|인치|기가|테라|평|호|cc|ea|개월|년식)\b)"
)
# A number is tried where it starts, and no further than a price goes: digits alone take no time.
_PRICE = re.compile(
    r"[£$€₩]\s*[\d.,]+|(?<![\d.,])[\d.,]{1,20}\s*(?:원|만원|천원|won|krw|usd|eur|gbp)\b"
)
# Endings that Korean hangs on a noun: 노트북을 is 노트북.
_ENDINGS: Final = (
    "입니다", "이에요", "예요", "에서", "으로", "까지", "부터", "하고", "이랑", "은", "는", "이",
    "가", "을", "를", "에", "의", "도", "로", "와", "과", "만",
)  # fmt: skip


def folded_words(text: str) -> str:
    """Small letters, units joined to their numbers, prices away; of a text's start."""
    return _UNIT.sub("", _PRICE.sub(" ", _plain(text).lower()))


def codes(text: str) -> frozenset[str]:
    """The words of a text that hold a digit, prices apart."""
    return _codes(text[:MAX_LETTERS])


def same_letters(left: str, right: str) -> bool:
    """Whether two texts start with the same letters, but for spaces, marks and case."""
    if abs(len(left) - len(right)) > 8 + min(len(left), len(right)) // 2:
        return False  # most pairs end here
    plain = _letters(left[:MAX_LETTERS])
    return len(plain) >= LEAST_LETTERS and plain == _letters(right[:MAX_LETTERS])


def codes_alike(left: frozenset[str], right: frozenset[str]) -> float | None:
    """How much of two texts' codes both hold, long ones counting more: [0, 1].

    None where neither has any: then codes say nothing.
    """
    if not left and not right:
        return None
    both = sum(len(code) for code in left & right)
    lengths = sum(map(len, left)) * sum(map(len, right))
    return float(both / lengths**0.5) if lengths else 0.0


def shared_words(left: str, right: str) -> tuple[str, ...]:
    """Words that stand in both, the longest first, `MAX_WORDS` at most; Korean without endings."""
    one, other = _stems(left[:MAX_LETTERS]), _stems(right[:MAX_LETTERS])
    both = {stem for stem in one if stem in other and (len(stem) > 1 or stem.isdigit())}
    ordered = sorted(both, key=lambda stem: (-len(stem), one[stem]))
    return tuple(ordered[:MAX_WORDS])


def _plain(text: str) -> str:
    """The start of a text, in plain letters: one of them may stand for eighteen."""
    return unicodedata.normalize("NFKC", text[:MAX_LETTERS])[:MAX_LETTERS]


# The same listings come up again and again, and reading one takes a while. What is kept is cut.
@lru_cache(_KEPT)
def _codes(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(folded_words(text)) if _DIGIT.search(word))


@lru_cache(_KEPT)
def _letters(text: str) -> str:
    return _MARKS.sub("", _plain(text).casefold())


@lru_cache(_KEPT // 4)
def _stems(text: str) -> dict[str, int]:
    """Each word without its ending, and where it first stands."""
    found: dict[str, int] = {}
    for place, (word, in_pairs) in enumerate(_tokens(folded_words(text))):
        found.setdefault(_stem(word) if in_pairs else word, place)
    return found


def _tokens(text: str) -> Iterable[tuple[str, bool]]:
    for word in _WORD.findall(text):
        if _DIGIT.search(word):
            yield word, False
        else:
            yield from split_tokens(word)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if len(word) - len(ending) >= 2 and word.endswith(ending):
            return word.removesuffix(ending)
    return word
