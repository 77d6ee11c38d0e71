"""`/api/v1/faqs`: the kept answers, read page by page, made, edited, retired and brought back.

Each change is one that can be taken back, as on the console.
"""

from typing import Any, Final

from flask import g
from marshmallow import Schema, fields, validate

from support import faq_changes, faq_edit, faq_undo, faqs, gone_pages
from support.audit import Actor
from support.database import Row, write
from support.faq_slugs import row_of

from .api import bp, needs, problems
from .api_once import once
from .api_pages import PageSchema, next_field, read_cursor, write_cursor
from .database import db

__all__ = ["bp"]

MAX_TITLE: Final = 500  # characters
MAX_BODY: Final = 100_000
STATES: Final = ("used", "retired", "all")


class FaqsQuerySchema(PageSchema):
    """Which FAQs to list."""

    q = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "Words that title or body hold, also inside longer ones."},
    )
    category = fields.String(load_default="", validate=validate.Length(max=300))
    state = fields.String(load_default="used", validate=validate.OneOf(STATES))


class KeptFaqSchema(Schema):
    """One FAQ."""

    faq_id = fields.String(required=True, metadata={"description": "Its name in links."})
    title = fields.String(required=True)
    title_en = fields.String(required=True)
    body = fields.String(required=True)
    category = fields.String(required=True)
    url = fields.String(required=True)
    active = fields.Boolean(required=True, metadata={"description": "It may be suggested."})
    discovered = fields.Boolean(
        required=True, metadata={"description": "It is known only from links in answers."}
    )
    gone = fields.Boolean(
        required=True, metadata={"description": "Its page was not there when the desk looked last."}
    )
    sent = fields.Integer(required=True, metadata={"description": "Answers that linked it."})
    updated_at = fields.String(required=True)


class FaqsSchema(Schema):
    """A page of FAQs, by name."""

    faqs = fields.List(fields.Nested(KeptFaqSchema), required=True)
    next = next_field()


def _text(most: int, words: str) -> dict[str, Any]:
    return {"validate": validate.Length(max=most), "metadata": {"description": words}}


class EditFaqSchema(Schema):
    """What an FAQ shall say; what is not named stays."""

    title = fields.String(**_text(MAX_TITLE, "In one line."))
    title_en = fields.String(**_text(MAX_TITLE, "In English."))
    body = fields.String(**_text(MAX_BODY, "Plain text, or HTML that is read as text."))
    category = fields.String(**_text(300, "Free words."))
    url = fields.String(**_text(2000, "Where its page is."))
    active = fields.Boolean(metadata={"description": "false retires it, true brings it back."})


class NewFaqSchema(Schema):
    """A new FAQ."""

    faq_id = fields.String(
        load_default="",
        **_text(300, "Its name in links; without it one is made of the title."),
    )
    title = fields.String(
        required=True,
        validate=validate.Length(1, MAX_TITLE),
        metadata={"description": "In one line."},
    )
    title_en = fields.String(load_default="", **_text(MAX_TITLE, "In English."))
    body = fields.String(load_default="", **_text(MAX_BODY, "Plain text, or HTML."))
    category = fields.String(load_default="", **_text(300, "Free words."))
    url = fields.String(
        load_default="", **_text(2000, "Where its page is; without it, as the desk's links look.")
    )


class ChangedFaqSchema(Schema):
    """An FAQ as it stands now, and the changes that may be taken back."""

    faq = fields.Nested(KeptFaqSchema, required=True)
    change_ids = fields.List(
        fields.String(), required=True, metadata={"description": "In order; none: it was so."}
    )


class UndoneSchema(Schema):
    """A change that was taken back."""

    change_id = fields.String(required=True)
    kind = fields.String(required=True)
    faq_id = fields.String(required=True)


@bp.get("/faqs")
@problems()
@needs("search")
@bp.arguments(FaqsQuerySchema, location="query")
@bp.response(200, FaqsSchema)
def list_faqs(asked: dict[str, Any]) -> dict[str, Any]:
    """List FAQs by name."""
    after = read_cursor(asked["cursor"], str)
    sql = """
        SELECT f.*, c.state AS checked, c.url AS checked_url,
            (SELECT count(*) FROM labels l WHERE l.slug = f.slug) AS sent
        FROM faqs f LEFT JOIN faq_link_checks c ON c.faq_id = f.id
        WHERE f.slug > :after AND (:category = '' OR f.category = :category)
            AND (:state = 'all' OR f.active = (:state = 'used'))
        ORDER BY f.slug
    """
    values = {"after": after[0] if after else "", **{k: asked[k] for k in ("category", "state")}}
    words, found = asked["q"].casefold().split(), []
    for row in db().query(sql, values):
        if _holds(row, words):
            found.append(row)
            if len(found) > asked["limit"]:
                break
    rows = found[: asked["limit"]]
    return {
        "faqs": [_told(row) for row in rows],
        "next": write_cursor(rows[-1]["slug"]) if len(found) > len(rows) else None,
    }


@bp.get("/faqs/<string:faq_id>")
@problems(404)
@needs("search")
@bp.response(200, KeptFaqSchema)
def one_faq(faq_id: str) -> dict[str, Any]:
    """One FAQ, by its name or one that it had."""
    return _one(faqs.aliases(db()).get(faq_id, faq_id))


@bp.post("/faqs")
@problems(409, 413, 415)
@needs("faqs")
@once
@bp.arguments(NewFaqSchema)
@bp.response(201, ChangedFaqSchema)
def create_faq(asked: dict[str, Any]) -> dict[str, Any]:
    """Make an FAQ."""
    slug = asked.pop("faq_id")
    with write(db()):
        made = faq_edit.create(db(), _actor(), slug=slug, **asked)
        changes = [faq_changes.listed(db(), slug=made.slug, limit=1)[0].id]
    return {"faq": _one(made.slug), "change_ids": list(map(str, changes))}


@bp.patch("/faqs/<string:faq_id>")
@problems(404, 409, 413, 415)
@needs("faqs")
@once
@bp.arguments(EditFaqSchema)
@bp.response(200, ChangedFaqSchema)
def edit_faq(asked: dict[str, Any], faq_id: str) -> dict[str, Any]:
    """Change what an FAQ says; retire it or bring it back."""
    active = asked.pop("active", None)
    with write(db()):
        before = {change.id for change in faq_changes.listed(db(), slug=faq_id, limit=2)}
        row = row_of(db(), faq_id)
        if asked:
            faq_edit.edit(db(), _actor(), faq_id, **asked)
        if active is not None and active != bool(row["active"]):
            (faq_edit.restore if active else faq_edit.retire)(db(), _actor(), faq_id)
        after = [change.id for change in faq_changes.listed(db(), slug=faq_id, limit=2)]
    fresh = sorted(number for number in after if number > max(before, default=0))
    return {"faq": _one(faq_id), "change_ids": list(map(str, fresh))}


@bp.post("/faq-changes/<int(max=9223372036854775807):change_id>/undo")
@problems(404, 409)
@needs("faqs")
@once
@bp.response(200, UndoneSchema)
def undo_faq_change(change_id: int) -> dict[str, Any]:
    """Take a change of an FAQ back."""
    change = faq_undo.undo(db(), _actor(), change_id)
    return {"change_id": str(change.id), "kind": change.kind, "faq_id": change.slug}


def _one(slug: str) -> dict[str, Any]:
    faq, row = faqs.get(db(), slug), row_of(db(), slug)
    return _told(row | {"sent": faq.sent}) | {"gone": bool(gone_pages.gone(db(), [faq]))}


def _holds(row: Row, words: list[str]) -> bool:
    """Whether an FAQ holds every word."""
    if not words:
        return True
    whole = " ".join((row["title"], row["title_en"], row["slug"], row["body"])).casefold()
    return all(word in whole for word in words)


def _told(row: Row) -> dict[str, Any]:
    same = ("title", "title_en", "body", "category", "url", "sent", "updated_at")
    return {
        "faq_id": row["slug"],
        "active": bool(row["active"]),
        "discovered": bool(row["discovered"]),
        "gone": row.get("checked") == "gone" and row.get("checked_url") == row["url"],
        **{name: row[name] for name in same},
    }


def _actor() -> Actor:
    return Actor(g.actor_name)
