"""Whatever people and the machine do, in whatever order, some things hold.

No round is decided twice, taking back is exact, the machine leaves `legal` alone, hides nothing
without its model and never against a person's word, and what buyers see is what the last decision
says.
"""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from listings.moderation import appeals, cases
from listings.moderation.case_queue import claim_next, open_for, release
from listings.moderation.classes import CLASSES, LEGAL, PROBLEMS
from listings.moderation.decisions import decide, undo
from listings.moderation.policy import Rules
from listings.moderation.policy_act import act
from listings.moderation.reporters import mute
from listings.moderation.sanctions import place
from support.database import one, scalar, write
from support.errors import ConflictError, FaqdeskError, InputError
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.listings.moderation.desk import (
    MODEL,
    a_policy,
    add_listings,
    edit,
    person,
    put,
    report,
    state,
    verdict,
)

LISTINGS = st.integers(0, 2)
AGENTS = st.integers(0, 1)
LABELS = st.sampled_from(CLASSES)
SCORES = st.sampled_from([0.05, 0.35, 0.6, 0.75, 0.95])
RULES = Rules(reporters=2, reporters_weight=0.8, sample_all=0.3, sample_hidden=0.3, hides_an_hour=4)


@pytest.fixture(scope="module", autouse=True)
def template():
    """A desk with listings, people and a policy in force; each run starts from a copy."""
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(Path(folder) / "desk").create()
        db = space.database()
        Desk.listings = add_listings(db, space.seal(), 2) + add_listings(
            db, space.seal(), 1, seller="neighbour"
        )
        Desk.agents = [person(db, "mina"), person(db, "yuna")]
        put(db, a_policy(rules=RULES))
        db.close()
        Desk.template = Path(folder)
        yield


class Desk(RuleBasedStateMachine):
    template: Path
    listings: list[int]
    agents: list[int]

    @initialize()
    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        home = Path(self.folder.name) / "copy"
        shutil.copytree(self.template, home)
        self.space = Workspace(home / "desk")
        self.db = self.space.database()
        self.db.conn.execute("PRAGMA synchronous = OFF")
        self.seal = self.space.seal()

    def teardown(self):
        if hasattr(self, "db"):
            self.db.close()
            self.folder.cleanup()

    def case(self, number):
        sql = "SELECT id FROM moderation_cases WHERE listing_id = ?"
        return scalar(self.db, sql, [self.listings[number]])

    def last(self, number):
        sql = """
            SELECT max(d.id) FROM moderation_decisions d JOIN moderation_cases c ON c.id = d.case_id
            WHERE c.listing_id = ? AND d.undone_at IS NULL
        """
        return scalar(self.db, sql, [self.listings[number]])

    def fresh(self):
        """The state, with priorities by what reporters are worth now."""
        with write(self.db):
            for (case_id,) in self.db.conn.execute("SELECT id FROM moderation_cases").fetchall():
                cases.settle(self.db, case_id)
        return state(self.db)

    def appeal(self, appealed):
        sql = "SELECT id FROM appeals WHERE state = ? ORDER BY id DESC LIMIT 1"
        return scalar(self.db, sql, [appealed])

    @rule(number=LISTINGS, label=st.sampled_from(PROBLEMS), score=SCORES,
          model=st.sampled_from([MODEL, MODEL, "", "another"]), chance=st.randoms())  # fmt: skip
    def judge(self, number, label, score, model, chance):
        judged = verdict(model=model, **{label: score})
        act(self.db, [(self.listings[number], judged)], chance=chance)

    @rule(number=LISTINGS, who=st.sampled_from("abc"), label=st.sampled_from(["", *PROBLEMS]))
    def report(self, number, who, label):
        got = report(self.db, self.seal, self.listings[number], who, label=label)
        if got.settled is not None:
            row = one(self.db, "SELECT * FROM moderation_decisions WHERE id = ?", [got.settled])
            assert row["action"] == "hide"

    @rule(agent=AGENTS, label=LABELS)
    def work(self, agent, label):
        case = claim_next(self.db, self.agents[agent])
        if case is None:
            return
        try:
            decide(self.db, ACTOR, self.agents[agent], case.id, label=label, reason="seen")
        except ConflictError as error:
            assert "appeal" in str(error)  # noqa: PT017 - the others must not happen here

    @rule(agent=AGENTS)
    def take(self, agent):
        claim_next(self.db, self.agents[agent])

    @rule(number=LISTINGS, agent=AGENTS, label=LABELS)
    def decide_twice(self, number, agent, label):
        open_for(self.db, ACTOR, self.listings[number])
        done = 0
        for hand in (agent, 1 - agent):
            try:
                decide(
                    self.db, ACTOR, self.agents[hand], self.case(number), label=label, reason="x"
                )
                done += 1
            except ConflictError:
                pass
        assert done <= 1

    @rule(number=LISTINGS, agent=AGENTS, label=LABELS)
    def decide_and_take_back(self, number, agent, label):
        open_for(self.db, ACTOR, self.listings[number])
        before = self.fresh()
        me = self.agents[agent]
        try:
            decision = decide(self.db, ACTOR, me, self.case(number), label=label, reason="seen")
        except ConflictError:
            assert state(self.db) == before
            return
        undo(self.db, ACTOR, decision)
        assert state(self.db) == before

    @rule(number=LISTINGS, label=st.sampled_from(PROBLEMS))
    def let_the_machine_and_take_back(self, number, label):
        judged = verdict(**{label: 0.95})
        before = self.fresh()
        (done,) = act(self.db, [(self.listings[number], judged)], chance=Never())
        if done.decision_id is not None:
            undo(self.db, ACTOR, done.decision_id)
            after = state(self.db)
            # A case that was made for it stays, closed and empty.
            known = {row[0] for row in before["cases"]}
            after["cases"] = [row for row in after["cases"] if row[0] in known or row[1] == "open"]
            assert after == before

    @rule(number=LISTINGS)
    def take_back(self, number):
        decision = self.last(number)
        if decision is None:
            return
        try:
            undo(self.db, ACTOR, decision)
        except ConflictError as error:
            assert "an appeal against" in str(error)  # noqa: PT017 - likewise

    @rule(number=LISTINGS, agent=AGENTS, label=LABELS, by=st.sampled_from(appeals.SIDES))
    def appeal_against(self, number, agent, label, by):
        if self.last(number) is None:  # or hardly any appeal would ever be filed
            open_for(self.db, ACTOR, self.listings[number])
            release(self.db, self.agents[1 - agent])
            me = self.agents[agent]
            decide(self.db, ACTOR, me, self.case(number), label=label, reason="seen")
        try:
            found = appeals.file(self.db, ACTOR, self.last(number), by=by)
        except ConflictError as error:
            assert "already" in str(error)  # noqa: PT017 - likewise
            return
        sql = "SELECT state FROM moderation_cases WHERE id = ?"
        assert scalar(self.db, sql, [found.case_id]) == "open"

    @precondition(lambda self: self.appeal("open") is not None)
    @rule(agent=AGENTS)
    def uphold_and_reopen(self, agent):
        appeal_id, before = self.appeal("open"), self.fresh()
        try:
            appeals.uphold(self.db, ACTOR, self.agents[agent], appeal_id, reason="it is so")
        except FaqdeskError:
            assert state(self.db) == before
            return
        appeals.reopen(self.db, ACTOR, appeal_id)
        assert state(self.db) == before

    @precondition(lambda self: self.appeal("open") is not None)
    @rule(agent=AGENTS, label=LABELS)
    def overturn_and_take_back(self, agent, label):
        appeal_id, before = self.appeal("open"), self.fresh()
        me = self.agents[agent]
        try:
            decision = appeals.overturn(self.db, ACTOR, me, appeal_id, label=label, reason="no")
        except FaqdeskError:
            assert state(self.db) == before
            return
        undo(self.db, ACTOR, decision)
        assert state(self.db) == before

    @precondition(lambda self: self.appeal("open") is not None)
    @rule(agent=AGENTS, label=LABELS)
    def settle_appeal(self, agent, label):
        appeal_id, me = self.appeal("open"), self.agents[agent]
        release(self.db, self.agents[1 - agent])
        self.db.execute("UPDATE moderation_cases SET claimed_by = NULL")
        try:
            appeals.overturn(self.db, ACTOR, me, appeal_id, label=label, reason="looked again")
        except InputError:
            appeals.uphold(self.db, ACTOR, me, appeal_id, reason="looked again")
        except FaqdeskError as error:
            assert "your own" in str(error)  # noqa: PT017 - likewise

    @rule(number=LISTINGS)
    def edit(self, number):
        edit(self.db, self.listings[number])

    @rule(who=st.sampled_from("abc"), until=st.sampled_from([None, "2999-01-01T00:00:00Z"]))
    def mute(self, who, until):
        mute(self.db, ACTOR, self.seal.customer("market", who), until=until, reason="a grudge")

    @rule(number=LISTINGS, agent=AGENTS)
    def sanction(self, number, agent):
        decision = self.last(number)
        row = one(self.db, "SELECT * FROM moderation_decisions WHERE id = ?", [decision])
        if row is not None and row["action"] == "hide":
            sql = "SELECT seller FROM listings WHERE id = ?"
            seller = scalar(self.db, sql, [self.listings[number]])
            place(
                self.db, ACTOR, self.agents[agent], seller,
                kind="suspension", reason="again", decision_id=decision,
            )  # fmt: skip

    def count(self, sql):
        return scalar(self.db, f"SELECT count(*) FROM {sql}")

    @invariant()
    def no_round_is_decided_twice(self):
        chains: dict[int, list[int]] = {}
        sql = "SELECT case_id, id, previous FROM moderation_decisions WHERE undone_at IS NULL "
        for case_id, decision, previous in self.db.conn.execute(sql + "ORDER BY id"):
            chain = chains.setdefault(case_id, [0])
            assert previous == chain[-1]
            chain.append(decision)

    @invariant()
    def the_machine_keeps_to_its_bounds(self):
        automatic = "moderation_decisions WHERE made_by = 'policy'"
        assert self.count(f"{automatic} AND label IN ('legal', 'normal')") == 0
        assert self.count(f"{automatic} AND model <> '{MODEL}'") == 0
        assert self.count(f"{automatic} AND previous <> 0") == 0
        assert self.count(automatic) <= RULES.hides_an_hour
        assert self.count("moderation_verdicts WHERE action = 'hide' AND model = ''") == 0
        assert self.count(f"moderation_verdicts WHERE action='hide' AND label='{LEGAL}'") == 0
        # It corrects nobody, and is corrected once.
        sql = f"(SELECT case_id FROM {automatic} GROUP BY 1 HAVING count(*) > 1)"
        assert self.count(sql) == 0

    @invariant()
    def what_buyers_see_is_what_the_last_decision_says(self):
        sql = """
            SELECT c.hidden, coalesce((SELECT d.action = 'hide' FROM moderation_decisions d
                WHERE d.case_id = c.id AND d.undone_at IS NULL ORDER BY d.id DESC LIMIT 1), 0),
            coalesce((SELECT a.action = 'hide' FROM moderation_actions a WHERE a.case_id = c.id
                ORDER BY a.id DESC LIMIT 1), 0)
            FROM moderation_cases c
        """
        for hidden, decided, told in self.db.conn.execute(sql):
            assert hidden == decided == told

    @invariant()
    def a_case_is_open_while_something_waits(self):
        sql = """
            SELECT c.state = 'open',
                EXISTS (SELECT 1 FROM moderation_reports r
                    WHERE r.case_id = c.id AND r.closed_by IS NULL)
                OR EXISTS (SELECT 1 FROM moderation_signs s
                    WHERE s.case_id = c.id AND s.closed_by IS NULL)
                OR EXISTS (SELECT 1 FROM appeals a JOIN moderation_decisions d
                    ON d.id = a.decision_id WHERE d.case_id = c.id AND a.state = 'open')
            FROM moderation_cases c
        """
        for is_open, waits in self.db.conn.execute(sql):
            assert is_open == waits

    @invariant()
    def what_is_closed_is_closed_by_a_decision_that_stands(self):
        for table in ("moderation_reports", "moderation_signs"):
            sql = f"{table} r JOIN moderation_decisions d ON d.id = r.closed_by"
            assert self.count(f"{sql} WHERE d.undone_at IS NOT NULL") == 0

    @invariant()
    def an_appeal_waits_on_the_decision_in_force_alone(self):
        sql = """
            moderation_decisions d JOIN appeals a ON a.decision_id = d.id WHERE a.state = 'open'
            AND (d.undone_at IS NOT NULL OR EXISTS (SELECT 1 FROM moderation_decisions later
                WHERE later.case_id = d.case_id AND later.id > d.id AND later.undone_at IS NULL))
        """
        assert self.count(sql) == 0

    @invariant()
    def the_trail_knows_every_decision(self):
        assert self.count("audit WHERE action = 'moderation.decided'") == self.count(
            "moderation_decisions"
        )
        undone = self.count("moderation_decisions WHERE undone_at IS NOT NULL")
        assert self.count("audit WHERE action = 'moderation.undone'") == undone


class Never:
    """Draws no sample."""

    def random(self):
        return 1.0


TestDesk = Desk.TestCase
TestDesk.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
