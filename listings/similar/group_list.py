"""Every group at a glance: its size, its sellers and what watching found in it.

Links are joined in one pass over plain columns, so that a desk of a hundred thousand listings can
be paged through; the evidence of one group is read by `groups.group_of`.
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from listings.clean_groups import Groups
from listings.stored import PAGE, places
from support.errors import InputError

from .alerts import KINDS
from .groups import STANDING

_RANK: Final = {"sanctioned": 0, "accounts": 1, "repeat": 2, "catalogue": 3}


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
    """Groups of two and more listings: the gravest alert first, then the largest.

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
    sql = f"SELECT first_id, other_id, probability, confirmed FROM listing_links AS k WHERE {STANDING}"  # noqa: S608, E501
    rows = db.conn.execute(sql).fetchall()
    ids = sorted({key for row in rows for key in row[:2]})
    place = {key: number for number, key in enumerate(ids)}
    joined = Groups(len(ids))
    joined.join((place[row[0]], place[row[1]]) for row in rows)
    links: dict[int, list[tuple[float, int]]] = {}
    for first, _, probability, confirmed in rows:
        links.setdefault(joined.first(place[first]), []).append((probability, confirmed))
    owners = _sellers(db, ids)
    kinds = _kinds(db, place, joined)
    found = []
    for head, members in joined.members().items():
        some = tuple(ids[number] for number in members)
        own = links[head]
        line = GroupLine(
            listing_ids=some,
            sellers=len({owners[key] for key in some if key in owners}),
            links=len(own),
            probability=max(probability for probability, _ in own),
            confirmed=sum(confirmed for _, confirmed in own),
            kinds=tuple(sorted(kinds.get(head, ()), key=_RANK.__getitem__)),
        )
        if (sellers < 2 or line.sellers >= sellers) and (not kind or kind in line.kinds):
            found.append(line)
    found.sort(key=_order)
    return GroupPage(tuple(found[start : start + limit]), len(found))


def _order(line: GroupLine) -> tuple[int, int, int, int]:
    grave = min((_RANK[kind] for kind in line.kinds), default=len(_RANK))
    return grave, -line.sellers, -len(line.listing_ids), line.listing_ids[0]


def _sellers(db: Database, ids: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        sql = f"SELECT id, seller FROM listings WHERE seller <> '' AND id IN ({places(page)})"  # noqa: S608
        found |= dict(db.conn.execute(sql, page).fetchall())
    return found


def _kinds(db: Database, place: dict[int, int], joined: Groups) -> dict[int, set[str]]:
    """The kinds of alerts that wait, by a group's first member."""
    found: dict[int, set[str]] = {}
    sql = "SELECT listing_id, kind FROM watch_alerts WHERE state = 'open'"
    for listing_id, kind in db.conn.execute(sql):
        if listing_id in place:
            found.setdefault(joined.first(place[listing_id]), set()).add(kind)
    return found
