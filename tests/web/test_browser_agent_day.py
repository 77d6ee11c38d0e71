"""An agent's whole day by keyboard alone, with Latin letters and in Hangul mode."""

import re

import pytest
from playwright.sync_api import expect

from support import insertions, snoozing, tagging
from support.database import scalar
from tests.web.browser import draft, key
from tests.web.conftest import PASSWORD

pytestmark = pytest.mark.browser

ALT, CTRL, SHIFT = 1, 2, 8  # as Chromium's protocol counts them
LINK = "https://help.example.com/ko/faq/code-missing"
# What each key sends in Hangul mode: a browser learns where it lies from its code alone.
JAMO = dict(zip("fjknostuwxz", "ㄹㅓㅏㅜㅐㄴㅅㅕㅈㅌㅋ", strict=True))


class Hands:
    """Somebody who never touches the mouse."""

    def __init__(self, page, *, hangul):
        self.page, self.hangul = page, hangul

    def press(self, letter, modifiers=0):
        code = f"Digit{letter}" if letter.isdigit() else f"Key{letter.upper()}"
        code = {"/": "Slash", "?": "Slash"}.get(letter, code)
        key(self.page, JAMO.get(letter, letter) if self.hangul else letter, code,
            modifiers=modifiers)  # fmt: skip

    def undo(self):
        if self.hangul:  # ㅋ, which no browser takes for an undo
            self.press("z", CTRL)
        else:
            self.hit("Control+z")

    def write(self, words):
        self.page.keyboard.insert_text(words)  # as an input method does

    def hit(self, name):
        self.page.keyboard.press(name)

    def tab_to(self, name):
        """Go on with Tab until something of that name has the focus, and open it."""
        says = "(document.activeElement.textContent || '').trim()"
        passed = []
        for _ in range(60):
            self.hit("Tab")
            passed.append(self.page.evaluate(says))
            if passed[-1].startswith(name):
                return self.hit("Enter")
        raise AssertionError(f"no way to {name} by Tab, only to {passed[:30]}")


@pytest.mark.parametrize("hangul", [False, True], ids=["latin", "hangul"])
def test_a_day_without_a_mouse(context, address, db, ids, hangul):
    page = context.new_page()
    hands = Hands(page, hangul=hangul)
    page.goto(address)
    _sign_in(page, hands)

    hands.press("n")  # whoever waits longest
    page.wait_for_url(f"**/inquiries/{ids['o1']}")
    page.wait_for_load_state()
    _understand(page, hands)
    answer = _answer(page, hands)
    page.wait_for_url(f"**/inquiries/{ids['o2']}")
    page.wait_for_load_state()
    _sent(db, ids["o1"], answer)

    _put_away(page, hands, db, ids["o2"])
    _walk(page, hands, address, ids)
    _look_up(page, hands, ids["o1"])


def _sign_in(page, hands):
    expect(page.get_by_label("아이디")).to_be_focused()
    page.keyboard.type("mina")
    hands.hit("Tab")
    page.keyboard.type(PASSWORD)
    hands.hit("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.wait_for_load_state()


def _understand(page, hands):
    """Why it is suggested; one that does not fit goes; the inquiry gets a tag."""
    hands.press("?", SHIFT)
    expect(page.locator("#keys")).to_be_visible()
    hands.hit("Escape")
    hands.press("w")
    expect(page.locator("details.why[open]")).to_be_visible()
    hands.press("x")
    hands.press("2")  # the second card
    with page.expect_response("**/dismissed"):
        hands.press("o")  # outdated
    expect(page.locator(".card-faq.dismissed")).to_have_attribute("data-slug", "no-show")
    hands.press("t")
    hands.write("급함")
    hands.hit("Enter")
    expect(page.locator("#holder .tag")).to_contain_text("급함")
    hands.hit("Escape")


def _answer(page, hands):
    """Insert by 1, think again, insert as text, a past answer, another FAQ; write and send."""
    with page.expect_response("**/inserted"):
        hands.press("1")
    assert draft(page) == f"인증번호가 오지 않아요\n{LINK}\n"
    with page.expect_response("**/inserted"):
        hands.undo()
    assert draft(page) == ""
    hands.hit("Escape")
    with page.expect_response("**/preferences"):
        hands.press("f")  # title with link, then full text
    expect(page.locator("input[name=as]:checked")).to_have_value("text")
    with page.expect_response("**/inserted"):
        hands.press("1")
    hands.hit("Control+End")
    hands.write("\n")
    past = page.locator(".card-past .reply").first.text_content()
    with page.expect_response("**/inserted"):
        hands.press("1", ALT | SHIFT)
    assert past.splitlines()[0] in draft(page)
    hands.press("/", ALT)
    expect(page.locator("#find")).to_be_focused()
    hands.write("환불")
    expect(page.locator("#found [role=option][aria-selected=true]")).to_contain_text("환불")
    hands.hit("Enter")
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("#text")).to_have_value(re.compile("faq/refund"))
    hands.hit("Control+End")
    hands.write("\n도움이 되었기를 바랍니다.")
    answer = draft(page)
    hands.hit("Control+Enter")
    return answer


def _sent(db, inquiry_id, answer):
    """It went out as it was typed, and the desk learned from it."""
    text = scalar(db, "SELECT text FROM messages WHERE id = (SELECT answer_id FROM inquiries "
                      "WHERE id = ?)", [inquiry_id])  # fmt: skip
    assert text == answer
    linked = (
        "SELECT group_concat(slug) FROM (SELECT slug FROM labels WHERE inquiry_id = ? ORDER BY 1)"
    )
    assert scalar(db, linked, [inquiry_id]) == "code-missing,refund"
    assert tagging.of(db, inquiry_id) == ("급함",)
    key = scalar(db, "SELECT id FROM suggestions WHERE inquiry_id = ?", [inquiry_id])
    kinds = [(event.kind, event.form) for event in insertions.of(db, key)]
    assert ("dismissed", "") in kinds
    assert [kind for kind in kinds if kind[0] != "dismissed"][:3] == [
        ("inserted", "titled"),
        ("undone", "titled"),
        ("inserted", "text"),
    ]
    outcomes = dict(
        db.conn.execute("SELECT slug, outcome FROM suggestion_faqs WHERE suggestion_id = ?", [key])
    )
    assert outcomes == {"code-missing": "accepted", "no-show": "dismissed"}


def _put_away(page, hands, db, inquiry_id):
    hands.press("s")
    with page.expect_response("**/snooze"):
        hands.hit("Enter")  # the first of the choices has the focus
    page.wait_for_url(lambda url: f"/inquiries/{inquiry_id}" not in url)  # whose turn it is now
    page.wait_for_load_state()
    assert snoozing.is_snoozed(snoozing.of(db, inquiry_id))


def _walk(page, hands, address, ids):
    """Forth and back in the inbox, and from one inquiry to the next."""
    page.goto(address)
    page.wait_for_load_state()
    hands.press("j")
    hands.press("j")
    hands.press("k")
    hands.hit("Enter")
    page.wait_for_url(f"**/inquiries/{ids['o3']}")
    page.wait_for_load_state()
    hands.press("j")
    page.wait_for_url(f"**/inquiries/{ids['o4']}")
    page.wait_for_load_state()
    hands.press("k")
    page.wait_for_url(f"**/inquiries/{ids['o3']}")
    page.wait_for_load_state()


def _look_up(page, hands, answered):
    """Find what was answered today."""
    hands.tab_to("문의함")
    page.wait_for_url(lambda url: "/inquiries/" not in url)
    page.wait_for_load_state()
    hands.tab_to("답변 완료")
    page.wait_for_url("**/answered")
    page.wait_for_load_state()
    hands.press("/")
    hands.write("아예")
    hands.hit("Enter")
    page.wait_for_url(re.compile("words="))
    page.wait_for_load_state()
    hands.press("j")
    hands.hit("Enter")
    page.wait_for_url(f"**/inquiries/{answered}")
