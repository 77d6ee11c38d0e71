"""What goes into the review queue, and how much there is to learn from each row."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sqlite_utils import Database

from support.clock import now
from support.database import scalar, write
from support.text import fold_line

from .categorise import CategorySuggestion
from .label_compare import disagrees, rank, relation
from .listing import Listing
from .stored import load, pages, places

LIMIT: Final = 2000  # rows that one filling puts into the queue at most


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A row for the queue."""

    listing_id: int
    tree: str
    guesses: Sequence[tuple[str, float]]  # path and probability, best first
    model: str
    reason: str
    priority: float
    given: str = ""
    batch_id: int | None = None
    row: int | None = None


class Predictor(Protocol):
    """What filling asks of a `CategoryClassifier`."""

    version: str

    def predict(
        self, listings: Sequence[Listing], *, top_k: int = 3, words: bool = False
    ) -> list[CategorySuggestion]:
        """Suggest categories, best first."""
        ...


def priority(guesses: Sequence[tuple[str, float]], *, given: str = "", reason: str) -> float:
    """How much there is to learn from a row, in [0, 1].

    Of an unsure one, how close the second guess is to the first. Of a disagreement, how much surer
    the model is of its own guess than of the seller's category: there one of the two is mistaken.
    """
    if not guesses:
        return 0.0
    first = guesses[0][1]
    if reason == "disagree":
        place = rank(given, [path for path, _ in guesses]) if given.strip() else None
        theirs = guesses[place - 1][1] if place else 0.0
        return round(min(1.0, max(0.0, first - theirs)), 6)
    second = guesses[1][1] if len(guesses) > 1 else 0.0
    return round(min(1.0, max(0.0, 1 - (first - second))), 6)


def wants_two(number: int, share: float) -> bool:
    """Whether two people shall decide on a row: a share of them, spread evenly by their numbers."""
    return share > 0 and int(number * share) != int((number - 1) * share)


def add_items(db: Database, items: Iterable[NewItem], *, twice: float = 0.0) -> int:
    """Put rows into the queue; one that is there already is left as it is.

    Args:
        db: the desk's database.
        items: the rows.
        twice: the share of them that two people shall decide on, in [0, 1].

    Returns:
        How many are new.
    """
    with write(db):
        before = db.conn.total_changes
        db.conn.executemany(
            """
            INSERT OR IGNORE INTO review_items (batch_id, row, listing_id, tree, given, guesses,
                model, reason, priority, wanted, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                (
                    item.batch_id, item.row, item.listing_id, item.tree, item.given,
                    json.dumps(
                        [{"path": path, "probability": share} for path, share in item.guesses],
                        ensure_ascii=False,
                    ),
                    item.model, item.reason, item.priority,
                    2 if wants_two(number, twice) else 1, now(),
                )
                for number, item in enumerate(items, 1)
            ],
        )  # fmt: skip
        return int(db.conn.total_changes - before)


def withdraw(db: Database, batch_id: int) -> None:
    """Take a batch's rows that nobody has decided on out of the queue, to be guessed at anew.

    They keep their ids, so that whoever has one on the screen is told, but not their place in the
    file: `add_items` may put the same row in again. Rows with a decision that stands stay.
    """
    with write(db):
        db.execute(
            """
            UPDATE review_items SET state = 'dropped', row = NULL
            WHERE batch_id = ? AND state IN ('open', 'dropped') AND id NOT IN (
                SELECT item_id FROM review_decisions
                WHERE undone_at IS NULL AND decision <> 'skip'
            )
            """,
            [batch_id],
        )


def fill_from_listings(
    db: Database,
    images: Path,
    classifier: Predictor,
    *,
    tree: str,
    limit: int = LIMIT,
    twice: float = 0.0,
    progress: "Progress" = lambda done, total, message: None,
) -> int:
    """Put the desk's own listings into the queue where the model is unsure or disagrees.

    Those that a person labelled, that wait in the queue already, or that cleaning left out are
    passed over.

    Args:
        db: the desk's database.
        images: the folder of pictures.
        classifier: the model.
        tree: whose categories it tells.
        limit: rows at most, the most informative first.
        twice: the share that two people shall decide on.
        progress: told of listings looked at; may raise.

    Returns:
        How many rows are new.
    """
    total = int(scalar(db, "SELECT count(*) FROM listings WHERE removed = ''"))
    done = 0
    found: list[NewItem] = []
    for ids in pages(db):
        found += _look(db, images, classifier, _undecided(db, ids), tree)
        # What is kept stays small, however many listings there are.
        found = sorted(found, key=lambda item: (-item.priority, item.listing_id))[:limit]
        done += len(ids)
        progress(done, max(total, done), "looking")
    return add_items(db, found, twice=twice)


class Progress(Protocol):
    """Told how far long work is; may raise."""

    def __call__(self, done: int, total: int, message: str, /) -> None:
        """Tell."""
        ...


def _look(
    db: Database, images: Path, classifier: Predictor, ids: Sequence[int], tree: str
) -> Iterator[NewItem]:
    listings = load(db, images, ids)
    given = _given(db, list(listings), tree)
    found = classifier.predict(list(listings.values()), top_k=3)
    for listing_id, suggestion in zip(listings, found, strict=True):
        guesses = [(guess.path, round(guess.probability, 4)) for guess in suggestion.guesses]
        if not guesses:
            continue
        theirs = given.get(listing_id, "")
        against = disagrees(relation(theirs, guesses[0][0]))
        if not against and not suggestion.review:
            continue
        reason = "disagree" if against and not suggestion.review else "unsure"
        yield NewItem(
            listing_id=listing_id,
            tree=tree,
            guesses=guesses,
            model=classifier.version,
            reason=reason,
            priority=priority(guesses, given=theirs, reason=reason),
            given=theirs,
        )


def _undecided(db: Database, ids: list[int]) -> list[int]:
    """Those that no person labelled and that do not wait in the queue."""
    sql = f"""
        SELECT l.id FROM listings l WHERE l.id IN ({places(ids)})
        AND NOT EXISTS (
            SELECT 1 FROM listing_labels h WHERE h.listing_id = l.id AND h.undone_at IS NULL
        )
        AND NOT EXISTS (
            SELECT 1 FROM review_items i WHERE i.listing_id = l.id AND i.state = 'open'
        )
        ORDER BY l.id
    """  # noqa: S608 - only question marks are put in
    return [row[0] for row in db.conn.execute(sql, ids)]


def _given(db: Database, ids: list[int], tree: str) -> dict[int, str]:
    """The seller's category of those listings that have one in this tree."""
    sql = f"""
        SELECT id, category FROM listings
        WHERE tree = ? AND category <> '' AND id IN ({places(ids)})
    """  # noqa: S608 - only question marks are put in
    return {row[0]: fold_line(row[1]) for row in db.conn.execute(sql, [tree, *ids])}
