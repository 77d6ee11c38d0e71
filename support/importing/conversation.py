"""The canonical row that every export is turned into, before anything is masked.

Lives in memory only, on its way from a file to `prepare`.
"""

from dataclasses import dataclass, field

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
    attachments: list[tuple[str, str]] = field(default_factory=list)  # name, URL


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
    messages: list[RawMessage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be used: where it stands, and why."""

    file: str
    line: int
    reason: str
