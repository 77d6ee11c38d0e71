"""From the outbox to whoever asked: one answer at a time, tried again, never sent twice.

What may have reached the other side without our hearing of it is looked for there before it is sent
again; where nobody can look (mail), a person decides. An answer that cannot be delivered reopens
its inquiry, with the text in its writer's draft. Knows no helpdesk: `delivery_ways` makes senders.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from sqlite_utils import Database

from . import connections, routes, settings, undelivered
from .at_work import AT_WORK
from .clock import iso, now
from .connection_access import Access
from .database import Row, one, write
from .delivery_echo import mark_delivered
from .errors import FaqdeskError
from .redact import Redactor
from .routes import MailThread
from .seal import Seal

# Seconds from one try to the next; after the last one it has failed: about eight hours.
BACKOFF: Final = (10, 60, 300, 1800, 7200, 21_600)
LEASE: Final = 300  # seconds for which a try keeps others away; all its time limits are below
LONGEST_WAIT: Final = 86_400  # seconds at most, whatever the other side asks for
UNSURE: Final = "It may have arrived all the same: look there before sending it again."


class DeliveryError(FaqdeskError):
    """An answer did not go out, or nobody knows whether it did.

    Attributes:
        permanent: trying again would not help.
        maybe_out: it may have arrived.
        wait: seconds that the other side wants to be left alone.
    """

    def __init__(
        self, words: str, *, permanent: bool = False, maybe_out: bool = False, wait: float = 0
    ) -> None:
        """Take the words for who reads the outbox; they hold nothing of the answer."""
        super().__init__(words)
        self.permanent = permanent
        self.maybe_out = maybe_out
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer on its way out.

    Attributes:
        key: the same at every try, and no other answer's.
        text: as it was typed.
        conversation: as the source names it.
        written_at: when it was sent here.
        others: ids that the other side gave to other answers of ours in this conversation.
        mail: of mail, where it goes.
    """

    key: str
    text: str
    conversation: str
    written_at: str
    others: frozenset[str]
    mail: MailThread | None = None


class Sender(Protocol):
    """A way out."""

    def find(self, answer: Answer) -> str | None:
        """The other side's id of an answer that it has already; None where it has it not.

        Raises:
            DeliveryError: it cannot be asked; permanent where there is nobody to ask.
        """

    def send(self, answer: Answer) -> str:
        """Send; returns the other side's id of it, empty where it gives none.

        Raises:
            DeliveryError: it did not go out, or nobody knows.
        """

    def check(self) -> str:
        """Look whether the way is open, sending nothing; returns who is on the other side.

        Raises:
            DeliveryError: it is not.
        """


Make = Callable[[str, Access], Sender]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the newest answer to an inquiry stands.

    `state` is queued, copied, delivered or failed; `error` what the last try said; `given_up`:
    somebody saw that it failed, and wants to hear no more of it.
    """

    id: int
    state: str
    tries: int
    error: str
    next_at: str | None
    updated_at: str
    given_up: bool


def standing(db: Database, inquiry_id: int) -> Standing | None:
    """How the newest answer to an inquiry stands; None where none was sent, or it is forgotten."""
    sql = "SELECT * FROM outbox WHERE inquiry_id = ? ORDER BY id DESC LIMIT 1"
    row = one(db, sql, [inquiry_id])
    if row is None:
        return None
    return Standing(
        id=row["id"],
        state=row["state"],
        tries=row["attempts"],
        error=row["error"],
        next_at=row["next_at"],
        updated_at=row["updated_at"],
        given_up=bool(row["given_up"]),
    )


def not_delivered(db: Database, inquiry_id: int) -> frozenset[int]:
    """The messages of an inquiry that were to go out, and did not."""
    sql = "SELECT message_id FROM outbox WHERE inquiry_id = ? AND state = 'failed'"
    return frozenset(row["message_id"] for row in db.query(sql, [inquiry_id]))


def due(db: Database) -> list[int]:
    """The answers that are to be tried now, oldest first."""
    sql = f"""
        SELECT id FROM outbox WHERE state = 'queued' AND connection_id IS NOT NULL
        AND (next_at IS NULL OR next_at <= :now) AND (leased_until IS NULL OR leased_until <= :now)
        AND {AT_WORK} ORDER BY id
    """  # noqa: S608 - fixed words
    return [row["id"] for row in db.query(sql, {"now": now()})]


def deliver(db: Database, seal: Seal, outbox_id: int, *, make: Make) -> str:
    """Try to deliver one answer, where it is due; whoever else tries it at the time leaves it.

    Args:
        db: the desk's database.
        seal: its key.
        outbox_id: which answer.
        make: makes the sender of a kind of connection.

    Returns:
        The state that it is in then.
    """
    row = _lease(db, outbox_id)
    if row is None:
        kept = one(db, "SELECT state FROM outbox WHERE id = ?", [outbox_id])
        return str(kept["state"]) if kept else "failed"
    try:
        external_id = _try(db, seal, row, make)
    except DeliveryError as error:
        return _note_failure(db, seal, row, error)
    except (FaqdeskError, AttributeError, LookupError, TypeError, ValueError) as error:
        # An answer in another shape than documented, or a connection that cannot be used.
        known = isinstance(error, FaqdeskError)
        words = str(error) if known else f"Its answer is not understood ({type(error).__name__})."
        return _note_failure(db, seal, row, DeliveryError(words, permanent=known))
    mark_delivered(db, outbox_id, external_id)
    return "delivered"


def _lease(db: Database, outbox_id: int) -> Row | None:
    moment = datetime.now(UTC)
    with write(db):
        sql = f"""
            UPDATE outbox SET leased_until = :until WHERE id = :id AND state = 'queued'
            AND connection_id IS NOT NULL AND (next_at IS NULL OR next_at <= :now)
            AND (leased_until IS NULL OR leased_until <= :now) AND {AT_WORK}
        """  # noqa: S608 - fixed words
        until = iso(moment + timedelta(seconds=LEASE))
        cursor = db.execute(sql, {"id": outbox_id, "now": iso(moment), "until": until})
        if not cursor.rowcount:
            return None
        return one(db, "SELECT * FROM outbox WHERE id = ?", [outbox_id])


def _try(db: Database, seal: Seal, row: Row, make: Make) -> str:
    connection = connections.by_id(db, row["connection_id"])
    route = routes.of(db, row["inquiry_id"])
    if route is None or not (connection.active and connection.delivers):
        raise DeliveryError(f"The connection {connection.name!r} is switched off.", permanent=True)
    sql = "SELECT external_id FROM outbox WHERE connection_id = ? AND external_id <> '' AND id <> ?"
    others = db.query(sql, [connection.id, row["id"]])
    answer = Answer(
        key=row["key"],
        text=seal.open_up(row["sealed"]),
        conversation=route.conversation,
        written_at=row["created_at"],
        others=frozenset(other["external_id"] for other in others),
        mail=routes.mail_thread(db, seal, row["inquiry_id"]),
    )
    sender = make(connection.kind, connections.access(db, seal, connection.id))
    if row["maybe_out"]:
        found = sender.find(answer)
        if found is not None:
            return found
    # Written down before, so that a worker that dies in the middle leaves a trace.
    _note(db, row["id"], maybe_out=1)
    try:
        return sender.send(answer)
    except DeliveryError as error:
        if not error.maybe_out:
            _note(db, row["id"], maybe_out=0)
        raise


def _note(db: Database, outbox_id: int, *, maybe_out: int) -> None:
    with write(db):
        db.execute("UPDATE outbox SET maybe_out = ? WHERE id = ?", [maybe_out, outbox_id])


def _note_failure(db: Database, seal: Seal, row: Row, error: DeliveryError) -> str:
    with write(db):
        kept = one(db, "SELECT * FROM outbox WHERE id = ?", [row["id"]])
        if kept is None or kept["state"] != "queued":  # it came back by webhook meanwhile
            return str(kept["state"]) if kept else "failed"
        tries = kept["attempts"] + 1
        # A mail server names the address that it refuses.
        words = Redactor(settings.load(db).allow).redact(str(error)).text[:300]
        if error.permanent or tries > len(BACKOFF):
            db.table("outbox").update(row["id"], {"attempts": tries})
            undelivered.fail(db, seal, kept, unsure(kept, words))
            return "failed"
        # A little at random: a helpdesk that comes back is not asked by all at once.
        wait = BACKOFF[tries - 1] * random.uniform(1.0, 1.2)
        wait = min(max(wait, error.wait), LONGEST_WAIT)
        next_at = iso(datetime.now(UTC) + timedelta(seconds=wait))
        change = {"next_at": next_at, "error": words, "attempts": tries, "leased_until": None}
        db.table("outbox").update(row["id"], change | {"updated_at": now()})
    return "queued"


def unsure(row: Row, words: str) -> str:
    """Why an answer failed, and that it may have arrived all the same where nobody knows."""
    return f"{words} {UNSURE}" if row["maybe_out"] else words
