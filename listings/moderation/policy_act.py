"""What the policies in force do about verdicts and reports: the only place where the machine acts.

A live policy hides, asks people, or passes; one in the shadow is only written down. Whatever it
would do, the machine never acts on `legal`, without the model that its policy was made for, against
a person's word, twice on one listing, on one where it was corrected before, while an appeal waits,
or beyond its brakes: then people are asked, or nothing is done, and the verdict says why.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Final

from sqlite_utils import Database

from support.audit import SYSTEM, Actor
from support.clock import ago, now
from support.database import Row, insert, one, scalar, write
from support.errors import NotFoundError

from .cases import (
    MOST_WEIGHED,
    Case,
    add_sign,
    ensure,
    of_listing,
    open_appeal,
    reporters_of,
    reports,
    signs,
    standing,
)
from .classes import HIDE, LEGAL, PASS, REVIEW, Verdict
from .decisions import New, make
from .policy import Choice
from .policy_store import StoredPolicy, in_mode
from .reporters import records
from .sample import draw

MACHINE: Final = Actor(SYSTEM)


@dataclass(frozen=True, slots=True)
class Acted:
    """What was done about one listing."""

    listing_id: int
    verdict_id: int
    mode: str
    policy: str  # version
    choice: Choice
    decision_id: int | None  # where it was hidden just now


def act(
    db: Database,
    judged: Sequence[tuple[int, Verdict]],
    *,
    release: str = "",
    chance: Random | None = None,
) -> list[Acted]:
    """Write verdicts down and do what the live policy says, all in one transaction.

    Args:
        db: the desk's database.
        judged: listings by id, each with its verdict.
        release: the release that the model is of.
        chance: where the sample's numbers come from; a fair one without it.

    Returns:
        One for each listing and policy, live before shadow; nothing where every policy is off.

    Raises:
        NotFoundError: there is no such listing.
    """
    acted = []
    with write(db):
        found = [p for mode in ("live", "shadow") if (p := in_mode(db, mode)) is not None]
        for listing_id, verdict in judged if found else ():
            listing = one(db, "SELECT * FROM listings WHERE id = ?", [listing_id])
            if listing is None:
                raise NotFoundError(f"No listing {listing_id}.")
            sql = "SELECT 1 FROM moderation_verdicts WHERE listing_id = ?"
            first = scalar(db, sql, [listing_id]) is None
            for policy in found:
                done = _apply(db, policy, listing, verdict, release)
                fair = {} if chance is None else {"chance": chance}
                hidden = done.decision_id is not None
                draw(
                    db, listing_id, done.verdict_id, policy.policy.rules,
                    first=first, hidden=hidden, **fair,
                )  # fmt: skip
                first = False
                acted.append(done)
    return acted


def settle_reports(db: Database, case_id: int, *, model: str) -> int | None:
    """Settle a case by its reports where the live policy allows it.

    Args:
        db: the desk's database.
        case_id: the case.
        model: the version of the model in force. The last verdict must be this one's, and the
            policy made for it: without a model nothing is hidden, and no older one's word counts.

    Returns:
        The decision's id, where it was hidden now.
    """
    live = in_mode(db, "live")
    if live is None or not model or live.policy.model != model:
        return None
    with write(db):
        sql = "SELECT l.* FROM listings l JOIN moderation_cases c ON c.listing_id = l.id "
        listing = one(db, sql + "WHERE c.id = ?", [case_id])
        row = None if listing is None else _last_verdict(db, listing)
        if listing is None or row is None or row["model"] != model:
            return None
        case = ensure(db, listing["id"])
        people = _reporters(db, case, live)
        verdict = Verdict(json.loads(row["probabilities"]), model=row["model"])
        choice = live.policy.settles(verdict, category=listing["category"])
        if people is None or choice is None or _bar(db, live, listing, case):
            return None
        made = _hide(db, live, case, verdict, choice, row["id"], row["release"], people)
        draw(db, listing["id"], row["id"], live.policy.rules, first=False, hidden=True)
        return made


def _apply(
    db: Database, policy: StoredPolicy, listing: Row, verdict: Verdict, release: str
) -> Acted:
    choice = policy.policy.choose(verdict, category=listing["category"])
    case = of_listing(db, listing["id"])
    live = policy.mode == "live"
    if live and choice.action != PASS and case is not None:
        choice = _weighed(db, policy, listing, case, choice)
    elif live and choice.action == HIDE and _braked(db, policy):
        choice = replace(choice, action=REVIEW, reason="brake")
    row = {
        "listing_id": listing["id"],
        "policy_id": policy.id,
        "mode": policy.mode,
        "model": verdict.model,
        "release": release,
        "label": choice.label,
        "probabilities": json.dumps(dict(verdict.probabilities), ensure_ascii=False),
        "action": choice.action,
        "threshold": choice.threshold,
        "reason": choice.reason,
        "words": json.dumps([asdict(part) for part in verdict.reasons], ensure_ascii=False),
        "revision": listing["revision"],
        "at": now(),
    }
    verdict_id = insert(db, "moderation_verdicts", row)
    decision_id = None
    if live and choice.action != PASS:
        case = ensure(db, listing["id"])
        if choice.action == REVIEW:
            weight = verdict.problem
            add_sign(
                db, case.id, "verdict", verdict_id=verdict_id, weight=weight, note=choice.reason
            )
        elif choice.reason != "hidden":
            decision_id = _hide(db, policy, case, verdict, choice, verdict_id, release)
    return Acted(listing["id"], verdict_id, policy.mode, policy.version, choice, decision_id)


def _weighed(
    db: Database, policy: StoredPolicy, listing: Row, case: Case, choice: Choice
) -> Choice:
    """A choice in the light of what is known of the listing's case."""
    decision = standing(db, case.id)
    if open_appeal(db, case.id) is not None and choice.label != LEGAL:
        return replace(choice, action=PASS, reason="appeal")  # people look at it already
    if case.hidden:
        # It is out of sight: nothing more is to be done, unless lawyers have to see it.
        if choice.label == LEGAL or not (decision and _same_words(listing, decision)):
            return replace(choice, action=REVIEW)
        return Choice(choice.action if choice.action == HIDE else PASS, choice.label,
                      choice.threshold, "hidden")  # fmt: skip
    if decision and decision["made_by"] != "policy" and _same_words(listing, decision):
        return replace(choice, action=PASS, reason="decided")
    if choice.action == REVIEW:
        return choice
    bar = _bar(db, policy, listing, case)
    return replace(choice, action=REVIEW, reason=bar) if bar else choice


def _bar(db: Database, policy: StoredPolicy, listing: Row, case: Case) -> str:
    """Why the machine may not hide a listing itself; "" where it may."""
    if case.hidden:
        return "hidden"
    if open_appeal(db, case.id) is not None:
        return "appeal"
    if any(r.waiting and r.label == LEGAL for r in reports(db, case.id)):
        return "legal_report"
    for sign in signs(db, case.id):
        if sign.waiting and (sign.kind == "person" or sign.note in (LEGAL, "asked")):
            return "asked"  # somebody wants people to look, or it may be a crime
    decision = standing(db, case.id)
    if decision is not None and decision["made_by"] != "policy":
        # The words changed since, or it would have passed: what a person cleared, people look at.
        return "decided"
    corrected = """
        SELECT 1 FROM moderation_decisions WHERE case_id = ? AND made_by = 'policy'
        AND (undone_at IS NOT NULL OR replaced_by IS NOT NULL)
    """
    if scalar(db, corrected, [case.id]) is not None:
        return "undone"
    return "brake" if _braked(db, policy) else ""


def _hide(
    db: Database,
    policy: StoredPolicy,
    case: Case,
    verdict: Verdict,
    choice: Choice,
    verdict_id: int,
    release: str,
    people: int = 0,
) -> int:
    probability = verdict.probabilities[choice.label]
    why = f"{choice.label} {probability:.3f}, from {choice.threshold} on"
    if people:
        why += f", reported by {people}"
    new = New(
        made_by="policy",
        label=choice.label,
        action=HIDE,
        reason=f"{why} ({policy.version})",
        verdict_id=verdict_id,
        policy_id=policy.id,
        policy=policy.version,
        model=verdict.model,
        release=release,
        threshold=choice.threshold,
    )
    return make(db, MACHINE, case, new)


def _reporters(db: Database, case: Case, policy: StoredPolicy) -> int | None:
    """How many people reported a listing, where they are enough and no flood; else None."""
    rules = policy.policy.rules
    since = ago(minutes=rules.burst_minutes)
    waiting = "SELECT count(*) FROM moderation_reports WHERE case_id = ? AND closed_by IS NULL"
    # First of all: a flood costs no more than its count.
    if scalar(db, f"{waiting} AND at > ?", [case.id, since]) >= rules.burst:
        return None
    people = reporters_of(db, case.id, most=max(MOST_WEIGHED, rules.reporters))
    weight = sum(found.weight for found in records(db, people).values())
    enough = len(people) >= rules.reporters and weight >= rules.reporters_weight
    return len(people) if enough else None


def _last_verdict(db: Database, listing: Row) -> Row | None:
    """The last verdict on a listing as it is now, whoever gave it."""
    sql = """
        SELECT * FROM moderation_verdicts WHERE listing_id = ? AND revision = ?
        ORDER BY id DESC LIMIT 1
    """
    return one(db, sql, [listing["id"], listing["revision"]])


def _same_words(listing: Row, decision: Row) -> bool:
    return bool(listing["revision"] == decision["revision"])


def _braked(db: Database, policy: StoredPolicy) -> bool:
    """Whether the machine has hidden as much within the last hour as it may."""
    sql = "SELECT count(*) FROM moderation_decisions WHERE made_by = 'policy' AND at > ?"
    return bool(scalar(db, sql, [ago(hours=1)]) >= policy.policy.rules.hides_an_hour)
