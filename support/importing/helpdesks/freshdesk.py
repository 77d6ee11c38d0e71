"""Freshdesk: tickets and conversations as its API v2 gives them (research 5.3).

Tickets with their `conversations` inside, or both apart and joined on `ticket_id`. The layout of
the account export's archive was not found in any source. What old versions wrapped is unwrapped.
"""

from typing import Final

from ...channels import channel
from ..conversation import RawConversation, RawMessage
from ..format import (
    ENDED,
    GOING,
    PRIVATE,
    SPAM,
    Format,
    Intake,
    Row,
    add,
    attachments,
    flag,
    listed,
    moment,
    number,
    required,
    settle_status,
    tags,
    text,
    unwrapped,
)
from ..quoting import cut_mail
from ..spool import Spool

WRAPPED: Final = ("helpdesk_ticket", "helpdesk_note", "note")  # around one object alone
CHANNELS: Final = {1: "email", 2: "portal", 3: "phone", 7: "chat", 9: "widget", 10: "email"}
OUTBOUND: Final = 10  # a mail that an agent began
RESOLVED: Final = ("4", "5", "resolved", "closed")
_TICKET_SIGNS = {"responder_id", "email_config_id", "fr_escalated", "fr_due_by", "description_text"}


def _is_ticket(row: Row) -> bool:
    return "requester_id" in row and bool(row.keys() & _TICKET_SIGNS)


def _is_reply(row: Row) -> bool:
    return "incoming" in row and "private" in row


def fits(row: Row) -> bool:
    """Whether an object is a ticket or a conversation of Freshdesk."""
    row = unwrapped(row, *WRAPPED)
    return (_is_ticket(row) and "submitter_id" not in row) or _is_reply(row)


def take(row: Row, where: str, intake: Intake) -> None:
    """Take a ticket or a conversation."""
    row = unwrapped(row, *WRAPPED)
    if _is_ticket(row):
        _ticket(row, intake)
    elif _is_reply(row):
        _reply(row, required(row, "ticket_id"), intake)
    else:
        raise ValueError("neither a ticket nor a conversation of Freshdesk")


def settle(raw: RawConversation, spool: Spool) -> None:
    """Bring the status into the desk's words."""
    settle_status(raw)


def _ticket(row: Row, intake: Intake) -> None:
    name, opened = required(row, "id", "display_id"), moment(row, "created_at")
    if flag(row, "spam") or flag(row, "deleted"):
        intake.skip(name, SPAM)
        return
    status = text(row, "status").lower()
    source = number(row, "source")
    raw = RawConversation(
        source_id=name,
        opened_at=opened,
        subject=text(row, "subject"),
        channel=channel(CHANNELS.get(source or 0, "none")),
        category=text(row, "type", "ticket_type"),
        tags=tags(row),
        customer_id=required(row, "requester_id"),
        status=ENDED if status in RESOLVED else GOING if status else "",
    )
    intake.spool.conversation(raw, version=moment(row, "updated_at"))
    words = cut_mail(text(row, "description", "description_html", "description_text"))
    role = "agent" if source == OUTBOUND else "customer"
    said = RawMessage("description", role, words, opened, attachments=attachments(row))
    said.author = text(row, "responder_id") if role == "agent" else ""
    add(intake, name, said)
    for reply in [*listed(row, "conversations"), *listed(row, "notes")]:
        _reply(unwrapped(reply, *WRAPPED), name, intake)


def _reply(row: Row, ticket: str, intake: Intake) -> None:
    if flag(row, "private"):
        intake.left_out[PRIVATE] += 1
        return
    customer = flag(row, "incoming")
    message = RawMessage(
        source_id=required(row, "id"),
        role="customer" if customer else "agent",
        text=cut_mail(text(row, "body", "body_html", "body_text")),
        at=moment(row, "created_at"),
        author="" if customer else text(row, "user_id"),
        attachments=attachments(row),
    )
    add(intake, ticket, message)


FORMAT = Format("freshdesk", "Freshdesk", fits, take, settle)
