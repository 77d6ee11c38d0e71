"""Several messages of one customer are one inquiry, however many rows their source makes of them.

An open inquiry that comes soon after another one of the same customer is answered with it: its
messages are shown there, and what is suggested is suggested for all of them. It keeps its own row,
so that an import that brings it again finds it, and that it can be parted from the other exactly as
it was.
"""

from datetime import timedelta
from typing import Final

from sqlite_utils import Database

from . import routes
from .audit import SYSTEM, Actor, record
from .clock import from_iso, iso
from .database import Row, one, write
from .errors import ConflictError, InputError, NotFoundError
from .holding import holder
from .importing.prepare import question
from .word_index import index_words

_ANSWERED = (
    "EXISTS (SELECT 1 FROM messages m WHERE m.inquiry_id = i.id AND m.role = 'agent' AND m.public)"
)
_FREE: Final = f"i.status = 'open' AND i.joined_to IS NULL AND NOT {_ANSWERED}"


def join(db: Database, actor: Actor, head_id: int, other_id: int) -> None:
    """Have an open inquiry answered with another one of the same customer.

    Raises:
        NotFoundError: one of them is not there.
        InputError: they are not of one customer, or one and the same.
        ConflictError: one is not open, was answered in part, is joined already, is in somebody's
            hands who does not have the other, somebody has begun to answer each, or the answer to
            one would not reach the other's conversation.
    """
    with write(db):
        head, other = _get(db, head_id), _get(db, other_id)
        if head_id == other_id or not head["customer"] or head["customer"] != other["customer"]:
            raise InputError(f"Inquiries {head_id} and {other_id} are not of one customer.")
        for row in (head, other):
            if not row["free"]:
                raise ConflictError(
                    f"Inquiry {row['id']} is answered or joined already; only open ones are joined."
                )
        if _way(db, head_id) != _way(db, other_id):
            raise ConflictError(
                f"Inquiries {head_id} and {other_id} came in conversations of their own: an answer "
                f"that goes out reaches one of them alone."
            )
        _check_hands(db, head_id, other_id)
        _take_drafts(db, head_id, other_id)
        db.execute(
            "UPDATE inquiries SET joined_to = ?, status = 'closed', closed_at = NULL, "
            "held_by = NULL, held_until = NULL, snoozed_until = NULL WHERE id = ?",
            [head_id, other_id],
        )
        # What was joined to the other comes along.
        db.execute("UPDATE inquiries SET joined_to = ? WHERE joined_to = ?", [head_id, other_id])
        wake(db, head_id)
        refresh(db, head_id)
        refresh_own(db, other_id)
        record(db, actor, "inquiry.joined", f"inquiry:{other_id}", detail={"to": head_id})


def part(db: Database, actor: Actor, other_id: int) -> None:
    """Take an inquiry out of the one that it was joined to; both are as they were.

    Raises:
        NotFoundError: there is no such inquiry.
        ConflictError: it is not joined, or was answered with the other meanwhile.
    """
    with write(db):
        other = _get(db, other_id)
        head_id = other["joined_to"]
        if head_id is None:
            raise ConflictError(f"Inquiry {other_id} stands by itself already.")
        if _get(db, head_id)["status"] != "open":
            raise ConflictError(f"Inquiry {other_id} was answered with inquiry {head_id}.")
        db.execute(
            "UPDATE inquiries SET joined_to = NULL, status = 'open' WHERE id = ?", [other_id]
        )
        refresh(db, head_id)
        refresh(db, other_id)
        record(db, actor, "inquiry.parted", f"inquiry:{other_id}", detail={"from": head_id})


def join_open(db: Database, *, hours: int, customer: str = "") -> int:
    """Join the open inquiries of each customer that came within so many hours of each other.

    What people parted stays apart; what somebody has in hand, or has begun to answer, is not taken
    from them. Two conversations of a helpdesk that answers are delivered to need an answer each.

    Args:
        db: the desk's database.
        hours: from one message to the next; 0: never.
        customer: only this one's; empty: everybody's.

    Returns:
        How many were joined to another.
    """
    if not hours:
        return 0
    mine = "AND i.customer = ?" if customer else ""
    sql = f"""
        SELECT i.id, i.customer, i.opened_at,
            (SELECT max(m.at) FROM messages m WHERE m.inquiry_id = i.id) AS last_at,
            EXISTS (SELECT 1 FROM audit a WHERE a.object = 'inquiry:' || i.id
                    AND a.action = 'inquiry.parted') AS apart,
            EXISTS (SELECT 1 FROM drafts d WHERE d.inquiry_id = i.id) AS begun
        FROM inquiries i WHERE {_FREE} AND i.customer <> '' {mine}
        ORDER BY i.customer, i.opened_at, i.id
    """  # noqa: S608 - fixed words
    joined = 0
    head: Row | None = None
    with write(db):
        for row in list(db.query(sql, [customer] if customer else [])):
            soon = head is not None and head["customer"] == row["customer"] and (
                row["opened_at"] <= iso(from_iso(head["last_at"]) + timedelta(hours=hours))
            )  # fmt: skip
            if head is None or not soon or row["apart"] or row["begun"] or holder(db, row["id"]):
                head = row
                continue
            if _way(db, head["id"]) != _way(db, row["id"]):
                head = row
                continue
            join(db, Actor(SYSTEM), head["id"], row["id"])
            head["last_at"] = max(head["last_at"], row["last_at"] or "")
            joined += 1
    return joined


def refresh(db: Database, inquiry_id: int) -> bool:
    """Bring the text of an open inquiry in line with what was said, in it and in those joined.

    Of one that is joined itself, that of the one it is joined to. In the caller's transaction.

    Returns:
        Whether it changed.
    """
    row = _get(db, inquiry_id)
    if row["joined_to"] is not None:
        refresh_own(db, inquiry_id)
        return refresh(db, row["joined_to"])
    if row["status"] != "open":
        return False
    sql = "SELECT id FROM inquiries WHERE joined_to = ? ORDER BY opened_at, id"
    parts = [_own_text(db, row)]
    for other in list(db.query(sql, [inquiry_id])):
        text = _own_text(db, _get(db, other["id"]))
        head = row["subject"] + "\n"
        parts.append(text.removeprefix(head) if row["subject"] else text)
    return _write(db, row, "\n".join(part for part in parts if part))


def refresh_joined(db: Database, inquiry_id: int) -> None:
    """As `refresh`, where an inquiry is joined with others; an import has read all else of it."""
    sql = "SELECT 1 FROM inquiries WHERE joined_to = ?1 OR (id = ?1 AND joined_to IS NOT NULL)"
    if one(db, sql, [inquiry_id]) is not None:
        refresh(db, inquiry_id)


def refresh_own(db: Database, inquiry_id: int) -> bool:
    """Bring the text of one in line with its own messages alone."""
    row = _get(db, inquiry_id)
    return _write(db, row, _own_text(db, row))


def own_text(db: Database, inquiry_id: int) -> str:
    """What one asks by its own messages alone."""
    return _own_text(db, _get(db, inquiry_id))


def wake(db: Database, inquiry_id: int) -> None:
    """End the snoozing of an inquiry, or of the one that it is joined to: the customer wrote."""
    db.execute(
        "UPDATE inquiries SET snoozed_until = NULL WHERE snoozed_until IS NOT NULL AND id IN "
        "(SELECT coalesce(joined_to, id) FROM inquiries WHERE id = ?)",
        [inquiry_id],
    )


def _write(db: Database, row: Row, text: str) -> bool:
    if text == row["text"]:
        return False
    db.execute("UPDATE inquiries SET text = ? WHERE id = ?", [text, row["id"]])
    index_words(db, row["id"])
    return True


def _own_text(db: Database, row: Row) -> str:
    sql = "SELECT role, public, text FROM messages WHERE inquiry_id = ? ORDER BY at, id"
    said = db.query(sql, [row["id"]])
    return question(row["subject"], ((m["role"], bool(m["public"]), m["text"]) for m in said))


def _way(db: Database, inquiry_id: int) -> tuple[int, str] | None:
    """Whom an answer reaches: a conversation; of mail, the customer. None: it is copied by hand."""
    route = routes.of(db, inquiry_id)
    if route is None or not route.delivers:
        return None
    kind = one(db, "SELECT kind FROM connections WHERE id = ?", [route.connection_id])
    by_mail = kind is not None and kind["kind"] == "smtp"
    return route.connection_id, "" if by_mail else route.conversation


def _check_hands(db: Database, head_id: int, other_id: int) -> None:
    head, other = holder(db, head_id), holder(db, other_id)
    if other is not None and (head is None or head.agent_id != other.agent_id):
        raise ConflictError(f"{other.name} has inquiry {other_id} in hand. Ask them to join it.")


def _take_drafts(db: Database, head_id: int, other_id: int) -> None:
    """What was typed for the other stands with the head; two texts of one person are not mixed."""
    sql = """
        SELECT a.name FROM drafts d JOIN drafts h ON h.agent_id = d.agent_id AND h.inquiry_id = ?
        JOIN agents a ON a.id = d.agent_id WHERE d.inquiry_id = ? LIMIT 1
    """
    both = one(db, sql, [head_id, other_id])
    if both is not None:
        raise ConflictError(
            f"{both['name']} has begun an answer to each of inquiries {head_id} and {other_id}. "
            f"Have them empty one first."
        )
    db.execute("UPDATE drafts SET inquiry_id = ? WHERE inquiry_id = ?", [head_id, other_id])


def _get(db: Database, inquiry_id: int) -> Row:
    sql = f"SELECT i.*, ({_FREE}) AS free FROM inquiries i WHERE i.id = ?"  # noqa: S608
    row = one(db, sql, [inquiry_id])
    if row is None:
        raise NotFoundError(f"No inquiry {inquiry_id}.")
    return row
