"""Sellers as people look at them: what they posted, what became of it, who has most strikes."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.clock import now
from support.database import scalar
from support.errors import NotFoundError

from .sanctions import Sanction, Strike, rules, sanctions, strikes, suggested


@dataclass(frozen=True, slots=True)
class SoldListing:
    """One listing of a seller, with the decision in force on it; "" where there is none."""

    id: int
    title: str
    collected_at: str
    hidden: bool
    waits: bool  # its case is open
    label: str
    action: str
    made_by: str
    decided_at: str


@dataclass(frozen=True, slots=True)
class Seller:
    """What a seller has to answer for."""

    seller: str  # keyed hash
    since: str  # when the account was opened; "" where nobody said
    listings: int
    hidden: int
    strikes: list[Strike]
    strength: float  # whole strikes by now
    sanctions: list[Sanction]
    suggested: tuple[str, int | None] | None  # kind and days, None: for good

    @property
    def active(self) -> list[Sanction]:
        """The sanctions that stand now."""
        return [sanction for sanction in self.sanctions if sanction.active]


@dataclass(frozen=True, slots=True)
class SellerRow:
    """A seller in a list."""

    seller: str
    listings: int
    strength: float
    suspended: bool
    warned: bool


def get(db: Database, seller: str) -> Seller:
    """What is known of a seller.

    Raises:
        NotFoundError: nobody of this name sells here.
    """
    # "seller <> ''", here and below: the index on sellers leaves those without one out.
    posted = "SELECT count(*) FROM listings WHERE seller = ? AND seller <> ''"
    listings = scalar(db, posted, [seller])
    found = sanctions(db, seller) if seller else []
    if not seller or not (listings or found):
        raise NotFoundError("No such seller. They go by the keyed hash that a listing shows.")
    hidden = """
        -- CROSS keeps the order: from the few of a seller, not from all that is hidden.
        SELECT count(*) FROM listings l CROSS JOIN moderation_cases c ON c.listing_id = l.id
        WHERE l.seller = ? AND l.seller <> '' AND c.hidden = 1
    """
    since = "SELECT max(seller_since) FROM listings WHERE seller = ? AND seller <> ''"
    given = strikes(db, seller)
    return Seller(
        seller=seller,
        since=str(scalar(db, since, [seller]) or ""),
        listings=int(listings),
        hidden=int(scalar(db, hidden, [seller])),
        strikes=given,
        strength=sum(strike.left for strike in given),
        sanctions=found,
        suggested=_suggested(db, seller, found),
    )


def _suggested(db: Database, seller: str, placed: list[Sanction]) -> tuple[str, int | None] | None:
    """What strikes suggest, where no such sanction and none that is harder stands."""
    found = suggested(db, seller)
    kinds = {sanction.kind for sanction in placed if sanction.active}
    if found is None or "suspension" in kinds or found[0] in kinds:
        return None
    return found


def sold(
    db: Database, seller: str, *, without: int = 0, limit: int, offset: int = 0
) -> list[SoldListing]:
    """A seller's listings, the newest first.

    Args:
        db: the desk's database.
        seller: keyed hash.
        without: a listing to leave out.
        limit: how many.
        offset: how many to pass over.
    """
    sql = """
        SELECT l.id, l.title, l.collected_at, coalesce(c.hidden, 0) AS hidden,
            coalesce(c.state, '') AS state, coalesce(d.label, '') AS label,
            coalesce(d.action, '') AS action, coalesce(d.made_by, '') AS made_by,
            coalesce(d.at, '') AS decided_at
        FROM listings l LEFT JOIN moderation_cases c ON c.listing_id = l.id
        LEFT JOIN moderation_decisions d ON d.id = (
            SELECT max(id) FROM moderation_decisions WHERE case_id = c.id AND undone_at IS NULL
        )
        WHERE l.seller = ? AND l.seller <> '' AND l.id <> ? ORDER BY l.id DESC LIMIT ? OFFSET ?
    """
    return [
        SoldListing(
            id=row["id"],
            title=row["title"],
            collected_at=row["collected_at"],
            hidden=bool(row["hidden"]),
            waits=row["state"] == "open",
            label=row["label"],
            action=row["action"],
            made_by=row["made_by"],
            decided_at=row["decided_at"],
        )
        for row in db.query(sql, [seller, without, limit, offset])
    ]


# Strikes and sanctions as `sanctions` counts them one seller at a time, for all of them at once.
_COUNTED: Final = """
    WITH given AS (
        SELECT s.seller, sum(s.weight * pow(0.5,
            max(0, julianday(:now) - julianday(s.at)) / :half_life)) AS strength
        FROM strikes s JOIN moderation_decisions d ON d.id = s.decision_id
        WHERE d.undone_at IS NULL AND d.replaced_by IS NULL AND NOT EXISTS (
            SELECT 1 FROM appeals a WHERE a.decision_id = d.id AND a.state = 'open')
        GROUP BY s.seller
    ),
    placed AS (
        SELECT s.seller, max(s.kind = 'suspension') AS suspended, max(s.kind = 'warning') AS warned
        FROM sanctions s WHERE s.lifted_at IS NULL AND (s.until IS NULL OR s.until > :now)
        AND (s.decision_id IS NULL OR EXISTS (
            WITH RECURSIVE chain(id, next) AS (
                SELECT start.id, start.replaced_by FROM moderation_decisions start
                WHERE start.id = s.decision_id
                UNION ALL
                SELECT later.id, later.replaced_by FROM moderation_decisions later
                JOIN chain ON later.id = chain.next
            )
            SELECT 1 FROM chain JOIN moderation_decisions d ON d.id = chain.id
            WHERE chain.next IS NULL AND d.undone_at IS NULL AND d.action = 'hide'
        ))
        GROUP BY s.seller
    ),
    known AS (SELECT seller FROM given UNION SELECT seller FROM placed)
    SELECT k.seller, coalesce(g.strength, 0) AS strength, coalesce(p.suspended, 0) AS suspended,
        coalesce(p.warned, 0) AS warned,
        (SELECT count(*) FROM listings l WHERE l.seller = k.seller AND l.seller <> '') AS listings
    FROM known k LEFT JOIN given g ON g.seller = k.seller LEFT JOIN placed p ON p.seller = k.seller
"""
SHOWN: Final = ("", "suspended", "suggested")


def sellers(db: Database, *, only: str = "", limit: int, offset: int = 0) -> list[SellerRow]:
    """Sellers with a strike or a sanction that counts, the most against them first.

    Args:
        db: the desk's database.
        only: suspended; suggested: a strike or more and no sanction yet; "": all.
        limit: how many.
        offset: how many to pass over.
    """
    where = {
        "suspended": "WHERE suspended = 1",
        "suggested": "WHERE round(strength, 1) >= 1 AND suspended = 0 AND warned = 0",
    }.get(only, "")
    values = {
        "now": now(),
        "half_life": rules(db).strike_half_life_days,
        "limit": limit,
        "offset": offset,
    }
    sql = f"""
        SELECT * FROM ({_COUNTED}) {where}
        ORDER BY strength DESC, suspended DESC, seller LIMIT :limit OFFSET :offset
    """  # noqa: S608 - only statements of ours are put in
    return [
        SellerRow(
            seller=row["seller"],
            listings=row["listings"],
            strength=row["strength"],
            suspended=bool(row["suspended"]),
            warned=bool(row["warned"]),
        )
        for row in db.query(sql, values)
    ]
