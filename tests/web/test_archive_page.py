"""Answered inquiries: found by words and filters, page by page, and as a table."""

import csv
import io
import json
import re
from urllib.parse import unquote_plus

import pytest

from support import settings, tagging
from support.clock import ago
from support.database import one
from support.inquiries import PAGE
from tests.web.conftest import ACTOR, HELP


def listed(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'href="/inquiries/(\d+)', page)]


def named(ids: dict[str, int], page: str) -> list[str]:
    names = {number: name for name, number in ids.items()}
    return [names[number] for number in listed(page)]


def test_answered_inquiries_stand_newest_first_with_how_they_were_answered(agent, ids):
    page = agent.get("/answered").text
    assert named(ids, page) == ["a5", "a4", "a3", "a2", "a1"]
    assert "5건" in page
    assert "구매 확정 전이면 됩니다" in page
    assert "환불을 받고 싶어요" in page  # the FAQ of its answer
    assert 'aria-current="page">답변 완료' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("words=인증번호", ["a2", "a1"]),
        ("words=070-1234", []),  # a number is masked
        ("words=스팸+문자", ["a2"]),
        ("words=?!", []),
        ("faq=refund", ["a5", "a3"]),
        ("faq=refund&language=en", ["a5"]),
        ("channel=web", ["a5", "a4"]),
        ("agent=author:김민지", ["a3", "a1"]),
        ("category=nothing", []),
        ("suggested=none", ["a5", "a4", "a3", "a2", "a1"]),
        ("suggested=accepted", []),
        ("tag=VIP", ["a4"]),
        ("words=환불&channel=&agent=&since=", ["a3"]),
    ],
)
def test_filters_find_what_fits_all_of_them(agent, db, ids, query, found):
    tagging.change(db, ACTOR, ids["a4"], add=["VIP"])
    assert named(ids, agent.get(f"/answered?{query}").text) == found


def test_days_are_the_readers_and_the_last_is_included(agent, db, ids):
    # In Seoul: the third at eleven in the evening, and the fourth at half past midnight.
    for name, at in (("a1", "2026-03-03T14:00:00Z"), ("a2", "2026-03-03T15:30:00Z")):
        db.execute("UPDATE inquiries SET answered_at = ? WHERE id = ?", [at, ids[name]])
    db.conn.commit()
    assert named(ids, agent.get("/answered?since=2026-03-03&until=2026-03-03").text) == ["a1"]
    assert named(ids, agent.get("/answered?since=2026-03-04&until=2026-03-04").text) == ["a2"]
    page = agent.get("/answered?since=2026-03-04&until=2026-03-04").text
    assert "2026. 3. 4.부터" in page


def test_what_is_set_is_said_and_taken_off_one_by_one(agent, ids):
    page = agent.get("/answered?faq=refund&language=en&words=refund").text
    chips = re.findall(r'class="chip" aria-current="true" href="([^"]+)">(.*?) <span', page)
    assert [words for _, words in chips] == ["“refund”", "환불을 받고 싶어요", "EN"]
    without = [address.replace("&amp;", "&") for address, _ in chips]
    assert without[1] == "/answered?words=refund&language=en"
    assert named(ids, agent.get(without[2]).text) == ["a5", "a3"]  # a3 links …/refund
    assert 'class="chip" aria-current' not in agent.get("/answered").text


def test_words_are_marked_where_they_stand(agent):
    page = agent.get("/answered?words=인증번호").text
    assert "문자 <mark>인증번호</mark>가 계속" in page
    page = agent.get("/answered", query_string={"words": "<b>환불"}).text
    assert "<b>" not in page


def test_pages_follow_one_another_without_gap_or_repeat(agent, add_rows):
    rows = [
        (f"n{i}", 20_000 + i, "app", "ko", "김민지", f"문의 {i}", f"답 {i}") for i in range(PAGE)
    ]
    add_rows(rows)
    first = agent.get("/answered").text
    following = re.search(r'href="(/answered\?after=[^"]+)"', first)[1].replace("&amp;", "&")
    everybody = listed(first) + listed(agent.get(following).text)
    assert len(everybody) == len(set(everybody)) == PAGE + 5
    address = re.search(r'data-count="([^"]+)"', first)[1]
    assert agent.get(address).json == {"n": PAGE + 5, "more": False, "words": f"{PAGE + 5}건"}
    narrowed = agent.get("/answered?agent=author:김민지").text
    assert "after=" in narrowed
    assert "agent=author" in re.search(r'href="(/answered\?[^"]*after=[^"]+)"', narrowed)[1]


def test_closed_without_an_answer_is_a_list_of_its_own(agent, db, ids):
    assert "답변 없이 종료된 문의가 없어요" in agent.get("/answered/closed").text
    db.execute("UPDATE inquiries SET status = 'closed' WHERE id = ?", [ids["o2"]])
    db.execute("UPDATE inquiries SET status = 'closed', joined_to = ? WHERE id = ?",
               [ids["o1"], ids["o3"]])  # fmt: skip
    db.conn.commit()
    assert 'href="/answered/closed"' in agent.get("/answered").text
    page = agent.get("/answered/closed").text
    assert named(ids, page) == ["o2"]
    assert named(ids, agent.get(f"/answered/closed?after={ago(days=900)},1").text) == []


@pytest.mark.parametrize(
    "query",
    ["since=x", "until=2026-13-01", "since=9999-12-31&until=9999-12-31", "suggested=x", "after=x"],
)
def test_odd_addresses_are_refused_kindly(agent, query):
    answer = agent.get(f"/answered?{query}")
    assert answer.status_code == 400
    assert "처리하지 못했어요" in answer.text


@pytest.mark.parametrize(
    "words", ["'; DROP", "*", '" OR "', "\x00", "x" * 5000, "😀", "a b c " * 90]
)
def test_odd_words_are_safe(agent, words):
    assert agent.get("/answered", query_string={"words": words}).status_code == 200


def test_an_empty_archive_and_an_empty_finding_say_what_to_do(agent, db):
    assert "낱말을 줄여 보세요" in agent.get("/answered?words=무지개").text
    db.execute("UPDATE inquiries SET answer_id = NULL, status = 'closed'")
    db.conn.commit()
    assert "아직 답변한 문의가 없어요" in agent.get("/answered").text


def test_a_lead_takes_what_is_found_away_masked_and_says_why(lead, agent, db, ids):
    given = {"faq": "code-missing", "reason": "분기 점검"}
    answer = lead.post("/answered/export", data=given)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="answered-')
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [int(row["id"]) for row in rows] == [ids["a2"], ids["a1"]]
    assert "[전화번호]" in rows[0]["answer"]
    assert f"{HELP}code-missing" in rows[1]["answer"]
    assert rows[1]["question"] == "인증번호가 안 와요"
    line = one(db, "SELECT * FROM audit WHERE action = 'answers.exported'")
    assert "분기 점검" in line["detail"]
    assert "code-missing" in line["detail"]
    assert lead.post("/answered/export", data={"faq": "refund"}).status_code == 400
    assert agent.post("/answered/export", data=given).status_code == 403
    assert "CSV" not in agent.get("/answered").text


def test_personal_data_that_is_searched_for_stands_in_no_address(agent, ids):
    form = agent.get("/answered").text
    assert re.search(r'<form class="sieve"[^>]* method="post" action="/answered"', form)
    typed = {"words": "070-1234-5678 차단", "faq": "code-missing", "language": ""}
    answer = agent.post("/answered", data=typed)
    assert answer.status_code == 303
    there = answer.headers["Location"]
    assert "1234" not in there
    assert unquote_plus(there) == "/answered?words=[전화번호] 차단&faq=code-missing"
    assert named(ids, agent.get(there).text) == ["a2"]
    old = agent.get("/answered?words=070-1234-5678&channel=app")  # an address of before
    assert unquote_plus(old.headers["Location"]) == "/answered?words=[전화번호]&channel=app"


def test_the_audit_trail_keeps_no_personal_data_that_was_typed(lead, db):
    given = {"words": "070-1234-5678", "tag": "010-1111-2222", "reason": "고객 010-9999-8888 요청"}
    assert lead.post("/answered/export", data=given).status_code == 200
    line = one(db, "SELECT detail FROM audit WHERE action = 'answers.exported'")
    kept = json.loads(line["detail"])
    assert kept["reason"] == "고객 [전화번호] 요청"
    assert kept["filters"] == {"words": "[전화번호]", "tag": "[전화번호]"}


def test_a_formula_is_taken_away_as_words(lead, db, ids):
    db.execute("UPDATE inquiries SET subject = '=1+1' WHERE id = ?", [ids["a1"]])
    db.conn.commit()
    page = lead.post("/answered/export", data={"reason": "x"}).data.decode()
    assert ",'=1+1," in page or ',"\'=1+1",' in page


def test_the_readers_own_answers_are_one_step_away(agent, db):
    settings.change(db, ACTOR, desk_name="도란장터")
    page = agent.get("/answered").text
    number = re.search(r'href="/answered\?agent=agent:(\d+)">내가 보낸 답변', page)[1]
    assert one(db, "SELECT login FROM agents WHERE id = ?", [number])["login"] == "mina"
