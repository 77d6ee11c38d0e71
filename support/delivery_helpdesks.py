"""Public replies through the APIs of Zendesk, Chatwoot, Zammad and Channel Talk.

None of them promises to know an answer again by a key of ours, so each can be asked for what it has
(`find`): the same words, of an agent, public, not older than ours. Paths and fields are those of
their API documentation; what was not found there is a constant with a comment.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

import urllib3
from urllib3.util import Timeout

from .clock import parse
from .connection_access import Access
from .connections import CHANNEL_TALK_API
from .delivery import Answer, DeliveryError
from .delivery_echo import late_enough, same_words
from .errors import AddressError
from .public_net import pools, read_within, reason

USER_AGENT: Final = "faqdesk (answers of a support desk)"
TIMEOUT: Final = Timeout(connect=10, read=30)  # seconds
SECONDS: Final = 60.0  # for the whole of an answer
LARGEST: Final = 4 << 20  # bytes of an answer that are read
# Zammad: how a reply goes to who did not write by mail. Its API documents notes; that a note that
# is not internal is shown to the customer is its own words, that they are told of it is not.
ZAMMAD_REPLY: Final = "note"
# Channel Talk: under which name a message of the API appears, where the connection names none.
CHANNEL_TALK_BOT: Final = "faqdesk"


@dataclass(frozen=True, slots=True)
class Said:
    """A public message of an agent, as the other side has it."""

    id: str
    text: str
    at: str
    key: str = ""  # of ours, where it was kept


class Helpdesk(ABC):
    """What they have in common: JSON over HTTP, and what its failures mean."""

    def __init__(self, access: Access, *, timeout: Timeout = TIMEOUT) -> None:
        """Take what is needed to get in."""
        self._access = access
        self._base = access.address.rstrip("/")
        self._pools = pools(private=access.private, timeout=timeout, retries=False)

    @abstractmethod
    def headers(self) -> dict[str, str]:
        """What lets us in."""

    @abstractmethod
    def _said(self, conversation: str) -> Iterator[Said]:
        """The public messages of agents in a conversation, in any order."""

    @abstractmethod
    def send(self, answer: Answer) -> str:
        """Send; returns the other side's id of it."""

    @abstractmethod
    def check(self) -> str:
        """Look whether the way is open; returns who is on the other side."""

    def find(self, answer: Answer) -> str | None:
        """The other side's id of an answer that it has already."""
        for said in self._said(answer.conversation):
            if said.key == answer.key:
                return said.id
            if said.id in answer.others or said.key or not late_enough(answer.written_at, said.at):
                continue
            if same_words(answer.text, said.text):
                return said.id
        return None

    def _ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        """Ask, and give the JSON of the answer; `body` is sent, so it may have been heard."""
        sends = body is not None
        headers = self.headers() | {"Accept": "application/json", "User-Agent": USER_AGENT}
        if sends:
            headers["Content-Type"] = "application/json"
        if key:  # whoever does not know it ignores it
            headers["Idempotency-Key"] = key
        content = json.dumps(body, ensure_ascii=False).encode() if sends else None
        try:
            answer = self._pools.request(
                method,
                self._base + path,
                body=content,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            with answer:
                data = read_within(answer, most=LARGEST, seconds=SECONDS)
        except AddressError as error:
            raise DeliveryError(str(error), permanent=True) from error
        except (
            urllib3.exceptions.NewConnectionError,
            urllib3.exceptions.ConnectTimeoutError,
            urllib3.exceptions.SSLError,
        ) as error:  # nothing was sent yet
            raise DeliveryError(f"It cannot be reached: {reason(error)}.") from error
        except urllib3.exceptions.HTTPError as error:
            raise DeliveryError(f"No answer: {reason(error)}.", maybe_out=sends) from error
        _raise_for(answer.status, answer.headers.get("Retry-After", ""), sends=sends)
        try:
            return json.loads(data)
        except ValueError as error:
            if sends:  # it said yes, in words that we do not know
                return {}
            raise DeliveryError("It answers, but not in JSON.", permanent=True) from error


class Zendesk(Helpdesk):
    """PUT /api/v2/tickets/{id} with a public comment; our key goes into its `metadata`."""

    def headers(self) -> dict[str, str]:
        """What lets us in."""
        login = f"{self._access.user}/token:{self._access.token}"
        return urllib3.util.make_headers(basic_auth=login)

    def send(self, answer: Answer) -> str:
        """Add a public comment."""
        ticket = {
            "comment": {"body": answer.text, "public": True},
            "metadata": {"faqdesk": answer.key},
        }
        path = f"/api/v2/tickets/{quote(answer.conversation, safe='')}.json"
        said = self._ask("PUT", path, {"ticket": ticket}, key=answer.key)
        # A comment's id is that of its event in the audit.
        events = (said.get("audit") or {}).get("events") or ()
        return next((str(e["id"]) for e in events if e.get("type") == "Comment"), "")

    def _said(self, conversation: str) -> Iterator[Said]:
        path = f"/api/v2/tickets/{quote(conversation, safe='')}/comments.json?sort_order=desc"
        for row in self._ask("GET", path).get("comments", ()):
            if row.get("public", True):
                kept = ((row.get("metadata") or {}).get("custom") or {}).get("faqdesk", "")
                text = row.get("plain_body") or row.get("body") or ""
                yield Said(str(row["id"]), text, _time(row.get("created_at")), str(kept))

    def check(self) -> str:
        """Ask who we are."""
        user = self._ask("GET", "/api/v2/users/me.json").get("user") or {}
        if user.get("role") not in ("agent", "admin"):  # a wrong token is answered as a stranger
            raise DeliveryError("The token is of nobody who may answer.", permanent=True)
        return str(user.get("email") or user.get("name") or "")


class Chatwoot(Helpdesk):
    """POST /api/v1/accounts/{account}/conversations/{id}/messages, message_type outgoing."""

    def headers(self) -> dict[str, str]:
        """What lets us in."""
        return {"api_access_token": self._access.token}

    def _path(self, conversation: str) -> str:
        account = quote(self._access.account, safe="")
        talk = quote(conversation, safe="")
        return f"/api/v1/accounts/{account}/conversations/{talk}/messages"

    def send(self, answer: Answer) -> str:
        """Write a message into the conversation."""
        message = {"content": answer.text, "message_type": "outgoing", "private": False}
        said = self._ask("POST", self._path(answer.conversation), message, key=answer.key)
        return str(said.get("id", ""))

    def _said(self, conversation: str) -> Iterator[Said]:
        for row in self._ask("GET", self._path(conversation)).get("payload", ()):
            if row.get("message_type") in (1, "outgoing") and not row.get("private"):
                yield Said(str(row["id"]), row.get("content") or "", _time(row.get("created_at")))

    def check(self) -> str:
        """Ask who we are."""
        return str(self._ask("GET", "/api/v1/profile").get("email", ""))


class Zammad(Helpdesk):
    """POST /api/v1/ticket_articles; by mail where the customer wrote by mail."""

    def headers(self) -> dict[str, str]:
        """What lets us in."""
        return {"Authorization": f"Token token={self._access.token}"}

    def _articles(self, conversation: str) -> list[dict[str, Any]]:
        ticket = quote(conversation, safe="")
        found = self._ask("GET", f"/api/v1/ticket_articles/by_ticket/{ticket}")
        return list(found) if isinstance(found, list) else []

    def send(self, answer: Answer) -> str:
        """Add an article that is not internal."""
        article: dict[str, Any] = {
            "ticket_id": answer.conversation,
            "body": answer.text,
            "content_type": "text/plain",
            "type": ZAMMAD_REPLY,
            "sender": "Agent",
            "internal": False,
        }
        rows = self._articles(answer.conversation)
        asked = [row for row in rows if row.get("sender") == "Customer" and not row.get("internal")]
        if asked and asked[-1].get("type") == "email":
            last = asked[-1]
            article |= {
                "type": "email",
                "to": last.get("reply_to") or last.get("from") or "",
                "subject": last.get("subject") or "",
                "in_reply_to": last.get("message_id") or "",
            }
        said = self._ask("POST", "/api/v1/ticket_articles", article, key=answer.key)
        return str(said.get("id", ""))

    def _said(self, conversation: str) -> Iterator[Said]:
        for row in self._articles(conversation):
            if row.get("sender") == "Agent" and not row.get("internal"):
                yield Said(str(row["id"]), row.get("body") or "", _time(row.get("created_at")))

    def check(self) -> str:
        """Ask who we are."""
        return str(self._ask("GET", "/api/v1/users/me").get("email", ""))


class ChannelTalk(Helpdesk):
    """POST /open/v5/user-chats/{id}/messages, with the access key and its secret."""

    def __init__(self, access: Access, *, timeout: Timeout = TIMEOUT) -> None:
        """Take what is needed to get in."""
        super().__init__(access, timeout=timeout)
        self._base = self._base or CHANNEL_TALK_API

    def headers(self) -> dict[str, str]:
        """What lets us in."""
        return {"X-Access-Key": self._access.user, "X-Access-Secret": self._access.token}

    def _path(self, conversation: str) -> str:
        return f"/open/v5/user-chats/{quote(conversation, safe='')}/messages"

    def send(self, answer: Answer) -> str:
        """Write a message into the chat, under the bot's name."""
        bot = quote(self._access.sender or CHANNEL_TALK_BOT, safe="")
        message = {"blocks": [{"type": "text", "value": answer.text}]}
        path = f"{self._path(answer.conversation)}?botName={bot}"
        said = self._ask("POST", path, message, key=answer.key)
        return str((said.get("message") or {}).get("id", ""))

    def _said(self, conversation: str) -> Iterator[Said]:
        path = f"{self._path(conversation)}?sortOrder=desc&limit=50"
        for row in self._ask("GET", path).get("messages", ()):
            if row.get("personType") in ("bot", "manager"):
                text = row.get("plainText") or ""
                yield Said(str(row["id"]), text, _time(row.get("createdAt")))

    def check(self) -> str:
        """Ask which channel this is."""
        channel = self._ask("GET", "/open/v5/channel").get("channel") or {}
        return str(channel.get("name", ""))


def _raise_for(status: int, after: str, *, sends: bool) -> None:
    """What an HTTP status means for an answer on its way."""
    if 200 <= status < 300:
        return
    if status in (409, 423, 425, 429):  # somebody else changes it just now, or too much was asked
        raise DeliveryError(
            f"It asks to be left alone for a while ({status}).", wait=_seconds(after)
        )
    if status >= 500 or status == 408:
        # It may have broken after it took the answer in.
        raise DeliveryError(f"It is in trouble ({status}).", maybe_out=sends, wait=_seconds(after))
    cure = {
        401: "The key or token is not taken any more: connect again.",
        403: "The key or token does not allow it.",
        404: "It knows no such conversation.",
    }.get(status, "It refuses.")
    raise DeliveryError(f"{cure} ({status})", permanent=True)


def _seconds(after: str) -> float:
    """What Retry-After asks for: seconds, or a date."""
    if after.strip().isascii() and after.strip().isdigit():
        return float(after)
    try:
        return max(0.0, (parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _time(value: object) -> str:
    """A moment as the desk writes it; one that cannot be read is taken for late."""
    try:
        return parse("" if value is None else str(value))
    except ValueError:
        return "9999"
