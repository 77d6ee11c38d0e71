"""Reports and decisions made before this desk, or beside it: taken over, and read back as truth.

What is taken over hides nothing here and gives no strikes; it tells what listings were found to be
and how often reporters were right, and the machine treats it as a person's word.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from support.audit import Actor
from support.clock import now
from support.database import Row, insert, scalar, write
from support.errors import InputError
from support.seal import Seal

from .cases import ensure, settle, standing
from .classes import CLASSES, PASS, PROBLEMS
from .decisions import New, make
from .masking import masked
from .reports import MAX_WORDS
from .sample import UNSELECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class PastReport:
    """A report as a file gives it."""

    external_id: str
    reporter: str = ""
    label: str = ""
    words: str = ""
    at: str = ""  # ISO 8601 in UTC; "": when it is taken over


@dataclass(frozen=True, slots=True)
class Past:
    """What people decided, here or before."""

    case_id: int
    listing_id: int
    label: str
    action: str
    made_by: str  # person or import
    at: str
    sampled: bool  # drawn by chance


def add_past(
    db: Database,
    seal: Seal,
    actor: Actor,
    listing_id: int,
    *,
    label: str,
    reason: str = "",
    at: str = "",
    drawn: bool = False,
    reports: tuple[PastReport, ...] = (),
) -> int | None:
    """Take over what was decided on a listing, with the reports that it closed.

    Args:
        db: the desk's database.
        seal: its key.
        actor: who takes it over.
        listing_id: the listing, stored before.
        label: what it was found to be.
        reason: as given; masked.
        at: when it was decided; now without it. Reports that came later wait on, as does whatever
            else asks people to look.
        drawn: chance chose it to be looked at, whatever was said of it: bounds may rest on it.
        reports: those that led to it.

    Returns:
        The decision's id; None where this listing was decided on already, and all is left as it is.

    Raises:
        NotFoundError: there is no such listing.
        InputError: there is no such class, or it was decided later than now.
    """
    if label not in CLASSES:
        raise InputError(f"No class {label!r}. There are: {', '.join(CLASSES)}.")
    moment = _past(at) or now()
    with write(db):
        case = ensure(db, listing_id)
        if standing(db, case.id) is not None:
            return None
        for report in reports:
            add_past_report(db, seal, listing_id, report, at=moment)
        new = New(
            made_by="import",
            label=label,
            # Whatever became of it there: this desk hides nothing that it did not see itself.
            action=PASS,
            reason=reason or "taken over",
            strikes=False,
            drawn=drawn,
            at=moment,
        )
        return make(db, actor, case, new)


def add_past_report(
    db: Database,
    seal: Seal,
    listing_id: int,
    report: PastReport,
    *,
    at: str = "",
    decision: Row | None = None,
) -> int | None:
    """Take over a report that waits still, or is closed by a decision.

    Args:
        db: the desk's database.
        seal: its key.
        listing_id: the listing.
        report: the report.
        at: when it came, where the report does not say so.
        decision: the standing one that came after it; None: it waits, or is closed by what
            `add_past` makes next.

    Returns:
        Its id; None where it was taken over before.

    Raises:
        NotFoundError: there is no such listing.
        InputError: there is no such class to report, or it came later than now.
    """
    if report.label and report.label not in PROBLEMS:
        raise InputError(f"Nothing is reported as {report.label!r}. Map it to one of {PROBLEMS}.")
    with write(db):
        case = ensure(db, listing_id)
        source = scalar(db, "SELECT source FROM listings WHERE id = ?", [listing_id])
        external_id = f"{source}:{report.external_id}"
        known = "SELECT 1 FROM moderation_reports WHERE external_id = ?"
        if scalar(db, known, [external_id]) is not None:
            return None
        row = {
            "case_id": case.id,
            "external_id": external_id,
            "reporter": seal.customer(source, report.reporter),
            "label": report.label,
            "words": masked(db, report.words)[:MAX_WORDS],
            "braked": int(not report.reporter),
            "at": _past(report.at or at) or (decision["at"] if decision else now()),
            "closed_by": decision["id"] if decision else None,
        }
        report_id = insert(db, "moderation_reports", row)
        settle(db, case.id)
    return report_id


def _past(at: str) -> str:
    if at > now():
        raise InputError(f"{at} is later than now: what is taken over is past.")
    return at


def past_decisions(db: Database, *, before: str = "") -> Iterator[Past]:
    """What people found listings to be, each by the decision in force: what a model learns from.

    The machine's own decisions are left out, and so are those that an appeal waits on, and those on
    words or pictures that are others now.

    Args:
        db: the desk's database.
        before: decisions earlier than this only; "": all.
    """
    sql = f"""
        SELECT c.id AS case_id, c.listing_id, d.label, d.action, d.made_by, d.at,
            {UNSELECTED} AS sampled
        FROM moderation_cases c JOIN moderation_decisions d ON d.id = (
            SELECT max(id) FROM moderation_decisions WHERE case_id = c.id AND undone_at IS NULL
        )
        JOIN listings l ON l.id = c.listing_id
        WHERE d.made_by <> 'policy' AND (? = '' OR d.at < ?) AND d.revision = l.revision
        AND NOT EXISTS (SELECT 1 FROM appeals a WHERE a.decision_id = d.id AND a.state = 'open')
        ORDER BY c.id
    """  # noqa: S608 - only a statement of ours is put in
    for row in db.query(sql, [before, before]):
        yield Past(**(row | {"sampled": bool(row["sampled"])}))
