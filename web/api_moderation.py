"""`/api/v1`: listings judged, reports, decisions and appeals, for the marketplace's own programs.

A listing goes by the marketplace's name and its id there. What is to be hidden, or shown again, is
read from `/listings/changes`, page after page: each change once, in order.
"""

import json
from typing import Any

from flask import g, request
from flask.typing import ResponseReturnValue

from listings import stored
from listings.categories import canonical
from listings.clean_price import parse_price
from listings.listing import Listing
from listings.moderation import appeals, cases, judging, reports
from listings.moderation.classes import Signals, Verdict
from listings.moderation.decisions_past import add_past
from listings.moderation.policy import Choice
from listings.moderation.take_in import listing_id_of, take_in
from listings.store import Collected
from support import clock
from support.audit import Actor
from support.database import one
from support.errors import ConflictError, InputError
from support.picture_decoder import MAX_BYTES

from .api import bp, needs, problems
from .api_forms import json_or_form, posted, posted_files
from .api_moderation_schemas import (
    AfterSchema,
    AppealSchema,
    ChangesSchema,
    DecisionIdSchema,
    DecisionsSchema,
    FiledSchema,
    JudgeSchema,
    JudgeWithPicturesSchema,
    PastDecisionSchema,
    ReceivedSchema,
    ReportSchema,
    VerdictSchema,
)
from .api_once import once
from .database import db, desk
from .moderating import watch_at_once

__all__ = ["bp"]


@bp.post("/listings:judge")
@problems(409, 413, 415)
@needs("moderation")
@once
@bp.doc(requestBody=json_or_form(JudgeSchema, JudgeWithPicturesSchema))
@bp.response(200, VerdictSchema)
def judge_listing() -> ResponseReturnValue:
    """Store a listing, judge it, and do what the live policy says; a dry run only judges."""
    asked = posted(JudgeSchema())
    if not any((asked["title"].strip(), asked["description"].strip(), request.files)):
        raise InputError("Give a title, a description or a picture.")
    if asked["dry_run"]:
        return _dry_run(asked)
    if not asked["source"] or not asked["id"]:
        raise InputError("Name the listing: source and id. Without either, ask with dry_run.")
    item = _collected(asked)
    listing_id, wrong = take_in(desk().workspace, db(), item, _pictures())
    moderator = desk().moderator.held()
    acted = judging.judge(desk().workspace, db(), [listing_id], moderator=moderator)
    alerts = watch_at_once(desk().workspace, db(), _actor(), desk().similar) if acted else {}
    if not acted:
        found = stored.get(db(), desk().workspace.home / "images", listing_id)
        verdict, choice, _ = judging.would(db(), found.listing, moderator=moderator)
        told = _told(verdict, choice)
    else:
        done = acted[0]
        row = one(db(), "SELECT * FROM moderation_verdicts WHERE id = ?", [done.verdict_id])
        assert row is not None  # noqa: S101 - it was written just now
        told = _told(Verdict(json.loads(row["probabilities"]), model=row["model"]), done.choice)
        told |= {"mode": done.mode, "policy": done.policy, "reasons": _reasons(row["words"])}
        told["decision_id"] = None if done.decision_id is None else str(done.decision_id)
    case = cases.of_listing(db(), listing_id)
    return told | {
        "listing_id": str(listing_id),
        "hidden": case is not None and case.hidden,
        "alerts": sorted(alerts),
        "problems": wrong,
    }  # the schema writes it


@bp.post("/reports")
@problems(404, 409, 413, 415)
@needs("moderation")
@once
@bp.arguments(ReportSchema)
@bp.response(201, ReceivedSchema)
def report(asked: dict[str, Any]) -> dict[str, Any]:
    """Take a report in; it is merged with those of the same listing."""
    listing_id = _listing_id(asked)
    got = reports.receive(
        db(), desk().seal, _actor(), listing_id,
        reporter=asked["reporter"], label=asked["label"], words=asked["words"],
        model=desk().moderator.held().version,
    )  # fmt: skip
    return {
        "report_id": str(got.report_id),
        "listing_id": str(listing_id),
        "merged": got.merged,
        "braked": got.braked,
        "settled": got.settled is not None,
        "hidden": cases.get(db(), got.case_id).hidden,
    }


@bp.post("/decisions")
@problems(404, 409, 413, 415)
@needs("moderation")
@once
@bp.arguments(PastDecisionSchema)
@bp.response(201, DecisionIdSchema)
def decision(asked: dict[str, Any]) -> dict[str, Any]:
    """Take over what was decided elsewhere; nothing is hidden here for it."""
    made = add_past(
        db(), desk().seal, _actor(), _listing_id(asked), label=asked["label"],
        reason=asked["reason"], at=_moment(asked["at"], "at"), drawn=asked["drawn"],
    )  # fmt: skip
    return {"decision_id": None if made is None else str(made)}


@bp.get("/decisions")
@problems()
@needs("moderation")
@bp.arguments(AfterSchema, location="query")
@bp.response(200, DecisionsSchema)
def decisions(asked: dict[str, Any]) -> dict[str, Any]:
    """Decisions in the order they were made."""
    sql = """
        SELECT d.*, l.source, l.external_id, p.version AS policy FROM moderation_decisions d
        JOIN moderation_cases c ON c.id = d.case_id JOIN listings l ON l.id = c.listing_id
        LEFT JOIN moderation_policies p ON p.id = d.policy_id
        WHERE d.id > ? ORDER BY d.id LIMIT ?
    """
    rows = list(db().query(sql, [asked["after"], asked["limit"]]))
    found = [
        row
        | {
            "decision_id": str(row["id"]),
            "id": row["external_id"],
            "stands": row["undone_at"] is None and row["replaced_by"] is None,
        }
        for row in rows
    ]
    return {"decisions": found, "next": rows[-1]["id"] if rows else asked["after"]}


@bp.get("/listings/changes")
@problems()
@needs("moderation")
@bp.arguments(AfterSchema, location="query")
@bp.response(200, ChangesSchema)
def changes(asked: dict[str, Any]) -> dict[str, Any]:
    """What is to be hidden and shown again, in order; a listing's last change counts."""
    sql = """
        SELECT a.*, l.source, l.external_id FROM moderation_actions a
        JOIN moderation_cases c ON c.id = a.case_id JOIN listings l ON l.id = c.listing_id
        WHERE a.id > ? ORDER BY a.id LIMIT ?
    """
    rows = list(db().query(sql, [asked["after"], asked["limit"]]))
    found = [
        row
        | {
            "change_id": str(row["id"]),
            "id": row["external_id"],
            "decision_id": str(row["decision_id"]),
        }
        for row in rows
    ]
    return {"changes": found, "next": rows[-1]["id"] if rows else asked["after"]}


@bp.post("/appeals")
@problems(404, 409, 413, 415)
@needs("moderation")
@once
@bp.arguments(AppealSchema)
@bp.response(201, FiledSchema)
def appeal(asked: dict[str, Any]) -> dict[str, Any]:
    """Appeal against the decision in force on a listing."""
    case = cases.of_listing(db(), _listing_id(asked))
    last = cases.standing(db(), case.id) if case else None
    if last is None:
        raise ConflictError("Nothing was decided on this listing: there is nothing to appeal to.")
    filed = appeals.file(db(), _actor(), last["id"], by=asked["by"], words=asked["words"])
    return {"appeal_id": str(filed.id), "decision_id": str(filed.decision_id)}


def _dry_run(asked: dict[str, Any]) -> dict[str, Any]:
    """What would be done; pictures are not looked at, as they lie nowhere."""
    if request.files:
        raise InputError("A dry run judges words alone: leave the pictures, or dry_run, out.")
    listing = Listing(
        asked["title"], asked["description"], price=parse_price(asked["price"]).amount,
        category=canonical(asked["category"]),
    )  # fmt: skip
    since = _moment(asked["seller_since"], "seller_since")
    signals = None
    if since:
        age = clock.from_iso(clock.now()) - clock.from_iso(since)
        signals = Signals(account_days=max(0.0, age.total_seconds() / 86_400))
    moderator = desk().moderator.held()
    verdict, choice, policy = judging.would(
        db(), listing, signals, category=listing.category, moderator=moderator
    )
    mode = {"mode": policy.mode, "policy": policy.version} if policy else {}
    return _told(verdict, choice) | mode


def _told(verdict: Verdict, choice: Choice) -> dict[str, Any]:
    return {
        "listing_id": None,
        "action": choice.action,
        "label": choice.label,
        "probabilities": dict(verdict.probabilities),
        "threshold": choice.threshold,
        "reason": choice.reason,
        "reasons": [
            {"kind": r.kind, "label": r.label, "text": r.what, "weight": r.weight}
            for r in verdict.reasons
        ],
        "mode": "off",
        "model": verdict.model,
        "policy": "",
        "decision_id": None,
        "hidden": False,
        "alerts": [],
        "problems": [],
    }


def _reasons(words: str) -> list[dict[str, Any]]:
    return [
        {"kind": r["kind"], "label": r["label"], "text": r["what"], "weight": r["weight"]}
        for r in json.loads(words)
    ]


def _collected(asked: dict[str, Any]) -> Collected:
    return Collected(
        source=asked["source"],
        external_id=asked["id"],
        title=asked["title"],
        description=asked["description"],
        price_text=asked["price"],
        seller=asked["seller"],
        category=canonical(asked["category"]),
        url=asked["url"],
        posted_at=_moment(asked["posted_at"], "posted_at"),
        seller_since=_moment(asked["seller_since"], "seller_since"),
    )


def _pictures() -> list[tuple[str, bytes]]:
    return [
        (file.filename or f"picture {number}", file.stream.read(MAX_BYTES + 1))
        for number, file in enumerate(posted_files(), 1)
    ]


def _moment(text: str, name: str) -> str:
    try:
        return clock.parse(text) if text.strip() else ""
    except ValueError as error:
        raise InputError(f"{name}: {error}") from error


def _listing_id(asked: dict[str, Any]) -> int:
    return listing_id_of(db(), desk().seal, asked["source"], asked["id"])


def _actor() -> Actor:
    return Actor(g.actor_name)
