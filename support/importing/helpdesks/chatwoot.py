"""Chatwoot: conversations and messages as its REST API and webhooks give them (research 5.4, 6.2).

Kinds of messages are numbers in one and words in the other, times seconds in one and ISO 8601 in
the other. A list of conversations holds only the last message of each.
"""

from typing import Final

from ..conversation import RawConversation, RawMessage
from ..format import (
    ENDED,
    GOING,
    PRIVATE,
    SYSTEM,
    Format,
    Intake,
    Row,
    add,
    attachments,
    flag,
    inner,
    listed,
    moment,
    required,
    settle_status,
    tags,
    text,
)
from ..spool import Spool

INCOMING: Final = ("0", "incoming")
OUTGOING: Final = ("1", "outgoing")  # 2 and activity, 3 and template are the system's own


def _is_message(row: Row) -> bool:
    return "message_type" in row and "content" in row


def _is_conversation(row: Row) -> bool:
    return "inbox_id" in row and "status" in row and bool(row.keys() & {"messages", "meta"})


def fits(row: Row) -> bool:
    """Whether an object is a conversation or a message of Chatwoot."""
    return _is_message(row) or _is_conversation(row)


def take(row: Row, where: str, intake: Intake) -> None:
    """Take a conversation or a message."""
    if _is_message(row):
        # A webhook's message has its conversation inside.
        around = inner(row, "conversation")
        if _is_conversation(around):
            _conversation(around, intake)
        _message(row, text(row, "conversation_id") or required(around, "id"), intake)
    elif _is_conversation(row):
        _conversation(row, intake)
    else:
        raise ValueError("neither a conversation nor a message of Chatwoot")


def settle(raw: RawConversation, spool: Spool) -> None:
    """Bring the status into the desk's words."""
    if not raw.opened_at and raw.messages:
        raw.opened_at = raw.messages[0].at
    settle_status(raw)


def _conversation(row: Row, intake: Intake) -> None:
    name = required(row, "id")
    meta = inner(row, "meta")
    channel = text(meta, "channel") or text(row, "channel")
    raw = RawConversation(
        source_id=name,
        opened_at=moment(row, "created_at", "timestamp"),
        # Channel::WebWidget
        channel=channel.rpartition("::")[2].lower() or "chat",
        tags=tags(row, "labels"),
        customer_id=text(inner(meta, "sender"), "id"),
        status=ENDED if text(row, "status") == "resolved" else GOING,
        subject=text(inner(row, "additional_attributes"), "mail_subject"),
    )
    intake.spool.conversation(raw, version=moment(row, "updated_at", "last_activity_at"))
    for message in listed(row, "messages"):
        _message(message, name, intake)


def _message(row: Row, conversation: str, intake: Intake) -> None:
    kind = str(row.get("message_type"))
    if kind not in (*INCOMING, *OUTGOING):
        intake.left_out[SYSTEM] += 1
        return
    if flag(row, "private"):
        intake.left_out[PRIVATE] += 1
        return
    sender = inner(row, "sender")
    role = "customer"
    if kind in OUTGOING:
        bot = "bot" in (text(sender, "type") or text(row, "sender_type")).lower()
        role = "bot" if bot else "agent"
    message = RawMessage(
        source_id=required(row, "id"),
        role=role,
        text=text(row, "content"),
        at=moment(row, "created_at"),
        author=text(sender, "name", "id") if role == "agent" else "",
        attachments=attachments(row),
    )
    add(intake, conversation, message)


FORMAT = Format("chatwoot", "Chatwoot", fits, take, settle)
