"""Cases, claims, decisions, appeals and taking back: by hand; the stateful test tries the rest."""

import threading

import pytest

from listings.forget import forget_listings
from listings.moderation import appeals, cases
from listings.moderation.case_queue import (
    Cases,
    claim,
    claim_next,
    count,
    open_for,
    release,
    waiting,
)
from listings.moderation.decisions import decide, undo, undo_last
from listings.moderation.history import stamps
from listings.moderation.many import decide_many
from listings.moderation.policy import Rules
from listings.moderation.policy_act import act
from listings.moderation.reporters import records
from listings.moderation.sanctions import place, sanctions, strength, strikes
from support.database import scalar
from support.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from tests.conftest import ACTOR
from tests.listings.moderation.desk import (
    a_policy,
    add_listings,
    edit,
    person,
    put,
    report,
    state,
    verdict,
)


@pytest.fixture
def ids(db, seal):
    return add_listings(db, seal, 4)


@pytest.fixture
def mina(db):
    return person(db, "mina")


@pytest.fixture
def yuna(db):
    return person(db, "yuna")


def seller_of(db, listing_id):
    return scalar(db, "SELECT seller FROM listings WHERE id = ?", [listing_id])


def hide(db, agent_id, case_id, **options):
    return decide(db, ACTOR, agent_id, case_id, label="pro_ads", reason="a shop", **options)


def test_reports_are_merged_and_one_decision_closes_them(db, seal, ids, mina):
    first = report(db, seal, ids[0], "a")
    second = report(db, seal, ids[0], "b", label="counterfeit")
    again = report(db, seal, ids[0], "a", words="still there")
    assert first.case_id == second.case_id
    assert (again.merged, again.report_id) == (True, first.report_id)
    decision = hide(db, mina, first.case_id)
    assert [r.closed_by for r in cases.reports(db, first.case_id)] == [decision, decision]
    assert cases.get(db, first.case_id).hidden


def test_one_screen_at_a_time(db, seal, ids, mina, yuna):
    one = report(db, seal, ids[0], "a").case_id
    two = report(db, seal, ids[1], "b").case_id
    assert claim_next(db, mina).id == one
    assert claim_next(db, mina).id == one
    assert claim_next(db, yuna).id == two
    with pytest.raises(ConflictError, match="Somebody else"):
        claim(db, yuna, one)
    with pytest.raises(ConflictError, match="Somebody else"):
        hide(db, yuna, one)
    release(db, mina)
    assert claim(db, yuna, one).claimed_by == yuna
    db.execute("UPDATE moderation_cases SET claimed_at = '2020-01-01T00:00:00Z'")
    assert claim(db, mina, one).claimed_by == mina


def test_legal_comes_first_then_appeals_then_many_reporters(db, seal, ids, mina):
    few = report(db, seal, ids[0], "a").case_id
    for who in "abc":
        many = report(db, seal, ids[1], who).case_id
    legal = report(db, seal, ids[2], "a", label="legal").case_id
    appealed = open_for(db, ACTOR, ids[3]).id
    appeals.file(db, ACTOR, hide(db, mina, appealed), by="seller")
    assert [case.id for case in waiting(db, mina, limit=9)] == [legal, appealed, many, few]
    assert [c.id for c in waiting(db, mina, Cases(kind="appeal"), limit=9)] == [appealed]
    assert [c.id for c in waiting(db, mina, Cases(label="legal"), limit=9)] == [legal]
    assert count(db, mina, Cases(kind="report")) == 3


def test_a_second_decision_is_refused(db, seal, ids, mina, yuna):
    case_id = report(db, seal, ids[0], "a").case_id
    hide(db, mina, case_id)
    with pytest.raises(ConflictError, match="closed"):
        decide(db, ACTOR, yuna, case_id, label="normal", reason="fine")


def test_two_hands_at_once_make_one_decision(space, db, seal, ids, mina, yuna):
    case_id = report(db, seal, ids[0], "a").case_id
    outcomes = []
    start = threading.Barrier(2)

    def press(agent_id):
        database = space.database()
        start.wait()
        try:
            hide(database, agent_id, case_id)
            outcomes.append("decided")
        except ConflictError:
            outcomes.append("refused")
        finally:
            database.close()

    hands = [threading.Thread(target=press, args=[agent]) for agent in (mina, yuna)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(outcomes) == ["decided", "refused"]
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "pro_ads", "reason": "  "}, "Say why"),
        ({"label": "normal", "reason": "x", "action": "hide"}, "not hidden"),
        ({"label": "", "reason": "x"}, "No class ''"),
        ({"label": "animals", "reason": "x", "action": "burn"}, "hides or passes"),
    ],
)
def test_what_a_decision_must_say(db, seal, ids, mina, options, message):
    case_id = report(db, seal, ids[0], "a").case_id
    before = state(db)
    with pytest.raises(InputError, match=message):
        decide(db, ACTOR, mina, case_id, **options)
    assert state(db) == before


def test_undo_restores_exactly_what_was(db, seal, ids, mina):
    case_id = report(db, seal, ids[0], "a").case_id
    report(db, seal, ids[0], "b")
    before = state(db)
    decision = hide(db, mina, case_id)
    seller = seller_of(db, ids[0])
    place(db, ACTOR, mina, seller, kind="suspension", reason="a shop", decision_id=decision)
    assert strength(db, seller) == pytest.approx(1.0, abs=0.01)
    assert sanctions(db, seller)[0].active
    undo(db, ACTOR, decision)
    after = state(db)
    assert after.pop("sanctions")[seller] == [(1, False, True)]
    before.pop("sanctions")
    assert after == before
    actions = db.conn.execute("SELECT action, cause FROM moderation_actions ORDER BY id").fetchall()
    assert actions == [("hide", "decided"), ("show", "undone")]


def test_undo_goes_from_the_last_back(db, seal, ids, mina):
    case_id = report(db, seal, ids[0], "a").case_id
    start = state(db)
    first = decide(db, ACTOR, mina, case_id, label="normal", reason="fine")
    report(db, seal, ids[0], "b")
    between = state(db)
    second = hide(db, mina, case_id)
    with pytest.raises(ConflictError, match="later decision"):
        undo(db, ACTOR, first)
    undo(db, ACTOR, second)
    assert state(db) == between
    undo(db, ACTOR, first)
    with pytest.raises(ConflictError, match="already"):
        undo(db, ACTOR, first)
    # All of what the first decision did is gone; what came since stays.
    assert state(db)["decisions"] == start["decisions"] == []
    assert [r.waiting for r in cases.reports(db, case_id)] == [True, True]
    with pytest.raises(NotFoundError):
        undo(db, ACTOR, 99)


def test_many_at_once_are_undone_at_once_but_for_those_that_something_stands_on(
    db, seal, ids, mina, yuna
):
    opened = [report(db, seal, listing_id, "a").case_id for listing_id in ids]
    claim(db, yuna, opened[3])
    report(db, seal, ids[2], "b", label="legal")
    done = decide_many(
        db, ACTOR, mina, stamps(db, opened), label="pro_ads", reason="one shop", together="bulk-1"
    )
    assert done == opened[:2]
    sql = "SELECT id FROM moderation_decisions WHERE case_id = ?"
    appeals.file(db, ACTOR, scalar(db, sql, [opened[0]]), by="seller")
    taken = undo_last(db, ACTOR, mina)
    assert taken.cases == (opened[1],)
    assert taken.kept == (scalar(db, sql, [opened[0]]),)
    with pytest.raises(ConflictError):
        undo_last(db, ACTOR, mina)
    assert undo_last(db, ACTOR, yuna) is None


def test_an_appeal_opens_exactly_what_was_closed(db, seal, ids, mina, yuna):
    case_id = report(db, seal, ids[0], "a").case_id
    decide(db, ACTOR, mina, case_id, label="normal", reason="fine")
    report(db, seal, ids[0], "b")
    before = state(db)
    second = hide(db, mina, case_id)
    closed = state(db)
    appeal = appeals.file(db, ACTOR, second, by="seller", words="call 010-1234-5678")
    assert appeal.words == "call [전화번호]"
    assert [r.waiting for r in cases.reports(db, case_id)] == [False, True]
    found = cases.get(db, case_id)
    assert (found.state, found.hidden) == ("open", True)
    with pytest.raises(ConflictError, match="An appeal waits"):
        hide(db, yuna, case_id)
    with pytest.raises(ConflictError, match="an appeal against"):
        undo(db, ACTOR, second)
    appeals.uphold(db, ACTOR, yuna, appeal.id, reason="it is a shop")
    upheld = state(db)
    assert upheld.pop("appeals") == [(appeal.id, "upheld", yuna, "it is a shop")]
    closed.pop("appeals")
    assert upheld == closed
    appeals.reopen(db, ACTOR, appeal.id)
    third = appeals.overturn(db, ACTOR, yuna, appeal.id, label="normal", reason="moving house")
    assert not cases.get(db, case_id).hidden
    assert strikes(db, seller_of(db, ids[0])) == []
    reporters = [r.reporter for r in cases.reports(db, case_id)]
    assert [records(db, [who])[who].wrong for who in reporters] == [1, 1]
    undo(db, ACTOR, third)
    again = state(db)
    assert again["appeals"] == [(appeal.id, "open", None, "")]
    assert cases.get(db, case_id).hidden
    assert before["reports"][0] == again["reports"][0]


def test_nobody_settles_an_appeal_against_their_own_decision_while_others_can(db, seal, ids, mina):
    case_id = report(db, seal, ids[0], "a").case_id
    appeal = appeals.file(db, ACTOR, hide(db, mina, case_id), by="seller")
    yuna = person(db, "yuna")
    with pytest.raises(PermissionDeniedError, match="your own"):
        appeals.uphold(db, ACTOR, mina, appeal.id, reason="it is")
    db.table("agents").update(yuna, {"active": 0})
    appeals.uphold(db, ACTOR, mina, appeal.id, reason="it is")
    with pytest.raises(ConflictError, match="settled"):
        appeals.overturn(db, ACTOR, mina, appeal.id, label="normal", reason="no")


def test_what_cannot_be_appealed_against(db, seal, ids, mina, yuna):
    case_id = report(db, seal, ids[0], "a").case_id
    first = decide(db, ACTOR, mina, case_id, label="normal", reason="fine")
    with pytest.raises(InputError, match="seller or reporter"):
        appeals.file(db, ACTOR, first, by="neighbour")
    report(db, seal, ids[0], "b")
    second = hide(db, mina, case_id)
    with pytest.raises(ConflictError, match="not in force"):
        appeals.file(db, ACTOR, first, by="reporter")
    appeal = appeals.file(db, ACTOR, second, by="seller")
    with pytest.raises(ConflictError, match="already: open"):
        appeals.file(db, ACTOR, second, by="seller")
    with pytest.raises(InputError, match="same decision"):
        appeals.overturn(db, ACTOR, yuna, appeal.id, label="pro_ads", reason="hm")


def test_a_second_look_at_the_same_words_takes_the_place_of_the_first(db, seal, ids, mina):
    put(db, a_policy())
    (done,) = act(db, [(ids[0], verdict(pro_ads=0.97))])
    seller = seller_of(db, ids[0])
    case = open_for(db, ACTOR, ids[0], note="is it one?")
    second = hide(db, mina, case.id)
    assert [s.decision_id for s in strikes(db, seller)] == [second]
    undo(db, ACTOR, second)
    assert [s.decision_id for s in strikes(db, seller)] == [done.decision_id]
    edit(db, ids[0])
    third = hide(db, mina, case.id)
    assert [s.decision_id for s in strikes(db, seller)] == [third, done.decision_id]


def test_a_sanction_stays_where_another_decision_hides_and_falls_where_it_shows(
    db, seal, ids, mina, yuna
):
    case_id = report(db, seal, ids[0], "a").case_id
    seller = seller_of(db, ids[0])
    first = hide(db, mina, case_id)
    place(db, ACTOR, mina, seller, kind="suspension", reason="a shop", decision_id=first)
    open_for(db, ACTOR, ids[0])
    second = decide(db, ACTOR, yuna, case_id, label="counterfeit", reason="and forged")
    assert sanctions(db, seller)[0].active
    appeal = appeals.file(db, ACTOR, second, by="seller")
    appeals.overturn(db, ACTOR, mina, appeal.id, label="normal", reason="genuine, and private")
    assert sanctions(db, seller)[0].fallen


def test_forgotten_listings_take_all_of_this_along(space, db, seal, ids, mina, yuna):
    put(db, a_policy(rules=Rules(sample_all=1.0, sample_hidden=1.0)))
    act(db, [(listing_id, verdict(pro_ads=0.97)) for listing_id in ids])
    for case in waiting(db, mina, limit=9):
        report(db, seal, case.listing_id, "a", label="legal")
        hide(db, mina, case.id)
    case_id = open_for(db, ACTOR, ids[0]).id
    appeal = appeals.file(db, ACTOR, cases.standing(db, case_id)["id"], by="seller")
    decision = appeals.overturn(db, ACTOR, yuna, appeal.id, label="counterfeit", reason="forged")
    seller = seller_of(db, ids[0])
    place(db, ACTOR, mina, seller, kind="warning", reason="forged", decision_id=decision)
    assert forget_listings(db, space.home / "images", "market", actor=ACTOR) == (4, 0)
    tables = [
        "moderation_verdicts", "moderation_cases", "moderation_decisions", "moderation_actions",
        "moderation_reports", "moderation_signs", "moderation_samples", "appeals", "strikes",
    ]  # fmt: skip
    left = {table: scalar(db, f"SELECT count(*) FROM {table}") for table in tables}
    assert left == dict.fromkeys(tables, 0)
    # What somebody was sanctioned for may be forgotten, that they were is not.
    assert scalar(db, "SELECT count(*) FROM sanctions WHERE decision_id IS NULL") == 1
    assert db.conn.execute("PRAGMA foreign_key_check").fetchall() == []
