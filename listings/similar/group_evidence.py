"""One group as people look at it: who sells in it, and the links that hold it together.

Of a group of thousands only what is shown is read whole.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from listings.clean_groups import Groups
from listings.stored import PAGE, places
from support.errors import NotFoundError

from .apart import Pair
from .group_reach import reach
from .groups import Link, link_of


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who sells in a group; `seller` is a keyed hash, '' of those unknown."""

    seller: str
    listing_ids: tuple[int, ...]  # in this group
    others: int  # listings of theirs that are not in it; counted of those who are read whole


@dataclass(frozen=True, slots=True)
class Parting:
    """A listing that somebody took out of a group, or kept from it."""

    listing_id: int
    pairs: tuple[Pair, ...]  # with listings of the group: what puts it back
    actor: str
    at: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A group, and why it is one."""

    listing_ids: tuple[int, ...]
    accounts: tuple[Account, ...]  # those with most listings in it first
    links: tuple[Link, ...]  # those that it hangs together by first, then the surest
    n_links: int
    confirmed: bool  # by a person, so that it all hangs together
    parted: tuple[Parting, ...]


def evidence(db: Database, listing_id: int, *, links: int = 40, accounts: int = 40) -> Evidence:
    """The group of a listing; alone where nothing links it.

    Args:
        db: the desk's database.
        listing_id: one of its listings.
        links: how many of its links are read whole; others are counted.
        accounts: of how many of its accounts other listings are counted.

    Raises:
        NotFoundError: there is no such listing.
    """
    if not db.conn.execute("SELECT 1 FROM listings WHERE id = ?", [listing_id]).fetchone():
        raise NotFoundError(f"No listing {listing_id}.")
    ids, rows = reach(db, listing_id)
    rows.sort(key=lambda row: (-row[2], row[0], row[1]))
    holding = _holding(ids, [row[:2] for row in rows])
    rows.sort(key=lambda row: row[:2] not in holding)  # stable: the surest stay first
    sure = _holding(ids, [row[:2] for row in rows if row[3]])
    return Evidence(
        listing_ids=tuple(ids),
        accounts=_accounts(db, ids, accounts),
        links=tuple(_whole(db, row[:2]) for row in rows[:links]),
        n_links=len(rows),
        confirmed=len(ids) > 1 and len(sure) == len(ids) - 1,
        parted=_parted(db, ids),
    )


def _holding(ids: list[int], pairs: list[Pair]) -> set[Pair]:
    """The pairs that join what was not joined yet, taken in order."""
    place = {key: number for number, key in enumerate(ids)}
    groups = Groups(len(ids))
    return {
        (first, other)
        for first, other in pairs
        if first in place and other in place and groups.join([(place[first], place[other])])
    }


def _whole(db: Database, pair: Pair) -> Link:
    sql = """
        SELECT first_id, other_id, probability, reasons, confirmed, at FROM listing_links
        WHERE first_id = ? AND other_id = ?
    """
    return link_of(db.conn.execute(sql, pair).fetchone())


def _accounts(db: Database, ids: list[int], whole: int) -> tuple[Account, ...]:
    owned: dict[str, list[int]] = {}
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        sql = f"SELECT seller, id FROM listings WHERE id IN ({places(page)}) ORDER BY id"  # noqa: S608
        for seller, key in db.conn.execute(sql, page):
            owned.setdefault(seller, []).append(key)
    count = "SELECT count(*) FROM listings WHERE seller = ? AND seller <> ''"
    found: list[Account] = []
    for seller, own in sorted(owned.items(), key=lambda item: (-len(item[1]), item[0])):
        counted = seller and len(found) < whole
        every = db.conn.execute(count, [seller]).fetchone()[0] if counted else len(own)
        found.append(Account(seller, tuple(own), int(every) - len(own)))
    return tuple(found)


def _parted(db: Database, ids: list[int]) -> tuple[Parting, ...]:
    within = set(ids)
    found: dict[int, list[tuple[Pair, str, str]]] = {}
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        for side in ("first_id", "other_id"):
            sql = f"""
                SELECT first_id, other_id, actor, at FROM listing_apart
                WHERE {side} IN ({places(page)}) AND undone_at IS NULL ORDER BY id
            """  # noqa: S608 - only question marks and words of our own are put in
            for first, other, actor, at in db.conn.execute(sql, page):
                outside = {first, other} - within
                if len(outside) == 1:
                    found.setdefault(outside.pop(), []).append(((first, other), actor, at))
    return tuple(
        Parting(key, tuple(pair for pair, _, _ in said), said[-1][1], said[-1][2])
        for key, said in sorted(found.items())
    )
