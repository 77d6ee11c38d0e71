"""Releases moved by hand in a real browser, on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import expect

from support import agents, releases
from support.releases import current
from tests.conftest import ACTOR
from tests.support.parts import write_part
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


def test_a_release_is_put_in_force_after_a_question_and_taken_back_in_one_click(page, space, db):
    _, second, candidate = judged_releases(space, db)
    unjudged = releases.store(space, db, write_part(space, "v9"), actor=ACTOR).name
    page.get_by_role("link", name="모델", exact=True).first.click()
    page.get_by_role("link", name=candidate).click()
    expect(page.get_by_role("row", name="첫 번째 FAQ가 맞음").first).to_contain_text("-25.0%p")
    drawn = page.get_by_role("img", name="말한 확률과 실제로 맞은 비율")
    expect(drawn).to_be_visible()
    expect(drawn.locator("circle title")).to_have_text("말한 확률 75%: 60건 중 21건 맞음")
    page.get_by_label("그래도 사용하려는 이유").fill("채팅은 이제 안 받아요.")
    page.get_by_role("button", name="그래도 사용하기").click()
    expect(page.locator(".flash")).to_contain_text(candidate)
    assert current(space.models).name == candidate
    page.get_by_role("button", name="이전 모델로 되돌리기").click()
    expect(page.locator(".flash")).to_contain_text(second)
    assert current(space.models).name == second
    page.get_by_role("link", name=unjudged).first.click()
    page.get_by_text("사용하기", exact=True).click()
    assert current(space.models).name == second  # asked first
    page.get_by_label("이유 (선택)").fill("배송 문의에 더 나아요.")
    page.get_by_role("button", name="네, 진행할게요").click()
    expect(page.locator(".flash")).to_contain_text(unjudged)
    assert current(space.models).name == unjudged
    page.get_by_role("button", name="지난 답변으로 학습").click()
    expect(page).to_have_url(re.compile(r"/jobs/\d+$"))


@pytest.mark.parametrize("where", ["", "/{}", "/compare", "/{}/differences"])
def test_nothing_hangs_over_the_edge_of_a_phone(page, address, space, db, where):
    names = judged_releases(space, db)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}/models{where.format(names[2])}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
