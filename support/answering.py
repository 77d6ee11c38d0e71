"""An agent at work: drafts, the sent answer, and what it teaches the desk.

Sending is one transaction: the answer, its outbox row, its labels, the outcome of every FAQ that
was suggested, and the search row stand together or not at all.
"""

import json
import secrets
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from . import answered, faqs, holding, incoming, insertions, routes, settings
from .audit import SYSTEM, Actor, record
from .clock import ago, now
from .database import insert, one, write
from .errors import (
    ConflictError,
    EmptyTextError,
    InputError,
    JoinedError,
    MaskUnconfirmedError,
    NotFoundError,
    UnseenError,
)
from .importing.conversation import RawMessage
from .importing.prepare import Preparer
from .redact import masks_in
from .seal import Seal

DISMISSALS = ("irrelevant", "outdated", "wrong_content", "incomplete", "duplicate", "other")


@dataclass(frozen=True, slots=True)
class Draft:
    """What an agent has typed so far; `revision` names that saving, 0 where there was none."""

    text: str
    revision: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending did: the message's id, its FAQs, and whether it must be copied by hand."""

    message_id: int
    slugs: tuple[str, ...]
    delivery: str  # queued: a connection delivers it; copied: the agent does


def draft(db: Database, seal: Seal, inquiry_id: int, agent_id: int) -> Draft:
    """An agent's draft for an inquiry; empty at revision 0 where there is none."""
    sql = "SELECT * FROM drafts WHERE inquiry_id = ? AND agent_id = ?"
    row = one(db, sql, [inquiry_id, agent_id])
    return Draft(seal.open_up(row["sealed"]), row["revision"]) if row else Draft("", 0)


def save_draft(
    db: Database,
    seal: Seal,
    inquiry_id: int,
    agent_id: int,
    text: str,
    *,
    revision: int,
    bases: Collection[int] = (),
) -> Draft:
    """Keep a draft in place of one that its window knows; any other stays as it is.

    Args:
        db: the desk's database.
        seal: the desk's key.
        inquiry_id: an open inquiry.
        agent_id: whose draft.
        text: what is typed by now.
        revision: a name for this saving, which its window gave to no other.
        bases: the revision that the window read last, and those it sent since without hearing
            whether they were kept.

    Returns:
        The draft that is kept.
    """
    with write(db):
        _open_status(db, inquiry_id)
        if not text:
            # Nothing is begun any more: what the customer writes next may be joined with this.
            sql = (
                "DELETE FROM drafts WHERE inquiry_id = ? AND agent_id = ? "
                "AND revision IN (SELECT value FROM json_each(?))"
            )
            db.execute(sql, [inquiry_id, agent_id, json.dumps(list(bases))])
            return draft(db, seal, inquiry_id, agent_id)
        kept = draft(db, seal, inquiry_id, agent_id)
        if kept.text == text or (kept.revision and kept.revision not in bases):
            return kept
        db.table("drafts").upsert(
            {
                "inquiry_id": inquiry_id,
                "agent_id": agent_id,
                "sealed": seal.close_up(text),
                "revision": revision,
                "updated_at": now(),
            },
            pk=("inquiry_id", "agent_id"),
        )
    return Draft(text, revision)


def send(
    db: Database,
    seal: Seal,
    *,
    inquiry_id: int,
    agent_id: int,
    text: str,
    actor: Actor,
    masks_confirmed: Iterable[str] = (),
    shown: Collection[int] | None = None,
) -> Sent:
    """Send an answer as it was typed; learn from its FAQ links.

    Args:
        db: the desk's database.
        seal: the desk's key.
        inquiry_id: an open inquiry.
        agent_id: who answers.
        text: as it goes out.
        actor: for the audit trail.
        masks_confirmed: the masks that may go out, each as often as it may.
        shown: ids of the messages that whoever answers has seen; None: not asked.

    Raises:
        EmptyTextError: the answer is blank.
        NotFoundError: there is no such inquiry.
        ConflictError: it was answered meanwhile, or somebody else has it in hand (HeldError).
        JoinedError: it is answered with another one.
        UnseenError: the customer wrote what is not among those shown.
        MaskUnconfirmedError: the answer holds a mask such as [전화번호] and nobody confirmed that.
    """
    if not text.strip():
        raise EmptyTextError("The answer is empty. Type it first.")
    if not Counter(masks_in(text)) <= Counter(masks_confirmed):
        raise MaskUnconfirmedError(
            "The answer holds masked personal data, such as [전화번호], that came with a past "
            "answer. Replace it, or confirm that it shall go out so."
        )
    rules = settings.load(db)
    preparer = Preparer(rules.link_patterns, faqs.aliases(db), rules.allow)
    with write(db):
        channel = _open_status(db, inquiry_id)
        holding.check(db, agent_id, inquiry_id)
        if shown is not None and incoming.news(db, inquiry_id, shown=shown).fresh:
            raise UnseenError(f"The customer wrote again in inquiry {inquiry_id}. Read that first.")
        moment = now()
        # One that was not delivered may be sent again within the same second.
        key = secrets.token_hex(16)
        raw = RawMessage(f"sent:{agent_id}:{moment}:{key[:8]}", "agent", text, moment)
        prepared = preparer.message(raw)
        row = {
            "inquiry_id": inquiry_id,
            "source_id": raw.source_id,
            "role": "agent",
            "agent_id": agent_id,
            "text": prepared.text,
            "at": moment,
        }
        message_id = insert(db, "messages", row)
        route = routes.of(db, inquiry_id)
        goes = route is not None and route.delivers
        delivery = "queued" if goes else "copied"
        outbox = {
            "inquiry_id": inquiry_id,
            "message_id": message_id,
            "channel": channel,
            "sealed": seal.close_up(text),
            "state": delivery,
            "connection_id": route.connection_id if route and goes else None,
            "key": key,
            "created_at": moment,
            "updated_at": moment,
        }
        db.table("outbox").insert(outbox)
        answered.settle(db, inquiry_id, message_id, prepared.slugs, at=moment)
        # A colleague's draft stays theirs: they were typing while this answer went out.
        db.execute(
            "DELETE FROM drafts WHERE inquiry_id = ? AND agent_id = ?", [inquiry_id, agent_id]
        )
        detail = {"faqs": list(prepared.slugs), "delivery": delivery}
        record(db, actor, "answer.sent", f"inquiry:{inquiry_id}", detail=detail)
    return Sent(message_id, prepared.slugs, delivery)


def note_inserted(
    db: Database,
    suggestion_id: str,
    slug: str,
    *,
    undone: bool = False,
    form: str = "",
    actor: Actor | None = None,
) -> None:
    """Remember that an agent put a suggested FAQ into the draft, or took it back.

    `form`: as what, one of `insertions.FORMS`.

    Raises:
        InputError: there is no such form.
        NotFoundError: it was not suggested there.
        ConflictError: the inquiry was answered meanwhile.
    """
    with write(db):
        _undecided(db, suggestion_id, slug)
        db.execute(
            "UPDATE suggestion_faqs SET inserted_at = ? WHERE suggestion_id = ? AND slug = ?",
            [None if undone else now(), suggestion_id, slug],
        )
        kind: insertions.Kind = "undone" if undone else "inserted"
        insertions.note(db, suggestion_id, kind, slug=slug, form=form, actor=actor)


def dismiss(db: Database, suggestion_id: str, slug: str, *, reason: str, actor: Actor) -> None:
    """Remember that a suggested FAQ does not fit, and why.

    Raises:
        InputError: the reason is none of `DISMISSALS`.
        NotFoundError: it was not suggested there.
        ConflictError: the inquiry was answered meanwhile.
    """
    if reason not in DISMISSALS:
        raise InputError(f"No reason {reason!r}. There are: {', '.join(DISMISSALS)}.")
    with write(db):
        _undecided(db, suggestion_id, slug)
        db.execute(
            "UPDATE suggestion_faqs SET outcome = 'dismissed', reason = ? "
            "WHERE suggestion_id = ? AND slug = ?",
            [reason, suggestion_id, slug],
        )
        insertions.note(db, suggestion_id, "dismissed", slug=slug, actor=actor)
        detail = {"slug": slug, "reason": reason}
        record(db, actor, "suggestion.dismissed", f"suggestion:{suggestion_id}", detail=detail)


def take_back_dismissal(db: Database, suggestion_id: str, slug: str, *, actor: Actor) -> None:
    """Let a suggested FAQ stand again that was dismissed by mistake.

    Raises:
        NotFoundError: it was not suggested there.
        ConflictError: the inquiry was answered meanwhile, or it is not dismissed.
    """
    with write(db):
        _undecided(db, suggestion_id, slug)
        done = db.execute(
            "UPDATE suggestion_faqs SET outcome = NULL, reason = '' "
            "WHERE suggestion_id = ? AND slug = ? AND outcome = 'dismissed'",
            [suggestion_id, slug],
        )
        if not done.rowcount:
            raise ConflictError(f"{slug!r} is not dismissed in {suggestion_id!r}.")
        insertions.note(db, suggestion_id, "undone", slug=slug, actor=actor)
        detail = {"slug": slug}
        record(db, actor, "suggestion.stands_again", f"suggestion:{suggestion_id}", detail=detail)


def forget_originals(db: Database, *, days: int) -> int:
    """Drop sealed originals and sent texts of inquiries closed more than `days` ago.

    An outbox row that was not delivered yet is kept.

    Returns:
        How many originals were dropped.
    """
    edge = ago(days=days)
    # One that is answered with another is closed when that is.
    closed = (
        "SELECT i.id FROM inquiries i LEFT JOIN inquiries h ON h.id = i.joined_to "
        "WHERE coalesce(h.status, i.status) <> 'open' AND coalesce(h.closed_at, i.closed_at) < ?"
    )
    with write(db):
        cursor = db.execute(
            f"DELETE FROM originals WHERE message_id IN "  # noqa: S608 - fixed words
            f"(SELECT id FROM messages WHERE inquiry_id IN ({closed}))",
            [edge],
        )
        db.execute(f"DELETE FROM drafts WHERE inquiry_id IN ({closed})", [edge])  # noqa: S608
        db.execute(
            f"DELETE FROM outbox WHERE state IN ('copied', 'delivered', 'failed') "  # noqa: S608
            f"AND inquiry_id IN ({closed})",
            [edge],
        )
        # Whom an answer went to is needed while it is under way, and for a follow-up.
        db.execute(
            f"UPDATE inquiry_routes SET sealed = NULL WHERE sealed IS NOT NULL "  # noqa: S608
            f"AND inquiry_id IN ({closed}) AND inquiry_id NOT IN "
            f"(SELECT inquiry_id FROM outbox WHERE state = 'queued')",
            [edge],
        )
        if cursor.rowcount:
            record(db, Actor(SYSTEM), "originals.forgotten", "desk", detail={"n": cursor.rowcount})
    return int(cursor.rowcount)


def _open_status(db: Database, inquiry_id: int) -> str:
    """The channel of an inquiry that is still open."""
    row = one(db, "SELECT status, channel, joined_to FROM inquiries WHERE id = ?", [inquiry_id])
    if row is None:
        raise NotFoundError(f"No inquiry {inquiry_id}.")
    if row["joined_to"] is not None:
        head = row["joined_to"]
        raise JoinedError(f"Inquiry {inquiry_id} is answered with inquiry {head}.", head=head)
    if row["status"] != "open":
        raise ConflictError(
            f"Inquiry {inquiry_id} is {row['status']} already: somebody else was first. Your text "
            f"was not sent; copy it if you still need it."
        )
    return str(row["channel"])


def _undecided(db: Database, suggestion_id: str, slug: str) -> None:
    """Refuse to touch what was not suggested, and outcomes that an answer has settled."""
    row = one(
        db,
        "SELECT inquiries.status FROM suggestion_faqs "
        "JOIN suggestions ON suggestions.id = suggestion_faqs.suggestion_id "
        "LEFT JOIN inquiries ON inquiries.id = suggestions.inquiry_id "
        "WHERE suggestion_faqs.suggestion_id = ? AND suggestion_faqs.slug = ?",
        [suggestion_id, slug],
    )
    if row is None:
        raise NotFoundError(f"{slug!r} was not suggested in {suggestion_id!r}.")
    if row["status"] not in (None, "open"):  # None: a text from the API, without an inquiry
        raise ConflictError(
            f"The inquiry of {suggestion_id!r} is {row['status']} already: what was sent decided "
            f"about its suggestions."
        )
