"""Check 18: no round is decided twice, a lock is one person's, and taking back is exact.

`tests/listings/moderation/test_moderation_states.py` walks through whatever people and the machine
may do; here the walk is asked for more, and two processes do the same at the same time.
"""

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, rule

from listings.moderation.case_queue import open_for
from listings.moderation.decisions import decide, undo
from listings.moderation.reporters import records
from support.database import scalar
from support.errors import ConflictError
from support.workspace import Workspace
from tests import soaking
from tests.conftest import ACTOR
from tests.listings.moderation.desk import a_policy, add_listings, person, put, report
from tests.listings.moderation.test_moderation_states import (
    AGENTS,
    LABELS,
    LISTINGS,
    Desk,
    template,  # noqa: F401 - the desk that each walk begins with
)

ROOT = Path(__file__).parents[2]
# What only tells what was done stays: the trail, what marketplaces are told, decisions taken back.
TOLD = ("audit", "audit_head", "moderation_actions")
KEPT = {
    "moderation_decisions": "undone_at IS NULL",
    "strikes": "decision_id IN (SELECT id FROM moderation_decisions WHERE undone_at IS NULL)",
}
SCREEN = {"claimed_by", "claimed_at"}  # who has it on the screen: a decision lets go of it


def contents(db):
    """Every row of every table that a decision may write, but for what only tells of it."""
    found = {}
    for name in db.table_names():
        if name in TOLD or name.startswith(("sqlite_", "_", "inquiry_search", "faq_search")):
            continue
        where = KEPT.get(name, "1")
        rows = db.query(f"SELECT * FROM {name} WHERE {where} ORDER BY 1, 2")
        if name == "moderation_cases":
            found[name] = [{k: v for k, v in row.items() if k not in SCREEN} for row in rows]
        else:
            found[name] = [dict(row) for row in rows]
    return found


class Exact(Desk):
    """The same walk, with every table looked at."""

    @rule(number=LISTINGS, agent=AGENTS, label=LABELS)
    def decide_and_take_back_exactly(self, number, agent, label):
        open_for(self.db, ACTOR, self.listings[number])
        self.fresh()
        before, me = contents(self.db), self.agents[agent]
        try:
            decision = decide(self.db, ACTOR, me, self.case(number), label=label, reason="seen")
        except ConflictError:
            assert contents(self.db) == before
            return
        after = contents(self.db)
        assert after != before
        undo(self.db, ACTOR, decision)
        assert contents(self.db) == before

    @invariant()
    def a_lock_is_one_persons_and_a_person_has_one(self):
        assert self.count("moderation_cases WHERE state = 'closed' AND claimed_by IS NOT NULL") == 0
        each = "(SELECT 1 FROM moderation_cases WHERE claimed_by IS NOT NULL GROUP BY claimed_by"
        assert self.count(f"{each} HAVING count(*) > 1)") == 0

    @invariant()
    def what_the_machine_closed_counts_for_no_reporter(self):
        """A reporter's record, worked out once more and in another way."""
        every = {row["id"]: row for row in self.db.query("SELECT * FROM moderation_decisions")}
        waits = {row["decision_id"] for row in
                 self.db.query("SELECT decision_id FROM appeals WHERE state = 'open'")}  # fmt: skip
        counted: dict[str, list[bool]] = {}
        for row in self.db.query("SELECT * FROM moderation_reports WHERE closed_by IS NOT NULL"):
            last = every[row["closed_by"]]
            while last["replaced_by"] is not None:
                last = every[last["replaced_by"]]
            theirs = counted.setdefault(row["reporter"], [])
            if last["made_by"] != "policy" and not row["late"] and row["closed_by"] not in waits:
                theirs.append(last["label"] != "normal")
        for reporter, found in records(self.db, [name for name in counted if name]).items():
            right = counted[reporter]
            assert (found.right, found.wrong) == (sum(right), len(right) - sum(right))

    @invariant()
    def the_machine_leaves_what_is_for_lawyers(self):
        automatic = "JOIN moderation_decisions d ON d.id = r.closed_by AND d.made_by = 'policy'"
        assert self.count(f"moderation_reports r {automatic} WHERE r.label = 'legal'") == 0
        verdicts = "JOIN moderation_verdicts v ON v.id = r.verdict_id AND v.label = 'legal'"
        assert self.count(f"moderation_signs r {automatic} {verdicts}") == 0


TestExact = Exact.TestCase
TestExact.settings = settings(
    max_examples=soaking.many(5, 400),
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


# ---- two processes, one file


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    """A desk with cases that wait and two people; each test starts from a copy."""
    folder = tmp_path_factory.mktemp("queue")
    space = Workspace(folder / "desk").create()
    db = space.database()
    ids = add_listings(db, space.seal(), soaking.many(12, 200))
    put(db, a_policy())
    for listing_id in ids:
        report(db, space.seal(), listing_id, "ann", label="animals")
    people = [person(db, "mina"), person(db, "yuna")]
    db.close()
    return folder, people, len(ids)


@pytest.fixture
def copied(queue, tmp_path):
    folder, people, n = queue
    shutil.copytree(folder, tmp_path / "copy")
    space = Workspace(tmp_path / "copy" / "desk")
    db = space.database()
    yield space, db, people, n
    db.close()


@contextmanager
def two(space, people):
    """Two processes: what each does of a work that both begin at the same moment."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.trust.at_once", str(space.home), str(me)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for me in people
    ]  # fmt: skip

    def both(work, other=""):
        for process, what in zip(running, (work, other or work), strict=True):
            process.stdin.write(what + "\n")
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in running]

    try:
        for process in running:
            assert process.stdout.readline() == "ready\n"
        yield both
    finally:
        for process in running:
            process.stdin.close()
            process.wait(timeout=60)
            process.stdout.close()


def shared(one, other, n):
    """That each of n things was done by one of two, once."""
    assert set(one) & set(other) == set()
    assert len(one) + len(other) == n
    assert len(set(one) | set(other)) == n


def test_two_processes_never_decide_one_round_twice(copied):
    space, db, people, n = copied
    with two(space, people) as both:
        shared(*both("decide"), n)
        assert scalar(db, "SELECT count(*) FROM moderation_decisions") == n
        assert scalar(db, "SELECT count(*) FROM moderation_decisions WHERE previous <> 0") == 0
        assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'moderation.decided'") == n
        shared(*both("undo"), n)  # each is taken back once
        assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'moderation.undone'") == n
        assert scalar(db, "SELECT count(*) FROM moderation_cases WHERE state = 'open'") == n
        shared(*both("work"), n)  # at one queue, each gets what the other has not
        assert scalar(db, "SELECT count(*) FROM moderation_cases WHERE claimed_by IS NOT NULL") == 0
        shared(*both("undo", "appeal"), n)  # taken back or appealed against, never both
    sql = "SELECT count(*) FROM appeals a JOIN moderation_decisions d ON d.id = a.decision_id "
    assert scalar(db, sql + "WHERE d.undone_at IS NOT NULL") == 0


def test_two_agents_never_have_one_inquiry(model_desk, tmp_path):
    shutil.copytree(model_desk.home, tmp_path / "desk")
    shutil.copy(model_desk.key_path, tmp_path / "desk.key")
    space = Workspace(tmp_path / "desk")
    db = space.database()
    people = [scalar(db, "SELECT id FROM agents WHERE login = ?", [name])
              for name in ("mina", "yuna")]  # fmt: skip
    n = scalar(db, "SELECT count(*) FROM inquiries WHERE status = 'open'")
    with two(space, people) as both:
        claimed = both("claim")
        shared(*claimed, n)
        for me, theirs in zip(people, claimed, strict=True):
            held = db.query("SELECT id FROM inquiries WHERE held_by = ?", [me])
            assert {row["id"] for row in held} == set(theirs)
        assert both("send") == claimed  # nobody answers what the other has
        assert scalar(db, "SELECT count(*) FROM outbox") == n
        db.execute("DELETE FROM outbox")
        db.execute("UPDATE inquiries SET status = 'open', answer_id = NULL, held_by = NULL")
        db.conn.commit()
        free = scalar(db, "SELECT count(*) FROM inquiries WHERE joined_to IS NULL")
        shared(*both("send"), free)
        assert scalar(db, "SELECT count(*) FROM outbox") == free
    db.close()
