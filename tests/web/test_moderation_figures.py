"""The page of moderation's figures: what is automatic, how promises are kept, who reports."""

import re

import pytest

from listings.moderation import figures_now, policy_store
from listings.moderation.case_queue import open_for
from listings.moderation.cases import of_listing
from listings.moderation.decisions import decide
from listings.moderation.policy import Rules
from listings.moderation.policy_act import act
from listings.moderation.reporters import records
from support.clock import ago
from support.database import scalar
from tests.conftest import ACTOR
from tests.listings.moderation.desk import a_policy, add_listings, put, report, verdict


@pytest.fixture
def seal(space):
    return space.seal()


@pytest.fixture
def ids(db, seal):
    return add_listings(db, seal, 8)


@pytest.fixture
def mo(db):
    return scalar(db, "SELECT id FROM agents WHERE login = 'mo'")


def plain(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def settle(db, agent_id, listing_id, label):
    case = open_for(db, ACTOR, listing_id)
    return decide(db, ACTOR, agent_id, case.id, label=label, reason="seen")


def test_an_empty_desk_says_so_in_plain_words(lead):
    said = plain(lead.get("/moderation/figures").text)
    for words in (
        "기다리는 건이 없어요",
        "이 기간에 결정된 것이 없어요",
        "아직 결정된 것이 없어요",
        "시험 중인 정책이 없어요",
        "아직 신고가 없어요",
        "아직 알 수 없음 (n = 0)",
    ):
        assert words in said, words


def test_everything_is_counted_with_its_n(db, lead, ids, seal, mo):
    put(db, a_policy(rules=Rules(sample_all=1.0, sample_hidden=1.0)))
    act(db, [(ids[0], verdict(pro_ads=0.95)), (ids[1], verdict(pro_ads=0.2))])
    act(db, [(ids[2], verdict(pro_ads=0.6))])
    settle(db, mo, ids[1], "normal")
    settle(db, mo, ids[2], "normal")
    settle(db, mo, ids[0], "pro_ads")
    html = lead.get("/moderation/figures?weeks=4").text
    said = plain(html)
    assert "3건 뽑음, 3건 결정, 그중 문제 1건" in said
    assert "숨기지 않은 정상 상품 100% (15.8%~100%, n = 2)" in said
    assert "숨기지도 사람이 보지도 않은 정상 상품 50% (1.2%~98.8%, n = 2)" in said
    assert "숨긴 상품 중 실제 문제 상품 100% (2.5%~100%, n = 1)" in said
    assert "업자·홍보 100% (2.5%~100%, n = 1)" in said
    assert "결정 4건 중 1건이 자동이었어요" in said
    assert html.count("<svg") == 4
    assert "Mo 3 0 0 0" in said


def test_the_oldest_case_is_the_oldest(db, lead, ids, seal):
    for listing_id, days in zip(ids, (2, 9, 4), strict=False):
        case = open_for(db, ACTOR, listing_id)
        db.table("moderation_cases").update(case.id, {"opened_at": ago(days=days)})
    found = figures_now.waiting(db)
    assert (found.open, found.listing_id) == (3, ids[1])
    said = lead.get("/moderation/figures").text
    assert f"case={of_listing(db, ids[1]).id}" in said
    assert "1주" in plain(said)


def test_what_the_shadow_would_have_done_stands_beside_what_people_did(db, lead, ids, mo):
    stored = put(db, a_policy(rules=Rules(sample_all=0.0, sample_hidden=0.0)), "shadow")
    said = [(0.95, "pro_ads"), (0.95, "normal"), (0.6, "pro_ads"), (0.1, "normal")]
    for listing_id, (p, label) in zip(ids, said, strict=False):
        act(db, [(listing_id, verdict(pro_ads=0.3))])  # its last word counts
        act(db, [(listing_id, verdict(pro_ads=p))])
        settle(db, mo, listing_id, label)
    act(db, [(ids[5], verdict(pro_ads=0.95))])  # nobody decided
    normal, ads = figures_now.beside(db, stored.id)
    assert (normal.label, normal.n, normal.hidden, normal.passed) == ("normal", 2, 1, 1)
    assert (ads.n, ads.hidden, ads.review) == (2, 1, 1)
    page = plain(lead.get("/moderation/figures").text)
    assert stored.version in page


def test_those_who_report_are_listed_with_their_record_and_can_be_muted(
    db, lead, sign_in, ids, seal, mo
):
    for listing_id, label in zip(ids[:3], ("pro_ads", "normal", "normal"), strict=True):
        got = report(db, seal, listing_id, "nosy")
        decide(db, ACTOR, mo, got.case_id, label=label, reason="seen")
    report(db, seal, ids[3], "rare")
    often, rare = figures_now.reporters(db)
    assert (often.reports, often.record.right, often.record.wrong) == (3, 1, 2)
    assert rare.reports == 1
    said = plain(lead.get("/moderation/figures").text)
    assert f"{often.reporter[:8]} 3 1 2 0.40" in said
    path = f"/moderation/figures/reporters/{often.reporter}"
    assert sign_in("mo").post(path, data={"days": "7", "reason": "x"}).status_code == 403
    assert lead.post(path, data={"days": "9", "reason": "x"}).status_code == 400
    assert lead.post(path, data={"days": "7", "reason": " "}).status_code == 400
    assert lead.post(path + "x", data={"days": "7", "reason": "x"}).status_code == 404
    lead.post(path, data={"days": "7", "reason": "floods"})
    assert records(db, [often.reporter])[often.reporter].muted
    assert "무시" in plain(lead.get("/moderation/figures").text)
    lead.post(path, data={"days": "end", "reason": "asked us"})
    assert not records(db, [often.reporter])[often.reporter].muted
    lead.post(path, data={"days": "0", "reason": "again"})
    assert records(db, [often.reporter])[often.reporter].muted


def test_moderators_read_others_do_not(sign_in, agent):
    page = sign_in("mo").get("/moderation/figures")
    assert page.status_code == 200
    assert "무시하기" not in page.text
    assert agent.get("/moderation/figures").status_code == 403


def test_the_mode_of_a_policy_is_left_alone_by_looking(db, lead):
    put(db, a_policy(), "shadow")
    before = policy_store.mode_changes(db)
    lead.get("/moderation/figures")
    lead.get("/moderation/policy")
    assert policy_store.mode_changes(db) == before
