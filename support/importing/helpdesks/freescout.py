"""FreeScout: the tables `conversations` and `threads` of its database (research 5.8).

As JSON or CSV, as a database's tools write them. `saved_reply_id` names the reply of an answer.
"""

from typing import Final

from ...channels import channel
from ..conversation import RawConversation, RawMessage
from ..format import (
    DRAFT,
    ENDED,
    GOING,
    PRIVATE,
    SPAM,
    SYSTEM,
    Format,
    Intake,
    Row,
    add,
    listed,
    moment,
    number,
    reply_id,
    required,
    settle_status,
    text,
)
from ..quoting import cut_mail
from ..spool import Spool

CUSTOMER, MESSAGE, NOTE, CHAT = 1, 2, 3, 8  # threads.type; 4 is a line about what was done
PUBLISHED, DELETED = 2, 3  # state; 3 is a thread that is hidden, and a conversation in the bin
CLOSED, SPAMMED = 3, 4  # status
# Not verified: what the numbers of conversations.type mean; they are an e-mail's as far as seen.
CHANNELS: Final = {1: "email", 2: "phone", 3: "chat"}
NULLS: Final = ("NULL", r"\N")  # how tools write that a column holds nothing
_CONVERSATION_SIGNS = {
    "threads_count",
    "source_via",
    "folder_id",
    "last_reply_at",
    "user_updated_at",
}


def _is_thread(row: Row) -> bool:
    return {"conversation_id", "type", "state", "body"} <= row.keys() and bool(
        row.keys() & {"source_via", "saved_reply_id", "created_by_user_id"}
    )


def _is_conversation(row: Row) -> bool:
    signs = row.keys() & _CONVERSATION_SIGNS
    return {"number", "mailbox_id", "subject"} <= row.keys() and bool(signs)


def fits(row: Row) -> bool:
    """Whether an object is a row of one of FreeScout's two tables."""
    if isinstance(row.get("created_by"), dict) or "primary_customer" in row:
        return False  # Help Scout, in snake_case
    return _is_thread(row) or _is_conversation(row)


def take(row: Row, where: str, intake: Intake) -> None:
    """Take a conversation or a thread."""
    row = {name: None if value in NULLS else value for name, value in row.items()}
    if _is_thread(row):
        _thread(row, required(row, "conversation_id"), intake)
    elif _is_conversation(row):
        _conversation(row, intake)
    else:
        raise ValueError("neither a conversation nor a thread of FreeScout")


def settle(raw: RawConversation, spool: Spool) -> None:
    """Bring the status into the desk's words."""
    settle_status(raw)


def _conversation(row: Row, intake: Intake) -> None:
    name = required(row, "id")
    status = number(row, "status")
    state = number(row, "state")
    if status == SPAMMED or state not in (None, PUBLISHED):
        intake.skip(name, SPAM if status == SPAMMED or state == DELETED else DRAFT)
        return
    raw = RawConversation(
        source_id=name,
        opened_at=moment(row, "created_at"),
        subject=text(row, "subject"),
        channel=channel(CHANNELS.get(number(row, "type") or 0, "email")),
        customer_id=text(row, "customer_id"),
        status=ENDED if status == CLOSED else GOING,
    )
    intake.spool.conversation(raw, version=moment(row, "updated_at"))
    for thread in listed(row, "threads"):
        _thread(thread, name, intake)


def _thread(row: Row, conversation: str, intake: Intake) -> None:
    kind, state = number(row, "type"), number(row, "state")
    if kind not in (CUSTOMER, MESSAGE, CHAT):
        intake.left_out[PRIVATE if kind == NOTE else SYSTEM] += 1
        return
    if state not in (None, PUBLISHED):
        intake.left_out[DRAFT] += 1
        return
    by_customer = kind == CUSTOMER or (kind == CHAT and number(row, "source_via") == 1)
    message = RawMessage(
        source_id=required(row, "id"),
        role="customer" if by_customer else "agent",
        text=cut_mail(text(row, "body")),
        at=moment(row, "created_at", "opened_at"),
        author="" if by_customer else text(row, "created_by_user_id", "user_id"),
        saved_reply_id="" if by_customer else reply_id(row),
    )
    add(intake, conversation, message)


FORMAT = Format("freescout", "FreeScout", fits, take, settle)
