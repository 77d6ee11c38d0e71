"""Saved replies in the console: kept, searched, suggested with a promise, each change undone."""

import io

import pytest

from support import saved_replies, saved_reply_changes, saved_reply_uses
from support.database import insert
from tests.conftest import ACTOR
from tests.web.test_faqs_page import press, said

BODY = "안녕하세요. 구매 확정 전이면 환불됩니다. 감사합니다."


@pytest.fixture
def reply(db):
    return saved_replies.create(db, ACTOR, title="환불 안내", body=BODY, category="환불")


def test_the_list_is_searched_and_says_what_it_promises(agent, lead, db, reply):
    assert "아직 추천하지 않아요" in agent.get("/replies").text
    db["saved_reply_promises"].insert({"low": 0.01, "n": 50, "right": 10, "encoder_version": "x"})
    assert "아직 추천하지 않아요" in agent.get("/replies").text  # one in five is too few
    for low, n, right in ((0.05, 40, 10), (0.3, 20, 16)):
        row = {"low": low, "n": n, "right": right, "encoder_version": "x"}
        db["saved_reply_promises"].insert(row)
    page = agent.get("/replies").text
    assert "환불 안내" in page
    assert "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}20" in page  # from where half of them are right
    assert "환불 안내" in agent.get("/replies?q=구매+환불").text
    assert "낱말이 든 저장 답변이 없어요" in agent.get("/replies?q=없는말").text
    saved_replies.switch(db, ACTOR, reply.name, active=False)
    assert "환불 안내" not in agent.get("/replies").text
    assert "환불 안내" in agent.get("/replies?state=retired").text
    assert "가져오기" not in agent.get("/replies").text
    assert "/replies/import" in lead.get("/replies").text


def test_where_it_was_used_is_shown(agent, db, reply, ids):
    db.execute("UPDATE messages SET text = ? WHERE inquiry_id = ? AND role = 'agent'",
               [f"{BODY} 더 궁금하시면 말씀해 주세요.", ids["a3"]])  # fmt: skip
    db.conn.commit()
    assert "아직 이 글이 든 답변을 찾지 못했어요" in agent.get(f"/replies/{reply.id}").text
    saved_reply_uses.find_uses(db)
    page = agent.get(f"/replies/{reply.id}").text
    assert "1번 씀" in page
    assert f"/inquiries/{ids['a3']}" in page
    assert "최근 90일 1번" in agent.get("/replies").text
    assert agent.get("/replies/99").status_code == 404


def test_an_answered_inquiry_leads_to_what_can_be_made_of_it(agent, lead, ids):
    ways = [f"/replies/new?inquiry={ids['a2']}", f"/faqs/-/new?inquiry={ids['a2']}"]
    page = lead.get(f"/inquiries/{ids['a2']}").text
    assert all(f'href="{way}"' in page for way in ways)
    page = agent.get(f"/inquiries/{ids['a2']}").text
    assert [f'href="{way}"' in page for way in ways] == [True, False]
    assert "/replies/new" not in agent.get(f"/inquiries/{ids['o1']}").text  # not answered yet


def test_an_agent_saves_a_sent_answer_as_a_reply(agent, db, ids):
    form = agent.get(f"/replies/new?inquiry={ids['a2']}").text
    assert "통신사 스팸 차단을 꺼 주세요" in form
    assert "070-1234-5678" not in form
    assert "[전화번호]" in form
    page = press(agent, "/replies/new", {"title": "스팸 차단", "body": "차단을 꺼 주세요."})
    assert "저장했어요" in said(page)
    assert saved_replies.listed(db)[0].title == "스팸 차단"
    kinds = [row["kind"] for row in db.query("SELECT kind FROM jobs")]
    assert kinds == ["replies"]  # past answers are looked through for it
    same = agent.post("/replies/new", data={"title": "스팸 차단", "body": "다른 글"})
    assert same.status_code == 409
    assert "다른 글" in same.text
    assert agent.post("/replies/new", data={"title": "x", "body": " "}).status_code == 400


def test_every_change_is_taken_back_exactly(lead, db, reply):
    page = press(lead, f"/replies/{reply.id}/edit",
                 {"title": "환불", "body": "짧게.", "category": "환불"})  # fmt: skip
    assert "저장했어요" in said(page)
    assert "고침: 제목, 내용" in page.text
    page = press(lead, f"/replies/{reply.id}/switch", {"active": "0"})
    assert "더는 추천하지 않아요" in said(page)
    retired, edited, made = (change.id for change in saved_reply_changes.listed(db))
    back = f"/replies/{reply.id}"
    refused = press(lead, f"/replies/changes/{edited}/undo", {"next": back})
    assert f"나중 변경 {retired}번" in said(refused)
    for change in (retired, edited):
        assert "되돌렸어요" in said(press(lead, f"/replies/changes/{change}/undo", {"next": back}))
    assert saved_replies.by_id(db, reply.id) == reply
    assert "이미 되돌렸어요" in said(press(lead, f"/replies/changes/{edited}/undo"))
    gone = press(lead, f"/replies/changes/{made}/undo", {"next": back})
    assert gone.request.path == "/replies"
    assert saved_replies.listed(db, every=True) == []
    again = saved_replies.create(db, ACTOR, title="다른 것", body="다른 글")
    assert [item.name for item in saved_reply_changes.listed(db, reply_id=again.id)] == ["다른 것"]


def test_what_changed_by_other_means_is_not_undone(lead, db, reply):
    db.execute("UPDATE saved_replies SET body = 'x'")
    db.conn.commit()
    made = saved_reply_changes.listed(db)[0].id
    assert "직접 고쳐 주세요" in said(press(lead, f"/replies/changes/{made}/undo"))


def test_nothing_changed_is_no_change(lead, db, reply):
    press(lead, f"/replies/{reply.id}/edit",
          {"title": reply.title, "body": reply.body, "category": reply.category})  # fmt: skip
    press(lead, f"/replies/{reply.id}/switch", {"active": "1"})
    assert len(saved_reply_changes.listed(db)) == 1
    blank = lead.post(f"/replies/{reply.id}/edit", data={"title": "", "body": "b"})
    assert blank.status_code == 400


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(agent, db, reply):
    fields = {"title": "내 제목", "body": "내 글", "seen": "2020-01-01T00:00:00Z"}
    refused = agent.post(f"/replies/{reply.id}/edit", data=fields)
    assert refused.status_code == 409
    assert "내 글" in refused.text
    assert saved_replies.by_id(db, reply.id) == reply


def test_what_agents_may(agent, db, reply):
    assert agent.post(f"/replies/{reply.id}/switch", data={"active": "0"}).status_code == 403
    assert agent.post("/replies/learn").status_code == 403
    made = saved_reply_changes.listed(db)[0].id
    assert agent.post(f"/replies/changes/{made}/undo").status_code == 403
    assert "/undo" not in agent.get(f"/replies/{reply.id}?done={made}").text


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_macros_come_in_as_one_change_and_go_out_again(lead, db, reply, kind):
    macros = "id,title,content\n환불 안내,환불 안내,다른 글\n7,배송,송장을 보세요\n8,,없음\n"
    data = {"file": (io.BytesIO(macros.encode("cp949")), "macros.csv")}
    where = lead.post("/replies/import", data=data).headers["Location"]
    page = lead.get(where).text
    assert "<ins>다른 글</ins>" in page
    assert "쓸 수 없음" in page
    form = {"shown": "2,3", "line": ["2", "3"], "overwrite": "1"}
    done = lead.post(where, data=form, follow_redirects=True)
    assert "1개를 추가하고 1개를 바꿨어요" in said(done)
    assert saved_replies.get(db, reply.name).body == "다른 글"
    out = lead.get(f"/replies/export/replies.{kind}")
    again = {"file": (io.BytesIO(out.data), f"replies.{kind}")}
    look = lead.post("/replies/import", data=again, follow_redirects=True).text
    assert "모든 행이 이미 똑같이 있어요" in look
    change = saved_reply_changes.listed(db)[0]
    assert change.kind == "imported"
    press(lead, f"/replies/changes/{change.id}/undo")
    assert saved_replies.listed(db, every=True) == [reply]


def test_the_past_is_looked_through_once(lead, db, reply):
    for _ in range(2):
        assert lead.post("/replies/learn").status_code == 302
    assert [row["kind"] for row in db.query("SELECT kind FROM jobs")] == ["replies"]
    assert "data-poll" in lead.get("/replies").text


def test_hostile_words_stay_words(lead, db):
    words = "<script>alert(1)</script>\"'{{7*7}}"
    row = {"name": words, "title": words, "body": words, "category": words}
    number = insert(db, "saved_replies", row | {"created_at": "2026", "updated_at": "2026"})
    for path in ("/replies", f"/replies/{number}", f"/replies/{number}/edit"):
        page = lead.get(path).text
        assert "<script>alert" not in page
        assert ">49<" not in page
