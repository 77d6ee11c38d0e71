"""The review queue: one row at a time by keyboard, or many at once from a list."""

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from listings import batches, categories, review, review_decisions, stored
from listings.agreement import agreements
from listings.batches import Batch
from listings.review import Queue, ReviewItem
from support.errors import ConflictError, InputError

from . import listing_words, wording
from .auth import LABELLING, actor, me, requires
from .database import db, desk
from .errors import wants_json
from .i18n import gettext as _
from .listing_pictures import stored_picture

bp = Blueprint("review_page", __name__, url_prefix="/review")

PER_PAGE = 50
FOUND = 30  # categories that the box offers at once
_ONE = "/<int(max=9223372036854775807):item_id>"


@bp.get("")
@requires(*LABELLING)
def show() -> ResponseReturnValue:
    """Show the row with most to learn from."""
    queue = asked_queue()
    return render_template(
        "review.html",
        queue=queue,
        reasons=listing_words.REASONS,
        batches=_batches(queue),
        guessed=review.categories(db(), Queue(queue.batch, queue.reason)),
        agreements=_agreements(queue),
        **_item(queue),
    )


@bp.post(_ONE + "/decide")
@requires(*LABELLING)
def decide(item_id: int) -> ResponseReturnValue:
    """Accept a guess, name another category, or skip."""
    asked = request.form
    rank = asked.get("rank", "")
    if rank and not _is_number(rank):
        raise InputError(f"A guess goes by its number, got {rank[:20]!r}.")
    review_decisions.decide(
        db(), actor(), me().id, item_id,
        path=asked.get("path", ""), rank=int(rank) if rank else None,
    )  # fmt: skip
    return _next()


@bp.post("/undo")
@requires(*LABELLING)
def undo() -> ResponseReturnValue:
    """Take the last decision back, and show its row again."""
    undone = review_decisions.undo(db(), actor(), me().id)
    if undone is None:
        raise ConflictError("There is nothing to take back.")
    if wants_json() and undone.decisions == 1:
        return _piece(review.get(db(), undone.items[0]))
    flash(_("Decisions taken back: %(n)s", n=undone.decisions), "info")
    if wants_json():
        return {"reload": True}
    page = ".many" if request.form.get("back") == "list" else ".show"
    return redirect(url_for(page, **_chosen(asked_queue())))


@bp.get("/list")
@requires(*LABELLING)
def many() -> ResponseReturnValue:
    """List rows, to accept the first guess of many at once."""
    queue = asked_queue()
    found = review.waiting(db(), me().id, queue, limit=PER_PAGE)
    images = desk().workspace.home / "images"
    ids = [item.listing_id for item in found]
    return render_template(
        "review_list.html",
        queue=queue,
        chosen=_chosen(queue),
        items=found,
        listings=stored.load(db(), images, ids),
        pictures=review.pictures(db(), ids),
        reasons=listing_words.REASONS,
        batches=_batches(queue),
        guessed=review.categories(db(), Queue(queue.batch, queue.reason)),
        progress=review.progress(db(), me().id, queue),
        words=listing_words,
    )


@bp.post("/list")
@requires(*LABELLING)
def accept() -> ResponseReturnValue:
    """Accept the first guess of the rows that were chosen."""
    wanted = [int(text) for text in request.form.getlist("item") if _is_number(text)]
    count = review_decisions.accept_first(
        db(), actor(), me().id, wanted[:PER_PAGE], together=secrets.token_hex(8)
    )
    flash(_("Rows accepted: %(n)s", n=count), "info")
    return redirect(url_for(".many", **_chosen(asked_queue())))


@bp.get("/categories")
@requires(*LABELLING)
def find_categories() -> ResponseReturnValue:
    """Categories of a tree whose names hold what is typed."""
    tree = request.args.get("tree", "")
    words = request.args.get("q", "").casefold().split()
    if tree not in categories.trees(db()):
        return {"found": []}
    found = [
        path
        for path in categories.paths(db(), tree)
        if all(word in path.casefold() for word in words)
    ]
    if words:  # a name that begins so comes before one that holds it somewhere
        found.sort(key=lambda path: not listing_words.leaf(path).casefold().startswith(words[0]))
    return {
        "found": [
            {
                "text": path,
                "title": listing_words.leaf(path),
                "category": listing_words.branch(path),
            }
            for path in found[:FOUND]
        ]
    }


@bp.get("/pictures/<sha256>.jpg")
@requires(*LABELLING)
def picture(sha256: str) -> ResponseReturnValue:
    """A picture of a listing."""
    return stored_picture(sha256)


def _next() -> ResponseReturnValue:
    if not wants_json():
        return redirect(url_for(".show", **_chosen(asked_queue())))
    return _piece(None)


def _piece(item: ReviewItem | None) -> ResponseReturnValue:
    """The row to show next, as a piece of the page."""
    return {"html": render_template("_review_item.html", **_item(asked_queue(), item))}


def _item(queue: Queue, item: ReviewItem | None = None) -> dict[str, Any]:
    """What the piece of the page shows: a row, or the next one that waits."""
    item = item or review.claim_next(db(), me().id, queue)
    found: dict[str, Any] = {
        "item": item,
        "chosen": _chosen(queue),
        "progress": review.progress(db(), me().id, queue),
        "words": listing_words,
    }
    if item:
        images = desk().workspace.home / "images"
        found["listing"] = stored.get(db(), images, item.listing_id)
        found["pictures"] = review.pictures(db(), [item.listing_id]).get(item.listing_id, [])
    return found


def asked_queue() -> Queue:
    """Which part of the queue, as the address says."""
    batch = request.args.get("batch", "")
    reason = request.args.get("reason", "")
    return Queue(
        batch=int(batch) if _is_number(batch) else None,
        reason=reason if reason in review.REASONS else "",
        category=request.args.get("category", ""),
    )


def _batches(queue: Queue) -> list[Batch]:
    """The batches with rows that wait, and the one that was asked for."""
    found = batches.listed(db())
    return [batch for batch in found if batch.waiting or batch.id == queue.batch]


def _is_number(text: str) -> bool:
    """Whether it is a number from 0 that SQLite can hold."""
    return text.isascii() and text.isdigit() and len(text) < 19


def _chosen(queue: Queue) -> dict[str, Any]:
    """The same, for an address."""
    chosen = {"batch": queue.batch, "reason": queue.reason, "category": queue.category}
    return {name: value for name, value in chosen.items() if value}


def _agreements(queue: Queue) -> list[dict[str, Any]]:
    return [
        {
            "people": [wording.person(db(), f"agent:{agent_id}") for agent_id in found.people],
            "n": found.n,
            "same": found.same,
            "share": found.share,
            "kappa": found.kappa,
        }
        for found in agreements(db(), queue)
    ]
