"""The console in a browser while the desk is busy: scripts go quiet and ask again, texts stay."""

import pytest
from playwright.sync_api import expect

from support.database import scalar
from tests.web.browser import draft, saved
from web import backlog, shedding
from web.shedding import Rank

pytestmark = pytest.mark.browser


@pytest.fixture
def busy(monkeypatch):
    """Let the desk be so busy that it answers nothing below a rank, from now on; None: not at all.

    It says truly 503: requests are told that they waited too long for their turn.
    """
    monkeypatch.setattr(backlog, "catching_up", lambda: False)
    monkeypatch.setattr(shedding, "AGAIN", dict.fromkeys(Rank, 1))

    def until(rank):
        seconds = 0.0 if rank is None else shedding.PATIENCE[rank] + 1
        monkeypatch.setattr(backlog, "waited", lambda: seconds)

    return until


def test_a_draft_is_saved_as_soon_as_the_desk_has_time(page, address, db, ids, busy):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    busy(Rank.DRAFT)
    page.locator("#text").fill("붐비는 사이에 쓴 글")
    expect(page.get_by_role("alert")).to_have_text(
        "아직 저장하지 못했어요. 데스크가 붐벼서 다시 시도하고 있어요."
    )
    busy(None)
    saved(page)
    expect(page.get_by_role("alert")).to_be_hidden()
    page.reload()
    assert draft(page) == "붐비는 사이에 쓴 글"


def test_an_answer_that_was_not_taken_stays_and_goes_out_when_it_is_sent_again(
    page, address, db, ids, busy
):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    page.locator("#text").fill("환불은 사흘 걸려요.")
    saved(page)
    busy(Rank.ACT)
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("지금 데스크가 붐벼요")
    assert draft(page) == "환불은 사흘 걸려요."
    expect(page.locator("#send")).to_be_enabled()
    assert scalar(db, "SELECT count(*) FROM outbox") == 0
    busy(Rank.AUTOMATIC)  # sends are taken again before scripts are answered
    page.locator("#send").click()
    expect(page.locator(".flash")).to_be_visible()
    assert scalar(db, "SELECT count(*) FROM outbox") == 1


def test_what_is_looked_for_while_typing_goes_quiet_and_asks_again(page, address, ids, busy):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    busy(Rank.AUTOMATIC)
    with page.expect_response(lambda answer: "/faqs?" in answer.url and answer.status == 503):
        page.locator("#find").fill("환불")
    expect(page.get_by_role("alert")).to_be_hidden()
    busy(None)
    expect(page.locator("#found [role=option]").first).to_contain_text("환불")


def test_a_page_comes_by_itself_when_the_desk_has_time(page, address, busy):
    busy(Rank.PAGE)
    page.goto(f"{address}/answered")
    expect(page.get_by_role("heading")).to_have_text("지금 데스크가 붐벼요")
    busy(None)
    expect(page.locator(".places")).to_be_visible()
    assert page.url.endswith("/answered")
