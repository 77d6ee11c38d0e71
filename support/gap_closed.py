"""What closed a gap: the FAQ it became or was given to, and the change that can take that back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Closed:
    """The change that closed a gap, as it stands."""

    gap_id: int
    change_id: int
    slug: str
    title: str  # of the FAQ today; its slug where there is none
    made: bool  # whether the FAQ was made of the gap; else its inquiries were given to one
    labels: int  # inquiries that were labelled with it
    actor: str
    at: str


def closed_by(db: Database, gap_ids: Iterable[int]) -> dict[int, Closed]:
    """What closed each of some gaps; one that is open, or was opened again, is left out."""
    sql = """
        SELECT gap_id, faq_changes.id, slug, kind, actor, at,
            coalesce((SELECT title FROM faqs WHERE faqs.slug = faq_changes.slug), slug) AS title,
            (SELECT count(*) FROM faq_change_rows
                WHERE change_id = faq_changes.id AND name = 'labels') AS labels
        FROM faq_changes
        WHERE undone_at IS NULL AND gap_id IN (SELECT value FROM json_each(?))
        ORDER BY faq_changes.id
    """
    rows = db.query(sql, [json.dumps([int(gap_id) for gap_id in gap_ids])])
    return {
        row["gap_id"]: Closed(
            gap_id=row["gap_id"],
            change_id=row["id"],
            slug=row["slug"],
            title=row["title"],
            made=row["kind"] == "created",
            labels=row["labels"],
            actor=row["actor"],
            at=row["at"],
        )
        for row in rows
    }
