"""What agents did with what was suggested: inserted it, took it back, said that it does not fit.

One row an act, so that an insertion taken back is told apart from none. What became of a suggestion
is settled by the sent answer alone.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from sqlite_utils import Database

from .audit import SYSTEM, Actor
from .clock import now
from .database import insert, one, write
from .errors import ConflictError, InputError, NotFoundError

Kind = Literal["inserted", "undone", "dismissed"]
Form = Literal["", "link", "titled", "text"]  # how it was put into the answer; "": not said
FORMS: Final[tuple[Form, ...]] = get_args(Form)


@dataclass(frozen=True, slots=True)
class Event:
    """One act: on an FAQ (`slug`), a past answer (`past_id`, its inquiry), or a saved reply."""

    kind: Kind
    slug: str
    past_id: int | None
    form: Form
    actor: str
    at: str
    reply_id: int | None = None


def note(
    db: Database,
    suggestion_id: str,
    kind: Kind,
    *,
    slug: str = "",
    past_id: int | None = None,
    reply_id: int | None = None,
    form: str = "",
    actor: Actor | None = None,
) -> None:
    """Write an act down, in the caller's transaction when there is one.

    Raises:
        InputError: there is no such form.
    """
    if form not in FORMS:
        choices = ", ".join(filter(None, FORMS))
        raise InputError(f"Nothing is inserted as {form!r}. There are: {choices}.")
    what = {"slug": slug, "past_id": past_id, "reply_id": reply_id, "form": form}
    name = actor.name if actor else SYSTEM
    row = {"suggestion_id": suggestion_id, "kind": kind, "actor": name, "at": now()}
    insert(db, "suggestion_events", row | what)


def note_past(
    db: Database,
    suggestion_id: str,
    past_id: int,
    *,
    form: str = "text",
    undone: bool = False,
    actor: Actor | None = None,
) -> None:
    """Remember that an agent put a past answer into the draft, or took it back.

    Args:
        db: the desk's database.
        suggestion_id: what was shown.
        past_id: the inquiry whose answer it is.
        form: `text`, or `link` where only its FAQ's link was taken.
        undone: it was taken back.
        actor: who did it.

    Raises:
        NotFoundError: there is no such suggestion, or no such answer.
        ConflictError: the inquiry was answered meanwhile.
    """
    with write(db):
        _check_open(db, suggestion_id)
        past = "SELECT 1 FROM inquiries WHERE id = ? AND answer_id IS NOT NULL"
        if one(db, past, [past_id]) is None:
            raise NotFoundError(f"Inquiry {past_id} has no answer that could be inserted.")
        kind: Kind = "undone" if undone else "inserted"
        note(db, suggestion_id, kind, past_id=past_id, form=form, actor=actor)


def note_found(
    db: Database,
    suggestion_id: str,
    slug: str,
    *,
    undone: bool = False,
    form: str = "",
    actor: Actor | None = None,
) -> None:
    """Remember that an agent looked an FAQ up and put it into the draft, or took it back.

    What was suggested instead is judged when the answer is sent: here nothing is decided.

    Raises:
        InputError: there is no such form.
        NotFoundError: there is no such suggestion, or no such FAQ.
        ConflictError: the inquiry was answered meanwhile.
    """
    with write(db):
        _check_open(db, suggestion_id)
        if one(db, "SELECT 1 FROM faqs WHERE slug = ?", [slug]) is None:
            raise NotFoundError(f"No FAQ {slug!r}.")
        kind: Kind = "undone" if undone else "inserted"
        note(db, suggestion_id, kind, slug=slug, form=form, actor=actor)


def note_reply(
    db: Database,
    suggestion_id: str,
    reply_id: int,
    *,
    undone: bool = False,
    actor: Actor | None = None,
) -> None:
    """Remember that an agent put a saved reply into the draft, or took it back.

    Args:
        db: the desk's database.
        suggestion_id: what was shown beside it.
        reply_id: which one, suggested or found.
        undone: it was taken back.
        actor: who did it.

    Raises:
        NotFoundError: there is no such suggestion, or no such reply.
        ConflictError: the inquiry was answered meanwhile.
    """
    with write(db):
        _check_open(db, suggestion_id)
        if one(db, "SELECT 1 FROM saved_replies WHERE id = ?", [reply_id]) is None:
            raise NotFoundError(f"No saved reply {reply_id}.")
        kind: Kind = "undone" if undone else "inserted"
        note(db, suggestion_id, kind, reply_id=reply_id, form="text", actor=actor)


def of(db: Database, suggestion_id: str) -> list[Event]:
    """What was done with a suggestion, in order."""
    sql = "SELECT * FROM suggestion_events WHERE suggestion_id = ? ORDER BY id"
    return [
        Event(**{name: row[name] for name in Event.__slots__})
        for row in db.query(sql, [suggestion_id])
    ]


def _check_open(db: Database, suggestion_id: str) -> None:
    """Refuse what was never suggested, and what an answer has settled."""
    sql = """
        SELECT i.status FROM suggestions s LEFT JOIN inquiries i ON i.id = s.inquiry_id
        WHERE s.id = ?
    """
    row = one(db, sql, [suggestion_id])
    if row is None:
        raise NotFoundError(f"No suggestion {suggestion_id!r}.")
    if row["status"] not in (None, "open"):  # None: a text from the API, without an inquiry
        raise ConflictError(f"The inquiry of {suggestion_id!r} is {row['status']} already.")
