"""An inquiry answered by keys alone, in Hangul mode too: every letter arrives as a jamo."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from support import faqs, incoming, insertions, preferences
from support.clock import now
from support.database import one, scalar
from support.faqs import Faq
from support.importing.conversation import RawMessage
from support.linear import Contribution
from support.promise import Promise
from tests.web.browser import draft, key, type_around_the_cursor

pytestmark = pytest.mark.browser

URL = "https://help.example.com/ko/faq/code-missing"
LINK = f"인증번호가 오지 않아요\n{URL}"
SHIFT, ALT, CTRL = 8, 1, 2  # as Chromium's protocol counts them
# What a Korean keyboard sends for a key, by its place.
PLACES = ("KeyX", "KeyO", "KeyW", "KeyF", "KeyU", "KeyZ", "KeyJ", "KeyK")
JAMO = dict(zip((*PLACES, "Digit1", "Digit2", "Slash"), "ㅌㅐㅈㄹㅕㅋㅓㅏ12/", strict=True))


def press(page, code, modifiers=0):
    key(page, JAMO[code], code, modifiers=modifiers)


def open_inquiry(page, address, inquiry_id):
    page.goto(f"{address}/inquiries/{inquiry_id}")
    page.wait_for_load_state()


def events(db):
    suggestion_id = scalar(db, "SELECT id FROM suggestions ORDER BY rowid DESC LIMIT 1")
    return [(e.kind, e.slug or e.past_id, e.form) for e in insertions.of(db, suggestion_id)]


def noted(answer, past_id):
    """Whether that is the desk's answer to the note of a past answer, which links FAQs as well."""
    sent = answer.request.post_data_json if answer.url.endswith("/inserted") else {}
    return sent.get("past") == past_id


def test_an_insertion_is_taken_back_whatever_was_typed_after_it(page, address, db, ids):
    open_inquiry(page, address, ids["o1"])
    type_around_the_cursor(page, "안녕하세요.", "\n감사합니다.")
    with page.expect_response("**/inserted"):
        press(page, "Digit1", ALT)
    undo = page.locator("#undo")
    expect(undo).to_contain_text("넣음: 인증번호가 오지 않아요")
    page.locator("#text").press("Control+End")
    page.keyboard.type(" 또 봬요.")
    with page.expect_response("**/inserted"):
        undo.get_by_role("button", name="되돌리기").click()
    assert draft(page) == "안녕하세요.\n감사합니다. 또 봬요."
    expect(undo).to_be_hidden()
    page.keyboard.press("Control+z")  # and that can be taken back, too
    assert LINK in draft(page)
    page.keyboard.press("Control+Shift+z")
    assert events(db)[:2] == [
        ("inserted", "code-missing", "titled"),
        ("undone", "code-missing", "titled"),
    ]


def test_an_address_that_begins_with_another_is_not_the_other(page, address, db, ids):
    db.execute("UPDATE faqs SET url = ? WHERE slug = 'no-show'", [URL.removesuffix("-missing")])
    db.conn.commit()
    open_inquiry(page, address, ids["o1"])
    with page.expect_response("**/inserted"):
        press(page, "Digit1")  # …/code-missing
    with page.expect_response("**/inserted"):
        press(page, "Digit2", ALT)
    with page.expect_response("**/inserted"):
        press(page, "KeyU", ALT)
    told = [(kind, slug) for kind, slug, _ in events(db)]
    assert told == [("inserted", "code-missing"), ("inserted", "no-show"), ("undone", "no-show")]
    assert draft(page) == f"{LINK}\n"


def test_an_insertion_can_be_undone_after_its_newline_was_taken_away(page, address, ids):
    open_inquiry(page, address, ids["o1"])
    type_around_the_cursor(page, "안녕하세요.", "")
    press(page, "Digit1", ALT)
    page.locator("#text").press("Backspace")
    expect(page.locator("#undo")).to_be_visible()
    page.locator("#undo").get_by_role("button", name="되돌리기").click()
    assert draft(page) == "안녕하세요."


def test_undo_works_in_hangul_mode_and_outside_the_text(page, address, db, ids):
    open_inquiry(page, address, ids["o1"])
    with page.expect_response("**/inserted"):
        press(page, "Digit1")
    with page.expect_response("**/inserted"):
        press(page, "KeyZ", CTRL)  # ㅋ, which no browser takes for an undo
    assert draft(page) == ""
    page.keyboard.press("Escape")
    past_id = int(page.locator(".card-past").first.get_attribute("data-past"))
    for code, modifiers in (("Digit1", SHIFT), ("KeyU", 0)):
        with page.expect_response(lambda answer: noted(answer, past_id)):
            press(page, code, modifiers)
        assert bool(draft(page)) == (code == "Digit1")
        page.keyboard.press("Escape")
    whole = [("inserted", past_id, "text"), ("undone", past_id, "text")]
    assert [event for event in events(db) if event[1] == past_id] == whole


def test_editing_a_past_answer_is_no_taking_back(page, address, db, ids):
    open_inquiry(page, address, ids["o1"])
    past_id = int(page.locator(".card-past").first.get_attribute("data-past"))
    with page.expect_response(lambda answer: noted(answer, past_id)):
        press(page, "Digit1", SHIFT)
    page.locator("#text").press("Control+Home")
    page.keyboard.press("Delete")
    with page.expect_response("**/draft"):
        page.keyboard.type("안녕")
    assert [kind for kind, what, _ in events(db) if what == past_id] == ["inserted"]


def test_the_form_is_chosen_by_a_key_and_remembered(page, address, db, ids):
    db.execute("UPDATE faqs SET body = '스팸함을 보세요.' WHERE slug = 'code-missing'")
    db.conn.commit()
    open_inquiry(page, address, ids["o1"])
    with page.expect_response("**/preferences"):
        press(page, "KeyF")  # from title and link to full text
    expect(page.get_by_role("radio", name="본문 전체")).to_be_checked()
    press(page, "Digit1")
    assert draft(page) == f"스팸함을 보세요.\n{URL}\n"
    agent_id = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    assert preferences.load(db, agent_id).insert_as == "text"
    open_inquiry(page, address, ids["o3"])
    expect(page.get_by_role("radio", name="본문 전체")).to_be_checked()


def test_x_and_a_letter_dismiss_with_a_reason(page, address, db, ids):
    open_inquiry(page, address, ids["o1"])
    type_around_the_cursor(page, "쓰던 글", "")
    hint = page.get_by_role("dialog", name=re.compile("맞지 않음"))
    press(page, "KeyX", ALT)
    expect(hint).to_contain_text("인증번호가 오지 않아요")
    press(page, "Digit2")
    expect(hint).to_contain_text("상대가 나오지 않았어요")
    with page.expect_response("**/dismissed"):
        press(page, "KeyO")
    expect(hint).to_be_hidden()
    expect(page.locator(".card-faq").nth(1)).to_have_class(re.compile("dismissed"))
    row = one(db, "SELECT outcome, reason FROM suggestion_faqs WHERE slug = 'no-show'")
    assert row == {"outcome": "dismissed", "reason": "outdated"}
    expect(page.locator("#text")).to_be_focused()  # back to where the cursor was
    with page.expect_response("**/dismissed"):
        page.locator(".card-faq").nth(1).get_by_role("button", name="되돌리기").click()
    expect(page.locator(".card-faq.dismissed")).to_have_count(0)
    assert one(db, "SELECT outcome FROM suggestion_faqs WHERE slug = 'no-show'")["outcome"] is None
    page.locator("#text").focus()
    press(page, "KeyX", ALT)
    page.keyboard.press("Escape")
    expect(hint).to_be_hidden()
    press(page, "KeyX", ALT)
    press(page, "KeyK")  # stands for no reason: neither dismisses nor leaves the page
    expect(hint).to_be_hidden()
    assert draft(page) == "쓰던 글"
    expect(page).to_have_url(f"{address}/inquiries/{ids['o1']}")
    sql = "SELECT count(*) FROM suggestion_faqs WHERE outcome = 'dismissed'"
    assert scalar(db, sql) == 0


def test_a_dismissal_that_was_not_noted_is_said(page, address, ids):
    open_inquiry(page, address, ids["o1"])
    page.route("**/dismissed", lambda route: route.abort())
    press(page, "KeyX")
    press(page, "KeyO")
    expect(page.get_by_role("alert")).to_contain_text("기록하지 못했어요")
    expect(page.locator(".card-faq.dismissed")).to_have_count(0)
    page.unroute("**/dismissed")
    for n in (1, 2):
        with page.expect_response("**/dismissed"):
            press(page, "KeyX")
            press(page, "KeyO")
        expect(page.locator(".card-faq.dismissed")).to_have_count(n)
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("[data-none-left]")).to_be_visible()
    page.reload()
    expect(page.locator("#fits-title")).to_have_text("추천 없음")
    expect(page.locator("[data-none-left]")).to_be_visible()
    page.locator(".card-faq").last.get_by_role("button", name="되돌리기").click()
    expect(page.locator("[data-none-left]")).to_be_hidden()
    expect(page.locator(".card-faq.dismissed")).to_have_count(1)


def test_cards_that_came_while_a_reason_was_asked_for_are_not_dismissed(
    page, address, db, space, ids
):
    open_inquiry(page, address, ids["o1"])
    press(page, "KeyX")
    expect(page.locator("#chord")).to_be_visible()
    message = RawMessage("again", "customer", "인증번호 또 안 와요", now())
    incoming.receive(db, space.seal(), source="test", conversation="o1", message=message)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator(".message.fresh, .fresh")).to_have_count(1)
    expect(page.locator("#chord")).to_be_hidden()
    assert scalar(db, "SELECT count(*) FROM suggestion_faqs WHERE outcome = 'dismissed'") == 0


def test_plain_keys_can_be_off_and_alt_still_works(page, address, db, ids):
    agent_id = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    preferences.put(db, agent_id, keys="off")
    open_inquiry(page, address, ids["o1"])
    for code in ("Digit1", "KeyX", "KeyJ"):
        press(page, code)
    expect(page.locator("#chord")).to_be_hidden()
    assert draft(page) == ""
    press(page, "Digit1", ALT)
    assert draft(page) == LINK + "\n"
    press(page, "KeyJ", ALT)
    page.wait_for_url(f"{address}/inquiries/{ids['o2']}")


def test_why_marks_the_words_that_speak_for_it(page, address, ids, recommender, monkeypatch):
    plain = recommender.suggest
    near = (ids["a1"], ids["a2"], ids["a3"])

    def suggest(*given, **more):
        found = plain(*given, **more)
        said = (Contribution("인증번호가", 3.0), Contribution("번호는", 0.5))
        told = tuple(replace(item, words=said) for item in found.faqs)
        return replace(found, faqs=told, near=near)

    monkeypatch.setattr(recommender, "suggest", suggest)
    open_inquiry(page, address, ids["o1"])
    marks = page.locator("#messages mark.why")
    words = page.locator("#messages .words")
    written = words.inner_text()
    expect(marks).to_have_count(0)
    press(page, "KeyW")
    card = page.locator(".card-faq").first
    expect(card.get_by_text("근거:")).to_be_visible()
    expect(marks).to_have_text(["인증번호가", "번호는"])
    assert [mark.get_attribute("class") for mark in marks.all()] == ["why s3", "why s1"]
    assert words.inner_text() == written  # marking changes no letter
    card.get_by_role("link", name="이 답변들 보기").click()
    expect(card.locator(".linked .card-past")).to_have_count(2)
    press(page, "KeyW")
    expect(card.get_by_text("근거:")).to_be_hidden()
    expect(page.locator(".card-faq").nth(1).get_by_text("근거:")).to_be_visible()
    press(page, "KeyW")
    expect(page.locator("details.why[open]")).to_have_count(0)
    page.locator("#text").hover()
    expect(marks).to_have_count(0)
    page.locator("[data-key='2']").focus()
    expect(marks).to_have_count(2)  # also while its card has the focus


def test_a_tie_is_a_choice_of_two_alike(page, address, ids, recommender, monkeypatch):
    plain = recommender.suggest

    def tie(*given, **more):
        found = plain(*given, **more)
        return replace(found, band="possible", tie=True, promise=Promise.of(26, 31))

    monkeypatch.setattr(recommender, "suggest", tie)
    open_inquiry(page, address, ids["o1"])
    one_box, other = (page.locator(".card-faq").nth(place).bounding_box() for place in (0, 1))
    assert one_box["y"] == other["y"]
    assert (one_box["width"], one_box["height"]) == (other["width"], other["height"])
    first, second = (
        page.locator(f"[data-key='{digit}']").get_attribute("class") for digit in (1, 2)
    )
    assert first == second
    press(page, "Digit2")
    assert draft(page) == "상대가 나오지 않았어요\nhttps://help.example.com/ko/faq/no-show\n"


def test_the_picker_holds_two_thousand_and_is_walked_by_arrows(page, address, db, ids):
    many = [
        Faq(slug=f"faq-{n}", title=f"도움말 {n}번", url=f"https://help.example.com/ko/faq/faq-{n}",
            category=f"분류 {n % 20:02d}")
        for n in range(2000)
    ]  # fmt: skip
    faqs.save(db, many)
    open_inquiry(page, address, ids["o1"])
    press(page, "Slash")
    options = page.locator("#found").get_by_role("option")
    expect(options).to_have_count(2 + 3 + 2003)
    groups = page.locator("#found").get_by_role("group")
    assert groups.nth(0).locator(".group-head").inner_text() == "추천"
    assert groups.nth(1).locator(".group-head").inner_text() == "팀에서 많이 쓴 FAQ"
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("PageDown")
    expect(options.nth(10)).to_have_attribute("aria-selected", "true")
    with page.expect_response("**/inserted"):
        page.keyboard.type("도움말 1234")
        page.keyboard.press("Enter")  # faster than the desk: what it finds first is taken
    whole = "도움말 1234번\nhttps://help.example.com/ko/faq/faq-1234\n"
    expect(page.locator("#text")).to_have_value(whole)
    assert events(db) == [("inserted", "faq-1234", "titled")]


def test_suggestions_follow_when_the_customer_writes_again(page, address, db, ids, space):
    open_inquiry(page, address, ids["o4"])
    type_around_the_cursor(page, "쓰던", " 글")
    expect(page.locator(".card-faq")).to_have_count(0)
    message = RawMessage("again", "customer", "환불도 되나요?", now())
    incoming.receive(db, space.seal(), source="test", conversation="o4", message=message)
    page.evaluate("dispatchEvent(new Event('focus'))")  # as on coming back to the window
    fresh = page.locator("#messages .message.fresh")
    expect(fresh).to_contain_text("환불도 되나요?")
    expect(fresh).to_contain_text("새 메시지")
    expect(page.locator("#said")).to_contain_text("추천을 새로 찾았어요")
    assert draft(page) == "쓰던 글"
    press(page, "Digit1", ALT)  # where the cursor was all the time
    assert draft(page) == "쓰던\n환불을 받고 싶어요\nhttps://help.example.com/ko/faq/refund\n 글"
    with page.expect_response("**/news?*"):
        page.evaluate("dispatchEvent(new Event('focus'))")
    expect(fresh).to_have_count(1)
