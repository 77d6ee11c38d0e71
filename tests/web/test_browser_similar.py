"""A returning seller in a real browser: caught, shown with the match, split off, taken back."""

import pytest
from playwright.sync_api import expect

from listings.similar.group_evidence import evidence
from support.audit import Actor
from support.database import scalar
from tests.web.browser import sign_in
from tests.web.doors import faqdesk, running, until
from tests.web.drawn_listings import jpeg, sell, seller_of, suspend
from web import jobs

pytestmark = pytest.mark.browser

TITLE = "구찌 마몬트 가방 정품급 미러 풀박스"
MORE = "더스트백이랑 카드까지 드려요. 택배로 보내 드립니다."
REWORDED = "마몬트 숄더백 미러급이에요, 풀박스 구성"
WIDTH = "image => image.decode().then(() => image.naturalWidth)"
LAMP = "황동 스탠드 조명"


@pytest.fixture
def shop(space, db):
    """A suspended seller's bag, an honest lamp, and the bag reworded by a new account."""
    bad = sell(space, db, 1, "bad", TITLE, photos=[(1, 0), (2, 0)], description=MORE)
    lamp = sell(space, db, 2, "mina", LAMP, photos=[(5, 0)])
    suspend(db, bad, why="가품 판매")
    again = sell(
        space, db, 3, "new", REWORDED, photos=[(7, 0), (1, 0)], description="카드와 더스트백 드려요"
    )
    return bad, lamp, again


@pytest.fixture
def page(context, address):
    page = context.new_page()
    sign_in(page, address, "mo")
    return page


def test_a_suspended_sellers_repost_is_caught(page, address, space, db, shop):
    """As in life: the job runs in a worker, the console shows what it found."""
    bad, _, again = shop
    jobs.enqueue(space, db, Actor("agent:1"), "watch", {})
    with running(space, "worker"):
        until(lambda: scalar(db, "SELECT state FROM jobs") == "done", "the desk has watched")
    # It waits in the queue, with the match.
    page.goto(address + "/moderation")
    expect(page.locator("main")).to_contain_text(REWORDED)
    expect(page.locator("main")).to_contain_text("정지된 판매자의 상품과 비슷")
    # And among the alerts, both pictures side by side.
    page.goto(address + "/moderation/groups/alerts")
    first = page.locator(".alike").first
    expect(first).to_contain_text(REWORDED)
    expect(first).to_contain_text(TITLE)
    expect(first).to_contain_text("판매자 정지 사유: 가품 판매")
    expect(first).to_contain_text("같은 사진 (이쪽 사진 2, 저쪽 사진 1)")
    pictures = first.locator(".pair img")
    expect(pictures).to_have_count(2)
    for place in range(2):
        assert pictures.nth(place).evaluate(WIDTH) > 0
    expect(page.locator("main")).not_to_contain_text(LAMP)
    # Blurred until somebody wants to see them, and from then on for this person.
    expect(pictures.first).to_have_css("filter", "blur(9px)")
    page.get_by_role("button", name="사진 보기").click()
    expect(pictures.first).to_have_css("filter", "none")
    # Its group names the account with its sanction.
    first.get_by_role("link", name="묶음 보기").click()
    expect(page.locator(".account-rows")).to_contain_text("이용 정지")
    expect(page.locator(".pair img").first).to_have_css("filter", "none")
    expect(page.locator(".account-rows")).to_contain_text(seller_of(db, again)[:8])
    page.get_by_role("button", name="같은 물건으로 확정").click()
    expect(page.locator(".flash")).to_contain_text("확정했어요")
    assert evidence(db, bad).confirmed
    page.get_by_role("button", name="확정 되돌리기").click()
    expect(page.locator(".flash")).to_contain_text("되돌렸어요")
    assert not evidence(db, bad).confirmed


def test_an_account_is_split_off_and_put_back(page, address, space, db, shop):
    bad, _, again = shop
    assert faqdesk(space, "similar", "watch").returncode == 0
    page.goto(f"{address}/moderation/groups")
    page.get_by_role("link", name=TITLE).click()
    row = page.locator(".account-rows li", has_text=seller_of(db, again)[:8])
    row.get_by_role("button", name="다른 판매자: 빼기").click()
    expect(page.locator(".flash")).to_contain_text("묶음에서 뺐어요")
    expect(page.locator("main")).to_contain_text("이어진 다른 상품이 없어요")
    assert evidence(db, bad).listing_ids == (bad,)
    page.get_by_role("button", name="다시 넣기").click()
    expect(page.locator(".member-cards li")).to_have_count(2)
    assert evidence(db, bad).listing_ids == (bad, again)


def test_a_picture_finds_what_shows_the_same(page, address, space, db, shop):
    bad, _, again = shop
    assert faqdesk(space, "similar", "index").returncode == 0
    page.goto(address + "/moderation/similar")
    page.get_by_label("사진", exact=True).set_input_files(
        {"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": jpeg(5)}
    )
    page.get_by_role("button", name="찾기").click()
    expect(page.locator(".alike-rows .alike")).to_have_count(1)
    expect(page.locator(".alike-rows .alike")).to_contain_text(LAMP)
    shown = page.get_by_role("img", name="올린 사진 1")
    assert shown.evaluate(WIDTH) > 0
    page.get_by_role("link", name="사진 빼기").click()
    page.get_by_label("상품 번호 또는 상품 글").fill(str(again))
    page.get_by_label("상품 번호 또는 상품 글").press("Enter")
    found = page.locator(".alike-rows .alike")
    expect(found.first).to_contain_text(TITLE)
    expect(found.first.locator("mark").first).to_be_visible()
    found.first.get_by_role("button", name="다른 물건").click()
    expect(page.locator("main")).to_contain_text("다른 물건으로 표시한 상품")
    expect(page.locator(".alike-rows")).to_have_count(0)
    page.get_by_role("button", name=f"되돌리기: {again}번과 {bad}번").click()
    expect(page.locator(".alike-rows .alike").first).to_contain_text(TITLE)


def test_nothing_hangs_over_the_edge_of_a_phone(page, address, space, db, shop):
    assert faqdesk(space, "similar", "watch").returncode == 0
    page.set_viewport_size({"width": 390, "height": 800})
    places = ("groups", "groups/1", "groups/alerts", "similar?listing=1", "similar")
    for language in ("ko", "en"):
        db.conn.execute("UPDATE agents SET language = ? WHERE login = 'mo'", [language])
        db.conn.commit()
        for where in places:
            page.goto(f"{address}/moderation/{where}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390, (language, where)
