"""Prices as people write them: 12만원, 1,200,000, £30, 1만 5천, 무료나눔.

An amount is a whole number of the smallest everyday unit of its currency: won, pence, cents.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

DEFAULT_CURRENCY: Final = "KRW"  # of a bare number
MAX_CHARACTERS: Final = 200  # of a price; what comes after is none
MAX_AMOUNT: Final = 10**12  # more is a telephone number, or a joke

# How many of the smallest unit make one; what is not here has hundredths.
_WHOLE: Final = {"KRW": 1, "JPY": 1, "VND": 1}
_SIGNS: Final = (
    ("KRW", re.compile(r"₩|￦|원|\bkrw\b|\bwon\b", re.IGNORECASE)),
    ("GBP", re.compile(r"£|파운드|\bgbp\b|\bquid\b", re.IGNORECASE)),
    ("EUR", re.compile(r"€|유로|\beur\b", re.IGNORECASE)),
    ("JPY", re.compile(r"¥|円|엔화?|\bjpy\b|\byen\b", re.IGNORECASE)),
    ("USD", re.compile(r"\$|달러|불(?!\S)|\busd\b", re.IGNORECASE)),
)
_FREE = re.compile(r"무료|나눔|공짜|무나(?!\S)|드림(?!\S)|\bfree\b|\bgive\s*away\b", re.IGNORECASE)
_NUMBER: Final = r"\d+(?:[.,]\d+)*"
# A number is read from its first digit on: from each of its digits takes time by the square.
_KOREAN = re.compile(rf"((?<!\d)(?<!\d[.,]){_NUMBER})?(?:(?<!\s)\s+)?(억|천만|백만|만|천|백)")
_PLAIN = re.compile(_NUMBER)
_THOUSANDS = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")
_UNITS: Final = {
    "억": 10**8,
    "천만": 10**7,
    "백만": 10**6,
    "만": 10**4,
    "천": 10**3,
    "백": 100,
}


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in the smallest everyday unit, None where the text names none, and its currency."""

    amount: int | None
    currency: str = ""  # ISO 4217; "" where there is no amount


UNKNOWN: Final = Price(None)


def parse_price(text: str, *, currency: str = "") -> Price:
    """Read a price; of a range its lower end.

    Args:
        text: what stands in a price's column.
        currency: ISO 4217, of a number that names none itself; won where empty.
    """
    words = unicodedata.normalize("NFKC", text.strip()[:MAX_CHARACTERS]).strip()
    named = next((code for code, sign in _SIGNS if sign.search(words)), "")
    code = named or currency.upper() or DEFAULT_CURRENCY
    value = _value(words, whole=code in _WHOLE)
    if value is None:
        return Price(0, code) if _FREE.search(words) else UNKNOWN
    amount = int((value * _WHOLE.get(code, 100)).to_integral_value(ROUND_HALF_UP))
    return Price(amount, code) if 0 <= amount < MAX_AMOUNT else UNKNOWN


def _value(words: str, *, whole: bool) -> Decimal | None:
    first = re.search(r"\d", words)
    if first is None or re.match(r"\s*[-−]\s*[^\d]*\d", words):
        return None
    korean = _korean(words)
    if korean is not None:
        return korean
    number = _PLAIN.search(words)
    return _decimal(number[0], whole=whole) if number else None


def _korean(words: str) -> Decimal | None:
    """Add up 1억 2천만 5,000, the units falling; None where there is no such unit."""
    total = Decimal(0)
    smallest: int | None = None
    end = 0
    for found in _KOREAN.finditer(words):
        unit = _UNITS[found[2]]
        gap = words[end : found.start()].strip() if smallest else ""
        if smallest is not None and (unit >= smallest or gap):
            break  # the next price, as in 3만 ~ 5만
        if found[1] is None and smallest is None:
            continue  # 백 in a name
        total += _decimal(found[1] or "1", whole=False) * unit
        smallest, end = unit, found.end()
    if smallest is None:
        return None
    rest = re.match(rf"\s*({_NUMBER})(?!\s*[억만천백\d])", words[end:])
    if rest:
        more = _decimal(rest[1], whole=True)
        total += more if more < smallest else 0
    return total


def _decimal(number: str, *, whole: bool) -> Decimal:
    """Tell separators of thousands from the decimal one."""
    grouped = _THOUSANDS.fullmatch(number)
    if grouped and (whole or grouped[1] == "," or number.count(".") > 1):
        return Decimal(number.replace(grouped[1], ""))
    if "," in number and "." in number:
        decimal = max(",.", key=number.rfind)
        other = "." if decimal == "," else ","
        return Decimal(number.replace(other, "").replace(decimal, "."))
    if number.count(",") == 1 and len(number) - number.index(",") == 3:
        return Decimal(number.replace(",", "."))
    digits = number.replace(",", "")
    return Decimal(digits if digits.count(".") <= 1 else digits.replace(".", ""))
