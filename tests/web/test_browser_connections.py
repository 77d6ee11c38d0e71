"""Connecting a helpdesk in a browser, and an answer that did not go out, sent again."""

import pytest
from playwright.sync_api import expect

from support import agents, connections
from support.database import scalar
from tests.conftest import ACTOR
from tests.helpdesks import helpdesk
from tests.web.browser import enter
from tests.web.conftest import PASSWORD
from tests.web.connected import connected
from tests.web.test_browser_axe import BAD, DESK, PHONE, SCROLLS, Axe

pytestmark = pytest.mark.browser


@pytest.fixture
def admins(context, guarded_app, address, db):
    """A page of somebody who may connect."""
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    enter(context, guarded_app, address, "ada")
    return context.new_page()


def hold_up(page):
    """Nothing serious for axe, no sideways scrolling on a phone."""
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [item["id"] for item in found if item["impact"] in BAD] == []
        assert page.evaluate(SCROLLS) <= 0


def test_an_admin_connects_copies_the_address_tries_it_out_and_ends_it(
    space, db, address, context, admins
):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = admins
    with helpdesk("zammad") as desk:
        page.goto(address + "/connections")
        page.locator(".jobs-head summary").click()
        page.get_by_role("link", name="Zammad").click()
        page.locator("#address").fill(desk.address)
        page.locator("#token").fill("t0ken")
        page.get_by_role("button", name="연결", exact=True).click()
        expect(page.locator("[role=alert]")).to_contain_text("https")
        page.locator("#token").fill("t0ken")
        page.locator("[name=private]").check()
        hold_up(page)
        page.get_by_role("button", name="연결", exact=True).click()
        kept = connections.access(db, space.seal(), 1)
        expect(page.get_by_role("textbox", name="웹훅 비밀 값")).to_have_value(kept.secret)
        hold_up(page)
        page.set_viewport_size(DESK)
        page.locator("[data-copy*=webhooks]").click()
        expect(page.locator("#said")).to_have_text("복사했어요.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == f"{address}/api/v1/webhooks/zammad"
        page.get_by_role("button", name="시험해 보기").click()
        expect(page.locator(".steps-tried")).to_contain_text("bot@example.com")
        page.get_by_text("연결 끝내기").click()
        page.get_by_role("button", name="완전히 끝내기").click()
        expect(page.locator(".flash")).to_contain_text("키를 지웠어요")
    assert connections.get(db, "zammad").ended_at


def test_what_did_not_go_out_is_found_in_the_inbox_and_sent_again(space, db, address, page):
    failed, waits = connected(space, db)
    page.goto(address)
    tab = page.locator(".scopes [data-when-any]")
    expect(tab).to_contain_text("1")
    tab.click()
    expect(page.locator("#waiting li")).to_have_count(1)
    hold_up(page)
    page.set_viewport_size(DESK)
    page.locator("#waiting a").click()
    expect(page.locator(".undelivered")).to_contain_text("404")
    page.get_by_role("button", name="다시 보내기").click()
    expect(page.locator(".flash")).to_contain_text("보내고 있어요")
    sql = "SELECT state FROM outbox WHERE inquiry_id = ?"
    assert scalar(db, sql, [failed]) == "queued"
    page.goto(f"{address}/inquiries/{waits}")
    page.get_by_role("button", name="포기").click()
    expect(page.locator(".undelivered")).to_contain_text("사람이 포기했어요")
    assert scalar(db, sql, [waits]) == "failed"
