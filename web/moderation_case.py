"""What a page shows of one case: the listing, what speaks for what, and everybody's part in it."""

from typing import Any

from flask import session

from listings import review, stored
from listings.moderation import (
    appeals,
    case_counts,
    case_queue,
    history,
    policy_store,
    sellers,
    undoing,
)
from listings.moderation.case_queue import Cases
from listings.moderation.cases import Case
from listings.moderation.history import PastVerdict
from listings.moderation.moderator import model_folder
from listings.moderation.reporters import records
from listings.similar.evidence import alike
from listings.stored import StoredListing
from support.clock import ago
from support.errors import ModelError, ModelMissingError, NotFoundError

from . import moderation_words, wording
from .auth import me
from .database import db, desk
from .i18n import gettext as _

COUNTED = 1000  # how far a long queue is counted on a page that many ask for
EARLIER = 6  # of a seller's listings beside a case
# In the session: cases that were put off, the last one last; and whether that was done last.
SKIPPED, SKIPPED_LAST = "moderation_skipped", "moderation_skipped_last"


def piece(case: Case | None, cases: Cases, *, said: str = "") -> dict[str, Any]:
    """What the piece of the queue's page shows: a case, or that none waits."""
    found: dict[str, Any] = {
        "case": case,
        "said": said,
        "chosen": chosen(cases),
        "progress": progress(cases),
        "words": moderation_words,
        "usual": moderation_words.USUAL,
    }
    if case is not None:
        found |= about(case.listing_id)
        found["seen"] = history.stamp(db(), case)
        appeal = found["appeal"]
        found["own"] = appeal is not None and appeals.is_own(db(), me().id, appeal)
    return found


def about(listing_id: int) -> dict[str, Any]:
    """Everything that is shown of a listing, wherever it is shown.

    Raises:
        NotFoundError: there is no such listing.
    """
    images = desk().workspace.home / "images"
    listing = stored.get(db(), images, listing_id)
    story = history.story(db(), listing_id)
    verdict = history.last_verdict(db(), listing_id)
    fresh = verdict is not None and verdict.fresh
    title, description = history.pieces(
        listing.listing, verdict.reasons if verdict and fresh else ()
    )
    people = {report.reporter for report in story.reports}
    return {
        "listing": listing,
        "pictures": review.pictures(db(), [listing_id]).get(listing_id, []),
        "story": story,
        "verdict": verdict,
        "fresh": fresh,
        "title": title,
        "description": description,
        "bars": bars(verdict) if verdict else [],
        "reporters": records(db(), people),
        "standing": next((d for d in story.decisions if d.undone_at is None), None),
        "appeal": next((a for a in story.appeals if a.state == "open"), None),
        "appealed_against": {a.decision_id for a in story.appeals},
        "alike": (found := alike(db(), listing_id)),
        "alike_pictures": review.pictures(db(), [other.listing_id for other in found]),
        "linked": any(other.kind == "link" for other in found),
        "seller": _seller(listing),
        "sold": sellers.sold(db(), listing.seller, without=listing.id, limit=EARLIER),
        "makers": {d.id: moderation_words.maker(db(), d) for d in story.decisions},
        "undoers": {
            d.id: wording.person(db(), d.undone_by) for d in story.decisions if d.undone_by
        },
        "waiting_reports": [report for report in story.reports if report.waiting],
        "waiting_signs": [sign for sign in story.signs if sign.waiting],
        "notes": {s.id: moderation_words.note(db(), s.kind, s.note) for s in story.signs},
    }


def bars(verdict: PastVerdict) -> list[dict[str, Any]]:
    """Each class with its probability and the policy's thresholds, the likeliest problem first."""
    found = [
        {
            "label": label,
            "probability": probability,
            "thresholds": verdict.thresholds.get(label),
            "acted": label == verdict.label and verdict.action != "pass",
        }
        for label, probability in verdict.probabilities.items()
    ]
    return sorted(found, key=lambda bar: -float(bar["probability"]))


def no_model() -> str:
    """Why nothing is hidden automatically, in a sentence; "" where it may be."""
    try:
        model_folder(desk().workspace.models)
    except ModelMissingError:
        return _("There is no moderation model yet: rules alone judge, and people look.")
    except ModelError:
        return _("The moderation model cannot be used: rules alone judge, and people look.")
    live = policy_store.in_mode(db(), "live")
    if live is None:
        return _("No policy is in force.")
    if not live.policy.hides:
        return _("The policy in force (%(policy)s) only asks people.", policy=live.version)
    return ""


def progress(cases: Cases) -> dict[str, Any]:
    """How much waits for this person, what they did today, and whether they can take back."""
    left = case_queue.count(db(), me().id, cases, most=COUNTED + 1)
    return {
        "left": f"{COUNTED:,}+" if left > COUNTED else f"{left:,}",
        "mine": case_counts.decided_by(db(), me().id, since=ago(days=1)),
        "standing": bool(session.get(SKIPPED_LAST)) or undoing.stands(db(), me().id),
    }


def chosen(cases: Cases) -> dict[str, Any]:
    """The part of the queue, for an address."""
    return {name: value for name, value in (("label", cases.label), ("kind", cases.kind)) if value}


def _seller(listing: StoredListing) -> Any:
    try:
        return sellers.get(db(), listing.seller)
    except NotFoundError:
        return None
