"""The sidebar in a real browser, within pages that behave as Chatwoot and as Zendesk."""

import pytest
from playwright.sync_api import expect

from support import agents, saved_replies
from support.database import one, scalar
from tests.web.browser import chromium as browser_with
from tests.web.browser import enter, key
from tests.web.conftest import ACTOR
from tests.web.embedding import AS_PEOPLE_USE_IT, connect, helpdesk
from tests.web.helpdesks import CHATWOOT, ZENDESK, conversation, ticket

pytestmark = pytest.mark.browser
CODE = "https://help.example.com/ko/faq/code-missing"
CODE_ASKED, REFUND_ASKED = ("incoming", "인증번호가 안 와요"), ("incoming", "환불받고 싶어요")
CODE_FAQ, REFUND_FAQ = "인증번호가 오지 않아요", "환불을 받고 싶어요"
COPIED, INSERTED = "복사했어요.", "넣었어요."


@pytest.fixture(scope="module")
def chromium():
    with browser_with(AS_PEOPLE_USE_IT) as found:
        yield found


@pytest.fixture
def signed(context, guarded_app, address):
    """A window whose person is signed in to the desk."""
    enter(context, guarded_app, address, "mina")
    return context.new_page()


def events(db):
    """What was noted of suggestions, once the page has told of it."""
    sql = "SELECT kind, slug, reply_id FROM suggestion_events ORDER BY id"
    return [tuple(row.values()) for row in db.query(sql)]


def test_within_chatwoot(signed, address, db):
    said = conversation(
        ("incoming", "환불은 언제 되나요?"), ("outgoing", "사흘 걸립니다."),
        ("activity", "Mina joined"), CODE_ASKED, ("note", "환불 고객"),
    )  # fmt: skip
    with helpdesk(CHATWOOT, said, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        expect(frame.locator("#connect")).to_be_visible()  # the cookie does not count
        connect(signed, frame)
        cards = frame.locator("#fits .card-faq")
        expect(cards).to_have_count(2)
        expect(cards.first).to_contain_text(CODE_FAQ)
        cards.first.get_by_role("button", name="복사").click()
        expect(frame.locator("#state")).to_have_text(COPIED)
        assert signed.evaluate("navigator.clipboard.readText()").endswith(CODE)
        expect(frame.locator("#taken")).to_contain_text(CODE_FAQ)
        assert one(db, "SELECT source, conversation FROM embed_shown") == {
            "source": "chatwoot", "conversation": "12",
        }  # fmt: skip
        frame.locator("#undo").click()
        expect(frame.locator("#state")).to_contain_text("되돌렸어요.")
        expect(frame.locator("#taken")).to_be_hidden()
        assert events(db) == [("inserted", "code-missing", None), ("undone", "code-missing", None)]

        # The customer writes again; Chatwoot says nothing, and is asked.
        signed.evaluate(
            "message => context.conversation.messages.push(message)",
            conversation(("incoming", "환불은요?"))["conversation"]["messages"][0],
        )
        expect(frame.locator("#fits-title")).to_be_visible()
        signed.wait_for_function("asked > 2")

        # Another conversation has a frame of its own, and is still connected.
        signed.evaluate("said => turnTo(said)", conversation(REFUND_ASKED, number=13))
        expect(cards).to_have_count(1)
        expect(cards).to_contain_text(REFUND_FAQ)
        expect(frame.locator("#connect")).to_be_hidden()
        signed.evaluate("turnTo({ conversation: null })")
        expect(frame.locator("#state")).to_contain_text("열린 대화가 없어요.")
        assert [c["name"] for c in signed.context.cookies() if c["name"] != "faqdesk"] == []


def test_within_zendesk(signed, address, db):
    said = ticket(("end-user", "<p>인증번호가 안 와요</p>"), ("note", "환불"))
    with helpdesk(ZENDESK, said, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        first = frame.locator(".card-faq").first
        first.get_by_role("button", name="넣기").click()
        expect(frame.locator("#state")).to_have_text(INSERTED)
        written = signed.locator("#editor").input_value()
        assert written == f"{CODE_FAQ}<br>{CODE}"

        first.locator(".dismiss summary").click()
        first.get_by_role("button", name="오래된 내용").click()
        expect(first).to_have_class("card-faq dismissed")
        expect(first).to_contain_text("오래된 내용")
        sql = "SELECT reason FROM suggestion_faqs WHERE outcome = 'dismissed'"
        assert scalar(db, sql) == "outdated"
        first.locator("[data-back]").click()
        expect(first).to_have_class("card-faq")
        assert scalar(db, sql) is None

        # The customer writes again, and the framework tells.
        signed.evaluate(
            "ticket['ticket.conversation'].push({author: {role: 'agent'}, message: {content: '.'}},"
            "{author: {role: 'end-user'}, message: {content: '환불은?'}}); changed()"
        )
        expect(frame.locator("#fits .card-faq .card-title")).to_have_text([REFUND_FAQ])
        past = frame.locator(".card-past").first

        # An editor that takes nothing in: what was asked for is copied.
        signed.evaluate("refuses = true")
        past.get_by_role("button", name="넣기").click()
        expect(frame.locator("#state")).to_have_text(COPIED)
        assert [word["request"] for word in signed.evaluate("heard") if "request" in word].count(
            "get"
        ) == 2


def test_an_answer_that_comes_late_stands_beside_no_other_conversation(signed, address, db):
    with helpdesk(CHATWOOT, conversation(CODE_ASKED), address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        titles = frame.locator("#fits .card-faq .card-title")
        expect(titles).to_have_text([CODE_FAQ, "상대가 나오지 않았어요"])
        held = []
        signed.route("**/embed/suggestions", lambda route: held.append(route))

        def turn_to(*said, number):
            signed.evaluate(
                "said => { context = said; send(); }", conversation(*said, number=number)
            )

        # To another conversation, whose answer takes its time: the first one's is gone at once.
        turn_to(REFUND_ASKED, number=13)
        expect(titles).to_have_count(0)
        expect(frame.locator("#state")).to_have_text("어울리는 답을 찾는 중 …")
        assert len(held) == 1
        # Back to the first, then the other's answer comes: it is of no use any more.
        turn_to(CODE_ASKED, number=12)
        signed.wait_for_function("asked > 0")
        expect(frame.locator("#state")).to_have_text("어울리는 답을 찾는 중 …")
        assert len(held) == 2
        with signed.expect_response("**/embed/suggestions"):
            held[0].continue_()
        expect(titles).to_have_count(0)
        held[1].continue_()
        expect(titles.first).to_have_text(CODE_FAQ)
        signed.unroute("**/embed/suggestions")
        # An insertion is noted where it was shown, though another conversation is open by then.
        turn_to(REFUND_ASKED, number=13)
        expect(titles).to_have_text([REFUND_FAQ])


def test_a_late_word_of_zendesk_is_not_taken_for_a_new_one(signed, address, db):
    with helpdesk(ZENDESK, ticket(("end-user", "인증번호가 안 와요")), address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        titles = frame.locator("#fits .card-faq .card-title")
        expect(titles.first).to_have_text(CODE_FAQ)
        signed.evaluate("later = []; happens('app.activated')")
        signed.wait_for_function("later.length === 1")
        signed.evaluate(
            "said => { ticket = said; changed(); }", ticket(("end-user", "환불은?"), number=5159)
        )
        signed.wait_for_function("later.length === 2")
        signed.evaluate("later[1]()")
        expect(titles).to_have_text([REFUND_FAQ])
        signed.evaluate("later[0]()")
        signed.evaluate("() => new Promise((done) => setTimeout(done, 200))")
        expect(titles).to_have_text([REFUND_FAQ])


def test_a_ticket_that_is_being_made_has_nothing_yet(signed, address, db):
    said = ticket(("end-user", "x")) | {"ticket.id": None}
    with helpdesk(ZENDESK, said, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        expect(frame.locator("#state")).to_contain_text("열린 대화가 없어요.")
        signed.evaluate(
            "said => { ticket = said; changed(); }", ticket(("end-user", "환불은?"), number=7)
        )
        expect(frame.locator("#fits .card-faq")).to_have_count(1)


def test_by_keys_alone(signed, address, db):
    saved_replies.create(db, ACTOR, title="환불 안내", body="환불은 사흘 걸려요.")
    with helpdesk(CHATWOOT, conversation(CODE_ASKED), address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        first = frame.locator("#fits .card-faq").first
        first.locator(".card-title").click()  # the frame has the keys
        key(signed, "1", "Digit1")
        expect(frame.locator("#state")).to_have_text(COPIED)
        expect(frame.locator("#taken")).to_be_visible()
        key(signed, "ㅕ", "KeyU")  # in Hangul mode
        expect(frame.locator("#taken")).to_be_hidden()
        key(signed, "ㅌ", "KeyX")
        expect(first.locator(".dismiss")).to_have_attribute("open", "")
        signed.keyboard.press("Escape")
        expect(first.locator(".dismiss")).not_to_have_attribute("open", "")
        expect(first.locator(".dismiss summary")).to_be_focused()
        key(signed, "ㅌ", "KeyX")
        signed.keyboard.press("Enter")
        expect(first).to_have_class("card-faq dismissed")
        expect(first.locator("[data-back]")).to_be_focused()
        key(signed, "/", "Slash")
        expect(frame.locator("#find")).to_be_focused()
        signed.keyboard.insert_text("환불")
        expect(frame.locator("#hits .card-faq")).to_have_count(1)
        expect(frame.locator("#hits .card-reply")).to_have_count(1)
        signed.keyboard.press("Enter")
        expect(frame.locator("#taken")).to_contain_text(REFUND_FAQ)
        signed.keyboard.press("ArrowDown")
        signed.keyboard.press("Tab")
        signed.keyboard.press("Tab")
        signed.keyboard.press("Enter")
        expect(frame.locator("#taken")).to_contain_text("환불 안내")
        key(signed, "/", "Slash")
        signed.keyboard.press("Escape")
        expect(frame.locator("#hits > *")).to_have_count(0)
    reply = scalar(db, "SELECT id FROM saved_replies")
    assert events(db) == [
        ("inserted", "code-missing", None),
        ("undone", "code-missing", None),
        ("dismissed", "code-missing", None),
        ("inserted", "refund", None),
        ("inserted", "", reply),
    ]


def test_it_is_as_the_agent_likes_it_not_as_the_browser_does(signed, address, db):
    agents.set_language(db, scalar(db, "SELECT id FROM agents WHERE login = 'mina'"), "en")
    with helpdesk(CHATWOOT, conversation(CODE_ASKED), address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        expect(frame.locator("#connect")).to_have_text("연결")
        connect(signed, frame)
        expect(frame.locator("#fits-title")).to_have_text("Likely")
        expect(frame.locator("html")).to_have_attribute("lang", "en")
        expect(frame.locator("#find")).to_have_attribute(
            "placeholder", "Find any FAQ or saved reply"
        )
        db.execute("DELETE FROM embed_tokens")
        signed.evaluate("context.conversation.messages[0].content = '환불'; send()")
        expect(frame.locator("#state")).to_contain_text("The connection with the desk has ended")
        expect(frame.locator("#connect")).to_have_text("Connect")


def test_who_is_not_signed_in_signs_in_in_the_window_that_opens(context, address, db):
    page = context.new_page()
    with helpdesk(CHATWOOT, conversation(CODE_ASKED), address, db) as at:
        page.goto(at)
        frame = page.frame_locator("#app")
        with context.expect_page() as opened:
            frame.locator("#connect").click()
        window = opened.value
        window.wait_for_url(lambda url: "sign-in" in url)
        window.get_by_label("아이디").fill("mina")
        window.get_by_label("비밀번호").fill("correct horse")
        window.get_by_role("button", name="로그인").click()
        with window.expect_event("close"):
            window.get_by_role("button", name="연결").click()
        expect(frame.locator("#fits .card-faq")).to_have_count(2)
        # Signing out at the desk ends it.
        db.execute("DELETE FROM sessions")
        page.evaluate("context.conversation.messages[0].content = '환불'; send()")
        expect(frame.locator("#state")).to_contain_text("데스크와의 연결이 끝났어요.")
        expect(frame.locator("#connect")).to_be_visible()
        expect(frame.locator("#fits .card-faq")).to_have_count(0)
