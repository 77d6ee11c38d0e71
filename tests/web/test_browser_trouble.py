"""What may go wrong while somebody types an answer: nothing typed is lost, nothing hostile runs."""

import pytest
from playwright.sync_api import expect

from support import answering, holding
from support.audit import Actor
from support.clock import now
from support.database import one, scalar
from tests.web.browser import draft, saved, sign_in

pytestmark = pytest.mark.browser


def test_a_newer_draft_of_another_window_is_not_overwritten(page, context, address, ids):
    path = f"{address}/inquiries/{ids['o1']}"
    page.goto(path)
    other = context.new_page()
    other.goto(path)
    other.locator("#text").fill("다른 창")
    saved(other)
    page.locator("#text").fill("이 창")
    expect(page.get_by_role("alert")).to_contain_text("다른 창에서 더 새로운 초안")
    page.get_by_text("다른 창의 초안", exact=True).click()
    expect(page.locator("#other-draft .reply")).to_have_text("다른 창")
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
    holding.take_over(db, Actor("agent:2"), ids["o1"], 2)
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


def test_a_window_that_was_offline_overwrites_nothing_newer(page, context, address, ids):
    path = f"{address}/inquiries/{ids['o1']}"
    page.goto(path)
    page.route("**/draft", lambda route: route.abort())
    page.locator("#text").fill("두 낱말")
    expect(page.get_by_role("alert")).to_contain_text("서버가 응답하지 않아")
    page.locator("#text").fill("두 낱말 더")
    laptop = context.new_page()
    laptop.goto(path)
    laptop.locator("#text").fill("다 쓴 답변이에요.")
    saved(laptop)
    page.unroute("**/draft")
    page.locator("#text").press("End")
    page.keyboard.type("!")
    expect(page.get_by_role("alert")).to_contain_text("다른 창에서 더 새로운 초안")
    assert draft(page) == "두 낱말 더!"
    laptop.reload()
    assert draft(laptop) == "다 쓴 답변이에요."


def test_a_word_for_one_mask_and_the_newest_message_are_asked_for(page, address, db, ids):
    page.goto(f"{address}/inquiries/{ids['o1']}")
    page.locator("#text").fill("[전화번호]로 전화드려요.")
    box = page.locator("[name=masks_confirmed]")
    box.check()
    page.locator("#text").press("End")
    page.keyboard.type(" 곧.")
    expect(box).to_be_checked()
    page.keyboard.type(" [계좌번호]")
    expect(box).not_to_be_checked()
    box.check()
    message = {"inquiry_id": ids["o1"], "source_id": "again", "role": "customer", "public": 1,
               "text": "아니 취소할게요", "at": now()}  # fmt: skip
    db["messages"].insert(message)
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("그 사이 고객이")
    expect(page.locator("#messages .fresh")).to_contain_text("아니 취소할게요")
    assert scalar(db, "SELECT count(*) FROM outbox") == 0
    held = []
    page.route("**/send", lambda route: held.append(route))
    page.locator("#send").click()
    expect(page.locator("#text")).to_have_js_property("readOnly", True)  # nothing typed is lost
    held[0].continue_()
    expect(page.locator(".flash")).to_be_visible()
    assert scalar(db, "SELECT count(*) FROM outbox") == 1


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
    page.locator("#find").focus()
    expect(page.get_by_role("option", name="<script>").first).to_be_visible()
    for path in ("/", f"/inquiries/{ids['o2']}", "/search?q=<script>alert(1)</script>"):
        page.goto(address + path)
    assert page.locator("main img, main script").count() == 0
