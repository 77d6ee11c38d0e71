"""The map: every inquiry as a point; regions are read and labelled.

The page is a frame: its script fetches the points once, as bytes, and draws them. `map_export.py`
takes inquiries away from it.
"""

import gzip
from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, lazy_gettext

from support import faq_labels, faq_undo, faqs, inquiry_map, map_page, map_table
from support.errors import InputError, ModelMissingError, NotFoundError, UndoRefusedError
from support.inquiry_map import StoredMap
from support.text import normalize

from . import job_beside, knowledge_words
from .auth import LEADS, actor, requires
from .database import db, desk
from .i18n import day
from .i18n import gettext as _
from .paging import is_number

bp = Blueprint("map_page", __name__, url_prefix="/map")

LAYOUT: Final = 1  # of the bytes: part of their mark, so that no browser reads old ones anew
MOST_IDS: Final = 200_000  # of one region
MOST_LABELLED: Final = 5_000  # at once, in one transaction
PER_PAGE: Final = 30  # inquiries of a region that are read at once
TOP_FAQS: Final = 6
FIRST_WORDS: Final = 160
PROJECTED: Final = 10_000  # points that the Embedding Projector carries well in a browser

_kept = ("", "", b"")  # the desk and the mark of the points that were packed last

OUTCOMES = {
    "open": lazy_gettext("Waits for an answer"),
    "accepted": lazy_gettext("Suggested and sent"),
    "missed": lazy_gettext("Sent without being suggested"),
    "linked": lazy_gettext("Sent, nothing suggested"),
    "bare": lazy_gettext("Answered without an FAQ"),
    "closed": lazy_gettext("Closed without an answer"),
}


@bp.get("")
@requires(*LEADS)
def show() -> ResponseReturnValue:
    """Show the frame that the points are drawn in."""
    return render_template(
        "map.html",
        found=_stored(),
        job=job_beside.latest("map"),
        outcomes=OUTCOMES,
        projected=PROJECTED,
    )


@bp.post("")
@requires(*LEADS)
def lay_out() -> ResponseReturnValue:
    """Place what is new, or lay all of it out anew, in the background."""
    job_beside.begin("map", {"anew": True} if request.form.get("anew") else {})
    return redirect(url_for(".show"))


@bp.get("/map.bin")
@requires(*LEADS)
def points() -> ResponseReturnValue:
    """All points as bytes, their legend behind them; a browser that has them is told so."""
    mark = drawn()
    answer = Response(mimetype="application/octet-stream")
    answer.set_etag(mark)
    # It may keep them, but asks each time whether they are still true.
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Accept-Encoding, Cookie"
    if request.if_none_match.contains_weak(mark):
        answer.status_code = 304
        return answer
    packed = _packed(str(desk().workspace.home), mark)
    if request.accept_encodings.quality("gzip") > 0:
        answer.headers["Content-Encoding"] = "gzip"
        answer.data = packed
    else:
        answer.data = gzip.decompress(packed)
    return answer


@bp.get("/table")
@requires(*LEADS)
def table() -> ResponseReturnValue:
    """The map in words: each FAQ, how its inquiries ended, and what lies beside it."""
    drawn()
    page = map_page.page(db())
    rows = map_table.table(page)
    return render_template(
        "map_table.html",
        rows=rows,
        titles={row.slug: _title(row) for row in rows},
        legend=page.legend,
        outcomes={
            name: words
            for name, words in OUTCOMES.items()
            if any(row.outcomes[name] for row in rows)
        },
    )


@bp.get("/inquiries/<int(max=9223372036854775807):inquiry_id>")
@requires(*LEADS)
def peek(inquiry_id: int) -> ResponseReturnValue:
    """The first words of a point's inquiry."""
    rows = inquiry_map.region(db(), [inquiry_id], limit=1)
    if not rows:
        return {"text": _("This inquiry is not kept any more."), "day": "", "faqs": []}
    known = faqs.named(db(), rows[0].slugs)
    return {
        "text": _first_words(rows[0].text),
        "day": day(rows[0].opened_at),
        "faqs": [_title(faq) for faq in known.values()],
    }


@bp.get("/hits")
@requires(*LEADS)
def hits() -> ResponseReturnValue:
    """The inquiries that hold every word typed."""
    found = inquiry_map.hits(db(), normalize(request.args.get("q", "")[:300]))
    return {"ids": found, "more": len(found) >= inquiry_map.MOST_HITS}


@bp.get("/faqs")
@requires(*LEADS)
def find_faqs() -> ResponseReturnValue:
    """FAQs for the box that finds one, as it is typed."""
    found = faqs.search(db(), request.args.get("q", "")[:300])
    return {
        "faqs": [
            {"slug": faq.slug, "title": _title(faq), "category": faq.category} for faq in found
        ]
    }


@bp.post("/region")
@requires(*LEADS)
def region() -> ResponseReturnValue:
    """Read a region: its FAQs, and a page of its inquiries."""
    ids = sent_ids()
    start = max(0, _number("start"))
    rows = inquiry_map.region(db(), ids, limit=PER_PAGE + 1, offset=start)
    linked = [] if start else inquiry_map.region_faqs(db(), ids)
    slugs = {slug for slug, _n in linked[:TOP_FAQS]} | {s for row in rows for s in row.slugs}
    known = faqs.named(db(), slugs)
    html = render_template(
        "_map_region.html",
        ids=ids,
        rows=rows[:PER_PAGE],
        start=start,
        more=start + PER_PAGE if len(rows) > PER_PAGE else 0,
        linked=linked[:TOP_FAQS],
        others=len(linked) - TOP_FAQS,
        titles={slug: _title(known[slug]) if slug in known else slug for slug in slugs},
        first_words=_first_words,
    )
    return {"html": html}


@bp.post("/label")
@requires(*LEADS)
def label() -> ResponseReturnValue:
    """Label the answered inquiries of a region with an FAQ: one change."""
    ids, slug = inquiry_map.answered(db(), sent_ids()), _text("slug")
    if not slug:
        raise InputError(_("Choose the FAQ that answers them."))
    if len(ids) > MOST_LABELLED:
        raise InputError(_("At most %(n)s inquiries at once.", n=f"{MOST_LABELLED:,}"))
    moved = faq_labels.label(db(), actor(), slug, ids)
    said = _("%(n)s inquiries are labelled with “%(title)s” now.",
             n=f"{moved.labels:,}", title=_title(faqs.get(db(), slug)))  # fmt: skip
    if moved.labels < len(ids):
        said += " " + _("%(n)s had it already.", n=f"{len(ids) - moved.labels:,}")
    return {"said": said, "change": moved.change_id if moved.labels else None}


@bp.post("/undo")
@requires(*LEADS)
def undo() -> ResponseReturnValue:
    """Take a labelling back, exactly."""
    try:
        faq_undo.undo(db(), actor(), _number("change"))
    except UndoRefusedError as error:
        return {"detail": knowledge_words.undo_refused(error)}, 409
    return {"said": _("Taken back.")}


def _packed(home: str, mark: str) -> bytes:
    """The points with their legend, packed; kept by each process until they change."""
    global _kept
    kept = _kept
    if kept[:2] != (home, mark):
        # 20 ms for 100,000 points; packing them harder takes four times that and saves a fiftieth.
        packed = gzip.compress(map_page.page(db()).whole, compresslevel=1)
        kept = _kept = (home, mark, packed)
    return kept[2]


def _stored() -> StoredMap | None:
    """The map that was made last; None before the first."""
    try:
        return inquiry_map.stored(db())
    except ModelMissingError:
        return None


def drawn() -> str:
    """What the points are known by: changes whenever they would be drawn otherwise.

    Raises:
        NotFoundError: nothing is drawn yet.
    """
    try:
        return f"{LAYOUT}-{inquiry_map.stamp(db())}"
    except ModelMissingError as error:
        raise NotFoundError(_("The map has not been laid out yet.")) from error


def _title(found: Any) -> str:
    """A title in the reader's language, or the one there is."""
    english = str(get_locale()) == "en" and found.title_en
    return str(english or found.title)


def _first_words(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= FIRST_WORDS else line[: FIRST_WORDS - 1].rstrip() + "…"


def _sent() -> dict[str, Any]:
    """What was sent: JSON of the page's script, or a form."""
    if request.is_json:
        found = request.get_json()
        return found if isinstance(found, dict) else {}
    return {name: request.form[name] for name in request.form}


def sent_ids() -> Sequence[int]:
    """The inquiries of a region.

    Raises:
        InputError: there are none, too many, or they are no numbers.
    """
    sent = _sent().get("ids", "")
    texts = sent.split(",") if isinstance(sent, str) else []
    if not texts or not all(map(is_number, texts)):
        raise InputError(_("Choose some inquiries on the map first."))
    if len(texts) > MOST_IDS:
        raise InputError(_("At most %(n)s inquiries at once.", n=f"{MOST_IDS:,}"))
    return [int(text) for text in texts]


def _text(name: str) -> str:
    return str(_sent().get(name, ""))


def _number(name: str) -> int:
    value = str(_sent().get(name, "0"))
    if not is_number(value):
        raise InputError(f"{name} must be a number, got {value[:20]!r}.")
    return int(value)
