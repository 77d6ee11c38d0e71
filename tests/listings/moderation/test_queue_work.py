"""Working the queue: counts, many at once, one's last act taken back, put-off cases, appeals."""

import pytest

from listings.moderation import appeal_list, appeals, case_counts, case_queue, many
from listings.moderation.case_queue import Cases, claim, claim_next, held, open_for
from listings.moderation.decisions import decide
from listings.moderation.policy_act import act
from listings.moderation.undoing import stands, take_back
from support.audit import Actor
from support.database import scalar
from support.errors import ConflictError
from tests.conftest import ACTOR
from tests.listings.moderation.desk import a_policy, add_listings, person, put, report, verdict


@pytest.fixture
def mina(db):
    return person(db, "mina")


@pytest.fixture
def yuna(db):
    return person(db, "yuna")


@pytest.fixture
def opened(db, seal):
    """Three cases that a person opened."""
    return [open_for(db, ACTOR, key).id for key in add_listings(db, seal)]


def test_what_waits_is_counted_by_kind_and_class(db, seal, mina, opened):
    put(db, a_policy())
    ids = [row[0] for row in db.conn.execute("SELECT listing_id FROM moderation_cases ORDER BY id")]
    act(db, [(ids[0], verdict(animals=0.6)), (ids[1], verdict(animals=0.7))])
    report(db, seal, ids[0], "ann", label="counterfeit")
    report(db, seal, ids[0], "bob", label="counterfeit")
    decision = decide(db, ACTOR, mina, opened[2], label="pro_ads", reason="a shop")
    appeals.file(db, ACTOR, decision, by="seller")
    assert case_counts.by_kind(db) == {"report": 1, "appeal": 1, "person": 2, "verdict": 2}
    assert case_counts.by_label(db) == {"animals": 2, "counterfeit": 1}
    for kind, n in case_counts.by_kind(db).items():
        assert case_queue.count(db, mina, Cases(kind=kind)) == n
    for label, n in case_counts.by_label(db).items():
        assert case_queue.count(db, mina, Cases(label=label)) == n
    assert case_queue.count(db, mina, most=2) == 2
    assert case_counts.decided_by(db, mina, since="2000-01-01T00:00:00Z") == 1
    assert case_counts.decided_by(db, mina, since="2100-01-01T00:00:00Z") == 0


def test_a_long_queue_is_not_counted_by_class(db, mina, opened, monkeypatch):
    monkeypatch.setattr(case_counts, "MOST_LABELLED", 2)
    assert case_counts.by_label(db) == {}


def test_a_put_off_case_is_passed_over_and_a_held_one_stays(db, mina, yuna, opened):
    assert held(db, mina) is None
    first = claim_next(db, mina)
    assert held(db, mina).id == first.id
    assert held(db, mina, Cases(kind="report")) is None  # not of that part
    assert held(db, yuna) is None
    passed = claim_next(db, mina, Cases(without=(first.id,)))
    assert passed.id != first.id
    assert claim_next(db, mina, Cases(without=tuple(opened))) is None


def test_many_are_told_apart_by_why_they_may_not_be_decided(db, seal, mina, yuna, opened):
    more = [open_for(db, ACTOR, key).id for key in add_listings(db, seal, 3, seller="b")]
    claim(db, yuna, opened[1])
    appealed = decide(db, ACTOR, yuna, more[0], label="pro_ads", reason="a shop")
    appeals.file(db, ACTOR, appealed, by="seller")
    listing_id = scalar(db, "SELECT listing_id FROM moderation_cases WHERE id = ?", [more[1]])
    report(db, seal, listing_id, "ann", label="legal")
    decide(db, ACTOR, yuna, more[2], label="normal", reason="fine")
    claim(db, yuna, opened[1])
    found = many.counted(db, mina, [*opened, *more, 999, opened[0]])
    assert found == many.Counted((opened[0], opened[2]), closed=2, held=1, appealed=1, legal=1)
    assert many.counted(db, yuna, [opened[1]]).cases == (opened[1],)
    # Legal first, the appeal, then by weight; never what somebody else looks at.
    assert many.matching(db, mina, Cases())[:2] == [more[1], more[0]]
    assert opened[1] not in many.matching(db, mina, Cases())


def test_what_is_taken_back_is_what_was_done_last(db, mina, yuna, opened):
    assert take_back(db, ACTOR, mina) is None
    assert not stands(db, mina)
    others = decide(db, ACTOR, yuna, opened[0], label="pro_ads", reason="a shop")
    appeal = appeals.file(db, ACTOR, others, by="seller")
    decide(db, ACTOR, mina, opened[1], label="animals", reason="a cat")
    appeals.uphold(db, ACTOR, mina, appeal.id, reason="a shop still")
    decide(db, ACTOR, mina, opened[2], label="animals", reason="a dog")
    assert stands(db, mina)
    # All within one second or two: the order is known all the same.
    assert take_back(db, ACTOR, mina).cases == (opened[2],)
    assert take_back(db, ACTOR, mina).cases == (opened[0],)
    assert appeals.get(db, appeal.id).state == "open"
    assert take_back(db, ACTOR, mina).cases == (opened[1],)
    assert take_back(db, ACTOR, mina) is None
    assert scalar(db, "SELECT undone_at FROM moderation_decisions WHERE id = ?", [others]) is None


def test_what_others_built_on_is_not_taken_back(db, mina, yuna, opened):
    decision = decide(db, ACTOR, mina, opened[0], label="pro_ads", reason="a shop")
    appeals.file(db, ACTOR, decision, by="seller")
    with pytest.raises(ConflictError, match="Settle it"):
        take_back(db, ACTOR, mina)


def test_appeals_are_listed_with_what_they_made_wait_again(db, seal, mina, yuna, opened):
    listing_id = scalar(db, "SELECT listing_id FROM moderation_cases WHERE id = ?", [opened[0]])
    report(db, seal, listing_id, "ann")
    decision = decide(db, ACTOR, mina, opened[0], label="pro_ads", reason="a shop")
    appeal = appeals.file(db, ACTOR, decision, by="seller", words="a private sale")
    (row,) = appeal_list.listed(db, state="open", limit=9)
    assert (row.appeal, row.label, row.reports, row.signs) == (appeal, "pro_ads", 1, 1)
    assert (row.hidden, row.agent_id, row.title) == (True, mina, "thing 0 of dealer")
    assert appeal_list.count_open(db) == 1
    assert appeals.is_own(db, mina, appeal)
    assert not appeals.is_own(db, yuna, appeal)
    db.execute("UPDATE agents SET active = 0 WHERE id = ?", [yuna])
    assert not appeals.is_own(db, mina, appeal)  # there is nobody else
    appeals.uphold(db, ACTOR, mina, appeal.id, reason="a shop")
    assert appeal_list.listed(db, state="open", limit=9) == []
    assert [row.appeal.state for row in appeal_list.listed(db, state="settled", limit=9)] == [
        "upheld"
    ]


def test_what_others_decide_meanwhile_does_not_change_what_was_last(db, mina, yuna, opened):
    hers, his = Actor(f"agent:{mina}"), Actor(f"agent:{yuna}")
    decided = decide(db, hers, mina, opened[0], label="animals", reason="a cat")
    others = decide(db, his, yuna, opened[1], label="pro_ads", reason="a shop")
    appeal = appeals.file(db, ACTOR, others, by="seller")
    appeals.uphold(db, hers, mina, appeal.id, reason="a shop still")
    listing_id = scalar(db, "SELECT listing_id FROM moderation_cases WHERE id = ?", [opened[0]])
    again = open_for(db, his, listing_id)
    decide(db, his, yuna, again.id, label="animals", reason="a cat indeed")
    assert take_back(db, hers, mina).cases == (opened[1],)  # her upholding was her last act
    assert scalar(db, "SELECT undone_at FROM moderation_decisions WHERE id = ?", [decided]) is None
