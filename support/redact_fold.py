"""The folded copy: every odd spelling of a character as the one plain character it looks like.

Full-width, circled and bold digits become 0-9, long dashes a hyphen, rare blanks a space: always
one for one, so a place in the copy is the same place in the text. Knows nothing of what a number
or an address means; digits spelled as words are `redact_spoken`'s.
"""

import re
import unicodedata
from itertools import chain
from typing import Final

# What is already decided is blanked out with this private character. It counts as a digit wherever
# a pattern looks at its neighbours, so that a second run over the masks decides as the first did.
TAKEN: Final = "\ue000"


def _fold_table() -> dict[str, str]:
    """Map each odd character to the one plain character it stands for."""
    table = {TAKEN: "\ue001"}
    blocks = (
        range(0x80, 0x3400), range(0xA000, 0xABFF), range(0xFE00, 0x10000),
        range(0x1D400, 0x1D800), range(0x1F100, 0x1F16A), range(0x1FBF0, 0x1FBFA),
    )  # fmt: skip
    for code in chain.from_iterable(blocks):
        char = chr(code)
        digit = unicodedata.digit(char, None)
        if digit is not None:
            table[char] = str(digit)
        elif unicodedata.category(char) == "Pd":
            table[char] = "-"
        elif unicodedata.category(char) in ("Zs", "Cf"):
            table[char] = " "
        elif code >= 0x2100:
            plain = unicodedata.normalize("NFKC", char)
            if len(plain) == 1 and plain.isascii():
                table[char] = plain
    table |= dict.fromkeys("−ㅡ─━―‐ー⁃﹘\u00ad", "-") | dict.fromkeys("·ㆍ・。", ".")
    table |= dict.fromkeys("∼〜～", "~") | dict.fromkeys("\u2028\u2029\x85\x0b\x0c", "\n")
    return table | dict.fromkeys("\ufe0f\u20e3\u115f\u1160\u3164\uffa0", " ")


_FOLD = _fold_table()
# In two: one class that reaches beyond the basic plane is thirty times slower to search for.
_ODD = re.compile("[" + re.escape("".join(char for char in _FOLD if char < "\U00010000")) + "]")
_ODD_ASTRAL = re.compile("[\U0001d400-\U0001d7ff\U0001f100-\U0001f169\U0001fbf0-\U0001fbf9]")


def fold(text: str) -> str:
    """Copy a text with each odd character as the plain one it looks like."""
    if text.isascii():
        return text
    folded = _ODD.sub(lambda odd: _FOLD[odd[0]], text)
    return _ODD_ASTRAL.sub(lambda odd: _FOLD.get(odd[0], odd[0]), folded)


def only_digits(text: str) -> str:
    """Keep the digits alone."""
    return re.sub(r"\D", "", text)
