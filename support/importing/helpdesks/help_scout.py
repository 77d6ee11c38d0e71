"""Help Scout: conversations and threads as its Mailbox API gives them (research 5.7).

Threads stand inside a conversation (`_embedded.threads`), or apart with `conversation_id`, as dumps
in snake_case have them; newest first. `savedReplyId` names the saved reply of an answer.
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
    attachments,
    inner,
    listed,
    moment,
    reply_id,
    required,
    settle_status,
    snake,
    tags,
    text,
)
from ..spool import Spool

# What was sent on to somebody else, and came from there: neither a question nor its answer.
FORWARDED: Final = ("forwardparent", "forwardchild")
BOT: Final = "system_user"  # version 3 alone tells it from a person


def _is_conversation(row: Row) -> bool:
    return "primary_customer" in row or {"mailbox_id", "preview", "folder_id"} <= row.keys()


def _is_thread(row: Row) -> bool:
    return "created_by" in row and "type" in row and bool(row.keys() & {"saved_reply_id", "action"})


def fits(row: Row) -> bool:
    """Whether an object is a conversation or a thread of Help Scout."""
    row = snake(row)
    return _is_conversation(row) or (_is_thread(row) and isinstance(row["created_by"], dict))


def take(row: Row, where: str, intake: Intake) -> None:
    """Take a conversation or a thread."""
    row = snake(row)
    if _is_conversation(row):
        _conversation(row, intake)
    elif _is_thread(row):
        _thread(row, required(row, "conversation_id"), intake)
    else:
        raise ValueError("neither a conversation nor a thread of Help Scout")


def settle(raw: RawConversation, spool: Spool) -> None:
    """Bring the status into the desk's words."""
    settle_status(raw)


def _conversation(row: Row, intake: Intake) -> None:
    name = required(row, "id")
    status = text(row, "status")
    if status == "spam" or text(row, "state") in ("draft", "deleted"):
        intake.skip(name, DRAFT if text(row, "state") == "draft" else SPAM)
        return
    raw = RawConversation(
        source_id=name,
        opened_at=moment(row, "created_at"),
        subject=text(row, "subject"),
        url=text(inner(inner(row, "_links"), "web"), "href"),
        channel=channel(text(row, "type") or "email"),
        tags=tags(row),
        customer_id=text(inner(row, "primary_customer"), "id"),
        status=ENDED if status == "closed" else GOING,
    )
    intake.spool.conversation(raw, version=moment(row, "user_updated_at", "closed_at"))
    for thread in [*listed(inner(row, "_embedded"), "threads"), *listed(row, "threads")]:
        _thread(snake(thread), name, intake)


def _thread(row: Row, conversation: str, intake: Intake) -> None:
    kind = text(row, "type")
    if kind == "note" or kind in FORWARDED:
        intake.left_out[PRIVATE] += 1
        return
    if kind == "lineitem":
        intake.left_out[SYSTEM] += 1
        return
    if text(row, "state") not in ("", "published"):
        intake.left_out[DRAFT] += 1
        return
    by = inner(row, "created_by")
    if text(by, "type") == BOT:
        role = "bot"
    elif kind == "customer" or text(by, "type") == "customer":
        role = "customer"
    else:
        role = "agent"
    message = RawMessage(
        source_id=required(row, "id"),
        role=role,
        text=text(row, "body"),
        at=moment(row, "created_at"),
        author=(f"{text(by, 'first')} {text(by, 'last')}".strip() or text(by, "id"))
        if role == "agent"
        else "",
        saved_reply_id=reply_id(row) if role == "agent" else "",
        attachments=attachments(inner(row, "_embedded")) or attachments(row),
    )
    add(intake, conversation, message)


FORMAT = Format("help_scout", "Help Scout", fits, take, settle)
