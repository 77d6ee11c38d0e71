"""Grows a desk of many inquiries to click through, by perturbed copies of those it has.

Everything that the console reads is there: colleagues, tags, channels, labels, what was suggested
and what became of it, an audit trail, a map, models that are really in force. Written in bulk, past
the import. The map's points are two numbers of each vector; a real one takes minutes to lay out.
"""

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlite_utils import Database

from support import agents, embeddings
from support.audit import Actor, record
from support.clock import iso, now
from support.database import scalar, write
from support.encoder import SentenceEncoder
from support.releases import publish
from support.shipped import shipped_folder
from support.text import bigrams
from support.workspace import Workspace

from .bench_growth import BATCH, MAX_ANSWER, Past, perturb, read_past
from .desk import rebuild_index, train_faq
from .progress import Progress, silent

ACTOR: Final = Actor("cli:bench")
PASSWORD: Final = "only for the benchmark"  # noqa: S105 - the desk is thrown away
PEOPLE: Final = 16
OPEN: Final = 1_500  # inquiries that wait
DAYS: Final = 900  # of history
CUSTOMERS: Final = 50_000
SUGGESTED: Final = 5  # every so-manyth inquiry was answered on this desk, with a suggestion
_CHANNELS: Final = ("app", "chat", "email", "web")
_TAGS: Final = (("vip",), ("급함",), ("환불", "급함"))
_TAGGED: Final = 0.03  # of the inquiries
_OUTCOMES: Final = ("accepted", "accepted", "accepted", "passed_over", "dismissed")


def login_of(number: int) -> str:
    """The login of one of the agents, counted from 1."""
    return f"agent{number}"


def grow_desk(
    space: Workspace,
    *,
    size: int,
    people: int = PEOPLE,
    waiting: int = OPEN,
    progress: Progress = silent,
) -> Workspace:
    """Grow a desk to `size` answered inquiries, those that it has among them.

    Args:
        space: a desk with FAQs and answered inquiries, and no model yet.
        size: how many answered inquiries there shall be; none is ever taken away.
        people: agents, each of whom can sign in with `PASSWORD`.
        waiting: open inquiries beside them.
        progress: told done, total and a message; may raise.
    """
    db = space.database()
    db.conn.execute("PRAGMA synchronous = OFF")  # a desk that is thrown away
    team = [
        agents.add(
            db, ACTOR, login=login_of(number), name=f"상담원 {number}", role="admin",
            password=PASSWORD,
        ).id
        for number in range(1, people + 1)
    ]  # fmt: skip
    shutil.copytree(shipped_folder(), space.models / "encoder" / "shipped")
    publish(space, db, {"encoder": "shipped"}, actor=ACTOR)
    progress(0, 1, "training on what is there")
    train_faq(space, db, actor=ACTOR, progress=progress)
    encoder = SentenceEncoder.load(space.models / "encoder" / "shipped")
    _copies(db, encoder, size, waiting, team, progress)
    rebuild_index(space, db, actor=ACTOR, progress=progress)
    _map(db, encoder)
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return space


def _copies(
    db: Database, encoder: SentenceEncoder, size: int, waiting: int, team: Sequence[int],
    progress: Progress,
) -> None:  # fmt: skip
    past = read_past(db, limit=size)
    known = int(scalar(db, "SELECT count(*) FROM inquiries WHERE answer_id IS NOT NULL"))
    categories = {row["slug"]: row["category"] for row in db.query("SELECT * FROM faqs")}
    first = 1 + int(scalar(db, "SELECT max(id) FROM inquiries"))
    answered, count = max(0, size - known), max(0, size - known) + waiting
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        rows = [
            _row(past, categories, first + number, team, waits=number >= answered)
            for number in numbers
        ]
        vectors = encoder.encode([row["text"] for row in rows])
        done = [place for place, row in enumerate(rows) if row["status"] != "open"]
        with write(db):
            _insert(db, rows)
            embeddings.save(db, encoder.version, [rows[i]["id"] for i in done], vectors[done])
        progress(numbers[-1] + 1, count, "growing the desk")


def _row(
    past: Sequence[Past], categories: dict[str, str], number: int, team: Sequence[int], *,
    waits: bool,
) -> dict[str, Any]:  # fmt: skip
    """All that is known of one inquiry; the same number gives the same one, but for its time."""
    draw = random.Random(number)
    original = past[number % len(past)]
    present = datetime.now(UTC)
    if waits:
        opened = present - timedelta(minutes=draw.uniform(1, 3 * 24 * 60))
        answered = None
    else:
        opened = present - timedelta(days=draw.uniform(0.1, DAYS))
        answered = min(opened + timedelta(minutes=draw.uniform(2, 24 * 60)), present)
    here = number % SUGGESTED == 0  # else it was answered before the desk
    return {
        "id": number,
        "channel": draw.choice(_CHANNELS),
        "language": "en" if draw.random() < 0.1 else "ko",
        "category": categories.get(original.slugs[0], "") if original.slugs else "",
        "tags": draw.choice(_TAGS) if draw.random() < _TAGGED else (),
        "customer": f"bench-{draw.randrange(CUSTOMERS)}",
        "text": perturb(original.text, draw),
        "status": "open" if waits else "answered",
        "opened_at": iso(opened),
        "answered_at": iso(answered) if answered else None,
        "answer": original.answer[:MAX_ANSWER],
        "agent_id": draw.choice(team) if here else None,
        "author": "" if here else draw.choice(("Minji Kim", "최하나", "Daniel Cho")),
        "slugs": original.slugs,
        "suggested": here and not waits,
        "outcome": draw.choice(_OUTCOMES),
        "probability": draw.uniform(0.5, 1),
    }


def _insert(db: Database, rows: Sequence[dict[str, Any]]) -> None:
    done = [row for row in rows if row["status"] != "open"]
    db.conn.executemany(
        "INSERT INTO inquiries (id, source, source_id, channel, language, category, tags, "
        "customer, text, status, opened_at, answered_at) VALUES (:id, 'bench', :id, :channel, "
        ":language, :category, :tags, :customer, :text, :status, :opened_at, :answered_at)",
        [row | {"tags": json.dumps(row["tags"], ensure_ascii=False)} for row in rows],
    )
    db.conn.executemany(
        "INSERT INTO messages (inquiry_id, source_id, role, text, at) "
        "VALUES (:id, 'question', 'customer', :text, :opened_at)",
        rows,
    )
    db.conn.executemany(
        "INSERT INTO messages (inquiry_id, source_id, role, agent_id, author, text, at) "
        "VALUES (:id, 'answer', 'agent', :agent_id, :author, :answer, :answered_at)",
        done,
    )
    ids = [row["id"] for row in rows]
    # Not before the messages are there; the trigger then knows whose answer it is.
    db.conn.execute(
        "UPDATE inquiries SET answer_id = (SELECT id FROM messages "
        "WHERE inquiry_id = inquiries.id AND source_id = 'answer') "
        "WHERE id BETWEEN ? AND ? AND status <> 'open'",
        (ids[0], ids[-1]),
    )
    db.conn.executemany(
        "INSERT INTO labels (inquiry_id, message_id, slug, origin, at) VALUES (?, "
        "(SELECT answer_id FROM inquiries WHERE id = ?), ?, ?, ?)",
        list(_labels(done)),
    )
    db.conn.executemany(
        "INSERT INTO inquiry_search (rowid, question, answer) VALUES (?, ?, ?)",
        [
            (row["id"], bigrams(row["text"]), bigrams(row["answer"]) if row in done else "")
            for row in rows
        ],
    )
    _suggestions(db, [row for row in done if row["suggested"]])


def _labels(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        origin = "sent" if row["suggested"] else "import"
        for slug in row["slugs"]:
            yield row["id"], row["id"], slug, origin, row["answered_at"]


def _suggestions(db: Database, rows: Sequence[dict[str, Any]]) -> None:
    """What was shown, what was sent of it, and a line in the audit trail."""
    shown = [row | {"slug": row["slugs"][0] if row["slugs"] else ""} for row in rows]
    db.conn.executemany(
        "INSERT INTO suggestions (id, inquiry_id, asked_by, release, band, reason, at) VALUES "
        "('bench-' || :id, :id, 'agent:' || :agent_id, 'bench', "
        "iif(:slug = '', 'silent', 'likely'), iif(:slug = '', 'out_of_scope', ''), :opened_at)",
        shown,
    )
    db.conn.executemany(
        "INSERT INTO suggestion_faqs (suggestion_id, rank, slug, probability, outcome) "
        "VALUES ('bench-' || :id, 1, :slug, :probability, :outcome)",
        [row for row in shown if row["slug"]],
    )
    db.conn.executemany(
        "INSERT INTO misses (suggestion_id, slug) VALUES ('bench-' || :id, :slug)",
        [row for row in shown if row["slug"] and row["outcome"] == "passed_over"],
    )
    for row in shown:
        record(db, Actor(f"agent:{row['agent_id']}"), "answer.sent", f"inquiry:{row['id']}")


def _map(db: Database, encoder: SentenceEncoder) -> None:
    """Put a map in force whose places are two numbers of each vector."""
    _, ids, vectors = embeddings.after(db, encoder.version, 0)
    order = np.argsort(ids)
    points = np.ascontiguousarray(np.asarray(vectors)[order][:, :2], "<f4")
    db.table("maps").insert(
        {
            "encoder_version": encoder.version,
            "ids": ids[order].astype("<i8").tobytes(),
            "points": points.tobytes(),
            "settings": "{}",
            "made_at": now(),
        }
    )
