"""What the API takes and gives, field by field; openapi.json is written from it."""

from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from support import clock

from .api_filters import FiltersSchema

MAX_TEXT = 20_000  # characters of one inquiry
PARTS = ("faq", "similar", "explain")  # of what is suggested


def moment(text: str) -> None:
    """Refuse a moment that means nothing; an empty one is none."""
    try:
        if text:
            clock.parse(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def zone(name: str) -> None:
    """Refuse what names no time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError) as error:
        raise ValidationError("Give an IANA name such as Asia/Seoul.") from error


class MessageSchema(Schema):
    """One message of the conversation asked about."""

    role = fields.String(required=True, validate=validate.OneOf(("customer", "agent", "bot")))
    text = fields.String(required=True, validate=validate.Length(max=MAX_TEXT))
    at = fields.String(
        load_default="",
        validate=[validate.Length(max=40), moment],
        metadata={"description": "When, in ISO 8601. Where all say it, they are put in order."},
    )


class AskSchema(Schema):
    """What to suggest for: a text, the messages of a conversation, or an inquiry of the desk."""

    text = fields.String(load_default="", validate=validate.Length(max=MAX_TEXT))
    subject = fields.String(load_default="", validate=validate.Length(max=1000))
    messages = fields.List(
        fields.Nested(MessageSchema), load_default=list, validate=validate.Length(max=200)
    )
    inquiry_id = fields.String(
        load_default="",
        validate=validate.Length(max=300),
        metadata={
            "description": "An inquiry of the desk: its number, or source:id as in zendesk:5158. "
            "What is suggested is remembered for it; without text and messages its own text counts."
        },
    )
    include = fields.List(
        fields.String(validate=validate.OneOf(PARTS)),
        load_default=lambda: list(PARTS),
        validate=validate.Length(1, len(PARTS)),
        metadata={
            "description": "FAQs that fit, past answers to similar inquiries, and why. Without faq "
            "nothing is remembered."
        },
    )
    filters = fields.Nested(
        FiltersSchema,
        load_default=dict,
        metadata={"description": "Which past answers count as similar; FAQs are not narrowed."},
    )
    top_k = fields.Integer(
        load_default=3,
        validate=validate.Range(1, 9),
        metadata={
            "description": "FAQs at most in likely; possible shows its three, or two that tie."
        },
    )
    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Do not remember what was suggested."}
    )

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse neither and both, and more than one inquiry can be."""
        both = bool(data["text"]) and bool(data["messages"])
        if both or not (data["text"] or data["messages"] or data["inquiry_id"]):
            raise ValidationError("Give text or messages, not both and not neither.", "text")
        if len(asked_text(data)) > MAX_TEXT:
            raise ValidationError(f"Longer than {MAX_TEXT} characters together.", "messages")


class PromiseSchema(Schema):
    """How often such a suggestion was right on held-out inquiries."""

    right = fields.Integer(required=True)
    n = fields.Integer(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class WordSchema(Schema):
    """A word that speaks for an FAQ."""

    text = fields.String(required=True)
    weight = fields.Float(required=True)


class FaqSchema(Schema):
    """One FAQ that fits."""

    rank = fields.Integer(required=True)
    faq_id = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    category = fields.String(required=True)
    probability = fields.Float(required=True, metadata={"description": "Calibrated, in [0, 1]."})
    promise = fields.Nested(PromiseSchema, required=True)
    words = fields.List(
        fields.Nested(WordSchema), metadata={"description": "With explain: what speaks for it."}
    )
    used_by = fields.List(
        fields.String(), metadata={"description": "With explain: similar inquiries answered so."}
    )
    neighbours = fields.Float(
        metadata={"description": "With explain: what similar inquiries alone give it, in [0, 1]."}
    )


class PastAnswerSchema(Schema):
    """An answered inquiry; texts are masked."""

    rank = fields.Integer(required=True)
    inquiry_id = fields.String(required=True)
    score = fields.Float(required=True)
    at = fields.String(required=True)
    text = fields.String(required=True, metadata={"description": "What was asked."})
    answer = fields.String(required=True)
    faq_ids = fields.List(fields.String(), required=True)


class SuggestionSchema(Schema):
    """What fits, in its band, or why there is silence."""

    suggestion_id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Under which its outcome is told; null: it is not remembered."},
    )
    inquiry_id = fields.String(
        required=True, allow_none=True, metadata={"description": "The one that was named."}
    )
    release = fields.String(required=True)
    band = fields.String(required=True, validate=validate.OneOf(("likely", "possible", "silent")))
    abstained = fields.Boolean(required=True)
    abstain_reason = fields.String(required=True, allow_none=True)
    explanation = fields.String(
        required=True,
        metadata={"description": "Why it is silent, in the language that was asked for; or empty."},
    )
    tie = fields.Boolean(
        required=True,
        metadata={"description": "The first two are about equally likely: a choice of two."},
    )
    promise = fields.Nested(
        PromiseSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Of the band possible: that one of those suggested is right."},
    )
    threshold = fields.Float(required=True, allow_none=True)
    degraded = fields.String(required=True)
    faqs = fields.List(fields.Nested(FaqSchema), required=True)
    gone = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "FAQs that would fit and were left out: their page was not there when "
            "the desk looked last."
        },
    )
    similar = fields.List(fields.Nested(PastAnswerSchema), required=True)
    redactions = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "Personal data that was masked, by kind."},
    )


class ProblemSchema(Schema):
    """What went wrong, as RFC 9457 writes it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(metadata={"description": "Of a 422: messages by field."})


def asked_text(asked: dict[str, Any]) -> str:
    """What the customer said, of a text or of messages."""
    messages = asked["messages"]
    if all(item["at"] for item in messages):
        messages = sorted(messages, key=lambda item: clock.parse(item["at"]))
    said = [item["text"] for item in messages if item["role"] == "customer"]
    return "\n".join(part for part in (asked["subject"], asked["text"], *said) if part)
