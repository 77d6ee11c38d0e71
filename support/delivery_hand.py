"""An answer that has not arrived after all: tried now or again, given up, or come back by mail.

One that failed stands again as the answer to its inquiry while it is tried; its key stays, so the
other side can tell it from another answer, and is asked first where it may have it already.
"""

from email.utils import getaddresses

from sqlite_utils import Database

from . import answered, faqs, holding, routes, settings, undelivered
from .audit import SYSTEM, Actor, record
from .clock import now
from .database import Row, one, write
from .delivery import unsure
from .errors import ConflictError, NotFoundError, UnseenError
from .importing.conversation import RawMessage
from .importing.prepare import Preparer
from .mail_bounces import Bounce
from .redact import Redactor
from .seal import Seal

GIVEN_UP = "Given up by hand."


def retry(
    db: Database, seal: Seal, actor: Actor, outbox_id: int, *, agent_id: int | None = None
) -> None:
    """Let an answer be tried at once: one that waits for its next try, or one that failed.

    Args:
        db: the desk's database.
        seal: its key.
        actor: who wants it.
        outbox_id: which answer.
        agent_id: of whoever wants it, where an agent does: a colleague may have the inquiry.

    Raises:
        NotFoundError: there is none, or it was forgotten.
        ConflictError: it arrived, its inquiry was answered in another way, its connection sends
            nothing, or somebody else has the inquiry in hand.
        UnseenError: the customer wrote since.
    """
    with write(db):
        row = _row(db, outbox_id)
        if row["state"] == "failed":
            _stand_again(db, seal, row, agent_id)
        elif row["state"] != "queued":
            raise ConflictError(f"This answer is {row['state']}: there is nothing to try.")
        change = {"state": "queued", "next_at": None, "error": "", "updated_at": now()}
        db.table("outbox").update(outbox_id, change)
        record(db, actor, "answer.tried_again", f"inquiry:{row['inquiry_id']}")


def give_up(db: Database, seal: Seal, actor: Actor, outbox_id: int) -> None:
    """Try an answer no more, which reopens its inquiry; of one that failed, hear no more.

    Raises:
        NotFoundError: there is none, or it was forgotten.
        ConflictError: it arrived, or is just being sent.
    """
    with write(db):
        row = _row(db, outbox_id)
        inquiry_id = row["inquiry_id"]
        if row["state"] == "queued":
            if row["leased_until"] and row["leased_until"] > now():
                raise ConflictError("This answer is just being sent. Look again in a minute.")
            undelivered.fail(db, seal, row, unsure(row, GIVEN_UP))
        elif row["state"] == "failed":
            sql = "UPDATE outbox SET given_up = 1 WHERE inquiry_id = ? AND state = 'failed'"
            db.execute(sql, [inquiry_id])
        else:
            raise ConflictError(f"This answer is {row['state']}: there is nothing to give up.")
        record(db, actor, "answer.given_up", f"inquiry:{inquiry_id}")


def came_back(db: Database, seal: Seal, bounce: Bounce) -> int | None:
    """Let an answer by mail have failed that a mail server reports on.

    Args:
        db: the desk's database.
        seal: its key.
        bounce: what the report says.

    Returns:
        The inquiry; None where it is not ours, was forgotten, or only a copy did not arrive.
    """
    with write(db):
        sql = "SELECT * FROM outbox WHERE key = ? AND state IN ('queued', 'delivered')"
        row = one(db, sql, [bounce.key])
        if row is None:
            return None
        thread = routes.mail_thread(db, seal, row["inquiry_id"])
        to = getaddresses([thread.to])[0][1].lower() if thread else ""
        if bounce.recipient and to and bounce.recipient != to:
            return None
        words = Redactor(settings.load(db).allow).redact(bounce.why).text
        undelivered.fail(db, seal, row, f"The mail came back: {words.rstrip('.')}.")
    return int(row["inquiry_id"])


def arrived(db: Database, seal: Seal, outbox_id: int, external_id: str) -> None:
    """Let an answer that failed stand again: the other side shows it. In a transaction.

    Left as people saw it where its inquiry was answered in another way meanwhile, or has a newer
    answer: which of the two arrived, nothing tells. Where the customer wrote since, that waits.

    Args:
        db: the desk's database.
        seal: its key.
        outbox_id: which answer.
        external_id: what the other side calls it.
    """
    row = _row(db, outbox_id)
    try:
        _check_newest(db, row)
    except ConflictError:
        return
    if _asked_since(db, row):
        db.execute("UPDATE messages SET public = 1 WHERE id = ?", [row["message_id"]])
        _take_from_draft(db, seal, row, seal.open_up(row["sealed"]))
    else:
        _settle_again(db, seal, row)
    change = {"state": "delivered", "external_id": external_id, "error": "", "given_up": 0}
    db.table("outbox").update(outbox_id, change | {"updated_at": now()})
    record(db, Actor(SYSTEM), "answer.arrived", f"inquiry:{row['inquiry_id']}")


def _row(db: Database, outbox_id: int) -> Row:
    sql = "SELECT * FROM outbox WHERE id = ? AND connection_id IS NOT NULL"
    row = one(db, sql, [outbox_id])
    if row is None:
        raise NotFoundError(f"No answer {outbox_id} that goes out by itself.")
    return row


def _stand_again(db: Database, seal: Seal, row: Row, agent_id: int | None) -> None:
    sql = "SELECT * FROM connections WHERE id = ?"
    connection = one(db, sql, [row["connection_id"]])
    if connection is None or not (connection["active"] and connection["delivers"]):
        raise ConflictError("Its connection is switched off, or delivers nothing any more.")
    _check_newest(db, row)
    if agent_id is not None:
        holding.check(db, agent_id, row["inquiry_id"])
    if _asked_since(db, row):
        raise UnseenError(
            f"The customer wrote again in inquiry {row['inquiry_id']}. Read that first."
        )
    _settle_again(db, seal, row)
    change = {"attempts": 0, "given_up": 0, "leased_until": None}
    if connection["kind"] == "smtp":  # nobody can be asked: whoever tries again has decided
        change["maybe_out"] = 0
    db.table("outbox").update(row["id"], change)


def _check_newest(db: Database, row: Row) -> None:
    inquiry_id = row["inquiry_id"]
    inquiry = one(db, "SELECT status, joined_to FROM inquiries WHERE id = ?", [inquiry_id])
    if inquiry is None or inquiry["status"] != "open" or inquiry["joined_to"] is not None:
        raise ConflictError(f"Inquiry {inquiry_id} was answered in another way meanwhile.")
    newest = one(db, "SELECT max(id) AS id FROM outbox WHERE inquiry_id = ?", [inquiry_id])
    if newest is None or newest["id"] != row["id"]:
        raise ConflictError(f"Inquiry {inquiry_id} has a newer answer.")


def _asked_since(db: Database, row: Row) -> bool:
    sql = """
        SELECT 1 FROM messages m JOIN inquiries i ON i.id = m.inquiry_id
        WHERE (i.id = :id OR i.joined_to = :id) AND m.role = 'customer' AND m.id > :message
    """
    return one(db, sql, {"id": row["inquiry_id"], "message": row["message_id"]}) is not None


def _settle_again(db: Database, seal: Seal, row: Row) -> None:
    inquiry_id, message_id = row["inquiry_id"], row["message_id"]
    typed, moment = seal.open_up(row["sealed"]), now()
    rules = settings.load(db)
    preparer = Preparer(rules.link_patterns, faqs.aliases(db), rules.allow)
    prepared = preparer.message(RawMessage("", "agent", typed, moment))
    db.execute("UPDATE messages SET public = 1 WHERE id = ?", [message_id])
    answered.settle(db, inquiry_id, message_id, prepared.slugs, at=moment)
    _take_from_draft(db, seal, row, typed)


def _take_from_draft(db: Database, seal: Seal, row: Row, typed: str) -> None:
    """Take the text out of its writer's draft again, where it stands there as it was typed."""
    sql = """
        SELECT d.* FROM drafts d JOIN messages m ON m.agent_id = d.agent_id
        WHERE m.id = ? AND d.inquiry_id = ?
    """
    draft = one(db, sql, [row["message_id"], row["inquiry_id"]])
    text = seal.open_up(draft["sealed"]) if draft else ""
    if draft is None or not text.startswith(typed):
        return
    key = (row["inquiry_id"], draft["agent_id"])
    if rest := text[len(typed) :].strip():
        change = {"sealed": seal.close_up(rest), "revision": draft["revision"] + 1}
        db.table("drafts").update(key, change | {"updated_at": now()})
    else:
        db.execute("DELETE FROM drafts WHERE inquiry_id = ? AND agent_id = ?", list(key))
