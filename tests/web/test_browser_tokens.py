"""Tokens in a real browser: made, copied, used, revoked; and the API's own page, by keys alone."""

import pytest
from playwright.sync_api import expect

from support import agents
from tests.conftest import ACTOR
from tests.web.browser import sign_in
from tests.web.conftest import PASSWORD
from tests.web.test_browser_axe import CONTRAST, PHONE, SCROLLS, trouble

pytestmark = pytest.mark.browser


@pytest.fixture
def admin(context, address, db):
    agents.add(db, ACTOR, login="ada", name="에이다", role="admin", password=PASSWORD)
    page = context.new_page()
    sign_in(page, address, "ada")
    return page


def test_a_token_is_made_copied_used_and_revoked(admin, address):
    admin.goto(f"{address}/tokens")
    admin.locator("summary", has_text="토큰 만들기").click()
    admin.get_by_label("어느 프로그램에서 쓰나요").fill("밤 배치")
    admin.get_by_label("추천이 어떻게 되었는지 알려요.").check()
    admin.get_by_label("유효 기간").select_option("30")
    admin.get_by_role("button", name="토큰 만들기").click()
    made = admin.get_by_role("status", name="새 토큰")
    expect(made).to_contain_text("밤 배치")
    made.get_by_role("button", name="복사").click()
    expect(admin.locator("#said")).to_have_text("복사했어요.")
    secret = admin.evaluate("navigator.clipboard.readText()")
    assert secret == admin.locator("#secret").input_value()

    def ask():
        head = {"Authorization": f"Bearer {secret}"}
        return admin.request.post(
            f"{address}/api/v1/suggestions", data={"text": "환불"}, headers=head
        )

    assert ask().status == 200
    admin.goto(f"{address}/tokens")
    row = admin.locator(".token-rows li", has_text="밤 배치")
    expect(row).to_contain_text("초 전 사용")
    assert secret not in admin.content()
    row.locator("summary", has_text="취소").click()
    row.get_by_role("button", name="네, 진행할게요").click()
    expect(admin.locator(".flash")).to_contain_text("쓸 수 없어요")
    assert ask().status == 401
    admin.locator("summary", has_text="끝난 토큰").click()
    expect(admin.locator(".token-rows li", has_text="밤 배치")).to_be_visible()


def test_the_apis_page_is_read_by_keys_alone(page, address):
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/api/v1/docs")
    call = page.locator("summary", has_text="POST /api/v1/suggestions").first
    fields = page.locator("#post-suggestions")
    expect(fields).to_be_hidden()
    call.focus()
    page.keyboard.press("Enter")
    expect(fields).to_be_visible()
    assert page.evaluate(SCROLLS) == 0
    page.goto(f"{address}/api/v1/docs#get-metrics")
    expect(page.locator("#get-metrics")).to_be_visible()  # a link into it opens it


def test_what_is_opened_is_readable_by_all_light_and_dark(admin, address):
    admin.goto(f"{address}/tokens")
    admin.locator("summary", has_text="토큰 만들기").click()
    admin.get_by_label("어느 프로그램에서 쓰나요").fill("밤 배치")
    admin.get_by_role("button", name="토큰 만들기").click()
    expect(admin.locator("#secret")).to_be_visible()
    for path in ("", "/api/v1/docs"):
        if path:
            admin.goto(address + path)
        admin.evaluate(
            "for (const one of document.querySelectorAll('main details')) one.open = true"
        )
        for scheme in ("light", "dark"):
            admin.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert trouble(admin, CONTRAST if scheme == "dark" else None) == []
        admin.set_viewport_size(PHONE)
        assert admin.evaluate(SCROLLS) == 0
