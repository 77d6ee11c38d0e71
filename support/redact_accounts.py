"""Bank accounts: any ten to sixteen digits that a bank's word or the hyphens tell apart.

No account carries a checksum, and each bank has its own grouping, so this is the one kind that
must guess; it is asked last, when every other rule has taken what is surely something else.
"""

import re

from . import redact_words as words
from .redact_fold import only_digits
from .redact_numbers import BIRTH, RIGHT, YEARS

NUMBER = re.compile(
    r"(?<![0-9A-Za-z_.])(?<!\d[\-.])(?:\d{10,16}|\d{2,6}(?:[ ]?[\-. ][ ]?\d{1,8}){1,4})"
    rf"{RIGHT}(?![ ]?원)"
)
_THREE_GROUPS = re.compile(
    r"\d{3,6}-\d{2,7}-\d{3,8}|\d{3}-\d{4}-\d{4}-\d{2}|\d{3}-\d{6}-\d{2}-\d{3}"
)
_JOINED_BEFORE, _JOINED_AFTER = re.compile(r"[0-9A-Za-z]-\Z"), re.compile("-[0-9A-Za-z]")
# A company's registration number is public; a year opens an order number sooner than an account.
_NOT_ACCOUNT = re.compile(r"\d{3}-\d{2}-\d{5}|(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:[0-3]\d)?-\d+")
# Milliseconds since 1970, from 2020 to 2030; one that opens like a birthday stays suspect.
_EPOCH = re.compile(rf"(?!{BIRTH})1[678]\d{{11}}")


def is_account(found: re.Match[str]) -> bool:
    """Ask for a bank beside the number, or for the groups that banks print."""
    digits, text = only_digits(found[0]), found.string
    if not 10 <= len(digits) <= 16:
        return False
    if _EPOCH.fullmatch(found[0]) and words.after_time(found):
        return False
    if words.after_bank(found) or words.before_bank(found):
        return True
    if _JOINED_BEFORE.search(
        text[max(0, found.start() - 2) : found.start()]
    ) or _JOINED_AFTER.match(text, found.end()):
        return False  # a piece of a longer code
    shape = _THREE_GROUPS.fullmatch(found[0]) and not (
        _NOT_ACCOUNT.fullmatch(found[0]) or YEARS.fullmatch(found[0])
    )
    return bool(shape) and len(digits) <= 14
