"""One listing as rules and models read it: its words with evasions undone, and its signals.

Signals are numbers beside the words: what the marketplace knows of the account, and what is counted
in the words themselves. Each may be unknown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from listings.listing import Listing
from support.redact import MASKS, Redactor
from support.redact_urls import URL

from .classes import Signals
from .evasion import Undone, undo

# In the order of `vector`. `tricks` are characters that were hidden, `length` is of the words.
NAMES: Final = (
    "price", "account_days", "earlier_posts", "earlier_sanctions", "repeats",
    "links", "contacts", "tricks", "length",
)  # fmt: skip
_DOMAIN = re.compile(
    r"(?<![\w@.])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,3}(?:com|net|org|kr|co|io|me|shop|store|xyz|info|us|gg|link)"
    r"(?:/[^\s]*)?(?![\w.])",
    re.I,
)
_MESSENGER = re.compile(
    r"카카오톡|카톡|톡\s*아이디|오픈\s*채팅|오픈톡|텔레그램|텔레\s*문의|라인\s*아이디|kakao\s*talk|kakao"
    r"|telegram|whats\s*app|wechat|위챗|line\s*id|insta(?:gram)?\s*dm|밴드\s*가입",
    re.I,
)
_REDACTOR: Final = Redactor()
_NUMBERS: Final = (MASKS["phone"], MASKS["email"])


@dataclass(frozen=True, slots=True)
class Reading:
    """What is judged of one listing."""

    listing: Listing
    words: Undone  # of `listing.text`
    signals: Signals  # links and contacts counted where nobody gave them

    def known(self) -> dict[str, float]:
        """The signals that are known, by their names."""
        given = {
            "price": self.listing.price,
            "account_days": self.signals.account_days,
            "earlier_posts": self.signals.earlier_posts,
            "earlier_sanctions": self.signals.earlier_sanctions,
            "repeats": self.signals.repeats,
            "links": self.signals.links,
            "contacts": self.signals.contacts,
            "tricks": self.words.tricks,
            "length": len(self.words.text),
        }
        return {name: float(value) for name, value in given.items() if value is not None}


def read(listing: Listing, signals: Signals | None = None) -> Reading:
    """Read one listing."""
    words = undo(listing.text)
    given = signals or Signals()
    links = count_links(words.text) if given.links is None else given.links
    contacts = count_contacts(words.text) if given.contacts is None else given.contacts
    return Reading(listing, words, replace(given, links=links, contacts=contacts))


def read_all(
    listings: Sequence[Listing], signals: Sequence[Signals | None] | None = None
) -> list[Reading]:
    """Read many.

    Raises:
        ValueError: there are not as many signals as listings.
    """
    given = [None] * len(listings) if signals is None else list(signals)
    if len(given) != len(listings):
        raise ValueError(f"{len(listings)} listings and {len(given)} signals: give one for each.")
    return [read(listing, some) for listing, some in zip(listings, given, strict=True)]


def count_links(text: str) -> int:
    """Addresses of pages in a text, with or without http."""
    links = len(URL.findall(text))
    return links + len(_DOMAIN.findall(URL.sub(" ", text)))


def count_contacts(text: str) -> int:
    """Telephone numbers, mail addresses and names of messengers; masked ones count too."""
    masked = _REDACTOR.redact(text).text
    return sum(masked.count(mask) for mask in _NUMBERS) + len(_MESSENGER.findall(masked))


def vector(reading: Reading) -> npt.NDArray[np.float32]:
    """(2 * signals,) logarithms of 1 + each value, 0 where unknown, then 1 where it is known."""
    known = reading.known()
    values = [np.log1p(max(0.0, known.get(name, 0.0))) for name in NAMES]
    return np.array([*values, *(float(name in known) for name in NAMES)], np.float32)


def vectors(readings: Sequence[Reading]) -> npt.NDArray[np.float32]:
    """(n, 2 * signals) of many."""
    if not readings:
        return np.zeros((0, 2 * len(NAMES)), np.float32)
    return np.stack([vector(reading) for reading in readings])
