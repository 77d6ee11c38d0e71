"""What policies rest on and are tried by: a model's rows, and the marketplace's share of problems.

Holds the models that it was asked about; of policies it stores nothing (`policy_desk` does).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support import releases, shelf
from support.database import scalar
from support.errors import ModelError
from support.workspace import Workspace

from .backtest import Backtest, backtest
from .model import KIND
from .moderator import model_folder
from .policy import Policy
from .policy_evidence import BaseRate, Judged
from .policy_rows import Evidence, ModelRows, Progress
from .policy_store import StoredPolicy, in_mode
from .sample import base_rate

_KEPT: Final = 3  # models that are held in memory: in force, a candidate, the live policy's


@dataclass(frozen=True, slots=True)
class Ground:
    """What a policy is chosen and measured by."""

    release: str  # of the model; "" where it is in none
    rows: ModelRows
    evidence: Evidence
    base: BaseRate

    @property
    def model(self) -> str:
        """The model's version, as verdicts and policies name it."""
        return self.evidence.model

    def about(self) -> dict[str, Any]:
        """Plain JSON, stored with a policy that rests on it."""
        found = self.evidence
        return {
            "release": self.release,
            "rows": {"all": len(found.rows), "held_out": found.held_out, "later": found.later,
                     "normals": found.normals, "problems": found.problems},
            "base": asdict(self.base),
        }  # fmt: skip


class PolicyDesk:
    """The policies of one workspace; holds the models that it was asked about."""

    def __init__(self, workspace: Workspace) -> None:
        self._models = workspace.models
        self._images = workspace.home / "images"
        self._workspace = workspace
        self._rows: dict[Path, ModelRows] = {}

    def ground(
        self,
        db: Database,
        *,
        release: str = "",
        problems: float | None = None,
        most: int | None = None,
        progress: Progress = lambda done, total, message: None,
    ) -> Ground:
        """What policies for a model may rest on.

        Args:
            db: the desk's database.
            release: a release of the line moderation; "": the one in force.
            problems: the marketplace's share of problem listings; None: as the random sample says.
            most: so many listings are judged at once at most, as in `ModelRows.evidence`.
            progress: as there.

        Raises:
            ModelMissingError: there is no moderation model.
            ModelError: it cannot be used.
            NotFoundError: there is no such release.
            InputError: the share is none.
        """
        base = base_rate(db) if problems is None else BaseRate(stated=problems)
        if release:
            found = shelf.described(self._workspace, db, release, line=KIND)
            name, folder = found.name, self._models / KIND / found.parts[KIND]
        else:
            folder = model_folder(self._models)
            current = releases.in_force(self._models, line=KIND)
            name = current.name if current else ""
        rows = self._of(folder)
        found_rows = rows.evidence(db, self._images, most=most, progress=progress)
        return Ground(name, rows, found_rows, base)

    def ground_of(
        self,
        db: Database,
        stored: StoredPolicy,
        *,
        problems: float | None = None,
        most: int | None = None,
        progress: Progress = lambda done, total, message: None,
    ) -> Ground:
        """What a stored policy rests on by now: its own model's rows, in force or not.

        One that was made for no model, or for one that is gone, rests on the model in force.

        Args:
            db: the desk's database.
            stored: the policy.
            problems: the marketplace's share of problem listings; None: as its maker stated it, or
                as the random sample says.
            most: as in `ground`.
            progress: as in `ground`.

        Raises:
            ModelError: as `ground`.
        """
        if problems is None:
            problems = stored.evidence.get("base", {}).get("stated")
        release = ""
        version = self._version(db, stored.policy.model)
        for found in shelf.listed(self._workspace, db, line=KIND) if version else ():
            if found.parts.get(KIND) == version and found.state != "pruned":
                release = found.name
        return self.ground(db, release=release, problems=problems, most=most, progress=progress)

    def _version(self, db: Database, model: str) -> str:
        """The folder's name of a model that a policy or verdict names; "" where it is gone."""
        sql = "SELECT version FROM models WHERE kind = ? AND hash = ?"
        return str(scalar(db, sql, [KIND, model]) or "")

    def backtest(self, db: Database, ground: Ground, policy: Policy) -> Backtest:
        """Try a policy on past decisions, and set it against the live one where there is one.

        Where the live one was made for another model, both are tried on the decisions that neither
        model has learned from, each by what its own model says.

        Raises:
            InputError: there are no such decisions.
        """
        live = in_mode(db, "live")
        rows = ground.evidence.rows
        if live is None:
            return backtest(rows, policy, ground.base)
        if live.policy.model == ground.model or not live.policy.model:
            return backtest(rows, policy, ground.base, other=(live.version, live.policy, rows))
        theirs = self._theirs(db, live.policy.model)
        both = [row for row in rows if row.listing_id in theirs]
        if not both:
            return backtest(rows, policy, ground.base)
        other = [replace(theirs[row.listing_id], truth=row.truth, category=row.category)
                 for row in both]  # fmt: skip
        return backtest(both, policy, ground.base, other=(live.version, live.policy, other))

    def _theirs(self, db: Database, model: str) -> Mapping[int | None, Judged]:
        """Rows of another model by listing; none where it is gone."""
        version = self._version(db, model)
        if not version:
            return {}
        try:
            found = self._of(self._models / KIND / version).evidence(db, self._images)
        except ModelError:
            return {}
        return {row.listing_id: row for row in found.rows if row.listing_id is not None}

    def _of(self, folder: Path) -> ModelRows:
        found = self._rows.pop(folder, None)
        if found is None or not folder.is_dir():
            found = ModelRows(folder)
        self._rows[folder] = found  # the last asked for stays longest
        while len(self._rows) > _KEPT:
            del self._rows[next(iter(self._rows))]
        return found
