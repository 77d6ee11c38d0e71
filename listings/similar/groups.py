"""Groups of listings that are one thing: pairs joined by evidence, split and confirmed by people.

A group is whatever links lead to, but for pairs that somebody said are not the same; it is worked
out anew each time, so that a split or a new link counts at once.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlite_utils import Database

from listings.clean_groups import Groups
from listings.stored import places
from support.audit import Actor, record
from support.clock import now
from support.database import write
from support.errors import InputError, NotFoundError

from .apart import Pair, keep_apart, undo_apart
from .group_reach import STANDING, reach
from .looks import Match, Reason, turned

MOST_PARTED: Final = 5_000  # pairs of one split


@dataclass(frozen=True, slots=True)
class Link:
    """The evidence that two listings are one thing.

    In its reasons, `picture` is of the first listing and `other_picture` of the other.
    """

    first_id: int
    other_id: int
    probability: float
    reasons: tuple[Reason, ...]
    confirmed: bool  # by a person
    at: str


@dataclass(frozen=True, slots=True)
class ListingGroup:
    """Listings that are one thing, in order, who sells them, and every link between them."""

    listing_ids: tuple[int, ...]
    sellers: tuple[str, ...]  # keyed hashes, each once; unknown ones are not there
    links: tuple[Link, ...]

    @property
    def confirmed(self) -> bool:
        """Whether a person confirmed links that hold all of it together."""
        groups = Groups(len(self.listing_ids))
        place = {key: number for number, key in enumerate(self.listing_ids)}
        groups.join(
            (place[link.first_id], place[link.other_id]) for link in self.links if link.confirmed
        )
        return len({groups.first(number) for number in place.values()}) == 1


def put_links(db: Database, listing_id: int, matches: Iterable[Match], *, version: str) -> int:
    """Keep what a search found of one listing; older evidence that nobody confirmed goes.

    Returns:
        How many links there are now.
    """
    rows = [
        (
            min(listing_id, match.listing_id),
            max(listing_id, match.listing_id),
            match.probability,
            _written(match.reasons, turn=match.listing_id < listing_id),
            version,
            now(),
        )
        for match in matches
        if match.listing_id != listing_id
    ]
    with write(db):
        for side in ("first_id", "other_id"):  # one after the other: each has its index
            sql = f"DELETE FROM listing_links WHERE {side} = ? AND confirmed = 0"  # noqa: S608
            db.conn.execute(sql, [listing_id])
        db.conn.executemany(
            "INSERT INTO listing_links (first_id, other_id, probability, reasons, version, at) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (first_id, other_id) DO NOTHING",
            rows,
        )
    return len(rows)


def groups(db: Database, *, sellers: int = 1, limit: int = 100) -> list[ListingGroup]:
    """Groups of two and more listings, the largest first.

    Args:
        db: the desk's database.
        sellers: of so many different sellers at least; 2: those that several accounts post.
        limit: how many at most.
    """
    sql = f"SELECT first_id, other_id FROM listing_links AS k WHERE {STANDING}"  # noqa: S608
    pairs = db.conn.execute(sql).fetchall()
    ids = sorted({key for pair in pairs for key in pair})
    place = {key: number for number, key in enumerate(ids)}
    joined = Groups(len(ids))
    joined.join((place[first], place[other]) for first, other in pairs)
    members = sorted(joined.members().values(), key=lambda some: (-len(some), some))
    found: list[ListingGroup] = []
    for some in members:
        group = _group(db, [ids[number] for number in some])
        if len(group.sellers) >= sellers:
            found.append(group)
        if len(found) == limit:
            break
    return found


def group_of(db: Database, listing_id: int) -> ListingGroup:
    """The group of one listing; alone where nothing links it.

    Raises:
        NotFoundError: there is no such listing.
    """
    if not db.conn.execute("SELECT 1 FROM listings WHERE id = ?", [listing_id]).fetchone():
        raise NotFoundError(f"No listing {listing_id}.")
    return _group(db, reach(db, listing_id)[0])


def confirm(db: Database, actor: Actor, listing_id: int) -> ListingGroup:
    """Say that the whole group of a listing is one thing: its links stay, whatever is found later.

    Raises:
        NotFoundError: there is no such listing.
        InputError: nothing links it.
    """
    with write(db):
        group = group_of(db, listing_id)
        if not group.links:
            raise InputError(f"Nothing links listing {listing_id} to another.")
        pairs = [(link.first_id, link.other_id) for link in group.links if not link.confirmed]
        db.conn.executemany(
            "UPDATE listing_links SET confirmed = 1 WHERE first_id = ? AND other_id = ?", pairs
        )
        detail = {"listings": list(group.listing_ids), "pairs": pairs}
        record(db, actor, "group.confirmed", f"listing:{group.listing_ids[0]}", detail=detail)
    return group_of(db, listing_id)


def unconfirm(db: Database, actor: Actor, pairs: Iterable[Pair]) -> int:
    """Take a confirmation back, exactly: its links and no others.

    Args:
        db: the desk's database.
        actor: who acts.
        pairs: those that were confirmed, as the audit trail holds them.

    Returns:
        How many were confirmed still.
    """
    undone: list[Pair] = []
    with write(db):
        for first, other in pairs:
            cursor = db.conn.execute(
                "UPDATE listing_links SET confirmed = 0 "
                "WHERE first_id = ? AND other_id = ? AND confirmed = 1",
                [first, other],
            )
            if cursor.rowcount:
                undone.append((first, other))
        if undone:
            record(db, actor, "group.unconfirmed", "listings", detail={"pairs": undone})
    return len(undone)


def links_of(db: Database, listing_id: int, *, limit: int = 10) -> list[Link]:
    """What links one listing to others, the surest first."""
    sql = f"""
        SELECT first_id, other_id, probability, reasons, confirmed, at FROM listing_links AS k
        WHERE first_id = ? AND {STANDING}
        UNION ALL
        SELECT first_id, other_id, probability, reasons, confirmed, at FROM listing_links AS k
        WHERE other_id = ? AND {STANDING}
        ORDER BY probability DESC, first_id, other_id LIMIT ?
    """  # noqa: S608 - a sentence of our own is put in
    return [link_of(row) for row in db.conn.execute(sql, [listing_id, listing_id, limit])]


def split(db: Database, actor: Actor, listing_ids: Sequence[int]) -> list[Pair]:
    """Take some listings out of their group; among themselves they stay together.

    Args:
        db: the desk's database.
        actor: who acts.
        listing_ids: of one group, but not all of it.

    Returns:
        The pairs that were parted by this: what `unsplit` takes back.

    Raises:
        NotFoundError: there is no such listing.
        InputError: they are not of one group, are all of it, or are too many.
    """
    out = set(listing_ids)
    if not out:
        raise InputError("Name the listings to take out of their group.")
    with write(db):
        group = group_of(db, min(out))
        if stray := sorted(out - set(group.listing_ids)):
            raise InputError(f"Listing {stray[0]} is not in the group of listing {min(out)}.")
        rest = [key for key in group.listing_ids if key not in out]
        if not rest:
            raise InputError(
                "Leave at least one listing in the group, or there is nothing to part."
            )
        if len(out) * len(rest) > MOST_PARTED:
            raise InputError(
                f"Parting {len(out)} listings from {len(rest)} would be {len(out) * len(rest):,} "
                f"pairs; {MOST_PARTED:,} are the most. Part fewer at a time."
            )
        return keep_apart(db, actor, [(one, other) for one in sorted(out) for other in rest])


def unsplit(db: Database, actor: Actor, pairs: Iterable[Pair]) -> int:
    """Take a split back, exactly: its pairs and no others; returns how many were still parted."""
    return undo_apart(db, actor, pairs)


def _group(db: Database, ids: list[int]) -> ListingGroup:
    marks = places(ids)
    sql = f"""
        SELECT first_id, other_id, probability, reasons, confirmed, at FROM listing_links AS k
        WHERE first_id IN ({marks}) AND {STANDING} ORDER BY first_id, other_id
    """  # noqa: S608 - only question marks and a sentence of our own are put in
    links = tuple(link_of(row) for row in db.conn.execute(sql, ids))
    sql = f"SELECT DISTINCT seller FROM listings WHERE seller <> '' AND id IN ({marks}) ORDER BY 1"  # noqa: S608
    sellers = tuple(row[0] for row in db.conn.execute(sql, ids))
    return ListingGroup(tuple(ids), sellers, links)


def link_of(row: tuple[Any, ...]) -> Link:
    """A link as its row says: the two, probability, reasons, confirmed, when."""
    first, other, probability, written, confirmed, at = row
    return Link(first, other, probability, _reasons(written), bool(confirmed), at)


def _written(reasons: Iterable[Reason], *, turn: bool) -> str:
    """Reasons as they are stored; turned where the listing found comes first in the pair."""
    rows = [turned(reason) if turn else reason for reason in reasons]
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False)


def _reasons(written: str) -> tuple[Reason, ...]:
    return tuple(Reason(**row | {"words": tuple(row["words"])}) for row in json.loads(written))
