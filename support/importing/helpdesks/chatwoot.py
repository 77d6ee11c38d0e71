"""Chatwoot: conversations and messages as its REST API and webhooks give them (research 5.4, 6.2).

Kinds of messages are numbers in one and words in the other, times seconds in one and ISO 8601 in
the other. A list of conversations holds only the last message of each.
"""

from typing import Final

from ...channels import channel
from ..conversation import RawConversation, RawMessage
from ..format import (
    ENDED,
    GOING,
    PRIVATE,
    SPAM,
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
    number,
    required,
    settle_rating,
    settle_status,
    tags,
    text,
)
from ..spool import Spool

DELETED: Final = "deleted"  # among what a message says of itself, once it was taken back
SATISFIED, DISSATISFIED = 4, 2  # stars of five from which on, and up to which
SURVEY: Final = "survey"  # a role for the time of reading: the stars that a customer gave
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
    """Bring the status into the desk's words; count the customer's stars."""
    votes = [m for m in raw.messages if m.role == SURVEY]
    raw.messages = [m for m in raw.messages if m.role != SURVEY]
    raw.rating = votes[-1].helpful if votes else 0
    settle_rating(raw)
    if not raw.opened_at and raw.messages:
        raw.opened_at = raw.messages[0].at
    settle_status(raw)


def _conversation(row: Row, intake: Intake) -> None:
    name = required(row, "id")
    meta = inner(row, "meta")
    way = text(meta, "channel") or text(row, "channel")
    more = inner(row, "additional_attributes")
    raw = RawConversation(
        source_id=name,
        opened_at=moment(row, "created_at", "timestamp"),
        channel=channel(way.rpartition("::")[2] or "web"),  # Channel::WebWidget
        language=text(more, "conversation_language", "browser_language"),
        tags=tags(row, "labels"),
        customer_id=text(inner(meta, "sender"), "id"),
        status=ENDED if text(row, "status") == "resolved" else GOING,
        subject=text(more, "mail_subject"),
    )
    intake.spool.conversation(raw, version=moment(row, "updated_at", "last_activity_at"))
    for message in listed(row, "messages"):
        _message(message, name, intake)


def _message(row: Row, conversation: str, intake: Intake) -> None:
    kind = text(row, "message_type")
    about = inner(row, "content_attributes")
    stars = number(inner(inner(about, "submitted_values"), "csat_survey_response"), "rating")
    if stars is not None:
        vote = (stars >= SATISFIED) - (stars <= DISSATISFIED)
        at = moment(row, "created_at")
        said = RawMessage(required(row, "id"), SURVEY, text(row, "content"), at, helpful=vote)
        intake.spool.message(conversation, said)
        return
    if flag(about, DELETED):
        intake.left_out[SPAM] += 1
        return
    if kind not in (*INCOMING, *OUTGOING):
        intake.left_out[SYSTEM] += 1
        return
    if flag(row, "private"):
        intake.left_out[PRIVATE] += 1
        return
    sender = inner(row, "sender")
    role = "customer"
    if kind in OUTGOING:
        # Rules and campaigns send without a sender; other kinds of it are machines.
        by = (text(sender, "type") or text(row, "sender_type")).lower()
        named = by or text(sender, "id") or text(row, "sender_id")
        role = "agent" if named and by in ("", "user") else "bot"
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
