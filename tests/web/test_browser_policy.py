"""Policies in a real browser: the bound is read, and sliders show what they would hide."""

import re

import pytest
from playwright.sync_api import expect

from listings.moderation import policy_store
from tests.listings.moderation.model_desk import held_out, rows, write_model
from tests.web.browser import sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def page(context, address, space, db):
    evidence = rows(700, 150) + [held_out("pro_ads", 0.7) for _ in range(50)]
    write_model(space, db, evidence)
    page = context.new_page()
    sign_in(page, address, "sujin")
    return page


def move(page, name, value):
    """Drag a slider, as far as the page can tell."""
    page.locator(f"#{name}").evaluate(
        "(slider, value) => { slider.value = value;"
        " slider.dispatchEvent(new Event('input', {bubbles: true})) }",
        str(value),
    )


def test_a_slider_that_moves_changes_the_counts_and_what_is_kept_goes_in_force(page, address, db):
    page.get_by_role("link", name="심사", exact=True).click()
    page.get_by_role("link", name="정책", exact=True).click()
    page.get_by_role("link", name="기준값 시험하기").click()
    expect(page.locator("#piece")).to_contain_text("문제 상품의 비율을 알 수 없어요")
    hidden = page.locator('[data-hidden="pro_ads"]')
    proven = page.locator("#piece .proven")
    page.get_by_label("전체 상품 중 문제 비율(%)").fill("10")
    page.get_by_role("button", name="제안된 값으로 되돌리기").click()
    expect(hidden).to_have_text("200")
    expect(proven).to_contain_text("정상 상품 700건 중 숨긴 것은 없어요")
    expect(proven).to_contain_text("많아야 0.43%")
    move(page, "hide-pro_ads", 0.9)
    expect(hidden).to_have_text("150")
    expect(page.locator("output[for=hide-pro_ads]")).to_have_text("0.90")
    page.locator("#hide-pro_ads").press("ArrowRight")
    expect(page.locator("output[for=hide-pro_ads]")).to_have_text("0.91")
    switch = page.get_by_role("checkbox", name="숨김 기준").first
    switch.uncheck()
    expect(hidden).to_have_text("0")
    expect(page.locator("output[for=hide-pro_ads]")).to_have_text("끔")
    switch.check()
    expect(hidden).to_have_text("150")
    for label in ("counterfeit", "alcohol_tobacco", "animals"):
        page.locator(f"[name=hide-{label}-on]").uncheck()
    expect(page.locator("#hide-legal")).to_have_count(0)
    page.get_by_label("메모").fill("광고만")
    page.get_by_role("button", name="새 정책으로 저장").click()
    expect(page.locator(".flash")).to_contain_text("저장했어요")
    kept = policy_store.policies(db)[0]
    assert kept.policy.of("pro_ads").hide == 0.91
    assert kept.policy.of("animals").hide is None
    assert (kept.note, kept.evidence["base"]["stated"]) == ("광고만", 0.1)
    page.get_by_role("button", name="지난 결정에 대어 보기").click()
    expect(page.locator(".flash")).to_contain_text("200건 나아짐, 0건 나빠짐")
    page.get_by_text("시험 운영하기").click()
    page.get_by_label("이유").locator("visible=true").fill("일단 지켜봐요")
    page.get_by_role("button", name="네, 진행할게요").locator("visible=true").click()
    expect(page.locator(".state")).to_have_text("시험 중")
    assert policy_store.in_mode(db, "shadow").version == kept.version


def test_nothing_hangs_over_the_edge_of_a_phone(page, address):
    page.goto(f"{address}/moderation/policy")
    page.get_by_role("button", name="정책 제안받기").click()
    expect(page.locator("h1")).to_have_text(re.compile(r"p1-"))
    name = page.locator("h1").text_content()
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("policy", "policy/tune?problems=10", f"policy/{name}", "figures"):
        page.goto(f"{address}/moderation/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_without_javascript_a_button_shows_the_same(browser, page, address):
    cookies = page.context.cookies()
    context = browser.new_context(locale="ko-KR", java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(f"{address}/moderation/policy/tune?problems=10")
    expect(plain.locator('[data-hidden="pro_ads"]')).to_have_text("200")
    plain.locator("[name=hide-pro_ads-on]").uncheck()
    plain.get_by_role("button", name="결과 보기").click()
    expect(plain.locator('[data-hidden="pro_ads"]')).to_have_text("0")
    plain.get_by_role("button", name="새 정책으로 저장").click()
    expect(plain.locator("h1")).to_have_text(re.compile(r"p1-"))
    context.close()
