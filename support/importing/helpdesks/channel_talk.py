"""Channel Talk (채널톡): chats and their messages, of its workbook or JSON (research 5.9).

Rows of the sheets "UserChat data" and "Message data", and the messages that its webhook sends
(6.4). How the JSON download is wrapped is not documented: objects are known by their fields.
"""

import hashlib
from typing import Final
from zoneinfo import ZoneInfo

from ...channels import channel
from ..conversation import GENERATED, RawConversation, RawMessage
from ..format import (
    CALL,
    EMPTY,
    ENDED,
    GOING,
    PRIVATE,
    SPAM,
    Format,
    Intake,
    Row,
    add,
    attachments,
    inner,
    listed,
    moment,
    required,
    settle_status,
    tags,
    text,
)
from ..spool import Spool

ROLES: Final = {"user": "customer", "manager": "agent", "bot": "bot"}
SPOKEN: Final = ("phone", "meet")  # calls: what was said is not in the export
# Not verified: where the clock of a workbook's times stands, which name no offset.
ZONE: Final = ZoneInfo("Asia/Seoul")
PRIVATE_OPTIONS: Final = frozenset({"private", "privateMessage"})  # as webhooks mark notes
REMOVED: Final = "removed"  # the state of a message that was taken back
PEOPLE: Final = ("Manager data", "managers")  # the sheet that tells what managers are called


def _is_message(row: Row) -> bool:
    return {"chatId", "personType"} <= row.keys()


def _is_chat(row: Row) -> bool:
    return {"userId", "state"} <= row.keys() and bool(
        row.keys() & {"mediumType", "contactMediumType", "firstOpenedAt", "goalState", "openedAt"}
    )


def fits(row: Row) -> bool:
    """Whether an object is a chat or a message of Channel Talk."""
    return _is_message(row) or _is_chat(row) or _is_message(inner(row, "entity"))


def take(row: Row, where: str, intake: Intake) -> None:
    """Take a chat or a message; the other sheets tell of people and teams, and are passed over."""
    if "entity" in row:
        row = inner(row, "entity")
    if _is_message(row):
        _message(row, intake)
    elif _is_chat(row):
        _chat(row, intake)
    elif where in PEOPLE and text(row, "id"):
        intake.spool.person(text(row, "id"), "agent", text(row, "name"))
    elif where in ("", "UserChat", "UserChat data", "Message data", "userChats", "messages"):
        raise ValueError("neither a chat nor a message of Channel Talk")


def settle(raw: RawConversation, spool: Spool) -> None:
    """Bring the status into the desk's words, and managers to their names."""
    for message in raw.messages:
        if message.author:
            message.author = spool.person_of(message.author)[1] or message.author
    settle_status(raw)


def _chat(row: Row, intake: Intake) -> None:
    name = required(row, "id")
    medium = text(row, "mediumType")
    if medium in SPOKEN:
        intake.skip(name, CALL)
        return
    raw = RawConversation(
        source_id=name,
        opened_at=moment(row, "firstOpenedAt", "openedAt", "createdAt", zone=ZONE),
        channel=channel(medium or text(row, "contactMediumType") or "app"),
        language=text(row, "language"),
        tags=tags(row),
        customer_id=text(row, "userId"),
        status=ENDED if text(row, "state") == "closed" else GOING,
    )
    intake.spool.conversation(raw, version=moment(row, "updatedAt"))
    for message in listed(row, "messages"):
        _message({"chatId": name} | message, intake)


def _message(row: Row, intake: Intake) -> None:
    chat, kind = required(row, "chatId"), text(row, "personType")
    if kind not in ROLES:
        raise ValueError(f"personType is {kind!r}, none of {', '.join(ROLES)}")
    if text(row, "chatType") not in ("", "userChat"):
        intake.left_out[PRIVATE] += 1  # a chat among managers
        return
    options = row.get("options")
    if isinstance(options, list) and not PRIVATE_OPTIONS.isdisjoint(map(str, options)):
        intake.left_out[PRIVATE] += 1
        return
    if text(row, "state") == REMOVED:
        intake.left_out[SPAM] += 1
        return
    words = text(row, "plainText") or "\n".join(
        text(block, "value") for block in listed(row, "blocks")
    )
    if not words.strip() and not attachments(row, "files"):
        intake.left_out[EMPTY] += 1
        return
    at = moment(row, "createdAt", zone=ZONE)
    # The workbook's messages have no id: they are known by what they say.
    said = "\0".join((chat, kind, text(row, "personId"), at, words))
    made = GENERATED + hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:24]
    message = RawMessage(
        source_id=text(row, "id") or made,
        role=ROLES[kind],
        text=words,
        at=at,
        author=text(row, "personId") if kind == "manager" else "",
        attachments=attachments(row, "files"),
    )
    add(intake, chat, message)


FORMAT = Format("channel_talk", "Channel Talk", fits, take, settle)
