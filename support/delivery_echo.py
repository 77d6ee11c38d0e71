"""An answer of ours that comes back: by webhook, or when we look whether it arrived.

Helpdesks tell of every message, those that came through their API too. The id that the API gave
tells ours; before it is known, the words do.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlite_utils import Database

from .clock import from_iso, iso, now
from .database import write
from .html import to_plain_text
from .importing.conversation import RawMessage
from .seal import Seal
from .text import normalize

SKEW: Final = timedelta(minutes=5)  # how far a helpdesk's clock may lie behind ours


@dataclass(frozen=True, slots=True)
class Echo:
    """An answer of ours that came back. `lost`: it counts as failed, though it may have arrived."""

    outbox_id: int
    inquiry_id: int
    lost: bool = False


def recognise(
    db: Database, seal: Seal, connection_id: int, conversation: str, message: RawMessage
) -> Echo | None:
    """The answer of ours that a message is; None where it is somebody else's.

    One on its way that was not known to have arrived counts as delivered from now on. To be called
    in a transaction.
    """
    sql = """
        SELECT o.id, o.inquiry_id, o.state, o.external_id, o.sealed, o.created_at, o.maybe_out
        FROM outbox o JOIN inquiry_routes r ON r.inquiry_id = o.inquiry_id
        WHERE o.connection_id = ? AND r.connection_id = o.connection_id AND r.conversation = ?
        ORDER BY o.id DESC
    """
    rows = list(db.query(sql, [connection_id, conversation]))
    for row in rows:
        told = row["external_id"]
        if told and message.source_id in (told, seal.fingerprint(told)):
            return Echo(row["id"], row["inquiry_id"])
    for row in rows:
        if row["external_id"] or row["state"] == "copied":
            continue
        typed = seal.open_up(row["sealed"])
        if same_words(typed, message.text) and late_enough(row["created_at"], message.at):
            if row["state"] == "queued":
                mark_delivered(db, row["id"], message.source_id)
            lost = row["state"] == "failed" and bool(row["maybe_out"])
            return Echo(row["id"], row["inquiry_id"], lost)
    return None


def mark_delivered(db: Database, outbox_id: int, external_id: str) -> None:
    """Write down that an answer arrived, under which id of the other side.

    One that is not on its way any more stays as it is: a mail may be back before we hear that it
    was taken.
    """
    with write(db):
        db.execute(
            "UPDATE outbox SET state = 'delivered', external_id = ?, error = '', next_at = NULL, "
            "leased_until = NULL, updated_at = ? WHERE id = ? AND state = 'queued'",
            [external_id, now(), outbox_id],
        )


def same_words(typed: str, shown: str) -> bool:
    """Whether a message has the words of an answer, whatever became of its spaces and markup."""
    return _words(typed) == _words(shown)


def late_enough(written: str, seen: str) -> bool:
    """Whether a message is not older than an answer, by clocks that may differ a little."""
    return seen >= iso(from_iso(written) - SKEW)


def _words(text: str) -> list[str]:
    plain = to_plain_text(text)
    return normalize(plain.spelled).split() if "<" in text else normalize(text).split()
