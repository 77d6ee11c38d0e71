"""Counts as the console's figures say them: never a share without its n and its interval."""

import math
from dataclasses import dataclass
from typing import Final

from flask_babel import format_decimal

from support.promise import Promise

from .i18n import gettext as _

TOO_WIDE: Final = 0.5  # an interval that holds half of all shares says nothing

_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Said:
    """A figure, what it rests on, and whether it says too little to be shown as one."""

    main: str
    beside: str
    few: bool = False


def share(found: Promise) -> Said:
    """A share with its counts and 95 % interval; of too few only the counts are told."""
    if not found.n:
        return Said("–", _("nothing to count"), few=True)
    counts = of(found)
    if found.high - found.low > TOO_WIDE:
        return Said(counts, _("too few to say"), few=True)
    return Said(percent(found), f"{counts}, {interval(found)}")


def of(found: Promise) -> str:
    """So many of so many."""
    values = {"right": number(found.right), "n": number(found.n)}
    return _("%(right)s of %(n)s", **values).replace(" ", _SPACE)


def percent(found: Promise) -> str:
    """A share in percent; never rounded up to all or down to none."""
    whole = round(100 * found.share)
    if whole == 100 and found.right < found.n:
        return f">{_SPACE}99{_SPACE}%"
    if whole == 0 and found.right:
        return f"<{_SPACE}1{_SPACE}%"
    return f"{whole}{_SPACE}%"


def interval(found: Promise) -> str:
    """Where the true share lies with 95 %, rounded outwards."""
    low = math.floor(round(100 * found.low, 6))
    high = math.ceil(round(100 * found.high, 6))
    return f"{low}–\N{WORD JOINER}{high}{_SPACE}%"


def number(count: float) -> str:
    """A number as the reader writes it."""
    return str(format_decimal(count))
