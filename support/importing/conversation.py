"""The canonical row that every export is turned into, before anything is masked.

Lives in memory only, on its way from a file to `prepare`.
"""

import re
from dataclasses import dataclass, field
from typing import Any

MAX_QUOTED = 80  # characters of a cell that a reason quotes

GENERATED = "row:"  # begins an id that was made up from what a row says


@dataclass(slots=True)
class RawMessage:
    """One message as the source gives it; `text` may be HTML."""

    source_id: str
    role: str  # customer, agent, bot or system
    text: str
    at: str  # ISO 8601 in UTC
    author: str = ""
    public: bool = True
    saved_reply_id: str = ""
    helpful: int = 0  # votes for it less votes against, where the source counts them
    attachments: list[tuple[str, str]] = field(default_factory=list)  # name, URL
    follows: list[str] = field(default_factory=list)  # of a mail: those before it in its thread


@dataclass(slots=True)
class RawConversation:
    """One inquiry with all its messages, oldest first."""

    source_id: str
    opened_at: str
    subject: str = ""
    url: str = ""
    channel: str = "none"
    language: str = ""
    category: str = ""
    tags: list[str] = field(default_factory=list)
    customer_id: str = ""
    status: str = ""  # open, answered, closed; empty: found out from the messages
    answer_source_id: str = ""  # the message marked as the solution, where the source marks one
    rating: int = 0  # 1: the customer was content with the answers; -1: was not
    mail: dict[str, Any] = field(default_factory=dict)  # `routes.MailThread` of a reply by mail
    messages: list[RawMessage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be used: where it stands, and why."""

    file: str
    line: int
    reason: str


def quoted(text: str) -> str:
    """Quote a cell in a reason, cut where it is long."""
    if len(text) <= MAX_QUOTED:
        return repr(text)
    # Half a telephone number or address would no longer be known, and masked, as one.
    head = re.sub(r"\S*$", "", text[:MAX_QUOTED])
    return repr(re.sub(r"[\d\s().+-]+$", "", head) + "…")
