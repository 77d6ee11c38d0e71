"""What several answers of the API hold: shares with their counts, and past answers."""

from collections.abc import Iterable
from typing import Any

from support.inquiries import PastAnswer
from support.promise import Promise


def promised(promise: Promise) -> dict[str, Any]:
    """A share as counts with the interval that holds the true one with 95 %."""
    return {
        "right": promise.right, "n": promise.n, "low": promise.low, "high": promise.high
    }  # fmt: skip


def past_answers(found: Iterable[PastAnswer]) -> list[dict[str, Any]]:
    """Past answers as the API tells them, best first."""
    return [
        {
            "rank": rank,
            "inquiry_id": str(item.inquiry_id),
            "score": item.score,
            "at": item.answered_at,
            "text": item.question,
            "answer": item.answer,
            "faq_ids": list(item.slugs),
        }
        for rank, item in enumerate(found, 1)
    ]
