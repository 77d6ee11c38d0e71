"""The queue as a team uses it: two people, two windows, one inquiry; putting away; tags."""

import re
import time

import pytest
from playwright.sync_api import expect

from support import holding, snoozing, tagging
from support.clock import ago
from support.database import scalar
from tests.web.browser import draft, key, saved, sign_in
from tests.web.conftest import ACTOR

pytestmark = pytest.mark.browser

# What a Korean keyboard sends for a key, by its place.
JAMO = {"KeyG": "ㅎ", "KeyM": "ㅡ", "KeyN": "ㅜ", "KeyS": "ㄴ", "KeyT": "ㅅ", "KeyJ": "ㅓ"}


def press(page, code):
    key(page, JAMO[code], code)


def opened(page, address, inquiry_id):
    """Open an inquiry; the desk has heard of it then."""
    with page.expect_response("**/claim"):
        page.goto(f"{address}/inquiries/{inquiry_id}")


def wait_until(so):
    """What a page sends when it is left comes a moment later, unseen by the browser's driver."""
    end = time.monotonic() + 20
    while not so():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def colleague(browser, address):
    """Yuna, signed in at a browser of her own."""
    context = browser.new_context(locale="ko-KR", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, address, "yuna")
    yield page
    context.close()


def test_a_window_that_is_closed_leaves_it_with_the_one_still_open(page, context, address, db, ids):
    opened(page, address, ids["o1"])
    other = context.new_page()
    opened(other, address, ids["o1"])
    with page.expect_response("**/news*"):
        page.evaluate("dispatchEvent(new Event('focus'))")
    with other.expect_response("**/claim"):
        page.close()
    wait_until(lambda: holding.holder(db, ids["o1"]) is not None)


def test_two_people_and_one_inquiry(page, colleague, address, db, ids):
    opened(page, address, ids["o1"])
    page.locator("#text").fill("곧 알아볼게요.")
    saved(page)
    colleague.goto(f"{address}/?scope=all")
    row = colleague.locator(f"li[data-id='{ids['o1']}']")
    expect(row.locator("[data-held]")).to_have_text("Mina님 담당")
    opened(colleague, address, ids["o1"])
    strip = colleague.locator("#holder")
    expect(strip.locator(".held-words")).to_contain_text("Mina님이 보고 있어요")
    press(colleague, "KeyG")
    expect(strip.get_by_role("button", name="내 담당으로")).to_be_visible()
    assert holding.holder(db, ids["o1"]).name == "Yuna"
    # The first one is told when sending, and keeps every word.
    page.locator("#send").click()
    expect(page.locator("#trouble")).to_contain_text("Yuna")
    expect(page.locator("#holder .held-words")).to_contain_text("Yuna님이 보고 있어요")
    assert draft(page) == "곧 알아볼게요."
    assert scalar(db, "SELECT count(*) FROM outbox") == 0
    colleague.locator("#text").fill("제가 답할게요.")
    colleague.locator("#send").click()
    colleague.wait_for_url(f"{address}/inquiries/{ids['o2']}")
    assert scalar(db, "SELECT count(*) FROM outbox") == 1


def test_an_inquiry_is_kept_given_back_and_let_go_when_it_is_left(page, address, db, ids):
    opened(page, address, ids["o1"])
    press(page, "KeyM")
    mine = page.locator("#holder .held.mine")
    expect(mine).to_have_text("내 담당")
    page.goto(address)
    row = page.locator(f"li[data-id='{ids['o1']}']")
    expect(row.locator("[data-held]")).to_have_text("내 담당")
    assert holding.holder(db, ids["o1"]).until is None  # leaving the page gave nothing back
    with page.expect_response("**/claim"):
        row.get_by_role("link").click()
    press(page, "KeyM")
    expect(mine).to_have_count(0)
    opened(page, address, ids["o2"])
    expect(page.locator("#holder")).to_be_visible()
    assert holding.holder(db, ids["o2"]).name == "Mina"
    page.get_by_role("link", name="도란장터").click()
    wait_until(lambda: holding.holder(db, ids["o2"]) is None)


def test_put_away_by_keys_it_comes_back_by_itself(page, address, db, ids):
    press(page, "KeyN")
    page.wait_for_url(f"{address}/inquiries/{ids['o1']}")
    page.wait_for_load_state("networkidle")
    press(page, "KeyS")
    expect(page.get_by_role("button", name=re.compile("3시간 뒤"))).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/inquiries/{ids['o2']}")
    expect(page.locator(".flash")).to_contain_text("까지 미뤘어요")
    assert snoozing.of(db, ids["o1"])
    page.goto(address)
    rows = page.locator("#waiting > li")
    expect(rows).to_have_count(3)
    expect(page.locator("[data-count=snoozed]")).to_have_text("1")
    db.execute("UPDATE inquiries SET snoozed_until = ? WHERE id = ?", [ago(seconds=1), ids["o1"]])
    db.conn.commit()
    page.reload()
    expect(rows).to_have_count(4)


def test_tags_are_typed_completed_and_found(page, address, db, ids):
    tagging.change(db, ACTOR, ids["o3"], add=["환불 급함"])
    opened(page, address, ids["o1"])
    press(page, "KeyT")
    box = page.locator("#tag-box")
    expect(box).to_be_focused()
    expect(page.locator("#known-tags option")).to_have_attribute("value", "환불 급함")
    page.keyboard.type("환불 급함")
    page.keyboard.press("Enter")
    expect(page.locator(".tagging .tag")).to_have_text(["환불 급함×"])
    page.keyboard.type("VIP, 재문의")
    page.keyboard.press("Enter")
    expect(page.locator(".tagging .tag")).to_have_count(3)
    page.get_by_role("button", name="VIP 태그 빼기").click()
    expect(page.locator(".tagging .tag")).to_have_text(["환불 급함×", "재문의×"])
    page.goto(address)
    page.locator(".chip", has_text="환불 급함").click()
    expect(page.locator("#waiting > li")).to_have_count(2)
    assert tagging.of(db, ids["o1"]) == ("환불 급함", "재문의")


def test_a_list_left_open_hears_what_others_do(page, address, db, ids):
    page.clock.install()
    page.goto(address)
    rows = page.locator("#waiting > li")
    expect(rows).to_have_count(4)
    holding.claim(db, scalar(db, "SELECT id FROM agents WHERE login = 'yuna'"), ids["o1"])
    db.execute("UPDATE inquiries SET status = 'closed' WHERE id = ?", [ids["o3"]])
    db.conn.commit()
    page.clock.fast_forward(31_000)
    expect(page.locator("[data-count=free]")).to_have_text("2")
    expect(rows.nth(0).locator("[data-held]")).to_have_text("Yuna님 담당")
    expect(rows.nth(2).locator("[data-held]")).to_have_text("그사이 답변됨")
    expect(rows).to_have_count(4)  # nothing moves under a reader's hands


def test_answered_ones_are_found_by_words_filters_and_dates(page, address, ids):
    page.goto(f"{address}/answered")
    rows = page.locator(".rows > li")
    expect(rows).to_have_count(5)
    page.locator("[name=faq]").select_option("refund")
    expect(rows).to_have_count(2)
    assert page.url == f"{address}/answered?faq=refund"
    page.locator("#q").fill("환불")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.locator("mark").first).to_have_text("환불")
    page.locator(".chip", has_text="환불을 받고").click()
    expect(page).to_have_url(re.compile(r"/answered\?words="))
    rows.first.get_by_role("link").click()
    expect(page.locator("#messages")).to_contain_text("구매 확정 전이면 됩니다.")
    expect(page.locator("#holder")).to_have_count(0)
    page.go_back()
    page.locator("select[name=language]").select_option("en")
    expect(page.locator(".empty")).to_be_visible()
