"""FAQs in a real browser: near ones while typing, a merging and its undo, a file dropped."""

import pytest
from playwright.sync_api import expect

from support import faqs
from tests.web.browser import key, sign_in

pytestmark = pytest.mark.browser

FILE = "slug,title,body\nexchange,교환하고 싶어요,7일 안에 됩니다.\nrefund,환불 안내,새 글\n"
PATHS = (
    *("faqs", "faqs/refund", "faqs/refund/merge?into=no-show", "faqs/-/new", "faqs/to-mend"),
    *("faqs/-/import", "faqs/-/changes", "replies", "replies/new"),
)
DROP = """(content) => {
    const files = new DataTransfer();
    files.items.add(new File([content], "faqs.csv", {type: "text/csv"}));
    for (const kind of ["dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(kind, {bubbles: true, dataTransfer: files}));
    }
}"""


@pytest.fixture
def page(context, address):
    page = context.new_page()
    sign_in(page, address, "sujin")
    page.goto(address + "/faqs")
    return page


def test_near_ones_are_shown_while_a_title_is_typed(page, db):
    key(page, "ㅜ", "KeyN")  # n in Hangul mode
    near = page.locator("#near")
    expect(near).to_contain_text("비슷한 FAQ를 여기에")
    page.get_by_label("제목", exact=True).press_sequentially("인증번호가 안 와요")
    expect(near.get_by_role("link", name="인증번호가 오지 않아요")).to_be_visible()
    page.get_by_label("제목", exact=True).fill("환불을 받고 싶어요")
    page.get_by_role("button", name="FAQ 만들기").click()
    expect(page.get_by_role("alert")).to_contain_text("아주 비슷한 FAQ가 이미 있어요")
    page.get_by_label("제목", exact=True).fill("교환하고 싶어요")
    page.get_by_label("내용", exact=True).fill("7일 안에 됩니다.")
    page.get_by_role("button", name="그래도 만들기").click()
    expect(page.locator("h1")).to_have_text("교환하고 싶어요")
    assert len(faqs.every(db)) == 4
    page.locator(".undo-bar").get_by_role("button", name="되돌리기").click()
    expect(page.locator(".flash")).to_have_text("되돌렸어요.")
    assert len(faqs.every(db)) == 3


def test_two_are_merged_and_parted_again(page, db):
    page.locator("#q").fill("환불")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/faqs?q=*")  # loaded, its script has run
    key(page, "ㅓ", "KeyJ")  # the first row
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("환불을 받고 싶어요")
    page.get_by_role("link", name="합치기").click()
    page.get_by_role("combobox").press_sequentially("상대가")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".merge-what")).to_contain_text("문의 2건이 함께 옮겨져요")
    page.get_by_role("button", name="합치기").click()
    expect(page.locator("h1")).to_have_text("상대가 나오지 않았어요")
    assert faqs.aliases(db) == {"refund": "no-show"}
    page.locator(".undo-bar").get_by_role("button", name="되돌리기").click()
    expect(page.locator(".flash")).to_have_text("되돌렸어요.")
    assert faqs.aliases(db) == {}
    assert faqs.get(db, "refund").sent == 2


def test_a_file_that_is_dropped_is_looked_at_before_it_is_taken_in(page, db, address):
    page.get_by_text("파일", exact=True).click()
    page.get_by_role("link", name="가져오기", exact=True).click()
    page.wait_for_load_state()
    page.evaluate(DROP, FILE)
    expect(page.locator("h1")).to_contain_text("faqs.csv")
    chosen = page.locator("#picked")
    expect(chosen).to_have_text("1개 고름")  # what is there is changed only where that is ticked
    page.get_by_label("이미 있는 것도 바꾸기").check()
    expect(chosen).to_have_text("2개 고름")
    page.get_by_label("2번째 줄 가져오기").uncheck()
    expect(chosen).to_have_text("1개 고름")
    page.get_by_role("button", name="가져오기").click()
    expect(page.locator(".flash")).to_have_text("0개를 추가하고 1개를 바꿨어요.")
    assert faqs.get(db, "refund").body == "새 글"
    page.locator(".undo-bar").get_by_role("button", name="되돌리기").click()
    expect(page.locator(".flash")).to_have_text("되돌렸어요.")
    assert faqs.get(db, "refund").body == ""


def test_nothing_hangs_over_the_edge_of_a_phone(page, address):
    page.set_viewport_size({"width": 390, "height": 800})
    for path in PATHS:
        page.goto(f"{address}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
