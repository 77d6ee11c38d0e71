"""The random sample, and trying policies on what people decided."""

import random

import pytest

from listings.moderation import sample
from listings.moderation.backtest import backtest, judge_again
from listings.moderation.case_queue import waiting
from listings.moderation.decisions import decide
from listings.moderation.decisions_past import add_past
from listings.moderation.policy import Rules
from listings.moderation.policy_act import act
from listings.moderation.policy_evidence import BaseRate, Decided, Judged
from support.database import scalar
from support.errors import InputError
from tests.conftest import ACTOR
from tests.listings.moderation.desk import (
    MODEL,
    a_policy,
    add_listings,
    edit,
    person,
    put,
    report,
    verdict,
)

ALL = Rules(sample_all=1.0, sample_hidden=0.0)


@pytest.fixture
def ids(db, seal):
    return add_listings(db, seal, 5)


@pytest.fixture
def mina(db):
    return person(db, "mina")


def streams(db):
    sql = "SELECT stream, count(*) FROM moderation_samples GROUP BY 1"
    return dict(db.conn.execute(sql).fetchall())


def test_a_listing_has_its_chance_once_however_often_it_is_judged(db, seal):
    ids = add_listings(db, seal, 40)
    put(db, a_policy(rules=Rules(sample_all=0.25, sample_hidden=0.0)))
    chance = random.Random(3)
    for _ in range(3):
        act(db, [(listing_id, verdict(pro_ads=0.1)) for listing_id in ids], chance=chance)
    fair = random.Random(3)
    assert streams(db) == {"all": sum(fair.random() < 0.25 for _ in ids)}


def test_the_shadow_draws_too_so_that_bounds_are_known_before_anything_acts(db, ids):
    put(db, a_policy(rules=ALL), "shadow")
    act(db, [(ids[0], verdict(pro_ads=0.97))])
    assert streams(db) == {"all": 1}


def test_hidden_ones_are_drawn_beside(db, ids):
    put(db, a_policy(rules=Rules(sample_all=0.0, sample_hidden=1.0)))
    act(db, [(ids[0], verdict(pro_ads=0.97)), (ids[1], verdict(pro_ads=0.6))])
    assert streams(db) == {"hidden": 1}


def test_the_share_of_problems_is_that_of_the_sample_alone(db, seal, ids, mina):
    put(db, a_policy(rules=ALL), "shadow")
    act(db, [(listing_id, verdict(pro_ads=0.2)) for listing_id in ids[:3]])
    put(db, a_policy(), "shadow")
    act(db, [(listing_id, verdict(pro_ads=0.2)) for listing_id in ids[3:]])
    for listing_id in ids[3:]:
        report(db, seal, listing_id, "a")
    labels = dict(zip(ids, ["normal", "pro_ads", "", "pro_ads", "pro_ads"], strict=True))
    for case in waiting(db, mina, limit=9):
        if label := labels[case.listing_id]:
            decide(db, ACTOR, mina, case.id, label=label, reason="seen")
    assert sample.progress(db, "all") == sample.Sampled(drawn=3, decided=2, problems=1)
    rate = sample.base_rate(db)
    assert (rate.problems, rate.n) == (1, 3)  # the one that waits counts as none
    rows = sample.judged_rows(db, MODEL)
    assert [(row.truth, row.unselected, row.reporters) for row in rows] == [
        ("normal", True, 0), ("pro_ads", True, 0), ("pro_ads", False, 1), ("pro_ads", False, 1),
    ]  # fmt: skip
    assert sample.judged_rows(db, "another") == []
    assert sample.judged_rows(db, MODEL, after="2999-01-01T00:00:00Z") == []
    edit(db, ids[0])
    assert len(sample.judged_rows(db, MODEL)) == 3


def test_the_precision_of_hiding_is_what_people_say_of_hidden_ones(db, ids, mina):
    put(db, a_policy(rules=Rules(sample_all=0.0, sample_hidden=1.0)))
    act(db, [(listing_id, verdict(pro_ads=0.97)) for listing_id in ids[:2]])
    assert sample.precision(db).n == 0
    for case, label in zip(waiting(db, mina, limit=9), ("pro_ads", "normal"), strict=True):
        decide(db, ACTOR, mina, case.id, label=label, reason="seen")
    found = sample.precision(db)
    assert (found.right, found.n) == (1, 2)


def test_deciding_first_on_what_was_flagged_makes_problems_no_more_frequent(db, seal, mina):
    ids = add_listings(db, seal, 40)
    put(db, a_policy(rules=ALL))
    act(db, [(i, verdict(pro_ads=0.8 if i in ids[:4] else 0.1)) for i in ids])
    for case in waiting(db, mina, limit=4):
        label = "pro_ads" if case.listing_id in ids[:4] else "normal"
        decide(db, ACTOR, mina, case.id, label=label, reason="seen")
    assert sample.base_rate(db) == BaseRate(problems=4, n=40)


def test_what_is_the_peoples_alone_is_no_problem_that_hiding_could_be_right_about(db, ids, mina):
    put(db, a_policy(rules=Rules(sample_all=1.0, sample_hidden=1.0)))
    act(db, [(listing_id, verdict(pro_ads=0.97)) for listing_id in ids[:2]])
    for case, label in zip(waiting(db, mina, limit=9), ("pro_ads", "legal"), strict=True):
        decide(db, ACTOR, mina, case.id, label=label, reason="seen")
    assert sample.base_rate(db) == BaseRate(problems=1, n=2)
    assert sample.progress(db, "all") == sample.Sampled(drawn=2, decided=2, problems=1)
    assert (sample.precision(db).right, sample.precision(db).n) == (1, 2)


def row(p, truth, *, unselected=False):
    return Judged(verdict=verdict(pro_ads=p), truth=truth, unselected=unselected)


ROWS = [
    row(0.95, "pro_ads"),
    row(0.6, "pro_ads"),
    row(0.1, "pro_ads", unselected=True),
    row(0.95, "normal"),
    row(0.6, "normal"),
    row(0.1, "normal", unselected=True),
    row(0.95, "legal"),
]


def test_wins_and_losses_by_hand():
    found = backtest(ROWS, a_policy(), BaseRate(stated=0.1))
    ads, normal, legal = (found.classes[name] for name in ("pro_ads", "normal", "legal"))
    assert (ads.hide, ads.review, ads.passed, ads.wins, ads.losses) == (1, 1, 1, 2, 0)
    assert (normal.hide, normal.review, normal.passed) == (1, 1, 1)
    assert (normal.wins, normal.losses, normal.sampled) == (0, 2, 1)
    assert (legal.hide, legal.wins, legal.losses) == (1, 0, 0)
    assert (found.wins, found.losses, found.against) == (2, 2, "")
    assert next(iter(found.classes)) == "normal"


def test_one_policy_against_another_by_hand():
    from dataclasses import replace

    from tests.listings.moderation.desk import thresholds

    stricter = replace(a_policy(), thresholds=thresholds(hide=0.96))
    found = backtest(ROWS, stricter, BaseRate(stated=0.1), other=("p1", a_policy(), ROWS))
    assert (found.classes["pro_ads"].losses, found.classes["normal"].wins) == (1, 1)
    assert (found.classes["legal"].wins, found.wins, found.losses) == (1, 2, 1)
    with pytest.raises(InputError, match="other rows"):
        backtest(ROWS, stricter, BaseRate(stated=0.1), other=("p1", a_policy(), ROWS[1:]))
    with pytest.raises(InputError, match="No past decisions"):
        backtest([], stricter, BaseRate(stated=0.1))


def test_another_model_judges_the_same_decisions(db, ids, tmp_path):
    rows = [
        Decided(listing_id=listing_id, truth=truth, unselected=False)
        for listing_id, truth in ((ids[0], "pro_ads"), (999, "pro_ads"), (ids[1], "normal"))
    ]

    def judge(listing_ids, listings):
        assert [listing.title for listing in listings] == ["thing 0 of dealer", "thing 1 of dealer"]
        return [verdict(model="new", pro_ads=number / 10) for number in listing_ids]

    again = judge_again(db, tmp_path, rows, judge)
    assert [(r.truth, r.verdict.model) for r in again] == [("pro_ads", "new"), ("normal", "new")]
    assert scalar(db, "SELECT count(*) FROM moderation_verdicts") == 0


def test_what_an_import_says_was_drawn_counts_too_and_a_later_word_of_people_corrects_it(
    db, seal, ids, mina
):
    for listing_id, label in zip(ids, ("normal", "pro_ads", "animals"), strict=False):
        add_past(db, seal, ACTOR, listing_id, label=label, drawn=label != "animals")
    assert sample.base_rate(db) == BaseRate(problems=1, n=2)
    assert [row.unselected for row in sample.decided(db)] == [True, True, False]
    got = report(db, seal, ids[0], "kim")
    decide(db, ACTOR, mina, got.case_id, label="animals", reason="a puppy after all")
    assert sample.base_rate(db) == BaseRate(problems=2, n=2)
