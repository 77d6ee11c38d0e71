"""Who did what, when, from where, with which model, and whose data it was about.

Rows are only ever added, each linked to the one before (`audit_chain`). `detail` must hold masked
text only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from . import audit_chain
from .clock import now
from .database import scalar

SYSTEM = "system"
# Whose data a thing is: the keyed hash of the customer or seller, by the thing's number.
_WHOSE: Final = {
    "inquiry": "SELECT customer FROM inquiries WHERE id = ?",
    "listing": "SELECT seller FROM listings WHERE id = ?",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `agent:3`, `token:1`, `cli:mina` or `system`, and the address it came from."""

    name: str
    address: str = ""


def record(
    db: Database,
    actor: Actor,
    action: str,
    obj: str,
    *,
    detail: Mapping[str, Any] | None = None,
    release: str = "",
    threshold: float | None = None,
    policy: str = "",
) -> None:
    """Add a row, in the caller's transaction when there is one.

    What `system` does counts as automatic. Whose data it was about follows from the object.

    Args:
        db: the desk's database.
        actor: who acts.
        action: noun and past participle, such as `answer.sent`.
        obj: what it was done to, such as `inquiry:17`.
        detail: what else is worth knowing, without personal data.
        release: the models that took part.
        threshold: the probability at which a machine acted or showed something.
        policy: the policy's version.

    Raises:
        WorkspaceError: the desk's key is missing: an act that cannot be recorded is not done.
    """
    audit_chain.append(
        db,
        {
            "at": now(),
            "actor": actor.name,
            "address": actor.address,
            "action": action,
            "object": obj,
            "detail": json.dumps(detail or {}, ensure_ascii=False),
            "release": release,
            "threshold": None if threshold is None else float(threshold),
            "policy": policy,
            "automatic": int(actor.name == SYSTEM),
            "person": _person(db, obj),
        },
    )


def _person(db: Database, obj: str) -> str:
    """The keyed hash of whom a thing is of; empty where it is nobody's, or of nobody known."""
    kind, _colon, key = obj.partition(":")
    if kind == "seller":
        return key
    if kind not in _WHOSE or not key.isdecimal():
        return ""
    return scalar(db, _WHOSE[kind], [int(key)]) or ""
