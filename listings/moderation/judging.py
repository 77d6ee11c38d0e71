"""Listings of the desk, judged: read, found to be what they are, and what the policies say is done.

One page of listings is one transaction. Killed, the next run goes on with those that the policies
in force have not judged as they are now.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlite_utils import Database

from listings.following import Follower
from listings.listing import Listing
from listings.stored import load, places
from support.database import one, write
from support.release import pointer
from support.release_state import stamp
from support.workspace import Workspace

from .classes import HIDE, PASS, REVIEW, Signals, Verdict
from .model import KIND
from .moderator import Moderator
from .policy import Choice, Policy
from .policy_act import Acted, act
from .policy_store import StoredPolicy, in_mode
from .rules import rule_file
from .signals import signals_of

PAGE: Final = 100  # listings a transaction: others wait for it to end

Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class JudgingReport:
    """What a run did, by the live policy; by the one in the shadow where none is live."""

    judged: int = 0
    mode: str = "off"
    actions: dict[str, int] = field(default_factory=lambda: dict.fromkeys((HIDE, REVIEW, PASS), 0))
    hidden_now: int = 0


def follow(workspace: Workspace) -> Follower[Moderator]:
    """The moderator of a desk, made again when another model or another rule file is there."""
    files = [pointer(workspace.models, KIND), rule_file(workspace.home)]
    return Follower(
        files,
        lambda: Moderator.of_desk(workspace),
        amiss=lambda moderator: bool(moderator.trouble),
        stamp=lambda: stamp(workspace.models, KIND),
    )


def judge(
    workspace: Workspace, db: Database, ids: Sequence[int], *, moderator: Moderator
) -> list[Acted]:
    """Judge some listings, and do what the policies in force say; those gone are left out.

    Returns:
        As `policy_act.act`: one for each listing and policy, live before shadow.
    """
    if in_mode(db, "live") is None and in_mode(db, "shadow") is None:
        return []  # nobody asks: nothing is read or written
    before = _revisions(db, ids)
    found = load(db, workspace.home / "images", ids)
    signals = signals_of(db, found)
    verdicts = moderator.judge(list(found.values()), [signals.get(i) for i in found])
    with write(db):
        after = _revisions(db, ids)  # one that changed meanwhile waits for the next run
        judged = [
            (listing_id, verdict)
            for listing_id, verdict in zip(found, verdicts, strict=True)
            if before[listing_id] == after.get(listing_id)
        ]
        return act(db, judged, release=moderator.release)


def would(
    db: Database,
    listing: Listing,
    signals: Signals | None = None,
    *,
    category: str = "",
    moderator: Moderator,
) -> tuple[Verdict, Choice, StoredPolicy | None]:
    """What would be done about a listing that is not stored; nothing is.

    Returns:
        What it was found to be; what the live policy, or the one in the shadow, or without either a
        policy that hides nothing, would do about it; and that policy.
    """
    (verdict,) = moderator.judge([listing], [signals])
    policy = in_mode(db, "live") or in_mode(db, "shadow")
    choice = (policy.policy if policy else Policy()).choose(verdict, category=category)
    return verdict, choice, policy


def judge_waiting(
    workspace: Workspace,
    db: Database,
    *,
    moderator: Moderator,
    everything: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> JudgingReport:
    """Judge what the policies in force have not judged yet.

    Args:
        workspace: where pictures and models are.
        db: its database.
        moderator: who judges.
        everything: what was there before the policy was put in force, too.
        progress: told listings done, all of them and what is done; may raise.
    """
    policies = [found for mode in ("live", "shadow") if (found := in_mode(db, mode)) is not None]
    report = JudgingReport(mode=policies[0].mode if policies else "off")
    if not policies:
        return report
    since = "" if everything else min(_since(db, policy) for policy in policies)
    total = _count(db, policies, since)
    for ids in _pages(db, policies, since):
        for done in judge(workspace, db, ids, moderator=moderator):
            if done.mode == report.mode:
                report.judged += 1
                report.actions[done.choice.action] += 1
                report.hidden_now += done.decision_id is not None
        progress(report.judged, total, "judging listings")
    return report


def _revisions(db: Database, ids: Sequence[int]) -> dict[int, int]:
    """The revision of each listing; those gone are left out."""
    sql = f"SELECT id, revision FROM listings WHERE id IN ({places(list(ids))})"  # noqa: S608
    return dict(db.conn.execute(sql, list(ids)).fetchall())


def _since(db: Database, policy: StoredPolicy) -> str:
    """When a policy was put in the mode it is in."""
    sql = "SELECT at FROM moderation_modes WHERE policy_id = ? ORDER BY id DESC LIMIT 1"
    row = one(db, sql, [policy.id])
    return str(row["at"]) if row else ""


_WAITS: Final = """
    FROM listings l WHERE l.id > ? AND l.removed = '' AND l.revised_at >= ? AND {count} > (
        SELECT count(DISTINCT v.policy_id) FROM moderation_verdicts v
        WHERE v.listing_id = l.id AND v.revision = l.revision AND v.policy_id IN ({policies})
    )
"""


def _waits(policies: Sequence[StoredPolicy]) -> str:
    return _WAITS.format(count=len(policies), policies=", ".join(str(p.id) for p in policies))


def _count(db: Database, policies: Sequence[StoredPolicy], since: str) -> int:
    sql = f"SELECT count(*) {_waits(policies)}"
    return int(db.conn.execute(sql, (0, since)).fetchone()[0])


def _pages(db: Database, policies: Sequence[StoredPolicy], since: str) -> Iterator[list[int]]:
    last = 0
    sql = f"SELECT l.id {_waits(policies)} ORDER BY l.id LIMIT ?"
    while ids := [row[0] for row in db.conn.execute(sql, (last, since, PAGE))]:
        yield ids
        last = ids[-1]
