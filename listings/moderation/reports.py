"""Reports as they come: merged into the listing's case, braked in a flood, settled where they may.

Reporters are keyed hashes, made as sellers' are, and their words are masked before they are kept.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import ago, now
from support.database import insert, scalar, write
from support.errors import InputError, NotFoundError
from support.seal import Seal

from .cases import ensure, open_appeal, settle, standing, waits_by
from .classes import HIDE, LEGAL, PROBLEMS
from .masking import masked
from .policy_act import settle_reports
from .reporters import records
from .sanctions import rules

MAX_WORDS = 2000  # characters kept of what a reporter wrote


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a report."""

    report_id: int
    case_id: int
    merged: bool  # the same person's report waits already; nothing was added
    braked: bool  # it does not count towards settling
    settled: int | None  # the decision that the machine made now, or that closed it at once


def receive(
    db: Database,
    seal: Seal,
    actor: Actor,
    listing_id: int,
    *,
    reporter: str,
    label: str = "",
    words: str = "",
    model: str = "",
) -> Received:
    """Take a report in.

    Args:
        db: the desk's database.
        seal: its key.
        actor: through whom it came.
        listing_id: what is reported.
        reporter: the reporter's id where the listing is from; "": unknown, which never settles.
        label: the class they chose; "" none.
        words: what they wrote.
        model: the version of the model in force; "": none, and no machine settles anything.

    Raises:
        NotFoundError: there is no such listing.
        InputError: there is no such class to report.
    """
    if label and label not in PROBLEMS:
        raise InputError(f"Nothing is reported as {label!r}. There are: {', '.join(PROBLEMS)}.")
    with write(db):
        source = scalar(db, "SELECT source FROM listings WHERE id = ?", [listing_id])
        if source is None:
            raise NotFoundError(f"No listing {listing_id}.")
        who = seal.customer(source, reporter)
        case = ensure(db, listing_id)
        known = waits_by(db, case.id, who)
        if known is not None:
            if label == LEGAL and known.label != LEGAL:
                db.table("moderation_reports").update(known.id, {"label": LEGAL})
                settle(db, case.id)
            return Received(known.id, case.id, True, known.braked, None)
        decision = standing(db, case.id)
        # What is out of sight needs no second look, unless lawyers ask for one.
        moot = (
            decision is not None
            and decision["action"] == HIDE
            and label != LEGAL
            and open_appeal(db, case.id) is None
        )
        closed_by = decision["id"] if decision is not None and moot else None
        row = {
            "case_id": case.id,
            "reporter": who,
            "label": label,
            "words": masked(db, words)[:MAX_WORDS],
            "braked": int(_braked(db, who)),
            "late": int(moot),
            "at": now(),
            "closed_by": closed_by,
        }
        report_id = insert(db, "moderation_reports", row)
        settle(db, case.id)
        detail = {"case": case.id, "report": report_id, "label": label, "braked": row["braked"]}
        record(db, actor, "report.received", f"listing:{listing_id}", detail=detail)
        settled = closed_by if moot else settle_reports(db, case.id, model=model)
    return Received(report_id, case.id, False, bool(row["braked"]), settled)


def set_aside(db: Database, actor: Actor, reporter: str) -> int:
    """Brake all waiting reports of a reporter, as one who reports in bad faith; gives how many.

    Their cases stay open where anything else waits; people see the reports and that they are
    braked.
    """
    with write(db):
        sql = """
            SELECT id, case_id FROM moderation_reports
            WHERE reporter = ? AND reporter <> '' AND closed_by IS NULL AND braked = 0
        """
        found = list(db.query(sql, [reporter]))
        for row in found:
            db.table("moderation_reports").update(row["id"], {"braked": 1})
        for case_id in {row["case_id"] for row in found}:
            settle(db, case_id)
        detail = {"reports": [row["id"] for row in found]}
        record(db, actor, "reports.braked", f"reporter:{reporter}", detail=detail)
    return len(found)


def _braked(db: Database, reporter: str) -> bool:
    """Whether a report is one of a flood, of a muted reporter or of nobody."""
    if not reporter or records(db, [reporter])[reporter].muted:
        return True
    sql = """
        SELECT count(*) FROM moderation_reports WHERE reporter = ? AND reporter <> '' AND at > ?
    """
    return bool(scalar(db, sql, [reporter, ago(days=1)]) >= rules(db).reports_a_day)
