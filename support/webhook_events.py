"""What a webhook tells: who wrote what in which conversation. One function a helpdesk.

Pure: JSON in, an `Event` out. Field names are those of the research on importers, section 6 (6.1
Zendesk, 6.2 Chatwoot, 6.3 Zammad, 6.4 Channel Talk); ids are strings throughout. What is nothing to
this desk (notes, bots, changes of a tag) is "other", never an error: helpdesks add events freely.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from . import webhook_fields as fields
from . import webhook_zendesk_trigger
from .errors import InputError
from .importing.conversation import RawMessage

What = Literal["asked", "answered", "closed", "other"]

# Zendesk tells what a ticket began with twice, it seems: as its description and as its first
# comment. Not verified; the first comment is known again by its words (`webhook_intake`).
DESCRIPTION: Final = ":description"
# Where Channel Talk's own desk shows a chat. Read off links that people keep; on no page.
CHANNEL_TALK_DESK: Final = "https://desk.channel.io/#/channels/{channel}/user_chats/{chat}"
# Marks a note among managers in a message's options. Seen in use; not on the page of webhooks.
CHANNEL_TALK_PRIVATE: Final = frozenset({"private", "privateMessage"})
_SIGNATURE_MARK: Final = '<span class="js-signatureMarker">'  # Zammad: below it stands a signature

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook told.

    Attributes:
        what: asked: a customer wrote; answered: an agent did; closed: without saying anything.
        name: the helpdesk's own word for it.
        key: the helpdesk's id of the event; empty where its body has none.
        conversation: the helpdesk's id of the conversation.
        message: what was written; None of "closed" and "other".
        customer_id: the helpdesk's.
        subject: of the conversation.
        channel: through which the customer came, as the desk calls it.
        language: such as ko; empty where it does not say.
        url: where an agent sees the conversation over there.
    """

    what: What
    name: str
    key: str = ""
    conversation: str = ""
    message: RawMessage | None = None
    customer_id: str = ""
    subject: str = ""
    channel: str = "none"
    language: str = ""
    url: str = ""


def read(kind: str, body: bytes, *, address: str = "") -> Event:
    """Read a webhook's body.

    Args:
        kind: of the connection.
        body: JSON, of a checked signature.
        address: of the helpdesk, for links to it.

    Raises:
        InputError: it is no JSON object, or lacks what its kind of event has.
    """
    told = webhook_zendesk_trigger.read(body) if kind == "zendesk" else None
    if told is not None:
        return _zendesk_trigger(told, address.rstrip("/"))
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("The body is no JSON.") from error
    if not isinstance(found, dict):
        raise InputError("The body is no JSON object.")
    try:
        return _READERS[kind](found, address.rstrip("/"))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"A {kind} event lacks a part, or has another shape: {error!r}."
        ) from error


def _zendesk(body: Body, address: str) -> Event:
    name = fields.word(body["type"])
    key = fields.text(body.get("id"))
    if not name.startswith("zen:event-type:ticket."):
        return Event("other", name, key)
    detail = body["detail"]
    ticket = fields.named(detail["id"])
    customer = fields.text(detail.get("requester_id"))
    about = {
        "key": key,
        "conversation": ticket,
        "customer_id": customer,
        "subject": fields.text(detail.get("subject")),
        "channel": fields.channel(fields.text((detail.get("via") or {}).get("channel"))),
        "url": f"{address}/agent/tickets/{ticket}" if address else "",
    }
    if name.endswith(".created"):
        # Who submits a ticket is the author of its description, says Zendesk's page on tickets.
        submitter = fields.text(detail.get("submitter_id"))
        by_staff = bool(submitter and customer) and submitter != customer
        if by_staff or detail.get("is_public") is False:
            return Event("other", name, key, ticket)
        said = RawMessage(
            ticket + DESCRIPTION, "customer", fields.text(detail.get("description")),
            fields.at(detail.get("created_at")),
        )  # fmt: skip
        return Event("asked", name, message=said, **about)
    comment = body.get("event", {}).get("comment")
    if not name.endswith(".comment_added") or not comment or not comment.get("is_public", True):
        return Event("other", name, key, ticket)
    author = comment.get("author") or {}
    by_customer = fields.text(author.get("id")) == customer or not author.get("is_staff", False)
    said = RawMessage(
        fields.named(comment["id"]),
        "customer" if by_customer else "agent",
        fields.text(comment.get("body")),
        fields.at(body.get("time")),
        author="" if by_customer else fields.text(author.get("name")),
    )
    return Event("asked" if by_customer else "answered", name, message=said, **about)


def _zendesk_trigger(told: Body, address: str) -> Event:
    try:
        ticket, at = fields.named(told["ticket"]), fields.text(told.get("updated_at"))
        comment = fields.text(told.get("comment")) or f"{ticket}:{at}"
    except (KeyError, ValueError) as error:
        raise InputError(f"A trigger of Zendesk lacks a part: {error!r}.") from error
    asked = webhook_zendesk_trigger.written_by_customer(told)
    said = RawMessage(
        comment, "customer" if asked else "agent", fields.text(told.get("text")), fields.at(at),
        author="" if asked else fields.text(told.get("author_name")),
    )  # fmt: skip
    return Event(
        "asked" if asked else "answered",
        "trigger",
        key=f"trigger:{ticket}:{comment}",
        conversation=ticket,
        message=said,
        customer_id=fields.text(told.get("requester")),
        subject=fields.text(told.get("subject")),
        channel=fields.channel(fields.text(told.get("via"))),
        url=f"{address}/agent/tickets/{ticket}" if address else "",
    )


def _chatwoot(body: Body, address: str) -> Event:
    name = fields.word(body["event"])
    if name == "conversation_status_changed":
        return Event(
            "closed" if body.get("status") == "resolved" else "other",
            name,
            conversation=fields.named(body["id"]),
        )
    if name != "message_created" or body.get("private"):
        return Event("other", name)
    talk, sender = body["conversation"], body.get("sender") or {}
    kind = str(body.get("message_type"))
    conversation = fields.named(talk["id"])
    # Strings in webhooks, numbers in the API: both are taken.
    incoming, outgoing = kind in ("incoming", "0"), kind in ("outgoing", "1")
    if not incoming and not (outgoing and sender.get("type", "user") == "user"):
        return Event("other", name, conversation=conversation)
    customer = sender if incoming else (talk.get("meta") or {}).get("sender") or {}
    account = (body.get("account") or {}).get("id", "")
    said = RawMessage(
        fields.named(body["id"]),
        "customer" if incoming else "agent",
        fields.text(body.get("content")),
        fields.at(body.get("created_at")),
        author="" if incoming else fields.text(sender.get("name")),
        attachments=[
            (
                fields.text(file.get("fallback_title") or file.get("file_type")),
                fields.text(file["data_url"]),
            )
            for file in body.get("attachments") or ()
            if file.get("data_url")
        ],
    )
    return Event(
        "asked" if incoming else "answered",
        name,
        conversation=conversation,
        message=said,
        customer_id=fields.text(customer.get("id")),
        channel=fields.channel(fields.text(talk.get("channel")).removeprefix("Channel::")),
        url=f"{address}/app/accounts/{account}/conversations/{conversation}" if address else "",
    )


def _zammad(body: Body, address: str) -> Event:
    ticket, article = body["ticket"], body.get("article")
    conversation = fields.named(ticket["id"])
    if not article:
        state = ticket.get("state")
        state = state.get("name") if isinstance(state, dict) else state
        return Event("closed" if state == "closed" else "other", "ticket", "", conversation)
    sender = article.get("sender")
    if article.get("internal") or sender not in ("Customer", "Agent"):
        return Event("other", "article", "", conversation)
    by_customer = sender == "Customer"
    text = fields.text(article.get("body")).partition(_SIGNATURE_MARK)[0]
    writer = article.get("created_by")
    writer = writer if isinstance(writer, dict) else {}
    said = RawMessage(
        fields.named(article["id"]),
        "customer" if by_customer else "agent",
        text,
        fields.at(article.get("created_at")),
        author=""
        if by_customer
        else fields.joined(writer.get("firstname"), writer.get("lastname")),
        attachments=[
            (fields.text(file.get("filename")), fields.text(file.get("url")))
            for file in article.get("attachments") or ()
        ],
    )
    customer = ticket.get("customer")
    customer_id = customer.get("id") if isinstance(customer, dict) else ticket.get("customer_id")
    return Event(
        "asked" if by_customer else "answered",
        "article",
        conversation=conversation,
        message=said,
        customer_id=fields.text(customer_id),
        subject=fields.text(ticket.get("title")),
        channel=fields.channel(fields.text(article.get("type"))),
        url=f"{address}/#ticket/zoom/{conversation}" if address else "",
    )


def _channel_talk(body: Body, address: str) -> Event:
    entity = body["entity"]
    name = f"{body.get('type')}.{body.get('event')}"
    if body.get("type") == "userChat":
        closed = entity.get("state") == "closed"
        return Event("closed" if closed else "other", name, "", fields.named(entity["id"]))
    person = entity.get("personType")
    private = CHANNEL_TALK_PRIVATE.intersection(entity.get("options") or ())
    # An "update" is a message that was changed: what was said first stays.
    if (
        body.get("type") != "message"
        or body.get("event") == "update"
        or entity.get("chatType") != "userChat"
        or person not in ("user", "manager")
        or private
    ):
        return Event("other", name)
    refers = body.get("refers") or {}
    by_customer = person == "user"
    chat = fields.named(entity["chatId"])
    user = (refers.get("userChat") or {}).get("userId") or (
        entity["personId"] if by_customer else ""
    )
    blocks = [fields.text(part.get("value")) for part in entity.get("blocks") or ()]
    said = RawMessage(
        fields.named(entity["id"]),
        "customer" if by_customer else "agent",
        fields.text(entity.get("plainText")) or "\n".join(part for part in blocks if part),
        fields.at(entity.get("createdAt")),
        author="" if by_customer else fields.text((refers.get("manager") or {}).get("name")),
        attachments=[
            (fields.text(file.get("name")), fields.text(file.get("url")))
            for file in entity.get("files") or ()
        ],
    )
    return Event(
        "asked" if by_customer else "answered",
        name,
        conversation=chat,
        message=said,
        customer_id=fields.text(user),
        channel="app",
        language=fields.text(entity.get("language")),
        url=CHANNEL_TALK_DESK.format(channel=fields.text(entity.get("channelId")), chat=chat),
    )


_READERS: Final = {
    "zendesk": _zendesk,
    "chatwoot": _chatwoot,
    "zammad": _zammad,
    "channel-talk": _channel_talk,
}
