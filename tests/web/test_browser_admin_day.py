"""An admin's day in a real browser, with a real worker behind it, on a desk that has learned."""

import re

import pytest
from playwright.sync_api import expect

from support import agents, faqs, inquiries, settings
from support.database import scalar
from support.releases import current
from tests.conftest import ACTOR
from tests.web.browser import sign_in
from tests.web.conftest import PASSWORD
from tests.web.doors import SLOW, running
from tests.web.test_gaps_page import add_gap
from web.app import create_app

pytestmark = pytest.mark.browser

PATIENT = 1000 * SLOW  # ms


@pytest.fixture
def db(trained):
    db = trained.database()
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    yield db
    db.close()


@pytest.fixture
def unlinked(db):
    """Three answered inquiries whose answers linked nothing, as a gap."""
    sql = "SELECT id FROM inquiries WHERE answer_id IS NOT NULL ORDER BY id LIMIT 3"
    ids = [row["id"] for row in db.query(sql)]
    db.execute(f"DELETE FROM labels WHERE inquiry_id IN ({ids[0]}, {ids[1]}, {ids[2]})")
    db.conn.commit()
    add_gap(db, ids)
    return ids


@pytest.fixture
def guarded_app(trained, unlinked):
    """The console over the trained desk; its recommender is the real one."""
    return create_app(trained)


@pytest.fixture
def page(context, address, trained):
    page = context.new_page()
    sign_in(page, address, "ada")
    with running(trained, "worker"):
        yield page


def test_from_training_to_the_printed_week(page, address, trained, db, unlinked):
    before = current(trained.models).name
    _train(page)
    _publish_and_roll_back(page, trained, before)
    _tune(page, db)
    _merge(page, address, db)
    _make_of_a_gap(page, db, unlinked)
    _read_the_map(page)
    _print_the_week(page)


def _to(page, place, tab=None):
    page.get_by_role("navigation", name="주 메뉴").get_by_role("link", name=place).click()
    if tab:
        page.locator(".place-tabs").get_by_role("link", name=tab, exact=True).click()


def _train(page):
    """In the background, with progress and a log, to its end."""
    _to(page, "모델")
    page.get_by_role("button", name="지난 답변으로 학습").click()
    expect(page).to_have_url(re.compile(r"/jobs/\d+$"))
    expect(page.locator(".state")).to_have_text("완료", timeout=PATIENT)
    expect(page.locator("[data-log]")).not_to_be_empty()


def _publish_and_roll_back(page, trained, before):
    """Put the one that is not in force in its place, and take that back by one click."""
    live = current(trained.models).name
    _to(page, "모델", "모델")
    names = page.locator(".releases .name").all_text_contents()
    assert len(names) == 2
    assert before in names
    other = next(name for name in names if name != live)
    page.get_by_role("link", name=other).first.click()
    reason = page.get_by_label("그래도 사용하려는 이유")
    if reason.count():
        reason.fill("사람이 보고 정했어요.")
        page.get_by_role("button", name="그래도 사용하기").click()
    else:
        page.get_by_text("사용하기", exact=True).click()
        page.get_by_role("button", name="네, 진행할게요").click()
    expect(page.locator(".flash")).to_contain_text(other)
    assert current(trained.models).name == other
    page.get_by_role("button", name="이전 모델로 되돌리기").click()
    expect(page.locator(".flash")).to_contain_text(live)
    assert current(trained.models).name == live


def _tune(page, db):
    """Say what one wrong costs, let it pick, put it in force."""
    _to(page, "모델", "기준")
    page.get_by_label("틀린 추천 하나는").fill("4")
    page.get_by_role("button", name="기준값 고르기").click()
    expect(page.locator("#threshold")).not_to_have_value("")
    page.get_by_role("button", name="사용하기").click()
    expect(page.locator(".flash")).to_contain_text("이제 이 기준값을 사용해요")
    assert settings.load(db).likely_threshold is not None


def _merge(page, address, db):
    """Two that say one thing become one; its inquiries follow."""
    goes, stays = (
        row["slug"]
        for row in db.query("SELECT slug FROM labels GROUP BY slug ORDER BY count(*) DESC LIMIT 2")
    )
    _to(page, "FAQ")
    page.locator("#q").fill(faqs.get(db, goes).title)
    page.locator("#q").press("Enter")
    page.get_by_role("link", name=faqs.get(db, goes).title).first.click()
    page.get_by_role("link", name="합치기").click()
    page.get_by_role("combobox").fill(faqs.get(db, stays).title)
    expect(page.get_by_role("option").first).to_contain_text(faqs.get(db, stays).title)
    page.keyboard.press("Enter")
    expect(page.locator(".merge-what")).to_be_visible()
    page.get_by_role("button", name="합치기").click()
    expect(page.locator("h1")).to_have_text(faqs.get(db, stays).title)
    assert faqs.aliases(db)[goes] == stays
    assert not scalar(db, "SELECT count(*) FROM labels WHERE slug = ?", [goes])


def _make_of_a_gap(page, db, unlinked):
    """What was asked without an FAQ gets one."""
    _to(page, "FAQ", "빠진 FAQ")
    page.locator(".row-link").first.click()
    page.get_by_label("제목", exact=True).fill("닉네임 바꾸기")
    page.get_by_label("링크에 쓰는 이름").fill("nickname")
    page.get_by_role("button", name="FAQ로 만들기").click()
    expect(page.locator(".flash")).to_contain_text("배우기 시작해요")
    assert inquiries.labels(db, unlinked) == dict.fromkeys(unlinked, ("nickname",))


def _read_the_map(page):
    """Laid out in the background; what is in view is read."""
    _to(page, "FAQ", "지도")
    page.locator(".map-empty button").click()
    page.wait_for_selector("#map[data-ready]", timeout=PATIENT)
    page.get_by_role("button", name="보이는 문의 읽기").click()
    expect(page.locator(".region-rows li").first).to_be_visible()


def _print_the_week(page):
    _to(page, "주간")
    expect(page.locator("h1")).to_be_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
