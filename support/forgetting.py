"""Forgets a person: everything the desk holds of a customer, found by their id in the source.

Two steps, either of which may be killed: one transaction takes the rows away and notes keyed hashes
of whom; then the free pages, the log of changes and the copies are cleaned. What is not done by
then is done by the next call, or by the hourly forgetting. Models that learned from them are
named, not changed: they are made anew.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from . import (
    backup,
    backups,
    forgetting_copies,
    forgetting_doors,
    learned,
    retention,
    vector_forgetting,
)
from .audit import Actor, record
from .clock import now
from .database import one, scalar, settle, write
from .errors import ConflictError, InputError, NotFoundError, WorkspaceError
from .forgotten import Entry, Memory, keep, name_of
from .learned import Remembering
from .quoted import IDS, tables
from .run_folders import sweep_runs
from .seal import Seal
from .word_index import forget_words
from .workspace import Workspace

_RUNS_KEPT_DAYS: Final = 7.0  # a run that was cut short, for whoever goes on with it

# What goes with an inquiry, as people are told of it: table to how its rows are found.
_COUNTED: Final = {
    "inquiries": f"id IN {IDS}",
    "messages": f"inquiry_id IN {IDS}",
    "originals": f"message_id IN (SELECT id FROM messages WHERE inquiry_id IN {IDS})",  # noqa: S608
    "attachments": f"message_id IN (SELECT id FROM messages WHERE inquiry_id IN {IDS})",  # noqa: S608
    "drafts": f"inquiry_id IN {IDS}",
    "outbox": f"inquiry_id IN {IDS}",
    "inquiry_routes": f"inquiry_id IN {IDS}",
    "labels": f"inquiry_id IN {IDS}",
    "suggestions": f"inquiry_id IN {IDS}",
    "suggestion_events": f"suggestion_id IN (SELECT id FROM suggestions WHERE inquiry_id IN {IDS})",  # noqa: S608
    "embeddings": f"item_id IN {IDS}",
    "gap_inquiries": f"inquiry_id IN {IDS}",
    "saved_reply_uses": f"inquiry_id IN {IDS}",
    "replay_answers": f"inquiry_id IN {IDS}",
    "import_changes": f"inquiry_id IN {IDS}",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to forget: keyed hashes by source, or one inquiry of somebody unknown.

    `spellings` are the id as it was given and as mail writes it; an address is looked for among
    who gets copies of mails too.
    """

    customers: dict[str, str] = field(default_factory=dict)  # keyed hash to source
    inquiry_id: int | None = None
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went, or would go.

    Attributes:
        rows: by table; `webhooks`, `api_answers` and `mail_copies` are sealed words cut out.
        undelivered: answers that were not sent yet, and will not be.
        models: the model folders that learned from it.
        copies: databases put aside before an upgrade, cleaned.
        bundles: backups that may hold it still, each with a note beside it.
        missing: backups that are not where they were put; they get theirs once they are.
        done: false where somebody reads the database: its log of changes is cleaned later.
        amiss: which copies or notes could not be written, in sentences; the rows are gone.
        vectors: what a vector engine still holds and what is left to do, in sentences.
    """

    rows: dict[str, int]
    undelivered: int
    models: list[Remembering]
    copies: tuple[Path, ...]
    bundles: tuple[Path, ...]
    missing: tuple[Path, ...] = ()
    done: bool = False
    amiss: str = ""
    vectors: str = ""


def customer(db: Database, seal: Seal, customer_id: str, *, sources: Sequence[str] = ()) -> Person:
    """Find a customer by their id in the source: a number, or of mail the address.

    Args:
        db: the desk's database.
        seal: its key.
        customer_id: as the source has it.
        sources: only of these; none: of all.

    Of a mail address every source is meant; of another id the one that knows it, for in another it
    may be somebody else's. A customer whom the desk holds no more may be in its backups: where
    there are any, whoever is named of one source is found.

    Raises:
        NotFoundError: the desk holds nothing of such a customer, and never forgot one.
        InputError: the id is blank, or that of another person in each of several sources.
    """
    given = customer_id.strip()
    if not given:
        raise InputError("Give the customer's id as their helpdesk has it, or their mail address.")
    sql = "SELECT source FROM inquiries UNION SELECT source FROM connections"
    among = [row[0] for row in db.conn.execute(sql)] if not sources else list(sources)
    spellings = tuple(dict.fromkeys((given, given.lower())))
    hashes = {seal.customer(source, name): source for source in among for name in spellings}
    found = {
        row["hash"]
        for row in db.query(
            "SELECT DISTINCT customer AS hash FROM inquiries WHERE customer <> '' "
            "AND customer IN (SELECT value FROM json_each(:hashes)) "
            "UNION SELECT hash FROM forgotten WHERE kind = 'customer' "
            "AND hash IN (SELECT value FROM json_each(:hashes))",
            {"hashes": json.dumps(list(hashes))},
        )
    }
    at_the_doors = forgetting_doors.customers(db, seal) & hashes.keys()
    known = {name: hashes[name] for name in sorted(found | at_the_doors)}
    whose = sorted(set(known.values()))
    is_mail = "@" in given
    if len(whose) > 1 and not is_mail:
        raise InputError(
            f"{', '.join(whose)} each have a customer of this id, who need not be one person. Say "
            f"whose: --source {whose[0]}"
        )
    one_is_meant = bool(hashes) and (is_mail or len(among) == 1)
    backed_up = one_is_meant and scalar(db, "SELECT 1 FROM backups WHERE state = 'whole'")
    if not known and not backed_up and not forgetting_doors.copies(db, seal, spellings):
        where = ", ".join(among) or "no source yet"
        raise NotFoundError(
            f"Nothing is kept of such a customer (sources: {where}). Give the id as the source "
            f"has it, or the number of one of their inquiries: --inquiry N. Of whom only backups "
            f"may hold something say the source too: --source NAME"
        )
    return Person(hashes if is_mail or not known else known, None, spellings)


def asker(db: Database, inquiry_id: int) -> Person:
    """Who asked an inquiry; where its source did not say, that inquiry alone.

    Raises:
        NotFoundError: there is no such inquiry.
    """
    row = one(db, "SELECT source, customer FROM inquiries WHERE id = ?", [inquiry_id])
    if row is None:
        raise NotFoundError(f"No inquiry {inquiry_id}. List them: faqdesk inquiries answered")
    if row["customer"]:
        return Person({row["customer"]: row["source"]})
    return Person(inquiry_id=inquiry_id)


def look(workspace: Workspace, db: Database, seal: Seal, person: Person) -> Forgotten:
    """What `forget` would do; changes nothing."""
    ids = _inquiries(db, person)
    return Forgotten(
        rows=_counts(db, ids) | forgetting_doors.counts(db, seal, person, ids),
        undelivered=_undelivered(db, ids),
        models=learned.remembering(workspace, db, ids),
        copies=tuple(forgetting_copies.upgrade_copies(workspace)),
        bundles=tuple(forgetting_copies.bundles(workspace, db)),
        missing=tuple(backups.missing_bundles(workspace, db)),
    )


def forget(
    workspace: Workspace, db: Database, seal: Seal, person: Person, *, actor: Actor
) -> Forgotten:
    """Take everything of a person away; again, it cleans what was left and finds nothing more.

    Raises:
        ConflictError: an answer to them is being sent at this moment.
    """
    with write(db):
        ids = _inquiries(db, person)
        leased = f"inquiry_id IN {IDS} AND state = 'queued' AND leased_until > :now"
        sql = f"SELECT count(*) FROM outbox WHERE {leased}"  # noqa: S608 - fixed words
        if scalar(db, sql, {"ids": json.dumps(ids), "now": now()}):
            raise ConflictError("An answer to them is being sent. Try again in a minute.")
        what = look(workspace, db, seal, person)
        _note(db, seal, person, ids, what.models)
        forgetting_doors.forget(db, seal, person, ids)
        retention.delete(db, ids)
        detail = {"rows": {name: n for name, n in what.rows.items() if n}}
        record(db, actor, "customer.forgotten", "desk", detail=detail)
    what = replace(what, vectors=vector_forgetting.forget_there(db))
    try:
        return replace(what, done=clean(workspace, db, seal))
    except WorkspaceError as error:
        return replace(what, amiss=str(error))


def clean(workspace: Workspace, db: Database, seal: Seal) -> bool:
    """Clean free pages and copies after those who were forgotten since the last time.

    Every time, whoever was forgotten: what a killed backup left is swept, and the note beside each
    backup compared with whom the desk was told to forget.

    Returns:
        Whether all of it is done; false where somebody reads the database.

    Raises:
        WorkspaceError: a copy or a note cannot be written; all else is done.
    """
    backup.sweep(workspace)
    sweep_runs(workspace.runs, idle_days=_RUNS_KEPT_DAYS)
    amiss = forgetting_copies.tell_all(workspace, db)
    done = _clean_pages(workspace, db, seal, amiss)
    if amiss:
        raise WorkspaceError("\n".join(amiss))
    return done


def _clean_pages(workspace: Workspace, db: Database, seal: Seal, amiss: list[str]) -> bool:
    """Clean what those who were forgotten left; what cannot be done is added to `amiss`."""
    sql = "SELECT id, kind, hash, at FROM forgotten WHERE done_at IS NULL"
    rows = list(db.query(sql))
    if not rows:
        return True
    entries = [Entry(row["kind"], row["hash"], row["at"]) for row in rows]
    sweep_runs(workspace.runs)  # what a killed run read may be theirs
    forget_words(db)
    for copy in forgetting_copies.upgrade_copies(workspace):
        try:
            forgetting_copies.scrub(copy, lambda old: forget_again(old, seal, entries))
        except WorkspaceError as error:
            amiss.append(str(error))
    if not settle(db) or amiss:
        return False
    with write(db):
        marks = json.dumps([row["id"] for row in rows])
        sql = "UPDATE forgotten SET done_at = ? WHERE id IN (SELECT value FROM json_each(?))"
        db.execute(sql, [now(), marks])
    return True


def forget_again(db: Database, seal: Seal, known: Iterable[Entry]) -> int:
    """Take away what a copy of a desk still holds of those who were forgotten.

    For a backup that was brought back, of this faqdesk or of an earlier one. What was asked after
    somebody was forgotten stays.

    Args:
        db: the copy's database.
        seal: the desk's key.
        known: as `entries` and the notes beside a backup say.

    Returns:
        How many inquiries went.
    """
    known = list(known)
    memory = Memory.of(seal, known)
    hashes = {entry.hash: "" for entry in known if entry.kind == "customer"}
    with write(db):
        ids = [
            row["id"]
            for row in db.query("SELECT id, source, source_id, customer, opened_at FROM inquiries")
            if memory.holds(row["source"], row["source_id"], row["customer"], row["opened_at"])
        ]
        if "joined_to" in {column.name for column in db.table("inquiries").columns}:
            ids += _joined(db, ids)
        forgetting_doors.forget(db, seal, Person(hashes), ids)
        retention.delete(db, ids)
        if "forgotten" in tables(db):
            keep(db, known, [])
    forget_words(db)
    return len(ids)


def _inquiries(db: Database, person: Person) -> list[int]:
    """Their inquiries, and those of somebody unknown that were joined to one of them."""
    sql = """
        SELECT id FROM inquiries WHERE (customer <> '' AND customer IN
            (SELECT value FROM json_each(:hashes))) OR id = :one
    """
    asked = {"hashes": json.dumps(list(person.customers)), "one": person.inquiry_id}
    ids = [row["id"] for row in db.query(sql, asked)]
    return ids + _joined(db, ids)


def _joined(db: Database, ids: list[int]) -> list[int]:
    """What of somebody unknown was joined to some inquiries; another customer's stays."""
    sql = f"""
        SELECT id FROM inquiries
        WHERE joined_to IN {IDS} AND customer = '' AND id NOT IN {IDS}
    """  # noqa: S608 - fixed words
    return [row["id"] for row in db.query(sql, {"ids": json.dumps(ids)})]


def _counts(db: Database, ids: Collection[int]) -> dict[str, int]:
    given = {"ids": json.dumps(list(ids))}
    return {
        table: int(scalar(db, f"SELECT count(*) FROM {table} WHERE {where}", given))  # noqa: S608
        for table, where in _COUNTED.items()
    }


def _undelivered(db: Database, ids: Collection[int]) -> int:
    sql = f"SELECT count(*) FROM outbox WHERE inquiry_id IN {IDS} AND state = 'queued'"  # noqa: S608
    return int(scalar(db, sql, {"ids": json.dumps(list(ids))}))


def _note(
    db: Database, seal: Seal, person: Person, ids: list[int], models: list[Remembering]
) -> None:
    """Note whom, as keyed hashes: of an unknown asker, the inquiries.

    So too what is dated later than now, by a clock that went wrong: it shall not come back, and
    what the customer asks from now on is new.
    """
    moment = now()
    known = [Entry("customer", name, moment) for name in person.customers]
    sql = f"""
        SELECT source, source_id, opened_at FROM inquiries
        WHERE id IN {IDS} AND (customer = '' OR opened_at > :now)
    """  # noqa: S608 - fixed words
    for row in db.query(sql, {"ids": json.dumps(ids), "now": moment}):
        name = name_of(seal, row["source"], row["source_id"])
        known.append(Entry("inquiry", name, max(moment, row["opened_at"])))
    keep(db, known, [found.part for found in models])
