"""Connections to helpdesks and mail: what is needed to hear from them and to answer through them.

Addresses, keys and passwords are sealed with the desk's key as one piece; they are shown to nobody
again. A connection keeps its inquiries under a source's name, the same as an import of that
helpdesk uses, so that a conversation is one whichever way it comes.
"""

import json
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, write
from .errors import ConflictError, InputError, NotFoundError
from .public_net import host_of
from .seal import Seal

Kind = Literal["zendesk", "chatwoot", "zammad", "channel-talk", "smtp"]

KINDS: Final[tuple[Kind, ...]] = ("zendesk", "chatwoot", "zammad", "channel-talk", "smtp")
TLS: Final = ("starttls", "tls", "none")
CHANNEL_TALK_API: Final = "https://api.channel.io"

# What each kind needs to deliver answers; to hear webhooks, all but mail need `secret` alone.
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "zendesk": ("address", "user", "token"),
    "chatwoot": ("address", "account", "token"),
    "zammad": ("address", "token"),
    "channel-talk": ("user", "token"),
    "smtp": ("address", "sender"),
}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Access:
    """What is sealed of a connection; repr shows none of it.

    Attributes:
        address: of the helpdesk, such as https://example.zendesk.com; of mail, host:port.
        secret: with which it signs its webhooks; of Channel Talk, the token in the address.
        user: whose token it is (Zendesk: an e-mail address), the access key of Channel Talk, or
            the login of mail.
        token: an API token, the access secret of Channel Talk, or the password of mail.
        account: the account's number at Chatwoot.
        sender: from whom mail comes, or the bot's name at Channel Talk.
        tls: of mail, one of `TLS`.
        private: whether an address of a private network may be asked, and plain http.
    """

    address: str = ""
    secret: str = ""
    user: str = ""
    token: str = ""
    account: str = ""
    sender: str = ""
    tls: str = "starttls"
    private: bool = False

    def __repr__(self) -> str:
        return "Access(sealed)"


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
        access: what it needs; without `secret` that of before stays, or one is made.
        source: under which its inquiries are kept; empty: the kind's name.
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
    missing = [part for part in NEEDS[kind] if not getattr(access, part)]
    delivers = not missing if delivers is None else delivers
    if delivers and missing:
        raise InputError(f"To deliver through {kind} it needs: {', '.join(missing)}.")
    _check(kind, access)
    row: Row = {
        "kind": kind,
        "source": source or kind,
        "delivers": int(delivers),
        "active": 1,
    }
    with write(db):
        known = one(db, "SELECT * FROM connections WHERE name = ?", [name])
        if known is not None and known["kind"] != kind:
            raise ConflictError(
                f"{name!r} is a connection of kind {known['kind']}. Choose another."
            )
        sql = "SELECT name FROM connections WHERE source = ? AND active = 1 AND name <> ?"
        other = one(db, sql, [row["source"], name])
        if other is not None:
            raise ConflictError(
                f"{other['name']!r} keeps its inquiries under {row['source']!r} already. Name "
                f"another source with --source."
            )
        kept = _access(seal, known).secret if known else ""
        fresh = access.secret or ("" if kept else secrets.token_urlsafe(32))
        parts = {part: getattr(access, part) for part in Access.__slots__}
        row["sealed"] = seal.close_up(json.dumps(parts | {"secret": fresh or kept}))
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


def _check(kind: str, access: Access) -> None:
    if access.tls not in TLS:
        raise InputError(f"tls is one of {', '.join(TLS)}; got {access.tls!r}.")
    for part in ("sender", "user", "token", "account"):
        if not getattr(access, part).isprintable():
            raise InputError(f"{part} is one line of letters, digits and signs.")
    if kind != "smtp" and not (access.user + access.token).isascii():
        raise InputError("A token or its user goes into a header, where ASCII alone may stand.")
    if kind == "smtp":
        if access.address:
            mail_host(access)
        if access.sender and "@" not in access.sender:
            raise InputError(f"The sender is a mail address; got {access.sender!r}.")
    elif access.address:
        host_of(access.address, private=access.private)
        if not access.private and not access.address.lower().startswith("https://"):
            raise InputError(
                f"{access.address} is not asked without https: a token would travel in the clear. "
                f"Of a server inside your own network, say --private."
            )


def mail_host(access: Access) -> tuple[str, int]:
    """The host and port of a mail server.

    Raises:
        InputError: the address is no host:port.
    """
    host, _, port = access.address.rpartition(":")
    if not host:
        host, port = access.address, {"tls": "465", "starttls": "587"}.get(access.tls, "25")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise InputError(f"A mail server is host:port; got {access.address!r}.")
    return host.strip("[]"), int(port)


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
    """End a connection, or begin it again: no webhook is taken and no answer goes out meanwhile.

    Raises:
        NotFoundError: there is none.
        ConflictError: another one keeps its inquiries under the same source by now.
    """
    with write(db):
        found = get(db, name)
        sql = "SELECT name FROM connections WHERE source = ? AND active = 1 AND id <> ?"
        other = one(db, sql, [found.source, found.id]) if active else None
        if other is not None:
            raise ConflictError(f"{other['name']!r} keeps inquiries under {found.source!r} by now.")
        db.table("connections").update(found.id, {"active": int(active)})
        record(
            db,
            actor,
            "connection.begun" if active else "connection.ended",
            f"connection:{found.id}",
            detail={"name": name},
        )
    return get(db, name)


def note_heard(db: Database, connection_id: int, *, refused: str = "") -> None:
    """Write down that a webhook came, or that one was refused, and why: for the self-test."""
    moment = now()
    change = {"refused_at": moment, "refused": refused} if refused else {"heard_at": moment}
    with write(db):
        db.table("connections").update(connection_id, change)


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
    )
