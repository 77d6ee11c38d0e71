"""The console as a person uses it: mouse, keys, two windows, a phone."""

import re

import pytest
from playwright.sync_api import expect

from support import agents, settings
from support.database import one, scalar
from tests.conftest import import_csv
from tests.web.browser import draft, key, saved, served, sign_in, type_around_the_cursor
from tests.web.conftest import ACTOR, PASSWORD
from tests.web.doors import desk_to_teach
from train.desk import train_all
from web.app import create_app

pytestmark = pytest.mark.browser

LINK = "인증번호가 오지 않아요\nhttps://help.example.com/ko/faq/code-missing"
SHIFT, ALT = 8, 1  # as Chromium's protocol counts them


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
    page.get_by_label("FAQ와 지난 답변 검색").fill("무지개빛")
    page.keyboard.press("Enter")
    expect(page.locator("#words-title + ol")).to_contain_text("무지개빛 끝인사")


def test_a_desk_that_has_learned_from_its_history(context, tmp_path):
    space = desk_to_teach(tmp_path)
    db = space.database()
    import_csv(space, tmp_path / "open.csv", "id,question\nopen,인증번호가 안 와요 도와주세요")
    settings.change(db, ACTOR, holdout=0.0)
    agents.add(db, ACTOR, login="mina", name="Mina", role="agent", password=PASSWORD)
    train_all(space, db, actor=ACTOR)
    with served(create_app(space)) as address:
        page = context.new_page()
        sign_in(page, address)
        page.get_by_role("link", name=re.compile("도와주세요")).click()
        type_around_the_cursor(page, "안녕하세요.", "\n감사합니다.")
        page.locator("[data-key='1']").click()
        page.locator(".card-past [data-insert]").first.click()
        assert draft(page).startswith("안녕하세요.\n인증번호가 안 와요\nhttps://help.example.com")
        assert draft(page).endswith("\n감사합니다.")
        page.locator("#text").press("Control+End")
        page.keyboard.type(" 무지개빛 하루 되세요")
        page.locator("#send").click()
        expect(page.locator(".flash")).to_contain_text("새로 배운 FAQ: 인증번호가 안 와요")
        label = one(db, "SELECT * FROM labels WHERE origin = 'sent'")
        assert label["slug"] == "code"
        assert scalar(db, "SELECT outcome FROM suggestion_faqs WHERE slug = 'code'") == "accepted"
        page.goto(f"{address}/search?q=인증번호가 안 와요 도와주세요")
        for kind in ("#words-title", "#near-title"):
            expect(page.locator(f"{kind} + ol")).to_contain_text("무지개빛 하루")
    db.close()


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
    box, options = page.locator("#find"), page.locator("#found").get_by_role("option")
    expect(box).to_be_focused()
    expect(options).to_have_count(6)  # nothing typed: the most used, and all by category
    page.keyboard.type("환불")
    expect(options).to_have_count(1)
    expect(options).to_have_attribute("aria-selected", "true")
    box.evaluate(
        """field => field.dispatchEvent(new KeyboardEvent("keydown", {
            key: "Enter", code: "Enter", isComposing: true, bubbles: true}))"""
    )
    assert draft(page) == "앞뒤"  # that Enter ended a syllable
    page.keyboard.press("Enter")
    whole = "앞\n환불을 받고 싶어요\nhttps://help.example.com/ko/faq/refund\n뒤"
    expect(page.locator("#text")).to_have_value(whole)
    key(page, "/", "Slash", modifiers=ALT)
    expect(options).to_have_count(6)
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


def test_a_suggestion_is_dismissed_with_a_reason(page, address, db, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    card = page.locator(".card-faq").nth(1)
    card.get_by_text("맞지 않음").click()
    card.get_by_role("button", name="오래된 내용").click()
    expect(card).to_have_class(re.compile("dismissed"))
    row = one(db, "SELECT outcome, reason FROM suggestion_faqs WHERE slug = 'no-show'")
    assert row == {"outcome": "dismissed", "reason": "outdated"}


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
    page.goto("about:blank")  # an answer on its way would bring its cookie back
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
    expect(page.get_by_role("link", name="r-7")).to_be_visible()
