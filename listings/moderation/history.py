"""What has been said and done about one listing, read back: verdicts, decisions, appeals.

Nothing is decided here. Everything that was taken back is told too, with who did so: a listing's
story is complete or it is none.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, Final

from sqlite_utils import Database

from listings.listing import Listing
from listings.stored import places
from support.database import Row, one

from .appeals import Appeal, of_case
from .cases import Case, Report, Sign, of_listing, reports, signs
from .classes import LEGAL, Reason
from .policy import Policy, Thresholds

MOST: Final = 50  # of each kind that a page shows
_REASON: Final = tuple(part.name for part in fields(Reason))


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """What a listing was found to be once, and what a policy made of it."""

    id: int
    policy: str  # version
    mode: str  # live or shadow
    model: str  # version; "" where rules alone judged
    label: str  # the class that the action speaks of
    probabilities: dict[str, float]
    action: str
    threshold: float | None
    reason: str
    reasons: tuple[Reason, ...]  # the strongest first
    thresholds: dict[str, Thresholds]  # of the policy, by class
    at: str
    fresh: bool  # on the listing as it is now


@dataclass(frozen=True, slots=True)
class PastDecision:
    """One decision, whether it stands or not."""

    id: int
    made_by: str  # person, policy or import
    actor: str
    agent_id: int | None
    label: str
    action: str
    reason: str
    model: str
    policy: str  # version; "" of a person's
    threshold: float | None
    appeal_id: int | None  # that it settled
    together: str
    at: str
    replaced_by: int | None
    undone_at: str | None
    undone_by: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What changed for buyers."""

    action: str  # hide or show
    cause: str  # decided or undone
    decision_id: int
    at: str


@dataclass(frozen=True, slots=True)
class Story:
    """All of one listing's case; empty where nothing was ever said of it."""

    case: Case | None
    verdicts: list[PastVerdict]
    decisions: list[PastDecision]
    reports: list[Report]
    signs: list[Sign]
    appeals: list[Appeal]
    actions: list[Shown]


def story(db: Database, listing_id: int) -> Story:
    """What has been said and done about a listing, the newest first."""
    case = of_listing(db, listing_id)
    found = verdicts(db, listing_id)
    if case is None:
        return Story(None, found, [], [], [], [], [])
    return Story(
        case,
        found,
        decisions(db, case.id),
        reports(db, case.id)[::-1],
        signs(db, case.id)[::-1],
        of_case(db, case.id)[::-1],
        actions(db, case.id),
    )


def verdicts(db: Database, listing_id: int, *, limit: int = MOST) -> list[PastVerdict]:
    """What a listing was found to be, the newest first."""
    sql = """
        SELECT v.*, v.revision = l.revision AS fresh, p.version, p.content
        FROM moderation_verdicts v JOIN moderation_policies p ON p.id = v.policy_id
        JOIN listings l ON l.id = v.listing_id
        WHERE v.listing_id = ? ORDER BY v.id DESC LIMIT ?
    """
    return [_verdict(row) for row in db.query(sql, [listing_id, limit])]


def last_verdict(db: Database, listing_id: int) -> PastVerdict | None:
    """The last verdict: of the live policy where there is one, else of one in the shadow."""
    sql = """
        SELECT v.*, v.revision = l.revision AS fresh, p.version, p.content
        FROM moderation_verdicts v JOIN moderation_policies p ON p.id = v.policy_id
        JOIN listings l ON l.id = v.listing_id
        WHERE v.listing_id = ? ORDER BY v.mode = 'live' DESC, v.id DESC LIMIT 1
    """
    row = one(db, sql, [listing_id])
    return None if row is None else _verdict(row)


def decisions(db: Database, case_id: int, *, limit: int = MOST) -> list[PastDecision]:
    """The decisions on a case, the newest first."""
    sql = """
        SELECT d.id, d.made_by, d.actor, d.agent_id, d.label, d.action, d.reason, d.model,
            coalesce(p.version, '') AS policy, d.threshold, d.appeal_id, d.together, d.at,
            d.replaced_by, d.undone_at, d.undone_by
        FROM moderation_decisions d LEFT JOIN moderation_policies p ON p.id = d.policy_id
        WHERE d.case_id = ? ORDER BY d.id DESC LIMIT ?
    """
    return [PastDecision(**row) for row in db.query(sql, [case_id, limit])]


def actions(db: Database, case_id: int, *, limit: int = MOST) -> list[Shown]:
    """What changed for buyers, the last first."""
    sql = """
        SELECT action, cause, decision_id, at FROM moderation_actions
        WHERE case_id = ? ORDER BY id DESC LIMIT ?
    """
    return [Shown(**row) for row in db.query(sql, [case_id, limit])]


def why_open(db: Database, case_ids: list[int]) -> dict[int, list[str]]:
    """Why some cases wait: report, appeal, and the kinds of signs, each once."""
    marks = places(case_ids)
    sql = f"""
        SELECT case_id, 'report' AS kind FROM moderation_reports
        WHERE closed_by IS NULL AND case_id IN ({marks})
        UNION SELECT d.case_id, 'appeal' FROM appeals a
        JOIN moderation_decisions d ON d.id = a.decision_id
        WHERE a.state = 'open' AND d.case_id IN ({marks})
        UNION SELECT case_id, kind FROM moderation_signs
        WHERE closed_by IS NULL AND case_id IN ({marks})
        ORDER BY 1, 2
    """  # noqa: S608 - only question marks are put in
    found: dict[int, list[str]] = {}
    for case_id, kind in db.conn.execute(sql, case_ids * 3):
        found.setdefault(case_id, []).append(kind)
    return found


def stamp(db: Database, case: Case) -> str:
    """What a person sees of a case, in short: equal as long as nothing new has come to it."""
    return stamps(db, [case.id])[case.id]


def stamps(db: Database, case_ids: Sequence[int]) -> dict[int, str]:
    """`stamp` of some cases by id; those gone are left out."""
    sql = f"""
        SELECT c.id, l.updated_at, l.revision,
            (SELECT max(id) FROM moderation_reports WHERE case_id = c.id),
            -- Whoever reported it may say later that it is one for lawyers.
            (SELECT count(*) FROM moderation_reports WHERE case_id = c.id AND label = '{LEGAL}'),
            (SELECT max(id) FROM moderation_signs WHERE case_id = c.id),
            (SELECT max(id) FROM moderation_decisions WHERE case_id = c.id),
            (SELECT count(*) FROM moderation_decisions WHERE case_id = c.id
                AND undone_at IS NOT NULL),
            (SELECT max(a.id) FROM appeals a JOIN moderation_decisions d ON d.id = a.decision_id
                WHERE d.case_id = c.id AND a.state = 'open')
        FROM moderation_cases c JOIN listings l ON l.id = c.listing_id
        WHERE c.id IN ({places(list(case_ids))})
    """  # noqa: S608 - only question marks and a class are put in
    return {
        row[0]: ".".join(str(part or 0) for part in row[1:])
        for row in db.conn.execute(sql, list(case_ids))
    }


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a listing, and what speaks in them; None: nothing."""

    text: str
    reason: Reason | None


def pieces(listing: Listing, reasons: tuple[Reason, ...]) -> tuple[list[Piece], list[Piece]]:
    """Title and description cut where reasons were found in them; of two on one place, the heavier.

    Args:
        listing: as it was when it was judged.
        reasons: those of the verdict.
    """
    text = listing.text
    owner: list[Reason | None] = [None] * len(text)
    for reason in sorted(reasons, key=lambda part: part.weight):
        if 0 <= reason.start < reason.stop <= len(text):
            owner[reason.start : reason.stop] = [reason] * (reason.stop - reason.start)
    head = len(Listing(listing.title).text)
    return _cut(text, owner, 0, head), _cut(text, owner, head + bool(head), len(text))


def _cut(text: str, owner: list[Reason | None], start: int, stop: int) -> list[Piece]:
    found: list[Piece] = []
    for _, some_places in groupby(range(start, stop), key=lambda place: id(owner[place])):
        some = list(some_places)
        found.append(Piece(text[some[0] : some[-1] + 1], owner[some[0]]))
    return found


def _verdict(row: Row) -> PastVerdict:
    policy = Policy.from_dict(json.loads(row["content"]))
    written: list[dict[str, Any]] = json.loads(row["words"])
    return PastVerdict(
        id=row["id"],
        policy=row["version"],
        mode=row["mode"],
        model=row["model"],
        label=row["label"],
        probabilities=json.loads(row["probabilities"]),
        action=row["action"],
        threshold=row["threshold"],
        reason=row["reason"],
        reasons=tuple(
            Reason(**{name: part[name] for name in _REASON if name in part}) for part in written
        ),
        thresholds=dict(policy.thresholds),
        at=row["at"],
        fresh=bool(row["fresh"]),
    )
