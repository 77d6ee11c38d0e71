"""`/api/v1/suggestions/{id}/events`: what became of a suggestion that another program showed.

Telling it again does no harm: an event counts once under its id.
"""

from typing import Any, Final

from flask import g
from marshmallow import Schema, fields, validate

from support import clock, suggestions, told
from support.answering import DISMISSALS
from support.audit import Actor
from support.errors import ConflictError, InputError, NotFoundError
from support.insertions import FORMS
from support.told import KINDS, Event

from .api import bp, needs, problems
from .api_once import once
from .api_schemas import MAX_TEXT, moment
from .database import db

__all__ = ["bp"]

MAX_EVENTS: Final = 100
MAX_FAQS: Final = 50


class EventSchema(Schema):
    """One thing that happened."""

    id = fields.String(
        required=True,
        validate=validate.Length(1, 100),
        metadata={"description": "The caller's own, such as a UUID; it counts once."},
    )
    type = fields.String(required=True, validate=validate.OneOf(KINDS))
    faq_id = fields.String(
        load_default="",
        validate=validate.Length(max=300),
        metadata={"description": "Which FAQ; of missed, one that fits and was not suggested."},
    )
    inquiry_id = fields.String(
        load_default="",
        validate=validate.Regexp("^[0-9]{0,18}$"),
        metadata={"description": "Instead: the past inquiry whose answer was inserted or undone."},
    )
    faq_ids = fields.List(
        fields.String(validate=validate.Length(1, 300)),
        load_default=list,
        validate=validate.Length(max=MAX_FAQS),
        metadata={"description": "Of sent: the FAQs that the answer linked."},
    )
    text = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_TEXT),
        metadata={"description": "Of sent: the answer; its FAQ links are read, it is not kept."},
    )
    form = fields.String(
        load_default="",
        validate=validate.OneOf(FORMS),
        metadata={"description": "How it was inserted."},
    )
    reason = fields.String(
        load_default="",
        validate=validate.OneOf(("", *DISMISSALS)),
        metadata={"description": "Why it was dismissed; without one, other."},
    )
    comment = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={"description": "Masked before it is kept."},
    )
    agent = fields.String(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"description": "Who did it, as the caller calls them; masked."},
    )
    position = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 1000),
        metadata={"description": "Where it stood in the caller's list, from 1."},
    )
    at = fields.String(
        load_default="",
        validate=[validate.Length(max=40), moment],
        metadata={"description": "When, in ISO 8601; without it, now."},
    )


class EventsSchema(Schema):
    """What happened, in order."""

    events = fields.List(
        fields.Nested(EventSchema), required=True, validate=validate.Length(1, MAX_EVENTS)
    )


class TakenSchema(Schema):
    """What became of one event."""

    id = fields.String(required=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(("taken", "known", "refused")),
        metadata={"description": "known: it was told before; refused: detail says why."},
    )
    detail = fields.String(required=True)


class TakenEventsSchema(Schema):
    """What became of each event, in the order in which they were told."""

    events = fields.List(fields.Nested(TakenSchema), required=True)


@bp.post("/suggestions/<string:suggestion_id>/events")
@problems(404, 409, 413, 415)
@needs("feedback")
@once
@bp.arguments(EventsSchema)
@bp.response(202, TakenEventsSchema)
def tell_events(asked: dict[str, Any], suggestion_id: str) -> dict[str, Any]:
    """Tell what became of a suggestion."""
    suggestions.check_own(db(), suggestion_id, g.actor_name)
    return {"events": [_take(suggestion_id, item) for item in asked["events"]]}


def _take(suggestion_id: str, item: dict[str, Any]) -> dict[str, str]:
    one_faq = (item["faq_id"],) if item["faq_id"] else ()
    event = Event(
        id=item["id"],
        kind=item["type"],
        slugs=tuple(dict.fromkeys((*one_faq, *item["faq_ids"]))),
        past_id=int(item["inquiry_id"]) if item["inquiry_id"] else None,
        text=item["text"],
        form=item["form"],
        reason=item["reason"],
        comment=item["comment"],
        agent=item["agent"],
        position=item["position"],
        at=clock.parse(item["at"]) if item["at"] else "",
    )
    try:
        fresh = told.take(db(), suggestion_id, event, actor=Actor(g.actor_name))
    except (InputError, NotFoundError, ConflictError) as error:
        return {"id": event.id, "state": "refused", "detail": str(error)}
    return {"id": event.id, "state": "taken" if fresh else "known", "detail": ""}
