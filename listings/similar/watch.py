"""Watches new listings: those like a sanctioned seller's, repeats, one thing from several accounts.

Alerts are for people. Whoever's listing was copied is not accused: only the newer of two is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlite_utils import Database

from listings.stored import PAGE, places
from support.clock import ago, from_iso
from support.database import scalar, write
from support.errors import InputError

from .alerts import Alert, put_alert
from .catalogue import Catalogues
from .desk import SimilarListings
from .groups import put_links
from .looks import Look, Match
from .watch_again import known_reposts

MOST: Final = 60  # listings like one that are looked at
BATCH: Final = 100  # listings between two notes of how far it has read
_NAME: Final = "watch"

Progress = Callable[[int, int, str], None]
Tell = Callable[[Database, Alert], None]


@dataclass(frozen=True, kw_only=True)
class WatchRules:
    """What is worth an alert."""

    link: float = 0.85  # the probability from which two listings are linked
    sure: float = 0.9  # from which different accounts are
    days: int = 30  # the window in which repeats are counted
    repeats: int = 3  # listings of one thing by one seller within it
    catalogue: int = 10  # listings of one seller within it
    alike: float = 0.7  # the mean cosine of a catalogue's words to their middle

    def __post_init__(self) -> None:
        """Refuse what cannot be, naming it."""
        for name in ("link", "sure", "alike"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name} must lie in (0, 1], got {getattr(self, name)}.")
        for name, least in (("days", 1), ("repeats", 2), ("catalogue", 3)):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be {least} or more, got {getattr(self, name)}.")


@dataclass(slots=True)
class WatchReport:
    """What a run did."""

    looked: int = 0
    links: int = 0
    alerts: dict[str, int] = field(default_factory=dict)  # new ones, by kind


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    seller: str
    at: str

    @property
    def age(self) -> tuple[str, int]:
        """Later is greater."""
        return self.at, self.id


def watched_up_to(db: Database) -> int:
    """The last change that watching has looked at."""
    return int(scalar(db, "SELECT seq FROM watch_state WHERE name = ?", [_NAME]) or 0)


class Watch:
    """Looks at what changed since it looked last."""

    def __init__(
        self,
        similar: SimilarListings,
        *,
        rules: WatchRules | None = None,
        tell: Tell = lambda db, alert: None,
    ) -> None:
        """Take what finds similar listings, what is worth an alert, and who is told of a new one.

        `tell` is called within the transaction that keeps the alert: both happen, or neither.
        """
        self._similar = similar
        self._rules = rules or WatchRules()
        self._tell = tell

    def run(
        self,
        db: Database,
        *,
        sanctioned: Mapping[str, str],
        progress: Progress = lambda done, total, message: None,
    ) -> WatchReport:
        """Look at new and changed listings that are described; killed, the next run goes on.

        Args:
            db: the desk's database.
            sanctioned: sellers who may not sell, and why.
            progress: told listings done, all of them and what is done; may raise.

        Raises:
            IndexServerError: the vector engine is away; the next run goes on.
        """
        report = WatchReport()
        rules = self._rules
        catalogues = Catalogues(self._similar, days=rules.days, least=rules.catalogue)
        seen = watched_up_to(db)
        sql = "SELECT seq, listing_id FROM listing_changes WHERE seq > ? ORDER BY seq"
        changes = db.conn.execute(sql, [seen]).fetchall()
        for start in range(0, len(changes), BATCH):
            batch = changes[start : start + BATCH]
            some = [listing_id for _, listing_id in batch]
            rows = _rows(db, some)
            for look in self._similar.looks(db, some):
                if look.listing_id in rows:
                    self._look(db, look, rows[look.listing_id], sanctioned, catalogues, report)
            with write(db):
                db.conn.execute(
                    "INSERT INTO watch_state (name, seq) VALUES (?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
                    [_NAME, batch[-1][0]],
                )
            progress(start + len(some), len(changes), "watching listings")
        # What was looked at before may be a repost of somebody suspended since.
        for listing_id, seller, match in known_reposts(
            db, sorted(sanctioned), at_least=self._rules.link
        ):
            with write(db):
                self._repost(db, listing_id, seller, match, sanctioned[seller], report)
        return report

    def _look(
        self,
        db: Database,
        look: Look,
        row: _Row,
        sanctioned: Mapping[str, str],
        catalogues: Catalogues,
        report: WatchReport,
    ) -> None:
        rules = self._rules
        # What only words would find is not all: better later than half.
        matches = self._similar.like(db, look, top_k=MOST, at_least=rules.link, whole=True)
        others = _rows(db, [match.listing_id for match in matches])
        matches = [match for match in matches if match.listing_id in others]
        with write(db):
            version = self._similar.describer.text_version
            report.looked += 1
            report.links += put_links(db, row.id, matches, version=version)
            # The newer of two is the repost, whichever of them was looked at.
            for match in matches:
                other = others[match.listing_id]
                self._sanctioned(db, row, other, match, sanctioned, report)
            self._repeats(db, row, others, matches, report)
            self._accounts(db, row, others, matches, sanctioned, report)
            self._catalogue(db, row, look, catalogues, report)

    def _sanctioned(
        self,
        db: Database,
        row: _Row,
        other: _Row,
        match: Match,
        sanctioned: Mapping[str, str],
        report: WatchReport,
    ) -> None:
        if other.seller not in sanctioned or other.seller == row.seller or row.age < other.age:
            return
        self._repost(db, row.id, other.seller, match, sanctioned[other.seller], report)

    def _repost(
        self,
        db: Database,
        listing_id: int,
        seller: str,
        match: Match,
        why: str,
        report: WatchReport,
    ) -> None:
        detail = {"reason": why}
        new = put_alert(db, listing_id, "sanctioned", seller=seller, match=match, detail=detail)
        self._note(db, new, report)

    def _repeats(
        self,
        db: Database,
        row: _Row,
        others: Mapping[int, _Row],
        matches: list[Match],
        report: WatchReport,
    ) -> None:
        own = [m for m in matches if row.seller and others[m.listing_id].seller == row.seller]
        near = [m for m in own if self._within(row, others[m.listing_id])]
        newest = all(row.age > others[m.listing_id].age for m in near)
        if len(near) + 1 < self._rules.repeats or not newest:
            return
        detail = {"listings": len(near) + 1, "days": self._rules.days}
        new = put_alert(db, row.id, "repeat", seller=row.seller, match=near[0], detail=detail)
        self._note(db, new, report)

    def _accounts(
        self,
        db: Database,
        row: _Row,
        others: Mapping[int, _Row],
        matches: list[Match],
        sanctioned: Mapping[str, str],
        report: WatchReport,
    ) -> None:
        # Of sanctioned sellers another alert speaks already.
        passed = {"", row.seller, *sanctioned}
        sure = [
            match
            for match in matches
            if match.probability >= self._rules.sure
            and others[match.listing_id].seller not in passed
            and row.age > others[match.listing_id].age
        ]
        if not row.seller or not sure:
            return
        accounts = {others[match.listing_id].seller for match in sure} | {row.seller}
        detail = {"accounts": len(accounts), "listings": len(sure) + 1}
        new = put_alert(db, row.id, "accounts", match=sure[0], detail=detail)
        self._note(db, new, report)

    def _catalogue(
        self, db: Database, row: _Row, look: Look, catalogues: Catalogues, report: WatchReport
    ) -> None:
        """Many listings of one seller that read as from one form: a dealer, not a person."""
        if not row.seller or look.vector is None:
            return
        known = "SELECT 1 FROM watch_alerts WHERE kind = 'catalogue' AND seller = ? AND at >= ?"
        if scalar(db, known, [row.seller, ago(days=self._rules.days)]) is not None:
            return
        found = catalogues.around(db, row.seller, row.id)
        if found is None or found[1] < self._rules.alike:
            return
        count, alike = found
        detail = {"listings": count, "days": self._rules.days}
        new = put_alert(
            db, row.id, "catalogue", seller=row.seller, probability=alike, detail=detail
        )
        self._note(db, new, report)

    def _note(self, db: Database, new: Alert | None, report: WatchReport) -> None:
        if new is not None:
            report.alerts[new.kind] = report.alerts.get(new.kind, 0) + 1
            self._tell(db, new)

    def _within(self, row: _Row, other: _Row) -> bool:
        apart = from_iso(row.at) - from_iso(other.at)
        return abs(apart.total_seconds()) <= self._rules.days * 86_400


def _rows(db: Database, ids: list[int]) -> dict[int, _Row]:
    found: dict[int, _Row] = {}
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        sql = f"""
            SELECT id, seller, coalesce(nullif(posted_at, ''), collected_at) FROM listings
            WHERE id IN ({places(page)})
        """  # noqa: S608 - only question marks are put in
        found |= {row[0]: _Row(*row) for row in db.conn.execute(sql, page)}
    return found
