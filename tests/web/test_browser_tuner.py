"""The tuner and the printed week in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from support import agents, settings, tuning, tuning_changes
from tests.conftest import ACTOR
from tests.web.browser import sign_in
from tests.web.conftest import PASSWORD
from web.app import create_app

pytestmark = pytest.mark.browser


@pytest.fixture
def db(trained):
    db = trained.database()
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    yield db
    db.close()


@pytest.fixture
def guarded_app(trained, db):
    """The console over the trained desk; its recommender is the real one."""
    return create_app(trained)


@pytest.fixture
def page(context, address):
    page = context.new_page()
    sign_in(page, address, "ada")
    return page


@pytest.fixture
def ground(trained, db):
    return tuning.ground(trained, db)


def told(promise):
    """Counts as the page writes them."""
    return re.compile(rf"{promise.n}건 중 {promise.right}건".replace(" ", r"\s"))


def serious(page):
    found = Axe().run(page).response["violations"]
    return [item["id"] for item in found if item["impact"] in ("serious", "critical")]


def test_the_slider_moves_the_figures_and_what_is_put_in_force_is_followed(
    page, address, db, ground, guarded_app
):
    page.get_by_role("link", name="모델", exact=True).click()
    page.get_by_role("link", name="기준", exact=True).click()
    slide = page.get_by_role("slider")
    expect(page.get_by_role("button", name="사용하기")).to_be_disabled()
    slide.focus()
    slide.press("Home")
    lowest = ground.curve()[0]
    shown, right = (page.locator(f"[data-figure={name}]") for name in ("shown", "right"))
    expect(shown).to_contain_text(told(lowest.coverage))
    moved = tuning_changes.moved(ground, lowest.threshold)
    new = page.locator("[data-moves=shown]")
    expect(new).to_contain_text(f"새로 보여 줌 {moved.shown_right + moved.shown_wrong}건")
    expect(new.locator("li").first.get_by_role("link")).to_have_attribute(
        "href", re.compile(r"/inquiries/\d+")
    )
    dot = page.locator(".dot.tried")
    before = dot.get_attribute("cx")
    for _ in range(5):
        slide.press("ArrowRight")
    sixth = ground.curve()[5]
    expect(shown).to_contain_text(told(sixth.coverage))
    expect(right).to_contain_text(told(sixth.promise))
    assert dot.get_attribute("cx") != before
    expect(page.locator("#threshold")).to_have_value(f"{sixth.threshold:.4f}")
    page.locator("#threshold").fill("0.9345")
    exact = ground.trial(0.9345)
    expect(shown).to_contain_text(told(exact.coverage))
    expect(page.locator("[data-at]")).to_have_text("0.9345")
    assert "0.9345" in page.url
    assert serious(page) == []

    page.get_by_label("틀린 추천 하나는").fill("4")
    page.get_by_role("button", name="기준값 고르기").click()
    picked = ground.pick(4).point
    expect(page.locator("#threshold")).to_have_value(f"{picked.threshold:.4f}")
    expect(shown).to_contain_text(told(picked.coverage))
    page.get_by_role("button", name="사용하기").click()
    expect(page.locator(".flash")).to_contain_text("이제 이 기준값을 사용해요")
    kept = settings.load(db)
    assert (kept.likely_threshold, kept.wrong_costs) == (round(picked.threshold, 4), 4)

    # A threshold of 1 silences every Likely suggestion of the running desk, and back.
    recommender = guarded_app.extensions["faqdesk"].recommender
    sql = "SELECT text FROM inquiries WHERE status = 'open'"
    texts = [row["text"] for row in db.query(sql)]
    likely = next(t for t in texts if recommender.suggest(db, t).band == "likely")
    slide.press("End")
    expect(page.locator("[data-at]")).to_have_text("1.00")
    expect(page.locator("[data-moves=silent]")).to_be_visible()
    page.get_by_role("button", name="사용하기").click()
    expect(page.get_by_text("1.00 사람이 모든 FAQ에 정함")).to_be_visible()
    assert recommender.suggest(db, likely).band != "likely"
    page.get_by_role("button", name="모델이 고른 값으로 되돌리기").click()
    expect(page.get_by_text("모델이 고름")).to_be_visible()
    assert settings.load(db).likely_threshold == 0


def test_one_faq_is_chosen_and_kept_from_being_shown_without_javascript(
    browser, page, address, db, ground
):
    line = tuning.by_faq(db, ground, 3)[0]
    cookies = page.context.cookies()
    context = browser.new_context(locale="ko-KR", java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(f"{address}/models/thresholds")
    expect(plain.get_by_role("slider")).to_have_count(0)
    plain.get_by_label("어느 FAQ에").fill(line.title)
    plain.get_by_label("기준값 (0~1)").fill("0.9")
    plain.get_by_role("button", name="결과 보기").click()
    expect(
        plain.get_by_role("heading", name=f"이 FAQ가 1위였던 문의: {line.title}")
    ).to_be_visible()
    expect(plain.locator("[data-at]")).to_have_text("0.90")
    plain.get_by_role("link", name="이 FAQ를 유력한 추천으로 보여 주지 않으면").click()
    plain.get_by_role("button", name="사용하기").click()
    expect(plain.locator(".own")).to_contain_text("보여 주지 않음")
    assert settings.load(db).faq_thresholds == (f"{line.slug}=never",)
    context.close()


def test_the_week_is_printed_on_two_pages_without_what_is_clicked(page, address, db):
    people = [
        agents.add(db, ACTOR, login=f"p{n}", name=f"P{n}", role="agent").id for n in range(24)
    ]
    fill_a_week(db, people)
    page.goto(f"{address}/week?day=2026-03-02")
    assert serious(page) == []
    expect(page.get_by_role("button", name="인쇄")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (".bar", ".steps", ".takes", "[data-prints]"):
        expect(page.locator(gone).first).to_be_hidden()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = page.locator("h1").evaluate("head => getComputedStyle(head).color")
    assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
    expect(page.locator(".faqs tbody tr").nth(11)).to_be_visible()
    expect(page.locator(".agents tbody tr").nth(20)).to_be_hidden()
    expect(page.locator(".agents .only-print")).to_have_text("24개 중 처음 20개")
    printed = page.pdf(prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2


def fill_a_week(db, people):
    """Every answered inquiry of the desk is one of that week: many FAQs, every figure there."""
    rows = list(db.query("SELECT id FROM inquiries WHERE status = 'answered' LIMIT 120"))
    for place, row in enumerate(rows):
        at = f"2026-03-0{2 + place % 7}T03:20:00Z"
        message = {
            "inquiry_id": row["id"],
            "source_id": "w",
            "role": "agent",
            "agent_id": people[place % 24],
        }
        answer = db["messages"].insert(message | {"text": "답", "at": at}).last_pk
        opened = at.replace("20:", f"{place % 20:02}:")
        db["inquiries"].update(
            row["id"], {"answer_id": answer, "answered_at": at, "opened_at": opened}
        )
        db.execute("UPDATE labels SET origin = 'sent' WHERE inquiry_id = ?", [row["id"]])
        sent = next(db.query("SELECT slug FROM labels WHERE inquiry_id = ?", [row["id"]]), None)
        shown = {"id": f"w{place}", "inquiry_id": row["id"], "asked_by": "agent:1"}
        release = "r-old" if place % 2 else "r-new"
        db["suggestions"].insert(
            shown | {"band": "likely", "reason": "", "release": release, "at": at}
        )
        slug = sent["slug"] if sent and place % 4 else "elsewhere"
        faq = {"suggestion_id": f"w{place}", "rank": 1, "slug": slug, "probability": 0.9}
        db["suggestion_faqs"].insert(faq | {"outcome": "accepted", "reason": ""})
    db.conn.commit()
