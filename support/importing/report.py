"""What an import did, or would do."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from .conversation import Rejected

KEPT_REJECTIONS = 100  # in the report; all are counted


@dataclass(slots=True)
class Reading:
    """What a reader of files learns on its way, beside what it yields."""

    format: str = ""  # such as zendesk; empty: a table with a mapping
    encoding: str = ""  # of the first file of text
    total: int = 0  # conversations, once known; 0: not yet
    repeats: int = 0  # of conversations and messages, within the files
    left_out: Counter[str] = field(default_factory=Counter)  # on purpose: reason to messages
    notes: list[str] = field(default_factory=list)  # what was guessed, in words


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do."""

    source: str
    dry_run: bool
    rows: int = 0
    inquiries: int = 0  # new
    messages: int = 0  # new
    pairs: int = 0  # inquiries with a public answer
    already_there: int = 0
    labelled: int = 0  # inquiries with at least one FAQ link in an answer
    links: int = 0  # distinct FAQs an inquiry, summed
    unknown_links: dict[str, int] = field(default_factory=dict)  # slug: inquiries; no such FAQ yet
    masked: dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    rejections: list[Rejected] = field(default_factory=list)
    import_id: int | None = None  # of a dry run: none
    format: str = ""
    encoding: str = ""
    roles: dict[str, int] = field(default_factory=dict)  # messages by who wrote them
    saved_replies: dict[str, int] = field(default_factory=dict)  # id: answers made from it
    unknown_replies: int = 0  # of these ids, those that no saved reply of the desk is named by
    repeats: int = 0  # what stood in the files more than once
    left_out: dict[str, int] = field(default_factory=dict)  # why: messages
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and the stored report."""
        return asdict(self)

    def learn(self, reading: Reading) -> None:
        """Take over what the reader found out."""
        self.format, self.encoding = reading.format, reading.encoding
        self.repeats, self.left_out = reading.repeats, dict(reading.left_out)
        self.notes = list(reading.notes)
