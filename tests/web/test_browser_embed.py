"""The sidebar in a real browser: within pages that behave as Chatwoot, Zendesk, and a stranger.

The helpdesks are at `localhost`, the desk at `127.0.0.1`: for a browser, two sites.
"""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from support import settings
from support.database import one, scalar
from tests.web.browser import enter, served
from tests.web.conftest import ACTOR
from tests.web.helpdesks import CHATWOOT, ZENDESK, Helpdesk, conversation, ticket

pytestmark = pytest.mark.browser
CODE = "https://help.example.com/ko/faq/code-missing"


@contextmanager
def helpdesk(page, context, desk, db, *, allowed=True):
    """The address of a helpdesk that holds the desk's sidebar."""
    made = Helpdesk(page, context)
    with served(made.app) as own:
        made.origin, made.desk = own.replace("127.0.0.1", "localhost"), desk
        named = made.origin if allowed else "https://other.example"
        settings.change(db, ACTOR, embed_parents=named)
        yield made.origin


def connect(page, frame):
    """Connect as a person does, in the window that opens."""
    with page.context.expect_page() as opened:
        frame.get_by_role("button", name="연결").click()
    window = opened.value
    with window.expect_event("close"):
        window.get_by_role("button", name="연결").click()


@pytest.fixture
def signed(context, guarded_app, address):
    """A window whose person is signed in to the desk."""
    enter(context, guarded_app, address, "mina")
    return context.new_page()


def test_within_chatwoot(signed, address, db):
    said = conversation(
        ("incoming", "환불은 언제 되나요?"), ("outgoing", "사흘 걸립니다."),
        ("activity", "Mina joined"), ("incoming", "인증번호가 안 와요"), ("note", "환불 고객"),
    )  # fmt: skip
    with helpdesk(CHATWOOT, said, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        expect(
            frame.get_by_role("button", name="연결")
        ).to_be_visible()  # the cookie does not count
        connect(signed, frame)
        cards = frame.locator(".card-faq")
        expect(cards).to_have_count(2)
        expect(cards.first).to_contain_text("인증번호가 오지 않아요")
        cards.first.get_by_role("button", name="복사").click()
        expect(frame.locator("#state")).to_have_text("복사했어요.")
        assert signed.evaluate("navigator.clipboard.readText()").endswith(CODE)
        signed.wait_for_timeout(100)
        told = one(db, "SELECT kind, slug FROM suggestion_events")
        assert told == {"kind": "inserted", "slug": "code-missing"}
        assert one(db, "SELECT source, conversation FROM embed_shown") == {
            "source": "chatwoot", "conversation": "12",
        }  # fmt: skip

        # Another conversation: the page is loaded anew, and still connected.
        signed.evaluate(
            "said => (context = said)", conversation(("incoming", "환불받고 싶어요"), number=13)
        )
        signed.evaluate("document.getElementById('app').src += '#2'; send()")
        expect(cards).to_have_count(1)
        expect(cards).to_contain_text("환불을 받고 싶어요")
        assert [c["name"] for c in signed.context.cookies() if c["name"] != "faqdesk"] == []


def test_within_zendesk(signed, address, db):
    said = ticket(("end-user", "<p>인증번호가 안 와요</p>"), ("note", "환불"))
    with helpdesk(ZENDESK, said, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        first = frame.locator(".card-faq").first
        first.get_by_role("button", name="넣기").click()
        expect(frame.locator("#state")).to_have_text("넣었어요.")
        written = signed.locator("#editor").input_value()
        assert written == f"인증번호가 오지 않아요<br>{CODE}"
        first.get_by_role("button", name="이 문의와 무관함").click()
        expect(first).to_have_class("card-faq dismissed")
        assert (
            scalar(db, "SELECT reason FROM suggestion_faqs WHERE outcome = 'dismissed'")
            == "irrelevant"
        )

        # The customer writes again, and the framework tells.
        signed.evaluate(
            "ticket['ticket.conversation'].push({author: {role: 'agent'}, message: {content: '.'}},"
            "{author: {role: 'end-user'}, message: {content: '환불은?'}}); changed()"
        )
        expect(frame.locator(".card-faq .card-title")).to_have_text(["환불을 받고 싶어요"])
        past = frame.locator(".card-past").first

        # An editor that takes nothing in: what was asked for is copied.
        signed.evaluate("refuses = true")
        past.get_by_role("button", name="넣기").click()
        expect(frame.locator("#state")).to_have_text("복사했어요.")
        assert [word["request"] for word in signed.evaluate("heard") if "request" in word].count(
            "get"
        ) == 2


def test_who_is_not_signed_in_signs_in_in_the_window_that_opens(context, address, db):
    page = context.new_page()
    with helpdesk(CHATWOOT, conversation(("incoming", "인증번호가 안 와요")), address, db) as at:
        page.goto(at)
        frame = page.frame_locator("#app")
        with context.expect_page() as opened:
            frame.get_by_role("button", name="연결").click()
        window = opened.value
        window.wait_for_url(lambda url: "sign-in" in url)
        window.get_by_label("아이디").fill("mina")
        window.get_by_label("비밀번호").fill("correct horse")
        window.get_by_role("button", name="로그인").click()
        with window.expect_event("close"):
            window.get_by_role("button", name="연결").click()
        expect(frame.locator(".card-faq")).to_have_count(2)
        # Signing out at the desk ends it.
        db.execute("DELETE FROM sessions")
        page.evaluate("context.conversation.messages[0].content = '환불'; send()")
        expect(frame.get_by_role("button", name="연결")).to_be_visible()
        expect(frame.locator(".card-faq")).to_have_count(0)


def test_a_foreign_parent_is_refused(browser, guarded_app, address, db):
    with browser.new_context(locale="ko-KR") as context:
        enter(context, guarded_app, address, "mina")
        page = context.new_page()
        refused = []
        page.on(
            "console",
            lambda line: refused.append(line.text) if "frame-ancestors" in line.text else None,
        )
        said = conversation(("incoming", "인증번호가 안 와요"))
        with helpdesk(CHATWOOT, said, address, db, allowed=False) as at:
            page.goto(at)
            page.wait_for_timeout(500)
            assert any(refused)
            assert page.evaluate("asked") == 0
            assert not any(
                address in frame.url for frame in page.frames if "error" not in frame.url
            )
    assert scalar(db, "SELECT count(*) FROM suggestions") == 0


def test_nobody_but_the_parent_is_heard(signed, address, db):
    """A page that opened the sidebar, or a frame within the helpdesk, says what it likes."""
    with helpdesk(CHATWOOT, conversation(("incoming", "환불")), address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        expect(frame.get_by_role("button", name="연결")).to_be_visible()
        signed.evaluate(
            """() => {
              const other = document.createElement("iframe");
              document.body.append(other);
              const data = { conversation: { id: 66, messages: [] } };
              const token = { type: "faqdesk:token", token: "fs_forged", expires: "2999-01-01" };
              for (const said of [{ event: "appContext", data }, token]) {
                const words = JSON.stringify(said);
                other.contentWindow.eval(`top.frames[0].postMessage(${words}, "*")`);
              }
            }"""
        )
        signed.wait_for_timeout(300)
        expect(frame.get_by_role("button", name="연결")).to_be_visible()
        connect(signed, frame)
        expect(frame.locator("#fitting")).to_be_visible()
        assert [
            row["conversation"] for row in db.query("SELECT conversation FROM embed_shown")
        ] == ["12"]


def test_alone_it_shows_nothing(signed, address, db):
    settings.change(db, ACTOR, embed_parents="https://acme.zendesk.com")
    signed.goto(address + "/embed/suggest")
    expect(signed.locator("#state")).to_contain_text("홀로")
    signed.goto(address + "/sidebar")
    signed.get_by_role("button", name="연결").click()
    expect(signed.locator("#alone")).to_be_visible()
