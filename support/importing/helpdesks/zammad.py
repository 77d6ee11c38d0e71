"""Zammad: tickets and articles as its API and webhooks give them (research 5.5, 6.3).

Tickets with their `articles` inside, or both apart and joined on `ticket_id`.
"""

import re
from email.utils import parseaddr
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
    settle_status,
    tags,
    text,
)
from ..quoting import cut_mail
from ..spool import Spool

SIGNATURE: Final = '<span class="js-signatureMarker">'  # what stands behind it is no answer
ENDED_STATES: Final = ("closed", "merged")
REMOVED: Final = "removed"
MERGED: Final = "merged"  # its articles went over to the other ticket
# Not verified: the numbers that a new Zammad gives its senders; `sender` in words is preferred.
SENDER_IDS: Final = {1: "Agent", 2: "Customer", 3: "System"}
_TICKET_SIGNS = {"group_id", "group", "article_ids", "owner_id", "create_article_type_id"}


def _is_ticket(row: Row) -> bool:
    return "number" in row and "title" in row and bool(row.keys() & _TICKET_SIGNS)


def _is_article(row: Row) -> bool:
    return "body" in row and "internal" in row and bool(row.keys() & {"sender", "sender_id"})


def fits(row: Row) -> bool:
    """Whether an object is a ticket or an article of Zammad, or what its webhook sends."""
    return _is_ticket(row) or _is_article(row) or _is_push(row)


def take(row: Row, where: str, intake: Intake) -> None:
    """Take a ticket, an article, or both as a webhook sends them."""
    if _is_push(row):
        _ticket(inner(row, "ticket"), intake)
        article = inner(row, "article")
        if article:
            _article(article, required(row["ticket"], "id"), intake)
    elif _is_ticket(row):
        _ticket(row, intake)
    elif _is_article(row):
        _article(row, required(row, "ticket_id"), intake)
    else:
        raise ValueError("neither a ticket nor an article of Zammad")


def settle(raw: RawConversation, spool: Spool) -> None:
    """Bring the status into the desk's words."""
    if raw.status == MERGED:
        raw.status = ENDED
        if not raw.messages:
            raw.subject = ""  # what it asked stands in the other ticket
    settle_status(raw)


def _is_push(row: Row) -> bool:
    return _is_ticket(inner(row, "ticket"))


def _ticket(row: Row, intake: Intake) -> None:
    name = required(row, "id")
    state = (text(inner(row, "state"), "name") or text(row, "state")).lower()
    if state == REMOVED:
        intake.skip(name, SPAM)
        return
    ended = state in ENDED_STATES if state else bool(text(row, "close_at"))
    raw = RawConversation(
        source_id=name,
        opened_at=moment(row, "created_at"),
        subject=text(row, "title"),
        channel=_channel(row),
        category=text(inner(row, "group"), "name") or text(row, "group"),
        tags=tags(row),
        customer_id=text(row, "customer_id") or text(inner(row, "customer"), "id"),
        status=MERGED if state == MERGED else ENDED if ended else GOING,
    )
    intake.spool.conversation(raw, version=moment(row, "updated_at"))
    for article in listed(row, "articles"):
        _article(article, name, intake)


def _article(row: Row, ticket: str, intake: Intake) -> None:
    sender = text(row, "sender") or SENDER_IDS.get(number(row, "sender_id") or 0, "")
    if sender not in ("Agent", "Customer"):
        intake.left_out[SYSTEM] += 1
        return
    if flag(row, "internal"):
        intake.left_out[PRIVATE] += 1
        return
    body = re.split(re.escape(SIGNATURE), text(row, "body"), maxsplit=1)[0]
    kind = text(row, "type")
    message = RawMessage(
        source_id=required(row, "id"),
        role=sender.lower(),
        text=cut_mail(body) if kind == "email" else body,
        at=moment(row, "created_at"),
        author=_writer(row) if sender == "Agent" else "",
        attachments=attachments(row),
    )
    add(intake, ticket, message)


def _channel(row: Row) -> str:
    """How the ticket came, as its first article says; 'none' where that stands elsewhere."""
    kinds = [text(article, "type") for article in listed(row, "articles")]
    return channel(next((kind for kind in kinds if kind != "note"), ""))


def _writer(row: Row) -> str:
    """Who wrote: by name where one is told; a login is often an address."""
    by = inner(row, "created_by")
    name = f"{text(by, 'firstname')} {text(by, 'lastname')}".strip()
    told = parseaddr(text(row, "from"))[0] if not name else ""
    return name or told or text(by, "login", "id") or text(row, "created_by", "created_by_id")


FORMAT = Format("zammad", "Zammad", fits, take, settle)
