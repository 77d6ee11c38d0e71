"""The console as a person uses it: mouse, keys, two windows, a phone."""

import re

import pytest
from playwright.sync_api import expect

from support import answering
from support.audit import Actor
from support.database import one, scalar
from tests.web.browser import (
    chromium,
    draft,
    key,
    saved,
    served,
    sign_in,
    type_around_the_cursor,
)

pytestmark = pytest.mark.browser

LINK = "인증번호가 오지 않아요\nhttps://help.example.com/ko/faq/code-missing"
SHIFT, ALT = 8, 1  # as Chromium's protocol counts them


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def address(guarded_app):
    with served(guarded_app) as found:
        yield found


@pytest.fixture
def context(browser, address):
    context = browser.new_context(locale="ko-KR", viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context, address):
    """A signed-in page; fails the test where a script broke or broke the policy."""
    wrong = []
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: "Security Policy" in line.text and wrong.append(line.text))
    page.on("dialog", lambda dialog: wrong.append(dialog.message) or dialog.dismiss())
    sign_in(page, address)
    yield page
    assert wrong == []


def test_from_signing_in_to_finding_the_answer(page, address, db, ids):
    page.get_by_role("link", name=re.compile("인증번호가 아예")).click()
    type_around_the_cursor(page, "안녕하세요.", "\n감사합니다.")
    page.get_by_role("button", name="넣기 1", exact=True).click()
    with_link = f"안녕하세요.\n{LINK}\n감사합니다."
    assert draft(page) == with_link
    past = page.locator(".card-past [data-insert]").first.get_attribute("data-insert")
    page.keyboard.press("Alt+Shift+Digit1")
    with_both = f"안녕하세요.\n{LINK}\n{past}\n감사합니다."
    assert draft(page) == with_both
    page.keyboard.press("Control+z")
    assert draft(page) == with_link
    page.keyboard.press("Control+Shift+z")
    assert draft(page) == with_both
    saved(page)
    page.reload()
    assert draft(page) == with_both
    page.locator("#text").press("Control+End")
    page.keyboard.type("\n무지개빛 끝인사")
    page.get_by_role("button", name="저장하고 복사").click()
    expect(page.locator(".flash")).to_contain_text("새로 배운 FAQ: 인증번호가 오지 않아요")
    expect(page).to_have_url(f"{address}/inquiries/{ids['o2']}")
    label = one(db, "SELECT slug, origin FROM labels WHERE inquiry_id = ?", [ids["o1"]])
    assert label == {"slug": "code-missing", "origin": "sent"}
    row = one(db, "SELECT * FROM suggestion_faqs WHERE slug = 'code-missing'")
    assert row["outcome"] == "accepted"
    assert row["inserted_at"]
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("\r\n", "\n") == with_both + "\n무지개빛 끝인사"
    page.get_by_role("link", name="검색").click()
    page.get_by_role("searchbox").fill("무지개빛")
    page.keyboard.press("Enter")
    expect(page.locator("#words-title + ol")).to_contain_text("무지개빛 끝인사")


def test_a_selection_is_not_replaced_and_taking_back_is_noted(page, address, db, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    page.locator("#text").fill("쓰던 글")
    page.keyboard.press("Control+a")
    with page.expect_response("**/inserted"):
        page.locator("[data-key='1']").click()
    assert draft(page) == f"쓰던 글\n{LINK}\n"
    sql = "SELECT inserted_at FROM suggestion_faqs WHERE slug = 'code-missing'"
    assert scalar(db, sql)
    with page.expect_response("**/inserted"):
        page.keyboard.press("Control+z")
    assert draft(page) == "쓰던 글"
    assert scalar(db, sql) is None


def test_keys_work_in_hangul_mode(page, address, ids):
    key(page, "ㅓ", "KeyJ")
    key(page, "ㅓ", "KeyJ")
    key(page, "ㅏ", "KeyK")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/inquiries/{ids['o1']}")
    key(page, "ㅓ", "KeyJ")
    page.wait_for_url(f"{address}/inquiries/{ids['o2']}")
    key(page, "ㅏ", "KeyK")
    page.wait_for_url(f"{address}/inquiries/{ids['o1']}")
    key(page, "ㅂ", "Digit1")
    assert draft(page) == LINK + "\n"
    page.locator("#text").fill("")
    key(page, "2", "Digit2")
    assert draft(page) == ""  # typing inside a field is typing
    page.locator("#text").evaluate(
        """field => field.dispatchEvent(new KeyboardEvent("keydown", {
            key: "Process", code: "Digit1", altKey: true, isComposing: true, bubbles: true}))"""
    )
    assert draft(page) == LINK + "\n"
    page.keyboard.press("Escape")
    key(page, "?", "Slash", modifiers=SHIFT)
    expect(page.get_by_role("dialog", name="단축키")).to_be_visible()
    key(page, "ㅂ", "Digit1")
    assert draft(page) == LINK + "\n"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_any_faq_is_found_and_inserted_by_keys_alone(page, address, ids):
    page.goto(f"{address}/inquiries/{ids['o4']}")
    type_around_the_cursor(page, "앞", "뒤")
    key(page, "/", "Slash", modifiers=ALT)
    box, options = page.get_by_role("combobox"), page.get_by_role("option")
    expect(box).to_be_focused()
    expect(options).to_have_count(3)  # nothing typed: the most used
    page.keyboard.type("환불")
    expect(options).to_have_count(1)
    expect(options).to_have_attribute("aria-selected", "true")
    box.evaluate(
        """field => field.dispatchEvent(new KeyboardEvent("keydown", {
            key: "Enter", code: "Enter", isComposing: true, bubbles: true}))"""
    )
    assert draft(page) == "앞뒤"  # that Enter ended a syllable
    page.keyboard.press("Enter")
    assert draft(page) == "앞\n환불을 받고 싶어요\nhttps://help.example.com/ko/faq/refund\n뒤"
    key(page, "/", "Slash", modifiers=ALT)
    expect(options).to_have_count(3)
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()


def test_masks_are_shown_and_asked_about(page, address, db, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    page.locator(".card-past", has_text="전화 주세요").get_by_role("button", name="넣기").click()
    expect(page.locator("#masks")).to_contain_text("[전화번호]")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("먼저 확인란을")
    expect(page.get_by_label("이대로 보내기")).to_be_focused()
    assert scalar(db, "SELECT count(*) FROM outbox") == 0
    page.keyboard.press("Space")
    page.locator("#text").press("Control+Enter")
    expect(page.locator(".flash")).to_be_visible()
    assert scalar(db, "SELECT count(*) FROM outbox") == 1


def test_a_newer_draft_of_another_window_is_not_overwritten(page, context, address, ids):
    path = f"{address}/inquiries/{ids['o1']}"
    page.goto(path)
    other = context.new_page()
    other.goto(path)
    other.locator("#text").fill("다른 창")
    saved(other)
    page.locator("#text").fill("이 창")
    expect(page.get_by_role("alert")).to_contain_text("다른 창에서 더 새로운 초안")
    page.get_by_role("button", name="이 글로 저장").click()
    saved(page)
    other.reload()
    assert draft(other) == "이 창"


def test_signed_out_meanwhile_and_back_again(page, context, address, db, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    db.execute("DELETE FROM sessions")
    db.conn.commit()
    page.locator("#text").fill("중요한 글")
    expect(page.get_by_role("alert")).to_contain_text("로그아웃됐어요")
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("로그아웃됐어요")
    assert draft(page) == "중요한 글"
    sign_in(context.new_page(), address)
    page.locator("#text").press("End")
    page.keyboard.type("!")
    saved(page)
    expect(page.get_by_role("alert")).to_be_hidden()
    page.reload()
    assert draft(page) == "중요한 글!"


def test_somebody_else_answered_meanwhile(page, space, address, db, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    page.locator("#text").fill("내 글")
    saved(page)
    answering.send(db, space.seal(), inquiry_id=ids["o1"], agent_id=2, text="먼저",
                   actor=Actor("agent:2"))  # fmt: skip
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("다른 사람이 답변했어요")
    assert draft(page) == "내 글"
    expect(page.locator("#send")).to_be_enabled()


def test_a_desk_that_does_not_answer_loses_nothing(page, address, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    page.route("**/draft", lambda route: route.abort())
    page.locator("#text").fill("끊긴 사이")
    expect(page.get_by_role("alert")).to_contain_text("서버가 응답하지 않아")
    page.unroute("**/draft")
    saved(page)


def test_a_suggestion_is_dismissed_with_a_reason(page, address, db, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    card = page.locator(".card-faq").nth(1)
    card.get_by_text("맞지 않음").click()
    card.get_by_role("button", name="오래된 내용").click()
    expect(card).to_have_class(re.compile("dismissed"))
    row = one(db, "SELECT outcome, reason FROM suggestion_faqs WHERE slug = 'no-show'")
    assert row == {"outcome": "dismissed", "reason": "outdated"}


def test_what_cannot_be_copied_is_not_sent_unseen(page, address, db, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    page.evaluate(
        """() => {
            navigator.clipboard.writeText = () => Promise.reject(new Error("denied"));
            document.execCommand = () => false;
        }"""
    )
    page.locator("#text").fill("답변")
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("복사하지 못했어요")
    assert scalar(db, "SELECT count(*) FROM outbox") == 0
    page.locator("#send").click()
    expect(page.locator(".flash")).to_be_visible()


def test_hostile_markup_runs_nowhere(page, address, db, ids):
    words = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    answer = one(db, "SELECT answer_id FROM inquiries WHERE id = ?", [ids["a1"]])["answer_id"]
    db["messages"].update(answer, {"text": words})
    db["faqs"].update(scalar(db, "SELECT id FROM faqs WHERE slug = 'refund'"), {"title": words})
    db["inquiries"].update(ids["o2"], {"subject": words})
    page.goto(f"{address}/inquiries/{ids['o1']}")
    page.locator(".card-past", has_text="<script>").get_by_role("button", name="넣기").click()
    assert words in draft(page)
    page.get_by_role("combobox").focus()
    expect(page.get_by_role("option", name="<script>")).to_be_visible()
    for path in ("/", f"/inquiries/{ids['o2']}", "/search?q=<script>alert(1)</script>"):
        page.goto(address + path)
    assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("width", [360, 375, 768, 1280, 1920])
def test_nothing_hangs_over_the_edge(page, address, ids, width):
    page.set_viewport_size({"width": width, "height": 740})
    for path in (
        "/",
        f"/inquiries/{ids['o1']}",
        f"/inquiries/{ids['a1']}",
        "/search?q=환불",
        "/nowhere",
    ):
        page.goto(address + path)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, path


def test_on_a_phone_the_suggestions_come_first(page, address, ids):
    page.set_viewport_size({"width": 375, "height": 740})
    page.goto(f"{address}/inquiries/{ids['o1']}")
    expect(page.locator(".card-faq").first).to_be_in_viewport()
    page.get_by_role("navigation", name="이 페이지").get_by_text("비슷한 답변").click()
    expect(page.locator("#past-title")).to_be_in_viewport()
    page.get_by_role("navigation", name="이 페이지").get_by_text("답변", exact=True).click()
    expect(page.locator("#text")).to_be_in_viewport()


def test_light_and_dark_follow_the_system(page):
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_running_jobs_are_followed_to_their_end(context, page, address, db):
    page.context.clear_cookies()
    sign_in(page, address, "sujin")
    row = {"kind": "train", "state": "running", "done": 1, "total": 4, "message": "하나",
           "created_by": "agent:3", "created_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    job_id = db["jobs"].insert(row).last_pk
    db.conn.commit()
    page.goto(f"{address}/jobs/{job_id}")
    db["jobs"].update(job_id, {"done": 3, "message": "둘", "log": "기록 한 줄\n"})
    expect(page.locator("[data-log]")).to_contain_text("기록 한 줄")
    expect(page.locator("progress")).to_have_attribute("value", "0.75")
    db["jobs"].update(job_id, {"state": "done", "result": '{"release": "r-7"}'})
    expect(page.locator(".state")).to_have_text("완료")
    expect(page.get_by_text("r-7")).to_be_visible()
