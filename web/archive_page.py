"""Answered inquiries: searched, filtered, read a page at a time, taken away as a table.

What is typed is posted and masked before it stands in an address, as on the search page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, get_locale, lazy_gettext

from support import archive, faqs, inquiries, settings, tagging
from support.archive import SUGGESTED, ArchiveRow, Filters
from support.redact import Redactor
from support.text import normalize

from . import days, sheets, wording
from .auth import ANSWERING, LEADS, me, requires
from .cursors import read_cursor, write_cursor
from .database import db
from .i18n import day
from .i18n import gettext as _
from .inquiry_view import titles
from .marking import marked
from .taking_away import taken

bp = Blueprint("archive_page", __name__, url_prefix="/answered")

bp.app_template_filter("words_marked")(marked)
bp.app_template_filter("grouped")(format_decimal)

MAX_WORDS: Final = 200  # characters of what is searched for
TOGETHER: Final = 500  # inquiries of an export that are read at once
FIELDS: Final = (
    *("words", "since", "until", "agent", "faq", "category", "channel", "language", "tag"),
    "suggested",
)
EXPORTED: Final = (
    *("id", "answered_at", "agent", "channel", "language", "category", "faqs"),
    *("subject", "question", "answer"),
)


SUGGESTED_WORDS: Final = {  # what was shown before an inquiry was answered
    "shown": lazy_gettext("an FAQ was suggested"),
    "none": lazy_gettext("nothing was suggested"),
    "accepted": lazy_gettext("a suggestion was sent"),
    "missed": lazy_gettext("another FAQ was sent"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is set: what it says, and the address without it."""

    words: str
    without: str


@bp.get("")
@requires(*ANSWERING)
def show() -> ResponseReturnValue:
    """List a page of answered inquiries."""
    given, filters = asked()
    if given.get("words", "") not in normalize(request.args.get("words", "")):  # it was masked
        return redirect(url_for(".show", **given))  # type: ignore[arg-type]
    found = archive.find(db(), filters, after=read_cursor(request.args.get("after", "")))
    after = request.args.get("after", "")
    # Where one page holds them all they are counted already; else the page asks for it, since
    # counting takes longer than finding.
    n = len(found.rows) if not after and found.after is None else None
    return render_template(
        "archive.html",
        given=given,
        chips=chips(given),
        rows=found.rows,
        after=after,
        more=write_cursor(*found.after) if found.after else "",
        n=n,
        titles=titles((), {slug for row in found.rows for slug in row.slugs}),
        closed=archive.count_unanswered(db())[0],
        **offered(),
    )


@bp.post("")
@requires(*ANSWERING)
def ask() -> ResponseReturnValue:
    """Take what was typed and chosen to an address without personal data."""
    return redirect(url_for(".show", **_given()), HTTPStatus.SEE_OTHER)  # type: ignore[arg-type]


@bp.get("/count")
@requires(*ANSWERING)
def count() -> ResponseReturnValue:
    """How many are found, in words."""
    n, more = archive.count(db(), asked()[1])
    said = format_decimal(n)
    words = _("More than %(n)s found", n=said) if more else _("%(n)s found", n=said)
    return {"n": n, "more": more, "words": words}


@bp.get("/closed")
@requires(*ANSWERING)
def closed() -> ResponseReturnValue:
    """List those that were closed without an answer."""
    found = archive.unanswered(db(), after=read_cursor(request.args.get("after", "")))
    n, more = archive.count_unanswered(db())
    return render_template(
        "archive_closed.html",
        rows=found.rows,
        after=request.args.get("after", ""),
        more=write_cursor(*found.after) if found.after else "",
        n=n,
        counted_out=more,
    )


@bp.post("/export")
@requires(*LEADS)
def export() -> ResponseReturnValue:
    """Everything that is found, as CSV with masked texts; the audit trail says who and why."""
    given, filters = asked()
    mask = Redactor(settings.load(db()).allow).redact
    kept = {name: mask(value).text for name, value in given.items()}
    taken("answers.exported", filters=kept)
    name = f"answered-{days.today()}.csv"
    head = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream_with_context(_table(filters)), mimetype="text/csv", headers=head)


def asked() -> tuple[dict[str, str], Filters]:
    """What the address or the form filters by, as it was given and as the archive wants it.

    Raises:
        InputError: a day is none, or a word is not among those to choose from.
    """
    given = _given()
    wanted = dict(given)
    if "since" in wanted:
        wanted["since"] = days.begins(wanted["since"])
    if "until" in wanted:  # the day itself is included
        wanted["until"] = days.begins(wanted["until"], plus=1)
    return given, replace(Filters(), **wanted)  # type: ignore[arg-type]


def _given() -> dict[str, str]:
    """What is set, in its order; words are masked."""
    given = {name: request.values.get(name, "").strip() for name in FIELDS}
    if given["words"]:
        typed = normalize(given["words"])[: 2 * MAX_WORDS]
        given["words"] = Redactor(settings.load(db()).allow).redact(typed).text[:MAX_WORDS]
    return {name: value for name, value in given.items() if value}


def chips(given: dict[str, str], *, endpoint: str = "archive_page.show") -> list[Chip]:
    """What is set, each with the way to take it off."""
    said: dict[str, Callable[[str], str]] = {
        "words": lambda value: f"“{value}”",
        "since": lambda value: _("from %(day)s", day=_day(value)),
        "until": lambda value: _("until %(day)s", day=_day(value)),
        "agent": lambda value: archive.agent_names(db(), [value])[value],
        "faq": lambda value: titles((), [value])[value],
        "channel": lambda value: str(wording.CHANNELS.get(value, value)),
        "language": lambda value: value.upper(),
        "suggested": lambda value: str(SUGGESTED_WORDS[value]),
    }
    found = []
    for name, value in given.items():
        others: dict[str, Any] = {key: given[key] for key in given if key != name}
        words = said[name](value) if name in said else value
        found.append(Chip(words, url_for(endpoint, **others)))
    return found


def offered() -> dict[str, object]:
    """What the filters have to choose from."""
    choices = archive.choices(db())
    names = archive.agent_names(db(), choices["agent"])
    spoken = str(get_locale())
    listed: dict[str, list[tuple[str, str]]] = {}
    for faq in faqs.uncounted(db()):
        listed.setdefault(faq.category, []).append((faq.slug, faq.titled(spoken)))
    return {
        "categories": [(name, name) for name in choices["category"]],
        "said_channels": [(name, wording.CHANNELS.get(name, name)) for name in choices["channel"]],
        "said_languages": [(name, name.upper()) for name in choices["language"]],
        "said_suggested": [(name, SUGGESTED_WORDS[name]) for name in SUGGESTED if name],
        "agents": sorted(names.items(), key=lambda pair: pair[1]),
        "faqs": listed,
        "tags": [(tag, tag) for tag, _n in tagging.known(db(), limit=100)],
        "mine": f"agent:{me().id}",
    }


def _day(given: str) -> str:
    return day(days.begins(given))


def _table(filters: Filters) -> Iterator[bytes]:
    """The rows of an export, some hundreds at a time."""
    yield sheets.write_csv(sheets.Sheet("answered", EXPORTED, ()))
    page = archive.find(db(), filters, limit=TOGETHER)
    while True:
        past = inquiries.past_answers(db(), [row.id for row in page.rows])
        yield sheets.csv_rows([_cells(row, past[row.id]) for row in page.rows if row.id in past])
        if page.after is None:
            return
        page = archive.find(db(), filters, after=page.after, limit=TOGETHER)


def _cells(row: ArchiveRow, past: inquiries.PastAnswer) -> tuple[object, ...]:
    facts = (row.id, row.answered_at, row.agent, row.channel, row.language, row.category)
    return *facts, " ".join(row.slugs), row.subject, past.question, past.answer
