"""A model's whole life in a real browser: trained, read, refused, forced, taken back."""

import json
import re
import threading
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from support import agents
from support.database import one, scalar
from support.releases import current
from tests.conftest import ACTOR
from tests.train import desks
from tests.web.browser import served, sign_in
from tests.web.conftest import PASSWORD
from train import candidate
from web import job_run
from web.app import create_app

pytestmark = pytest.mark.browser

# Knows the two commonest FAQs alone.
WORSE = replace(desks.CONFIG, min_examples=50, newcomers=0)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A desk with a release in force."""
    space = desks.make(tmp_path_factory.mktemp("taught"), desks.rows(320))
    db = space.database()
    assert candidate.train_candidate(space, db, actor=ACTOR, config=desks.CONFIG).published
    db.close()
    return space


@pytest.fixture
def space(taught, tmp_path):
    return desks.copy(taught, tmp_path)


@pytest.fixture
def page(context, space, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    with served(create_app(space)) as address:
        page = context.new_page()
        sign_in(page, address, "ada")
        page.get_by_role("link", name="모델", exact=True).first.click()
        yield page


def held_up(monkeypatch, db):
    """Trains the worse recipe; stops at its first step until the page has shown it."""
    monkeypatch.setattr(candidate, "FaqConfig", lambda: WORSE)
    seen = threading.Event()
    steps = candidate.write_encoder

    def wait(*asked, **options):
        seen.wait(20)
        return steps(*asked, **options)

    monkeypatch.setattr(candidate, "write_encoder", wait)
    return seen


def test_trained_read_refused_forced_and_taken_back(page, space, db, monkeypatch):
    first = current(space.models).name
    seen = held_up(monkeypatch, db)
    page.get_by_role("button", name="지난 답변으로 학습").click()
    page.get_by_role("link", name="모델", exact=True).first.click()
    job = scalar(db, "SELECT max(id) FROM jobs")
    at_work = page.locator(f'[data-job="{job}"]')
    expect(at_work).to_contain_text("대기 중")
    worker = threading.Thread(target=job_run.run, args=(space, job))
    worker.start()
    expect(at_work).to_contain_text("진행 중")
    at_work.get_by_text("기록").click()
    expect(at_work.locator("[data-log]")).to_contain_text("judging: ")
    seen.set()
    worker.join()
    # The page follows by itself: the job has ended, and its candidate stands in the list.
    expect(page.get_by_text("후보로 남았어요.")).to_be_visible()
    made = one(db, "SELECT name FROM releases ORDER BY rowid DESC LIMIT 1")["name"]
    assert current(space.models).name == first != made
    page.get_by_role("link", name=made).first.click()

    expect(page.get_by_role("heading", name="사용 중인 모델보다 나빠요")).to_be_visible()
    page.get_by_role("link", name="나빠짐").click()
    lost = page.locator(".differing > li")
    expect(lost.first).to_contain_text("채팅 안내")
    n = scalar(db, "SELECT count(*) FROM replay_answers WHERE outcome = 'lost'")
    expect(lost).to_have_count(n)
    expect(page.get_by_role("link", name=f"나빠짐 {n}")).to_have_attribute("aria-current", "true")
    page.locator("select[name=faq]").select_option("chat")
    expect(lost).to_have_count(n)
    page.go_back()
    lost.first.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/inquiries/\d+$"))
    page.go_back()
    page.get_by_role("link", name=made).click()

    force = page.get_by_role("button", name="그래도 사용하기")
    force.click()  # without a reason the browser does not let it go
    assert current(space.models).name == first
    page.get_by_label("그래도 사용하려는 이유").fill("채팅은 이제 안 받아요.")
    force.click()
    expect(page.locator(".flash")).to_contain_text(made)
    assert current(space.models).name == made

    page.get_by_role("button", name="이전 모델로 되돌리기").click()
    expect(page.locator(".flash")).to_contain_text(first)
    assert current(space.models).name == first
    page.get_by_text("사용 내역").click()
    moves = page.get_by_role("row")
    expect(moves.nth(1)).to_contain_text("되돌림")
    expect(moves.nth(2)).to_contain_text("채팅은 이제 안 받아요.")


def test_the_schedule_is_set_and_said_in_words(page, space, db):
    page.get_by_text("일정 바꾸기").click()
    page.get_by_label("주기").select_option("3")
    page.get_by_label("시각").select_option("4")
    page.get_by_role("button", name="저장").click()
    expect(page.locator(".training")).to_contain_text("3일마다 학습해요. 다음 학습은")
    detail = scalar(db, "SELECT detail FROM audit WHERE object = 'setting:train_every_days'")
    assert json.loads(detail)["value"] == 3


def test_a_training_is_cancelled_from_the_page_it_is_followed_on(page, space, db, monkeypatch):
    seen = held_up(monkeypatch, db)
    page.get_by_role("button", name="지난 답변으로 학습").click()
    page.get_by_role("link", name="모델", exact=True).first.click()
    job = scalar(db, "SELECT max(id) FROM jobs")
    worker = threading.Thread(target=job_run.run, args=(space, job))
    worker.start()
    expect(page.locator(f'[data-job="{job}"]')).to_contain_text("진행 중")
    page.locator(".at-work").get_by_role("button", name="취소").click()
    seen.set()
    worker.join()
    page.get_by_role("link", name="모델", exact=True).first.click()
    expect(page.locator(".training")).to_contain_text("취소됨")
    assert scalar(db, "SELECT count(*) FROM releases") == 1
