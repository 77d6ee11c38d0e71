"""Reports and decisions from files: what a team had handled before this desk.

CSV, TSV, JSON or JSON Lines in any usual encoding. Listings are named by their ids where they come
from, and stored before. A report is closed by the decision that came after it; one that came later,
or whose listing nobody decided on, waits. A second import of the same rows adds nothing.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from listings.collect_columns import guess
from listings.store import GENERATED, ListingStore
from support import clock
from support.audit import Actor, record
from support.database import one, write
from support.errors import InputError, MappingError
from support.importing.conversation import Rejected
from support.importing.files import rows
from support.seal import Seal

from .cases import of_listing, standing
from .classes import CLASSES, PROBLEMS
from .decisions_past import PastReport, add_past, add_past_report

BATCH: Final = 250  # listings a transaction
MAX_REJECTIONS: Final = 1000  # that are kept; all are counted
_LISTING: Final = (
    "listing_id", "listing", "item_id", "product_id", "ad_id", "post_id", "상품번호", "게시글번호",
    "글번호",
)  # fmt: skip
# Of each column the names it goes by, the surest first; compared without case, blanks and signs.
REPORTS: Final[Mapping[str, tuple[str, ...]]] = {
    "listing": _LISTING,
    "id": ("report_id", "id", "신고번호", "번호"),
    "reporter": ("reporter", "reporter_id", "신고자", "신고자id", "user_id"),
    "label": ("label", "class", "type", "category", "신고유형", "신고사유", "유형", "분류"),
    "words": ("words", "text", "comment", "reason", "신고내용", "내용"),
    "at": ("at", "reported_at", "created_at", "신고일시", "신고일", "일시"),
}
DECISIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "listing": _LISTING,
    "label": ("label", "class", "decision", "result", "판정", "처리결과", "결과", "분류"),
    "reason": ("reason", "comment", "사유", "처리사유", "메모"),
    "at": ("at", "decided_at", "handled_at", "처리일시", "처리일", "일시"),
    "drawn": ("drawn", "sampled", "random_sample", "무작위", "표본"),
}
_YES: Final = ("1", "true", "yes", "y", "예")
_NO: Final = ("", "0", "false", "no", "n", "none", "아니오", "아니요")

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


@dataclass(frozen=True, slots=True)
class _Decision:
    label: str
    reason: str
    at: str
    drawn: bool


def import_past(
    db: Database,
    seal: Seal,
    *,
    source: str,
    decisions: Path | None = None,
    reports: Path | None = None,
    labels: Mapping[str, str] | None = None,
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
        actor: who imports.
        progress: told listings done, all of them and what is done; may raise.

    Raises:
        InputError: neither file is given, or `labels` names no class.
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
    decided = dict(_decisions(decisions, names, report)) if decisions else {}
    said: dict[str, list[PastReport]] = {}
    for listing, past in _reports(reports, names, report) if reports else ():
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
                        f"no listing {store.masked(listing)!r} of the source {source!r}; collect "
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
    decision: _Decision | None,
    said: Sequence[PastReport],
    report: PastImport,
) -> None:
    """One listing's decision with the reports that it closed, and the later ones."""
    case = of_listing(db, listing_id)
    before = standing(db, case.id) if case else None
    until = before["at"] if before else ""
    if decision is not None and before is None:
        until = decision.at or clock.now()
        closed = tuple(past for past in said if not past.at or past.at <= until)
        there = _count(db, listing_id)
        add_past(
            db, seal, actor, listing_id, label=decision.label, reason=decision.reason,
            at=decision.at, drawn=decision.drawn, reports=closed,
        )  # fmt: skip
        added = _count(db, listing_id) - there
        report.decisions += 1
        report.drawn += decision.drawn
        report.labels[decision.label] = report.labels.get(decision.label, 0) + 1
        report.reports += added
        report.reports_there += len(closed) - added
    elif decision is not None:
        report.decided_already += 1
    for past in said:
        if until and (not past.at or past.at <= until):
            # Closed with the decision just made, or settled here before: it waits for nothing.
            report.reports_there += before is not None
            continue
        if add_past_report(db, seal, listing_id, past) is None:
            report.reports_there += 1
        else:
            report.reports += 1
            report.waiting += 1


def _decisions(
    file: Path, names: Mapping[str, str], report: PastImport
) -> Iterator[tuple[str, _Decision]]:
    for line, row, columns in _rows(file, DECISIONS, ("listing", "label"), report):
        try:
            listing = _listing(row, columns)
            label = _label(row, columns, names, among=CLASSES)
            if not label:
                raise InputError("it has no label")
            drawn = _text(row, columns, "drawn").casefold()
            if drawn not in _YES + _NO:
                raise InputError(f"drawn is 1 or 0, got {drawn!r}")
            at = _moment(row, columns)
        except InputError as error:
            report.reject(Rejected(file.name, line, str(error)))
            continue
        yield listing, _Decision(label, _text(row, columns, "reason"), at, drawn in _YES)


def _reports(
    file: Path, names: Mapping[str, str], report: PastImport
) -> Iterator[tuple[str, PastReport]]:
    for line, row, columns in _rows(file, REPORTS, ("listing",), report):
        try:
            listing = _listing(row, columns)
            past = PastReport(
                external_id=_text(row, columns, "id") or _made_up(row),
                reporter=_text(row, columns, "reporter"),
                label=_label(row, columns, names, among=PROBLEMS),
                words=_text(row, columns, "words"),
                at=_moment(row, columns),
            )
        except InputError as error:
            report.reject(Rejected(file.name, line, str(error)))
            continue
        yield listing, past


def _rows(
    file: Path,
    roles: Mapping[str, tuple[str, ...]],
    needed: Sequence[str],
    report: PastImport,
) -> Iterator[tuple[int, dict[str, Any], dict[str, str]]]:
    """A file's rows with their lines and, by role, the column that it is."""
    columns: dict[str, str] = {}
    for line, row in rows(file):
        if isinstance(row, Rejected):
            report.reject(row)
            continue
        if any(role not in columns for role in needed):
            taken = set(columns.values())
            for role, known in roles.items():
                if role not in columns and (name := guess(list(row), known, taken)):
                    columns[role] = name
                    taken.add(name)
            for role in needed:
                if role not in columns:
                    raise MappingError(
                        f"{file.name} has no column {roles[role][0]!r}; there are "
                        f"{', '.join(map(repr, list(row)[:30]))}. Rename the one that it is."
                    )
        yield line, row, columns


def _listing(row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    listing = _text(row, columns, "listing")
    if not listing:
        raise InputError("it names no listing")
    return listing


def _label(
    row: Mapping[str, Any],
    columns: Mapping[str, str],
    names: Mapping[str, str],
    *,
    among: Sequence[str],
) -> str:
    text = _text(row, columns, "label")
    label = names.get(text.casefold(), "") if text else ""
    if text and label not in among:
        raise InputError(
            f"{text[:80]!r} is none of {', '.join(among)}; say what it stands for: "
            f"--label '{text[:80]}=...'"
        )
    return label


def _moment(row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    text = _text(row, columns, "at")
    try:
        return clock.parse(text) if text else ""
    except ValueError as error:
        raise InputError(str(error)) from error


def _text(row: Mapping[str, Any], columns: Mapping[str, str], role: str) -> str:
    value = row.get(columns.get(role, ""))
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value if value is not None else "").strip()


def _made_up(row: Mapping[str, Any]) -> str:
    """An id for a row without one: the same row again is the same report."""
    words = json.dumps({key: str(row[key]) for key in sorted(row)}, ensure_ascii=False)
    return GENERATED + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def _listing_id(db: Database, store: ListingStore, source: str, listing: str) -> int | None:
    sql = "SELECT id FROM listings WHERE source = ? AND external_id = ?"
    row = one(db, sql, [source, store.external_id(listing)])
    return int(row["id"]) if row else None


def _count(db: Database, listing_id: int) -> int:
    sql = """
        SELECT count(*) FROM moderation_reports r JOIN moderation_cases c ON c.id = r.case_id
        WHERE c.listing_id = ?
    """
    return int(db.conn.execute(sql, (listing_id,)).fetchone()[0])
