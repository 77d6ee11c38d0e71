"""Every group at a glance: its size, its sellers and what watching found in it.

Worked out anew from all links each time, as arrays, so that a desk of a hundred thousand listings
can be paged through; the evidence of one group is read by `group_evidence`.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sqlite_utils import Database

from support.errors import InputError

from .alert_list import WAITS
from .alerts import KINDS

_GRAVEST_FIRST: Final = ("sanctioned", "accounts", "repeat", "catalogue")

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group in a list."""

    listing_ids: tuple[int, ...]
    sellers: int  # different ones that are known
    links: int
    probability: float  # of the surest link
    confirmed: int  # links that a person confirmed
    kinds: tuple[str, ...]  # of alerts that wait, the gravest first


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Some of the groups, and how many there are."""

    groups: tuple[GroupLine, ...]
    total: int


def group_page(
    db: Database, *, sellers: int = 1, kind: str = "", start: int = 0, limit: int = 20
) -> GroupPage:
    """Groups of two and more listings: the gravest alert first, then the most sellers, the largest.

    Args:
        db: the desk's database.
        sellers: of so many different sellers at least; 2: those that several accounts post.
        kind: only those with an alert of this kind that waits; '': all.
        start: how many to pass over.
        limit: how many at most.

    Raises:
        InputError: there is no such kind.
    """
    if kind not in ("", *KINDS):
        raise InputError(f"No kind {kind!r} of alerts. There are: {', '.join(KINDS)}.")
    pairs, probabilities, confirmed = _links(db)
    if not len(pairs):
        return GroupPage((), 0)
    ids, ends = np.unique(pairs, return_inverse=True)
    ends = ends.reshape(pairs.shape)
    joined = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(ids), len(ids)))
    count, labels = connected_components(joined, directed=False)
    group: Numbers = labels.astype(np.int64)
    of_link = group[ends[:, 0]]
    sizes = np.bincount(group, minlength=count)
    owners = _sellers(db, ids, group, count)
    found = _alerts(db, ids, group, count)
    wanted = np.ones(count, bool) if sellers < 2 else owners >= sellers
    if kind:
        wanted &= found[_GRAVEST_FIRST.index(kind)]
    grave = np.where(found.any(axis=0), found.argmax(axis=0), len(found))
    first = np.full(count, len(ids))
    np.minimum.at(first, group, np.arange(len(ids)))
    order = np.lexsort((first, -sizes, -owners, grave))
    order = order[wanted[order]]
    lines = [
        GroupLine(
            listing_ids=tuple(ids[group == number].tolist()),
            sellers=int(owners[number]),
            links=int((of_link == number).sum()),
            probability=float(probabilities[of_link == number].max()),
            confirmed=int(confirmed[of_link == number].sum()),
            kinds=tuple(
                name for name, there in zip(_GRAVEST_FIRST, found[:, number], strict=True) if there
            ),
        )
        for number in order[start : start + limit].tolist()
    ]
    return GroupPage(tuple(lines), len(order))


def _links(db: Database) -> tuple[Numbers, npt.NDArray[Any], Numbers]:
    """The links that stand: (n, 2) ids, (n,) probabilities, (n,) whether they are confirmed."""
    rows = db.conn.execute(
        "SELECT first_id, other_id, probability, confirmed FROM listing_links"
    ).fetchall()
    sql = "SELECT first_id, other_id FROM listing_apart WHERE undone_at IS NULL"
    if apart := set(db.conn.execute(sql).fetchall()):
        rows = [row for row in rows if row[:2] not in apart]
    if not rows:
        return np.empty((0, 2), np.int64), np.empty(0), np.empty(0, np.int64)
    first, other, probability, confirmed = zip(*rows, strict=True)
    pairs = np.array([first, other], np.int64).T
    return pairs, np.array(probability, float), np.array(confirmed, np.int64)


def _sellers(db: Database, ids: Numbers, group: Numbers, count: int) -> Numbers:
    """(count,): how many different sellers each group has; unknown ones do not count."""
    sql = """
        SELECT id, seller FROM listings WHERE seller <> '' AND id IN
            (SELECT first_id FROM listing_links UNION SELECT other_id FROM listing_links)
    """
    numbers: dict[str, int] = {}
    rows = [(key, numbers.setdefault(seller, len(numbers))) for key, seller in db.conn.execute(sql)]
    if not rows:
        return np.zeros(count, np.int64)
    keys, sellers = np.array(rows, np.int64).T
    there = np.isin(keys, ids)
    owned = group[np.searchsorted(ids, keys[there])] * len(numbers) + sellers[there]
    every: Numbers = np.bincount(np.unique(owned) // len(numbers), minlength=count)
    return every


def _alerts(db: Database, ids: Numbers, group: Numbers, count: int) -> npt.NDArray[np.bool_]:
    """(kinds, count): whether an alert of each kind waits in each group."""
    found = np.zeros((len(_GRAVEST_FIRST), count), bool)
    sql = f"SELECT listing_id, kind FROM watch_alerts AS a WHERE {WAITS}"  # noqa: S608 - our own
    place = {name: number for number, name in enumerate(_GRAVEST_FIRST)}
    rows = [(key, place[kind]) for key, kind in db.conn.execute(sql)]
    if rows:
        keys, kinds = np.array(rows, np.int64).T
        there = np.isin(keys, ids)
        found[kinds[there], group[np.searchsorted(ids, keys[there])]] = True
    return found
