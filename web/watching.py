"""Watching new listings, and sending what it finds to the people who moderate.

A new alert opens the case of its listing with a sign that names the match, in the transaction that
keeps the alert: a run that is killed leaves no alert without its case, and none has two.
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from listings.moderation import cases
from listings.similar.alerts import Alert
from listings.similar.describe import Progress
from listings.similar.looks import Reason
from listings.similar.vectors import changed_after
from support.workspace import Workspace

from .similar_desk import SimilarDesk

# How much a kind of alert weighs beside how sure it is; the worst of a listing's counts.
WEIGHTS: Final = {"sanctioned": 1.0, "accounts": 0.8, "repeat": 0.6, "catalogue": 0.5}
KEPT_LISTINGS: Final = 2_000  # described since the index was saved, from which it is saved again
_KEPT_SHARE: Final = 20  # or one in so many of all, whichever is more


@dataclass(frozen=True, slots=True)
class Watched:
    """What a run did."""

    looked: int
    links: int
    alerts: dict[str, int]  # new ones, by kind
    saved: bool  # whether the index was saved anew


def watch(
    workspace: Workspace,
    db: Database,
    *,
    progress: Progress = lambda done, total, message: None,
    desk: SimilarDesk | None = None,
) -> Watched:
    """Describe and watch what is new; whoever should be looked at waits in the queue.

    Nothing is hidden for it. Killed, the next run goes on where this one was.

    Args:
        workspace: the desk.
        db: its database.
        progress: told listings done, all of them and what is done; may raise.
        desk: its similar listings where they are open already.

    Raises:
        ModelError: a model is damaged.
    """
    desk = desk or SimilarDesk(workspace)
    unsaved = not desk.saved
    _, changed = changed_after(db, desk.similar.seq)
    report = desk.watch(db, progress=progress, tell=open_case)
    desk.similar.refresh(db)
    grown = len(changed) > max(KEPT_LISTINGS, len(desk.similar) // _KEPT_SHARE)
    save = grown or (unsaved and len(desk.similar) > KEPT_LISTINGS)
    if save:
        desk.save(db)
    return Watched(report.looked, report.links, report.alerts, saved=save)


def open_case(db: Database, alert: Alert) -> None:
    """Send an alert's listing to the people who moderate, with the match that they shall see."""
    case = cases.ensure(db, alert.listing_id)
    weight = round(WEIGHTS[alert.kind] * alert.probability, 4)
    cases.add_sign(db, case.id, "watch", weight=min(weight, 1.0), note=note(alert))


def note(alert: Alert) -> str:
    """What the case's sign says, for exports and the audit; pages say it in the reader's language.

    It begins with the alert's number, by which `alert_of_note` finds the alert again.
    """
    parts = [f"alert {alert.id}", alert.kind]
    if alert.other_id is not None:
        parts.append(f"like listing {alert.other_id}, {alert.probability:.0%}")
    parts += [_reason(reason) for reason in alert.reasons]
    parts += [f"{name} {value}" for name, value in alert.detail.items()]
    return "; ".join(parts)


def alert_of_note(words: str) -> int | None:
    """The number of the alert that a sign's note speaks of; None where it speaks of none."""
    head = words.partition(";")[0].removeprefix("alert ")
    return int(head) if words.startswith("alert ") and head.isdecimal() else None


def _reason(reason: Reason) -> str:
    if reason.by == "text":
        return f"words {reason.score:.2f}: {', '.join(reason.words)}"
    own, other = (reason.picture or 0) + 1, (reason.other_picture or 0) + 1
    likeness = f"{reason.bits} of 64 bits apart" if reason.by == "hash" else f"{reason.score:.2f}"
    return f"picture {own} like its picture {other}, {likeness}"
