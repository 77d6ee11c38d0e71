"""Releases moved by hand in a real browser, on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import expect

from support import agents
from support.releases import current
from tests.conftest import ACTOR
from tests.web.browser import sign_in
from tests.web.conftest import PASSWORD
from tests.web.test_models_page import judged_releases

pytestmark = pytest.mark.browser


@pytest.fixture
def page(context, address, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    page = context.new_page()
    sign_in(page, address, "ada")
    return page


def test_a_release_is_put_in_force_and_taken_back_after_a_question(page, space, db):
    _, second, candidate = judged_releases(space, db)
    page.get_by_role("link", name="모델", exact=True).click()
    page.get_by_role("link", name=candidate).click()
    expect(page.get_by_role("row", name="첫 번째 FAQ가 맞음").first).to_contain_text("-25.0%p")
    drawn = page.get_by_role("img", name="말한 확률과 실제로 맞은 비율")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.get_by_text("사용하기").click()
    assert current(space.models).name == second  # asked first
    page.get_by_role("button", name="네, 진행할게요").click()
    expect(page.locator(".flash")).to_contain_text(candidate)
    assert current(space.models).name == candidate
    page.get_by_text("이전 모델로 되돌리기").click()
    page.get_by_role("button", name="네, 진행할게요").click()
    expect(page.locator(".flash")).to_contain_text(second)
    assert current(space.models).name == second
    page.get_by_role("button", name="지난 답변으로 학습").click()
    expect(page).to_have_url(re.compile(r"/jobs/\d+$"))


@pytest.mark.parametrize("where", ["", "/{}"])
def test_nothing_hangs_over_the_edge_of_a_phone(page, address, space, db, where):
    names = judged_releases(space, db)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}/models{where.format(names[2])}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
