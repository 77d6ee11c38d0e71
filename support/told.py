"""What a program tells of a suggestion: displayed, inserted, edited, undone, dismissed, and more.

Each event has an id of the program's own and counts once, however often it is told. What the
desk's own console does with a suggestion goes the same ways (`answering`, `insertions`).
"""

import json
from dataclasses import dataclass
from typing import Final, Literal, get_args

from sqlite_utils import Database

from . import answering, faqs, insertions, settings
from .audit import Actor, record
from .clock import now
from .database import one, write
from .errors import ConflictError, InputError, NotFoundError
from .importing.conversation import RawMessage
from .importing.prepare import Preparer
from .links import LinkReader
from .outcomes import settle
from .redact import Redactor

Kind = Literal["displayed", "inserted", "edited", "undone", "dismissed", "missed", "sent"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SETTLED: Final = ("accepted", "passed_over")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a suggestion elsewhere.

    `id` is the program's. `slugs` are the FAQs it is about: one that was inserted, edited after
    that, undone, dismissed, or missed among those suggested; all that were sent. `text` is the
    answer that was sent: its FAQ links count too, and it is not kept. `form` is how an FAQ was
    inserted, one of `insertions.FORMS`; `reason` that of a dismissal, one of
    `answering.DISMISSALS`. `position` is where an FAQ stood in the program's list, from 1; `at` is
    an ISO moment, "": now.
    """

    id: str
    kind: Kind
    slugs: tuple[str, ...] = ()
    past_id: int | None = None  # the inquiry whose answer was inserted or undone
    text: str = ""
    form: str = ""
    reason: str = ""
    comment: str = ""
    agent: str = ""
    at: str = ""
    position: int | None = None


def take(db: Database, suggestion_id: str, event: Event, *, actor: Actor) -> bool:
    """Take an event in.

    Args:
        db: the desk's database.
        suggestion_id: what it happened to.
        event: what happened.
        actor: who tells it.

    Returns:
        Whether it is news; False where it was told before.

    Raises:
        InputError: it lacks what its kind needs, or names what there is not.
        NotFoundError: there is no such suggestion, FAQ or past answer.
        ConflictError: an answer has settled the suggestion already.
    """
    with write(db):
        asked = one(db, "SELECT release FROM suggestions WHERE id = ?", [suggestion_id])
        if asked is None:
            raise NotFoundError(f"No suggestion {suggestion_id!r}.")
        sql = "SELECT 1 FROM api_events WHERE suggestion_id = ? AND id = ?"
        if one(db, sql, [suggestion_id, event.id]) is not None:
            return False
        mask = Redactor(settings.load(db).allow)
        about = _apply(db, suggestion_id, event, actor)
        row = {
            "suggestion_id": suggestion_id,
            "id": event.id,
            "kind": event.kind,
            "slugs": json.dumps(about, ensure_ascii=False),
            "agent": mask.redact(event.agent).text,
            "comment": mask.redact(event.comment).text,
            "position": event.position,
            "told_by": actor.name,
            "release": asked["release"],
            "happened_at": event.at or now(),
            "at": now(),
        }
        db.table("api_events").insert(row)
    return True


def _apply(db: Database, suggestion_id: str, event: Event, actor: Actor) -> list[str]:
    """Do what an event means; gives the FAQs that it is about."""
    if event.kind == "displayed":
        return list(event.slugs)
    if event.kind == "sent":
        return _sent(db, suggestion_id, event, actor)
    _refuse_settled(db, suggestion_id)
    undone = event.kind == "undone"
    if event.past_id is not None and event.kind in ("inserted", "undone"):
        insertions.note_past(
            db, suggestion_id, event.past_id,
            form=event.form or "text", undone=undone, actor=actor,
        )  # fmt: skip
        return []
    if len(event.slugs) != 1:
        raise InputError(f"Name the one FAQ that was {event.kind} as faq_id.")
    slug = event.slugs[0]
    if event.kind == "missed":
        return [_missed(db, suggestion_id, slug, actor)]
    sql = "SELECT outcome FROM suggestion_faqs WHERE suggestion_id = ? AND slug = ?"
    shown = one(db, sql, [suggestion_id, slug])
    if event.kind == "edited":
        _known(db, slug)
    elif undone and shown is None and _unmissed(db, suggestion_id, slug):
        pass
    elif event.kind == "dismissed":
        answering.dismiss(db, suggestion_id, slug, reason=event.reason or "other", actor=actor)
    elif shown is None:  # looked up, not suggested
        insertions.note_found(db, suggestion_id, slug, undone=undone, form=event.form, actor=actor)
    elif undone and shown["outcome"] == "dismissed":
        answering.take_back_dismissal(db, suggestion_id, slug, actor=actor)
    else:
        answering.note_inserted(
            db, suggestion_id, slug, undone=undone, form=event.form, actor=actor
        )
    return [slug]


def _sent(db: Database, suggestion_id: str, event: Event, actor: Actor) -> list[str]:
    """Settle a suggestion by an answer; where none is linked, nothing is learned."""
    _refuse_settled(db, suggestion_id)
    rules, aliases = settings.load(db), faqs.aliases(db)
    today = LinkReader((), aliases).canonical
    sent = list(dict.fromkeys(map(today, event.slugs)))
    for slug in sent:
        _known(db, slug)
    if event.text:
        preparer = Preparer(rules.link_patterns, aliases, rules.allow)
        answer = preparer.message(RawMessage(event.id, "agent", event.text, now()))
        sent += [slug for slug in answer.slugs if slug not in sent]
    settle(db, suggestion_id, sent)
    detail = {"faqs": sent}
    record(db, actor, "suggestion.settled", f"suggestion:{suggestion_id}", detail=detail)
    return sent


def _missed(db: Database, suggestion_id: str, slug: str, actor: Actor) -> str:
    """Keep an FAQ that would have fitted and was not suggested, by its name of today."""
    slug = faqs.aliases(db).get(slug, slug)
    _known(db, slug)
    sql = "SELECT 1 FROM suggestion_faqs WHERE suggestion_id = ? AND slug = ?"
    if one(db, sql, [suggestion_id, slug]) is not None:
        raise ConflictError(f"{slug!r} was suggested: tell that it was inserted, or sent.")
    sql = "INSERT OR IGNORE INTO misses (suggestion_id, slug) VALUES (?, ?)"
    db.execute(sql, [suggestion_id, slug])
    detail = {"slug": slug}
    record(db, actor, "suggestion.missed", f"suggestion:{suggestion_id}", detail=detail)
    return slug


def _unmissed(db: Database, suggestion_id: str, slug: str) -> bool:
    """Take back that an FAQ was missed; whether it had been."""
    sql = "DELETE FROM misses WHERE suggestion_id = ? AND slug = ?"
    slug = faqs.aliases(db).get(slug, slug)
    return bool(db.execute(sql, [suggestion_id, slug]).rowcount)


def _known(db: Database, slug: str) -> None:
    if one(db, "SELECT 1 FROM faqs WHERE slug = ?", [slug]) is None:
        raise NotFoundError(f"No FAQ {slug!r}.")


def _refuse_settled(db: Database, suggestion_id: str) -> None:
    """Refuse what comes after an answer has decided."""
    sql = "SELECT 1 FROM suggestion_faqs WHERE suggestion_id = ? AND outcome IN (?, ?)"
    told = "SELECT 1 FROM api_events WHERE suggestion_id = ? AND kind = 'sent' AND slugs <> '[]'"
    settled = one(db, sql, [suggestion_id, *SETTLED]) or one(db, told, [suggestion_id])
    if settled is not None:
        raise ConflictError(
            f"What was sent has decided about the suggestion {suggestion_id!r} already."
        )
