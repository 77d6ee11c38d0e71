"""The pages of moderation without a browser: queue, many at once, listing, appeals, sellers."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from listings.moderation import appeals, cases, policy_act, sanctions
from listings.moderation.case_queue import open_for
from listings.moderation.classes import Reason, Verdict
from listings.moderation.decisions import decide
from listings.similar.groups import put_links
from listings.similar.looks import Match
from listings.similar.looks import Reason as Why
from listings.store import Collected, ListingStore
from support import agents
from support.database import one, scalar
from tests.conftest import ACTOR
from tests.listings.moderation.desk import (
    MODEL,
    a_policy,
    add_listings,
    edit,
    put,
    report,
    verdict,
)
from tests.web.conftest import PASSWORD, signed_in

JSON = {"Accept": "application/json"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def ids(db, space):
    return add_listings(db, space.seal(), 3)


@pytest.fixture
def mo(app):
    return signed_in(app, "mo")


@pytest.fixture
def yuri(app, db):
    agents.add(db, ACTOR, login="yuri", name="한유리", role="moderator", password=PASSWORD)
    return signed_in(app, "yuri")


@pytest.fixture
def reported(db, space, ids):
    """A case with two reports on the first listing."""
    report(db, space.seal(), ids[0], "ann", label="counterfeit", words="가짜예요 010-1234-5678")
    return report(db, space.seal(), ids[0], "bob", words="이상해요").case_id


def agent(db, login):
    return scalar(db, "SELECT id FROM agents WHERE login = ?", [login])


def send(client, path, **values):
    return client.post(path, data=values, headers=JSON)


def hide(client, case_id, **more):
    values = {"label": "counterfeit", "reason": "a copy", "action": "hide"} | more
    return send(client, f"/moderation/{case_id}/decide", **values)


def sent(page, name):
    """The value of a hidden field of a form on a page."""
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def test_a_case_comes_with_its_reports_and_all_that_speaks_for_it(mo, db, space, ids, reported):
    put(db, a_policy())
    judged = Verdict(
        {"normal": 0.3, "counterfeit": 0.6, "legal": 0.1}, model=MODEL,
        reasons=(Reason("word", "counterfeit", "thing", 2.0, 0, 5),
                 Reason("signal", "counterfeit", "repeats=3", 1.0)),
    )  # fmt: skip
    policy_act.act(db, [(ids[0], judged)])
    page = mo.get("/moderation").text
    assert "<mark" in page
    assert "thing</mark> 0 of dealer" in page
    assert "같은 글이 올라온 횟수: 3" in page
    assert "60%" in page
    assert "확인 0.50" in page
    assert "숨김 0.90" in page
    assert "가짜예요 [전화번호]" in page
    assert "010-1234" not in page
    assert page.count("첫 신고") == 2
    assert "thing 1 of dealer" in page  # the seller's other listings
    assert scalar(db, "SELECT claimed_by FROM moderation_cases") == agent(db, "mo")
    assert "style=" not in page


def test_what_changed_since_the_verdict_is_not_marked(mo, db, ids, reported):
    put(db, a_policy())
    judged = Verdict({"normal": 0.4, "counterfeit": 0.6}, model=MODEL,
                     reasons=(Reason("word", "counterfeit", "thing", 2.0, 0, 5),))  # fmt: skip
    policy_act.act(db, [(ids[0], judged)])
    edit(db, ids[0])
    page = mo.get("/moderation").text
    assert "<mark" not in page
    assert "판매자가 글을 고쳐서" in page


def test_without_a_model_the_page_says_that_nothing_is_hidden(mo, db, ids, reported):
    page = mo.get("/moderation").text
    assert "아직 심사 모델이 없어요" in page
    assert "자동으로 숨기는 글은 없어요" in page
    put(db, a_policy())
    policy_act.act(db, [(ids[0], Verdict({"normal": 0.01, "counterfeit": 0.99}))])
    assert "모델 없이 판단해서 모두 사람이 확인해요" in mo.get("/moderation").text
    assert scalar(db, "SELECT count(*) FROM moderation_cases WHERE hidden = 1") == 0


def test_a_decision_is_answered_with_the_next_case_and_can_be_taken_back(mo, db, ids, reported):
    open_for(db, ACTOR, ids[1], note="look")
    first = sent(mo.get("/moderation").text, "seen")
    answer = hide(mo, reported, seen=first, usual="said", reason="보증서 없음")
    assert answer.status_code == 200
    assert "thing 1 of dealer" in answer.json["html"]
    row = one(db, "SELECT * FROM moderation_decisions")
    assert (row["label"], row["action"]) == ("counterfeit", "hide")
    assert row["reason"] == "가품임을 스스로 밝히고 있어요. 보증서 없음"
    assert scalar(db, "SELECT hidden FROM moderation_cases WHERE id = ?", [reported]) == 1
    assert scalar(db, "SELECT count(*) FROM moderation_reports WHERE closed_by IS NULL") == 0
    back = send(mo, "/moderation/undo")
    assert "thing 0 of dealer" in back.json["html"]
    assert scalar(db, "SELECT hidden FROM moderation_cases WHERE id = ?", [reported]) == 0
    assert scalar(db, "SELECT count(*) FROM moderation_reports WHERE closed_by IS NULL") == 2
    assert send(mo, "/moderation/undo").status_code == 409


def test_without_a_script_the_same_forms_work(mo, db, ids, reported):
    values = {"label": "normal", "usual": "fine"}
    answer = mo.post(f"/moderation/{reported}/decide?kind=report", data=values)
    assert answer.headers["Location"] == "/moderation?kind=report"
    assert one(db, "SELECT label, action FROM moderation_decisions") == {
        "label": "normal", "action": "pass",
    }  # fmt: skip
    assert "empty-queue" in mo.get("/moderation").text
    answer = mo.post("/moderation/undo")
    assert answer.headers["Location"] == f"/moderation?case={reported}"
    assert "thing 0 of dealer" in mo.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"label": "counterfeit", "action": "hide"}, "이유를 짧게"),
        ({"label": "counterfeit", "reason": "  ", "action": "hide"}, "이유를 짧게"),
        ({"label": "counterfeit", "usual": "fine"}, "이유를 짧게"),  # of another class
        ({"reason": "a copy"}, "분류를 골라"),
        ({"label": "x", "reason": "a copy"}, "분류를 골라"),
        ({"label": "normal", "reason": "fine", "action": "hide"}, "not hidden"),
        ({"label": "counterfeit", "reason": "x", "action": "burn"}, "hides or passes"),
        ({"label": "counterfeit", "reason": "x", "action": "pass", "sanction": "warning"},
         "제재는 글을 숨길 때만"),
        ({"label": "counterfeit", "reason": "x", "action": "hide", "sanction": "jail"},
         "제재를 골라"),
    ],
)  # fmt: skip
def test_what_is_missing_is_asked_for_on_the_server(mo, db, reported, values, words):
    answer = send(mo, f"/moderation/{reported}/decide", **values)
    assert answer.status_code == 400
    assert words in answer.json["detail"]
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 0


def test_no_case_is_on_two_screens_and_none_is_decided_twice(mo, yuri, db, ids, reported):
    open_for(db, ACTOR, ids[1])
    assert f'data-case="{reported}"' in mo.get("/moderation").text
    other = yuri.get("/moderation").text
    assert f'data-case="{reported}"' not in other
    assert "thing 1 of dealer" in other
    answer = hide(yuri, reported)  # from a page that was left open
    assert answer.status_code == 409
    assert "저장하지 않았어요" in answer.json["html"]
    assert "thing 1 of dealer" in answer.json["html"]
    assert hide(mo, reported).status_code == 200
    answer = hide(yuri, reported, label="normal", action="pass")
    assert answer.status_code == 409
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 1
    page = yuri.get(f"/moderation?case={reported}").text
    assert "이미 처리된 건이에요" in page
    assert "thing 1 of dealer" in page


def test_of_two_at_the_same_moment_one_decides(mo, yuri, db, reported):
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda client: hide(client, reported).status_code, (mo, yuri)))
    assert sorted(found) == [200, 409]
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 1


def test_without_a_script_too_the_second_is_told_calmly(mo, yuri, db, reported):
    values = {"label": "normal", "usual": "fine"}
    assert mo.post(f"/moderation/{reported}/decide", data=values).status_code == 302
    answer = yuri.post(f"/moderation/{reported}/decide", data=values, follow_redirects=True)
    assert answer.status_code == 200
    assert "저장하지 않았어요" in answer.text


def test_nothing_is_decided_that_was_not_seen(mo, db, space, ids, reported):
    seen = sent(mo.get("/moderation").text, "seen")
    report(db, space.seal(), ids[0], "eve", label="legal", words="훔친 물건")
    answer = hide(mo, reported, seen=seen)
    assert answer.status_code == 409
    assert "훔친 물건" in answer.json["html"]
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 0
    assert hide(mo, reported, seen=sent(answer.json["html"], "seen")).status_code == 200
    # A change of words as well.
    assert "thing 0" in send(mo, "/moderation/undo").json["html"]
    seen = sent(mo.get("/moderation").text, "seen")
    edit(db, ids[0])
    assert hide(mo, reported, seen=seen).status_code == 409


def test_a_case_is_put_off_and_comes_back_last(mo, yuri, db, ids, reported):
    second = open_for(db, ACTOR, ids[1]).id
    mo.get("/moderation")
    skipped = send(mo, f"/moderation/{reported}/skip").json["html"]
    assert f'data-case="{second}"' in skipped
    assert f'data-case="{reported}"' in yuri.get("/moderation").text  # somebody else may take it
    yuri.post(f"/moderation/{reported}/skip")
    back = send(mo, "/moderation/undo").json["html"]
    assert f'data-case="{reported}"' in back
    send(mo, f"/moderation/{reported}/skip")
    assert f'data-case="{reported}"' in hide(mo, second).json["html"]  # nothing else waits


def test_undo_takes_back_what_was_done_last(mo, db, ids, reported):
    second = open_for(db, ACTOR, ids[1]).id
    assert 'data-key="KeyU" disabled' in mo.get("/moderation").text
    skipped = send(mo, f"/moderation/{reported}/skip").json["html"]
    assert 'data-key="KeyU" disabled' not in skipped
    checked = mo.post("/moderation/list/check", data={"item": second}).text
    values = {"cases": sent(checked, "cases"), "label": "animals", "reason": "no pets"}
    mo.post("/moderation/list/decide", data=values)
    mo.post("/moderation/undo", data={"back": "list"})
    assert scalar(db, "SELECT undone_at FROM moderation_decisions") is not None
    assert send(mo, "/moderation/undo").status_code == 409


def test_a_sanction_goes_with_the_decision_and_falls_with_it(mo, db, ids, reported):
    hide(mo, reported, sanction="suspension-7")
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [ids[0]])
    (placed,) = sanctions.sanctions(db, seller)
    assert (placed.kind, placed.active, placed.reason) == ("suspension", True, "a copy")
    assert "이용 정지" in mo.get(f"/moderation/listings/{ids[0]}").text
    send(mo, "/moderation/undo")
    assert not sanctions.suspended(db, seller)
    assert sanctions.sanctions(db, seller)[0].fallen
    kinds = [row["kind"] for row in db.query("SELECT kind FROM jobs")]
    assert kinds == ["watch"]  # older reposts of theirs are looked for


@pytest.mark.parametrize(
    ("query", "shown"),
    [("", 0), ("?kind=report", 0), ("?kind=person", 1), ("?label=animals", 2),
     ("?kind=verdict", 2), ("?kind=appeal", None), ("?kind=x&label=y", 0)],
)  # fmt: skip
def test_filters_choose_a_part_of_the_queue(mo, db, ids, reported, query, shown):
    open_for(db, ACTOR, ids[1])
    put(db, a_policy())
    policy_act.act(db, [(ids[2], verdict(animals=0.6))])
    page = mo.get("/moderation" + query).text
    assert "자동 감지 (1)" in page
    assert "동물 (1)" in page
    if shown is None:
        assert "empty-queue" in page
    else:
        assert f"thing {shown} of dealer" in page.split("case-more")[0]


def test_hostile_words_stay_words(mo, db, space):
    from listings.store import Collected, ListingStore

    item = Collected(source="m", external_id="1", title=HOSTILE, description=HOSTILE, seller="s")
    (listing_id,) = ListingStore(db, space.seal()).save([item]).ids
    db.table("listings").update(listing_id, {"title": HOSTILE, "description": HOSTILE * 2})
    case_id = report(db, space.seal(), listing_id, "ann", words=HOSTILE).case_id
    cases.add_sign(db, case_id, "watch", note=HOSTILE)
    put(db, a_policy())
    reasons = tuple(Reason("rule", "counterfeit", f"{HOSTILE}: {HOSTILE}", 1.0, n, n + 7)
                    for n in range(0, 60, 7))  # fmt: skip
    judged = Verdict({"normal": 0.4, "counterfeit": 0.6}, model=MODEL, reasons=reasons)
    policy_act.act(db, [(listing_id, judged)])
    mo_id = agent(db, "sujin")
    decision = decide(db, ACTOR, mo_id, case_id, label="animals", reason=HOSTILE)
    appeals.file(db, ACTOR, decision, by="seller", words=HOSTILE)
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [listing_id])
    sanctions.place(db, ACTOR, mo_id, seller, kind="warning", reason=HOSTILE)
    for path in (
        "/moderation", "/moderation/list", "/moderation/appeals",
        f"/moderation/listings/{listing_id}", f"/moderation/sellers/{seller}",
    ):  # fmt: skip
        page = mo.get(path).text
        assert "alert(1)" in page, path
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "\"'>" not in page, path


def test_similar_listings_speak_for_it_with_their_reasons(mo, db, ids, reported):
    why = (Why("text", 0.8, 0.7, words=("정품급", "가방")),
           Why("hash", 0.95, 0.9, picture=0, other_picture=0, bits=3))  # fmt: skip
    put_links(db, ids[0], [Match(ids[2], 0.93, why)], version="v")
    page = mo.get("/moderation").text
    assert f'href="/moderation/groups/{ids[0]}"' in page
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [ids[0]])
    assert f'href="/moderation/groups/{ids[2]}"' in mo.get(f"/moderation/sellers/{seller}").text
    assert "93%" in page
    assert "정품급, 가방" in page
    assert f'href="/moderation/listings/{ids[2]}"' in page


def test_reporters_records_and_brakes_are_shown(mo, db, space, ids):
    mo_id, seal = agent(db, "mo"), space.seal()
    for listing_id, label in ((ids[1], "counterfeit"), (ids[2], "normal")):
        case_id = report(db, seal, listing_id, "ann").case_id
        decide(db, ACTOR, mo_id, case_id, label=label, reason="looked at it")
    report(db, seal, ids[0], "ann", label="counterfeit")
    report(db, seal, ids[0], "")
    page = mo.get("/moderation").text
    assert "2건 중 1건 맞음" in page
    assert "보류" in page
    assert "신고자 알 수 없음" in page


def test_many_reports_are_told_in_short(mo, db, space, ids):
    for number in range(7):
        report(db, space.seal(), ids[0], f"r{number}", label="animals", words=f"words {number}")
    report(db, space.seal(), ids[0], "", label="pro_ads")
    page = mo.get("/moderation").text
    assert "동물 7" in page
    assert "업자·홍보 1" in page
    assert "신고자 7명" in page
    assert "외 4건" in page
    assert page.index("words 0") > page.index("외 4건") > page.index("words 6")


def test_reports_in_bad_faith_count_no_more(mo, db, space, ids, reported):
    report(db, space.seal(), ids[1], "ann")
    page = mo.get(f"/moderation/listings/{ids[0]}").text
    assert page.count("악의적인 신고") == 2
    ann = scalar(db, "SELECT reporter FROM moderation_reports WHERE id = 1")
    path = f"/moderation/listings/{ids[0]}/set-aside"
    answer = mo.post(path, data={"reporter": ann}, follow_redirects=True).text
    assert "2건" in answer
    assert answer.count("악의적인 신고") == 1
    assert scalar(db, "SELECT sum(braked) FROM moderation_reports") == 2
    assert mo.post(path, data={"reporter": ""}).status_code == 302  # of nobody: nothing happens
    assert scalar(db, "SELECT sum(braked) FROM moderation_reports") == 2


# ---- many at once


def test_many_are_counted_confirmed_decided_and_taken_back(mo, yuri, db, space, ids):
    opened = [open_for(db, ACTOR, listing_id).id for listing_id in ids]
    report(db, space.seal(), ids[2], "ann", label="legal")
    more = [open_for(db, ACTOR, key).id for key in add_listings(db, space.seal(), seller="b")]
    yuri.get(f"/moderation?case={more[0]}")
    page = mo.get("/moderation/list").text
    assert page.count('name="item"') == 5
    checked = mo.post("/moderation/list/check", data={"item": [*opened, more[0], 999]}).text
    assert "결정될 건: 2건" in checked
    assert "다른 사람이 보고 있어 제외: 1건" in checked
    assert "법적 검토가 필요해 제외: 1건" in checked
    assert "그사이 처리됨: 1건" in checked
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 0
    wanted = sent(checked, "cases")
    assert sorted(int(text.split("@")[0]) for text in wanted.split(",")) == opened[:2]
    values = {"cases": wanted, "label": "animals", "reason": "no pets"}
    decide(db, ACTOR, agent(db, "yuri"), opened[1], label="normal", reason="a toy")
    answer = mo.post("/moderation/list/decide", data=values, follow_redirects=True).text
    assert "1건을 결정했어요" in answer
    assert "그대로 둔 건: 1건" in answer
    assert scalar(db, "SELECT hidden FROM moderation_cases WHERE id = ?", [opened[0]]) == 1
    answer = mo.post("/moderation/undo", data={"back": "list"}, follow_redirects=True).text
    assert "결정 1건" in answer
    assert scalar(db, "SELECT count(*) FROM moderation_cases WHERE hidden = 1") == 0


def test_many_are_decided_as_they_were_seen_or_left_alone(mo, db, space, ids):
    opened = [open_for(db, ACTOR, listing_id).id for listing_id in ids]
    listed = re.findall(r'name="item" value="([^"]*)"', mo.get("/moderation/list").text)
    report(db, space.seal(), ids[0], "ann", label="counterfeit")  # after the list, before the check
    checked = mo.post("/moderation/list/check", data={"item": listed}).text
    assert "결정될 건: 2건" in checked
    assert "본 뒤에 바뀌어 제외: 1건" in checked
    wanted = sent(checked, "cases")
    store = ListingStore(db, space.seal())
    store.save([Collected(source="market", external_id="dealer-1", title="a copy of a bag")])
    values = {"cases": wanted, "label": "normal", "reason": "fine"}
    answer = mo.post("/moderation/list/decide", data=values, follow_redirects=True).text
    assert "1건을 결정했어요" in answer
    assert [row[0] for row in db.conn.execute("SELECT case_id FROM moderation_decisions")] == [
        opened[2]
    ]
    values["cases"] = str(opened[1])  # a form that does not say what was seen
    answer = mo.post("/moderation/list/decide", data=values, follow_redirects=True).text
    assert "0건을 결정했어요" in answer


def test_what_the_model_takes_for_a_crime_is_not_decided_among_many(mo, db, ids):
    put(db, a_policy())
    policy_act.act(db, [(ids[0], verdict(pro_ads=0.6, legal=0.35)), (ids[1], verdict(animals=0.6))])
    assert "thing 0 of dealer" in mo.get("/moderation").text  # it comes first
    checked = mo.post("/moderation/list/check", data={"all": "1"}).text
    assert "결정될 건: 1건" in checked
    assert "법적 검토가 필요해 제외: 1건" in checked


def test_all_of_a_filter_are_decided_at_once(mo, db, space, ids):
    opened = [open_for(db, ACTOR, listing_id).id for listing_id in ids]
    report(db, space.seal(), add_listings(db, space.seal(), 1, seller="b")[0], "ann")
    checked = mo.post("/moderation/list/check?kind=person", data={"all": "1"}).text
    assert "결정될 건: 3건" in checked
    wanted = sent(checked, "cases")
    assert sorted(int(text.split("@")[0]) for text in wanted.split(",")) == opened
    values = {"cases": wanted, "label": "pro_ads", "usual": "business"}
    answer = mo.post("/moderation/list/decide?kind=person", data=values)
    assert answer.headers["Location"] == "/moderation/list?kind=person"
    assert scalar(db, "SELECT count(DISTINCT together) FROM moderation_decisions") == 1
    mo.post("/moderation/undo", data={"back": "list"})
    assert scalar(db, "SELECT count(*) FROM moderation_cases WHERE state = 'open'") == 4


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("check", {}),
        ("check", {"item": ["x", "-1", "9" * 30]}),
        ("decide", {"cases": "", "label": "animals", "reason": "x"}),
        ("decide", {"cases": "1", "label": "animals"}),
        ("decide", {"cases": "1", "label": "legal", "reason": "x"}),
        ("decide", {"cases": ",".join(map(str, range(501))), "label": "animals", "reason": "x"}),
    ],
)
def test_many_at_once_refuses_what_cannot_be(mo, db, reported, path, values):
    assert mo.post(f"/moderation/list/{path}", data=values).status_code == 400
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 0


def test_a_long_list_has_pages(mo, db, space):
    for listing_id in add_listings(db, space.seal(), 53):
        open_for(db, ACTOR, listing_id)
    first, second = (mo.get(f"/moderation/list?page={page}").text for page in (1, 2))
    assert (first.count('name="item"'), second.count('name="item"')) == (50, 3)
    assert "다음 페이지" in first
    assert "이전 페이지" in second
    assert "다음 페이지" not in second
    for page in ("0", "-1", "x", "9" * 30):
        assert mo.get(f"/moderation/list?page={page}").status_code == 200


# ---- one listing


def test_a_listing_s_story_is_whole(mo, db, ids, reported):
    put(db, a_policy())
    put(db, a_policy(no_hiding=("Cars",)), "shadow")
    policy_act.act(db, [(ids[0], verdict(counterfeit=0.6))], release="r1")
    hide(mo, reported)
    send(mo, "/moderation/undo")
    hide(mo, reported, reason="a copy after all")
    page = mo.get(f"/moderation/listings/{ids[0]}").text
    assert "a copy after all" in page
    assert "Mo 님이 되돌림" in page
    assert page.count(MODEL) >= 2
    assert "시험 중" in page
    assert "결정을 되돌려서" in page
    assert "가짜예요" in page


def test_reports_cases_and_appeals_begin_at_a_listing(mo, db, ids):
    path = f"/moderation/listings/{ids[0]}"
    values = {"label": "animals", "reporter": "kim", "words": "개를 팔아요"}
    assert "신고를 접수했어요" in mo.post(path + "/report", data=values, follow_redirects=True).text
    again = mo.post(path + "/report", data=values, follow_redirects=True).text
    assert "이미 대기 중" in again
    assert scalar(db, "SELECT count(*) FROM moderation_reports") == 1
    opened = mo.post(path + "/open", data={"note": "전화로 문의"})
    assert opened.headers["Location"] == "/moderation?case=1"
    assert "전화로 문의" in mo.get(opened.headers["Location"]).text
    hide(mo, 1, label="animals")
    decision = scalar(db, "SELECT id FROM moderation_decisions")
    values = {"decision": decision, "by": "seller", "words": "인형입니다"}
    answer = mo.post(path + "/appeal", data=values, follow_redirects=True).text
    assert "인형입니다" in answer
    assert "이의 신청을 접수했어요" in answer
    assert mo.post(path + "/appeal", data=values).status_code == 409
    assert mo.post(f"{path}/undo/{decision}").status_code == 409  # the appeal is to be settled


def test_a_decision_is_taken_back_from_its_listing(mo, yuri, db, ids, reported):
    hide(mo, reported)
    path = f"/moderation/listings/{ids[0]}/undo/1"
    assert "결정을 되돌렸어요" in yuri.post(path, follow_redirects=True).text
    assert yuri.post(path).status_code == 409
    assert scalar(db, "SELECT undone_by FROM moderation_decisions") == f"agent:{agent(db, 'yuri')}"


# ---- appeals


@pytest.fixture
def appealed(mo, db, reported):
    hide(mo, reported)
    return appeals.file(db, ACTOR, 1, by="seller", words="정품입니다").id


def test_an_appeal_is_upheld_and_waits_again(mo, yuri, db, reported, appealed):
    assert "정품입니다" in yuri.get("/moderation?kind=appeal").text
    path = f"/moderation/appeals/{appealed}/settle"
    answer = send(yuri, path, settle="uphold")
    assert answer.status_code == 400
    assert "이유를 적어" in answer.json["detail"]
    assert send(yuri, path, settle="uphold", reason="still a copy").status_code == 200
    assert scalar(db, "SELECT state FROM appeals") == "upheld"
    settled = yuri.get("/moderation/appeals?state=settled").text
    assert "still a copy" in settled
    assert "한유리" in settled
    # One's last act is the upholding, not the decision before it.
    back = send(yuri, "/moderation/undo").json["html"]
    assert "정품입니다" in back
    assert scalar(db, "SELECT state FROM appeals") == "open"
    send(yuri, path, settle="uphold", reason="still a copy")
    yuri.post(f"/moderation/appeals/{appealed}/reopen")
    assert scalar(db, "SELECT state FROM appeals") == "open"


def test_an_appeal_is_overturned_and_taken_back(mo, yuri, db, reported, appealed):
    page = yuri.get("/moderation/appeals").text
    assert "다시 열린 신고 2건" in page
    path = f"/moderation/appeals/{appealed}/settle"
    assert send(yuri, path, settle="overturn", reason="x").status_code == 400  # no class
    answer = send(yuri, path, settle="overturn", label="normal", usual="genuine")
    assert answer.status_code == 200
    assert scalar(db, "SELECT hidden FROM moderation_cases") == 0
    assert scalar(db, "SELECT state FROM appeals") == "overturned"
    send(yuri, "/moderation/undo")
    assert scalar(db, "SELECT hidden FROM moderation_cases") == 1
    assert scalar(db, "SELECT state FROM appeals") == "open"


def test_one_s_own_decision_is_looked_at_by_somebody_else(mo, yuri, db, reported, appealed):
    assert "내가 한 결정" in mo.get("/moderation/appeals").text
    assert "내가 한 결정" not in yuri.get("/moderation/appeals").text
    answer = send(mo, f"/moderation/appeals/{appealed}/settle", settle="uphold", reason="x")
    assert answer.status_code == 403
    assert "empty-queue" in mo.get("/moderation").text  # it does not even come
    page = mo.get(f"/moderation?case={reported}").text
    assert "다른 사람이 이의 신청을 확인해요" in page
    assert "data-appeal" not in page
    mo.post(f"/moderation/{reported}/skip")
    assert "정품입니다" in yuri.get("/moderation").text
    assert scalar(db, "SELECT state FROM appeals") == "open"


def test_an_appeal_that_came_meanwhile_is_shown_instead(mo, yuri, db, reported):
    hide(mo, reported)
    opened = send(yuri, "/moderation/undo")  # nothing of hers
    assert opened.status_code == 409
    open_for(db, ACTOR, scalar(db, "SELECT listing_id FROM moderation_cases"))
    page = yuri.get(f"/moderation?case={reported}").text
    appeals.file(db, ACTOR, 1, by="seller", words="정품입니다")
    answer = hide(yuri, reported, label="normal", action="pass", seen=sent(page, "seen"))
    assert answer.status_code == 409
    assert "정품입니다" in answer.json["html"]
    assert "data-appeal" in answer.json["html"]


@pytest.mark.parametrize("values", [{}, {"settle": "x"}, {"settle": "overturn", "label": "x"}])
def test_an_appeal_is_settled_in_one_of_two_ways(yuri, appealed, values):
    answer = send(yuri, f"/moderation/appeals/{appealed}/settle", reason="x", **values)
    assert answer.status_code == 400


# ---- sellers


def test_sellers_by_strikes_and_one_seller_s_page(mo, db, ids, reported):
    hide(mo, reported)
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [ids[0]])
    assert f"/moderation/sellers/{seller}" in mo.get("/moderation/sellers").text
    assert f"/moderation/sellers/{seller}" in mo.get("/moderation/sellers?only=suggested").text
    assert f"/moderation/sellers/{seller}" not in mo.get("/moderation/sellers?only=suspended").text
    page = mo.get(f"/moderation/sellers/{seller}").text
    assert "벌점 기준 권장: 경고" in page
    assert "1회 중 남은 벌점 1" in page
    path = f"/moderation/sellers/{seller}"
    values = {"sanction": "suspension-30", "reason": "가품 판매"}
    mo.post(path + "/sanction", data=values)
    assert sanctions.suspended(db, seller)
    assert f"/moderation/sellers/{seller}" in mo.get("/moderation/sellers?only=suspended").text
    assert f"/moderation/sellers/{seller}" not in mo.get("/moderation/sellers?only=suggested").text
    assert "벌점 기준 권장" not in mo.get(path).text
    values = {"reason": "잘못 봤어요", "mistaken": "1"}
    mo.post(path + "/sanctions/1/lift", data=values)
    assert not sanctions.suspended(db, seller)
    assert sanctions.earlier(db, seller) == 0
    assert "잘못된 제재로 해제" in mo.get(path).text
    mo.post(path + "/sanctions/1/unlift")
    assert sanctions.suspended(db, seller)


def test_a_suspension_ends_on_the_day_that_is_named(mo, db, ids):
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [ids[0]])
    path = f"/moderation/sellers/{seller}/sanction"
    values = {"sanction": "suspension-7", "reason": "x", "until": "2099-05-01"}
    mo.post(path, data=values)
    assert sanctions.sanctions(db, seller)[0].until.startswith("2099-05-01")
    for until in ("2020-01-01", "soon", "2099-13-01"):
        assert mo.post(path, data=values | {"until": until}).status_code == 400
    for bad in ({"reason": ""}, {"sanction": ""}, {"sanction": "x"}):
        assert mo.post(path, data=values | bad).status_code == 400
    assert len(sanctions.sanctions(db, seller)) == 1


def test_another_seller_s_sanction_is_not_touched(mo, db, space, ids):
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [ids[0]])
    (other_id,) = add_listings(db, space.seal(), 1, seller="other")
    other = scalar(db, "SELECT seller FROM listings WHERE id = ?", [other_id])
    sanctions.place(db, ACTOR, agent(db, "mo"), seller, kind="warning", reason="x")
    for act in ("lift", "unlift"):
        path = f"/moderation/sellers/{other}/sanctions/1/{act}"
        assert mo.post(path, data={"reason": "x"}).status_code == 400
    assert sanctions.sanctions(db, seller)[0].active


# ---- found by the ids in a mail


def test_a_listing_is_found_by_the_id_that_a_mail_names(mo, db, space, ids):
    from listings.store import Collected, ListingStore

    for text in ("dealer-0", " market:dealer-0 ", f"#{ids[0]}", str(ids[0])):
        answer = mo.get("/moderation/find", query_string={"q": text})
        assert answer.headers["Location"] == f"/moderation/listings/{ids[0]}", text
    other = Collected(source="shop", external_id="dealer-0", title="the same id elsewhere")
    ListingStore(db, space.seal()).save([other])
    answer = mo.get("/moderation/find?q=dealer-0", follow_redirects=True).text
    assert "여러 출처" in answer
    answer = mo.get("/moderation/find?q=market:dealer-0")
    assert answer.headers["Location"] == f"/moderation/listings/{ids[0]}"
    for text in ("", "none", "9" * 30, "%"):
        answer = mo.get("/moderation/find", query_string={"q": text}, follow_redirects=True).text
        assert "이 번호의 글이 없어요" in answer


def test_a_seller_is_found_by_their_id_or_hash(mo, db, ids):
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [ids[0]])
    for text in ("dealer", seller, seller[:8]):
        answer = mo.get("/moderation/sellers/find", query_string={"q": text})
        assert answer.headers["Location"] == f"/moderation/sellers/{seller}", text
    for text in ("", "nobody", seller[:3], "%%%%%%%%%"):
        query = {"q": text}
        answer = mo.get("/moderation/sellers/find", query_string=query, follow_redirects=True)
        assert "이 ID의 판매자가 없어요" in answer.text


# ---- the doors


def test_ids_that_are_not_there(mo, db, reported):
    for path in (
        "/moderation/listings/999", f"/moderation/listings/{2**63}", "/moderation/sellers/nobody",
        f"/moderation/pictures/{'0' * 64}.jpg",
    ):  # fmt: skip
        assert mo.get(path).status_code == 404, path
    for path in (
        "/moderation/999/skip", "/moderation/appeals/9/settle", "/moderation/appeals/9/reopen",
        "/moderation/listings/9/undo/9", "/moderation/listings/999/open",
        "/moderation/sellers/nobody/sanction",
    ):  # fmt: skip
        values = {"reason": "x", "settle": "uphold", "sanction": "warning"}
        assert mo.post(path, data=values).status_code == 404, path
    assert hide(mo, 999).status_code == 404
    page = mo.get("/moderation?case=999").text
    assert "그런 건이 없어요" in page
    assert mo.get("/moderation?case=x").status_code == 200
    assert mo.get("/moderation/appeals?state=x").status_code == 400
    assert mo.get("/moderation/sellers?only=x").status_code == 400


def test_only_moderators_leads_and_admins_come_in(app, mo, lead, db, reported):
    agents.add(db, ACTOR, login="lab", name="", role="labeller", password=PASSWORD)
    for login in ("mina", "lab"):
        client = signed_in(app, login)
        for path in ("/moderation", "/moderation/list", "/moderation/appeals",
                     "/moderation/sellers", "/moderation/listings/1"):  # fmt: skip
            assert client.get(path).status_code == 403
        assert hide(client, reported).status_code == 403
        assert 'href="/moderation"' not in client.get("/search").text
    assert 'href="/moderation"' in lead.get("/search").text
    assert lead.get("/moderation").status_code == 200
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 0


def test_moderators_begin_at_their_queue(mo):
    assert mo.get("/").headers["Location"] == "/moderation"


def test_a_forged_form_does_nothing(guarded_app, db, reported):
    client = signed_in(guarded_app, "mo")
    assert hide(client, reported).status_code == 400
    assert client.post("/moderation/undo").status_code == 400
    assert scalar(db, "SELECT count(*) FROM moderation_decisions") == 0


def test_all_that_a_person_does_is_in_the_audit_trail(mo, db, reported):
    hide(mo, reported, sanction="warning")
    send(mo, "/moderation/undo")
    rows = list(db.query("SELECT actor, action, detail FROM audit ORDER BY id"))
    done = {row["action"] for row in rows if row["actor"] == f"agent:{agent(db, 'mo')}"}
    assert done >= {"moderation.decided", "sanction.placed", "moderation.undone"}
    assert any(json.loads(row["detail"]).get("reason") == "a copy" for row in rows)
