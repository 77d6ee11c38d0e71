"""What of a person lies sealed at the doors: webhooks, answers to programs, copies of mails.

Each is opened to see whose it is. Where the desk lacks a table, as an earlier one does, there is
nothing to forget in it.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, replace
from email.utils import getaddresses
from typing import Any, Final, Protocol

from sqlite_utils import Database

from . import connections, routes, webhook_events
from .database import Row
from .errors import FaqdeskError
from .quoted import tables
from .seal import Seal

# What a program that repeats a call is told instead of what was answered first.
_GONE: Final = {
    "type": "about:blank",
    "title": "Gone",
    "status": 410,
    "detail": "What was answered to this call was of a person whom the desk was told to forget.",
}


class Whose(Protocol):
    """Keyed hashes by source, and how the person's id may be spelled."""

    @property
    def customers(self) -> dict[str, str]:
        """Keyed hash to source."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """The id as it was given and as mail writes it."""


def customers(db: Database, seal: Seal) -> frozenset[str]:
    """The keyed hashes of the customers whom webhooks tell of that are kept sealed."""
    return frozenset(name for _, name in _webhooks(db, seal))


def copies(db: Database, seal: Seal, spellings: Collection[str]) -> list[int]:
    """The inquiries of others of whose answers an address gets a copy."""
    if not any("@" in name for name in spellings) or "inquiry_routes" not in tables(db):
        return []
    return [row["inquiry_id"] for row, _ in _mails(db, seal, spellings)]


def counts(db: Database, seal: Seal, person: Whose, ids: Collection[int]) -> dict[str, int]:
    """How much `forget` would cut out."""
    return {
        "webhooks": sum(name in person.customers for _, name in _webhooks(db, seal)),
        "api_answers": len(list(_answers(db, seal, ids))),
        "mail_copies": len(copies(db, seal, person.spellings)),
    }


def forget(db: Database, seal: Seal, person: Whose, ids: Collection[int]) -> None:
    """Cut it out, in the caller's transaction, before the inquiries themselves go."""
    for row_id, name in list(_webhooks(db, seal)):
        if name in person.customers:
            db.execute(
                "UPDATE webhook_deliveries SET state = 'ignored', sealed = NULL WHERE id = ?",
                [row_id],
            )
    for row in list(_answers(db, seal, ids)):
        change: Row = {
            "status": 410,
            "content_type": "application/problem+json",
            "location": "",
            "sealed": seal.close_up(json.dumps(_GONE)),
        }
        db.table("api_answers").update((row["token_id"], row["key"]), change)
    if not copies(db, seal, person.spellings):
        return
    for row, thread in list(_mails(db, seal, person.spellings)):
        left = [kept for kept in thread.copies if not _is_any(kept, person.spellings)]
        sealed = seal.close_up(json.dumps(asdict(replace(thread, copies=left))))
        db.table("inquiry_routes").update(row["inquiry_id"], {"sealed": sealed})


def _webhooks(db: Database, seal: Seal) -> Iterator[tuple[int, str]]:
    """Of each that is kept, its id and the keyed hash of the customer it tells of."""
    if "webhook_deliveries" not in tables(db):
        return
    sql = """
        SELECT d.id, d.sealed, c.id AS connection_id, c.kind, c.source
        FROM webhook_deliveries d JOIN connections c ON c.id = d.connection_id
        WHERE d.sealed IS NOT NULL
    """
    for row in list(db.query(sql)):
        try:
            body = seal.open_up(row["sealed"]).encode()
            address = connections.access(db, seal, row["connection_id"]).address
            event = webhook_events.read(row["kind"], body, address=address)
        except FaqdeskError:  # what nobody can read tells of nobody
            continue
        if event.customer_id:
            yield row["id"], seal.customer(row["source"], event.customer_id)


def _answers(db: Database, seal: Seal, ids: Collection[int]) -> Iterator[Row]:
    """The answers kept for programs that speak of some inquiries."""
    if not ids or "api_answers" not in tables(db):
        return
    names = {str(number) for number in ids}
    for row in list(db.query("SELECT * FROM api_answers WHERE sealed IS NOT NULL")):
        try:
            said = json.loads(seal.open_up(row["sealed"]))
        except (FaqdeskError, ValueError):
            continue
        if names & set(_named(said)):
            yield row


def _named(said: Any) -> Iterator[str]:
    """Every inquiry that an answer names, however deep."""
    if isinstance(said, dict):
        if isinstance(said.get("inquiry_id"), str):
            yield said["inquiry_id"]
        said = list(said.values())
    if isinstance(said, list):
        for item in said:
            yield from _named(item)


def _mails(
    db: Database, seal: Seal, spellings: Collection[str]
) -> Iterator[tuple[Row, routes.MailThread]]:
    for row in list(db.query("SELECT * FROM inquiry_routes WHERE sealed IS NOT NULL")):
        thread = routes.MailThread(**json.loads(seal.open_up(row["sealed"])))
        if any(_is_any(kept, spellings) for kept in thread.copies):
            yield row, thread


def _is_any(written: str, spellings: Collection[str]) -> bool:
    return any(address.lower() in spellings for _, address in getaddresses([written]))
