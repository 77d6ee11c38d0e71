"""The way back: through which connection the answer to an inquiry goes, and where to.

Written down when an inquiry comes in through a connection. Whom a mail goes to is sealed, and
forgotten with the other originals.
"""

import json
from dataclasses import asdict, dataclass, field

from sqlite_utils import Database

from .database import one
from .seal import Seal


@dataclass(frozen=True, slots=True)
class Route:
    """Where an answer goes. `delivers`: its connection is there, and sends."""

    connection_id: int
    conversation: str
    delivers: bool


@dataclass(frozen=True, slots=True)
class MailThread:
    """What a mail of reply needs: to whom, about what, and the messages that it follows."""

    to: str
    subject: str
    message_id: str  # with its angle brackets
    references: list[str] = field(default_factory=list)  # the older ones, oldest first
    copies: list[str] = field(default_factory=list)  # who else reads along


def of(db: Database, inquiry_id: int) -> Route | None:
    """The way back to who asked; None where there is none."""
    sql = """
        SELECT r.connection_id, r.conversation, c.delivers AND c.active AS delivers
        FROM inquiry_routes r JOIN connections c ON c.id = r.connection_id WHERE r.inquiry_id = ?
    """
    row = one(db, sql, [inquiry_id])
    if row is None:
        return None
    return Route(row["connection_id"], row["conversation"], bool(row["delivers"]))


def note(
    db: Database,
    seal: Seal,
    inquiry_id: int,
    *,
    connection_id: int,
    conversation: str,
    mail: MailThread | None = None,
) -> None:
    """Write down where the answer to an inquiry goes, in the caller's transaction."""
    row = {
        "inquiry_id": inquiry_id,
        "connection_id": connection_id,
        "conversation": conversation,
        "sealed": seal.close_up(json.dumps(asdict(mail))) if mail else None,
    }
    db.table("inquiry_routes").upsert(row, pk="inquiry_id")


def renew(db: Database, inquiry_id: int, *, connection_id: int) -> None:
    """Let a way back whose connection ended or is switched off lead through another one.

    Of the same source, in the caller's transaction.
    """
    sql = """
        UPDATE inquiry_routes SET connection_id = ? WHERE inquiry_id = ?
        AND connection_id IN (SELECT id FROM connections WHERE NOT active)
    """
    db.execute(sql, [connection_id, inquiry_id])


def mail_thread(db: Database, seal: Seal, inquiry_id: int) -> MailThread | None:
    """To whom a mail goes; None where that is no mail, or was forgotten."""
    row = one(db, "SELECT sealed FROM inquiry_routes WHERE inquiry_id = ?", [inquiry_id])
    if row is None or row["sealed"] is None:
        return None
    return MailThread(**json.loads(seal.open_up(row["sealed"])))
