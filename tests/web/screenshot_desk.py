"""The sample marketplace as a team would have it after a day: for the pictures of `screenshots.py`.

Colleagues answer some of those who wait, through the console itself; tags, snoozing, saved replies,
gaps, the map and the other background work fill the pages that a fresh desk leaves empty.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from sqlite_utils import Database

from support import agents, answering, holding, invitations, saved_replies, snoozing, tagging
from support.audit import Actor
from support.clock import ago
from support.database import scalar, write
from support.recommender import Recommender
from support.suggestions import remember
from support.workspace import Workspace

ACTOR = Actor("cli:demo")
PASSWORD = "long enough for pictures"
ADMIN = "sora"
TEAM = (
    (ADMIN, "윤소라", "admin"),
    ("jisu", "김지수", "agent"),
    ("hana", "최하나", "agent"),
    ("daniel", "Daniel Cho", "lead"),
)
ANSWERED = 24  # of those who wait; the rest stay in the inbox
REPLIES = (
    (
        "확인 중 안내",
        "안녕하세요. 문의하신 내용을 확인하고 있습니다. 잠시만 기다려 주세요.",
        "공통",
    ),
    ("캡처 요청", "정확한 확인을 위해 화면을 캡처해서 보내 주시겠어요?", "공통"),
    ("환불 처리 안내", "환불 요청이 접수되었습니다. 카드사에 따라 3~5일이 걸립니다.", "결제"),
    ("Checking", "Thank you for writing. We are looking into it.", "공통"),
)
# What fills pages in the background, as the console's own jobs or commands would.
COMMANDS = (
    ("gaps", "find"),
    ("map", "make"),
    ("replies", "learn"),
)


def make(home: Path) -> Workspace:
    """The demo, made fresh: imported and trained. Takes minutes."""
    space = Workspace(home)
    _command(space, "demo", "--no-serve")
    return space


def furnish(space: Workspace) -> None:
    """Let a team work on it for a day."""
    db = space.database()
    if scalar(db, "SELECT 1 FROM agents WHERE login = ?", [ADMIN]):
        return  # a desk that was furnished before
    for login, name, role in TEAM:
        if scalar(db, "SELECT 1 FROM agents WHERE login = ?", [login]):
            continue  # the sample's moderators are there already
        agents.add(db, ACTOR, login=login, name=name, role=role, password=PASSWORD)
    invitations.invite(db, ACTOR, login="jun", name="박준", role="agent")
    for title, body, category in REPLIES:
        saved_replies.create(db, ACTOR, title=title, body=body, category=category)
    for words in COMMANDS:
        _command(space, *words)
    _answer(space, db)
    _hold(db)
    with write(db):
        db.table("jobs").insert(
            {"kind": "gaps", "state": "done", "done": 1, "total": 1, "created_by": ACTOR.name,
             "log": "grouping\nnaming what was found\n", "created_at": ago(minutes=9),
             "started_at": ago(minutes=9), "finished_at": ago(minutes=8)},
        )  # fmt: skip
        db.table("label_batches").insert(
            {"name": "listings.csv", "file": "listings.csv", "state": "done", "total": 0,
             "created_by": ACTOR.name, "created_at": ago(minutes=30)},
        )  # fmt: skip
        _spread(db)
    db.close()


def people(db: Database) -> list[int]:
    """Those of the team who answer."""
    sql = "SELECT id FROM agents WHERE login IN ('hana', 'jisu', 'daniel') ORDER BY id"
    return [row["id"] for row in db.query(sql)]


def _answer(space: Workspace, db: Database) -> None:
    """Answer with what is suggested first, or with the second, or without any FAQ."""
    recommender, seal = Recommender(space), space.seal()
    ways: Iterator[int | None] = cycle((0, 0, 0, 1, 0, 0, None, 0))
    team = cycle(people(db))
    sql = "SELECT id, text FROM inquiries WHERE status = 'open' ORDER BY opened_at LIMIT ?"
    for row in list(db.query(sql, [ANSWERED])):
        agent, way = next(team), next(ways)
        found = recommender.suggest(db, row["text"], inquiry_id=row["id"])
        key = remember(db, found, inquiry_id=row["id"], asked_by=f"agent:{agent}")
        text = "안녕하세요, 문의 주셔서 감사합니다."
        if way is not None and len(found.faqs) > way:
            faq = found.faqs[way].faq
            text += f" 아래 안내를 확인해 주세요.\n{faq.title}\n{faq.url}"
            actor = Actor(f"agent:{agent}")
            answering.note_inserted(db, key, faq.slug, form="titled", actor=actor)
        answering.send(
            db, seal, inquiry_id=row["id"], agent_id=agent, text=text,
            actor=Actor(f"agent:{agent}"),
        )  # fmt: skip


def _spread(db: Database) -> None:
    """Let what was answered just now have been asked and answered over the week."""
    sql = "SELECT id FROM inquiries WHERE answer_id IN (SELECT message_id FROM outbox) ORDER BY id"
    for number, row in enumerate(list(db.query(sql))):
        answered = ago(hours=5 * number + 1)
        asked = ago(hours=5 * number + 1, minutes=3 + 7 * number % 50)
        for statement in (
            "UPDATE inquiries SET opened_at = :asked, answered_at = :answered WHERE id = :id",
            "UPDATE messages SET at = iif(role = 'agent', :answered, :asked) "
            "WHERE inquiry_id = :id",
            "UPDATE labels SET at = :answered WHERE inquiry_id = :id",
            "UPDATE suggestions SET at = :answered WHERE inquiry_id = :id",
        ):
            db.execute(statement, {"asked": asked, "answered": answered, "id": row["id"]})


def _hold(db: Database) -> None:
    rows = db.query("SELECT id FROM inquiries WHERE status = 'open' ORDER BY opened_at")
    ids = [row["id"] for row in rows]
    first, second, *_ = people(db)
    holding.claim(db, first, ids[1])
    holding.claim(db, second, ids[4])
    tagging.change(db, ACTOR, ids[0], add=["급함"])
    tagging.change(db, ACTOR, ids[2], add=["vip", "환불"])
    snoozing.snooze(db, ACTOR, ids[-1], until=ago(hours=-20))


def _command(space: Workspace, *words: str) -> None:
    """Run a command of ours on the desk."""
    subprocess.run(
        [sys.executable, "-m", "web.cli", *words],
        env=os.environ | {"FAQDESK_HOME": str(space.home)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
