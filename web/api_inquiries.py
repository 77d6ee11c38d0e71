"""`/api/v1/inquiries`: what programs hand in, how it stands, and what was answered elsewhere.

They wait in the console's inbox beside all others. One is known by the name of its source and the
source's id of the conversation; handing the same message in again does nothing.
"""

from typing import Any, Final

from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from support import clock, incoming, inquiries, outside_answers, settings
from support.database import Row, write
from support.errors import EmptyTextError
from support.importing.conversation import RawMessage
from support.redact import Redactor

from .api import bp, needs, problems
from .api_once import once
from .api_schemas import MAX_TEXT, moment
from .api_suggestions import inquiry_named, kept_id
from .database import db, desk
from .findable import make_findable

__all__ = ["bp"]

MAX_MESSAGES: Final = 200
ROLES: Final = ("customer", "agent", "bot", "system")
STATES: Final = ("open", "answered", "closed")
_SAME: Final = ("customer_id", "subject", "language", "category")
# A colon ends a source's name where one inquiry is named; a # begins what came after an answer.
_SOURCE: Final = r"^[^\s:#\x00-\x1f\x7f][^:#\x00-\x1f\x7f]{0,99}$"
_NAME: Final = r"^[^\s#\x00-\x1f\x7f][^#\x00-\x1f\x7f]{0,199}$"


def _short(most: int, words: str) -> fields.String:
    return fields.String(
        load_default="", validate=validate.Length(max=most), metadata={"description": words}
    )


def _at(words: str) -> fields.String:
    return fields.String(
        load_default="",
        validate=[validate.Length(max=40), moment],
        metadata={"description": words},
    )


class HandedMessageSchema(Schema):
    """One message of a conversation."""

    id = _short(200, "The source's; without one, its place among the messages, from 1.")
    role = fields.String(
        load_default="customer",
        validate=validate.OneOf(("customer", "agent")),
        metadata={"description": "An agent's is an answer that was sent over there."},
    )
    text = fields.String(required=True, validate=validate.Length(1, MAX_TEXT))
    at = _at("When, in ISO 8601; without it, now.")


class HandInSchema(Schema):
    """What a customer asked, elsewhere."""

    source = fields.String(
        required=True,
        validate=validate.Regexp(_SOURCE),
        metadata={"description": "A name for where it comes from, such as shop-app."},
    )
    id = fields.String(
        required=True,
        validate=validate.Regexp(_NAME),
        metadata={"description": "What the source calls the conversation."},
    )
    subject = _short(1000, "In one line.")
    text = _short(MAX_TEXT, "What was asked, in place of messages.")
    messages = fields.List(
        fields.Nested(HandedMessageSchema),
        load_default=list,
        validate=validate.Length(max=MAX_MESSAGES),
        metadata={"description": "Of the conversation, the oldest first; known ones are skipped."},
    )
    at = _at("Of text: when it was asked, in ISO 8601; without it, now.")
    customer_id = _short(200, "The source's; kept as a keyed hash. Theirs are answered together.")
    channel = _short(40, "Through which it came, such as app, web or email.")
    language = _short(20, "Such as ko.")
    category = _short(200, "As the source says.")
    url = fields.String(
        load_default="",
        validate=validate.Regexp(r"^(https?://[^\s]{1,1990})?$"),
        metadata={"description": "Where the source shows it."},
    )

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse neither and both, and a conversation that no customer began."""
        if bool(data["text"]) == bool(data["messages"]):
            raise ValidationError("Give text or messages, not both and not neither.", "text")
        if data["messages"] and data["messages"][0]["role"] != "customer":
            raise ValidationError("A customer's message comes first.", "messages")


class ToldMessageSchema(Schema):
    """One message of an inquiry, masked."""

    message_id = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    public = fields.Boolean(required=True, metadata={"description": "false: a note among agents."})
    author = fields.String(required=True)
    text = fields.String(required=True)
    at = fields.String(required=True)
    attachments = fields.List(
        fields.String(), required=True, metadata={"description": "Names of files."}
    )


class OneInquirySchema(Schema):
    """An inquiry with its messages; personal data is masked."""

    inquiry_id = fields.String(required=True)
    source = fields.String(required=True)
    id = fields.String(required=True, metadata={"description": "What the source calls it."})
    status = fields.String(required=True, validate=validate.OneOf(STATES))
    subject = fields.String(required=True)
    text = fields.String(required=True, metadata={"description": "What is asked, as models read."})
    channel = fields.String(required=True)
    language = fields.String(required=True)
    category = fields.String(required=True)
    tags = fields.List(fields.String(), required=True)
    url = fields.String(required=True)
    opened_at = fields.String(required=True)
    answered_at = fields.String(required=True, allow_none=True)
    faq_ids = fields.List(
        fields.String(), required=True, metadata={"description": "That its answer links."}
    )
    messages = fields.List(fields.Nested(ToldMessageSchema), required=True)


class HandedInSchema(Schema):
    """The inquiry to answer, and whether anything about it is news."""

    fresh = fields.Boolean(
        required=True, metadata={"description": "false: all of it was handed in before."}
    )
    inquiry = fields.Nested(OneInquirySchema, required=True)


class NewAnswerSchema(Schema):
    """An answer that was sent elsewhere."""

    text = fields.String(required=True, validate=validate.Length(1, MAX_TEXT))
    id = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "The source's id of the message; it counts once."},
    )
    agent = _short(100, "Who answered, as the source calls them; masked.")
    at = _at("When, in ISO 8601; without it, now.")


class TakenAnswerSchema(Schema):
    """What became of an answer."""

    state = fields.String(
        required=True,
        validate=validate.OneOf(("answered", "added", "known")),
        metadata={
            "description": "answered: the inquiry waited for it; added: to one answered before; "
            "known: it was told before."
        },
    )
    inquiry_id = fields.String(required=True)
    faq_ids = fields.List(
        fields.String(), required=True, metadata={"description": "That it links."}
    )


@bp.post("/inquiries")
@problems(409, 413, 415)
@needs("inquiries")
@once
@bp.arguments(HandInSchema)
@bp.response(201, HandedInSchema)
@bp.alt_response(200, schema=HandedInSchema)
def hand_in_inquiry(asked: dict[str, Any]) -> ResponseReturnValue:
    """Hand an inquiry in, or more messages of one; it waits in the desk's inbox."""
    messages = asked["messages"] or [
        {"id": "", "role": "customer", "text": asked["text"], "at": asked["at"]}
    ]
    if not any(item["text"].strip() for item in messages if item["role"] == "customer"):
        raise EmptyTextError("No message of the customer says anything.")
    number, fresh, conversation = 0, False, kept_id(asked["id"])
    mask = Redactor(settings.load(db()).allow)
    with write(db()):  # all of them, or none
        for place, item in enumerate(messages, 1):
            message = _message(item, item["id"] or str(place))
            if item["role"] == "agent":
                taken = outside_answers.take(
                    db(), desk().seal,
                    source=asked["source"], conversation=conversation, message=message,
                )  # fmt: skip
                fresh |= taken.became != "known"
            elif item["text"].strip():
                got = incoming.receive(
                    db(), desk().seal,
                    source=asked["source"], conversation=conversation, message=message,
                    channel=asked["channel"] or "none",
                    url=mask.redact(asked["url"]).text,
                    **{name: asked[name] for name in _SAME},
                )  # fmt: skip
                number, fresh = got.inquiry_id, fresh or got.fresh
    found = {"fresh": fresh, "inquiry": _told(inquiry_named(str(number)))}
    return found, 201 if fresh else 200  # the schema writes it


@bp.get("/inquiries/<string:inquiry_id>")
@problems(404)
@needs("inquiries", "search")
@bp.response(200, OneInquirySchema)
def one_inquiry(inquiry_id: str) -> dict[str, Any]:
    """One inquiry with its messages, by the desk's number or as source:id."""
    return _told(inquiry_named(inquiry_id))


@bp.post("/inquiries/<string:inquiry_id>/answers")
@problems(404, 409, 413, 415)
@needs("inquiries")
@once
@bp.arguments(NewAnswerSchema)
@bp.response(201, TakenAnswerSchema)
def tell_answer(asked: dict[str, Any], inquiry_id: str) -> dict[str, Any]:
    """Tell an answer that was sent elsewhere: it closes the inquiry, and is learned from."""
    row = inquiry_named(inquiry_id)
    if not asked["text"].strip():
        raise EmptyTextError("The answer is empty.")
    taken = outside_answers.take(
        db(), desk().seal,
        source=row["source"],
        conversation=row["source_id"],
        message=_message(asked | {"role": "agent"}, asked["id"]),
        inquiry_id=row["id"],
    )  # fmt: skip
    if taken.became == "answered":
        make_findable(int(taken.inquiry_id or 0))
    return {
        "state": taken.became,
        "inquiry_id": str(taken.inquiry_id),
        "faq_ids": list(taken.slugs),
    }


def _message(item: dict[str, Any], name: str) -> RawMessage:
    at = clock.parse(item["at"]) if item["at"] else clock.now()
    mask = Redactor(settings.load(db()).allow)
    author = mask.redact(item.get("agent", "")).text
    return RawMessage(kept_id(name), item["role"], item["text"], at, author=author)


def _told(row: Row) -> dict[str, Any]:
    found = inquiries.get(db(), row["id"])
    same = ("status", "subject", "text", "channel", "language", "category", "opened_at")
    return {
        "inquiry_id": str(found.id),
        "source": found.source,
        "id": row["source_id"],
        **{name: getattr(found, name) for name in (*same, "answered_at")},
        "tags": list(found.tags),
        "url": found.source_url,
        "faq_ids": list(found.slugs),
        "messages": [
            {
                "message_id": str(item.id),
                "attachments": [file.name for file in item.attachments],
                **{
                    name: getattr(item, name) for name in ("role", "public", "author", "text", "at")
                },
            }
            for item in found.messages
        ],
    }
