"""Reports and decisions from files: what a team had handled before this desk.

CSV, TSV, JSON or JSON Lines in any usual encoding. Listings are named by their ids where they come
from, and stored before. A report is closed by the decision that came after it; one that came later,
or whose listing nobody decided on, waits. A second import of the same rows adds nothing, and it is
all the same whether reports or decisions come first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from listings.store import ListingStore
from support.audit import Actor, record
from support.database import one, write
from support.errors import InputError
from support.importing.conversation import Rejected
from support.seal import Seal

from .cases import of_listing, standing
from .classes import CLASSES, LEGAL
from .decisions_past import PastReport, add_past, add_past_report
from .past_files import PastDecision, Reader

BATCH: Final = 250  # listings a transaction
TIMEZONE: Final = "Asia/Seoul"  # of times that name none, as of inquiries
MAX_REJECTIONS: Final = 1000  # that are kept; all are counted
Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class PastImport:
    """What an import did."""

    decisions: int = 0  # added
    decided_already: int = 0  # listings whose decision on this desk stays
    drawn: int = 0  # of the added ones, chosen by chance
    reports: int = 0  # added
    reports_there: int = 0
    waiting: int = 0  # of the added ones, still to be decided
    labels: dict[str, int] = field(default_factory=dict)  # of the added decisions
    rejected: int = 0
    rejections: list[Rejected] = field(default_factory=list)

    def reject(self, item: Rejected) -> None:
        """Count a row that could not be used."""
        self.rejected += 1
        if len(self.rejections) < MAX_REJECTIONS:
            self.rejections.append(item)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def import_past(
    db: Database,
    seal: Seal,
    *,
    source: str,
    decisions: Path | None = None,
    reports: Path | None = None,
    labels: Mapping[str, str] | None = None,
    timezone: str = TIMEZONE,
    actor: Actor,
    progress: Progress = lambda done, total, message: None,
) -> PastImport:
    """Take handled reports and decisions over.

    Args:
        db: the desk's database.
        seal: its key.
        source: of the listings, as they were collected.
        decisions: a file with a row for each decision; the last of a listing counts.
        reports: a file with a row for each report.
        labels: what the files call a class, to what it is called here; others go by their names.
        timezone: of times that name none, as IANA calls it.
        actor: who imports.
        progress: told listings done, all of them and what is done; may raise.

    Raises:
        InputError: neither file is given, `labels` names no class, or there is no such time zone.
        ImportFileError: a file cannot be read.
        MappingError: a column that must be there is not.
    """
    if decisions is None and reports is None:
        raise InputError("Give a file of decisions, of reports, or both.")
    names = {label.casefold(): label for label in CLASSES}
    for theirs, ours in (labels or {}).items():
        if ours not in CLASSES:
            raise InputError(f"No class {ours!r}. There are: {', '.join(CLASSES)}.")
        names[theirs.strip().casefold()] = ours
    report = PastImport()
    store = ListingStore(db, seal)
    zone = _zone(timezone)
    reader = Reader(labels=names, masked=store.masked, zone=zone, reject=report.reject)
    decided = dict(reader.decisions(decisions)) if decisions else {}
    said: dict[str, list[PastReport]] = {}
    for listing, past in reader.reports(reports) if reports else ():
        past = replace(past, external_id=store.external_id(past.external_id))
        said.setdefault(listing, []).append(past)
    wanted = list(dict.fromkeys([*decided, *said]))
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        with write(db):
            for listing in some:
                listing_id = _listing_id(db, store, source, listing)
                if listing_id is None:
                    reason = (
                        f"no listing {reader.quoted(listing)} of the source {source!r}; collect "
                        f"listings first, or name their source: --source"
                    )
                    report.reject(Rejected("", 0, reason))
                    continue
                _take_over(
                    db, seal, actor, listing_id, decided.get(listing), said.get(listing, []), report
                )
        progress(min(start + BATCH, len(wanted)), len(wanted), "reports and decisions")
    with write(db):
        detail = {name: value for name, value in report.as_dict().items() if name != "rejections"}
        record(db, actor, "moderation.imported", f"source:{source}", detail=detail)
    return report


def _take_over(
    db: Database,
    seal: Seal,
    actor: Actor,
    listing_id: int,
    decision: PastDecision | None,
    said: Sequence[PastReport],
    report: PastImport,
) -> None:
    """One listing's decision, the reports that it closed, and those that wait."""
    case = of_listing(db, listing_id)
    before = standing(db, case.id) if case else None
    if decision is not None and before is None:
        add_past(
            db, seal, actor, listing_id, label=decision.label, reason=decision.reason,
            at=decision.at, drawn=decision.drawn,
        )  # fmt: skip
        report.decisions += 1
        report.drawn += decision.drawn
        report.labels[decision.label] = report.labels.get(decision.label, 0) + 1
        case = of_listing(db, listing_id)
        before = standing(db, case.id) if case else None
    elif decision is not None:
        report.decided_already += 1
    for past in said:
        # One without a moment came before whatever was decided. The machine settles nothing legal.
        closed = before is not None and (not past.at or past.at <= before["at"])
        if before is not None and before["made_by"] == "policy" and past.label == LEGAL:
            closed = False
        by = before if closed else None
        if add_past_report(db, seal, listing_id, past, decision=by) is None:
            report.reports_there += 1
        else:
            report.reports += 1
            report.waiting += by is None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"No time zone {name!r}. Write it as {TIMEZONE} or UTC.") from error


def _listing_id(db: Database, store: ListingStore, source: str, listing: str) -> int | None:
    sql = "SELECT id FROM listings WHERE source = ? AND external_id = ?"
    row = one(db, sql, [source, store.external_id(listing)])
    return int(row["id"]) if row else None
