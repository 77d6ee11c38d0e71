"""The sample marketplace's past: listings, what was reported, decided, sanctioned and appealed.

All of it is laid out in one transaction, so that a killed run leaves nothing half done. What is old
is taken over as an import; of the last weeks two moderators decided on this desk.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlite_utils import Database

import data
from listings import pictures
from listings.moderation import appeals, sanctions
from listings.moderation.cases import ensure, of_listing, standing
from listings.moderation.decisions import New, action_for, make
from listings.moderation.decisions_past import PastReport, add_past, add_past_report
from listings.moderation.reports import set_aside
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support import agents
from support.audit import Actor
from support.clock import iso
from support.database import one, scalar, write
from support.errors import NotFoundError
from support.seal import Seal
from support.workspace import Workspace

from .demo_pictures import draw

MODERATORS: Final = {"minji": "김민지", "junho": "박준호"}  # nobody can sign in as them
FLOODS: Final = "buyer205"  # reports all he sees; a moderator set his reports aside

Progress = Callable[[int, int, str], None]


def lay_out_history(
    space: Workspace, db: Database, actor: Actor, moment: datetime, progress: Progress
) -> None:
    """Write the sample's past as of a moment; does nothing where it is there.

    Args:
        space: the desk.
        db: its database.
        actor: who lays it out.
        moment: from which minutes are counted back.
        progress: told how far it is; may raise.
    """
    rows = list(data.rows("moderation_listings"))
    sql = "SELECT 1 FROM listings WHERE source = ? AND external_id = ?"
    if scalar(db, sql, [data.SOURCE, rows[0]["id"]]):
        return
    drawn = _drawn(space, rows, progress)
    seal = space.seal()
    with write(db):
        ids = _store(db, seal, rows, drawn, moment)
        people = {login: _person(db, actor, login) for login in MODERATORS}
        _decide(db, seal, actor, ids, people, moment)
        set_aside(db, _acting(people["minji"]), seal.customer(data.SOURCE, FLOODS))
        _sanction(db, seal, ids, people, moment)
        _appeal(db, actor, ids, people, moment)


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
) -> dict[str, int]:
    """Store the listings; gives their ids by those of the sample."""
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
    saved = ListingStore(db, seal).save(items).ids
    ids = {row["id"]: saved_id for row, saved_id in zip(rows, saved, strict=True)}
    for key, listing_id in ids.items():
        # As if it had been collected then: decisions that came later are about these words.
        then = {"collected_at": posted[key], "updated_at": posted[key]}
        db.table("listings").update(listing_id, then)
    for picture_id, _, name in wanted_pictures(db, saved):
        set_picture(db, picture_id, drawn[name])
    return ids


def _decide(
    db: Database,
    seal: Seal,
    actor: Actor,
    ids: dict[str, int],
    people: dict[str, int],
    moment: datetime,
) -> None:
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
        listing_id, at = ids[row["listing_id"]], _ago(moment, row)
        led_to_it = tuple(reports.pop(row["listing_id"], ()))
        if not row["agent"]:
            add_past(
                db, seal, actor, listing_id, label=row["label"], reason=row["reason"], at=at,
                drawn=row["sampled"] == "1", reports=led_to_it,
            )  # fmt: skip
            continue
        for report in led_to_it:
            add_past_report(db, seal, listing_id, report)
        person = people[row["agent"]]
        new = New(
            made_by="person",
            agent_id=person,
            label=row["label"],
            action=action_for(row["label"]),
            reason=row["reason"],
            at=at,
        )
        make(db, _acting(person), ensure(db, listing_id), new)
    for key, waiting in reports.items():
        for report in waiting:
            add_past_report(db, seal, ids[key], report)


def _sanction(
    db: Database, seal: Seal, ids: dict[str, int], people: dict[str, int], moment: datetime
) -> None:
    for row in data.rows("moderation_sanctions"):
        person, at = people[row["agent"]], moment - _minutes(row)
        until = iso(at + timedelta(days=int(row["days"]))) if row["days"] else None
        sanction_id = sanctions.place(
            db, _acting(person), person, seal.customer(data.SOURCE, row["seller"]),
            kind=row["kind"], reason=row["reason"], until=until,
            decision_id=_decision(db, ids[row["listing_id"]]),
        )  # fmt: skip
        db.table("sanctions").update(sanction_id, {"at": iso(at)})


def _appeal(
    db: Database, actor: Actor, ids: dict[str, int], people: dict[str, int], moment: datetime
) -> None:
    for row in data.rows("moderation_appeals"):
        decision_id, at = _decision(db, ids[row["listing_id"]]), _ago(moment, row)
        appeal = appeals.file(db, actor, decision_id, by=row["by"], words=row["words"])
        change = {"at": at}
        if row["outcome"]:
            person = people[row["agent"]]
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
