"""Tokens of the sidebar: of the scope `suggest` alone, an hour long, of one agent in one helpdesk.

The sidebar stands in a foreign page, where no cookie shall count. An agent who is signed in to the
console makes one there; signing out, a new password or being shut out ends it with the session. It
is good for the helpdesk that it was made for, as long as that may show the sidebar.
"""

import hashlib
import secrets
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from sqlite_utils import Database

from support import agents
from support.agents import Agent
from support.audit import Actor, record
from support.clock import ago, now
from support.database import Row, one, write
from support.errors import NotFoundError

SCOPE: Final = "suggest"
LIFETIME_MINUTES: Final = 60
PREFIX: Final = "fs_"


@dataclass(frozen=True, slots=True)
class EmbedToken:
    """A token as it is handed over: its secret, which is not kept, and until when it holds."""

    secret: str = field(repr=False)
    expires_at: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose a token is, and the origin of the helpdesk that it is good for."""

    agent: Agent
    parent: str


def begin(db: Database, session: str, actor: Actor, *, parent: str) -> EmbedToken:
    """Make a token within the console session whose cookie's token this is.

    Args:
        db: the desk's database.
        session: the token in the console's cookie.
        actor: whose it is.
        parent: the origin of the helpdesk; the caller has checked that it is allowed.
    """
    with write(db):
        made = _insert(db, _hash(session), parent)
        record(db, actor, "sidebar.connected", actor.name, detail={"parent": parent})
    return made


def renew(db: Database, secret: str) -> EmbedToken | None:
    """Another token of the same session, while this one holds; None where it does not.

    The one before lasts its hour: another window of the same helpdesk may be using it.
    """
    with write(db):
        row = _live(db, secret)
        return None if row is None else _insert(db, row["session_hash"], row["parent"])


def find(db: Database, secret: str, *, allowed: Container[str]) -> Bearer | None:
    """Whose token this is; None when it ended, or its session did, or its agent was shut out.

    So it is when its helpdesk is not among the `allowed` any more.
    """
    row = _live(db, secret)
    if row is None or row["parent"] not in allowed:
        return None
    with suppress(NotFoundError):
        agent = agents.get(db, row["agent_id"])
        return Bearer(agent, row["parent"]) if agent.active else None
    return None


def _live(db: Database, secret: str) -> Row | None:
    sql = """
        SELECT t.session_hash, t.parent, s.agent_id FROM embed_tokens t
        JOIN sessions s ON s.token_hash = t.session_hash
        WHERE t.token_hash = ? AND t.expires_at > ? AND s.expires_at > ?
    """
    return one(db, sql, [_hash(secret), now(), now()])


def _insert(db: Database, session_hash: object, parent: str) -> EmbedToken:
    made = EmbedToken(PREFIX + secrets.token_urlsafe(32), ago(minutes=-LIFETIME_MINUTES))
    db.execute("DELETE FROM embed_tokens WHERE expires_at <= ?", [now()])
    db.table("embed_tokens").insert(
        {
            "token_hash": _hash(made.secret),
            "session_hash": session_hash,
            "parent": parent,
            "created_at": now(),
            "expires_at": made.expires_at,
        }
    )
    return made


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
