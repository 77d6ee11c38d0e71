"""Numbers read aloud: 공일공 일이삼사 오육칠팔, wholly or among written digits.

These patterns are slow beside `redact_numbers`': `RUN` says first whether any can match.
"""

import re
from typing import Final

from .redact_fold import only_digits
from .redact_numbers import BIRTH

_DIGITS: Final = str.maketrans(
    "공영ㅇ〇零일一이二삼三사四오五육륙六칠七팔八구九", "000001122334455666778899"
)
_N: Final = "[0-9공영ㅇ〇零일一이二삼三사四오五육륙六칠七팔八구九]"
_Z: Final = "[0공영ㅇ〇零]"
_B: Final = r"(?:[ \-.~,]{0,3}|[ ]?(?:에|다시|대시)[ ]?)"
_SPOKEN = re.compile("[공영ㅇ〇零일一이二삼三사四오五육륙六칠七팔八구九]")
RUN = re.compile(rf"{_N}(?:[ \-.~,에다시대]{{0,4}}{_N}){{8}}")
MOBILE = re.compile(
    rf"(?<!\d){_Z}{_B}[1일一]{_B}[01공영ㅇ〇零일一6-9육륙칠팔구](?:{_B}{_N}){{8}}(?!\d)"
)
LANDLINE = re.compile(
    rf"(?<!\d){_Z}{_B}(?:[2이二]|[3삼三]{_B}[1-3일이삼]|[4사]{_B}[1-4일이삼사]"
    rf"|[5오]{_B}[1-5일이삼사오]|[6육]{_B}[1-4일이삼사]"
    rf"|[7칠]{_B}{_Z})(?:{_B}{_N}){{7,8}}(?!\d)"
)
RESIDENT = re.compile(rf"(?<!\d){_N}(?:{_B}{_N}){{12}}(?!\d)")
CARD = re.compile(rf"(?<!\d){_N}(?:{_B}{_N}){{15}}(?!\d)")
_BIRTH = re.compile(BIRTH)


def spoken_digits(spelling: str) -> str:
    """Bring a number, however spelled, to its digits."""
    return only_digits(spelling.translate(_DIGITS))


def is_spoken(found: re.Match[str]) -> bool:
    """Leave what is written in digits alone to the other rules."""
    return not found[0].isascii()


def is_resident(found: re.Match[str]) -> bool:
    """Ask for a birthday, and for six words: fewer are chance among written digits."""
    birth = _BIRTH.match(spoken_digits(found[0]))
    return birth is not None and len(_SPOKEN.findall(found[0])) >= 6


def is_card(found: re.Match[str]) -> bool:
    """Ask for eight words among the sixteen digits."""
    return len(_SPOKEN.findall(found[0])) >= 8
