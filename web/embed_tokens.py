"""Tokens of the sidebar: of the scope `suggest` alone, an hour long, bound to an agent's session.

The sidebar stands in a foreign page, where no cookie shall count. An agent who is signed in to the
console makes one there; signing out, a new password or being shut out ends it with the session.
"""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
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

    secret: str
    expires_at: str


def begin(db: Database, session: str, actor: Actor) -> EmbedToken:
    """Make a token within the console session whose cookie's token this is."""
    with write(db):
        made = _insert(db, _hash(session))
        record(db, actor, "sidebar.connected", actor.name)
    return made


def renew(db: Database, secret: str) -> EmbedToken | None:
    """Another token of the same session, while this one holds; None where it does not.

    The one before lasts its hour: another window of the same helpdesk may be using it.
    """
    with write(db):
        row = _live(db, secret)
        return None if row is None else _insert(db, row["session_hash"])


def find(db: Database, secret: str) -> Agent | None:
    """Whose token this is; None when it ended, or its session did, or its agent was shut out."""
    row = _live(db, secret)
    if row is None:
        return None
    with suppress(NotFoundError):
        agent = agents.get(db, row["agent_id"])
        return agent if agent.active else None
    return None


def _live(db: Database, secret: str) -> Row | None:
    sql = """
        SELECT t.session_hash, s.agent_id FROM embed_tokens t
        JOIN sessions s ON s.token_hash = t.session_hash
        WHERE t.token_hash = ? AND t.expires_at > ? AND s.expires_at > ?
    """
    return one(db, sql, [_hash(secret), now(), now()])


def _insert(db: Database, session_hash: object) -> EmbedToken:
    made = EmbedToken(PREFIX + secrets.token_urlsafe(32), ago(minutes=-LIFETIME_MINUTES))
    db.execute("DELETE FROM embed_tokens WHERE expires_at <= ?", [now()])
    db.table("embed_tokens").insert(
        {
            "token_hash": _hash(made.secret),
            "session_hash": session_hash,
            "created_at": now(),
            "expires_at": made.expires_at,
        }
    )
    return made


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
