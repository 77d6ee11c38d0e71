"""`/api/v1/search`: past answers, found by meaning or by words, and narrowed by what is known.

What is looked for is masked first and never stored.
"""

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from support import archive, inquiries, settings
from support.archive import Filters
from support.errors import EmptyTextError
from support.inquiries import PastAnswer
from support.redact import Redactor
from support.text import normalize

from .api import bp, needs, past_answers, problems
from .api_pages import PageSchema, next_field, read_cursor, write_cursor
from .api_schemas import MAX_TEXT, PastAnswerSchema
from .database import db, desk

__all__ = ["bp"]

SIFTED: Final = 200  # as many are looked at where filters let some through
_NARROWED: Final = ("since", "until", "agent", "faq", "category", "channel", "language", "tag")


def _not_blank(text: str) -> None:
    if not normalize(text):
        raise ValidationError("Give some words.")


def _word(words: str) -> fields.String:
    return fields.String(
        load_default="", validate=validate.Length(max=200), metadata={"description": words}
    )


class _FiltersSchema(Schema):
    since = _word("Answered from this moment on, such as 2026-11-03T00:00:00Z.")
    until = _word("Answered before this moment.")
    agent = _word("Who answered: agent:3, or author:<name> of an import.")
    faq = _word("An FAQ that the answer links.")
    category = _word("As the source says.")
    channel = _word("Through which it came.")
    language = _word("Such as ko.")
    tag = _word("A tag of the inquiry.")


class SearchQuerySchema(_FiltersSchema):
    """What to search for."""

    q = fields.String(
        required=True,
        validate=[_not_blank, validate.Length(1, MAX_TEXT)],
        metadata={"description": "Some words, or a whole inquiry."},
    )
    mode = fields.String(
        load_default="similar",
        validate=validate.OneOf(("similar", "words")),
        metadata={"description": "similar: by meaning; words: every word, also inside others."},
    )
    top_k = fields.Integer(load_default=10, validate=validate.Range(1, 50))


class SearchSchema(Schema):
    """Past answers, best first."""

    mode = fields.String(
        required=True,
        validate=validate.OneOf(("similar", "words")),
        metadata={"description": "How it was searched: words where no model is."},
    )
    results = fields.List(fields.Nested(PastAnswerSchema), required=True)


class InquiriesQuerySchema(PageSchema, _FiltersSchema):
    """Which answered inquiries to list."""

    words = _word("Words that question or answer hold, every one of them.")


class InquiryRowSchema(Schema):
    """An answered inquiry in a list; texts are masked and cut."""

    inquiry_id = fields.String(required=True)
    subject = fields.String(required=True)
    text = fields.String(required=True, metadata={"description": "How it begins."})
    answer = fields.String(required=True, metadata={"description": "How the answer begins."})
    answered_at = fields.String(required=True)
    agent = fields.String(required=True)
    channel = fields.String(required=True)
    language = fields.String(required=True)
    category = fields.String(required=True)
    faq_ids = fields.List(fields.String(), required=True)


class InquiriesSchema(Schema):
    """A page of answered inquiries, the newest answer first."""

    inquiries = fields.List(fields.Nested(InquiryRowSchema), required=True)
    next = next_field()


@bp.get("/search")
@problems()
@needs("search")
@bp.arguments(SearchQuerySchema, location="query")
@bp.response(200, SearchSchema)
def search(asked: dict[str, Any]) -> dict[str, Any]:
    """Find past answers to inquiries like a text, or that hold its words."""
    text = Redactor(settings.load(db()).allow).redact(asked["q"]).text
    filters = _filters(asked)
    mode, limit = asked["mode"], SIFTED if filters.any else asked["top_k"]
    similar = desk().recommender.models().similar if mode == "similar" else None
    found: list[PastAnswer]
    if similar is None:
        mode, found = "words", inquiries.search_words(db(), text, limit=limit)
    else:
        try:
            found = similar.similar(db(), text, top_k=limit)
        except EmptyTextError:  # nothing but signs that no encoder reads
            found = []
    if filters.any:
        kept = archive.among(db(), [past.inquiry_id for past in found], filters)
        found = [past for past in found if past.inquiry_id in kept]
    return {"mode": mode, "results": past_answers(found[: asked["top_k"]])}


@bp.get("/inquiries")
@problems()
@needs("search")
@bp.arguments(InquiriesQuerySchema, location="query")
@bp.response(200, InquiriesSchema)
def answered_inquiries(asked: dict[str, Any]) -> dict[str, Any]:
    """List answered inquiries, the newest answer first."""
    after = read_cursor(asked["cursor"], str, int)
    page = archive.find(
        db(),
        _filters(asked, words=Redactor(settings.load(db()).allow).redact(asked["words"]).text),
        after=(after[0], after[1]) if after else None,
        limit=asked["limit"],
    )
    return {
        "inquiries": [
            {
                "inquiry_id": str(row.id),
                "subject": row.subject,
                "text": row.snippet,
                "answer": row.answer,
                "answered_at": row.answered_at,
                "agent": row.agent,
                "channel": row.channel,
                "language": row.language,
                "category": row.category,
                "faq_ids": list(row.slugs),
            }
            for row in page.rows
        ],
        "next": write_cursor(*page.after) if page.after else None,
    }


def _filters(asked: dict[str, Any], *, words: str = "") -> Filters:
    return Filters(words=words, **{name: asked[name] for name in _NARROWED})
