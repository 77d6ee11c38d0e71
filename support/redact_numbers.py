"""Written numbers that their own digits give away: resident numbers, phones and cards.

Each pattern is followed by what must also hold of a match. Their order is `redact`'s; the numbers
that only the words around them give away are `redact_accounts`', those read aloud
`redact_spoken`'s. All read folded text.

A checksum is never asked of a resident number: those issued since October 2020 have none. It only
speaks for one where the words around it speak for an account.
"""

import re
from typing import Final

from . import redact_words as words
from .redact_fold import TAKEN, only_digits

_S: Final = r"[ \t\r\n.\-~/_()\[\]]"  # between the groups of one number
_LEFT: Final = rf"(?<![0-9A-Za-z])(?<![\d{TAKEN}][\-.])"  # not inside a longer number or word
_WORD: Final = (
    r"(?:(?<![0-9A-Za-z_])|(?<=tel)|(?<=fax)|(?<=hp)|(?<=phone)|(?<=mobile)|(?<=cell))(?<!0\.)"
)
RIGHT: Final = r"(?![0-9_])(?![A-Za-z]{0,8}\d)"  # a hash goes on with letters and digits

# --- what is left as it stands ------------------------------------------------------------

# What is a number by its shape, and what is the shop's by the word right before it: these come
# ahead of every rule that reads bare digits.
KEEP = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])(?=[0-9]{0,40}[a-f])[0-9a-f]{16,128}(?![0-9A-Za-z])"
    r"|(?<![\d\-])(?:19|20)\d\d[\-./](?:0?[1-9]|1[0-2])[\-./](?:3[01]|[12]\d|0?[1-9])(?![\d\-])"
    r"(?:[ T]{1,2}\d{1,2}:\d\d(?::\d\d)?)?"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"
    rf"|(?:{words.NUMBERED})[ ]{{0,2}}(?:[:=#]|[은는이가])?[ ]{{0,2}}[(\[]?"
    r"[A-Za-z]{0,4}\d[\d\-]{5,40}"
    rf"|(?:{words.CODED})[ ]?(?:번호|no\.?|number)?[ ]?(?:[:=#]|[은는이가])?[ ]?"
    r"(?P<code>\d[\d\-]{6,18}\d)",
    re.IGNORECASE,
)
# A word such as 문의 or 택배 says less than digits that look like a person's: asked after them.
KEEP_NEAR = re.compile(
    rf"(?:{words.LABEL})[ ]?(?:번호|코드|넘버|아이디|no\.?|number|num|id)?"
    r"[ \t\n:=#()\[\]은는이가\-]{0,6}"
    rf"[A-Za-z]{{0,4}}[\d{TAKEN}][\d{TAKEN}\-]{{5,40}}"
    rf"(?:[ ]?[,/][ ]?[\d{TAKEN}][\d{TAKEN}\-]{{5,40}}){{0,20}}",
    re.IGNORECASE,
)


def is_kept(found: re.Match[str]) -> bool:
    """Ask what is called a barcode or an IMEI for its check digit, or for Korea's 880."""
    if found["code"] is None:
        return True
    digits = only_digits(found["code"])
    if len(digits) == 15:
        return _luhn(digits)
    return len(digits) < 15 and (digits.startswith("880") or _has_check_digit(digits))


def is_kept_near(found: re.Match[str]) -> bool:
    """Leave what may be a resident number to the accounts' rule, where a bank is near."""
    return RESIDENT_BARE.search(found[0]) is None


# --- resident numbers ---------------------------------------------------------------------

BIRTH: Final = r"\d[ ]?\d[ ]?(?:0[ ]?[1-9]|1[ ]?[0-2])[ ]?(?:0[ ]?[1-9]|[12][ ]?\d|3[ ]?[01])"
_STAR: Final = r"[0-9*xX●○•■□◯◎#]"
RESIDENT = re.compile(
    rf"(?<![0-9A-Za-z])(?:{BIRTH}[ \t\r\n\-~/_:()\[\]]{{1,5}}|{BIRTH.replace('[ ]?', '')}\.)"
    rf"(?:\d(?:[ ]?{_STAR}){{6}}|{_STAR}{{7}})(?!\d)"
    rf"|(?<![0-9A-Za-z]){BIRTH}\d?[*●○•■□◯◎#xX]{{6,7}}(?!\d)"
)
RESIDENT_BARE = re.compile(rf"(?<![0-9A-Za-z_]){BIRTH}(?:[ ]?\d){{7}}{RIGHT}")
_WEIGHTS: Final = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def is_resident(found: re.Match[str]) -> bool:
    """Tell a resident number without a hyphen from a barcode and from a bank account."""
    if not is_birthday(found):
        return False
    of_bank = words.after_bank(found) and not found.string[found.start() - 1].isalpha()
    # One account in eleven would pass the checksum, but hardly any begins with a birthday.
    return not of_bank or words.after_resident(found) or _has_checksum(found[0])


def is_birthday(found: re.Match[str]) -> bool:
    """Tell a Korean barcode from the number of somebody born in 1988."""
    digits = only_digits(found[0])
    if not digits.startswith("880") or not _has_check_digit(digits):
        return True
    # A seventh digit of 3, 4, 7, 8 says born in 2088, one of 9, 0 in 1888: nobody who asks us.
    return digits[6] not in "347890" and not words.after_barcode(found)


def _has_check_digit(digits: str) -> bool:
    """Say whether a barcode or an ISBN ends as it must."""
    return (
        sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[::-1])) % 10
        == 0
    )


def _has_checksum(digits: str) -> bool:
    if len(digits) != 13:
        return False  # groups set apart by blanks are a bank's own
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    base = 13 if digits[6] in "5678" else 11  # a foreigner's, a citizen's
    return (base - total % 11) % 10 == int(digits[12])


# --- phones -------------------------------------------------------------------------------

_OPEN: Final = r"(?:[(](?=\d{2,4}[ ]?[)]))?"  # only together with its closing bracket
_M: Final = r"(?:[ \t\r\n.\-~,/_()\[\]*:|]{0,5}|[ ]?(?:에|다시|대시|하이픈)[ ]?)"
_M1: Final = _M.replace("{0,5}", "{1,5}")
MOBILE = re.compile(
    r"(?<!\d)(?:01[016-9]|(?<![A-Za-z])[0Oo][1lI|][0Oo])"
    rf"(?:{_M1}\d{{3,4}}{_M}|\d{{3,4}}{_M1})\d{{4}}(?!\d)"
    r"|(?<!\d)01[016-9](?:[ .\-]{1,3}\d{2}){4}(?!\d)"
    r"|(?<!\d)0[ .\-]{0,3}1[ .\-]{0,3}[016-9](?:[ .\-]{1,5}\d){7,8}(?!\d)"
    r"|(?<![0-9A-Za-z])(?:[(](?=[+0 ]{0,4}82[ ]?[)]))?"
    r"(?:\+[ ]?|00[ \-]?|(?<!\d[ \-.])(?!820\d{10}(?!\d)))82[)]?"
    r"[ .\-]{0,4}(?:[(]0[)][ .\-]{0,2}|0)?1[016-9]"
    r"[ .\-]{0,5}\d{3,4}[ .\-]{0,5}\d{4}(?!\d|[ \-.]\d{4}(?!\d))"
)
_AREA: Final = r"(?:02|03[1-3]|04[1-4]|05[1-5]|06[1-4]|0[678]0|050[2-9]?|0303|0130)"
PHONE = re.compile(
    rf"{_WORD}01[016-9]\d{{7,8}}{RIGHT}"
    rf"|(?:{_LEFT}|(?<=tel)|(?<=fax)|(?<=hp)){_OPEN}{_AREA}"
    rf"(?:{_S}{{1,5}}\d{{3,4}}{_S}{{0,5}}|\d{{3,4}}{_S}{{1,5}})\d{{4}}(?!\d)"
    rf"|{_WORD}(?<!\d\.){_AREA}\d{{7,8}}{RIGHT}"
    r"|(?<![0-9A-Za-z+])(?:[(](?=\+?\d{1,5}[ ]?[)]))?(?:\+|00(?=[1-9]\d{0,2}[ \-]))[(]?[1-9]"
    r"(?:[ .\-()/]{0,3}\d){7,14}(?!\.?\d|-[0-9A-Za-z])"
    rf"|{_LEFT}(?:1[ .\-])?(?:[(][2-9]\d\d[)][ ]?|[2-9]\d\d[ .\-])[2-9]\d\d[ .\-]\d{{4}}(?![\d\-])"
    rf"|(?<![0-9A-Za-z\-./{TAKEN}])(?:{_OPEN}1[568]\d\d[\-)][ ]?"
    r"|1(?:5[2-9]{2}|600|611|644|66[0-8]|670|688|8[0135]{2}|877|899)"
    r"(?:[ .~]|[ ][\-~][ ]?|[\-~][ ]))"
    r"\d{4}(?![\d\-]|[ ]?(?:원|년|개|명|만|m|px|k|g|세기))",
    re.IGNORECASE,
)
_DECIMAL = re.compile(r"\+\d+\.\d{6,}")
_RANGE = re.compile(r"(1[568]\d\d)([ ]?[\-~][ ]?)((?:1[5-9]|2[0-4])\d\d)")
HOTLINE = re.compile(rf"{_WORD}1[568]\d{{6}}{RIGHT}")


def is_phone(found: re.Match[str]) -> bool:
    """Tell a phone from an afternoon (1600 - 1700), a lifetime (1858 ~ 1936) and +0.0000001."""
    span = _RANGE.fullmatch(found[0])
    if span and span[1] < span[3] and (span[2] != "-" or span[1][2:] == span[3][2:] == "00"):
        return is_hotline(found)  # 대표번호 1588 ~ 1600 is a phone all the same
    return not _DECIMAL.fullmatch(found[0])


def is_hotline(found: re.Match[str]) -> bool:
    """Ask for a word such as 대표 before eight digits like 15881234."""
    return words.after_hotline(found)


# --- cards --------------------------------------------------------------------------------

CARD_GROUPED = re.compile(
    rf"{_LEFT}\d{{4}}(?P<gap>[ ]?[\-./ \n][ ]?)[\d*xX●]{{4}}(?:(?P=gap)[\d*xX●]{{4}}){{2}}"
    r"(?:(?P=gap)\d{3})?(?![\d\-])"
    rf"|{_LEFT}3\d{{3}}[ \-.]\d{{6}}[ \-.]\d{{4,5}}(?![\d\-])"
)
CARD = re.compile(rf"(?<![0-9A-Za-z_])(?<!\d[\-.])\d(?:[ \-.]?\d){{12,18}}{RIGHT}")
_CARD_START = re.compile(r"[4569]|3[04-9]|2[2-7]")
_CARD_GROUPS = re.compile(
    r"\d{13,19}|(?:\d{4}[ \-]){3}\d{1,7}|\d{4}([ \-])\d{6}\1\d{4,5}"
    r"|\d{6}[ \-]\d{7,13}|\d{8}[ \-]\d{8}"
)
YEARS = re.compile(r"(?:(?:19|20)\d\d[ \n\-./]{0,3}){3,4}")


def is_grouped_card(found: re.Match[str]) -> bool:
    """Tell four groups of four digits from four years in a row."""
    return not YEARS.fullmatch(found[0])


def is_card(found: re.Match[str]) -> bool:
    """Ask for a card scheme's first digit, its checksum and its way of grouping."""
    digits = only_digits(found[0])
    if not _CARD_START.match(digits) or not _luhn(digits):
        return False
    if not _CARD_GROUPS.fullmatch(found[0]):
        return False
    # The short ones only as the card schemes really issue them: barcodes are as long.
    return len(digits) > 14 or digits[0] == ("4" if len(digits) == 13 else "3")


def _luhn(digits: str) -> bool:
    odd = sum(map(int, digits[-1::-2]))
    return (odd + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0
