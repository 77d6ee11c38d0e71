"""Answered inquiries, with a link or without: what agents wrote says which FAQ was meant.

Of a forum's inquiries one in eight was answered with a link, six in eight without one. Only what
was written before a cut may teach a model that is judged after it, so each reply keeps its moment.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from .history import ALWAYS

_ADDRESS = re.compile(r"https?://\S+|www\.\S+")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent wrote, and when (ISO 8601 in UTC)."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """One inquiry with its agents' public replies, oldest first."""

    inquiry_id: int
    text: str
    at: str
    replies: tuple[Reply, ...]

    def said(self, before: str) -> str:
        """What had been answered by a moment, without addresses; empty if nothing.

        An address is the label itself: what learns from it learns nothing for answers without one.
        """
        written = [reply.text for reply in self.replies if reply.at < before]
        return " ".join(_ADDRESS.sub(" ", "\n".join(written)).split())


def answered(db: Database, *, before: str = ALWAYS) -> list[Answered]:
    """Every inquiry that agents had answered by a moment, oldest first; links or not."""
    sql = """
        SELECT inquiries.id, inquiries.text, inquiries.opened_at,
            json_group_array(json_array(messages.at, messages.text)) AS replies
        FROM inquiries JOIN messages ON messages.inquiry_id = inquiries.id
        WHERE inquiries.text <> '' AND messages.role = 'agent' AND messages.public = 1
            AND messages.at < :before
        GROUP BY inquiries.id ORDER BY inquiries.opened_at, inquiries.id
    """
    return [
        Answered(row["id"], row["text"], row["opened_at"], _replies(json.loads(row["replies"])))
        for row in db.query(sql, {"before": before})
    ]


def _replies(pairs: Sequence[tuple[str, str]]) -> tuple[Reply, ...]:
    return tuple(Reply(at, text) for at, text in sorted(map(tuple, pairs)))
