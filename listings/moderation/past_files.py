"""The rows of files of handled reports and decisions, as the desk understands them.

Cells are whatever somebody wrote: what is quoted from them, to say why a row cannot be used, is
masked first and cut then.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from listings.collect_columns import guess
from listings.store import GENERATED
from support import clock
from support.errors import InputError, MappingError
from support.importing.conversation import Rejected
from support.importing.files import rows

from .classes import CLASSES, PROBLEMS
from .decisions_past import PastReport

MAX_QUOTED: Final = 80  # characters of a cell
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
_WHOLE: Final = "whole row"
_YES: Final = ("1", "true", "yes", "y", "예")
_NO: Final = ("", "0", "false", "no", "n", "none", "아니오", "아니요")


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A decision as a file gives it."""

    label: str
    reason: str
    at: str  # ISO 8601 in UTC; "": unknown
    drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How files are read."""

    labels: Mapping[str, str]  # what a class is called, to what it is called here; without case
    masked: Callable[[str], str]
    zone: tzinfo  # of times that name none
    reject: Callable[[Rejected], None]  # told of each row that cannot be used

    def decisions(self, file: Path) -> Iterator[tuple[str, PastDecision]]:
        """Each decision with the listing's id where it is from.

        Raises:
            ImportFileError: the file cannot be read.
            MappingError: a column that must be there is not.
        """
        for line, row in self._rows(file, DECISIONS, ("listing", "label")):
            try:
                drawn = row.get("drawn", "").casefold()
                if drawn not in _YES + _NO:
                    raise InputError(f"drawn is 1 or 0, got {self.quoted(drawn)}")
                label = self._label(row, among=CLASSES)
                if not label:
                    raise InputError("it has no label")
                past = PastDecision(label, row.get("reason", ""), self._moment(row), drawn in _YES)
                yield self._listing(row), past
            except InputError as error:
                self.reject(Rejected(file.name, line, str(error)))

    def reports(self, file: Path) -> Iterator[tuple[str, PastReport]]:
        """Each report with the listing's id where it is from.

        Raises:
            ImportFileError: the file cannot be read.
            MappingError: a column that must be there is not.
        """
        for line, row in self._rows(file, REPORTS, ("listing",)):
            try:
                past = PastReport(
                    external_id=row.get("id", "") or row[_WHOLE],
                    reporter=row.get("reporter", ""),
                    label=self._label(row, among=PROBLEMS),
                    words=row.get("words", ""),
                    at=self._moment(row),
                )
                yield self._listing(row), past
            except InputError as error:
                self.reject(Rejected(file.name, line, str(error)))

    def quoted(self, cell: str) -> str:
        """A cell as an error may say it."""
        return repr(self.masked(cell)[:MAX_QUOTED])

    def _rows(
        self, file: Path, roles: Mapping[str, tuple[str, ...]], needed: Sequence[str]
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """A file's rows with their lines: by role, what the cell says; under `_WHOLE` an id."""
        columns: dict[str, str] = {}
        for line, row in rows(file):
            if isinstance(row, Rejected):
                self.reject(row)
                continue
            if any(role not in columns for role in needed):
                taken = set(columns.values())
                for role, known in roles.items():
                    if role not in columns and (name := guess(list(row), known, taken)):
                        columns[role] = name
                        taken.add(name)
                for role in needed:
                    if role not in columns:
                        there = ", ".join(self.quoted(name) for name in list(row)[:30])
                        raise MappingError(
                            f"{file.name} has no column {roles[role][0]!r}; there are {there}. "
                            f"Rename the one that it is."
                        )
            yield (
                line,
                {role: _text(row.get(name)) for role, name in columns.items()}
                | {_WHOLE: _made_up(row)},
            )

    def _listing(self, row: Mapping[str, str]) -> str:
        listing = row.get("listing", "")
        if not listing:
            raise InputError("it names no listing")
        return listing

    def _label(self, row: Mapping[str, str], *, among: Sequence[str]) -> str:
        text = row.get("label", "")
        label = self.labels.get(text.casefold(), "") if text else ""
        if text and label not in among:
            said = self.quoted(text)
            raise InputError(
                f"{said} is none of {', '.join(among)}; say what it stands for: "
                f"--label '{said[1:-1]}=...'"
            )
        return label

    def _moment(self, row: Mapping[str, str]) -> str:
        text = row.get("at", "")
        try:
            moment = clock.parse(text, zone=self.zone) if text else ""
        except ValueError:
            raise InputError(
                f"{self.quoted(text)} is no time between {clock.YEARS[0]} and {clock.YEARS[-1]}; "
                f"write it as 2026-11-03T08:15:00Z"
            ) from None
        if moment > clock.now():
            raise InputError(f"{self.quoted(text)} is later than now; times without a zone are "
                             f"taken as of {self.zone}")  # fmt: skip
        return moment


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value if value is not None else "").strip()


def _made_up(row: Mapping[str, Any]) -> str:
    """An id for a row without one: the same row again is the same report."""
    words = json.dumps({key: str(row[key]) for key in sorted(row)}, ensure_ascii=False)
    return GENERATED + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
