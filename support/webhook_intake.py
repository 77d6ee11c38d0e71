"""Webhooks: taken in at once, worked through later, each once.

What came is sealed in a row of its own; working through it is one transaction with everything that
follows from it, so that a worker that is killed has done a delivery wholly or not at all.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from . import (
    connections,
    faqs,
    outside_answers,
    routes,
    settings,
    webhook_events,
    webhook_signatures,
)
from .audit import Actor, record
from .clock import ago, now
from .connections import Connection
from .database import one, scalar, write
from .delivery_echo import same_words
from .errors import EmptyTextError, InputError, NotFoundError
from .importing.ids import safe_id
from .importing.prepare import Preparer
from .incoming import receive
from .redact import Redactor
from .seal import Seal
from .webhook_events import DESCRIPTION, Event
from .webhook_signatures import Incoming

TRIES: Final = 5  # before what cannot be worked through is set aside
KEPT_DAYS: Final = 90  # how long a delivery's id is known: whoever sends it again is answered so
REFUSED_EVERY: Final = 5  # seconds from one refusal that is written down to the next
FAILED_DAYS: Final = 7  # how long the sealed body of one that failed is kept


@dataclass(frozen=True, slots=True)
class Accepted:
    """A webhook that was taken in. `fresh`: it had not come before."""

    id: int
    fresh: bool


def accept(
    db: Database,
    seal: Seal,
    connection: Connection,
    came: Incoming,
    *,
    moment: datetime | None = None,
) -> Accepted:
    """Check a webhook and keep it for later.

    Args:
        db: the desk's database.
        seal: its key.
        connection: whose webhook it claims to be.
        came: body, headers and query.
        moment: the present; None: by the machine's clock.

    Raises:
        SignatureError: it does not prove where it comes from; noted with the connection.
        InputError: it is no JSON that such a helpdesk sends.
    """
    access = connections.access(db, seal, connection.id)
    try:
        webhook_signatures.verify(connection.kind, access.secret, came, moment=moment)
    except webhook_signatures.SignatureError as error:
        # Anybody may knock; not every knock is worth a write.
        if not connection.refused_at or connection.refused_at < ago(seconds=REFUSED_EVERY):
            connections.note_heard(db, connection.id, refused=str(error))
        raise
    event = webhook_events.read(connection.kind, came.body, address=access.address)
    delivery_id = webhook_signatures.delivery_id(connection.kind, came, event.key)
    with write(db):
        sql = "SELECT id FROM webhook_deliveries WHERE connection_id = ? AND delivery_id = ?"
        known = scalar(db, sql, [connection.id, delivery_id])
        if known is not None:
            return Accepted(known, fresh=False)
        connections.note_heard(db, connection.id)
        idle = event.what == "other"
        row: dict[str, Any] = {
            "connection_id": connection.id,
            "delivery_id": delivery_id,
            "sealed": None if idle else seal.close_up(came.body.decode("utf-8", "replace")),
            "state": "ignored" if idle else "queued",
            "event": event.name[:80],
            "received_at": now(),
            "worked_at": now() if idle else None,
        }
        found = db.table("webhook_deliveries").insert(row).last_pk
    return Accepted(int(str(found)), fresh=True)


def waiting(db: Database) -> list[int]:
    """The deliveries that wait to be worked through, in the order they came."""
    sql = "SELECT id FROM webhook_deliveries WHERE state = 'queued' ORDER BY id"
    return [row["id"] for row in db.query(sql)]


def work_until(db: Database, seal: Seal, delivery_id: int) -> str:
    """Work through what waits up to a delivery, in the order it came, then that one itself.

    Several workers keep to the order too: an answer is not looked at before what it answers. One
    that failed does not hold up the others.

    Returns:
        The state of that delivery then; queued: it failed, and is to be tried again.
    """
    sql = "SELECT min(id) FROM webhook_deliveries WHERE state = 'queued' AND tries = 0 AND id <= ?"
    while (oldest := scalar(db, sql, [delivery_id])) is not None:
        state = work(db, seal, oldest)
        if oldest == delivery_id:
            return state
    return work(db, seal, delivery_id)


def work(db: Database, seal: Seal, delivery_id: int) -> str:
    """Work through one delivery; again, or while another does, it changes nothing.

    Returns:
        The state that it is in then; queued: it failed, and is to be tried again.
    """
    try:
        with write(db):
            row = one(db, "SELECT * FROM webhook_deliveries WHERE id = ?", [delivery_id])
            if row is None or row["state"] != "queued":
                return row["state"] if row else "ignored"
            connection = connections.by_id(db, row["connection_id"])
            access = connections.access(db, seal, connection.id)
            body = seal.open_up(row["sealed"]).encode()
            event = webhook_events.read(connection.kind, body, address=access.address)
            state = "done" if _follow(db, seal, connection, event) else "ignored"
            change = {"state": state, "sealed": None, "error": "", "worked_at": now()}
            db.table("webhook_deliveries").update(delivery_id, change)
    except Exception as error:  # whatever it is, the next ones shall not wait for it
        return _failed(db, delivery_id, error)
    return state


def again(db: Database, actor: Actor, delivery_id: int, *, connection_id: int) -> None:
    """Let what was set aside be worked through once more.

    Raises:
        NotFoundError: there is no such delivery, or what it told is forgotten.
    """
    with write(db):
        _set_aside(db, delivery_id, connection_id)
        change = {"state": "queued", "tries": 0, "worked_at": None}
        db.table("webhook_deliveries").update(delivery_id, change)
        record(db, actor, "webhook.tried_again", f"webhook:{delivery_id}")


def give_up(db: Database, actor: Actor, delivery_id: int, *, connection_id: int) -> None:
    """Forget what was set aside.

    Raises:
        NotFoundError: there is no such delivery, or it is forgotten.
    """
    with write(db):
        _set_aside(db, delivery_id, connection_id)
        change = {"state": "ignored", "sealed": None}
        db.table("webhook_deliveries").update(delivery_id, change)
        record(db, actor, "webhook.given_up", f"webhook:{delivery_id}")


def _set_aside(db: Database, delivery_id: int, connection_id: int) -> None:
    """Refuse what is not set aside, or came through another connection."""
    sql = """
        SELECT 1 FROM webhook_deliveries
        WHERE id = ? AND connection_id = ? AND state = 'failed' AND sealed IS NOT NULL
    """
    if one(db, sql, [delivery_id, connection_id]) is None:
        raise NotFoundError(f"No webhook {delivery_id} that was set aside and is kept.")


def forget(db: Database) -> int:
    """Drop what failed and was kept to be looked at, and ids that nobody sends again.

    Returns:
        How many rows were dropped.
    """
    with write(db):
        db.execute(
            "UPDATE webhook_deliveries SET sealed = NULL "
            "WHERE state = 'failed' AND sealed IS NOT NULL AND received_at < ?",
            [ago(days=FAILED_DAYS)],
        )
        cursor = db.execute(
            "DELETE FROM webhook_deliveries WHERE state <> 'queued' AND received_at < ?",
            [ago(days=KEPT_DAYS)],
        )
    return int(cursor.rowcount)


def _failed(db: Database, delivery_id: int, error: Exception) -> str:
    # The message may quote what somebody wrote: its kind is enough to look for the cause.
    words = str(error) if isinstance(error, InputError) else type(error).__name__
    with write(db):
        words = Redactor(settings.load(db).allow).redact(words).text
        tries = 1 + int(
            scalar(db, "SELECT tries FROM webhook_deliveries WHERE id = ?", [delivery_id])
        )
        state = "failed" if tries >= TRIES else "queued"
        change = {"tries": tries, "error": words[:300], "state": state}
        if state == "failed":
            change["worked_at"] = now()
        db.table("webhook_deliveries").update(delivery_id, change)
    return state


def _follow(db: Database, seal: Seal, connection: Connection, event: Event) -> bool:
    """Do what follows from an event; False where nothing does."""
    given, event = event.conversation, _safely_named(db, seal, event)
    # One that was renamed is not known so over there: its answer is copied by hand.
    way = connection.id if event.conversation == given else None
    source, message = connection.source, event.message
    if event.what == "closed":
        found = outside_answers.close(db, source=source, conversation=event.conversation)
        return found is not None
    if message is None:
        return False
    if event.what == "answered":
        taken = outside_answers.take(
            db,
            seal,
            source=source,
            conversation=event.conversation,
            message=message,
            connection_id=connection.id,
        )
        return taken.became in ("answered", "added", "ours") or bool(taken.slugs)
    if _is_beginning(db, source, event):
        return False
    if not message.text.strip() and message.attachments:
        message.text = ", ".join(name for name, _ in message.attachments if name) or "…"
    try:
        came = receive(
            db,
            seal,
            source=source,
            conversation=event.conversation,
            message=message,
            customer_id=event.customer_id,
            subject=event.subject,
            channel=event.channel,
            language=event.language,
            url=event.url,
            connection_id=way,
        )
    except EmptyTextError:
        return False
    sql = "SELECT inquiry_id FROM messages WHERE id = ?"
    own = {came.inquiry_id, scalar(db, sql, [came.message_id])}
    for inquiry_id in own if way else ():  # of one joined to another, both know the way
        if routes.of(db, inquiry_id) is None:
            routes.note(
                db,
                seal,
                inquiry_id,
                connection_id=connection.id,
                conversation=event.conversation,
            )
        routes.renew(db, inquiry_id, connection_id=connection.id)
    return came.fresh


def _safely_named(db: Database, seal: Seal, event: Event) -> Event:
    """An event whose ids tell nothing: one that holds personal data is kept as a keyed hash."""
    masked = Redactor(settings.load(db).allow).redact

    def name(given: str) -> str:
        return safe_id(given, lambda words: masked(words).text, seal, dealt=True)

    message = event.message and replace(event.message, source_id=name(event.message.source_id))
    return replace(event, conversation=name(event.conversation), message=message)


def _is_beginning(db: Database, source: str, event: Event) -> bool:
    """Whether a message is what a ticket began with, told for the second time.

    As the description of a ticket, or as its first comment: whichever comes later.
    """
    assert event.message is not None  # noqa: S101 - looked at by the caller
    description = event.conversation + DESCRIPTION
    begins = event.message.source_id == description
    sql = """
        SELECT m.text, m.source_id FROM messages m JOIN inquiries i ON i.id = m.inquiry_id
        WHERE i.source = ? AND i.source_id = ? AND m.role = 'customer' ORDER BY m.id LIMIT 1
    """
    first = one(db, sql, [source, event.conversation])
    if first is None or (not begins and first["source_id"] != description):
        return False
    rules = settings.load(db)
    masked = Preparer(rules.link_patterns, faqs.aliases(db), rules.allow).masked
    return begins or same_words(first["text"], masked(event.message.text))
