"""One of several processes that do the same work at the same time; says in JSON what it did.

`python -m tests.trust.at_once HOME AGENT`: it says when it is ready; each line names a work.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from listings.moderation import appeals, case_queue, decisions
from support import answering, holding
from support.audit import Actor
from support.errors import ConflictError, NotFoundError
from support.workspace import Workspace


def decide(space: Workspace, db: Database, me: int) -> list[int]:
    """Decide on every case, in order, whoever has it."""
    return _each(db, "moderation_cases", lambda key: decisions.decide(
        db, Actor(f"agent:{me}"), me, key, label="animals", reason="seen"))  # fmt: skip


def work(space: Workspace, db: Database, me: int) -> list[int]:
    """Take the next case and decide on it, until none waits."""
    done = []
    while (case := case_queue.claim_next(db, me)) is not None:
        decisions.decide(db, Actor(f"agent:{me}"), me, case.id, label="animals", reason="seen")
        done.append(case.id)
    return done


def undo(space: Workspace, db: Database, me: int) -> list[int]:
    """Take every decision back."""
    return _each(db, "moderation_decisions", lambda key: decisions.undo(db, Actor("cli:test"), key))


def appeal(space: Workspace, db: Database, me: int) -> list[int]:
    """Appeal against every decision."""
    return _each(db, "moderation_decisions", lambda key: appeals.file(
        db, Actor("cli:test"), key, by="seller"))  # fmt: skip


def claim(space: Workspace, db: Database, me: int) -> list[int]:
    """Put every inquiry into one's own queue that nobody has."""
    return _each(db, "inquiries", lambda key: holding.keep(db, Actor(f"agent:{me}"), key, me))


def send(space: Workspace, db: Database, me: int) -> list[int]:
    """Answer every inquiry."""
    seal, actor = space.seal(), Actor(f"agent:{me}")
    return _each(db, "inquiries", lambda key: answering.send(
        db, seal, inquiry_id=key, agent_id=me, text=f"answer of {me}", actor=actor))  # fmt: skip


def _each(db: Database, table: str, act: Callable[[int], object]) -> list[int]:
    done = []
    for (key,) in db.conn.execute(f"SELECT id FROM {table} ORDER BY id").fetchall():
        try:
            act(key)
        except (ConflictError, NotFoundError):
            continue
        done.append(key)
    return done


WORKS = {work.__name__: work for work in (decide, work, undo, appeal, claim, send)}


def main() -> None:
    home, me = sys.argv[1:]
    space = Workspace(Path(home))
    db = space.database()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(WORKS[line.strip()](space, db, int(me))), flush=True)


if __name__ == "__main__":
    main()
