"""What a helpdesk's export is to faqdesk: how it is known, and what its objects mean.

Shared by the readers in `helpdesks`. Field names are those of the systems' documentation and source
code; the modules say which.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Final

from .. import clock
from .conversation import RawConversation, RawMessage, quoted
from .spool import Spool

Row = dict[str, Any]

ENDED: Final = "ended"  # the source says that nothing more is to be done
GOING: Final = "going"  # it says that somebody still waits, or may

# Why a message is left out on purpose. They are counted, not rejected.
PRIVATE: Final = "private note"
SYSTEM: Final = "system message"
EMPTY: Final = "without text"
DRAFT: Final = "draft or hidden"
SPAM: Final = "spam or deleted"
CALL: Final = "telephone or video call"

NAMES: Final = ("file_name", "filename", "name", "title")  # of attachments
URLS: Final = ("content_url", "attachment_url", "data_url", "url")


@dataclass(slots=True)
class Intake:
    """Where a reader puts what it reads."""

    spool: Spool
    left_out: Counter[str]

    def skip(self, conversation: str, reason: str) -> None:
        """Leave a whole conversation out, with the messages of it that stand elsewhere."""
        self.spool.skip(conversation)
        self.left_out[reason] += 1


@dataclass(frozen=True, slots=True)
class Format:
    """One helpdesk's export."""

    name: str  # and the name of the source, if none is given
    title: str
    fits: Callable[[Row], bool]  # whether an object is one of its own
    take: Callable[[Row, str, Intake], None]  # object, name of its list; raises ValueError
    settle: Callable[[RawConversation, Spool], None]  # once all is there


def text(row: Row, *names: str) -> str:
    """The first of some fields that says something, as text; '' where none does."""
    for name in names:
        value = row.get(name)
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # a sheet's numbers
        if isinstance(value, str | int | float) and str(value).strip():
            return str(value)
    return ""


def number(row: Row, name: str) -> int | None:
    """A field as a whole number, None where it is none."""
    value = row.get(name)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag(row: Row, name: str) -> bool:
    """Whether a field says yes; tables of text say true, t, yes or 1."""
    value = row.get(name)
    if isinstance(value, str):
        return value.strip().lower() in ("true", "t", "yes", "y", "1")
    return bool(value)


def inner(row: Row, name: str) -> Row:
    """An object inside another; {} where there is none."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def unwrapped(row: Row, *names: str) -> Row:
    """The object that alone stands in another under one of some names; else the other itself."""
    for name in names:
        if len(row) == 1 and isinstance(row.get(name), dict):
            return inner(row, name)
    return row


def listed(row: Row, name: str) -> list[Row]:
    """The objects of a list inside an object."""
    value = row.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def moment(row: Row, *names: str, zone: tzinfo = UTC) -> str:
    """The first of some times that is there, ISO 8601 in UTC; '' where none is.

    `zone` is where the clock stands of a time that does not say so itself.

    Raises:
        ValueError: it cannot be read.
    """
    found = text(row, *names)
    return clock.parse(found, zone=zone) if found else ""


def required(row: Row, *names: str) -> str:
    """As `text`, of what nothing can be done without.

    Raises:
        ValueError: none is there.
    """
    found = text(row, *names)
    if not found:
        raise ValueError(f"no {' or '.join(map(quoted, names))}")
    return found


def tags(row: Row, name: str = "tags") -> list[str]:
    """Tags as a list of words, of objects with a name, or one text with commas."""
    value = row.get(name)
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return []
    words = [text(tag, "tag", "name", "title") if isinstance(tag, dict) else tag for tag in value]
    return [word.strip() for word in words if isinstance(word, str) and word.strip()]


def attachments(row: Row, name: str = "attachments") -> list[tuple[str, str]]:
    """Names and addresses of attached files; only web addresses are kept."""
    found = []
    for item in listed(row, name):
        url = text(item, *URLS)
        url = url if url.startswith(("https://", "http://")) else ""
        label = text(item, *NAMES) or url.rpartition("/")[2]
        if label:
            found.append((label, url))
    return found


def reply_id(row: Row) -> str:
    """Which saved reply an answer was made from; '' of none, which is written as 0 too."""
    name = text(row, "saved_reply_id")
    return "" if name == "0" else name


def snake(row: Row) -> Row:
    """The same object with its names in snake_case: savedReplyId becomes saved_reply_id."""
    return {_snaked(name): value for name, value in row.items()}


def settle_status(raw: RawConversation) -> None:
    """Turn what the source says of a conversation into the desk's own status."""
    said = [m.role for m in raw.messages if m.public and m.role in ("customer", "agent")]
    if raw.status == ENDED:
        raw.status = "answered" if "agent" in said else "closed"
    elif raw.status == GOING:
        # One that waits for the customer is answered.
        raw.status = "open" if not said or said[-1] == "customer" else "answered"


def settle_rating(raw: RawConversation) -> None:
    """Count what the customer thought of a conversation for each of its answers."""
    for message in raw.messages:
        if raw.rating and message.public and message.role == "agent":
            message.helpful += raw.rating


def add(intake: Intake, conversation: str, message: RawMessage) -> None:
    """Hand a message over, unless it says nothing."""
    if message.text.strip() or message.attachments:
        intake.spool.message(conversation, message)
    else:
        intake.left_out[EMPTY] += 1


def _snaked(name: str) -> str:
    return "".join(
        f"_{sign.lower()}" if sign.isupper() and place else sign.lower()
        for place, sign in enumerate(name)
    )
