"""Reports: masked, merged, weighed, braked, and settled where enough people were right."""

import pytest

from listings.moderation import cases
from listings.moderation.case_queue import claim, waiting
from listings.moderation.decisions import decide, undo
from listings.moderation.decisions_past import PastReport, add_past, past_decisions
from listings.moderation.policy import Rules
from listings.moderation.policy_act import act
from listings.moderation.reporters import Record, mute, records
from listings.moderation.reports import set_aside
from support.database import one, scalar
from support.errors import InputError, NotFoundError
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

LIKELY = verdict(pro_ads=0.8)  # above settle (.7), below hide (.9)


@pytest.fixture
def ids(db, seal):
    return add_listings(db, seal, 4)


@pytest.fixture
def mina(db):
    return person(db, "mina")


@pytest.mark.parametrize(
    ("right", "wrong", "muted", "weight"),
    [(0, 0, False, 0.5), (8, 0, False, 0.9), (0, 8, False, 0.1), (3, 3, False, 0.5),
     (99, 0, True, 0.0)],
)  # fmt: skip
def test_weights_by_hand(right, wrong, muted, weight):
    assert Record(right, wrong, muted).weight == pytest.approx(weight)


def test_words_are_masked_and_reporters_hashed(db, seal, ids):
    got = report(db, seal, ids[0], "kim", words="call me: 010-1234-5678")
    row = one(db, "SELECT * FROM moderation_reports WHERE id = ?", [got.report_id])
    assert row["words"] == "call me: [전화번호]"
    assert "kim" not in row["reporter"]
    assert row["reporter"] == seal.customer("market", "kim")


def test_what_cannot_be_reported(db, seal, ids):
    with pytest.raises(InputError, match="Nothing is reported as 'normal'"):
        report(db, seal, ids[0], "a", label="normal")
    with pytest.raises(NotFoundError):
        report(db, seal, 999, "a")


def test_peoples_decisions_alone_tell_how_often_somebody_was_right(db, seal, ids, mina):
    put(db, a_policy())
    who = report(db, seal, ids[0], "a").case_id
    report(db, seal, ids[1], "a")
    reporter = cases.reports(db, who)[0].reporter
    decision = decide(db, ACTOR, mina, who, label="pro_ads", reason="a shop")
    act(db, [(ids[1], verdict(pro_ads=0.97))])
    assert records(db, [reporter])[reporter] == Record(1, 0)
    undo(db, ACTOR, decision)
    assert records(db, [reporter])[reporter] == Record(0, 0)


def test_three_reporters_above_the_classs_threshold_settle_it(db, seal, ids):
    policy = put(db, a_policy())
    act(db, [(ids[0], LIKELY)])
    assert report(db, seal, ids[0], "a").settled is None
    assert report(db, seal, ids[0], "b").settled is None
    got = report(db, seal, ids[0], "c")
    decision = one(db, "SELECT * FROM moderation_decisions WHERE id = ?", [got.settled])
    assert (decision["made_by"], decision["threshold"]) == ("policy", 0.7)
    assert decision["reason"] == (f"pro_ads 0.800, from 0.7 on, reported by 3 ({policy.version})")
    assert cases.get(db, got.case_id).hidden
    # What comes later is closed by it, and opens again with the others.
    late = report(db, seal, ids[0], "d")
    assert late.settled == got.settled
    undo(db, ACTOR, got.settled)
    assert [r.waiting for r in cases.reports(db, got.case_id)] == [True] * 4


@pytest.mark.parametrize(
    "judged",
    [verdict(pro_ads=0.6), verdict(model="another", pro_ads=0.95), verdict(model="", pro_ads=0.95),
     verdict(pro_ads=0.69, legal=0.31), None],
)  # fmt: skip
def test_reports_alone_never_settle(db, seal, ids, judged):
    put(db, a_policy())
    if judged:
        act(db, [(ids[0], judged)])
    assert [report(db, seal, ids[0], who).settled for who in "abcdef"] == [None] * 6


def test_a_verdict_on_other_words_settles_nothing(db, seal, ids):
    put(db, a_policy())
    act(db, [(ids[0], LIKELY)])
    edit(db, ids[0])
    assert [report(db, seal, ids[0], who).settled for who in "abc"] == [None] * 3


def test_a_report_of_legal_leaves_it_to_people(db, seal, ids, mina):
    put(db, a_policy())
    act(db, [(ids[0], LIKELY)])
    report(db, seal, ids[0], "a", label="legal")
    assert [report(db, seal, ids[0], who).settled for who in "bcd"] == [None] * 3
    report(db, seal, ids[1], "a")
    assert report(db, seal, ids[1], "a", label="legal").merged
    assert {c.listing_id for c in waiting(db, mina, limit=9) if c.priority > 99} == set(ids[:2])


def test_a_hidden_listing_is_opened_by_a_report_of_legal(db, seal, ids, mina):
    case_id = report(db, seal, ids[0], "a").case_id
    decide(db, ACTOR, mina, case_id, label="pro_ads", reason="a shop")
    report(db, seal, ids[0], "b", label="legal")
    assert cases.get(db, case_id).state == "open"


def test_people_who_were_often_wrong_do_not_settle(db, seal, mina):
    past = add_listings(db, seal, 9, seller="others")
    ids = add_listings(db, seal, 1)
    for number, listing_id in enumerate(past):
        case_id = report(db, seal, listing_id, "abc"[number % 3]).case_id
        decide(db, ACTOR, mina, case_id, label="normal", reason="nothing wrong")
    put(db, a_policy())
    act(db, [(ids[0], LIKELY)])
    assert [report(db, seal, ids[0], who).settled for who in "abc"] == [None] * 3


def test_a_flood_of_one_reporter_is_braked(db, seal):
    ids = add_listings(db, seal, 5)
    put(db, a_policy(rules=Rules(reports_a_day=3, sample_all=0.0, sample_hidden=0.0)))
    assert [report(db, seal, i, "a").braked for i in ids] == [False] * 3 + [True] * 2


def test_a_burst_on_one_listing_is_left_to_people(db, seal, ids):
    put(db, a_policy(rules=Rules(burst=4, reporters=5, reporters_weight=1)))
    act(db, [(ids[0], LIKELY)])
    assert [report(db, seal, ids[0], who).settled for who in "abcdef"] == [None] * 6


def test_the_muted_and_the_unknown_count_for_nothing(db, seal, ids):
    put(db, a_policy())
    act(db, [(ids[0], LIKELY)])
    with pytest.raises(InputError, match="say why"):
        mute(db, ACTOR, seal.customer("market", "a"), until=None, reason=" ")
    mute(db, ACTOR, seal.customer("market", "a"), until="2999-01-01T00:00:00Z", reason="a grudge")
    got = [report(db, seal, ids[0], who) for who in ("a", "", "", "b", "c")]
    assert [r.braked for r in got] == [True, True, True, False, False]
    assert [r.settled for r in got] == [None] * 5
    assert report(db, seal, ids[0], "d").settled is not None


def test_reports_in_bad_faith_are_set_aside(db, seal, ids):
    got = report(db, seal, ids[0], "a")
    report(db, seal, ids[1], "a")
    before = cases.get(db, got.case_id).priority
    assert set_aside(db, ACTOR, seal.customer("market", "a")) == 2
    found = cases.get(db, got.case_id)
    assert (found.priority, before, found.state) == (0.0, 0.5, "open")


def test_past_decisions_are_taken_over_once_and_hide_nothing(db, seal, ids, mina):
    put(db, a_policy())
    past = PastReport(external_id="r1", reporter="a", label="animals", words="a puppy")
    options = {"label": "animals", "at": "2025-05-01T00:00:00Z", "reports": (past,)}
    first = add_past(db, seal, ACTOR, ids[0], **options)
    after = state(db)
    assert add_past(db, seal, ACTOR, ids[0], **options) is None
    assert state(db) == after
    assert scalar(db, "SELECT made_by FROM moderation_decisions WHERE id = ?", [first]) == "import"
    assert not cases.of_listing(db, ids[0]).hidden
    assert after["strikes"][scalar(db, "SELECT seller FROM listings")] == []
    who = seal.customer("market", "a")
    assert records(db, [who])[who] == Record(1, 0)
    with pytest.raises(InputError, match="No class 'spam'"):
        add_past(db, seal, ACTOR, ids[1], label="spam")


def test_what_a_model_learns_from_is_people_alone(db, seal, ids, mina):
    put(db, a_policy())
    act(db, [(ids[0], verdict(pro_ads=0.97))])
    add_past(db, seal, ACTOR, ids[1], label="animals", at="2025-05-01T00:00:00Z")
    case_id = report(db, seal, ids[2], "a").case_id
    decide(db, ACTOR, mina, case_id, label="normal", reason="fine")
    found = [(past.listing_id, past.label, past.made_by) for past in past_decisions(db)]
    assert found == [(ids[1], "animals", "import"), (ids[2], "normal", "person")]
    assert [p.listing_id for p in past_decisions(db, before="2025-06-01T00:00:00Z")] == [ids[1]]


def test_what_was_decided_elsewhere_long_ago_closes_nothing_that_came_since(db, seal, ids, mina):
    got = report(db, seal, ids[0], "kim", label="legal")
    sign_of = cases.ensure(db, ids[0])
    cases.add_sign(db, sign_of.id, "person", note="look")
    add_past(db, seal, ACTOR, ids[0], label="normal", at="2020-01-01T00:00:00Z")
    assert cases.get(db, got.case_id).state == "open"
    assert [found.waiting for found in cases.reports(db, got.case_id)] == [True]
    assert [found.waiting for found in cases.signs(db, got.case_id)] == [True]


def test_reports_on_what_is_hidden_already_prove_nobody_right(db, seal, ids, mina):
    first = report(db, seal, ids[0], "a")
    decide(db, ACTOR, mina, first.case_id, label="pro_ads", reason="a shop")
    for listing_id in ids[1:]:
        case_id = report(db, seal, listing_id, "c").case_id
        decide(db, ACTOR, mina, case_id, label="pro_ads", reason="a shop")
    for listing_id in ids:
        assert report(db, seal, listing_id, "late").settled is not None
    late, early = (seal.customer("market", who) for who in ("late", "c"))
    found = records(db, [late, early])
    assert (found[late], found[early]) == (Record(0, 0), Record(3, 0))


def test_why_somebody_was_muted_is_kept_masked(db, seal):
    who = seal.customer("market", "a")
    mute(db, ACTOR, who, until=None, reason="say to 010-1234-5678 why " + "x" * 2000)
    kept = scalar(db, "SELECT reason FROM reporters")
    told = scalar(db, "SELECT detail FROM audit WHERE action = 'reporter.muted'")
    assert kept.startswith("say to [전화번호] why xx")
    assert len(kept) == 1000
    assert "1234" not in told


def test_a_report_costs_no_more_than_a_glance_at_each_of_the_others(db, seal, ids):
    put(db, a_policy(rules=Rules(burst=3)))
    act(db, [(ids[0], LIKELY)])

    def cost(who):
        steps = [0]

        def count():
            steps[0] += 1

        db.conn.set_progress_handler(count, 100)
        report(db, seal, ids[0], who)
        db.conn.set_progress_handler(None, 100)
        return steps[0]

    case_id = report(db, seal, ids[0], "a").case_id
    row = one(db, "SELECT * FROM moderation_reports")
    del row["id"]
    db.table("moderation_reports").insert_all([row | {"reporter": f"r{n}"} for n in range(1500)])
    assert cost("b") * 100 / 1500 < 100  # of the database's steps for each; it was some thousands
    assert cases.reporters_of(db, case_id, most=2) == [seal.customer("market", "a"), "r0"]
    assert cases.get(db, case_id).priority < 100  # what is legal still comes first


def test_what_was_decided_long_ago_settles_nothing_of_today(db, seal, ids, mina):
    got = report(db, seal, ids[0], "a", label="legal")
    report(db, seal, ids[0], "b")
    cases.add_sign(db, got.case_id, "watch", note="a seller who is back", weight=0.9)
    claim(db, mina, got.case_id)
    past = (
        PastReport(external_id="r1", reporter="c", label="legal", at="2019-12-01T00:00:00Z"),
        PastReport(external_id="r2", reporter="c", at="2020-12-01T00:00:00Z"),
    )
    made = add_past(
        db, seal, ACTOR, ids[0], label="normal", at="2020-01-01T00:00:00Z", reports=past
    )
    found = [(r.label, r.closed_by) for r in cases.reports(db, got.case_id)]
    assert found == [("legal", None), ("pro_ads", None), ("legal", made), ("", None)]
    assert [sign.waiting for sign in cases.signs(db, got.case_id)] == [True]
    case = cases.get(db, got.case_id)
    assert (case.state, case.claimed_by) == ("open", mina)
    assert case.priority > 100


def test_nothing_is_taken_over_from_the_future(db, seal, ids):
    with pytest.raises(InputError, match="later than now"):
        add_past(db, seal, ACTOR, ids[0], label="normal", at="2099-01-01T00:00:00Z")
    later = PastReport(external_id="r1", at="2099-01-01T00:00:00Z")
    with pytest.raises(InputError, match="later than now"):
        add_past(db, seal, ACTOR, ids[0], label="normal", reports=(later,))
    assert cases.of_listing(db, ids[0]) is None
