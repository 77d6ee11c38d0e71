"""The week's page: figures worked by hand, what to do next, other weeks, tables to take away."""

import csv
import io
import json
import re
from datetime import date, timedelta
from html import unescape

import pytest
from openpyxl import load_workbook

from support import agents
from support.clock import ago
from support.database import scalar
from support.promise import Promise
from support.share_change import change_of
from support.week import Minutes
from support.week_todo import Todo
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD
from web import counted, week_words

MONDAY = date(2026, 3, 2)
OLD, NEW = "r-old", "r-new"


@pytest.fixture
def week(db):
    """Two weeks of March worked by hand: another model on the second one's Monday."""
    mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    yuna = scalar(db, "SELECT id FROM agents WHERE login = 'yuna'")
    for name, at in ((OLD, "2026-02-01T00:00:00Z"), (NEW, "2026-03-01T16:00:00Z")):
        db["releases"].insert({"name": name, "parts": "{}", "created_at": at})
        db["publications"].insert({"release": name, "at": at, "actor": "cli:test"})
    # Of the first week 30 of 40 likely ones are right; of the second 38 of 40.
    for number in range(80):
        second = number >= 40
        day = MONDAY + timedelta(days=(0 if second else -7) + number % 5)
        right = number % 40 < (38 if second else 30)
        answered(db, f"w{number}", day, agent=mina if number % 4 else yuna, band="likely",
                 shown="refund", sent="refund" if right else "no-show",
                 release=NEW if second else OLD)  # fmt: skip
    answered(db, "gap", MONDAY, agent=mina, band="silent", shown="", sent="", release=NEW)
    answered(db, "held", MONDAY, agent=mina, band="silent", shown="", sent="refund", release=NEW,
             reason="holdout")  # fmt: skip
    return db


def answered(db, name, day, *, agent, band, shown, sent, release, reason=""):
    """One inquiry that the desk answered 20 minutes after it was opened, at noon in Seoul."""
    at = f"{day}T03:20:00Z"
    row = {"source": "test", "source_id": name, "text": "환불", "status": "answered"}
    number = db["inquiries"].insert(row | {"opened_at": f"{day}T03:00:00Z"}).last_pk
    message = {"inquiry_id": number, "source_id": "a", "role": "agent", "agent_id": agent}
    answer = db["messages"].insert(message | {"text": "답", "at": at}).last_pk
    db["inquiries"].update(number, {"answer_id": answer, "answered_at": at, "closed_at": at})
    row = {"id": f"sg-{name}", "inquiry_id": number, "asked_by": "agent:1", "release": release}
    db["suggestions"].insert(row | {"band": band, "reason": reason, "at": f"{day}T03:01:00Z"})
    if shown:
        row = {"suggestion_id": f"sg-{name}", "rank": 1, "slug": shown, "probability": 0.9}
        outcome = "accepted" if shown == sent else "passed_over"
        db["suggestion_faqs"].insert(row | {"outcome": outcome, "reason": ""})
    if sent:
        db["labels"].insert({"inquiry_id": number, "slug": sent, "origin": "sent", "at": at})


def plain(html):
    """What a page says, without tags; every blank alike."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u2060", "").split())


def tile(html, name):
    return plain(re.search(rf'data-figure="{name}">(.*?)</dd>', html, re.S)[1])


def page_of(client, day=MONDAY, **more):
    return client.get("/week", query_string={"day": day} | more)


@pytest.mark.usefixtures("week")
def test_each_figure_says_its_counts_its_interval_and_the_week_before(lead):
    page = page_of(lead).text
    assert "42건" in plain(page)  # 40, the gap, and the one held back
    assert tile(page, "coverage") == (
        "유력한 추천으로 보여 줌 98 % 41건 중 40건, 87–100 % 지난주 100 %, 차이는 우연일 수 있음"
    )
    assert tile(page, "first_right").startswith("1위가 맞음 95 % 40건 중 38건, 83–100 %")
    assert "지난주 75 %, +20.0%p" in tile(page, "first_right")
    assert tile(page, "misses").startswith("놓친 FAQ가 있음 5 % 40건 중 2건")
    assert tile(page, "gaps").startswith("FAQ 없이 답함 2 % 42건 중 1건")
    assert tile(page, "minutes").startswith("접수부터 답변까지 20분 42건의 중앙값, 20분–20분")


@pytest.mark.usefixtures("week")
def test_days_agents_faqs_and_the_change_of_models_stand_in_tables(lead):
    page = page_of(lead).text
    said = plain(page)
    assert page.count('<rect class="column') >= 5
    assert "월 2 10" in said  # eight likely ones, the gap, the one held back
    assert "일 8 0 – – – – –" in said
    assert f"{OLD} 대신 {NEW} 모델" in said
    assert "1위가 맞음 75 % 40건 중 30건, 58–88 % 95 % 40건 중 38건, 83–100 % +20.0%p" in said
    assert "환불을 받고 싶어요 39 40 38 0 95 % 40건 중 38건" in said
    assert "상대가 나오지 않았어요 2 0 0 2 –" in said
    assert "Mina 32" in said
    assert "Yuna 10" in said


@pytest.mark.usefixtures("week")
def test_any_day_names_its_week_and_weeks_lead_to_each_other(lead):
    page = page_of(lead).text
    sunday = page_of(lead, "2026-03-08").text
    assert tile(sunday, "coverage") == tile(page, "coverage")
    assert 'href="/week?day=2026-02-23"' in page
    assert 'href="/week?day=2026-03-09"' in page
    assert tile(page_of(lead, "2026-02-25").text, "first_right").startswith("1위가 맞음 75 %")
    for wrong in ("yesterday", "0001-01-01", "9999-12-31", "2026-02-30"):
        assert page_of(lead, wrong).status_code == 400


@pytest.mark.usefixtures("week")
def test_a_week_without_answers_leads_to_the_last_with_some(lead):
    page = lead.get("/week").text
    assert 'href="/week?day=2026-03-02"' in page
    assert "data-prints" not in page
    assert "답변한 문의가 없어요" in plain(page)


def test_a_desk_that_never_answered_leads_to_the_inbox(lead, db):
    db.execute("UPDATE inquiries SET opened_at = ? WHERE status = 'open'", [ago(hours=1)])
    page = lead.get("/week").text
    assert "첫 문의에 답하기" in page
    assert "다음에 할 일" not in page


def test_what_waits_too_long_is_the_next_thing_to_do_and_leads_there(lead, db):
    db.execute("UPDATE inquiries SET opened_at = ? WHERE status = 'open'", [ago(hours=30)])
    page = lead.get("/week").text
    assert '<a href="/">답변하기: 하루 넘게 기다린 문의가 4건이에요.</a>' in page


@pytest.mark.usefixtures("week")
def test_tables_are_taken_away(lead):
    answer = lead.get(f"/week/faqs.csv?day={MONDAY}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{MONDAY}-faqs.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["faq"], row["sent"], row["first_right"]) for row in rows] == [
        ("refund", "39", "38"),
        ("no-show", "2", "0"),
    ]
    asked = {"day": MONDAY, "reason": "평가, kim@example.com"}
    book = load_workbook(io.BytesIO(lead.post("/week/week.xlsx", data=asked).data))
    assert book.sheetnames == ["week", "faqs", "agents", "days", "releases", "next"]
    assert [cell.value for cell in book["days"]["B"]][1:] == [10, 8, 8, 8, 8, 0, 0]
    page = page_of(lead).text
    for name in set(book.sheetnames) - {"agents"}:
        assert f'href="/week/{name}.csv?day={MONDAY}"' in page
        assert lead.get(f"/week/{name}.csv?day={MONDAY}").status_code == 200
    assert lead.get("/week/people.csv").status_code == 404


@pytest.mark.usefixtures("week")
def test_what_each_colleague_did_is_taken_away_with_a_reason(lead, db):
    assert lead.get(f"/week/agents.csv?day={MONDAY}").status_code == 400
    asked = {"day": MONDAY, "reason": "평가, kim@example.com"}
    for path in ("/week/agents.csv", "/week/week.xlsx"):
        for blank in ("", " \u3000\t"):
            assert lead.post(path, data=asked | {"reason": blank}).status_code == 400
        assert lead.post(path, data=asked).status_code == 200
    told = [
        json.loads(row["detail"])
        for row in db.query("SELECT detail FROM audit WHERE action = 'week.exported' ORDER BY id")
    ]
    assert [each["what"] for each in told] == ["agents", "week.xlsx"]
    assert {each["reason"] for each in told} == {"평가, [이메일]"}


def test_only_who_leads_reads_the_week(lead, agent):
    assert lead.get("/week").status_code == 200
    for path in ("/week", "/week/faqs.csv"):
        assert agent.get(path).status_code == 403
    for path in ("/week/agents.csv", "/week/week.xlsx"):
        assert agent.post(path, data={"reason": "x"}).status_code == 403


@pytest.mark.usefixtures("week")
def test_english_too(app, db, sign_in):
    eve = agents.add(db, ACTOR, login="eve", name="Eve", role="lead", password=PASSWORD)
    agents.set_language(db, eve.id, "en")
    said = plain(page_of(sign_in("eve")).text)
    assert "Right at rank 1 95 % 38 of 40, 83–100 % before: 75 %; +20.0 points" in said


@pytest.mark.parametrize(
    ("right", "n", "main", "few"),
    [
        (0, 0, "–", True),
        (2, 3, "3건 중 2건", True),
        (999, 1000, "> 99 %", False),
        (1, 1000, "< 1 %", False),
        (1000, 1000, "100 %", False),
        (0, 1000, "0 %", False),
        (6, 6, "100 %", False),
    ],
)
def test_a_share_never_says_more_than_its_counts(app, right, n, main, few):
    with app.test_request_context():
        said = counted.share(Promise.of(right, n))
    assert (said.main.replace("\xa0", " "), said.few) == (main, few)


@pytest.mark.parametrize(("minutes", "words"), [(20.4, "20분"), (200, "3.3시간"), (6000, "4.2일")])
def test_minutes_are_said_as_people_say_them(app, minutes, words):
    with app.test_request_context():
        assert week_words.lasting(minutes) == words
        assert week_words.minutes(Minutes(minutes, minutes, minutes, 3)).few


def test_what_is_too_little_is_not_set_against_anything():
    much, little = Promise.of(40, 50), Promise.of(1, 2)
    assert week_words.comparable(change_of(much, much))
    assert not week_words.comparable(change_of(much, little))


@pytest.mark.parametrize(
    ("found", "url"),
    [
        (Todo("write_faq", 4, title="배송", gap_id=7), "/gaps/7"),
        (Todo("raise_threshold", 4, 5, "refund", "환불"), "/models/thresholds?faq=refund"),
        (Todo("link_faq", 4, slug="refund", title="refund", gap_id=7), "/gaps/7"),
        (Todo("fix_faq", 4, 9, "refund", "환불"), "/faqs/refund"),
        (Todo("train", 4, 60), "/models"),
        (Todo("answer_waiting", 4), "/"),
    ],
)
def test_each_thing_to_do_leads_to_its_page(app, found, url):
    with app.test_request_context():
        assert week_words.leads_to(found) == url
        assert str(found.of if found.kind == "train" else found.n) in week_words.todo(found)
