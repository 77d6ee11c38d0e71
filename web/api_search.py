"""`/api/v1/search`: past answers, found by meaning or by words, and narrowed by what is known.

What is looked for is masked first and never stored.
"""

import json
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from support import archive, inquiries, settings
from support.errors import EmptyTextError
from support.inquiries import PastAnswer
from support.redact import Redactor
from support.text import normalize

from .api import bp, needs, problems
from .api_filters import SIFTED, FiltersSchema, filters_of, sifted, word
from .api_pages import PageSchema, next_field, read_cursor, write_cursor
from .api_schemas import MAX_TEXT, PastAnswerSchema
from .api_told import past_answers
from .database import db, desk

__all__ = ["bp"]


def _not_blank(text: str) -> None:
    if not normalize(text):
        raise ValidationError("Give some words.")


class SearchQuerySchema(FiltersSchema):
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


class InquiriesQuerySchema(PageSchema, FiltersSchema):
    """Which answered inquiries to list."""

    words = word("Words that question or answer hold, every one of them.")


class InquiryRowSchema(Schema):
    """An answered inquiry in a list; texts are masked and cut."""

    inquiry_id = fields.String(required=True)
    source = fields.String(required=True)
    id = fields.String(required=True, metadata={"description": "What the source calls it."})
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
    filters = filters_of(asked)
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
    found = sifted(found, filters)
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
        filters_of(asked, words=Redactor(settings.load(db()).allow).redact(asked["words"]).text),
        after=(after[0], after[1]) if after else None,
        limit=asked["limit"],
    )
    sql = """
        SELECT id, source, source_id FROM inquiries
        WHERE id IN (SELECT value FROM json_each(?))
    """
    ids = json.dumps([row.id for row in page.rows])
    named = {row["id"]: row for row in db().query(sql, [ids])}
    return {
        "inquiries": [
            {
                "inquiry_id": str(row.id),
                "source": named[row.id]["source"],
                "id": named[row.id]["source_id"],
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
