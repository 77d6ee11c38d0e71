"""Gaps in a real browser: read, ticked, made an FAQ, taken back."""

import re

import pytest
from playwright.sync_api import expect

from support import faqs, gaps, inquiries
from support.errors import NotFoundError
from tests.web.browser import enter, key
from tests.web.test_gaps_page import WEATHER, add_gap

pytestmark = pytest.mark.browser


@pytest.fixture
def asked(db, add_rows):
    """The inquiries of a gap."""
    add_rows(WEATHER)
    sql = "SELECT id FROM inquiries WHERE source_id LIKE 'w%' ORDER BY source_id"
    return [row["id"] for row in db.query(sql)]


@pytest.fixture
def page(context, guarded_app, address, db, asked):
    add_gap(db, asked, minutes=12.4, timed=2)
    enter(context, guarded_app, address, "sujin")
    page = context.new_page()
    page.goto(f"{address}/gaps")
    return page


def test_a_gap_is_made_an_faq_and_taken_back(page, address, db, asked):
    key(page, "ㅓ", "KeyJ")  # in Hangul mode: the first gap
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="닉네임 · 변경")).to_be_visible()
    told = page.locator("[data-ticked]")
    expect(told).to_have_text("3건 선택")
    page.get_by_role("checkbox", name="닉네임 바꾸는 방법이요").uncheck()
    expect(told).to_have_text("2건 선택")
    page.get_by_label("제목", exact=True).fill("닉네임 바꾸기")
    page.get_by_label("영어 제목").fill("Change your nickname")
    page.get_by_label("링크에 쓰는 이름").fill("nickname")
    expect(page.get_by_label("내용")).to_have_value("설정에서 바꿀 수 있습니다.")
    page.get_by_role("button", name="FAQ로 만들기").click()
    expect(page.locator(".flash")).to_contain_text("문의 2건으로 배우기 시작해요")
    assert faqs.get(db, "nickname").title_en == "Change your nickname"
    assert inquiries.labels(db, asked) == dict.fromkeys(asked[:2], ("nickname",))
    page.get_by_role("button", name="되돌리기").click()
    expect(page.locator(".flash")).to_contain_text("되돌렸어요")
    expect(page.get_by_role("button", name="FAQ로 만들기")).to_be_visible()
    with pytest.raises(NotFoundError):
        faqs.get(db, "nickname")
    assert inquiries.labels(db, asked) == {}


def test_all_or_none_are_ticked_at_once_and_refused_words_stay(page, db, asked):
    page.locator(".row-link").first.click()
    every = page.get_by_role("button", name="전체 선택/해제")
    every.click()
    expect(page.locator("[data-ticked]")).to_have_text("0건 선택")
    page.get_by_label("내용").fill("오래 쓴 글")
    page.get_by_role("button", name="FAQ로 만들기").click()
    expect(page.get_by_role("alert")).to_contain_text("하나 이상")
    expect(page.get_by_label("내용")).to_have_value("오래 쓴 글")
    every.click()
    page.locator("summary", has_text="제외").click()
    page.get_by_label("FAQ가 필요 없는 이유").fill("곧 앱에서 됩니다")
    page.locator(".sheet").get_by_role("button", name="제외").click()
    expect(page.locator(".gap")).to_contain_text("곧 앱에서 됩니다")
    assert gaps.counts(db)["dismissed"] == 1


def test_looking_again_shows_its_progress(page, db):
    page.get_by_role("button", name="다시 찾기").click()
    job = page.locator("[data-job]")
    expect(job).to_contain_text("대기")
    expect(page.get_by_role("button", name="다시 찾기")).to_be_disabled()
    db.execute(
        "UPDATE jobs SET state = 'running', done = 3, total = 4, message = 'grouping', "
        "heartbeat_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
    )
    expect(job.get_by_role("progressbar")).to_have_attribute("value", "0.75")
    db.execute("UPDATE jobs SET state = 'done'")
    expect(job).to_have_count(0)


def test_nothing_hangs_over_the_edge_of_a_phone(page, address):
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/gaps", "/gaps/1"):
        page.goto(address + path)
        expect(page.locator("h1")).to_have_text(re.compile("."))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
