"""The sample's last weeks, lived on the desk: each inquiry comes, is looked at, and is answered.

What was suggested for it comes from the models of that time, and what its agent sent says what that
was worth. So the demo's week, its tuner and its gaps show real counts. Halfway a second model is
trained. A killed run goes on where it stopped.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from sqlite_utils import Database

import data
from support import agents, answering, incoming, suggestions
from support.audit import Actor
from support.clock import from_iso, iso
from support.database import one, scalar, write
from support.importing.conversation import RawMessage
from support.recommender import Recommender
from support.redact import masks_in
from support.seal import Seal
from support.workspace import Workspace

LIVED: Final = timedelta(weeks=8)  # for so long the desk has been in use
TRAINED: Final = timedelta(weeks=3)  # since then with the second model
# Nobody can sign in as them. Two of them moderate as well.
PEOPLE: Final = {
    "이소연": ("soyeon", "agent"),
    "김민지": ("minji", "lead"),
    "Daniel Cho": ("daniel", "agent"),
    "정태양": ("taeyang", "agent"),
    "박준호": ("junho", "lead"),
    "최하나": ("hana", "agent"),
}
_FORMS: Final = ("titled", "link", "text")
_DISMISSES: Final = 4  # every so-manieth wrong first suggestion is dismissed with its reason

Progress = Callable[[int, int, str], None]


def recent(*, since: timedelta, until: timedelta) -> list[data.Row]:
    """The sample's answered inquiries of a span before the present, the oldest first."""
    rows = [row for row in data.rows("history") if until < _minutes(row) <= since]
    return sorted(rows, key=_minutes, reverse=True)


def live(
    space: Workspace, db: Database, actor: Actor, rows: list[data.Row], progress: Progress
) -> None:
    """Let inquiries come and be answered; those that are there already stay as they are.

    Args:
        space: the sample's desk, with a model in force.
        db: its database.
        actor: who makes the demo.
        rows: of the sample's history, in order of time.
        progress: told how far it is; may raise.
    """
    recommender, seal, moment = Recommender(space), space.seal(), began(db)

    @cache
    def person(name: str) -> int:
        login, role = PEOPLE[name]
        known = scalar(db, "SELECT id FROM agents WHERE login = ?", [login])
        return int(known or agents.add(db, actor, login=login, name=name, role=role).id)

    for number, row in enumerate(rows, 1):
        sql = "SELECT answer_id FROM inquiries WHERE source = ? AND source_id = ?"
        if scalar(db, sql, [data.SOURCE, row["id"]]) is None:
            with write(db):
                inquiry_id = _answer(db, seal, recommender, person(row["agent"]), row, moment)
            similar = recommender.models().similar
            if similar is not None:
                similar.remember(db, [inquiry_id])
        progress(number, len(rows), "answering inquiries")


def began(db: Database) -> datetime:
    """The moment from which the sample's minutes are counted back."""
    first = next(data.rows("history"))
    sql = "SELECT opened_at FROM inquiries WHERE source = ? AND source_id = ?"
    return from_iso(scalar(db, sql, [data.SOURCE, first["id"]])) + _minutes(first)


def _answer(
    db: Database,
    seal: Seal,
    recommender: Recommender,
    agent_id: int,
    row: data.Row,
    moment: datetime,
) -> int:
    """One inquiry from its coming to its answer, each at the time that the sample says."""
    asked = moment - _minutes(row)
    sent = asked + timedelta(minutes=int(row["answer_minutes"]))
    inquiry_id = incoming.receive(
        db,
        seal,
        source=data.SOURCE,
        conversation=row["id"],
        message=RawMessage(f"{row['id']}:1", "customer", row["question"], iso(asked)),
        customer_id=row["customer"],
        channel=row["channel"],
        language=row["language"],
    ).inquiry_id
    text = scalar(db, "SELECT text FROM inquiries WHERE id = ?", [inquiry_id])
    found = recommender.suggest(db, text, inquiry_id=inquiry_id)
    acting = Actor(f"agent:{agent_id}")
    key = suggestions.remember(db, found, inquiry_id=inquiry_id, asked_by=acting.name)
    linked = row["faqs"].split()
    for item in found.faqs:
        if item.faq.slug in linked:
            form = _FORMS[agent_id % len(_FORMS)]
            answering.note_inserted(db, key, item.faq.slug, form=form, actor=acting)
        elif item is found.faqs[0] and linked and inquiry_id % _DISMISSES == 0:
            answering.dismiss(db, key, item.faq.slug, reason="irrelevant", actor=acting)
    answering.send(
        db,
        seal,
        inquiry_id=inquiry_id,
        agent_id=agent_id,
        text=row["answer"],
        actor=acting,
        masks_confirmed=masks_in(row["answer"]),
    )
    _dated(db, inquiry_id, key, looked=_looked(asked, sent, row), sent=iso(sent))
    return inquiry_id


def _looked(asked: datetime, sent: datetime, row: data.Row) -> str:
    """When the agent opened it: a few minutes before the answer went out, the longer the more."""
    took = timedelta(seconds=40 + len(row["answer"]) * 0.9)
    return iso(max(asked, sent - took))


def _dated(db: Database, inquiry_id: int, key: str, *, looked: str, sent: str) -> None:
    """What was written just now happened then; the audit trail alone says when it was made."""
    answer = one(db, "SELECT answer_id FROM inquiries WHERE id = ?", [inquiry_id]) or {}
    db.execute("UPDATE suggestions SET at = ? WHERE id = ?", [looked, key])
    for column, table in (("inserted_at", "suggestion_faqs"), ("at", "suggestion_events")):
        sql = f"UPDATE {table} SET {column} = ? WHERE suggestion_id = ? AND {column} IS NOT NULL"  # noqa: S608
        db.execute(sql, [looked, key])
    db.table("inquiries").update(inquiry_id, {"answered_at": sent, "closed_at": sent})
    db.table("messages").update(answer["answer_id"], {"at": sent})
    db.execute("UPDATE labels SET at = ? WHERE message_id = ?", [sent, answer["answer_id"]])
    sql = "UPDATE outbox SET created_at = ?, updated_at = ? WHERE message_id = ?"
    db.execute(sql, [sent, sent, answer["answer_id"]])


def _minutes(row: data.Row) -> timedelta:
    return timedelta(minutes=int(row["minutes_ago"]))
