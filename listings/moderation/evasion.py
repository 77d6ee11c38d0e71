"""Undoes spelling that hides a word from a filter and not from a reader.

Invisible characters and letters of other scripts, parts of Hangul for syllables, signs for parts,
blanks and emoji between letters, telephone numbers in words. What is undone is read by rules and
models; each of its characters knows its place in what was posted, so that the words as they were
written can be shown. Numbers spelled out are found by `support.redact_spoken`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from support.redact_spoken import MOBILE, RUN, is_spoken, spoken_digits

from .lookalikes import (
    ALONE,
    CONSONANT_LIKE,
    FINALS,
    INITIALS,
    LATIN,
    LAUGHTER,
    VOWEL_LIKE,
    VOWELS,
    is_hangul,
    is_part,
    open_syllable,
    syllable,
    with_final,
)

MOST_READ: Final = 4000  # characters of a text
_GAP: Final = "\n|\n"  # where a long text's middle was: no word goes across it
_HEAD: Final = 3000
_TAIL: Final = MOST_READ - _HEAD - len(_GAP)
_SOFT: Final = frozenset(".,-_/~·*+'\"`:;|^=•ㆍ․…¸°")  # also of honest punctuation
_MOST_BETWEEN: Final = 3  # signs between two letters of one word
_INVISIBLE = frozenset(("Cf", "Mn", "Me", "Cc", "Co", "Cn"))
_SYMBOL = frozenset(("So", "Sk", "Sm", "Sc", "Cs"))
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ENGLISH = {word: str(digit) for digit, word in enumerate(_NUMBERS)}
_SAID = re.compile(
    r"\b(?:(?:zero|one|two|three|four|five|six|seven|eight|nine|oh|o|\d)[\s.,-]{0,3}){9,13}\b", re.I
)
_SAID_WORD = re.compile(r"[a-z]+|\d", re.I)
_SINGLE_LATIN = re.compile(r"(?<![A-Za-z])(?:[A-Za-z][ .·*_-]{1,2}){3,}[A-Za-z](?![A-Za-z])")

_SINGLE = re.compile(
    "(?<![가-힣ㄱ-ㅣ0-9])[가-힣ㄱ-ㅣ0-9](?: {1,3}[가-힣ㄱ-ㅣ0-9](?![가-힣ㄱ-ㅣ0-9]))+"
)
_ORDINARY = re.compile("[\\x00-\\x7f가-힣ㄱ-ㅣ]*")

_Read = list[tuple[str, int]]  # characters with their places in the text


@dataclass(frozen=True, slots=True)
class Undone:
    """A text as a reader reads it."""

    text: str
    places: tuple[int, ...]  # of each character where it, or its beginning, stood
    tricks: int  # characters that were hidden behind something

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Where [start, stop) of what was undone stood in what was posted."""
        if start >= stop:
            return -1, -1
        return self.places[start], self.places[stop - 1] + 1


def undo(text: str) -> Undone:
    """Read a text as it is meant; of more than 4,000 characters the beginning and the end."""
    text, where = _ends(text, range(len(text)))
    if _ORDINARY.fullmatch(text) and not any(needed.search(text) for needed, _ in _STEPS):
        return Undone(text, tuple(where), 0)
    read, tricks = _plain(text, where)
    words = "".join([char for char, _ in read])
    for needed, step in _STEPS:
        if not needed.search(words):
            continue
        read, more = step(read)
        if more:
            tricks += more
            words = "".join([char for char, _ in read])
    return Undone(words, tuple([place for _, place in read]), tricks)


def _ends(text: str, places: Sequence[int]) -> tuple[str, Sequence[int]]:
    """What is read of a text, with the places: padding before or after the words hides nothing."""
    if len(text) <= MOST_READ:
        return text, places
    between = [places[_HEAD - 1]] * len(_GAP)
    return (
        text[:_HEAD] + _GAP + text[-_TAIL:],
        [*places[:_HEAD], *between, *places[-_TAIL:]],
    )


def _plain(text: str, places: Sequence[int]) -> tuple[_Read, int]:
    """Every odd form of a character as the plain one; what cannot be seen goes."""
    read: _Read = []
    tricks = 0
    if _ORDINARY.fullmatch(text):
        return list(zip(text, places, strict=True)), 0
    for char, place in zip(text, places, strict=True):
        if char.isascii() or "가" <= char <= "힣" or is_part(char):
            read.append((char, place))
        elif char in ALONE or char in LATIN:
            read.append((ALONE.get(char) or LATIN[char], place))
            tricks += 1
        elif unicodedata.category(char) in _INVISIBLE:
            tricks += 1
        else:
            for plain in unicodedata.normalize("NFKC", char):
                read.append((ALONE.get(plain) or LATIN.get(plain, plain), place))
    # One sign may stand for eighteen letters.
    words, where = _ends("".join([char for char, _ in read]), [place for _, place in read])
    return list(zip(words, where, strict=True)), tricks


def _unlike(read: _Read) -> tuple[_Read, int]:
    """Signs drawn like a part of Hangul, beside one."""
    found: _Read = []
    tricks = 0
    for at, (char, place) in enumerate(read):
        before = found[-1][0] if found else ""
        after = read[at + 1][0] if at + 1 < len(read) else ""
        meant = char
        if char in VOWEL_LIKE and before in INITIALS and before and not _word(after):
            meant = VOWEL_LIKE[char]
        elif char in CONSONANT_LIKE and after and after in VOWELS and after not in LAUGHTER:
            meant = CONSONANT_LIKE[char]
        tricks += meant != char
        found.append((meant, place))
    return found, tricks


def _word(char: str) -> bool:
    """Whether a sign before it more likely begins a word of Latin letters, or a number."""
    return char.isascii() and char.isalnum()


def _join_symbols(read: _Read) -> tuple[_Read, int]:
    """Take out signs between letters of Hangul: emoji always, honest marks in a word in pieces."""
    found: _Read = []
    tricks = 0
    at = 0
    while at < len(read):
        if not (found and is_hangul(found[-1][0])) or not _sign(read[at][0]):
            found.append(read[at])
            at += 1
            continue
        stop = at
        while stop < len(read) and _sign(read[stop][0]):
            stop += 1
        between = read[at:stop]
        meets = stop < len(read) and is_hangul(read[stop][0])
        hard = all(_symbol(char) for char, _ in between)
        short = len(between) <= _MOST_BETWEEN and (
            hard or _lone(found, -1, -1) or _lone(read, stop, 1)
        )
        if meets and short:
            tricks += len(between)
        else:
            found += between
        at = stop
    return found, tricks


def _sign(char: str) -> bool:
    return char in _SOFT or _symbol(char)


def _symbol(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char) in _SYMBOL


def _lone(read: _Read, at: int, step: int) -> bool:
    """Whether the letter of Hangul there is a piece of one letter, seen in one direction."""
    place = (at if at >= 0 else len(read) + at) + step
    return not 0 <= place < len(read) or not is_hangul(read[place][0])


def _join_single(read: _Read) -> tuple[_Read, int]:
    """Take out blanks between letters of Hangul, and digits, that each stand alone.

    Two letters at least: a digit before a counting word is honest.
    """
    return _replace(read, _alone, lambda words: [at for at, c in enumerate(words) if c != " "])


def _alone(text: str) -> Iterator[re.Match[str]]:
    for found in _SINGLE.finditer(text):
        if sum(not char.isascii() for char in found[0]) > 1:
            yield found


def _compose(read: _Read) -> tuple[_Read, int]:
    """Put parts of Hangul together to syllables; laughter stays what it is."""
    found: _Read = []
    tricks = 0
    at = 0
    chars = [char for char, _ in read] + ["", "", ""]
    while at < len(read):
        char, place = read[at]
        after, later, last = chars[at + 1], chars[at + 2], chars[at + 3]
        if char in INITIALS and after and after in VOWELS:
            ends = later and later in FINALS and not (last and last in VOWELS)
            if ends and later in LAUGHTER:
                ends = False
            found.append((syllable(char, after, later if ends else "\0"), place))
            at += 3 if ends else 2
            tricks += 1
        elif (
            char in FINALS and char not in LAUGHTER and found and open_syllable(found[-1][0])
            and is_hangul(after) and after not in LAUGHTER and after != char
        ):  # fmt: skip
            found[-1] = (with_final(found[-1][0], char), found[-1][1])
            at += 1
            tricks += 1
        else:
            found.append((char, place))
            at += 1
    return found, tricks


def _join_latin(read: _Read) -> tuple[_Read, int]:
    """Four Latin letters or more, each standing alone, are a word."""
    return _replace(
        read, _SINGLE_LATIN.finditer, lambda words: [at for at, c in enumerate(words) if _word(c)]
    )


def _said_numbers(read: _Read) -> tuple[_Read, int]:
    """Telephone numbers in words, as digits."""
    text = "".join(char for char, _ in read)
    found: _Read = []
    done = tricks = 0
    for start, stop, digits in _said(text):
        if start < done:
            continue
        found += read[done:start]
        # A digit stands where its share of the words stood.
        found += [
            (digit, read[start + number * (stop - start) // len(digits)][1])
            for number, digit in enumerate(digits)
        ]
        tricks += len(digits)
        done = stop
    return found + read[done:], tricks


def _said(text: str) -> Iterator[tuple[int, int, str]]:
    if RUN.search(text):
        for match in MOBILE.finditer(text):
            if is_spoken(match):
                yield match.start(), match.end(), spoken_digits(match[0])
    for match in _SAID.finditer(text):
        words = [word.lower() for word in _SAID_WORD.findall(match[0])]
        digits = "".join(_ENGLISH.get(word, word if word.isdigit() else "0") for word in words)
        if any(word in _ENGLISH for word in words):
            yield match.start(), match.end(), digits


def _replace(
    read: _Read,
    finder: Callable[[str], Iterator[re.Match[str]]],
    keep: Callable[[str], Sequence[int]],
) -> tuple[_Read, int]:
    """Of each match keep only the characters at some places of it."""
    text = "".join(char for char, _ in read)
    found: _Read = []
    done = tricks = 0
    for match in finder(text):
        kept = keep(match[0])
        found += read[done : match.start()]
        found += [read[match.start() + at] for at in kept]
        tricks += len(match[0]) - len(kept)
        done = match.end()
    return found + read[done:], tricks


_PART = re.compile("[ㄱ-ㅣ]")
_STEPS: Final = (  # each with what must be there: of most listings nothing is
    (_PART, _unlike),
    (re.compile(r"[가-힣ㄱ-ㅣ](?:[^\w\s]|_){1,3}[가-힣ㄱ-ㅣ]"), _join_symbols),
    (_SINGLE, _join_single),
    (_PART, _compose),
    (_SINGLE_LATIN, _join_latin),
    (re.compile(f"{RUN.pattern}|{_SAID.pattern}", re.I), _said_numbers),
)
