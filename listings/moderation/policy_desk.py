"""Policies as people work with them: proposed, set by hand, tried on past decisions, kept.

Everything rests on one `Ground`: a model's rows (`policy_rows`) and the marketplace's share of
problems, stated or counted in the random sample. What is kept says which of both it rested on.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support import releases, shelf
from support.audit import Actor
from support.database import scalar
from support.errors import ModelError, ModelMissingError, SettingError
from support.workspace import Workspace

from .backtest import Backtest, backtest, keep
from .model import KIND
from .moderator import model_folder
from .policy import Bounds, Policy, Rules, Thresholds
from .policy_evidence import BaseRate, Judged, Measured
from .policy_rows import Evidence, ModelRows, Progress
from .policy_store import StoredPolicy, in_mode, policies, store
from .policy_thresholds import Chosen, choose_policy, unproven
from .policy_tuned import Standing, measure_tuned
from .sample import base_rate

PROPOSED, BY_HAND = "proposed", "by_hand"
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
        sql = "SELECT version FROM models WHERE kind = ? AND hash = ?"
        version = scalar(db, sql, [KIND, model])
        if version is None:
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


def template(db: Database, model: str) -> Policy:
    """What a new policy starts from: bounds, rules and categories of the live or newest one."""
    known = in_mode(db, "live") or in_mode(db, "shadow") or next(iter(policies(db)), None)
    if known is None:
        return unproven(model)
    new = unproven(model)
    return replace(
        new,
        bounds=known.policy.bounds,
        rules=known.policy.rules,
        no_hiding=known.policy.no_hiding,
        only_in=known.policy.only_in,
    )


def stated_share(db: Database) -> float | None:
    """The share of problems that the newest policy's maker stated; None where it was counted."""
    newest = next(iter(policies(db)), None)
    base = newest.evidence.get("base", {}) if newest else {}
    stated = base.get("stated")
    return None if stated is None else float(stated)


def propose(
    ground: Ground, start: Policy, *, bounds: Bounds | None = None, rules: Rules | None = None
) -> Chosen:
    """The loosest thresholds that keep the bounds.

    Args:
        ground: what they rest on.
        start: whose categories, rules and bounds are kept where none are given.
        bounds: others.
        rules: others.
    """
    policy = replace(
        start, model=ground.model, bounds=bounds or start.bounds, rules=rules or start.rules
    )
    return choose_policy(ground.evidence.rows, ground.base, policy)


def keep_proposed(
    db: Database, actor: Actor, ground: Ground, chosen: Chosen, *, note: str = ""
) -> StoredPolicy:
    """Store a proposed policy with what it rests on."""
    evidence = chosen.evidence() | ground.about() | {"made": PROPOSED}
    return store(db, actor, chosen.policy, evidence=evidence, note=note)


def by_hand(ground: Ground, policy: Policy) -> tuple[Measured, Standing]:
    """What a policy does whose thresholds a person chose by these rows, and what that proves."""
    return measure_tuned(ground.evidence.rows, policy, ground.base)


def keep_by_hand(
    db: Database, actor: Actor, ground: Ground, policy: Policy, *, note: str = ""
) -> StoredPolicy:
    """Store a policy that a person made, with what it rests on.

    One whose thresholds are those that would be proposed anyway is proven as a proposed one.

    Raises:
        SettingError: its bounds are looser than the project's.
    """
    usual = Bounds()
    if (
        policy.bounds.normal_hidden > usual.normal_hidden
        or policy.bounds.precision < usual.precision
        or policy.bounds.normal_flagged > usual.normal_flagged
    ):
        raise SettingError(
            f"Bounds may be stricter than {asdict(usual)}, not looser; got {asdict(policy.bounds)}."
        )
    chosen = propose(ground, policy)
    if same_thresholds(chosen.policy, policy):
        return keep_proposed(db, actor, ground, chosen, note=note)
    measured, standing = by_hand(ground, policy)
    evidence = {
        "measured": measured.as_dict()
        | {"reason": standing.reason, "missing": standing.missing}
        | {"normals_missing": standing.missing},
        "settle": chosen.settle.as_dict(),
        "made": BY_HAND,
    }
    return store(db, actor, policy, evidence=evidence | ground.about(), note=note)


def keep_backtest(
    db: Database, actor: Actor, desk: PolicyDesk, ground: Ground, stored: StoredPolicy
) -> Backtest:
    """Try a stored policy on past decisions and keep the result, so that it may go live.

    Raises:
        InputError: there are no past decisions.
        ModelMissingError: the policy is made for another model than the ground's.
    """
    if stored.policy.hides and stored.policy.model != ground.model:
        raise ModelMissingError(
            f"{stored.version} was made for the model {stored.policy.model}, not for "
            f"{ground.model}. Propose a policy for this one: faqdesk policy propose"
        )
    result = desk.backtest(db, ground, stored.policy)
    keep(db, actor, stored, result)
    return result


def same_thresholds(one: Policy, other: Policy) -> bool:
    """Whether two policies decide alike: thresholds, categories, model and bounds."""
    return (one.model, one.thresholds, one.no_hiding, one.only_in, one.bounds) == (
        other.model, other.thresholds, other.no_hiding, other.only_in, other.bounds,
    )  # fmt: skip


def changed(
    policy: Policy, thresholds: Mapping[str, Mapping[str, float | None]], **more: Any
) -> Policy:
    """A policy with other thresholds: by class, each `hide`, `settle` or `review` that is named.

    Raises:
        SettingError: one is out of its range, or would hide `legal`.
    """
    made = dict(policy.thresholds)
    for label, named in thresholds.items():
        before = asdict(made.get(label, Thresholds()))
        made[label] = Thresholds(**(before | dict(named)))
    return replace(policy, thresholds=made, **more)
