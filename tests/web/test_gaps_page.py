"""Gaps in the console: listed with their cost, made FAQs or given to one, set aside, taken back."""

import json
import re

import pytest

from support import faqs, gaps, inquiries
from support.clock import now
from support.database import insert, scalar, write
from support.gap_closed import closed_by
from web import jobs
from web.gaps_page import SHOWN

WEATHER = [
    ("w1", 900, "web", "ko", "김민지", "닉네임을 바꾸고 싶어요", "설정에서 바꿀 수 있습니다."),
    ("w2", 800, "web", "ko", "최하나", "닉네임 변경은 어떻게 하나요", "설정 화면에서 바꿔 주세요."),
    ("w3", 700, "web", "ko", "최하나", "닉네임 바꾸는 방법이요", "설정에서 바꿀 수 있습니다."),
]  # fmt: skip


def add_gap(db, ids, *, words=("닉네임", "변경"), minutes=None, timed=0, near="", share=0.0):
    """A gap of some inquiries, as a search writes it."""
    row = {
        "state": "open", "words": json.dumps(words), "title": "닉네임은 어떻게 바꾸나요?",
        "body": "설정에서 바꿀 수 있습니다.", "n": len(ids), "minutes": minutes, "timed": timed,
        "likeness": 0.61, "near_slug": near, "near_share": share, "encoder_version": "bigrams",
        "first_at": "2026-01-01T00:00:00Z", "last_at": "2026-01-09T00:00:00Z",
        "found_at": now(), "seen_at": now(),
    }  # fmt: skip
    with write(db):
        gap_id = insert(db, "gaps", row)
        for place, item in enumerate(ids, 1):
            db.execute("INSERT INTO gap_inquiries VALUES (?, ?, ?)", [gap_id, item, place])
    return gap_id


@pytest.fixture
def asked(db, add_rows):
    """The inquiries of a gap."""
    add_rows(WEATHER)
    sql = "SELECT id FROM inquiries WHERE source_id LIKE 'w%' ORDER BY source_id"
    return [row["id"] for row in db.query(sql)]


@pytest.fixture
def gap_id(db, asked):
    return add_gap(db, asked, minutes=12.4, timed=2)


def form(client, gap_id, ids, **fields):
    """What the page's form sends, with its mark of what was shown."""
    page = client.get(f"/gaps/{gap_id}").text
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    return {"seen": seen, "inquiry": [str(item) for item in ids], **fields}


def test_a_desk_that_never_looked_says_what_to_do_and_looking_starts_one_job(lead, db):
    page = lead.get("/gaps").text
    assert "아직 찾은 것이 없어요" in page
    for _ in range(2):  # the second watches the first
        assert lead.post("/gaps").headers["Location"] == "/gaps"
    assert [job.kind for job in jobs.listed(db)] == ["gaps"]
    page = lead.get("/gaps").text
    assert "data-live" in page
    assert "/jobs/1/state" in page
    assert re.search(r'btn-primary" disabled', page)


def test_what_the_last_look_came_to_is_told(lead, db, gap_id):
    lead.post("/gaps")
    found = {"inquiries": 1332, "grouped": 220, "gaps": 40, "fresh": 7, "cut": 0.3, "shared": None}
    sql = "UPDATE jobs SET state = 'done', result = ?, finished_at = ?"
    db.execute(sql, [json.dumps(found), now()])
    page = lead.get("/gaps").text
    assert "1,332건 중 220건" in page
    assert "예시를 먼저" in page
    db.execute(sql, [json.dumps(found | {"shared": 0.62}), now()])
    assert "62%" in lead.get("/gaps").text


def test_gaps_are_listed_with_words_cost_and_examples_in_the_order_asked_for(lead, db, asked):
    small = add_gap(db, asked[:1], words=("비밀번호",), minutes=30.0, timed=1)
    large = add_gap(db, asked, near="refund", share=0.8)
    page = lead.get("/gaps").text
    assert [int(n) for n in re.findall(r'href="/gaps/(\d+)"', page)] == [large, small]
    assert "닉네임 · 변경" in page
    assert "닉네임 바꾸는 방법이요" in page  # an example
    assert "알 수 없음" in page
    assert "1건에 30분" in page
    assert "이미 있을 수도 있어요" in page
    assert "환불을 받고 싶어요" in page
    page = lead.get("/gaps?by=minutes").text
    assert [int(n) for n in re.findall(r'href="/gaps/(\d+)"', page)] == [small, large]
    assert lead.get("/gaps?by=length").status_code == 400
    assert lead.get("/gaps?state=lost").status_code == 400


def test_a_gap_is_made_an_faq_of_the_ticked_inquiries_and_taken_back_exactly(
    lead, db, asked, gap_id
):
    before = [list(db.query(f"SELECT * FROM {name}")) for name in ("faqs", "labels")]
    page = lead.get(f"/gaps/{gap_id}").text
    assert page.count('name="inquiry"') == 3
    assert "설정 화면에서 바꿔 주세요." in page  # the answers given
    sent = form(lead, gap_id, asked[:2], title="닉네임 바꾸기", title_en="Change your nickname",
                slug="nickname", body="설정 → 닉네임", category="계정")  # fmt: skip
    answer = lead.post(f"/gaps/{gap_id}/faq", data=sent)
    assert answer.headers["Location"] == f"/gaps/{gap_id}"
    faq = faqs.get(db, "nickname")
    assert (faq.title, faq.title_en, faq.body, faq.category, faq.sent) == (
        "닉네임 바꾸기", "Change your nickname", "설정 → 닉네임", "계정", 2
    )  # fmt: skip
    assert inquiries.labels(db, asked) == dict.fromkeys(asked[:2], ("nickname",))
    closed = closed_by(db, [gap_id])[gap_id]
    assert (closed.made, closed.labels, closed.title) == (True, 2, "닉네임 바꾸기")
    page = lead.get(f"/gaps/{gap_id}").text
    assert "문의 2건으로 ‘닉네임 바꾸기’ FAQ를 만들었어요" in page
    assert "닉네임 바꾸기" in lead.get("/gaps?state=closed").text
    lead.post(f"/gaps/{gap_id}/undo")
    assert gaps.get(db, gap_id).state == "open"
    assert [list(db.query(f"SELECT * FROM {name}")) for name in ("faqs", "labels")] == before
    assert lead.post(f"/gaps/{gap_id}/undo").status_code == 404


def test_what_was_typed_stays_where_it_is_refused(lead, db, asked, gap_id):
    taken = form(lead, gap_id, asked[1:], title="환불", slug="refund", body="오래 쓴 글")
    answer = lead.post(f"/gaps/{gap_id}/faq", data=taken)
    assert answer.status_code == 409
    assert "오래 쓴 글" in answer.text
    assert answer.text.count(" checked") == 2
    answer = lead.post(f"/gaps/{gap_id}/faq", data=taken | {"inquiry": [], "body": "또 쓴 글"})
    assert answer.status_code == 400
    assert "또 쓴 글" in answer.text
    assert "하나 이상 골라 주세요" in answer.text
    assert gaps.get(db, gap_id).state == "open"


def test_a_gap_that_changed_meanwhile_is_not_decided_on(lead, db, asked, gap_id):
    sent = form(lead, gap_id, asked, title="닉네임")
    db.execute("DELETE FROM gap_inquiries WHERE inquiry_id = ?", [asked[0]])
    answer = lead.post(f"/gaps/{gap_id}/faq", data=sent)
    assert answer.status_code == 409
    assert "그사이 내용이 바뀌었어요" in answer.text
    assert lead.post(f"/gaps/{gap_id}/give", data=sent | {"other": "refund"}).status_code == 409


def test_inquiries_are_given_to_an_faq_that_is_there(lead, db, asked, gap_id):
    sent = form(lead, gap_id, asked)
    assert lead.post(f"/gaps/{gap_id}/give", data=sent).status_code == 400  # which one?
    lead.post(f"/gaps/{gap_id}/give", data=sent | {"slug_given": "refund", "other": "no-show"})
    assert inquiries.labels(db, asked) == dict.fromkeys(asked, ("refund",))
    assert "문의 3건을 ‘환불을 받고 싶어요’" in lead.get(f"/gaps/{gap_id}").text
    lead.post(f"/gaps/{gap_id}/undo")
    assert inquiries.labels(db, asked) == {}


def test_the_faq_that_similar_answers_linked_comes_first(lead, db, asked):
    gap_id = add_gap(db, asked, near="no-show", share=0.75)
    page = lead.get(f"/gaps/{gap_id}").text
    offered = re.findall(r'name="slug_given" value="([^"]+)"', page)
    assert offered[0] == "no-show"
    assert "75%에 이 링크가 있어요" in page


def test_a_gap_is_set_aside_with_a_reason_and_opened_again(lead, db, gap_id):
    reason = "곧 앱에서 됩니다, kim@example.com"
    lead.post(f"/gaps/{gap_id}/dismiss", data={"reason": reason})
    assert gaps.get(db, gap_id).reason == "곧 앱에서 됩니다, [이메일]"
    page = lead.get("/gaps?state=dismissed").text
    assert "곧 앱에서 됩니다" in page
    assert 'name="title"' not in lead.get(f"/gaps/{gap_id}").text
    lead.post(f"/gaps/{gap_id}/reopen")
    assert gaps.get(db, gap_id).state == "open"
    assert lead.post(f"/gaps/{gap_id}/reopen").status_code == 409


def test_why_a_gaps_faq_stays_is_said_in_the_readers_words(lead, db, asked, gap_id):
    typed = form(lead, gap_id, asked, title="닉네임", slug="a/b")
    page = lead.post(f"/gaps/{gap_id}/faq", data=typed)
    assert page.status_code == 400
    assert "링크 이름은" in page.text
    lead.post(f"/gaps/{gap_id}/faq", data=typed | {"slug": "nickname"})
    with write(db):  # an answer that linked it since
        row = db.execute("SELECT id, answer_id FROM inquiries WHERE source_id = 'a1'").fetchone()
        label = {"inquiry_id": row[0], "message_id": row[1], "slug": "nickname"}
        db["labels"].insert(label | {"origin": "sent", "at": now()})
    page = lead.post(f"/gaps/{gap_id}/undo", follow_redirects=True)
    assert page.status_code == 200
    assert "되돌리지 않았어요" in page.text
    assert gaps.get(db, gap_id).state == "closed"


def test_a_large_gap_shows_its_beginning_and_labels_the_rest_where_it_says_so(lead, db, add_rows):
    add_rows([(f"m{n:03}", 900, "web", "ko", "김민지", f"닉네임 {n}", "설정") for n in range(70)])
    sql = "SELECT id FROM inquiries WHERE source_id LIKE 'm%' ORDER BY source_id"
    ids = [row["id"] for row in db.query(sql)]
    gap_id = add_gap(db, ids)
    page = lead.get(f"/gaps/{gap_id}").text
    assert page.count('name="inquiry"') == SHOWN
    assert "보이지 않는 10건도 함께" in page
    assert lead.get(f"/gaps/{gap_id}?all=1").text.count('name="inquiry"') == 70
    sent = form(lead, gap_id, ids[:5], slug_given="refund", rest="1", hidden="10")
    lead.post(f"/gaps/{gap_id}/give", data=sent)
    labelled = set(inquiries.labels(db, ids))
    assert labelled == {*ids[:5], *ids[SHOWN:]}


def test_agents_do_not_see_gaps(agent):
    assert agent.get("/gaps").status_code == 403


def test_a_gap_that_is_not_there_is_not_found(lead, db):
    assert lead.get("/gaps/99").status_code == 404
    assert lead.post("/gaps/99/faq", data={"title": "x"}).status_code == 404
    assert scalar(db, "SELECT count(*) FROM faq_changes") == 0
