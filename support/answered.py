"""What follows when an answer stands: its inquiry waits no more, and the desk learns from it.

The same whether it was sent here, written in the helpdesk, or sent again after it had failed.
"""

from collections.abc import Collection

from sqlite_utils import Database

from .outcomes import settle as settle_outcomes
from .saved_reply_uses import note_uses
from .word_index import index_words


def settle(
    db: Database, inquiry_id: int, message_id: int, slugs: Collection[str], *, at: str
) -> None:
    """Let an inquiry be answered by a message, in the caller's transaction.

    Args:
        db: the desk's database.
        inquiry_id: which inquiry.
        message_id: its answer.
        slugs: the FAQs that the answer links: its labels.
        at: when it was sent.
    """
    db.execute(
        "UPDATE inquiries SET status = 'answered', answer_id = ?, answered_at = ?, closed_at = ?, "
        "held_by = NULL, held_until = NULL, snoozed_until = NULL WHERE id = ?",
        [message_id, at, at, inquiry_id],
    )
    db.execute("UPDATE inquiries SET closed_at = ? WHERE joined_to = ?", [at, inquiry_id])
    learn(db, inquiry_id, message_id, slugs, at=at)
    # Silence that should have spoken is a miss; an inquiry held out on purpose is not.
    sql = "SELECT id FROM suggestions WHERE inquiry_id = ? AND reason <> 'holdout'"
    for row in list(db.query(sql, [inquiry_id])):
        settle_outcomes(db, row["id"], slugs)
    index_words(db, inquiry_id)
    note_uses(db, inquiry_id)


def learn(
    db: Database, inquiry_id: int, message_id: int, slugs: Collection[str], *, at: str
) -> None:
    """Keep the FAQs that an answer links as its labels, whether its inquiry waits or not."""
    for slug in slugs:
        db.execute(
            "INSERT OR IGNORE INTO labels (inquiry_id, message_id, slug, origin, at) "
            "VALUES (?, ?, ?, 'sent', ?)",
            [inquiry_id, message_id, slug, at],
        )
