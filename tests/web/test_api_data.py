"""`/api/v1`: past answers, FAQs, figures."""

import pytest

from support.database import scalar
from tests.web.api_asker import Asker
from tests.web.conftest import HELP
from tests.web.doors import problem
from web.api_pages import write_cursor

# Past answers


def test_a_search_is_narrowed(ask):
    assert {r["faq_ids"][0] for r in ask.get("/search", q="환불").json["results"]} >= {"refund"}
    only = ask.get("/search", q="인증번호", faq="code-missing", language="ko", top_k=1).json
    assert len(only["results"]) == 1
    assert only["results"][0]["faq_ids"] == ["code-missing"]
    words = ask.get("/search", q="환불", mode="words", channel="email").json["results"]
    assert [row["text"] for row in words] == ["환불받고싶어요"]
    assert ask.get("/search", q="환불", until="2000-01-01T00:00:00Z").json["results"] == []
    problem(ask.get("/search", q="환불", since="yesterday"), 400)
    problem(ask.get("/search", q="환불", colour="red"), 422)


def test_answered_inquiries_page_by_page(ask):
    rows = ask.pages("/inquiries", "inquiries", limit=2)
    times = [row["answered_at"] for row in rows]
    assert len(rows) == 5
    assert times == sorted(times, reverse=True)
    assert [r["faq_ids"] for r in ask.pages("/inquiries", "inquiries", limit=1, faq="refund")] == [
        ["refund"], ["refund"],
    ]  # fmt: skip
    assert len(ask.get("/inquiries", words="스팸").json["inquiries"]) == 2
    assert {(row["source"], row["id"]) for row in rows} == {("test", f"a{n}") for n in range(1, 6)}
    assert ask.get("/inquiries", source="other").json["inquiries"] == []
    assert len(ask.get("/inquiries", source="test").json["inquiries"]) == 5


@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "=", "é", write_cursor("a", 1), write_cursor(2**63, 2**70), "W" * 400]
)
def test_a_cursor_that_is_none_is_refused(ask, cursor):
    problem(ask.get("/labels", cursor=cursor), 400)


# FAQs


def test_faqs_page_by_page(ask):
    names = [faq["faq_id"] for faq in ask.pages("/faqs", "faqs", limit=1)]
    assert names == ["code-missing", "no-show", "refund"]
    found = ask.get("/faqs", q="환불 받고").json["faqs"]
    assert [faq["faq_id"] for faq in found] == ["refund"]
    assert found[0]["sent"] == 2
    assert ask.get("/faqs", category="직거래").json["faqs"][0]["faq_id"] == "no-show"
    problem(ask.get("/faqs/none"), 404)


def test_an_faq_is_made_edited_retired_and_each_is_taken_back(ask, db):
    made = ask.post("/faqs", {"title": "배송은 며칠 걸리나요", "faq_id": "shipping"})
    assert made.status_code == 201
    assert made.json["faq"]["active"]
    problem(ask.post("/faqs", {"title": "또", "faq_id": "shipping"}), 409)
    problem(ask.post("/faqs", {"title": " "}), 400)
    edited = ask.patch("/faqs/shipping", {"body": "이틀입니다", "active": False}).json
    assert (edited["faq"]["body"], edited["faq"]["active"]) == ("이틀입니다", False)
    assert len(edited["change_ids"]) == 2
    assert ask.patch("/faqs/shipping", {"body": "이틀입니다"}).json["change_ids"] == []
    assert ask.get("/faqs", q="며칠").json["faqs"] == []
    assert len(ask.get("/faqs", q="며칠", state="retired").json["faqs"]) == 1
    for number in reversed(made.json["change_ids"] + edited["change_ids"]):
        assert ask.post(f"/faq-changes/{number}/undo").status_code == 200
        problem(ask.post(f"/faq-changes/{number}/undo"), 409)
    problem(ask.get("/faqs/shipping"), 404)
    assert scalar(db, "SELECT count(*) FROM audit WHERE actor = ?", [f"token:{ask.id}"]) >= 3


def test_reading_faqs_does_not_open_their_editing(guarded_app, db):
    reader = Asker(guarded_app, db, "search")
    assert reader.get("/faqs").status_code == 200
    problem(reader.post("/faqs", {"title": "a"}), 403)
    problem(reader.patch("/faqs/refund", {"title": "a"}), 403)


# Figures


def test_figures_count_what_was_answered(ask, agent, app, db, ids):
    agent.get(f"/inquiries/{ids['o2']}")
    sent = agent.post(f"/inquiries/{ids['o2']}/send", data={"text": f"보세요 {HELP}refund"})
    assert sent.status_code in (200, 302)
    found = ask.get("/metrics", by="faq").json
    assert found["figures"]["n"] == 1
    assert found["figures"]["accepted"]["right"] == found["figures"]["accepted"]["n"] == 1
    assert [(line["faq_id"], line["accepted"]) for line in found["faqs"]] == [("refund", 1)]
    assert found["waiting"] == 3
    days = ask.get("/metrics", by="day").json["parts"]
    assert sum(part["figures"]["n"] for part in days) == 1
    assert [part["name"] for part in ask.get("/metrics", by="agent").json["parts"]] == ["Mina"]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"since": "x"}, 400), ({"since": "2026-01-02", "until": "2026-01-01"}, 400),
     ({"since": "2020-01-01", "until": "2026-01-01"}, 400), ({"by": "moon"}, 422),
     ({"zone": "Moon/Base"}, 422), ({"since": "1970-01-01", "until": "1970-02-01"}, 400)],
)  # fmt: skip
def test_a_span_that_cannot_be_counted(ask, query, status):
    problem(ask.get("/metrics", **query), status)
