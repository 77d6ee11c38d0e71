"""`/api/v1/metrics`: what the suggestions were worth in a span of time, as the week's page counts.

A share comes with what it was counted of and the interval that holds the true one with 95 %.
"""

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate

from support import clock, week
from support.errors import InputError
from support.week import FaqLine, Figures, Part

from .api import bp, needs, problems
from .api_schemas import PromiseSchema, zone
from .api_told import promised
from .database import db

__all__ = ["bp"]

MAX_DAYS: Final = 400
PARTS: Final = ("faq", "agent", "day", "release")
_SHARES: Final = ("coverage", "coverage_3", "accepted", "first_right", "misses", "gaps")


class MetricsQuerySchema(Schema):
    """Of which span, and how it is divided."""

    since = fields.String(
        load_default="",
        validate=validate.Length(max=40),
        metadata={"description": "ISO 8601, UTC where it names no zone; without it, a week ago."},
    )
    until = fields.String(
        load_default="",
        validate=validate.Length(max=40),
        metadata={"description": "The moment that is not included; without it, now."},
    )
    by = fields.String(
        load_default="",
        validate=validate.OneOf(("", *PARTS)),
        metadata={"description": "What `parts` are of, or `faqs`; without it, both are empty."},
    )
    zone = fields.String(
        load_default="Asia/Seoul",
        validate=[validate.Length(1, 60), zone],
        metadata={"description": "Whose days are counted, an IANA name."},
    )


def _share(words: str) -> fields.Nested:
    return fields.Nested(PromiseSchema, required=True, metadata={"description": words})


class MinutesSchema(Schema):
    """A median of minutes and its exact 95 % interval."""

    median = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    n = fields.Integer(required=True)


class FiguresSchema(Schema):
    """What some answered inquiries say."""

    n = fields.Integer(required=True, metadata={"description": "Inquiries answered."})
    held_out = fields.Integer(required=True, metadata={"description": "Got none on purpose."})
    coverage = _share("Of those a suggestion was looked for: shown a Likely one.")
    coverage_3 = _share("The same, Likely or Possible.")
    accepted = _share("Of those shown one and answered with an FAQ: with one that was shown.")
    first_right = _share("The same: with the one shown first.")
    misses = _share("Of those answered with an FAQ: with one that was not shown.")
    gaps = _share("Of all: answered without any FAQ.")
    minutes = fields.Nested(MinutesSchema, required=True)


class PartSchema(Schema):
    """The figures of an agent, a day or a release."""

    name = fields.String(required=True)
    figures = fields.Nested(FiguresSchema, required=True)


class FaqFiguresSchema(Schema):
    """What happened to one FAQ."""

    faq_id = fields.String(required=True)
    title = fields.String(required=True)
    sent = fields.Integer(required=True)
    suggested = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    missed = fields.Integer(required=True)
    first = _share("Where it was suggested first and an FAQ was sent: how often it was that one.")
    likely = _share("The same where it was shown as Likely.")
    dismissed = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "How often, by reason."},
    )


class MetricsSchema(Schema):
    """The figures of a span, of the span of equal length before it, and of its parts."""

    since = fields.String(required=True)
    until = fields.String(required=True)
    figures = fields.Nested(FiguresSchema, required=True)
    before = fields.Nested(FiguresSchema, required=True)
    waiting = fields.Integer(required=True, metadata={"description": "Open inquiries now."})
    parts = fields.List(fields.Nested(PartSchema), required=True)
    faqs = fields.List(fields.Nested(FaqFiguresSchema), required=True)


@bp.get("/metrics")
@problems()
@needs("metrics")
@bp.arguments(MetricsQuerySchema, location="query")
@bp.response(200, MetricsSchema)
def metrics(asked: dict[str, Any]) -> dict[str, Any]:
    """Say what the suggestions were worth."""
    # What was answered this very second counts too.
    until = _moment(asked["until"], "until") or clock.ago(seconds=-1)
    since = _moment(asked["since"], "since")
    since = since or clock.iso(clock.from_iso(until) - timedelta(days=7))
    span = clock.from_iso(until) - clock.from_iso(since)
    if not timedelta() < span <= timedelta(days=MAX_DAYS):
        raise InputError(f"until must lie after since, at most {MAX_DAYS} days.")
    if clock.from_iso(since).year < clock.YEARS[0] + 2:  # the span before it lies in the calendar
        raise InputError(f"since cannot be {since}: the desk's history begins later.")
    found = week.report(db(), since=since, until=until, zone=ZoneInfo(asked["zone"]))
    parts: dict[str, tuple[Part, ...]] = {
        "agent": found.by_agent,
        "day": found.by_day,
        "release": found.by_release,
    }
    return {
        "since": found.since,
        "until": found.until,
        "figures": _figures(found.figures),
        "before": _figures(found.before),
        "waiting": found.waiting,
        "parts": [
            {"name": part.name, "figures": _figures(part.figures)}
            for part in parts.get(asked["by"], ())
        ],
        "faqs": [_faq(line) for line in found.by_faq] if asked["by"] == "faq" else [],
    }


def _moment(text: str, name: str) -> str:
    try:
        return clock.parse(text) if text.strip() else ""
    except ValueError as error:
        raise InputError(f"{name}: {error}") from error


def _figures(found: Figures) -> dict[str, Any]:
    minutes = found.minutes
    return {
        "n": found.n,
        "held_out": found.held_out,
        **{name: promised(getattr(found, name)) for name in _SHARES},
        "minutes": {
            "median": minutes.median, "low": minutes.low, "high": minutes.high, "n": minutes.n
        },
    }  # fmt: skip


def _faq(line: FaqLine) -> dict[str, Any]:
    same = ("title", "sent", "suggested", "accepted", "missed", "dismissed")
    return {
        "faq_id": line.slug,
        **{name: getattr(line, name) for name in same},
        "first": promised(line.first),
        "likely": promised(line.likely),
    }
