"""Strikes that fade, sanctions that end, and what is suggested; all by hand."""

import pytest

from listings.forget import forget_listings
from listings.moderation import sanctions
from listings.moderation.appeals import file, overturn
from listings.moderation.cases import ensure, standing
from listings.moderation.decisions import decide, undo
from listings.moderation.policy import Rules
from listings.moderation.policy_act import act
from support.clock import ago
from support.database import scalar
from support.errors import ConflictError, InputError, NotFoundError
from tests.conftest import ACTOR
from tests.listings.moderation.desk import (
    a_policy,
    add_listings,
    person,
    put,
    report,
    state,
    verdict,
)


@pytest.fixture
def mina(db):
    return person(db, "mina")


@pytest.fixture
def seller(db, seal):
    add_listings(db, seal, 6)
    return scalar(db, "SELECT seller FROM listings")


def struck(db, seal, agent_id, count, *, label="pro_ads"):
    """Hide so many listings of the seller; gives the decisions."""
    sql = "SELECT id FROM listings WHERE id NOT IN (SELECT listing_id FROM moderation_cases)"
    free = [row[0] for row in db.conn.execute(sql)][:count]
    found = []
    for listing_id in free:
        case_id = report(db, seal, listing_id, "a").case_id
        found.append(decide(db, ACTOR, agent_id, case_id, label=label, reason="seen"))
    return found


def place(db, agent_id, seller, **options):
    given = {"kind": "suspension", "reason": "sells for a shop"} | options
    return sanctions.place(db, ACTOR, agent_id, seller, **given)


def test_a_strike_is_half_after_its_half_life(db, seal, mina, seller):
    put(db, a_policy(rules=Rules(strike_half_life_days=10, strikes={"animals": 3.0})))
    (decision,) = struck(db, seal, mina, 1, label="animals")
    db.table("strikes").update(1, {"at": "2026-01-01T00:00:00Z"})
    at = [
        sanctions.strength(db, seller, at=f"2026-01-{day}T00:00:00Z") for day in ("01", "11", "21")
    ]
    assert at == pytest.approx([3.0, 1.5, 0.75])
    assert sanctions.strikes(db, seller)[0].decision_id == decision
    assert sanctions.strength(db, seller, at="2025-12-31T00:00:00Z") == 0.0


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, None), (1, ("warning", None)), (2, ("suspension", 7)), (4, ("suspension", 30))],
)
def test_what_is_suggested(db, seal, mina, seller, count, expected):
    struck(db, seal, mina, count)
    db.execute("UPDATE strikes SET at = ?", [ago(hours=6)])  # as it is on the same day
    assert sanctions.suggested(db, seller) == expected


def test_a_suspension_ends_by_itself_and_a_warning_suspends_nobody(db, mina, seller):
    place(db, mina, seller, kind="warning")
    assert not sanctions.suspended(db, seller)
    place(db, mina, seller, until="2999-01-01T00:00:00Z")
    assert sanctions.suspended(db, seller)
    assert not sanctions.suspended(db, seller, at="2999-01-01T00:00:00Z")
    assert not sanctions.suspended(db, seller, at="2020-01-01T00:00:00Z")
    assert sanctions.earlier(db, seller) == 2


def test_lifting_and_taking_that_back(db, mina, seller):
    sanction = place(db, mina, seller)
    before = state(db)
    sanctions.lift(db, ACTOR, sanction, reason="somebody else's account", mistaken=True)
    assert not sanctions.suspended(db, seller)
    assert sanctions.earlier(db, seller) == 0
    with pytest.raises(ConflictError, match="already"):
        sanctions.lift(db, ACTOR, sanction, reason="again")
    sanctions.unlift(db, ACTOR, sanction)
    assert state(db) == before
    with pytest.raises(NotFoundError):
        sanctions.unlift(db, ACTOR, sanction)
    with pytest.raises(InputError, match="why"):
        sanctions.lift(db, ACTOR, sanction, reason=" ")


def test_what_is_refused(db, seal, mina, seller):
    for wrong in ({"kind": "ban"}, {"reason": ""}, {"until": ago(days=1)},
                  {"kind": "warning", "until": "2999-01-01T00:00:00Z"}):  # fmt: skip
        with pytest.raises(InputError):
            place(db, mina, seller, **wrong)
    (decision,) = struck(db, seal, mina, 1)
    with pytest.raises(NotFoundError, match="of this seller"):
        place(db, mina, "somebody else", decision_id=decision)


def test_a_listing_that_is_forgotten_takes_its_strikes_along(db, seal, mina, seller):
    struck(db, seal, mina, 2)
    place(db, mina, seller)
    db.execute("DELETE FROM listings WHERE id = 1")
    assert len(sanctions.strikes(db, seller)) == 1
    assert sanctions.suspended(db, seller)
    assert scalar(db, "SELECT count(*) FROM moderation_cases") == 1


def test_a_sanction_outlives_a_forgotten_listing_unless_its_decision_was_taken_back(
    db, seal, tmp_path, mina
):
    one, other = add_listings(db, seal, 2)
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [one])
    put(db, a_policy())
    act(db, [(one, verdict(pro_ads=0.97))])
    made = []
    for listing_id in (one, other):
        got = report(db, seal, listing_id, "kim")
        case = ensure(db, listing_id)
        if got.settled is None:
            decide(db, ACTOR, mina, case.id, label="pro_ads", reason="a shop")
        made.append(standing(db, case.id)["id"])
    until = ago(days=-30)
    for decision_id in made:
        sanctions.place(
            db, ACTOR, mina, seller, kind="suspension", reason="a shop", until=until,
            decision_id=decision_id,
        )  # fmt: skip
    undo(db, ACTOR, made[1])
    file(db, ACTOR, made[0], by="seller", words="not a shop")
    assert [found.active for found in sanctions.sanctions(db, seller)] == [False, True]
    forget_listings(db, tmp_path, "market", actor=ACTOR)
    assert [found.active for found in sanctions.sanctions(db, seller)] == [True]
    tables = ("cases", "reports", "signs", "decisions", "actions", "verdicts", "samples")
    for name in [f"moderation_{table}" for table in tables] + ["appeals", "strikes"]:
        assert scalar(db, f"SELECT count(*) FROM {name}") == 0, name


def test_a_sanction_that_fell_with_an_overturned_decision_does_not_rise_when_it_is_forgotten(
    db, seal, tmp_path, mina
):
    yuna = person(db, "yuna")
    (listing_id,) = add_listings(db, seal, 1)
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [listing_id])
    got = report(db, seal, listing_id, "kim")
    made = decide(db, ACTOR, mina, got.case_id, label="pro_ads", reason="a shop")
    sanctions.place(db, ACTOR, mina, seller, kind="suspension", reason="a shop", decision_id=made)
    appeal = file(db, ACTOR, made, by="seller")
    overturn(db, ACTOR, yuna, appeal.id, label="normal", reason="a private person")
    assert not sanctions.suspended(db, seller)
    forget_listings(db, tmp_path, "market", actor=ACTOR)
    assert not sanctions.suspended(db, seller)


def test_ids_that_programs_read_are_never_given_twice(db, seal, tmp_path, mina):
    for turn in (1, 2):
        (listing_id,) = add_listings(db, seal, 1)
        got = report(db, seal, listing_id, "kim")
        decide(db, ACTOR, mina, got.case_id, label="pro_ads", reason="a shop")
        assert scalar(db, "SELECT max(id) FROM moderation_actions") == turn
        assert scalar(db, "SELECT max(id) FROM moderation_decisions") == turn
        forget_listings(db, tmp_path, "market", actor=ACTOR)
