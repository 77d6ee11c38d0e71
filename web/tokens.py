"""Tokens for the HTTP API: shown once, stored as a hash, with scopes, revocable."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import ago, now
from support.database import insert, one, write, write_if_free
from support.errors import InputError, NotFoundError

SCOPES = (
    *("suggest", "feedback", "search", "inquiries", "faqs", "metrics", "export", "imports"),
    *("listings", "moderation"),
    "admin",  # all of them
)
MOST_PER_MINUTE = 100_000
MAX_NAME = 60  # characters
MOST_DAYS = 3650
PREFIX = "fd_"


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without its secret."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: str
    last_used_at: str | None
    revoked_at: str | None
    per_minute: int | None = None  # calls it may make; None: as many as any
    expires_at: str | None = None  # None: it lives until it is revoked
    made_by: str = ""  # agent:3, cli:mina

    @property
    def state(self) -> Literal["live", "expired", "revoked"]:
        """Whether it opens anything."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= now() else "live"

    def may(self, scope: str) -> bool:
        """Whether it opens the doors of a scope."""
        return scope in self.scopes or "admin" in self.scopes


def create(
    db: Database,
    actor: Actor,
    *,
    name: str,
    scopes: tuple[str, ...],
    per_minute: int | None = None,
    days: int | None = None,
) -> tuple[int, str]:
    """Make a token.

    Args:
        db: the desk's database.
        actor: who makes it.
        name: for whom.
        scopes: the doors that it opens.
        per_minute: calls that it may make; None: as many as any token.
        days: after which it ends by itself; None: never.

    Returns:
        Its id, and the secret, which is not kept.

    Raises:
        InputError: it has no name; a scope is unknown, or there is none; it may make no call, or
            would not live.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME:
        raise InputError(f"A token's name has 1 to {MAX_NAME} characters; got {name[:80]!r}.")
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        raise InputError(f"Scopes are {', '.join(SCOPES)}; got {', '.join(scopes) or 'none'}.")
    if per_minute is not None and not 1 <= per_minute <= MOST_PER_MINUTE:
        raise InputError(f"Calls a minute must lie in [1, {MOST_PER_MINUTE}], got {per_minute}.")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InputError(f"A token lives 1 to {MOST_DAYS} days, got {days}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    expires_at = None if days is None else ago(days=-days)
    with write(db):
        row = {
            "name": name,
            "token_hash": _hash(secret),
            "scopes": json.dumps(scopes),
            "created_at": now(),
            "per_minute": per_minute,
            "expires_at": expires_at,
            "made_by": actor.name,
        }
        token_id = insert(db, "api_tokens", row)
        detail = {"scopes": list(scopes)} | ({"until": expires_at} if expires_at else {})
        record(db, actor, "token.created", f"token:{token_id}", detail=detail)
    return token_id, secret


def find(db: Database, secret: str) -> Token | None:
    """The token with this secret; None when unknown, revoked or expired."""
    sql = """
        SELECT * FROM api_tokens WHERE token_hash = ? AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > ?)
    """
    row = one(db, sql, [_hash(secret), now()])
    if row is None:
        return None
    # Once an hour is enough to see which tokens live; a write a call would not be.
    if not row["last_used_at"] or row["last_used_at"] < ago(hours=1):
        sql = "UPDATE api_tokens SET last_used_at = ? WHERE id = ?"
        write_if_free(db, sql, [now(), row["id"]])
    return _token(row)


def listed(db: Database) -> list[Token]:
    """Every token, ended ones too."""
    return [_token(row) for row in db.query("SELECT * FROM api_tokens ORDER BY id")]


def revoke(db: Database, actor: Actor, token_id: int) -> None:
    """End a token.

    Raises:
        NotFoundError: there is no such live token.
    """
    with write(db):
        cursor = db.execute(
            "UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            [now(), token_id],
        )
        if not cursor.rowcount:
            raise NotFoundError(f"No live token {token_id}. List them with `faqdesk token list`.")
        record(db, actor, "token.revoked", f"token:{token_id}")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: dict[str, object]) -> Token:
    return Token(
        id=int(str(row["id"])),
        name=str(row["name"]),
        scopes=tuple(json.loads(str(row["scopes"]))),
        created_at=str(row["created_at"]),
        last_used_at=str(row["last_used_at"]) if row["last_used_at"] else None,
        revoked_at=str(row["revoked_at"]) if row["revoked_at"] else None,
        per_minute=int(str(row["per_minute"])) if row["per_minute"] else None,
        expires_at=str(row["expires_at"]) if row["expires_at"] else None,
        made_by=str(row["made_by"]),
    )
