"""Categories, review and batches in the reader's language."""

from collections.abc import Sequence
from decimal import Decimal

from babel.numbers import get_currency_precision
from flask_babel import format_currency, format_percent, lazy_gettext

from support.linear import Contribution

from .i18n import gettext as _

WORDS_SHOWN = 5

VOICES = {
    "text": lazy_gettext("words"),
    "image": lazy_gettext("picture"),
}

REASONS = {
    "unsure": lazy_gettext("Unsure"),
    "disagree": lazy_gettext("Disagrees with the seller"),
    "sample": lazy_gettext("Sample"),
}

SOURCES = {
    "hand": lazy_gettext("by people"),
    "mapped": lazy_gettext("by mapping"),
    "seller": lazy_gettext("by sellers"),
}

PROBLEMS = {
    "row": lazy_gettext("Rows left out, broken"),
    "text": lazy_gettext("Rows without words or picture"),
    "picture": lazy_gettext("Pictures not read"),
    "cell": lazy_gettext("Cells cut"),
}

FILES = {
    "result": lazy_gettext("Download the result"),
    "problems": lazy_gettext("Problems"),
    "disagreements": lazy_gettext("Disagreements"),
}

SITUATIONS = {
    "title": lazy_gettext("Title alone"),
    "text": lazy_gettext("Title and description"),
    "title+image": lazy_gettext("Title and picture"),
    "text+image": lazy_gettext("Words and picture"),
    "image": lazy_gettext("Picture alone"),
}


def leaf(path: str) -> str:
    """The last level of a path."""
    return path.rpartition(" > ")[2]


def branch(path: str) -> str:
    """What is above the last level of a path."""
    return path.rpartition(" > ")[0]


def chance(probability: float) -> str:
    """A model's probability as people read one: never certainty, never nothing."""
    if probability >= 0.995:
        return "> 99%"
    if probability < 0.005:
        return "< 1%"
    return str(format_percent(probability, "0%"))


def share(counted: float) -> str:
    """A share of what was counted: all is said where it is all, and none where it is none."""
    return str(format_percent(counted, "0%")) if counted in (0, 1) else chance(counted)


def price(amount: int, currency: str) -> str:
    """A price; `amount` is in the currency's smallest unit, such as won or pence."""
    if currency == "KRW":
        return _("%(amount)s won", amount=f"{amount:,}")
    return str(format_currency(Decimal(amount).scaleb(-get_currency_precision(currency)), currency))


def speaking(words: Sequence[Contribution]) -> list[str]:
    """The words that speak most for a category."""
    found = dict.fromkeys(item.word.strip() for item in words if item.weight > 0)
    return [word for word in found if word][:WORDS_SHOWN]


def rate(part: int, whole: int) -> str:
    """How much a part is of a whole, in percent."""
    return share(part / whole)
