"""The sidebar in a browser when others try their hand at it, and when something is amiss."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from support import agents, faqs, saved_replies
from support.database import scalar
from support.faqs import Faq
from tests.web.browser import chromium as browser_with
from tests.web.browser import enter, served
from tests.web.conftest import ACTOR, HELP
from tests.web.embedding import AS_PEOPLE_USE_IT, connect, helpdesk
from tests.web.helpdesks import CHATWOOT, SANDBOXED, SILENT, ZENDESK, Helpdesk, conversation, ticket

pytestmark = pytest.mark.browser
SAID = conversation(("incoming", "인증번호가 안 와요"))
FORGED = {"type": "faqdesk:token", "token": "fs_forged", "expires": "2999-01-01", "person": {
    "language": "en", "theme": "dark", "keys": "on"}}  # fmt: skip
SCROLLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BAD = ("serious", "critical")


@pytest.fixture(scope="module")
def chromium():
    with browser_with(AS_PEOPLE_USE_IT) as found:
        yield found


@pytest.fixture
def signed(context, guarded_app, address):
    """A window whose person is signed in to the desk."""
    enter(context, guarded_app, address, "mina")
    return context.new_page()


@pytest.fixture
def refused(browser, guarded_app, address):
    """A window of somebody signed in, and which frames its browser refuses."""
    with browser.new_context(locale="ko-KR") as context:
        enter(context, guarded_app, address, "mina")
        page, said = context.new_page(), []
        page.on("console", lambda line: "frame-ancestors" in line.text and said.append(line.text))
        yield page, said


def test_a_foreign_parent_is_refused(refused, address, db):
    page, said = refused
    with helpdesk(CHATWOOT, SAID, address, db, allowed=False) as at:
        page.goto(at)
        page.wait_for_timeout(500)
        assert said
        assert page.evaluate("asked") == 0
        assert not any(address in frame.url for frame in page.frames if "error" not in frame.url)
    assert scalar(db, "SELECT count(*) FROM suggestions") == 0


def test_a_parent_without_an_origin_is_refused_even_within_an_allowed_helpdesk(
    refused, address, db
):
    page, said = refused
    with helpdesk(SANDBOXED, SAID, address, db) as at:
        page.goto(at)
        page.wait_for_timeout(500)
        assert said
        assert not any(address in frame.url for frame in page.frames if "error" not in frame.url)


def test_nobody_but_the_parent_is_heard(signed, address, db):
    """A frame within the helpdesk may say what it likes; a token comes from our window alone."""
    with helpdesk(CHATWOOT, SAID, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        expect(frame.locator("#connect")).to_be_visible()
        signed.evaluate(
            """(forged) => {
              const other = document.createElement("iframe");
              document.body.append(other);
              const data = { conversation: { id: 66, messages: [] } };
              for (const said of [{ event: "appContext", data }, forged]) {
                const words = JSON.stringify(said);
                other.contentWindow.eval(`top.frames[0].postMessage(${words}, "*")`);
              }
              window.frames[0].postMessage(forged, "*");  // the helpdesk itself gives none
            }""",
            FORGED,
        )
        inside = next(one for one in signed.frames if address in one.url)
        inside.evaluate("(forged) => postMessage(forged, location.origin)", FORGED)
        signed.wait_for_timeout(300)
        expect(frame.locator("#connect")).to_be_visible()
        assert inside.evaluate("sessionStorage.length") == 0
        connect(signed, frame)
        expect(frame.locator("#fitting")).to_be_visible()
        # The window that gave the token is heard once.
        inside.evaluate("(forged) => postMessage(forged, location.origin)", FORGED)
        signed.wait_for_timeout(200)
        expect(frame.locator("html")).to_have_attribute("lang", "ko")
        found = [row["conversation"] for row in db.query("SELECT conversation FROM embed_shown")]
        assert found == ["12"]


# Opens our pages as windows of its own, and writes down whatever it is told.
OPENER = """
<!doctype html><title>Free phones</title>
<script>
  window.told = [];
  window.onmessage = (event) => window.told.push(event.data);
  window.lure = (url) => { window.prey = open(url, "prey", "popup"); };
</script>
"""


def test_a_page_that_opens_our_window_gets_no_token(signed, address, db):
    with helpdesk(CHATWOOT, SAID, address, db) as at, served(Helpdesk(OPENER, {}).app) as own:
        signed.goto(own.replace("127.0.0.1", "localhost"))
        with signed.context.expect_page() as opened:
            signed.evaluate("url => lure(url)", f"{address}/sidebar?parent={at}")
        window = opened.value
        with window.expect_event("close"):
            window.locator("main form button").click()  # though a person be lured to press it
        signed.wait_for_timeout(200)
        assert signed.evaluate("told") == []
        assert scalar(db, "SELECT count(*) FROM embed_tokens") == 1
        # The sidebar's own page, opened so, hears nobody.
        with signed.context.expect_page() as opened:
            signed.evaluate("url => lure(url)", f"{address}/embed/suggest")
        window = opened.value
        expect(window.locator("#state")).to_contain_text("홀로")
        signed.evaluate("(said) => prey.postMessage(said, '*')", FORGED)
        signed.wait_for_timeout(200)
        assert window.evaluate("sessionStorage.length") == 0
        expect(window.locator("#desk")).to_be_visible()


def test_a_token_is_kept_for_one_helpdesk(signed, address, db):
    with helpdesk(CHATWOOT, SAID, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        expect(frame.locator("#fitting")).to_be_visible()
        inside = next(one for one in signed.frames if address in one.url)
        assert "fs_" not in inside.url
        inside.evaluate(
            "() => { const kept = JSON.parse(sessionStorage['faqdesk.sidebar']);"
            "sessionStorage['faqdesk.sidebar'] ="
            " JSON.stringify({ ...kept, parent: 'https://other.example' }); }"
        )
        signed.evaluate("turnTo(context)")
        expect(frame.locator("#connect")).to_be_visible()
        inside = next(one for one in signed.frames if address in one.url)
        assert inside.evaluate("sessionStorage.length") == 0


HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'>{{7*7}}"


def test_hostile_and_huge_words_are_words(signed, address, db, recommender):
    faqs.save(db, [Faq(slug="code-missing", title=HOSTILE + " 인증", url=HELP + "code-missing")])
    saved_replies.create(db, ACTOR, title="인증 답변", body="1 < 2 && 3 > 2")
    said = ticket(("end-user", "인증번호 " + HOSTILE + "가" * 3_000_000), number=7)
    with helpdesk(ZENDESK, said | {"ticket.subject": HOSTILE}, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        expect(frame.locator("#fits .card-faq")).to_have_count(2)
        assert frame.locator("#fits img, #fits script").count() == 0
        frame.locator("#fits .card-faq button[data-take]").first.click()
        expect(frame.locator("#state")).to_have_text("넣었어요.")
        written = signed.locator("#editor").input_value()
        assert "&#60;img" in written
        assert "<img" not in written
        frame.locator("#find").fill("인증")
        expect(frame.locator("#hits .card-faq").first).to_be_visible()
        assert frame.locator("#hits img, #hits script").count() == 0


def test_a_desk_that_is_away_is_said_and_tried_again(signed, address, db):
    with helpdesk(CHATWOOT, SAID, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        expect(frame.locator("#fits .card-faq")).to_have_count(2)
        state, again = frame.locator("#state"), frame.locator("#again")
        signed.route("**/embed/**", lambda route: route.abort())
        frame.locator("#fits [data-take]").first.click()
        expect(state).to_contain_text("데스크에 닿을 수 없어요.")
        expect(frame.locator("#taken")).to_be_hidden()
        signed.evaluate("context.conversation.id = 13; send()")
        expect(again).to_be_visible()
        expect(frame.locator("#fits .card-faq")).to_have_count(0)
        signed.unroute("**/embed/**")
        signed.route("**/embed/**", lambda route: route.fulfill(status=500, body="x"))
        again.click()
        expect(state).to_contain_text("데스크가 응답하지 않아요.")
        signed.unroute("**/embed/**")
        again.click()
        expect(frame.locator("#fits .card-faq")).to_have_count(2)
        expect(again).to_be_hidden()


def test_a_helpdesk_that_says_nothing_is_told_of(signed, address, db):
    with helpdesk(SILENT, SAID, address, db) as at:
        signed.clock.install()
        signed.goto(at)
        frame = signed.frame_locator("#app")
        expect(frame.locator("#state")).to_contain_text("헬프데스크")
        signed.clock.fast_forward(11_000)
        expect(frame.locator("#state")).to_contain_text("알려 주지 않아요.")
        expect(frame.locator("#again")).to_be_visible()
        expect(frame.locator("#connect")).to_be_hidden()


def test_what_was_answered_meanwhile_is_noted_no_more(signed, address, db, ids):
    sql = "UPDATE inquiries SET source = 'chatwoot', source_id = '12' WHERE id = ?"
    db.execute(sql, [ids["o1"]])
    with helpdesk(CHATWOOT, SAID, address, db) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        connect(signed, frame)
        expect(frame.get_by_role("link", name="데스크에서 열기")).to_be_visible()
        db.execute("UPDATE inquiries SET status = 'answered' WHERE id = ?", [ids["o1"]])
        frame.locator("#fits [data-take]").first.click()
        expect(frame.locator("#state")).to_contain_text("그사이 답변이 나갔어요.")
        expect(frame.get_by_role("link", name="데스크에서 열기")).to_have_count(0)
    assert scalar(db, "SELECT count(*) FROM suggestion_events") == 0


@pytest.mark.parametrize("language", ["ko", "en"])
def test_anybody_can_use_it_light_and_dark_320_pixels_wide(signed, address, db, language):
    agents.set_language(db, scalar(db, "SELECT id FROM agents WHERE login = 'mina'"), language)
    saved_replies.create(db, ACTOR, title="인증 안내", body="스팸함을 봐 주세요." * 20)
    with helpdesk(
        ZENDESK, ticket(("end-user", "인증번호가 안 와요")), address, db, width=320
    ) as at:
        signed.goto(at)
        frame = signed.frame_locator("#app")
        expect(frame.locator("#connect")).to_be_visible()
        inside = next(one for one in signed.frames if address in one.url)
        wrong = look(inside, "connecting")
        connect(signed, frame)
        expect(frame.locator("html")).to_have_attribute("lang", language)
        first = frame.locator("#fits .card-faq").first
        first.locator(".dismiss summary").click()
        first.locator(".why summary").click()
        frame.locator("#find").fill("인증")
        expect(frame.locator("#hits .card-reply")).to_be_visible()
        frame.locator("#fits [data-take]").first.click()
        expect(frame.locator("#taken")).to_be_visible()
        for scheme in ("light", "dark"):
            signed.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            expect(frame.locator("html")).to_have_attribute("data-bs-theme", scheme)
            wrong += look(inside, scheme)
    with signed.context.expect_page() as opened:
        signed.evaluate("url => void open(url)", address + "/sidebar?parent=x")
    wrong += look(opened.value, "the window")
    assert not wrong, "\n".join(wrong)


def look(page, when):
    """What would keep somebody from using a page or a frame of 320 pixels, each in a line."""
    found = Axe().run(page)
    wrong = [
        f"{when}: {item['id']} ({item['impact']}): {node['target']} {node['html'][:150]}"
        for item in found.response["violations"]
        if item["impact"] in BAD
        for node in item["nodes"]
    ]
    beyond = page.evaluate(SCROLLS)
    return wrong + [f"{when}: scrolls sideways by {beyond}"] * (beyond > 0)
