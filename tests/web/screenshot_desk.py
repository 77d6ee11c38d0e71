"""The sample marketplace as its team has it, and who walks through it: for `screenshots.py`."""

import os
import subprocess
import sys
from pathlib import Path

from support import agents, connections, invitations, settings
from support.audit import Actor
from support.clock import ago
from support.connections import Access
from support.database import scalar, write
from support.workspace import Workspace
from tests.web.console_pages import HELPDESK

ACTOR = Actor("cli:demo")
PASSWORD = "long enough for pictures"
ADMIN = "sora"


def make(home: Path) -> Workspace:
    """The demo, made fresh: imported, trained, lived on. Takes minutes."""
    space = Workspace(home)
    _command(space, "demo", "--no-serve")
    return space


def furnish(space: Workspace) -> None:
    """Add whoever walks through the pages, an invitation, and work that has run."""
    db = space.database()
    settings.change(db, ACTOR, embed_parents=[HELPDESK])
    access = Access(address=HELPDESK, secret="a secret for pictures", user="bot@example.com")
    connections.connect(db, space.seal(), ACTOR, name="zendesk", kind="zendesk", access=access)
    if not scalar(db, "SELECT 1 FROM agents WHERE login = ?", [ADMIN]):
        agents.add(db, ACTOR, login=ADMIN, name="윤소라", role="admin", password=PASSWORD)
        invitations.invite(db, ACTOR, login="jun", name="박준", role="agent")
        _command(space, "replies", "learn")
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
    db.close()


def _command(space: Workspace, *words: str) -> None:
    """Run a command of ours on the desk."""
    subprocess.run(
        [sys.executable, "-m", "web.cli", *words],
        env=os.environ | {"FAQDESK_HOME": str(space.home)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
