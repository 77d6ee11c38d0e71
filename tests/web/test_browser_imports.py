"""Imports in a real browser, with scripts and without.

Dropped, looked at, told their columns, imported, taken back.
"""

import base64
import json
import re
import threading
from contextlib import closing

import pytest
from playwright.sync_api import expect

from support import agents
from support.database import scalar
from tests.conftest import ACTOR
from tests.support.importing.exports import ZENDESK_COMMENTS, ZENDESK_TICKETS
from tests.web.browser import enter
from tests.web.conftest import PASSWORD
from tests.web.test_browser_axe import DESK, PHONE, SCROLLS, trouble
from web import job_run

pytestmark = pytest.mark.browser

LOOK = re.compile(r"/imports/looks/\d+$")
ONE = re.compile(r"/imports/\d+$")
UNKNOWN = "접수번호표,내용들\n" + "".join(
    f"{i}번 물건은 언제 오나요?,{i}번은 내일 보내 드릴게요 고객님\n" for i in range(5)
)
DROP = """([files]) => {
    const data = new DataTransfer();
    for (const [name, content] of files) {
        const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
        data.items.add(new File([bytes], name));
    }
    for (const kind of ["dragover", "drop"])
        document.body.dispatchEvent(
            new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def worker(space):
    """Does the jobs, one after the other, until the test ends."""
    stop = threading.Event()

    def work():
        with closing(space.database()) as db:
            while not stop.wait(0.05):
                sql = "SELECT min(id) FROM jobs WHERE state = 'queued'"
                if job := scalar(db, sql):
                    job_run.run(space, job)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def console(context, guarded_app, address, db):
    """The page of imports, before an admin."""
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    enter(context, guarded_app, address, "ada")
    page = context.new_page()
    page.goto(address + "/imports")
    return page


def drop(page, *files):
    packed = [(name, base64.b64encode(words.encode()).decode()) for name, words in files]
    page.wait_for_load_state()  # the page's own script has run
    page.evaluate(DROP, [packed])


def sound(page):
    """Nothing serious for axe, light and dark; no sideways scrolling on a phone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert trouble(page) == [], scheme
    page.set_viewport_size(PHONE)
    assert page.evaluate(SCROLLS) <= 0
    page.set_viewport_size(DESK)


def inquiries(db):
    return scalar(db, "SELECT count(*) FROM inquiries")


def test_an_export_is_dropped_looked_at_imported_and_taken_back(console, worker, db):
    before = inquiries(db)
    sound(console)
    drop(
        console,
        ("tickets.json", json.dumps(ZENDESK_TICKETS)),
        ("comments.json", json.dumps(ZENDESK_COMMENTS)),
    )
    console.wait_for_url(LOOK)
    expect(console.locator(".import-facts")).to_contain_text("Zendesk")
    expect(console.locator(".import-facts")).to_contain_text("전화번호 1")
    expect(console.locator(".pairs")).to_contain_text("제 번호는 [전화번호] 입니다")
    sound(console)
    assert inquiries(db) == before

    console.get_by_role("button", name="가져오기", exact=True).click()
    console.wait_for_url(ONE)
    expect(console.locator(".one-look")).to_contain_text("문의 3건, 메시지 5개")
    assert inquiries(db) == before + 3
    sound(console)

    console.get_by_role("button", name="되돌리기").click()
    expect(console.locator(".state.undone")).to_have_text("되돌림")
    assert inquiries(db) == before
    sound(console)
    console.get_by_role("link", name="‹ 가져오기").click()
    expect(console.locator(".import-rows li").first).to_contain_text("되돌림")


def test_a_table_nobody_knows_gets_its_columns_asked(console, worker, db):
    drop(console, ("표.csv", UNKNOWN))
    console.wait_for_url(LOOK)
    expect(console.locator(".look")).to_contain_text("어느 열이 질문이고 어느 열이 답변인지")
    question = console.locator('[name="pairs-question"]')
    expect(question).to_have_value("접수번호표")  # guessed
    expect(console.locator(".first-rows")).to_contain_text("3번은 내일 보내 드릴게요")
    sound(console)
    console.get_by_label("한 행이 메시지 하나예요").check()
    expect(question).to_be_hidden()
    expect(console.locator('[name="messages-role"]')).to_be_visible()
    console.get_by_label("한 행에 질문과 답변이 있어요").check()
    console.locator('[name="pairs-answer"]').select_option("내용들")
    asked = console.url
    console.get_by_role("button", name="이렇게 살펴보기").click()
    console.wait_for_url(lambda url: url != asked)
    expect(console.locator(".import-facts")).to_contain_text("답변이 있는 문의 5건")
    expect(console.locator(".import-facts")).to_contain_text("내용들 열을 ‘답변’(으)로 읽어요")
    sound(console)
    console.get_by_role("button", name="가져오기", exact=True).click()
    console.wait_for_url(ONE)
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE source = 'csv'") >= 5


def test_what_is_too_large_or_empty_is_said_before_it_is_sent(console, db):
    console.evaluate("document.querySelector('#drop').dataset.limit = 10")
    drop(console, ("표.csv", UNKNOWN))
    expect(console.locator("#trouble")).to_contain_text("MB를 넘어요")
    console.reload()
    drop(console, ("<b>빈 파일</b>.csv", ""))
    expect(console.locator("#trouble")).to_contain_text("비어 있어요")
    assert scalar(db, "SELECT count(*) FROM jobs") == 0


def test_work_that_waits_is_followed_and_cancelled(console, db, space):
    drop(console, ("표.csv", UNKNOWN))
    console.wait_for_url(LOOK)
    expect(console.locator(".progressing")).to_contain_text("대기 중")
    sound(console)
    console.get_by_role("button", name="취소").click()
    expect(console.locator(".trouble")).to_contain_text("취소했어요")
    console.get_by_role("button", name="파일 삭제").click()
    expect(console.locator(".flash")).to_contain_text("파일을 지웠어요")
    assert not [path for path in (space.home / "uploads").rglob("*") if path.is_file()]


def test_it_works_without_scripts(browser, guarded_app, address, db, worker, tmp_path):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    (tmp_path / "표.csv").write_text(UNKNOWN, encoding="cp949")
    context = browser.new_context(locale="ko-KR", java_script_enabled=False)
    enter(context, guarded_app, address, "ada")
    page = context.new_page()
    page.goto(address + "/imports")
    page.locator("#files").set_input_files(tmp_path / "표.csv")
    page.get_by_role("button", name="확인하기").click()
    page.wait_for_url(LOOK)

    def shown(words):
        for _ in range(100):
            if words in page.content():
                return
            page.wait_for_timeout(200)
            page.reload()
        pytest.fail(page.content())

    shown("어느 열이 질문이고")
    page.locator('[name="pairs-answer"]').select_option("내용들")
    page.get_by_role("button", name="이렇게 살펴보기").click()
    shown("답변이 있는 문의 5건")
    page.get_by_role("button", name="가져오기", exact=True).click()
    shown("이 가져오기로 들어온 것: 문의 5건")
    context.close()
