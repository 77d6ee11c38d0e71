"""Moderation in a real browser: a report comes, is merged, decided, appealed against, reversed."""

import random

import pytest
from playwright.sync_api import expect

from listings.moderation import cases, policy_act
from listings.moderation.case_queue import open_for
from listings.moderation.classes import Reason, Verdict
from listings.moderation.reports import receive
from listings.pictures import store
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support import agents
from support.database import scalar
from tests.conftest import ACTOR
from tests.listings.drawn import photo
from tests.listings.moderation.desk import MODEL, PAST, a_policy, put
from tests.web.browser import key, sign_in
from tests.web.conftest import PASSWORD
from tests.web.doors import until

pytestmark = pytest.mark.browser

ROWS = (
    ("정품급 가방", "보증서는 없어요", "dealer"),
    ("원목 의자", "이사로 정리합니다", "ann"),
    ("담배 한 보루", "면세점에서 샀어요", "smoke"),
)


@pytest.fixture
def ids(db, space):
    """Three listings with a picture each, judged by a live policy."""
    seal = space.seal()
    items = [
        Collected(source="market", external_id=str(n), title=title, description=words,
                  seller=seller, pictures=(f"{n}.png",))
        for n, (title, words, seller) in enumerate(ROWS)
    ]  # fmt: skip
    ids = ListingStore(db, seal).save(items).ids
    for number, (picture_id, _, _) in enumerate(wanted_pictures(db, ids)):
        drawn = photo("Box", random.Random(number))
        file = space.home / f"{number}.png"
        drawn.save(file)
        set_picture(db, picture_id, store(space.home / "images", file.read_bytes(), name="a.png"))
    for listing_id in ids:
        db.table("listings").update(listing_id, {"updated_at": PAST, "collected_at": PAST})
    db.conn.commit()
    put(db, a_policy())
    reasons = (Reason("word", "counterfeit", "정품급", 2.0, 0, 3),)
    judged = Verdict({"normal": 0.3, "counterfeit": 0.7}, model=MODEL, reasons=reasons)
    policy_act.act(db, [(ids[0], judged)])
    return ids


@pytest.fixture
def page(context, address, ids):
    page = context.new_page()
    sign_in(page, address, "mo")
    return page


@pytest.fixture
def yuri(browser, address, db, ids):
    """Another moderator, in another browser."""
    agents.add(db, ACTOR, login="yuri", name="한유리", role="moderator", password=PASSWORD)
    context = browser.new_context(locale="ko-KR", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, address, "yuri")
    yield page
    context.close()


def decided(db, n):
    sql = "SELECT count(*) FROM moderation_decisions WHERE undone_at IS NULL"
    until(lambda: scalar(db, sql) == n, f"{n} decisions stand")


def hidden(db, listing_id):
    found = cases.of_listing(db, listing_id)
    return found is not None and found.hidden


def title(page):
    return page.locator("h2.review-title")


def test_a_report_is_merged_decided_appealed_against_and_reversed(
    page, yuri, address, db, space, ids
):
    # It arrives twice by one person and once by another: one case, two reports.
    path = f"{address}/moderation/listings/{ids[0]}"
    page.goto(path)
    page.get_by_text("신고 입력").click()
    page.get_by_label("분류").select_option("counterfeit")
    page.get_by_label("신고자 ID (알면)").fill("kim")
    page.get_by_label("내용").last.fill("가짜예요, 010-1234-5678로 연락 주세요")
    page.get_by_role("button", name="신고 접수").click()
    expect(page.locator(".flash")).to_contain_text("신고를 접수했어요")
    for who in ("kim", "lee"):
        receive(db, space.seal(), ACTOR, ids[0], reporter=who, words="저도 봤어요")
    # Decided by keyboard, in Hangul mode.
    page.goto(address + "/moderation")
    page.wait_for_load_state()
    expect(title(page)).to_have_text("정품급 가방")
    expect(title(page).locator("mark")).to_have_text("정품급")
    expect(page.locator(".reports li")).to_have_count(2)
    expect(page.locator(".reports")).to_contain_text("가짜예요, [전화번호]")
    key(page, "ㅗ", "KeyH")  # no class yet: nothing may happen
    expect(page.locator(".case")).to_be_visible()
    key(page, "3", "Digit3")
    expect(page.locator(".chip:visible")).to_have_count(4)
    key(page, "ㅈ", "KeyW")
    key(page, "ㅗ", "KeyH")
    expect(page.locator(".empty-queue")).to_be_visible()
    decided(db, 1)
    assert (
        scalar(db, "SELECT reason FROM moderation_decisions") == "브랜드에 비해 가격이 맞지 않아요."
    )
    assert hidden(db, ids[0])
    # Taken back and decided again.
    key(page, "ㅋ", "KeyZ")
    expect(title(page)).to_have_text("정품급 가방")
    decided(db, 0)
    assert not hidden(db, ids[0])
    key(page, "3", "Digit3")
    key(page, "/", "Slash")
    page.keyboard.type("보증서가 1도 없음")  # digits in the field choose no class
    page.keyboard.press("Enter")
    expect(page.locator(".empty-queue")).to_be_visible()
    decided(db, 1)
    assert hidden(db, ids[0])
    # The seller appeals by mail.
    page.goto(path)
    page.get_by_text("되돌리기 또는 이의 신청 입력").click()
    page.get_by_label("내용").first.fill("영수증이 있습니다")
    page.get_by_role("button", name="이의 신청 입력").click()
    expect(page.locator(".flash")).to_contain_text("결정은 그대로예요")
    assert hidden(db, ids[0])
    # Somebody else overturns it.
    yuri.goto(address + "/moderation/appeals")
    yuri.get_by_role("link", name="확인하기").click()
    yuri.wait_for_load_state()
    expect(yuri.locator(".appealed")).to_contain_text("영수증이 있습니다")
    expect(yuri.locator(".reports li")).to_have_count(2)  # the same ones wait again
    key(yuri, "1", "Digit1")
    key(yuri, "ㄷ", "KeyE")
    key(yuri, "ㅐ", "KeyO")
    expect(yuri.locator(".empty-queue")).to_be_visible()
    assert not hidden(db, ids[0])
    assert scalar(db, "SELECT state FROM appeals") == "overturned"
    page.goto(path)
    expect(page.locator("body")).to_contain_text("인용: 다른 결정으로 바뀜")


def test_two_people_never_have_one_case_and_the_second_is_told(page, yuri, address, db, ids):
    first = cases.of_listing(db, ids[0]).id
    page.goto(f"{address}/moderation")
    page.wait_for_load_state()
    expect(page.locator(".case")).to_have_attribute("data-case", str(first))
    yuri.goto(f"{address}/moderation")
    expect(yuri.locator(".empty-queue")).to_be_visible()
    # The page was left open for long: somebody else took the case and settled it.
    db.table("moderation_cases").update(first, {"claimed_at": PAST})
    yuri.goto(f"{address}/moderation")
    yuri.wait_for_load_state()
    key(yuri, "1", "Digit1")
    key(yuri, "q", "KeyQ")
    key(yuri, "p", "KeyP")
    expect(yuri.locator(".empty-queue")).to_be_visible()
    key(page, "3", "Digit3")
    key(page, "q", "KeyQ")
    key(page, "h", "KeyH")
    expect(page.locator(".case-said")).to_contain_text("저장하지 않았어요")
    assert not hidden(db, ids[0])
    decided(db, 1)


def test_a_reason_is_asked_for(page, address, db, ids):
    page.goto(f"{address}/moderation")
    page.wait_for_load_state()
    key(page, "3", "Digit3")
    key(page, "h", "KeyH")
    expect(page.locator("#trouble")).to_contain_text("이유를 짧게 적어 주세요")
    key(page, "1", "Digit1")  # a normal listing is not hidden
    expect(page.locator("[data-key=KeyH]")).to_be_disabled()
    decided(db, 0)


def test_pictures_are_blurred_until_they_are_wanted(page, address, db, ids):
    def look():
        return page.locator(".veil.large img").evaluate("image => getComputedStyle(image).filter")

    page.goto(f"{address}/moderation")
    page.wait_for_load_state()
    assert "blur" in look()
    page.locator(".veil.large").click()
    assert look() == "none"
    page.locator(".veil.large").click()
    assert "blur" in look()
    key(page, "ㅠ", "KeyB")
    assert look() == "none"
    key(page, "ㅎ", "KeyG")
    assert look() == "grayscale(1)"
    page.reload()
    page.wait_for_load_state()
    assert look() == "grayscale(1)"  # remembered
    key(page, "ㅠ", "KeyB")
    key(page, "ㅎ", "KeyG")
    assert "blur" in look()


def test_many_are_decided_at_once_and_taken_back(page, address, db, ids):
    for listing_id in ids[1:]:
        open_for(db, ACTOR, listing_id)
    page.goto(f"{address}/moderation/list")
    page.get_by_label("보이는 행 모두").check()
    page.get_by_role("button", name="선택한 건 결정하기 (3)").click()
    expect(page.locator(".counts")).to_contain_text("결정될 건: 3건")
    page.wait_for_load_state()
    key(page, "4", "Digit4")
    key(page, "w", "KeyW")
    page.get_by_role("button", name="3건 결정하기").click()
    expect(page.locator(".flash")).to_contain_text("3건을 결정했어요")
    assert [hidden(db, key) for key in ids] == [True] * 3
    page.get_by_role("button", name="되돌리기").click()
    expect(page.locator(".flash")).to_contain_text("3건")
    assert [hidden(db, key) for key in ids] == [False] * 3


@pytest.mark.parametrize(
    "where",
    ["", "/list", "/appeals", "/sellers", "/sellers/SELLER", "/listings/LISTING"],
)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_nothing_hangs_over_the_edge_of_a_phone(page, address, db, space, ids, where, language):
    receive(db, space.seal(), ACTOR, ids[0], reporter="kim", words="가" * 300)
    for name, value in (
        ("SELLER", scalar(db, "SELECT seller FROM listings WHERE id = ?", [ids[0]])),
        ("LISTING", str(ids[0])),
    ):
        where = where.replace(name, value)
    with db.conn:
        db.execute("UPDATE agents SET language = ?", [language])
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}/moderation{where}")
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
