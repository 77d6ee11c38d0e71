"""`/api/v1`: listings, what people labelled them as, and what they were found to be, page by page.

Texts are as the desk keeps them: personal data is masked, sellers are keyed hashes.
"""

import json
from typing import Any, Final

from flask import g
from marshmallow import Schema, fields, validate

from listings import labels, stored
from listings.categories import canonical
from listings.moderation.classes import ACTIONS
from support import read_limit
from support.audit import Actor
from support.database import Row, one

from .api import bp, needs, problems
from .api_once import once
from .api_pages import PageSchema, next_field, read_cursor, write_cursor
from .database import db, desk

__all__ = ["bp"]

MAX_NAME: Final = 200  # characters of a marketplace's, tree's or listing's name
MAX_PATH: Final = 300
_ID: Final = "int(max=9223372036854775807)"


def _named(words: str) -> fields.String:
    return fields.String(
        load_default="", validate=validate.Length(max=MAX_NAME), metadata={"description": words}
    )


class ListingsQuerySchema(PageSchema):
    """Which listings to list."""

    source = _named("A marketplace's name on this desk.")
    external_id = _named("Its id there.")
    removed = fields.Boolean(
        load_default=False, metadata={"description": "Those too that cleaning left out."}
    )


class StoredListingSchema(Schema):
    """One listing as the desk keeps it."""

    listing_id = fields.String(required=True, metadata={"description": "The desk's number."})
    source = fields.String(required=True)
    external_id = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    price = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "In the smallest everyday unit: won, pence, cents."},
    )
    currency = fields.String(required=True)
    category = fields.String(required=True, metadata={"description": "The seller's."})
    tree = fields.String(required=True, metadata={"description": "Whose category it is."})
    url = fields.String(required=True)
    pictures = fields.Integer(required=True, metadata={"description": "How many the desk has."})
    removed = fields.String(required=True, metadata={"description": "Why it was left out."})
    collected_at = fields.String(required=True)
    updated_at = fields.String(required=True)


class StoredListingsSchema(Schema):
    """A page of listings, the oldest first."""

    listings = fields.List(fields.Nested(StoredListingSchema), required=True)
    next = next_field()


class LabelsQuerySchema(PageSchema):
    """Which labels to list."""

    tree = _named("Whose categories; without it, of every tree.")
    undone = fields.Boolean(
        load_default=False, metadata={"description": "Those too that were taken back."}
    )


class LabelSchema(Schema):
    """What somebody said that a listing is."""

    label_id = fields.String(required=True)
    listing_id = fields.String(required=True)
    source = fields.String(required=True)
    external_id = fields.String(required=True)
    tree = fields.String(required=True)
    path = fields.String(required=True, metadata={"description": "Levels joined by ' > '."})
    made_by = fields.String(required=True, metadata={"description": "Such as agent:3, token:1."})
    at = fields.String(required=True)
    undone_at = fields.String(required=True, allow_none=True)


class LabelsSchema(Schema):
    """A page of labels, the oldest first."""

    labels = fields.List(fields.Nested(LabelSchema), required=True)
    next = next_field()


class NewLabelSchema(Schema):
    """What a listing is."""

    tree = fields.String(required=True, validate=validate.Length(1, MAX_NAME))
    path = fields.String(
        required=True,
        validate=validate.Length(1, MAX_PATH),
        metadata={"description": "Levels joined by ' > '; made in the tree where it is new."},
    )


class VerdictsQuerySchema(PageSchema):
    """Which verdicts to list."""

    mode = fields.String(load_default="", validate=validate.OneOf(("", "shadow", "live")))
    action = fields.String(load_default="", validate=validate.OneOf(("", *ACTIONS)))


class StoredVerdictSchema(Schema):
    """What a listing was found to be, once."""

    verdict_id = fields.String(required=True)
    listing_id = fields.String(required=True)
    source = fields.String(required=True)
    external_id = fields.String(required=True)
    mode = fields.String(required=True, validate=validate.OneOf(("shadow", "live")))
    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    label = fields.String(required=True)
    probabilities = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    threshold = fields.Float(required=True, allow_none=True)
    reason = fields.String(required=True)
    model = fields.String(required=True, metadata={"description": "Empty: rules judged alone."})
    policy = fields.String(required=True)
    at = fields.String(required=True)


class StoredVerdictsSchema(Schema):
    """A page of verdicts, the oldest first."""

    verdicts = fields.List(fields.Nested(StoredVerdictSchema), required=True)
    next = next_field()


@bp.get("/listings")
@problems()
@needs("listings")
@bp.arguments(ListingsQuerySchema, location="query")
@bp.response(200, StoredListingsSchema)
def list_listings(asked: dict[str, Any]) -> dict[str, Any]:
    """List the desk's listings, the oldest first."""
    sql = """
        SELECT id FROM listings WHERE id > :after AND (:removed OR removed = '')
            AND (:source = '' OR source = :source)
            AND (:external_id = '' OR external_id = :external_id)
        ORDER BY id LIMIT :more
    """
    wanted = {name: asked[name] for name in ("source", "external_id", "removed")}
    rows, after = _page(sql, wanted, asked)
    found = stored.stored_listings(
        db(), desk().workspace.home / "images", [row["id"] for row in rows]
    )
    return {"listings": [_listing(item) for item in found], "next": after}


@bp.get(f"/listings/<{_ID}:listing_id>")
@problems(404)
@needs("listings")
@bp.response(200, StoredListingSchema)
def one_listing(listing_id: int) -> dict[str, Any]:
    """One listing, by the desk's number."""
    return _listing(stored.get(db(), desk().workspace.home / "images", listing_id))


@bp.get("/labels")
@problems()
@needs("listings")
@bp.arguments(LabelsQuerySchema, location="query")
@bp.response(200, LabelsSchema)
def list_labels(asked: dict[str, Any]) -> dict[str, Any]:
    """List what people said that listings are, the oldest first."""
    sql = """
        SELECT h.*, l.source, l.external_id FROM listing_labels h
        JOIN listings l ON l.id = h.listing_id
        WHERE h.id > :after AND (:undone OR h.undone_at IS NULL)
            AND (:tree = '' OR h.tree = :tree) ORDER BY h.id LIMIT :more
    """
    rows, after = _page(sql, {name: asked[name] for name in ("tree", "undone")}, asked)
    return {"labels": [_label(row) for row in rows], "next": after}


@bp.post(f"/listings/<{_ID}:listing_id>/labels")
@problems(404, 409, 413, 415)
@needs("listings")
@once
@bp.arguments(NewLabelSchema)
@bp.response(201, LabelSchema)
def label_listing(asked: dict[str, Any], listing_id: int) -> dict[str, Any]:
    """Say what a listing is; the newest word stands."""
    label_id = labels.add_hand_label(
        db(), Actor(g.actor_name), listing_id, canonical(asked["path"]), tree=asked["tree"]
    )
    return _one_label(label_id)


@bp.post(f"/labels/<{_ID}:label_id>/undo")
@problems(404, 409)
@needs("listings")
@once
@bp.response(200, LabelSchema)
def undo_listing_label(label_id: int) -> dict[str, Any]:
    """Take a label back: what stood before it stands again."""
    labels.undo_label(db(), Actor(g.actor_name), label_id)
    return _one_label(label_id)


@bp.get("/verdicts")
@problems()
@needs("moderation")
@bp.arguments(VerdictsQuerySchema, location="query")
@bp.response(200, StoredVerdictsSchema)
def list_verdicts(asked: dict[str, Any]) -> dict[str, Any]:
    """List what listings were found to be, the oldest first."""
    sql = """
        SELECT v.*, l.source, l.external_id, p.version AS policy FROM moderation_verdicts v
        JOIN listings l ON l.id = v.listing_id JOIN moderation_policies p ON p.id = v.policy_id
        WHERE v.id > :after AND (:mode = '' OR v.mode = :mode)
            AND (:action = '' OR v.action = :action) ORDER BY v.id LIMIT :more
    """
    rows, after = _page(sql, {name: asked[name] for name in ("mode", "action")}, asked)
    same = ("source", "external_id", "mode", "action", "label", "threshold", "reason", "model")
    return {
        "verdicts": [
            {
                "verdict_id": str(row["id"]),
                "listing_id": str(row["listing_id"]),
                "probabilities": json.loads(row["probabilities"]),
                **{name: row[name] for name in (*same, "policy", "at")},
            }
            for row in rows
        ],
        "next": after,
    }


def _page(sql: str, values: dict[str, Any], asked: dict[str, Any]) -> tuple[list[Row], str | None]:
    """A page of rows by their number, and the cursor of the next one."""
    after = read_cursor(asked["cursor"], int)
    bound = {**values, "after": after[0] if after else 0, "more": asked["limit"] + 1}
    with read_limit.within(db()):
        found = list(db().query(sql, bound))
    rows = found[: asked["limit"]]
    return rows, write_cursor(rows[-1]["id"]) if len(found) > len(rows) else None


def _listing(item: stored.StoredListing) -> dict[str, Any]:
    listing = item.listing
    same = ("source", "external_id", "currency", "tree", "url", "removed")
    return {
        "listing_id": str(item.id),
        "title": listing.title,
        "description": listing.description,
        "price": listing.price,
        "category": listing.category,
        "pictures": len(listing.pictures),
        **{name: getattr(item, name) for name in (*same, "collected_at", "updated_at")},
    }


def _one_label(label_id: int) -> dict[str, Any]:
    sql = """
        SELECT h.*, l.source, l.external_id FROM listing_labels h
        JOIN listings l ON l.id = h.listing_id WHERE h.id = ?
    """
    row = one(db(), sql, [label_id])
    assert row is not None  # noqa: S101 - it was written just now
    return _label(row)


def _label(row: Row) -> dict[str, Any]:
    same = ("source", "external_id", "tree", "path", "made_by", "at", "undone_at")
    return {
        "label_id": str(row["id"]),
        "listing_id": str(row["listing_id"]),
        **{name: row[name] for name in same},
    }
