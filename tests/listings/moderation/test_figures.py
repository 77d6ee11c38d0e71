"""Figures over time, and the signals of listings; both by hand."""

import pytest

from listings.moderation import appeals, figures, figures_now
from listings.moderation.case_queue import waiting
from listings.moderation.classes import Signals
from listings.moderation.decisions import decide, undo
from listings.moderation.policy import Rules
from listings.moderation.policy_act import act
from listings.moderation.sanctions import place
from listings.moderation.signals import signals_of
from support.database import scalar
from support.promise import Promise
from tests.conftest import ACTOR
from tests.listings.moderation.desk import a_policy, add_listings, person, put, report, verdict


@pytest.fixture
def mina(db):
    return person(db, "mina")


def test_weeks_by_hand(db, seal, mina):
    ids = add_listings(db, seal, 5)
    put(db, a_policy(rules=Rules(sample_all=1.0, sample_hidden=1.0)))
    scores = [0.97, 0.97, 0.6, 0.1, 0.1]
    act(db, [(i, verdict(pro_ads=p)) for i, p in zip(ids, scores, strict=True)])
    labels = dict(zip(ids, ["pro_ads", "normal", "normal", "normal", "pro_ads"], strict=True))
    for case in waiting(db, mina, limit=9):
        decide(db, ACTOR, mina, case.id, label=labels[case.listing_id], reason="seen")
    for table in ("moderation_decisions", "moderation_samples"):
        db.execute(f"UPDATE {table} SET at = '2026-11-19T09:00:00Z'")  # a Thursday
    (week,) = figures.weeks(db)
    assert (week.monday, week.automatic, week.by_hand) == ("2026-11-16", 2, 5)
    assert week.precision == Promise.of(1, 2)
    assert week.normal_not_hidden == Promise.of(2, 3)
    assert week.normal_not_flagged == Promise.of(1, 3)
    assert figures.weeks(db, since="2026-11-20") == []


def test_what_the_shadow_would_have_hidden_was_not_hidden(db, seal, mina):
    ids = add_listings(db, seal, 2)
    put(db, a_policy(rules=Rules(sample_all=1.0, sample_hidden=1.0)), "shadow")
    act(db, [(i, verdict(pro_ads=0.97)) for i in ids])
    for case in waiting(db, mina, limit=9):
        decide(db, ACTOR, mina, case.id, label="normal", reason="seen")
    (week,) = figures.weeks(db)
    assert (week.by_hand, week.normal_not_hidden.n, week.normal_not_flagged.n) == (2, 0, 0)


def test_to_hide_what_is_the_peoples_alone_was_not_right(db, seal, mina):
    (listing_id,) = add_listings(db, seal, 1)
    put(db, a_policy(rules=Rules(sample_all=0.0, sample_hidden=1.0)))
    act(db, [(listing_id, verdict(pro_ads=0.97))])
    (case,) = waiting(db, mina, limit=9)
    decide(db, ACTOR, mina, case.id, label="legal", reason="seen")
    (week,) = figures.weeks(db)
    assert week.precision == Promise.of(0, 1)
    assert figures.precision_by_class(db) == {"pro_ads": Promise.of(0, 1)}


def test_what_the_shadow_said_is_found_without_reading_every_verdict(db):
    asked = []
    db.conn.set_trace_callback(asked.append)
    figures_now.beside(db, 1)
    db.conn.set_trace_callback(None)
    (sql,) = [text for text in asked if "moderation_verdicts" in text]
    plan = [row[3] for row in db.conn.execute(f"EXPLAIN QUERY PLAN {sql}")]
    used = [step for step in plan if "moderation_verdicts_policy" in step]
    assert len(used) == 2, plan


def test_a_week_begins_on_monday(db, seal, mina):
    for listing_id, day in zip(add_listings(db, seal, 3), ("15", "16", "22"), strict=True):
        case_id = report(db, seal, listing_id, "a").case_id
        done = decide(db, ACTOR, mina, case_id, label="normal", reason="seen")
        db.table("moderation_decisions").update(done, {"at": f"2026-11-{day}T23:59:59Z"})
    found = [(week.monday, week.by_hand) for week in figures.weeks(db)]
    assert found == [("2026-11-09", 1), ("2026-11-16", 2)]


def test_what_became_of_decisions_by_hand(db, seal, mina):
    yuna = person(db, "yuna")
    ids = add_listings(db, seal, 4)
    put(db, a_policy())
    made = [
        decide(db, ACTOR, mina, report(db, seal, i, "a").case_id, label="pro_ads", reason="seen")
        for i in ids[:3]
    ]
    undo(db, ACTOR, made[0])
    appeal = appeals.file(db, ACTOR, made[1], by="seller")
    appeals.overturn(db, ACTOR, yuna, appeal.id, label="normal", reason="private")
    appeals.file(db, ACTOR, made[2], by="seller")
    act(db, [(ids[3], verdict(pro_ads=0.97))])
    assert figures.by_class(db) == {
        ("normal", "person"): figures.Contested(1, 0, 0, 0),
        ("pro_ads", "person"): figures.Contested(3, 1, 2, 1),
        ("pro_ads", "policy"): figures.Contested(1, 0, 0, 0),
    }
    assert figures.by_moderator(db) == {
        mina: figures.Contested(3, 1, 2, 1),
        yuna: figures.Contested(1, 0, 0, 0),
    }


def test_signals_are_as_of_the_moment_of_posting(db, seal, mina):
    ids = add_listings(db, seal, 3)
    (other,) = add_listings(db, seal, 1, seller="")
    db.execute("UPDATE listings SET text_key = iif(id = ?, '', 'same')", [ids[1]])
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [ids[0]])
    place(db, ACTOR, mina, seller, kind="warning", reason="a shop")
    db.table("listings").update(ids[2], {"collected_at": "2999-01-01T00:00:00Z"})
    assert signals_of(db, [*ids, other, 999]) == {
        ids[0]: Signals(earlier_posts=0, earlier_sanctions=0, repeats=0),
        ids[1]: Signals(earlier_posts=1, earlier_sanctions=0),
        ids[2]: Signals(earlier_posts=2, earlier_sanctions=1, repeats=1),
        other: Signals(repeats=2),
    }


def test_an_account_is_as_old_as_it_was_when_the_listing_was_posted(db, seal):
    young, unknown = add_listings(db, seal, 2)
    when = {"posted_at": "2026-11-20T12:00:00Z", "seller_since": "2026-11-18T00:00:00Z"}
    db.table("listings").update(young, when)
    days = {i: signals.account_days for i, signals in signals_of(db, [young, unknown]).items()}
    assert days == {young: 2.5, unknown: None}
