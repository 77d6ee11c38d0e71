"""Who did what, when, from where, with which model. Rows are only ever added (the schema holds it).

`detail` must hold masked text only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from .clock import now

SYSTEM = "system"


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

    Args:
        db: the desk's database.
        actor: who acts.
        action: noun and past participle, such as `answer.sent`.
        obj: what it was done to, such as `inquiry:17`.
        detail: what else is worth knowing, without personal data.
        release: the models that took part.
        threshold: the probability at which a machine acted or showed something.
        policy: the policy's version.
    """
    db.table("audit").insert(
        {
            "at": now(),
            "actor": actor.name,
            "address": actor.address,
            "action": action,
            "object": obj,
            "detail": json.dumps(detail or {}, ensure_ascii=False),
            "release": release,
            "threshold": threshold,
            "policy": policy,
        }
    )
