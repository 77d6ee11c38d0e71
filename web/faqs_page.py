"""FAQs: the list with what each is used for, one with its story, and what changed in them."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from support import faq_changes, faq_revisions, faq_undo, faq_usage, faqs
from support.clock import ago
from support.errors import InputError, ModelError, NotFoundError, UndoRefusedError
from support.faq_near import CLOSE, NearFaq, near_faqs
from support.faq_slugs import row_of
from support.faq_usage import Usage
from support.faqs import Faq
from support.inquiries import past_answers

from . import knowledge_words, wording
from .auth import ANSWERING, LEADS, actor, me, own_path, requires
from .database import db, desk
from .i18n import gettext as _
from .inquiry import titles
from .paging import PER_PAGE, is_number, page

bp = Blueprint("faqs_page", __name__, url_prefix="/faqs")

DAYS: Final = 90  # over which use is counted
FOUND: Final = 8  # FAQs that a search box lists
LIKE: Final = 0.4  # cosine from which on an FAQ is shown beside a title as it is typed
RECENT: Final = 8  # answers shown on one FAQ's page
# No slug holds a slash: what is no FAQ's page lies one step deeper than all of them.
_CHANGE: Final = "/-/changes/<int(max=9223372036854775807):change_id>"


@dataclass(frozen=True, slots=True)
class Line:
    """One FAQ as it stands in the list."""

    number: int  # the higher, the newer
    faq: Faq
    state: str
    names: tuple[str, ...]  # others that stand for it
    usage: Usage


@bp.get("")
@requires(*ANSWERING)
def show() -> ResponseReturnValue:
    """List FAQs with how often each was sent and suggested."""
    typed = request.args.get("q", "")[:200].strip()
    category, state = request.args.get("category", ""), request.args.get("state", "used")
    sort = request.args.get("sort", "title")
    if state not in ("all", *knowledge_words.STATES) or sort not in knowledge_words.SORTS:
        raise InputError(f"No list of FAQs {state[:20]!r}, {sort[:20]!r}.")
    every = _lines()
    counts = {name: sum(_is(line, name) for line in every) for name in knowledge_words.STATES}
    counts["all"] = len(every)
    found = [
        line
        for line in every
        if _is(line, state)
        and (not category or line.faq.category == category)
        and _holds(line, typed)
    ]
    found.sort(key=_ORDER[sort])
    start = (page() - 1) * PER_PAGE
    return render_template(
        "faqs.html",
        lines=found[start : start + PER_PAGE],
        total=len(found),
        counts=counts,
        more=start + PER_PAGE < len(found),
        page=page(),
        asked={"q": typed, "category": category, "state": state, "sort": sort},
        categories=sorted({line.faq.category for line in every if line.faq.category}),
        days=DAYS,
        done=undoable(),
        **said(),
    )


@bp.get("/<slug>")
@requires(*ANSWERING)
def one(slug: str) -> ResponseReturnValue:
    """Show an FAQ: what it says, how it fares, what it said before, what changed."""
    aliases = faqs.aliases(db())
    try:
        faq = faqs.get(db(), slug)
    except NotFoundError:
        if slug not in aliases:
            raise
        flash(_("“%(old)s” is called “%(now)s” now.", old=slug, now=aliases[slug]), "info")
        return redirect(url_for(".one", slug=aliases[slug]))
    row = row_of(db(), slug)
    names = [] if slug in aliases else faq_usage.names_of(db(), slug)[1:]
    last = faq_usage.recent(db(), slug, limit=RECENT)
    answers = past_answers(db(), last)
    revisions = faq_revisions.before(db(), slug)
    return render_template(
        "faq.html",
        faq=faq,
        row=row,
        into=aliases.get(slug, ""),
        names=names,
        story=faq_usage.story(db(), slug, since=ago(days=DAYS)),
        answers=[answers[inquiry_id] for inquiry_id in last if inquiry_id in answers],
        titles=titles(answers.values()),
        revisions=_compared(faq, revisions),
        changes=faq_changes.of_faq(db(), row["id"], [slug, *names]),
        days=DAYS,
        done=undoable(),
        **said(),
    )


@bp.get("/-/near")
@requires(*LEADS)
def near() -> ResponseReturnValue:
    """FAQs like a title that is being typed."""
    without = request.args.get("without", "")
    found = like(request.args.get("title", "")[:300], without=without)
    return {"html": render_template("_faq_near.html", near=found)}


@bp.get("/-/find")
@requires(*ANSWERING)
def find() -> ResponseReturnValue:
    """Find FAQs as they are typed; nothing typed lists the most used."""
    without = request.args.get("without", "")
    found = faqs.search(db(), request.args.get("q", "")[:200], limit=FOUND + 1)
    return {
        "faqs": [
            {
                "slug": faq.slug,
                "title": faq.titled(str(get_locale())),
                "category": faq.category,
                "text": url_for(".one", slug=faq.slug),
            }
            for faq in found
            if faq.slug != without
        ][:FOUND]
    }


@bp.get("/-/changes")
@requires(*LEADS)
def changes() -> ResponseReturnValue:
    """List what changed in FAQs, newest first."""
    found = faq_changes.listed(db(), limit=page() * PER_PAGE + 1)
    start = (page() - 1) * PER_PAGE
    return render_template(
        "faq_changes.html",
        changes=found[start : start + PER_PAGE],
        more=len(found) > start + PER_PAGE,
        page=page(),
        **said(),
    )


@bp.post(_CHANGE + "/undo")
@requires(*LEADS)
def undo(change_id: int) -> ResponseReturnValue:
    """Take a change back, or say why it stays."""
    back = own_path(request.form.get("next", "")) or url_for(".changes")
    try:
        change = faq_undo.undo(db(), actor(), change_id)
    except UndoRefusedError as error:
        flash(knowledge_words.undo_refused(error), "danger")
        return redirect(back)
    flash(_("Taken back."), "info")
    # The page of an FAQ that was made, or of its new name, went with the change.
    there = {row["slug"] for row in db().query("SELECT slug FROM faqs")}
    if change.kind in ("created", "renamed") and back.startswith(url_for(".show") + "/"):
        at = change.slug if change.slug in there else ""
        return redirect(url_for(".one", slug=at) if at else url_for(".show"))
    return redirect(back)


def like(title: str, *, without: str = "") -> list[NearFaq]:
    """FAQs like a title, the likest first; none where no model can say."""
    similar = desk().recommender.models().similar
    if similar is None or not title.strip():
        return []
    try:
        found = near_faqs(db(), similar.encoder, title, without=without)
    except ModelError:
        return []
    return [item for item in found if item.likeness >= LIKE]


def close(title: str) -> list[NearFaq]:
    """FAQs so like a title that they may be the same."""
    return [item for item in like(title) if item.likeness >= CLOSE]


def undoable() -> int | None:
    """The change that was made a moment ago, if it can still be taken back."""
    text = request.args.get("done", "")
    if not is_number(text) or me().role not in LEADS:
        return None
    try:
        change = faq_changes.get(db(), int(text))
    except NotFoundError:
        return None
    return None if change.undone_at else change.id


def said() -> dict[str, Any]:
    """What the templates of FAQs say things with."""
    return {
        "words": knowledge_words,
        "person": lambda name: wording.person(db(), name),
        "lead": me().role in LEADS,
    }


def _lines() -> list[Line]:
    known = faqs.every(db())
    counted = faq_usage.usage(db(), since=ago(days=DAYS))
    names = faq_usage.old_names(db(), {faq.slug for faq in known})
    aliases = faqs.aliases(db())
    numbers = {row["slug"]: row["id"] for row in db().query("SELECT slug, id FROM faqs")}
    return [
        Line(
            numbers[faq.slug],
            faq,
            "used" if faq.active else "merged" if faq.slug in aliases else "retired",
            tuple(names.get(faq.slug, ())),
            counted.get(faq.slug, Usage()),
        )
        for faq in known
    ]


def _is(line: Line, state: str) -> bool:
    if state == "renamed":
        return line.faq.active and bool(line.names)
    return state in ("all", line.state)


def _holds(line: Line, typed: str) -> bool:
    """Whether an FAQ holds every word typed, also inside longer ones."""
    faq = line.faq
    whole = " ".join((faq.title, faq.title_en, faq.slug, faq.body, *line.names)).casefold()
    return all(word in whole for word in typed.casefold().split())


_ORDER: Final[dict[str, Any]] = {
    "title": lambda line: (line.faq.category, line.faq.title),
    "sent": lambda line: (-line.usage.sent, -line.faq.sent, line.faq.title),
    "rare": lambda line: (line.usage.sent, line.faq.sent, line.faq.title),
    "suggested": lambda line: (-line.usage.suggested, line.faq.title),
    "missed": lambda line: (-line.usage.missed, line.faq.title),
    "new": lambda line: -line.number,
}


def _compared(
    faq: Faq, revisions: list[faq_revisions.Revision]
) -> list[tuple[str, list[tuple[str, list[faq_revisions.Piece]]]]]:
    """Each revision with how its parts differ from what came after it."""
    found = []
    after: Any = faq
    for revision in revisions:
        parts = [
            (name, faq_revisions.difference(getattr(revision, name), getattr(after, name)))
            for name in faq_revisions.PARTS
            if getattr(revision, name) != getattr(after, name)
        ]
        found.append((revision.until, parts))
        after = revision
    return found
