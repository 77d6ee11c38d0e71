"""People in a real browser: invited, joined, a second factor, signed in by it, signed out."""

import re

import pyotp
import pytest
from playwright.sync_api import expect

from support import agents, settings
from tests.conftest import ACTOR
from tests.web.browser import sign_in
from tests.web.conftest import PASSWORD

pytestmark = pytest.mark.browser

NEW = "네 낱말을 길게 이어서"


@pytest.fixture
def admin(context, address, db):
    agents.add(db, ACTOR, login="ada", name="에이다", role="admin", password=PASSWORD)
    page = context.new_page()
    sign_in(page, address, "ada")
    return page


@pytest.fixture
def other(browser):
    """A second person's browser, with its own cookies."""
    wrong = []
    context = browser.new_context(locale="ko-KR", viewport={"width": 390, "height": 844})
    context.set_default_timeout(20_000)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda line: "Policy" in line.text and wrong.append(line.text))
    yield context.new_page()
    context.close()
    assert wrong == []


def test_from_the_invitation_to_signing_out_everywhere(admin, other, address, db):
    admin.goto(f"{address}/people")
    admin.get_by_text("초대하기").click()
    admin.get_by_label("이름").fill("한준")
    admin.get_by_label("역할").select_option("lead")
    admin.get_by_role("button", name="링크 만들기").click()
    admin.get_by_role("button", name="복사", exact=True).click()
    expect(admin.locator("#said")).to_have_text("복사했어요.")
    link = admin.evaluate("navigator.clipboard.readText()")
    assert link == admin.locator("#link").input_value()

    other.goto(link)
    other.get_by_label("아이디").fill("joon")
    other.get_by_label("비밀번호", exact=True).fill(NEW)
    other.get_by_label("비밀번호 다시").fill(NEW)
    other.get_by_role("button", name="합류하기").click()
    expect(other.locator("h1")).to_have_text("내 계정")
    other.get_by_label("어둡게").check()
    expect(other.locator("html")).to_have_attribute("data-bs-theme", "dark")

    factor = other.locator("#factor")
    factor.locator("summary", has_text="2단계 인증 설정").click()
    factor.get_by_label("비밀번호").fill(NEW)
    factor.get_by_role("button", name="설정하기").click()
    drawn = other.get_by_role("img", name="QR")
    assert drawn.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    phone = pyotp.TOTP(other.locator(".secret code").inner_text().replace(" ", ""))
    other.get_by_label("여섯 자리 코드").fill("000")
    other.get_by_role("button", name="켜기").click()
    expect(other.locator(".trouble")).to_contain_text("코드가 맞지 않아요")
    used = phone.now()
    other.get_by_label("여섯 자리 코드").fill(used)
    other.get_by_role("button", name="켜기").click()
    codes = other.locator(".codes code")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    with other.expect_download() as download:
        other.get_by_role("link", name="내려받기").click()
    assert recovery in download.value.path().read_text(encoding="utf-8")
    other.get_by_role("link", name="보관했어요").click()
    expect(other.locator("#factor .state")).to_have_text("켬")
    assert other.evaluate("document.documentElement.scrollWidth") <= 390

    other.locator("summary", has_text="한준").click()
    other.get_by_role("button", name="로그아웃").last.click()
    other.get_by_label("아이디").fill("joon")
    other.get_by_label("비밀번호").fill(NEW)
    other.get_by_role("button", name="로그인").click()
    expect(other.get_by_label("여섯 자리 코드")).to_be_focused()
    other.get_by_label("여섯 자리 코드").fill(used)  # it counted once already
    other.get_by_role("button", name="로그인").click()
    expect(other.locator(".flash")).to_contain_text("코드가 맞지 않아요")
    other.get_by_text("휴대폰이 없나요?").click()
    other.get_by_label("복구 코드").fill(recovery)
    other.get_by_role("button", name="로그인").click()
    expect(other.locator(".who .name")).to_have_text("한준")

    admin.goto(f"{address}/people")
    admin.get_by_role("link", name="한준").click()
    expect(admin.locator(".facts-list")).to_contain_text("남은 복구 코드 9개")
    admin.get_by_role("button", name="모두 로그아웃").click()
    expect(admin.locator(".flash")).to_contain_text("로그인 1개를 끝냈어요")
    other.goto(f"{address}/account")
    expect(other.locator("h1")).to_have_text("로그인")


def test_settings_count_what_changed_and_tell_what_deleting_deletes(admin, address, db):
    db.execute("UPDATE inquiries SET closed_at = '2020-01-01T00:00:00Z' WHERE status = 'answered'")
    db.conn.commit()
    admin.goto(f"{address}/settings")
    admin.get_by_label("추천 최대 개수").fill("12")
    expect(admin.locator("#changed")).to_have_text("저장하지 않은 변경: 1")
    admin.get_by_label("종결 문의 보관 기간").fill("365")
    expect(admin.locator("#due")).to_contain_text("5건")
    admin.keyboard.press("Enter")
    expect(admin.locator("#trouble-top_k")).to_contain_text("1에서 9 사이")
    expect(admin.locator(".ask")).to_contain_text("5건")
    row = admin.locator("#setting-top_k")
    row.get_by_role("button", name="기본값으로").click()
    expect(admin.get_by_label("추천 최대 개수")).to_have_value("3")
    admin.get_by_label("네, 지울게요").check()
    admin.get_by_role("button", name="저장").first.click()
    expect(admin.locator(".flash")).to_have_text("1개를 저장했어요.")
    assert settings.load(db).inquiries_days == 365
    admin.get_by_role("link", name="감사 기록").click()
    first = admin.locator(".audit-rows li").first
    expect(first).to_contain_text(re.compile("설정 변경.*종결 문의 보관 기간.*0 → 365", re.DOTALL))
