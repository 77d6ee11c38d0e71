"""The tuner: a form's sliders as a policy, and all that the page says about it."""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from flask import current_app

from listings.moderation import policy_desk
from listings.moderation.backtest import ClassResult, backtest
from listings.moderation.classes import LEGAL, PROBLEMS
from listings.moderation.policy import HIDE_FLOOR, REVIEW_AT, Policy, Rules, Thresholds
from listings.moderation.policy_desk import Ground, PolicyDesk
from listings.moderation.policy_effects import Change, Point, changes, curve
from listings.moderation.policy_evidence import Measured, choices
from listings.moderation.policy_store import StoredPolicy, in_mode
from listings.moderation.policy_thresholds import Chosen
from listings.moderation.policy_tuned import Standing, measure_tuned
from support.errors import InputError, SettingError
from support.release import in_force

from .database import db, desk
from .i18n import gettext as _

AT_ONCE: Final = 300  # listings that a request may have judged; the next one goes on
FRESH: Final = 30.0  # seconds that a slider reuses what was read for the one before
CHANGES: Final = 30  # listings that are shown
_PERCENT: Final = ("sample_all", "sample_hidden")
_WHOLE: Final = ("reporters", "reports_a_day", "burst", "burst_minutes", "hides_an_hour")


@dataclass(frozen=True, slots=True)
class Tried:
    """What a policy would do with past decisions."""

    policy: Policy
    measured: Measured
    standing: Standing
    proposed: bool  # its thresholds are those that would be proposed
    against: StoredPolicy | None  # the live policy, if there is one
    asleep: bool  # the live one was made for another model, and hides nothing now
    classes: dict[str, ClassResult]  # by what people found; wins and losses against the live one
    changes: list[Change]
    settle: Mapping[str, Any]  # from where on reports may be settled, as proven
    curve: list[Point]


def bench() -> PolicyDesk:
    """The policies' desk of this process, which holds the models that it was asked about."""
    found: PolicyDesk = current_app.extensions.setdefault(
        "faqdesk_policies", PolicyDesk(desk().workspace)
    )
    return found


def ground(*, release: str = "", problems: float | None = None, fresh: bool = True) -> Ground:
    """What a policy may rest on; for a slider's sake not read anew at every step."""
    kept: dict[Any, tuple[float, Ground]] = current_app.extensions.setdefault("faqdesk_ground", {})
    live = in_force(desk().workspace.models, line="moderation")
    key = (release or (live.name if live else ""), problems)
    known = kept.get(key)
    if not fresh and known is not None and time.monotonic() - known[0] < FRESH:
        return known[1]
    found = bench().ground(db(), release=release, problems=problems, most=AT_ONCE)
    if len(kept) > 4:
        kept.clear()
    kept[key] = (time.monotonic(), found)
    return found


def try_out(ground: Ground, policy: Policy) -> Tried:
    """Count what a policy would do with past decisions."""
    live = in_mode(db(), "live")
    rows = ground.evidence.rows
    chosen = _proposed(ground, policy)
    after = choices(rows, policy)
    proposed = policy_desk.same_thresholds(chosen.policy, policy)
    if proposed:
        measured = chosen.measured
        standing = Standing(chosen.hide.reason, chosen.hide.missing)
    else:
        measured, standing = measure_tuned(rows, policy, ground.base, chosen=after)
    before = choices(rows, live.policy) if live else None
    other = (live.version, live.policy, rows) if live else None
    classes = {}
    if rows:
        tried = backtest(rows, policy, ground.base, other=other, chosen=after, chosen_before=before)
        classes = tried.classes
    return Tried(
        policy=policy,
        measured=measured,
        standing=standing,
        proposed=proposed,
        against=live,
        asleep=live is not None and live.policy.hides and live.policy.model != ground.model,
        classes=classes,
        changes=changes(rows, before, after),
        settle=chosen.settle.as_dict(),
        curve=curve(rows),
    )


def _proposed(ground: Ground, policy: Policy) -> Chosen:
    """What would be proposed in a policy's place; it hangs on its rules, not on its sliders."""
    kept: dict[Any, tuple[Ground, Chosen]] = current_app.extensions.setdefault(
        "faqdesk_proposed", {}
    )
    frame = replace(
        policy, model="", thresholds={LEGAL: Thresholds(review=policy.of(LEGAL).review)}
    )
    key = (repr(frame), tuple(policy.thresholds))
    known = kept.get(key)
    if known is not None and known[0] is ground:
        return known[1]
    if len(kept) > 4:
        kept.clear()
    found = policy_desk.propose(ground, policy)
    kept[key] = (ground, found)
    return found


def asked_share(form: Mapping[str, str]) -> float | None:
    """The share of problems that a form states, in percent; None: as the sample says.

    Raises:
        InputError: it is no percentage.
    """
    text = form.get("problems", "").strip().rstrip("%").replace(",", ".")
    if not text:
        return None
    try:
        share = float(text) / 100
    except ValueError:
        raise InputError(_("%(said)s is no share in percent.", said=text)) from None
    if not 0 < share < 1:
        raise InputError(_("The share of problems must lie between 0 and 100 percent."))
    return share


def asked_policy(form: Mapping[str, str], start: Policy, categories: list[str]) -> Policy:
    """The policy that a form's sliders stand for; what a form does not hold stays.

    Args:
        form: as the tuner sends it; without `set`, or with `reset`, the answer is `start`.
        start: the policy that the sliders began at.
        categories: those that the form could have ticked.

    Raises:
        SettingError: a rule is out of its range.
    """
    if "set" not in form or "reset" in form:
        return start
    thresholds = dict(start.thresholds)
    for label in PROBLEMS:
        before = thresholds.get(label, Thresholds())
        low = {"hide": HIDE_FLOOR, "settle": HIDE_FLOOR, "review": 0.01}
        named: dict[str, float | None] = {}
        for what, least in low.items():
            if label == LEGAL and what != "review":
                continue
            value = _number(form.get(f"{what}-{label}", ""))
            known = getattr(before, what)
            if f"{what}-{label}-on" not in form:
                named[what] = None
            elif value is not None:
                named[what] = round(min(1.0, max(least, value)), 4)
            else:
                named[what] = known
        thresholds[label] = replace(before, **named)
    kept = tuple(name for name in start.no_hiding if name not in categories)
    ticked = tuple(name for name in categories if f"off-{name}" in form)
    return replace(
        start, thresholds=thresholds, no_hiding=kept + ticked, rules=_rules(form, start.rules)
    )


def fields(policy: Policy) -> list[dict[str, Any]]:
    """The sliders of each class: on or off, and where they stand."""
    found = []
    for label in PROBLEMS:
        at = policy.of(label)
        names = ("review",) if label == LEGAL else ("hide", "settle", "review")
        found.append({
            "label": label,
            "sliders": [
                {
                    "name": f"{what}-{label}", "what": what,
                    "on": getattr(at, what) is not None,
                    "value": getattr(at, what) or _stand(policy, what),
                    "least": 0.01 if what == "review" else HIDE_FLOOR,
                }
                for what in names
            ],
        })  # fmt: skip
    return found


def rule_fields(rules: Rules) -> dict[str, float]:
    """The rules that have one number each, shares in percent."""
    values = asdict(rules)
    del values["strikes"]
    return {
        name: round(100 * value, 4) if name in _PERCENT else value for name, value in values.items()
    }


def _stand(policy: Policy, what: str) -> float:
    """Where a slider that is off stands: beside the others, or where it hides little."""
    if what == "review":
        return REVIEW_AT
    others = [value for t in policy.thresholds.values() if (value := getattr(t, what)) is not None]
    return max(others, default=0.9)


def _rules(form: Mapping[str, str], start: Rules) -> Rules:
    found: dict[str, Any] = {}
    for name, before in rule_fields(start).items():
        text = form.get(f"rule-{name}")
        if text is None:
            continue
        value = _number(text)
        if value is None:
            raise SettingError(_("%(name)s must be a number, got %(said)s.", name=name, said=text))
        if name in _PERCENT:
            found[name] = value / 100
        else:
            found[name] = round(value) if name in _WHOLE else value
        if value == before:
            found[name] = getattr(start, name)
    strikes = dict(start.strikes)
    for label in PROBLEMS:
        value = _number(form.get(f"strike-{label}", ""))
        if value is not None and value != start.strikes.get(label, 1.0):
            strikes[label] = value
    return replace(start, **found, strikes=strikes)


def _number(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
