"""The rows that a policy's thresholds may rest on, for one model.

They are what was kept out of the model's training and calibration (`evidence.json` in its folder),
and what people decided since, as the model judges it now. What the model learned from, be it by a
rule's word alone, is never among them, nor a near duplicate of it, nor a listing whose words or
pictures are others now than those that were judged or decided on. The marketplace's share of
problems is stated, or counted where chance alone chose the listings; these rows hold more problems
than it.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support.artifact import read_artifact
from support.errors import ModelDamagedError

from ..listing import Listing
from ..stored import PAGE, load, places
from .classes import NORMAL, Verdict
from .decisions_past import past_decisions
from .model import KIND
from .moderator import Moderator
from .policy_evidence import Decided, Judged, is_problem
from .sample import decided
from .signals import signals_of

EVIDENCE: Final = "evidence.json"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What thresholds for one model may rest on."""

    model: str  # version
    rows: tuple[Judged, ...]
    held_out: int  # of the rows: kept out of training
    later: int  # of the rows: decided on since
    unjudged: int = 0  # decided on since, and not judged by this model yet

    @property
    def normals(self) -> int:
        """Normal listings that chance alone chose: what the bounds rest on."""
        return sum(row.truth == NORMAL and row.unselected for row in self.rows)

    @property
    def contested(self) -> int:
        """Normal listings that were reported or flagged: they prove nothing of the others."""
        return sum(row.truth == NORMAL and not row.unselected for row in self.rows)

    @property
    def problems(self) -> int:
        """Problems that may be hidden."""
        return sum(is_problem(row.truth) for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Listing:
    """A listing as it is now."""

    group: int  # of duplicates
    key: str  # of its words; "" where they are too few
    revision: int
    updated_at: str

    def like(self, taught: Set[int | str]) -> bool:
        """Whether it, or one like it, was learned from."""
        return self.group in taught or (self.key != "" and self.key in taught)


class ModelRows:
    """One model of the desk with what it was not taught, and what it has said since.

    Raises:
        ModelError: the model cannot be used, or says not what it learned from.
    """

    def __init__(self, folder: Path) -> None:
        artifact = read_artifact(folder, KIND)
        self.folder = folder
        self.version = artifact.version
        try:
            content = json.loads((folder / EVIDENCE).read_text(encoding="utf-8"))
            self._held_out = [(_held_out(row, content["labels"], self.version),
                               int(row["revision"])) for row in content["rows"]]  # fmt: skip
            self._learned = frozenset(content["learned"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelDamagedError(
                f"{folder / EVIDENCE} does not say what the model was not taught ({error}); no "
                f"bound can rest on it. Train again: faqdesk train moderation"
            ) from error
        self._moderator: Moderator | None = None
        self._said: dict[tuple[int, int, str], Verdict] = {}
        self._lock = threading.Lock()

    def evidence(
        self,
        db: Database,
        images: Path,
        *,
        most: int | None = None,
        progress: Progress = lambda done, total, message: None,
    ) -> Evidence:
        """Rows as people's decisions in force say.

        Args:
            db: the desk's database.
            images: the folder of pictures.
            most: so many listings are judged at once; the others are counted, and their turn comes
                with the next call. None: all.
            progress: told listings judged, all of them and what is done; may raise.
        """
        now = {row.listing_id: row for row in decided(db)}
        past = {row.listing_id: row.label for row in past_decisions(db)}
        here = [row.listing_id for row, _ in self._held_out if row.listing_id is not None]
        listings = _listings(db, {*here, *now})
        learned = _listings(db, self._learned)
        taught = {one.group for one in learned.values()} | {one.key for one in learned.values()}
        rows = []
        for row, revision in self._held_out:
            listing = listings.get(row.listing_id or 0)
            if row.listing_id is None or listing is None:
                rows.append(row)  # not of this desk, or forgotten since: what it was, it was
            elif row.listing_id not in past or listing.revision != revision or listing.like(taught):
                continue  # undone, appealed, others now, or learned from under another id
            elif row.listing_id in now:
                rows.append(now[row.listing_id].judged(row.verdict))
            else:
                rows.append(replace(row, truth=past[row.listing_id]))
        held = len(rows)
        taken = self._learned | {row.listing_id for row in rows}
        fresh = [
            row
            for row in now.values()
            if row.listing_id not in taken and not listings[row.listing_id].like(taught)
        ]
        said, unjudged = self._judged(db, images, fresh, most, progress)
        rows += [row.judged(said[row.listing_id]) for row in fresh if row.listing_id in said]
        return Evidence(self.version, tuple(rows), held, len(rows) - held, unjudged)

    def _judged(
        self, db: Database, images: Path, rows: list[Decided], most: int | None, progress: Progress
    ) -> tuple[dict[int, Verdict], int]:
        """Verdicts by listing, and how many are wanting yet."""
        listings = _listings(db, [row.listing_id for row in rows])
        keys = {n: (n, one.revision, one.updated_at) for n, one in listings.items()}
        with self._lock:
            wanted = [n for n, key in keys.items() if key not in self._said]
            for listing_id, verdict in self._stored(db, wanted):
                self._said[keys[listing_id]] = verdict
            wanted = [n for n in wanted if keys[n] not in self._said]
            now = wanted if most is None else wanted[:most]
            for start in range(0, len(now), PAGE):
                page = now[start : start + PAGE]
                found = load(db, images, page)
                for listing_id, verdict in zip(found, self._ask(db, found), strict=True):
                    self._said[keys[listing_id]] = verdict
                progress(start + len(page), len(now), "judging listings")
            said = {n: self._said[key] for n, key in keys.items() if key in self._said}
        return said, len(wanted) - len(now)

    def _ask(self, db: Database, listings: Mapping[int, Listing]) -> list[Verdict]:
        if self._moderator is None:
            self._moderator = Moderator.load(self.folder)
        signals = signals_of(db, listings)
        return self._moderator.judge(
            list(listings.values()), [signals.get(n) for n in listings], reasons=False
        )

    def _stored(self, db: Database, ids: list[int]) -> list[tuple[int, Verdict]]:
        """What it has said of listings as they are now."""
        found: dict[int, Verdict] = {}
        for start in range(0, len(ids), PAGE):
            page = ids[start : start + PAGE]
            sql = f"""
                SELECT v.listing_id, v.probabilities FROM moderation_verdicts v
                JOIN listings l ON l.id = v.listing_id
                WHERE v.listing_id IN ({places(page)}) AND v.model = ? AND v.revision = l.revision
                ORDER BY v.id
            """  # noqa: S608 - only question marks are put in
            for listing_id, text in db.conn.execute(sql, [*page, self.version]):
                found[listing_id] = Verdict(json.loads(text), model=self.version)
        return list(found.items())


def _held_out(row: Mapping[str, Any], labels: list[str], model: str) -> Judged:
    said = dict(zip(labels, row["probabilities"], strict=True))
    total = sum(said.values())  # they were written with six digits
    return Judged(
        verdict=Verdict({label: p / total for label, p in said.items()}, model=model),
        truth=row["label"],
        unselected=bool(row["unselected"]),
        category=row["category"],
        listing_id=row["id"],
    )


def _listings(db: Database, ids: Iterable[int]) -> dict[int, _Listing]:
    """How listings are now; those that are gone are left out."""
    found: dict[int, _Listing] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), PAGE):
        page = wanted[start : start + PAGE]
        sql = f"""
            SELECT id, coalesce(duplicate_of, id), text_key, revision, updated_at FROM listings
            WHERE id IN ({places(page)})
        """  # noqa: S608 - only question marks are put in
        found |= {row[0]: _Listing(*row[1:]) for row in db.conn.execute(sql, page)}
    return found
