"""By what the past answers that the API tells are narrowed: moment, who answered, FAQ, and more."""

from collections.abc import Sequence
from typing import Any, Final

from marshmallow import Schema, fields, validate

from support import archive
from support.archive import Filters
from support.inquiries import PastAnswer

from .database import db

SIFTED: Final = 200  # as many are looked at where filters let some through
NARROWED: Final = (
    *("since", "until", "agent", "faq", "category", "channel", "language", "tag", "source"),
)


def word(words: str) -> fields.String:
    """A filter that is left open where it is empty."""
    return fields.String(
        load_default="", validate=validate.Length(max=200), metadata={"description": words}
    )


class FiltersSchema(Schema):
    """Which past answers; what is not named is left open."""

    since = word("Answered from this moment on, such as 2026-11-03T00:00:00Z.")
    until = word("Answered before this moment.")
    agent = word("Who answered: agent:3, or author:<name> of an import.")
    faq = word("An FAQ that the answer links.")
    category = word("As the source says.")
    channel = word("Through which it came.")
    language = word("Such as ko.")
    tag = word("A tag of the inquiry.")
    source = word("Where the inquiry came from, by its name here, such as zendesk.")


def filters_of(asked: dict[str, Any], *, words: str = "") -> Filters:
    """What was asked for, as the archive wants it.

    Raises:
        InputError: a moment is none.
    """
    return Filters(words=words, **{name: asked[name] for name in NARROWED if name in asked})


def sifted(found: Sequence[PastAnswer], filters: Filters) -> list[PastAnswer]:
    """Those that the filters let through, in their order."""
    if not filters.any:
        return list(found)
    kept = archive.among(db(), [past.inquiry_id for past in found], filters)
    return [past for past in found if past.inquiry_id in kept]
