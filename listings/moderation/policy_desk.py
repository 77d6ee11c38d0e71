"""Policies as people work with them: proposed, set by hand, tried on past decisions, kept.

Everything rests on one `Ground`; what is kept says on which.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor
from support.errors import ModelMissingError, SettingError

from .backtest import Backtest, keep
from .policy import Bounds, Policy, Rules, Thresholds
from .policy_evidence import Measured
from .policy_ground import Ground, PolicyDesk
from .policy_store import StoredPolicy, in_mode, policies, store
from .policy_thresholds import Chosen, choose_policy, unproven
from .policy_tuned import Standing, measure_tuned

__all__ = [
    "BY_HAND",
    "PROPOSED",
    "Ground",
    "PolicyDesk",
    "by_hand",
    "changed",
    "keep_backtest",
    "keep_by_hand",
    "keep_proposed",
    "propose",
    "same_thresholds",
    "stated_share",
    "template",
]

PROPOSED: Final = "proposed"
BY_HAND: Final = "by_hand"


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
