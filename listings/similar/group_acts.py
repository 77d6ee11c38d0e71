"""What one act of somebody's said of pairs, and which of it nobody has touched since.

The audit trail holds each act with its pairs: a pair that a later act names is that act's.
"""

import json
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.database import one

from .apart import Pair

CONFIRMED: Final = "group.confirmed"
_UNDOES: Final = {CONFIRMED: "group.unconfirmed", "listings.parted": "listings.joined"}
_MAX_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class GroupAct:
    """A confirmation or a split."""

    id: int  # in the audit trail
    action: str
    standing: tuple[Pair, ...]  # its pairs, but for those of later acts


def made_pairs(db: Database, audit_id: int) -> GroupAct | None:
    """What an act of the audit trail confirmed or parted; None where it is no such act.

    A pair is confirmed or parted anew only after it was taken back: a later act of the kind, or one
    that takes such acts back, has it from there on.
    """
    sql = "SELECT id, action, detail FROM audit WHERE id = ? AND action IN (?, ?)"
    row = one(db, sql, [max(0, min(audit_id, _MAX_ID)), *_UNDOES])
    pairs = _pairs(row["detail"]) if row else []
    if row is None or not pairs:
        return None
    sql = "SELECT detail FROM audit WHERE id > ? AND action IN (?, ?)"
    kinds = [row["action"], _UNDOES[row["action"]]]
    later = {pair for (detail,) in db.conn.execute(sql, [row["id"], *kinds])
             for pair in _pairs(detail)}  # fmt: skip
    return GroupAct(row["id"], row["action"], tuple(pair for pair in pairs if pair not in later))


def _pairs(detail: str) -> list[Pair]:
    return [(int(first), int(other)) for first, other in json.loads(detail).get("pairs", [])]
