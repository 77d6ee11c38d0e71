"""What the machine does about verdicts: live, in the shadow, off, and where it must not."""

import random
import sqlite3

import pytest

from listings.moderation import appeals, cases, policy_store
from listings.moderation.case_queue import claim_next, open_for, waiting
from listings.moderation.decisions import decide, undo
from listings.moderation.policy import Rules
from listings.moderation.policy_act import act
from support.database import one, scalar
from tests.conftest import ACTOR
from tests.listings.moderation.desk import (
    MODEL,
    a_policy,
    add_listings,
    edit,
    person,
    put,
    report,
    trust,
    verdict,
)

ADS = verdict(pro_ads=0.97)


@pytest.fixture
def ids(db, seal):
    return add_listings(db, seal, 4)


@pytest.fixture
def mina(db):
    return person(db, "mina")


def hidden(db):
    sql = "SELECT listing_id FROM moderation_cases WHERE hidden = 1 ORDER BY 1"
    return [row[0] for row in db.conn.execute(sql)]


def last_reason(db, listing_id):
    sql = "SELECT reason FROM moderation_verdicts WHERE listing_id = ? ORDER BY id DESC LIMIT 1"
    return scalar(db, sql, [listing_id])


def test_off_judges_nothing(db, ids):
    assert act(db, [(ids[0], ADS)]) == []
    assert scalar(db, "SELECT count(*) FROM moderation_verdicts") == 0


def test_live_hides_reviews_and_passes_and_says_by_what(db, ids, mina):
    policy = put(db, a_policy())
    done = act(
        db,
        [(ids[0], ADS), (ids[1], verdict(pro_ads=0.6)), (ids[2], verdict(pro_ads=0.1))],
        release="r1",
    )
    assert [a.choice.action for a in done] == ["hide", "review", "pass"]
    assert hidden(db) == [ids[0]]
    assert [case.listing_id for case in waiting(db, mina, limit=9)] == [ids[1]]
    trail = one(db, "SELECT * FROM audit WHERE action = 'moderation.decided'")
    assert (trail["actor"], trail["policy"], trail["release"]) == ("system", policy.version, "r1")
    assert trail["threshold"] == 0.9
    decision = one(db, "SELECT * FROM moderation_decisions")
    assert (decision["made_by"], decision["model"]) == ("policy", MODEL)
    assert decision["reason"] == f"pro_ads 0.970, from 0.9 on ({policy.version})"


def test_the_shadow_judges_and_does_nothing(db, ids):
    put(db, a_policy(), "shadow")
    (done,) = act(db, [(ids[0], ADS)])
    assert (done.mode, done.choice.action, done.decision_id) == ("shadow", "hide", None)
    assert scalar(db, "SELECT count(*) FROM moderation_cases") == 0


def test_live_and_shadow_stand_beside_each_other(db, ids):
    put(db, a_policy())
    put(db, a_policy(no_hiding=("Phones",)), "shadow")
    done = act(db, [(ids[0], ADS)])
    assert [(a.mode, a.choice.action) for a in done] == [("live", "hide"), ("shadow", "review")]
    put(db, a_policy(no_hiding=("Phones",)))
    assert [a.mode for a in act(db, [(ids[1], ADS)])] == ["live", "shadow"]
    assert sorted(p.mode for p in policy_store.policies(db)) == ["live", "off", "shadow"]


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        (verdict(model="", pro_ads=0.99), "no_model"),
        (verdict(model="another", pro_ads=0.99), "other_model"),
        (verdict(pro_ads=0.6, legal=0.39), "legal"),
        (verdict(legal=0.99), "legal"),
    ],
)
def test_what_is_never_hidden_goes_to_people(db, ids, judged, reason):
    put(db, a_policy())
    (done,) = act(db, [(ids[0], judged)])
    assert (done.choice.action, done.choice.reason) == ("review", reason)
    assert hidden(db) == []


def test_without_a_model_everything_is_looked_at(db, ids, mina):
    put(db, a_policy())
    act(db, [(listing_id, verdict(model="", pro_ads=0.0)) for listing_id in ids])
    assert len(waiting(db, mina, limit=9)) == len(ids)


def test_the_schema_refuses_what_must_never_be(db, ids):
    policy = put(db, a_policy())
    (done,) = act(db, [(ids[0], ADS)])
    row = {
        "case_id": 1, "previous": 99, "made_by": "policy", "actor": "system", "label": "legal",
        "action": "hide", "reason": "x", "verdict_id": done.verdict_id, "policy_id": policy.id,
        "model": MODEL, "threshold": 0.9, "at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    for wrong in ({}, {"label": "pro_ads", "model": ""}, {"label": "pro_ads", "policy_id": None}):
        with pytest.raises(sqlite3.IntegrityError):
            db.table("moderation_decisions").insert(row | wrong)
    db.table("moderation_decisions").insert(row | {"label": "pro_ads"})


def test_nothing_is_hidden_twice(db, ids):
    put(db, a_policy())
    act(db, [(ids[0], ADS)])
    (again,) = act(db, [(ids[0], ADS)])
    assert (again.choice.reason, again.decision_id) == ("hidden", None)
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 1


def test_a_persons_word_stands_until_the_words_change(db, ids, mina):
    put(db, a_policy())
    case = open_for(db, ACTOR, ids[0])
    decide(db, ACTOR, mina, case.id, label="normal", reason="a shop, but a good one")
    (done,) = act(db, [(ids[0], ADS)])
    assert (done.choice.action, done.choice.reason) == ("pass", "decided")
    edit(db, ids[0])
    (done,) = act(db, [(ids[0], ADS)])
    assert (done.choice.action, done.choice.reason) == ("review", "decided")
    assert hidden(db) == []


def test_what_was_corrected_is_not_hidden_again(db, ids):
    put(db, a_policy())
    (done,) = act(db, [(ids[0], ADS)])
    undo(db, ACTOR, done.decision_id)
    (again,) = act(db, [(ids[0], ADS)])
    assert (again.choice.action, again.choice.reason) == ("review", "undone")


def test_an_appeal_keeps_the_machine_out(db, ids, mina):
    put(db, a_policy())
    (done,) = act(db, [(ids[0], ADS)])
    appeals.file(db, ACTOR, done.decision_id, by="seller", words="it is my own bicycle")
    (again,) = act(db, [(ids[0], ADS)])
    assert (again.choice.action, again.choice.reason) == ("pass", "appeal")
    assert [case.listing_id for case in waiting(db, mina, limit=9)] == [ids[0]]


def test_a_report_of_legal_keeps_the_machine_out(db, seal, ids):
    put(db, a_policy())
    report(db, seal, ids[0], "a", label="legal")
    (done,) = act(db, [(ids[0], ADS)])
    assert (done.choice.action, done.choice.reason) == ("review", "legal_report")


def test_the_brake_sends_the_rest_to_people(db, ids):
    put(db, a_policy(rules=Rules(hides_an_hour=2, sample_all=0.0, sample_hidden=0.0)))
    done = act(db, [(listing_id, ADS) for listing_id in ids])
    assert [a.choice.reason for a in done] == ["hide", "hide", "brake", "brake"]
    assert len(hidden(db)) == 2


def test_hiding_closes_the_reports_that_wait(db, seal, ids):
    put(db, a_policy())
    got = report(db, seal, ids[0], "a")
    (done,) = act(db, [(ids[0], ADS)])
    assert cases.reports(db, got.case_id)[0].closed_by == done.decision_id
    assert cases.get(db, got.case_id).state == "closed"


def test_the_sample_asks_people_whatever_was_done(db, ids, mina):
    put(db, a_policy(rules=Rules(sample_all=1.0, sample_hidden=1.0)))
    act(db, [(ids[0], ADS), (ids[1], verdict(pro_ads=0.01))], chance=random.Random(1))
    notes = [cases.signs(db, case.id)[0].note for case in waiting(db, mina, limit=9)]
    assert notes == ["all hidden", "all"]
    case = claim_next(db, mina)
    assert (case.listing_id, case.hidden) == (ids[0], True)
    decide(db, ACTOR, mina, case.id, label="normal", reason="it is a private seller")
    assert hidden(db) == []


def test_reports_settle_nothing_by_a_model_that_is_gone_or_speaks_otherwise(db, seal, ids, mina):
    put(db, a_policy())
    trust(db, seal, ids[1:], mina, ["a", "b", "c"])
    said = {"model": MODEL}
    act(db, [(ids[0], verdict(pro_ads=0.8))])
    for who in ("a", "b"):
        assert report(db, seal, ids[0], who, **said).settled is None
    assert report(db, seal, ids[0], "c", model="").settled is None  # the model is gone
    act(db, [(ids[0], verdict(pro_ads=0.01, model="another"))])
    assert report(db, seal, ids[0], "d", **said).settled is None  # another one spoke since
    act(db, [(ids[0], verdict(pro_ads=0.8))])
    assert report(db, seal, ids[0], "e", **said).settled is not None


def test_what_the_machine_hides_people_still_look_at_where_they_were_asked_to(db, seal, ids, mina):
    everything = Rules(sample_all=1.0, sample_hidden=1.0)
    put(db, a_policy(rules=everything))
    act(db, [(ids[0], verdict(pro_ads=0.97))])
    case = cases.of_listing(db, ids[0])
    assert (case.hidden, case.state) == (True, "open")
    assert {sign.kind for sign in cases.signs(db, case.id) if sign.waiting} == {"sample"}
    cases.add_sign(db, cases.ensure(db, ids[1]).id, "watch", note="like another")
    act(db, [(ids[1], verdict(pro_ads=0.97))])
    case = cases.of_listing(db, ids[1])
    assert case.hidden
    assert "watch" in {sign.kind for sign in cases.signs(db, case.id) if sign.waiting}


def test_the_machine_hides_nothing_that_somebody_wants_seen_or_that_may_be_a_crime(db, seal, ids):
    put(db, a_policy())
    cases.add_sign(db, cases.ensure(db, ids[0]).id, "person", note="the police asked")
    act(db, [(ids[1], verdict(legal=0.9))])
    edit(db, ids[1])
    for listing_id in ids[:2]:
        for _ in range(2):
            (done,) = act(db, [(listing_id, verdict(pro_ads=0.97))])
            assert (done.choice.action, done.choice.reason) == ("review", "asked")
        assert not cases.of_listing(db, listing_id).hidden


def test_settled_listings_are_drawn_for_the_sample_of_hidden_ones(db, seal, ids, mina):
    put(db, a_policy(rules=Rules(sample_all=0.0, sample_hidden=1.0)))
    trust(db, seal, ids[1:], mina, ["a", "b", "c"])
    act(db, [(ids[0], verdict(pro_ads=0.8))])
    for who in ("a", "b", "c"):
        settled = report(db, seal, ids[0], who).settled
    assert settled is not None
    assert scalar(db, "SELECT count(*) FROM moderation_samples WHERE stream = 'hidden'") == 1
