"""Whom the desk was told to forget, as keyed hashes, and up to when.

So that neither a backup that is brought back nor an old export that is imported again brings
somebody back. What they ask later is new.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from .database import Row, one
from .seal import Seal


@dataclass(frozen=True, slots=True)
class Entry:
    """Whom to forget: the keyed hash of a customer, or of an inquiry of somebody unknown.

    `at`: what was asked until then goes, ISO 8601 in UTC.
    """

    kind: Literal["customer", "inquiry"]
    hash: str
    at: str


@dataclass(frozen=True, slots=True)
class Memory:
    """Whom the desk was told to forget, and up to when."""

    seal: Seal
    until: dict[tuple[str, str], str]

    @classmethod
    def of(cls, seal: Seal, known: Iterable[Entry]) -> "Memory":
        """What some entries say."""
        return cls(seal, {(entry.kind, entry.hash): entry.at for entry in known})

    def holds(self, source: str, source_id: str, customer: str, opened_at: str) -> bool:
        """Whether an inquiry is of somebody who was forgotten, and from before.

        Args:
            source: the name of where it comes from.
            source_id: what it is called there.
            customer: keyed hash; empty of somebody unknown.
            opened_at: when it was asked.
        """
        keys = (("customer", customer), ("inquiry", name_of(self.seal, source, source_id)))
        return any(opened_at <= self.until.get(key, "") for key in keys)


def entries(db: Database) -> list[Entry]:
    """Everybody whom a desk was told to forget."""
    rows = db.query("SELECT kind, hash, at FROM forgotten ORDER BY id")
    return [Entry(row["kind"], row["hash"], row["at"]) for row in rows]


def keep(db: Database, known: Iterable[Entry], parts: Sequence[str]) -> None:
    """Note whom to forget, and which model folders learned from them; in the caller's transaction.

    Of somebody forgotten before, the later moment counts.
    """
    for entry in known:
        both = [entry.kind, entry.hash]
        before: Row = one(db, "SELECT * FROM forgotten WHERE kind = ? AND hash = ?", both) or {}
        if before and before["at"] >= entry.at and not parts:
            continue
        row = {
            "kind": entry.kind,
            "hash": entry.hash,
            "at": max(entry.at, before.get("at", "")),
            "models": json.dumps(sorted({*parts, *json.loads(before.get("models", "[]"))})),
            "done_at": None,
        }
        db.execute("DELETE FROM forgotten WHERE kind = ? AND hash = ?", both)
        db.table("forgotten").insert(row)


def name_of(seal: Seal, source: str, source_id: str) -> str:
    """The keyed hash of an inquiry whose asker nobody knows."""
    return seal.fingerprint(f"inquiry\0{source}\0{source_id}")
