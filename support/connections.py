"""Connections to helpdesks and mail: what is needed to hear from them and to answer through them.

Addresses, keys and passwords are sealed with the desk's key as one piece; they are shown to nobody
again. A connection keeps its inquiries under a source's name, the same as an import of that
helpdesk uses, so that a conversation is one whichever way it comes.
"""

import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import Final, Literal

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .connection_access import NEEDS, Access, check
from .database import Row, insert, one, write
from .errors import ConflictError, InputError, NotFoundError
from .seal import Seal

Kind = Literal["zendesk", "chatwoot", "zammad", "channel-talk", "smtp"]

KINDS: Final[tuple[Kind, ...]] = ("zendesk", "chatwoot", "zammad", "channel-talk", "smtp")
# What an import calls what a kind is named otherwise.
SOURCES: Final = {"channel-talk": "channel_talk", "smtp": "mail"}
CHANNEL_TALK_API: Final = "https://api.channel.io"

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection, without what is sealed."""

    id: int
    name: str
    kind: str
    source: str
    delivers: bool
    active: bool
    created_at: str
    heard_at: str | None
    refused_at: str | None
    refused: str
    ended_at: str | None


def connect(
    db: Database,
    seal: Seal,
    actor: Actor,
    *,
    name: str,
    kind: str,
    access: Access,
    source: str = "",
    delivers: bool | None = None,
) -> tuple[Connection, str]:
    """Make a connection, or change the one of this name.

    Args:
        db: the desk's database.
        seal: its key.
        actor: who connects.
        name: small letters, digits, - and _; stands in the webhook's address.
        kind: one of `KINDS`.
        access: what it needs; without `secret` that of before stays, or one is made; without
            `token` that of before stays too, while it goes to the same address as the same user.
        source: under which its inquiries are kept; empty: as an import of that kind calls them.
        delivers: whether answers go out through it; None: where `access` has all that needs.

    Returns:
        The connection, and the webhook's secret, which is not shown again; '' where that of
        before stayed.

    Raises:
        InputError: a part is missing or cannot be used.
        ConflictError: another connection keeps its inquiries under this source, or the name is
            that of another kind.
    """
    if kind not in KINDS:
        raise InputError(f"No kind of connection {kind!r}. There are: {', '.join(KINDS)}.")
    if not _NAME.fullmatch(name):
        raise InputError(f"A name has small letters, digits, - and _, at most 40; got {name!r}.")
    check(kind, access)
    with write(db):
        known = one(db, "SELECT * FROM connections WHERE name = ?", [name])
        if known is not None and known["kind"] != kind:
            raise ConflictError(
                f"{name!r} is a connection of kind {known['kind']}. Choose another."
            )
        kept = _access(seal, known) if known else Access()
        # A token is told to nobody new: who changes where it goes types it again.
        if not access.token and (kept.address, kept.user) == (access.address, access.user):
            access = replace(access, token=kept.token)
        missing = [part for part in NEEDS[kind] if not getattr(access, part)]
        delivers = not missing if delivers is None else delivers
        if delivers and missing:
            raise InputError(f"To deliver through {kind} it needs: {', '.join(missing)}.")
        row: Row = {
            "kind": kind,
            "source": source or SOURCES.get(kind, kind),
            "delivers": int(delivers),
            "active": 1,
            "ended_at": None,
        }
        sql = "SELECT name FROM connections WHERE source = ? AND active = 1 AND name <> ?"
        other = one(db, sql, [row["source"], name])
        if other is not None:
            raise ConflictError(
                f"{other['name']!r} keeps its inquiries under {row['source']!r} already. Name "
                f"another source with --source."
            )
        fresh = access.secret or ("" if kept.secret else secrets.token_urlsafe(32))
        row["sealed"] = _closed(seal, replace(access, secret=fresh or kept.secret))
        if known is None:
            row |= {"name": name, "created_at": now(), "created_by": actor.name}
            connection_id = insert(db, "connections", row)
        else:
            connection_id = known["id"]
            db.table("connections").update(connection_id, row)
        detail = {"name": name, "kind": kind, "delivers": delivers}
        record(
            db,
            actor,
            "connection.made" if known is None else "connection.changed",
            f"connection:{connection_id}",
            detail=detail,
        )
    return get(db, name), fresh


def get(db: Database, name: str) -> Connection:
    """A connection by its name.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM connections WHERE name = ?", [name])
    if row is None:
        raise NotFoundError(f"No connection {name!r}. List them with `faqdesk connect list`.")
    return _connection(row)


def by_id(db: Database, connection_id: int) -> Connection:
    """A connection by its id.

    Raises:
        NotFoundError: there is none.
    """
    row = one(db, "SELECT * FROM connections WHERE id = ?", [connection_id])
    if row is None:
        raise NotFoundError(f"No connection {connection_id}.")
    return _connection(row)


def of_source(db: Database, source: str) -> Connection | None:
    """The live connection whose inquiries are kept under a source's name; None where none is."""
    row = one(db, "SELECT * FROM connections WHERE source = ? AND active = 1", [source])
    return None if row is None else _connection(row)


def listed(db: Database) -> list[Connection]:
    """Every connection, by name."""
    return [_connection(row) for row in db.query("SELECT * FROM connections ORDER BY name")]


def access(db: Database, seal: Seal, connection_id: int) -> Access:
    """What is sealed of a connection."""
    row = one(db, "SELECT sealed FROM connections WHERE id = ?", [connection_id])
    if row is None:
        raise NotFoundError(f"No connection {connection_id}.")
    return _access(seal, row)


def switch(db: Database, actor: Actor, name: str, *, active: bool) -> Connection:
    """Switch a connection off or on: while off, no webhook is taken and no answer goes out.

    Raises:
        NotFoundError: there is none.
        ConflictError: it was ended, or another one keeps its inquiries under the same source.
    """
    with write(db):
        found = get(db, name)
        if active and found.ended_at:
            raise ConflictError(f"{name!r} was ended, and its keys are forgotten. Connect anew.")
        sql = "SELECT name FROM connections WHERE source = ? AND active = 1 AND id <> ?"
        other = one(db, sql, [found.source, found.id]) if active else None
        if other is not None:
            raise ConflictError(f"{other['name']!r} keeps inquiries under {found.source!r} by now.")
        db.table("connections").update(found.id, {"active": int(active)})
        record(
            db,
            actor,
            "connection.on" if active else "connection.off",
            f"connection:{found.id}",
            detail={"name": name},
        )
    return get(db, name)


def end(db: Database, seal: Seal, actor: Actor, name: str) -> Connection:
    """End a connection for good: its keys are forgotten; to begin anew they are typed again.

    Raises:
        NotFoundError: there is none.
    """
    with write(db):
        found = get(db, name)
        change = {"active": 0, "delivers": 0, "ended_at": now(), "sealed": _closed(seal, Access())}
        db.table("connections").update(found.id, change)
        record(db, actor, "connection.ended", f"connection:{found.id}", detail={"name": name})
    return get(db, name)


def note_heard(db: Database, connection_id: int, *, refused: str = "") -> None:
    """Write down that a webhook came, or that one was refused, and why: for the self-test."""
    moment = now()
    change = {"refused_at": moment, "refused": refused} if refused else {"heard_at": moment}
    with write(db):
        db.table("connections").update(connection_id, change)


def _closed(seal: Seal, access: Access) -> bytes:
    return seal.close_up(json.dumps({part: getattr(access, part) for part in Access.__slots__}))


def _access(seal: Seal, row: Row) -> Access:
    return Access(**json.loads(seal.open_up(row["sealed"])))


def _connection(row: Row) -> Connection:
    return Connection(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        source=row["source"],
        delivers=bool(row["delivers"]),
        active=bool(row["active"]),
        created_at=row["created_at"],
        heard_at=row["heard_at"],
        refused_at=row["refused_at"],
        refused=row["refused"],
        ended_at=row["ended_at"],
    )
