"""Zendesk: tickets and comments as its API and incremental exports give them (research 5.2).

Tickets with their comments inside, or both apart and joined on `ticket_id`. How the file export of
its Admin Center is laid out is not documented: objects are known by their fields, in lines, arrays
and pages alike.
"""

import re
from typing import Final

from ...channels import channel
from ..conversation import RawConversation, RawMessage
from ..format import (
    CALL,
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
    required,
    settle_rating,
    settle_status,
    tags,
    text,
    unwrapped,
)
from ..ids import DESCRIPTION
from ..spool import Spool

WRAPPED: Final = ("ticket", "comment", "user")  # around one object alone
_ROLES = {"end-user": "customer", "agent": "agent", "admin": "agent"}
_TICKET_SIGNS = {"submitter_id", "raw_subject", "brand_id", "ticket_form_id", "assignee_id", "via"}
_ENDED = ("solved", "closed")
_RATINGS = {"good": 1, "bad": -1}
VOICE: Final = "VoiceComment"  # a call's length and recording
# Not verified: what marks the comment that a merge of two tickets leaves behind.
MERGED: Final = "merge"


def _is_ticket(row: Row) -> bool:
    # Freshdesk's tickets have a requester too.
    asked = "requester_id" in row and "responder_id" not in row
    return asked and ("subject" in row or "description" in row)


def _is_comment(row: Row) -> bool:
    return "author_id" in row and bool(row.keys() & {"body", "html_body", "plain_body"})


def fits(row: Row) -> bool:
    """Whether an object is a ticket, a comment or a user of Zendesk."""
    row = unwrapped(row, *WRAPPED)
    if _is_ticket(row):
        return bool(row.keys() & _TICKET_SIGNS)
    return (_is_comment(row) and "public" in row) or row.get("role") in _ROLES


def take(row: Row, where: str, intake: Intake) -> None:
    """Take a ticket, a comment or a user."""
    row = unwrapped(row, *WRAPPED)
    if _is_ticket(row):
        _ticket(row, intake)
    elif _is_comment(row):
        _comment(row, required(row, "ticket_id"), intake)
    elif row.get("role") in _ROLES:
        intake.spool.person(required(row, "id"), _ROLES[row["role"]], text(row, "name"))
    else:
        raise ValueError("neither a ticket nor a comment nor a user of Zendesk")


def settle(raw: RawConversation, spool: Spool) -> None:
    """Tell customers from agents: the requester is one, and whoever the users' list says."""
    described = [m for m in raw.messages if m.source_id.endswith(DESCRIPTION)]
    comments = [m for m in raw.messages if not m.source_id.endswith(DESCRIPTION)]
    # The description is the first comment once more.
    raw.messages = comments or described
    for message in raw.messages:
        role, name = spool.person_of(message.author)
        asker = message.author == raw.customer_id
        message.role = "customer" if asker else role or "agent"
        message.author = (name or message.author) if message.role == "agent" else ""
    settle_rating(raw)
    settle_status(raw)


def _ticket(row: Row, intake: Intake) -> None:
    name = required(row, "id")
    status = text(row, "status").lower()
    if status == "deleted":
        intake.skip(name, SPAM)
        return
    opened = moment(row, "created_at")
    asker = required(row, "requester_id")
    raw = RawConversation(
        source_id=name,
        opened_at=opened,
        subject=text(row, "raw_subject", "subject"),
        # .../api/v2/tickets/5158.json is what programs read.
        url=re.sub(r"/api/v2/tickets/(\d+)\.json$", r"/agent/tickets/\1", text(row, "url")),
        channel=channel(text(inner(row, "via"), "channel")),
        category=text(row, "type"),
        tags=tags(row),
        customer_id=asker,
        status=ENDED if status in _ENDED else GOING if status else "",
        rating=_RATINGS.get(text(inner(row, "satisfaction_rating"), "score"), 0),
    )
    # A time-based export gives a ticket again whenever it was changed.
    intake.spool.conversation(raw, version=moment(row, "updated_at", "generated_timestamp"))
    words = text(row, "description")
    # One that is private as a whole begins with a note among agents.
    if words and ("is_public" not in row or flag(row, "is_public")):
        author = text(row, "submitter_id") or asker
        add(intake, name, RawMessage(name + DESCRIPTION, "", words, opened, author=author))
    for comment in listed(row, "comments"):
        _comment(comment, name, intake)


def _comment(row: Row, ticket: str, intake: Intake) -> None:
    if "public" in row and not flag(row, "public"):
        intake.left_out[PRIVATE] += 1
        return
    via = inner(row, "via")
    if text(row, "type") == VOICE:
        intake.left_out[CALL] += 1
        return
    if text(inner(via, "source"), "rel") == MERGED or text(via, "channel") == "system":
        intake.left_out[SYSTEM] += 1
        return
    message = RawMessage(
        source_id=required(row, "id"),
        role="",  # told by who asked, which another file may say
        text=text(row, "html_body", "plain_body", "body"),
        at=moment(row, "created_at"),
        author=text(row, "author_id"),
        attachments=attachments(row),
    )
    add(intake, ticket, message)


FORMAT = Format("zendesk", "Zendesk", fits, take, settle)
