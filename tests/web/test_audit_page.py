"""The audit trail on its page: in words, filtered, a page at a time, taken away with a reason."""

import ast
import csv
import io
import re
from pathlib import Path

import pytest

from support import agents, audit_trail, settings
from support.audit import Actor, record
from support.audit_trail import AuditFilters, find
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD, signed_in
from web import audit_words

ROOT = Path(__file__).parents[2]
MINA = Actor("agent:1", "10.0.0.1")


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


@pytest.fixture
def trail(db):
    record(db, MINA, "answer.sent", "inquiry:1", detail={"slugs": ["refund"]}, release="r1",
           threshold=0.7)  # fmt: skip
    settings.change(db, MINA, top_k=5)
    record(db, Actor("system"), "made.up", "thing:7", detail={"n": 2, "deep": {"a": [1]}})


def listed(answer):
    return re.findall(r'<code class="tag" translate="no">([^<]+)</code>', answer.text)


def test_acts_are_told_in_words_with_what_was_before(admin, trail):
    page = admin.get("/audit").text
    for words in ("설정 변경", "3 → 5", "추천 최대 개수", "답변 보냄", "Mina", "10.0.0.1", "refund",
                  'href="/inquiries/1"', 'href="/settings#setting-top_k"', "시스템", "made.up",
                  "r1", "0.70"):  # fmt: skip
        assert words in page
    assert "{&#34;a&#34;: [1]}" in page


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"value": 4, "before": 3}, [("", "3 → 4")]),
        ({"value": True, "before": False}, [("", "아니요 → 예")]),
        ({"value": ["a", "b"], "before": []}, [("", "없음 → a, b")]),
        ({"value": [], "before": ["a"]}, [("", "a → 없음")]),
        ({"value": "lead", "before": "agent", "renamed": True},
         [("", "상담원 → 팀장"), ("이름 변경", "예")]),
        ({"tags": ["환불"], "before": []}, [("태그", "없음 → 환불")]),
        ({"from": "off", "to": "shadow", "reason": "시험"},
         [("", "off → shadow"), ("이유", "시험")]),
        ({"role": "admin"}, [("역할", "관리자")]),
        ({"until": "2026-11-22T00:00:00Z"}, [("기한", "2026. 11. 22. 09:00")]),
        ({"moderation": {"version": "v7", "hash": "c6"}}, [("moderation", "v7")]),
        ({"until": None, "n": 0, "own": {}}, [("건수", "0")]),
        ({"x": "y" * 300}, [("x", "y" * 199 + "…")]),
    ],
)  # fmt: skip
def test_details_read_as_words(app, detail, said):
    with app.test_request_context(headers={"Accept-Language": "ko"}):
        assert audit_words.told(detail) == said


def test_every_filter_finds_its_acts(admin, trail):
    def found(**asked):
        return listed(admin.get("/audit", query_string=asked))

    assert found(who="system") == ["made.up"]
    assert found(what="answer.sent", who="agent:1") == ["answer.sent"]
    assert found(on="setting:top_k") == ["setting.changed"]
    assert "setting.changed" in found(on="setting:")
    assert found(words="Refund") == ["answer.sent"]
    assert found(words="refund", since="2100-01-01") == []
    assert found(until="2000-01-01") == []
    assert found(words="not there at all") == []


def test_a_day_that_is_none_is_said(admin):
    answer = admin.get("/audit?since=soon")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert 'role="alert"' in admin.get("/audit?after=nonsense").text


def test_pages_follow_each_other(admin, db, trail, monkeypatch):
    for number in range(60):
        record(db, MINA, "answer.sent", f"inquiry:{number}")
    total = len(list(audit_trail.each(db)))
    seen, page = [], admin.get("/audit")
    while True:
        seen += listed(page)
        more = re.search(r'href="(/audit\?after=[^"]+)"', page.text)
        if not more:
            break
        page = admin.get(more[1].replace("&amp;", "&"))
    assert len(seen) == total


def test_words_that_are_rare_go_on_further_back(admin, db, trail, monkeypatch):
    monkeypatch.setattr(audit_trail, "SCANNED", 1)
    page = admin.get("/audit?words=refund")
    assert "더 이전까지 찾기" in page.text
    assert "이 낱말을 찾아봤어요" in page.text


def test_the_export_needs_a_reason_and_is_itself_in_the_trail(admin, db, trail):
    assert admin.post("/audit/export", data={"reason": " "}).status_code == 400
    reason = "점검, 담당 010-2345-6789"
    answer = admin.post("/audit/export", data={"reason": reason, "who": "agent:1"})
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["action"] for row in rows] == ["setting.changed", "answer.sent"]
    assert rows[0]["detail"] == '{"value": 5, "before": 3}'
    written = find(db, AuditFilters(action="audit.exported")).rows[0]
    assert written.detail["filters"] == {"actor": "agent:1"}
    assert "010-2345" not in written.detail["reason"]
    assert written.detail["reason"].startswith("점검")


def test_only_admins_read_it(lead):
    assert lead.get("/audit").status_code == 403
    assert lead.post("/audit/export", data={"reason": "x"}).status_code == 403


def test_hostile_words_are_words(admin, db):
    record(db, Actor("cli:<script>alert(1)</script>"), "x.y", "thing:<b>", detail={"<i>": "<u>"})
    for path in ("/audit", "/audit?words=%3Cu%3E", "/audit?who=agent:x", "/audit?on=agent:%00"):
        page = admin.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<u>" not in page.text


def test_every_act_that_is_written_down_has_its_words():
    """What the code records by name; names that are put together are looked up by hand."""
    found = set()
    for package in ("support", "listings", "train", "web"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and re.search(
                    r"record|\b(taken|taking_away\.read)$", ast.unparse(node.func)
                ):
                    found |= {
                        each.value
                        for argument in node.args
                        for each in ast.walk(argument)
                        if isinstance(each, ast.Constant)
                        and isinstance(each.value, str)
                        and re.fullmatch(r"[a-z_]+\.[a-z_]+", each.value)
                    }
    assert len(found) > 70
    assert found - set(audit_words.ACTS) == set()
