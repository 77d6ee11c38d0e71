"""Policies: what they refuse to be, versions, modes, and what going live asks for."""

import pytest

from listings.moderation import backtest, policy_store
from listings.moderation.classes import LEGAL, PROBLEMS
from listings.moderation.policy import Bounds, Policy, Rules, Thresholds
from listings.moderation.policy_evidence import BaseRate, Judged
from listings.moderation.policy_thresholds import unproven
from support.database import one
from support.errors import ConflictError, InputError, NotFoundError, SettingError
from tests.conftest import ACTOR
from tests.listings.moderation.desk import MODEL, PROVEN, a_policy, put, thresholds, verdict


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Thresholds(hide=0.4), "not hidden for what is likelier not so"),
        (lambda: Thresholds(review=1.5), "review must be in"),
        (lambda: Policy(model="m", thresholds={"normal": Thresholds()}), "no thresholds"),
        (lambda: Policy(model="m", thresholds={LEGAL: Thresholds(hide=0.9)}), "never acted on"),
        (lambda: Policy(model="m", thresholds={LEGAL: Thresholds(settle=0.9)}), "never acted on"),
        (lambda: Policy(thresholds={"animals": Thresholds(hide=0.9)}), "without a model"),
        (lambda: Bounds(precision=1.0), "precision must lie"),
        (lambda: Rules(reporters=0), "reporters must be 1 or more"),
        (lambda: Rules(sample_all=2.0), "sample_all must be in"),
        (lambda: Rules(strike_half_life_days=0), "above 0"),
        (lambda: Rules(strikes={"animals": -1}), "strike for animals"),
        (lambda: Rules(strikes={"animals": float("nan")}), "strike for animals"),
        (lambda: Rules(strike_half_life_days=float("inf")), "at most"),
        (lambda: Rules(strike_half_life_days=float("nan")), "at most"),
        (lambda: Rules(reporters=float("nan")), "reporters must be 1 or more"),
        (lambda: Rules(reporters=2.5), "whole"),
        (lambda: Rules(reporters_weight=float("nan")), "reporters_weight must be in"),
        (lambda: Rules(hides_an_hour=float("nan")), "hides_an_hour must be 0 or more"),
        (lambda: Rules(hides_an_hour=10**9), "1,000,000 at most"),
        (lambda: Rules(burst_minutes=10**12), "10,080 at most"),
        (lambda: Rules(sample_all=float("nan")), "sample_all must be in"),
        (lambda: Policy.from_dict({"rules": {"reporter": 3}}), "not a policy"),
    ],
)  # fmt: skip
def test_what_a_policy_must_not_be(make, message):
    with pytest.raises(SettingError, match=message):
        make()


def test_a_policy_is_read_back_as_it_was_stored(db):
    policy = a_policy(no_hiding=("Pets",), only_in=("Phones", "Pets"), bounds=Bounds(precision=0.9))
    stored = policy_store.store(db, ACTOR, policy, note="stricter")
    assert policy_store.get(db, stored.id).policy == policy
    assert (stored.mode, stored.note) == ("off", "stricter")
    same = policy_store.store(db, ACTOR, policy)
    assert same.version != stored.version
    assert same.version.split("-")[1] == stored.version.split("-")[1]
    with pytest.raises(NotFoundError):
        policy_store.get(db, 99)


@pytest.mark.parametrize(
    ("category", "hides"),
    [("Phones", True), ("Phones > Used", True), ("Pets > Toys", False), ("Pets", False),
     ("Phonesets", False), ("", False)],
)  # fmt: skip
def test_where_anything_may_be_hidden(category, hides):
    policy = a_policy(no_hiding=("Pets",), only_in=("Phones", "Pets"))
    assert policy.hides_in(category) is hides
    action = policy.choose(verdict(pro_ads=0.97), category=category).action
    assert action == ("hide" if hides else "review")


def test_only_the_likeliest_class_hides_and_the_strongest_flagged_is_named():
    policy = Policy(
        model=MODEL,
        thresholds={"pro_ads": Thresholds(hide=0.95), "animals": Thresholds(hide=0.5, review=0.2)},
    )
    found = policy.choose(verdict(pro_ads=0.6, animals=0.3))
    assert (found.action, found.label, found.threshold) == ("review", "pro_ads", 0.5)
    found = policy.choose(verdict(pro_ads=0.3, animals=0.3))
    assert (found.action, found.label, found.threshold) == ("review", "animals", 0.2)
    assert policy.choose(verdict(unheard_of=0.99)).action == "review"


def test_going_live_asks_for_proof_and_for_a_backtest(db):
    hiding = policy_store.store(db, ACTOR, a_policy())
    with pytest.raises(ConflictError, match="not proven"):
        policy_store.set_mode(db, ACTOR, hiding.id, "live")
    assert policy_store.set_mode(db, ACTOR, hiding.id, "shadow").mode == "shadow"
    proven = policy_store.store(db, ACTOR, a_policy(), evidence=PROVEN)
    with pytest.raises(ConflictError, match="not tried on past decisions"):
        policy_store.set_mode(db, ACTOR, proven.id, "live")
    other = policy_store.store(db, ACTOR, a_policy(), evidence={"measured": {"may_hide": True}})
    with pytest.raises(ConflictError, match="settles reports"):
        policy_store.set_mode(db, ACTOR, other.id, "live")
    row = Judged(verdict=verdict(pro_ads=0.95), truth="pro_ads", unselected=False)
    result = backtest.backtest([row], proven.policy, BaseRate(stated=0.1))
    backtest.keep(db, ACTOR, proven, result)
    assert policy_store.set_mode(db, ACTOR, proven.id, "live").mode == "live"
    assert backtest.results(db, proven.id)[0]["classes"]["pro_ads"]["hide"] == 1


def test_what_only_asks_people_goes_live_as_it_is(db):
    stored = policy_store.store(db, ACTOR, unproven(MODEL))
    assert policy_store.set_mode(db, ACTOR, stored.id, "live", reason="day one").mode == "live"
    with pytest.raises(InputError, match="No mode 'loud'"):
        policy_store.set_mode(db, ACTOR, stored.id, "loud")


def test_one_is_live_at_a_time_and_every_move_is_kept(db):
    first, second = put(db, a_policy()), put(db, a_policy(no_hiding=("Pets",)))
    assert policy_store.in_mode(db, "live").id == second.id
    assert policy_store.get(db, first.id).mode == "off"
    policy_store.set_mode(db, ACTOR, first.id, "live", reason="back")
    policy_store.set_mode(db, ACTOR, first.id, "off")
    assert policy_store.in_mode(db, "live") is None
    moves = [(m.version, m.mode) for m in policy_store.mode_changes(db)]
    assert moves == [
        (first.version, "off"), (first.version, "live"), (second.version, "off"),
        (second.version, "live"), (first.version, "off"), (first.version, "live"),
    ]  # fmt: skip
    assert one(db, "SELECT * FROM audit WHERE action = 'policy.mode'")["policy"] == first.version


def test_thresholds_are_of_all_problem_classes():
    assert set(thresholds()) == set(PROBLEMS)


def test_why_a_policy_is_put_in_a_mode_is_kept_masked(db):
    stored = policy_store.store(db, ACTOR, a_policy(), note="ask 010-1234-5678")
    policy_store.set_mode(db, ACTOR, stored.id, "shadow", reason="mail mina@example.com")
    assert stored.note == "ask [전화번호]"
    assert "mina@" not in policy_store.mode_changes(db)[0].reason
    trail = " ".join(row["detail"] for row in db.query("SELECT detail FROM audit"))
    assert "1234" not in trail
    assert "mina@" not in trail
