"""The sample marketplace's past: listings, what was reported, decided, sanctioned and appealed.

It comes in two parts. From the older one a model learns; it has judged the newer one, listing by
listing, before anybody had decided on it. Each part is one transaction, so that a killed run leaves
nothing half done. What is old is taken over as an import; of the last weeks two moderators decided
on this desk.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlite_utils import Database

import data
from listings import pictures
from listings.moderation import appeals, sanctions
from listings.moderation.cases import ensure, of_listing, standing
from listings.moderation.decisions import New, action_for, make
from listings.moderation.decisions_past import PastReport, add_past, add_past_report
from listings.moderation.policy import Rules
from listings.moderation.reports import set_aside
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support import agents
from support.audit import Actor
from support.clock import from_iso, iso
from support.database import insert, one, scalar, write
from support.errors import NotFoundError
from support.seal import Seal
from support.workspace import Workspace

from .demo_pictures import draw

MODERATORS: Final = {"minji": "김민지", "junho": "박준호"}  # nobody can sign in as them
FLOODS: Final = "buyer205"  # reports all he sees; a moderator set his reports aside
JUDGED: Final = timedelta(weeks=6)  # for so long the model has judged; it learned from before
_SECONDS: Final = 20  # between a posting and its verdict

Progress = Callable[[int, int, str], None]
Judge = Callable[[Sequence[int]], object]  # listings by id


def lay_out_old(space: Workspace, db: Database, actor: Actor, progress: Progress) -> None:
    """Write what a model learns from; does nothing where it is there.

    Args:
        space: the desk.
        db: its database.
        actor: who lays it out.
        progress: told how far it is; may raise.
    """
    rows = [row for row in data.rows("moderation_listings") if not _recent(row)]
    if _there(db, rows[0]["id"]):
        return
    moment = datetime.now(UTC).replace(microsecond=0)
    drawn = _drawn(space, rows, progress)
    with write(db):
        _store(db, space.seal(), rows, drawn, moment)
        _decide(db, space.seal(), actor, moment, recent=False)


def lay_out_new(
    space: Workspace, db: Database, actor: Actor, judge: Judge, progress: Progress
) -> None:
    """Write what came since, judged by the model; does nothing where it is there.

    Args:
        space: the desk.
        db: its database.
        actor: who lays it out.
        judge: writes verdicts on listings, by the policy in the shadow.
        progress: told how far it is; may raise.
    """
    rows = [row for row in data.rows("moderation_listings") if _recent(row)]
    if _there(db, rows[-1]["id"]):
        return
    moment, seal = began(db), space.seal()
    drawn = _drawn(space, rows, progress)
    with write(db):
        ids = _store(db, seal, rows, drawn, moment)
        judge(ids)
        _judged_then(db, ids, moment)
        _decide(db, seal, actor, moment, recent=True)
        minji = _person(db, actor, "minji")
        set_aside(db, _acting(minji), seal.customer(data.SOURCE, FLOODS))
        _sanction(db, seal, actor, moment)
        _appeal(db, actor, moment)


def began(db: Database) -> datetime:
    """The moment from which the sample's minutes are counted back."""
    first = next(data.rows("moderation_listings"))
    sql = "SELECT posted_at FROM listings WHERE source = ? AND external_id = ?"
    return from_iso(scalar(db, sql, [data.SOURCE, first["id"]])) + _minutes(first)


def _there(db: Database, external_id: str) -> bool:
    sql = "SELECT 1 FROM listings WHERE source = ? AND external_id = ?"
    return scalar(db, sql, [data.SOURCE, external_id]) is not None


def _recent(row: data.Row) -> bool:
    return _minutes(row) < JUDGED


def _drawn(
    space: Workspace, rows: list[data.Row], progress: Progress
) -> dict[str, pictures.StoredPicture]:
    names = sorted({name for row in rows for name in row["pictures"].split()})
    found = {}
    for number, name in enumerate(names, 1):
        found[name] = pictures.store(space.home / "images", draw(name), name=name, sync=False)
        progress(number, len(names), "drawing pictures")
    return found


def _store(
    db: Database,
    seal: Seal,
    rows: list[data.Row],
    drawn: dict[str, pictures.StoredPicture],
    moment: datetime,
) -> list[int]:
    """Store listings as if each had been collected when it was posted; gives their ids."""
    posted = {row["id"]: _ago(moment, row) for row in rows}
    items = [
        Collected(
            source=data.SOURCE,
            external_id=row["id"],
            title=row["title"],
            description=row["description"],
            price_text=row["price"],
            seller=row["seller"],
            category=row["category"],
            pictures=tuple(row["pictures"].split()),
            posted_at=posted[row["id"]],
            seller_since=iso(moment - _minutes(row) - timedelta(days=int(row["account_days"]))),
        )
        for row in rows
    ]
    ids = ListingStore(db, seal).save(items).ids
    for listing_id, row in zip(ids, rows, strict=True):
        # Or the decisions that follow would seem to be about other words.
        then = {"collected_at": posted[row["id"]], "updated_at": posted[row["id"]]}
        db.table("listings").update(listing_id, then)
    for picture_id, _, name in wanted_pictures(db, ids):
        set_picture(db, picture_id, drawn[name])
    return ids


def _judged_then(db: Database, ids: Sequence[int], moment: datetime) -> None:
    """Date verdicts as if each listing had been judged when it was posted, and note the sample."""
    judged = set(ids)
    drawn = {
        row["listing_id"] for row in data.rows("moderation_decisions") if row["sampled"] == "1"
    }
    sql = """
        SELECT v.id, v.policy_id, v.listing_id, l.external_id, l.posted_at
        FROM moderation_verdicts v JOIN listings l ON l.id = v.listing_id
    """
    policies = set()
    for verdict_id, policy_id, listing_id, key, posted in db.conn.execute(sql).fetchall():
        if listing_id not in judged:
            continue
        policies.add(policy_id)
        at = iso(from_iso(posted) + timedelta(seconds=_SECONDS))
        db.table("moderation_verdicts").update(verdict_id, {"at": at})
        known = "SELECT id FROM moderation_samples WHERE listing_id = ? AND stream = 'all'"
        sample_id = scalar(db, known, [listing_id])
        if sample_id is not None:
            db.table("moderation_samples").update(sample_id, {"at": at})
        elif key in drawn:
            row = {"listing_id": listing_id, "verdict_id": verdict_id, "stream": "all"}
            insert(db, "moderation_samples", row | {"share": Rules().sample_all, "at": at})
    # They judge since then: nothing of the sample's time is later than its moment.
    since = iso(moment - JUDGED)
    for policy_id in sorted(policies):
        db.table("moderation_policies").update(policy_id, {"created_at": since})
        change = "UPDATE moderation_modes SET at = ? WHERE policy_id = ?"
        db.execute(change, [since, policy_id])


def _decide(db: Database, seal: Seal, actor: Actor, moment: datetime, *, recent: bool) -> None:
    """Write the decisions of one part with the reports that led to them; last those that wait."""
    ids = _ids(db)
    reports: dict[str, list[PastReport]] = {}
    for row in data.rows("moderation_reports"):
        report = PastReport(
            external_id=row["id"],
            reporter=row["reporter"],
            label=row["label"],
            words=row["words"],
            at=_ago(moment, row),
        )
        reports.setdefault(row["listing_id"], []).append(report)
    for row in data.rows("moderation_decisions"):
        led_to_it = tuple(reports.pop(row["listing_id"], ()))
        if _recent(row) != recent:
            continue
        listing_id, at = ids[row["listing_id"]], _ago(moment, row)
        if not row["agent"]:
            add_past(
                db, seal, actor, listing_id, label=row["label"], reason=row["reason"], at=at,
                drawn=row["sampled"] == "1", reports=led_to_it,
            )  # fmt: skip
            continue
        for report in led_to_it:
            add_past_report(db, seal, listing_id, report)
        person = _person(db, actor, row["agent"])
        new = New(
            made_by="person",
            agent_id=person,
            label=row["label"],
            action=action_for(row["label"]),
            reason=row["reason"],
            at=at,
        )
        make(db, _acting(person), ensure(db, listing_id), new)
    for key, waiting in reports.items() if recent else ():
        for report in waiting:
            add_past_report(db, seal, ids[key], report)


def _sanction(db: Database, seal: Seal, actor: Actor, moment: datetime) -> None:
    ids = _ids(db)
    for row in data.rows("moderation_sanctions"):
        person, at = _person(db, actor, row["agent"]), moment - _minutes(row)
        until = iso(at + timedelta(days=int(row["days"]))) if row["days"] else None
        sanction_id = sanctions.place(
            db, _acting(person), person, seal.customer(data.SOURCE, row["seller"]),
            kind=row["kind"], reason=row["reason"], until=until,
            decision_id=_decision(db, ids[row["listing_id"]]),
        )  # fmt: skip
        db.table("sanctions").update(sanction_id, {"at": iso(at)})


def _appeal(db: Database, actor: Actor, moment: datetime) -> None:
    ids = _ids(db)
    for row in data.rows("moderation_appeals"):
        decision_id, at = _decision(db, ids[row["listing_id"]]), _ago(moment, row)
        appeal = appeals.file(db, actor, decision_id, by=row["by"], words=row["words"])
        change = {"at": at}
        if row["outcome"]:
            person = _person(db, actor, row["agent"])
            change["settled_at"] = iso(moment - _minutes(row) + timedelta(hours=3))
            if row["outcome"] == "upheld":
                appeals.uphold(db, _acting(person), person, appeal.id, reason=row["reason"])
            else:
                made = appeals.overturn(
                    db, _acting(person), person, appeal.id,
                    label=row["label"], reason=row["reason"],
                )  # fmt: skip
                db.table("moderation_decisions").update(made, {"at": change["settled_at"]})
        db.table("appeals").update(appeal.id, change)


def _ids(db: Database) -> dict[str, int]:
    """The desk's ids of the sample's listings."""
    sql = "SELECT external_id, id FROM listings WHERE source = ?"
    return dict(db.conn.execute(sql, [data.SOURCE]).fetchall())


def _person(db: Database, actor: Actor, login: str) -> int:
    row = one(db, "SELECT id FROM agents WHERE login = ?", [login])
    if row is not None:
        return int(row["id"])
    return agents.add(db, actor, login=login, name=MODERATORS[login], role="moderator").id


def _acting(agent_id: int) -> Actor:
    return Actor(f"agent:{agent_id}")


def _decision(db: Database, listing_id: int) -> int:
    case = of_listing(db, listing_id)
    found = standing(db, case.id) if case else None
    if found is None:
        raise NotFoundError(f"Nobody decided on listing {listing_id} of the sample.")
    return int(found["id"])


def _ago(moment: datetime, row: data.Row) -> str:
    return iso(moment - _minutes(row))


def _minutes(row: data.Row) -> timedelta:
    return timedelta(minutes=int(row["minutes_ago"]))
