"""What the API of moderation takes and gives, field by field; openapi.json is written from it."""

from typing import Any

from marshmallow import Schema, fields, validate

from listings.moderation.appeals import MAX_WORDS as MAX_APPEAL
from listings.moderation.appeals import SIDES
from listings.moderation.classes import ACTIONS, CLASSES, PROBLEMS
from listings.moderation.decisions import MAX_REASON
from listings.moderation.reports import MAX_WORDS as MAX_REPORT
from listings.store import MAX_DESCRIPTION, MAX_TITLE

MAX_PAGE = 500
_SOURCE: dict[str, Any] = {"description": "The marketplace's name on this desk."}
_ID: dict[str, Any] = {"description": "The listing's id on the marketplace."}


def _name(meta: dict[str, Any], *, required: bool = True) -> fields.String:
    if required:
        return fields.String(required=True, validate=validate.Length(1, 200), metadata=meta)
    return fields.String(load_default="", validate=validate.Length(max=200), metadata=meta)


class _NamedSchema(Schema):
    """A listing that the desk has."""

    source = _name(_SOURCE)
    id = _name(_ID)


class JudgeSchema(Schema):
    """A listing to judge."""

    source = _name(_SOURCE, required=False)
    id = _name(_ID, required=False)
    title = fields.String(load_default="", validate=validate.Length(max=MAX_TITLE))
    description = fields.String(load_default="", validate=validate.Length(max=MAX_DESCRIPTION))
    price = fields.String(
        load_default="",
        validate=validate.Length(max=40),
        metadata={"description": "As it is written, such as 35,000 or 35만원."},
    )
    category = fields.String(
        load_default="",
        validate=validate.Length(max=300),
        metadata={"description": "Levels joined by ' > '."},
    )
    seller = _name({"description": "The seller's id there; kept as a keyed hash."}, required=False)
    url = fields.String(load_default="", validate=validate.Length(max=2000))
    posted_at = fields.String(load_default="", metadata={"description": "ISO 8601."})
    seller_since = fields.String(
        load_default="", metadata={"description": "When the seller's account was opened."}
    )
    dry_run = fields.Boolean(
        load_default=False,
        metadata={"description": "Store nothing, do nothing: source and id may be left out."},
    )


class JudgeWithPicturesSchema(JudgeSchema):
    """A listing to judge, with its pictures."""

    pictures = fields.List(fields.Raw(metadata={"type": "string", "format": "binary"}))


class ReasonSchema(Schema):
    """One thing that speaks for a class."""

    kind = fields.String(required=True, metadata={"description": "rule, word or signal"})
    label = fields.String(required=True)
    text = fields.String(required=True)
    weight = fields.Float(required=True, metadata={"description": "In log-odds."})


class VerdictSchema(Schema):
    """What a listing was found to be, and what was done."""

    listing_id = fields.String(required=True, allow_none=True)
    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    label = fields.String(required=True, metadata={"description": "What the action is done for."})
    probabilities = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    threshold = fields.Float(required=True, allow_none=True)
    reason = fields.String(
        required=True,
        metadata={"description": "Why this action, such as hide, review, below, no_model, brake."},
    )
    reasons = fields.List(fields.Nested(ReasonSchema), required=True)
    mode = fields.String(required=True, validate=validate.OneOf(("live", "shadow", "off")))
    model = fields.String(required=True, metadata={"description": "Empty: rules judged alone."})
    policy = fields.String(required=True)
    decision_id = fields.String(required=True, allow_none=True)
    hidden = fields.Boolean(required=True, metadata={"description": "Is hidden now."})
    alerts = fields.List(
        fields.String(), required=True, metadata={"description": "Kinds, of watching for returns."}
    )
    problems = fields.List(
        fields.String(), required=True, metadata={"description": "Pictures that were not read."}
    )


class ReportSchema(_NamedSchema):
    """Somebody's report."""

    reporter = _name({"description": "Their id there; kept as a keyed hash."}, required=False)
    label = fields.String(load_default="", validate=validate.OneOf(("", *PROBLEMS)))
    words = fields.String(load_default="", validate=validate.Length(max=MAX_REPORT))


class ReceivedSchema(Schema):
    """What became of a report."""

    report_id = fields.String(required=True)
    listing_id = fields.String(required=True)
    merged = fields.Boolean(
        required=True, metadata={"description": "The same person's report waits already."}
    )
    braked = fields.Boolean(
        required=True, metadata={"description": "It does not count towards settling."}
    )
    settled = fields.Boolean(required=True, metadata={"description": "Nobody has to look."})
    hidden = fields.Boolean(required=True)


class PastDecisionSchema(_NamedSchema):
    """What somebody decided elsewhere."""

    label = fields.String(required=True, validate=validate.OneOf(CLASSES))
    reason = fields.String(load_default="", validate=validate.Length(max=MAX_REASON))
    at = fields.String(load_default="", metadata={"description": "ISO 8601."})
    drawn = fields.Boolean(
        load_default=False,
        metadata={"description": "Chance chose the listing, not a report: bounds may rest on it."},
    )


class AppealSchema(_NamedSchema):
    """An appeal against the decision in force on a listing."""

    by = fields.String(required=True, validate=validate.OneOf(SIDES))
    words = fields.String(load_default="", validate=validate.Length(max=MAX_APPEAL))


class FiledSchema(Schema):
    """An appeal that was taken in."""

    appeal_id = fields.String(required=True)
    decision_id = fields.String(required=True)


class DecisionIdSchema(Schema):
    """A decision that was taken over."""

    decision_id = fields.String(
        required=True, allow_none=True, metadata={"description": "null: there was one already."}
    )


class AfterSchema(Schema):
    """Which page."""

    after = fields.Integer(
        load_default=0, validate=validate.Range(0, 2**63 - 1),
        metadata={"description": "The `next` of the page before."},
    )  # fmt: skip
    limit = fields.Integer(load_default=100, validate=validate.Range(1, MAX_PAGE))


class DecisionSchema(Schema):
    """One decision."""

    decision_id = fields.String(required=True)
    source = fields.String(required=True)
    id = fields.String(required=True)
    label = fields.String(required=True)
    action = fields.String(required=True)
    reason = fields.String(required=True)
    made_by = fields.String(required=True, metadata={"description": "person, policy or import"})
    model = fields.String(required=True)
    policy = fields.String(required=True, allow_none=True)
    threshold = fields.Float(required=True, allow_none=True)
    at = fields.String(required=True)
    undone_at = fields.String(required=True, allow_none=True)
    stands = fields.Boolean(
        required=True, metadata={"description": "Neither taken back nor replaced."}
    )


class DecisionsSchema(Schema):
    """A page of decisions, the oldest first."""

    decisions = fields.List(fields.Nested(DecisionSchema), required=True)
    next = fields.Integer(required=True)


class ChangeSchema(Schema):
    """A listing that is to be hidden, or shown again."""

    change_id = fields.String(required=True)
    source = fields.String(required=True)
    id = fields.String(required=True)
    action = fields.String(required=True, validate=validate.OneOf(("hide", "show")))
    cause = fields.String(required=True, metadata={"description": "decided or undone"})
    decision_id = fields.String(required=True)
    at = fields.String(required=True)


class ChangesSchema(Schema):
    """A page of what changed for buyers, the oldest first."""

    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    next = fields.Integer(required=True)
