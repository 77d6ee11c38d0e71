"""How far two people agree who decided on the same rows: in percent, and beyond chance."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from .review import Queue


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two people said of the rows that both decided on."""

    people: tuple[int, int]  # their ids, the lower first
    n: int
    same: int
    kappa: float | None  # Cohen's; None where chance alone would have them agree on every row

    @property
    def share(self) -> float:
        """Rows on which they said the same, in [0, 1]."""
        return self.same / self.n if self.n else 0.0


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement beyond chance: 1 complete, 0 as by chance, below 0 less than that.

    Args:
        pairs: what the first and the second person said of each row.

    Returns:
        None where there are no rows, or where both always said one and the same.
    """
    if not pairs:
        return None
    n = len(pairs)
    first, second = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    chance = sum(first[label] * second[label] for label in first) / n**2
    observed = sum(a == b for a, b in pairs) / n
    return None if chance == 1 else (observed - chance) / (1 - chance)


def agreements(db: Database, queue: Queue) -> list[Agreement]:
    """Of every two people who decided on the same rows, those with the most rows first.

    Skipped rows are left out; so are decisions that were undone.
    """
    where, values = queue.where()
    sql = f"""
        SELECT a.agent_id, b.agent_id, a.path, b.path
        FROM review_decisions a
        JOIN review_decisions b ON b.item_id = a.item_id AND b.agent_id > a.agent_id
        JOIN review_items i ON i.id = a.item_id
        WHERE a.undone_at IS NULL AND b.undone_at IS NULL
        AND a.decision <> 'skip' AND b.decision <> 'skip' {where}
    """  # noqa: S608 - only conditions of ours are put in
    said: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for a, b, ours, theirs in db.conn.execute(sql, values):
        said.setdefault((a, b), []).append((ours, theirs))
    found = [
        Agreement(people, len(pairs), sum(a == b for a, b in pairs), cohens_kappa(pairs))
        for people, pairs in said.items()
    ]
    return sorted(found, key=lambda each: (-each.n, each.people))
