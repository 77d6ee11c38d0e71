"""Changes of saved replies, kept with each row before and after, so that each can be taken back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, scalar, write
from .errors import NotFoundError, UndoRefusedError

Kind = Literal["created", "edited", "retired", "restored", "imported"]
_TIMES: Final = ("created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class ReplyChange:
    """One change as it stands in the list of changes.

    `fields` are those of one reply that it changed, where the list is asked for of that reply.
    """

    id: int
    kind: str
    name: str
    actor: str
    at: str
    undone_at: str | None
    undone_by: str
    replies: int  # that it made or changed
    fields: tuple[str, ...] = ()


class Change:
    """Writes rows, and notes what they were."""

    def __init__(self, db: Database, change_id: int) -> None:
        """Go on with a change in the caller's transaction; `changing` begins one."""
        self.id = change_id
        self._db = db

    def insert(self, row: Row) -> int:
        """Insert a reply; its id."""
        reply_id = insert(self._db, "saved_replies", row)
        self._note(reply_id, None)
        return reply_id

    def update(self, before: Row, values: Row) -> None:
        """Change a reply that was read as `before`."""
        self._db.table("saved_replies").update(before["id"], values)
        self._note(before["id"], before)

    def _note(self, reply_id: int, before: Row | None) -> None:
        self._db.table("reply_change_rows").insert(
            {
                "change_id": self.id,
                "reply_id": reply_id,
                "before": None if before is None else _json(before),
                "after": _json(_row(self._db, reply_id) or {}),
            }
        )


@contextmanager
def changing(db: Database, actor: Actor, kind: Kind, name: str) -> Iterator[Change]:
    """Write a change in one transaction.

    Args:
        db: the desk's database.
        actor: who changes.
        kind: what is done.
        name: the reply's; of the file where many are changed.
    """
    with write(db):
        row = {"kind": kind, "name": name, "actor": actor.name, "at": now()}
        yield Change(db, insert(db, "reply_changes", row))


def listed(db: Database, *, reply_id: int | None = None, limit: int = 50) -> list[ReplyChange]:
    """Changes, newest first; of one saved reply where its id is given."""
    # The number of a reply whose making was taken back is given out again.
    where = """
        WHERE id IN (SELECT change_id FROM reply_change_rows WHERE reply_id = :reply)
        AND id >= coalesce((SELECT max(change_id) FROM reply_change_rows
            WHERE reply_id = :reply AND before IS NULL), 0)
    """
    sql = f"""
        SELECT *, (SELECT count(*) FROM reply_change_rows WHERE change_id = reply_changes.id) AS n
        FROM reply_changes {where if reply_id is not None else ""} ORDER BY id DESC LIMIT :limit
    """  # noqa: S608 - only the fixed words above are put in
    rows = list(db.query(sql, {"reply": reply_id, "limit": limit}))
    fields = {} if reply_id is None else _fields(db, reply_id)
    return [_change(row, fields.get(row["id"], ())) for row in rows]


def get(db: Database, change_id: int) -> ReplyChange:
    """One change.

    Raises:
        NotFoundError: there is none.
    """
    sql = """
        SELECT *, (SELECT count(*) FROM reply_change_rows WHERE change_id = reply_changes.id) AS n
        FROM reply_changes WHERE id = ?
    """
    row = one(db, sql, [change_id])
    if row is None:
        raise NotFoundError(f"No change {change_id} of saved replies.")
    return _change(row, ())


def undo(db: Database, actor: Actor, change_id: int) -> ReplyChange:
    """Take a change back: every row stands as it stood before.

    Raises:
        NotFoundError: there is no such change.
        UndoRefusedError: it was taken back already, or a later change has touched the same reply.
    """
    with write(db):
        change = get(db, change_id)
        if change.undone_at:
            raise UndoRefusedError(
                f"Change {change_id} was taken back already ({change.undone_at}).", why="undone"
            )
        _refuse_later(db, change)
        sql = "SELECT * FROM reply_change_rows WHERE change_id = ? ORDER BY reply_id"
        for row in list(db.query(sql, [change_id])):
            if _row(db, row["reply_id"]) != json.loads(row["after"]):
                raise UndoRefusedError(
                    f"Change {change_id} cannot be taken back: what it wrote was changed since, "
                    f"by no change that is kept. Write it as it shall be.",
                    why="outside",
                )
            if row["before"] is None:
                db.table("saved_replies").delete(row["reply_id"])
            else:
                db.table("saved_replies").update(row["reply_id"], json.loads(row["before"]))
        values = {"undone_at": now(), "undone_by": actor.name}
        db.table("reply_changes").update(change_id, values)
        detail = {"change": change_id}
        record(db, actor, "reply.change_undone", f"reply:{change.name}", detail=detail)
    return get(db, change_id)


def _refuse_later(db: Database, change: ReplyChange) -> None:
    """Refuse where a later change stands upon this one, whether or not the words are the same."""
    sql = """
        SELECT max(later.change_id) FROM reply_change_rows mine
        JOIN reply_change_rows later ON later.reply_id = mine.reply_id
        JOIN reply_changes ON reply_changes.id = later.change_id
        WHERE mine.change_id = ?1 AND later.change_id > ?1 AND undone_at IS NULL
    """
    later = scalar(db, sql, [change.id])
    if later is not None:
        raise UndoRefusedError(
            f"Change {change.id} cannot be taken back: what it wrote was changed since. Take the "
            f"later change {later} back first: faqdesk replies undo {later}",
            why="later",
            later=later,
        )


def _fields(db: Database, reply_id: int) -> dict[int, tuple[str, ...]]:
    """The fields of one reply that each change changed."""
    sql = "SELECT * FROM reply_change_rows WHERE reply_id = ? AND before IS NOT NULL"
    found = {}
    for row in db.query(sql, [reply_id]):
        before, after = json.loads(row["before"]), json.loads(row["after"])
        found[row["change_id"]] = tuple(
            name for name in after if name not in _TIMES and before.get(name) != after[name]
        )
    return found


def _row(db: Database, reply_id: int) -> Row | None:
    return one(db, "SELECT * FROM saved_replies WHERE id = ?", [reply_id])


def _json(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False)


def _change(row: Row, fields: tuple[str, ...]) -> ReplyChange:
    return ReplyChange(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        actor=row["actor"],
        at=row["at"],
        undone_at=row["undone_at"],
        undone_by=row["undone_by"],
        replies=row["n"],
        fields=fields,
    )
