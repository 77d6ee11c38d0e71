"""Masks personal data in a text: resident numbers, phones, e-mail, cards and bank accounts.

Here are the masks, the order of the rules and the pass over a text; what each kind looks like is
in `redact_mail`, `redact_numbers`, `redact_accounts` and `redact_spoken`, what of a URL is read
in `redact_urls`. Every pattern runs on the
copy that `redact_fold` makes: it is as long as the text, so a match there is a match here and all
else stays byte for byte, but for what nobody sees between the signs of a number or an address: it
is left out first. The patterns repeat only a bounded number of times: time grows with the length of
the text alone.

Personal names and street addresses are not found.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from . import redact_accounts as accounts
from . import redact_numbers as numbers
from . import redact_spoken as spoken
from .redact_fold import TAKEN, fold
from .redact_mail import AT, address_at
from .redact_urls import ESCAPE_BEFORE, URL, query_of

MASKS: Final = {
    "resident_number": "[주민등록번호]",
    "phone": "[전화번호]",
    "email": "[이메일]",
    "card": "[카드번호]",
    "account": "[계좌번호]",
}

_MASK = re.compile("|".join(map(re.escape, MASKS.values())))
# What nobody sees, beside a sign that a number or an address is made of: it would tear them.
_UNSEEN: Final = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_SIGN: Final = r"[\dA-Za-z@＠._+\- \u2010-\u2015\u2212．＿－]"
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_TORN = re.compile(rf"(?<={_SIGN})[{_UNSEEN}]++|(?<![{_UNSEEN}])[{_UNSEEN}]++(?={_SIGN})")
_MAX_PASSES: Final = 8  # nearly every text is settled after the first


@dataclass(frozen=True, slots=True)
class Redaction:
    """A masked text, and how many of each kind were masked (kinds found only)."""

    text: str
    counts: dict[str, int]


def masks_in(text: str) -> tuple[str, ...]:
    """The masks that a text holds, in their order."""
    return tuple(_MASK.findall(text))


_Accept = Callable[[re.Match[str]], bool]
_Rule = tuple[str, re.Pattern[str], _Accept | None]

# In this order: what a rule has taken no later rule sees. These two hold inside URLs too.
_EVERYWHERE: Final[tuple[_Rule, ...]] = (
    ("resident_number", numbers.RESIDENT, None),
    ("phone", numbers.MOBILE, None),
)
_RULES: Final[tuple[_Rule, ...]] = (
    ("", numbers.KEEP, numbers.is_kept),
    ("resident_number", numbers.RESIDENT_BARE, numbers.is_resident),
    ("card", numbers.CARD_GROUPED, numbers.is_grouped_card),
    ("phone", numbers.PHONE, numbers.is_phone),
    ("card", numbers.CARD, numbers.is_card),
)
_LAST_RULES: Final[tuple[_Rule, ...]] = (
    ("", numbers.KEEP_NEAR, numbers.is_kept_near),
    ("phone", numbers.HOTLINE, numbers.is_hotline),
    ("account", accounts.NUMBER, accounts.is_account),
)
_QUERY_RULES: Final[tuple[_Rule, ...]] = (
    *_EVERYWHERE,
    ("", numbers.KEEP, numbers.is_kept),
    ("resident_number", numbers.RESIDENT_BARE, numbers.is_birthday),
    ("card", numbers.CARD_GROUPED, numbers.is_grouped_card),
    ("phone", numbers.PHONE, numbers.is_phone),
    ("card", numbers.CARD, numbers.is_card),
)
_SPOKEN_RULES: Final[tuple[_Rule, ...]] = (
    ("card", spoken.CARD, spoken.is_card),
    ("resident_number", spoken.RESIDENT, spoken.is_resident),
    ("phone", spoken.MOBILE, spoken.is_spoken),
    ("phone", spoken.LANDLINE, spoken.is_spoken),
)

# Six digits this near to one another may be something; only there do the slower patterns look.
_CLUSTER = re.compile(
    r"[0-9](?:[ \t\r\n.\-~,/_()\[\]*:|+xX●○•■□◯◎#에다시대하이픈]{0,14}[0-9]){5,}+"
)
_EIGHT = re.compile(
    r"[0-9](?:[ \t\r\n.\-~,/_()\[\]*:|+xX●○•■□◯◎#에다시대하이픈]{0,14}[0-9]){7}"
)  # fewer are nothing to `_RULES`
_EIGHT_CLOSE = re.compile(r"[0-9](?:[ .\-]{0,3}[0-9]){7}")  # nor to `_LAST_RULES`
_BEFORE, _AFTER = 50, 30  # how far around it they look for words such as 주문번호 or 은행


def _key(spelling: str) -> str:
    """Bring a number to its digits, a Korean country code to the leading zero."""
    digits = spoken.spoken_digits(spelling).removeprefix("00")
    if digits.startswith("82") and 10 <= len(digits) <= 13:
        digits = "0" + digits[2:].lstrip("0")
    return digits


def _windows(folded: str) -> list[tuple[int, int]]:
    """List the stretches around clusters of digits, in order and without overlap."""
    windows: list[tuple[int, int]] = []
    for cluster in _CLUSTER.finditer(folded):
        start, stop = max(0, cluster.start() - _BEFORE), min(len(folded), cluster.end() + _AFTER)
        if windows and start <= windows[-1][1]:
            start = windows.pop()[0]
        windows.append((start, stop))
    return windows


class Redactor:
    """Masks personal data, all but the desk's own numbers and addresses."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        """Remember what is never masked.

        Args:
            allow: public phone numbers, accounts and e-mail addresses, in any spelling.
        """
        self._allowed: set[str] = set()
        for entry in map(fold, allow):
            at = AT.search(entry)
            address = address_at(entry, at, 0) if at else None
            if address:
                self._allowed.add(address[2])
            elif key := _key(entry):
                self._allowed.add(key)

    def redact(self, text: str) -> Redaction:
        """Mask a text; masking the result again changes nothing."""
        counts: dict[str, int] = {}
        if not text.isascii() and _HIDDEN.search(text):
            text = _TORN.sub("", text)
        for _ in range(_MAX_PASSES):
            found = self._find(text)
            if not found:
                break
            pieces: list[str] = []
            end = 0
            for start, stop, kind in found:
                pieces += (text[end:start], MASKS[kind])
                counts[kind] = counts.get(kind, 0) + 1
                end = stop
            text = "".join((*pieces, text[end:]))
        return Redaction(text, counts)

    def _find(self, text: str) -> list[tuple[int, int, str]]:
        """List what is to be masked as (start, end, kind), in order and without overlap."""
        folded = fold(text)
        if "[" in folded:
            folded = _MASK.sub(lambda mask: TAKEN * len(mask[0]), folded)
        found: list[tuple[int, int, str]] = []
        folded = self._take_emails(folded, found)
        windows = _windows(folded)
        if windows or "%2" in folded:  # an escaped blank or hyphen tears a cluster apart
            folded = self._take(_EVERYWHERE, folded, windows, found)
            folded = URL.sub(lambda url: self._take_url(url, found), folded)
            windows = [window for window in windows if _EIGHT.search(folded, *window)]
            folded = self._take(_RULES, folded, windows, found)
            windows = [window for window in windows if _EIGHT_CLOSE.search(folded, *window)]
            folded = self._take(_LAST_RULES, folded, windows, found)
        if not folded.isascii() and spoken.RUN.search(folded):
            self._take(_SPOKEN_RULES, folded, [(0, len(folded))], found)
        found.sort()
        return found

    def _take_emails(self, folded: str, found: list[tuple[int, int, str]]) -> str:
        pieces: list[str] = []
        end = 0
        for at in AT.finditer(folded):
            address = address_at(folded, at, end) if at.start() >= end else None
            if address is None:
                continue
            start, stop, plain = address
            if plain not in self._allowed:
                found.append((start, stop, "email"))
            pieces += (folded[end:start], TAKEN * (stop - start))
            end = stop
        return "".join((*pieces, folded[end:])) if pieces else folded

    def _take_url(self, url: re.Match[str], found: list[tuple[int, int, str]]) -> str:
        """Apply rules to the query of a URL; return the URL blanked."""
        at, query = query_of(url[0])
        inside: list[tuple[int, int, str]] = []
        self._take(_QUERY_RULES, query, [(0, len(query))], inside)
        for start, stop, kind in inside:
            first = url.start() + at + start
            if escape := ESCAPE_BEFORE.search(url.string, first - 2, first):
                first = escape.start()  # the match began inside an escaped sign, as in %2B82
            found.append((first, url.start() + at + stop, kind))
        return TAKEN * len(url[0])

    def _take(
        self,
        rules: tuple[_Rule, ...],
        folded: str,
        windows: list[tuple[int, int]],
        found: list[tuple[int, int, str]],
    ) -> str:
        """Apply rules inside the windows; return the folded text with what they took blanked."""
        pieces: list[str] = []
        end = 0
        for start, stop in windows:
            window = folded[start:stop]
            for kind, pattern, accept in rules:

                def take(
                    match: re.Match[str],
                    kind: str = kind,
                    accept: _Accept | None = accept,
                    start: int = start,
                ) -> str:
                    if accept is not None and not accept(match):
                        return match[0]
                    if kind and _key(match[0]) not in self._allowed:
                        found.append((start + match.start(), start + match.end(), kind))
                    return TAKEN * len(match[0])

                window = pattern.sub(take, window)
            pieces += (folded[end:start], window)
            end = stop
        return "".join((*pieces, folded[end:]))
