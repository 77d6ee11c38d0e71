"""Listings in a real browser: a picture dropped, a batch run, the queue worked by keyboard."""

import base64
import io
import random
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from listings.labels import labelled
from listings.review_decisions import decide
from listings.store import Collected, ListingStore
from support import agents, releases
from support.database import scalar
from tests.conftest import ACTOR
from tests.listings.drawn import draw, photo
from tests.listings.review_queue import BAGS, COATS, SHOES, TREE, fill
from tests.listings.small_category import write_csv
from tests.web.browser import key, sign_in
from tests.web.conftest import PASSWORD
from tests.web.doors import running, until
from train.category import CategoryConfig, fit_category
from train.category_candidate import train_category

pytestmark = pytest.mark.browser

PATHS = {"Box": "장난감 > 상자", "Ball": "장난감 > 공", "Flag": "소품 > 깃발"}


@pytest.fixture(scope="module")
def sees(tmp_path_factory):
    """A model of boxes, balls and flags: their names in titles, and drawn photos."""
    from listings.listing import Listing

    folder = tmp_path_factory.mktemp("sees")
    files, labels = draw(folder / "photos", 90)
    names = {"Box": "종이 상자", "Ball": "고무 공", "Flag": "국기 깃발"}
    listings = [
        Listing(f"{names[label] if number // 3 % 3 == 0 else '물건'} {number}", pictures=(file,))
        for number, (file, label) in enumerate(zip(files, labels, strict=True))
    ]
    fit_category(
        listings,
        [PATHS[label] for label in labels],
        folder=folder / "m1",
        config=CategoryConfig(texts=("linear",), image="patches"),
        about={"tree": TREE},
    )
    return folder / "m1"


@pytest.fixture
def model(space, db, sees):
    shutil.copytree(sees, space.models / "category" / sees.name)
    releases.publish(space, db, {"category": sees.name}, actor=ACTOR, line="category")


@pytest.fixture
def page(context, address, db):
    agents.add(db, ACTOR, login="hana", name="최하나", role="lead", password=PASSWORD)
    page = context.new_page()
    sign_in(page, address, "hana")
    return page


def drop(page, data, name, kind="image/jpeg"):
    """Drop a file on the page, as from a folder."""
    page.evaluate(
        """([data, name, type]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([bytes], name, { type }));
            for (const kind of ["dragover", "drop"])
                document.querySelector("#drop").dispatchEvent(new DragEvent(kind,
                    { bubbles: true, cancelable: true, dataTransfer: carried }));
        }""",
        [base64.b64encode(data).decode(), name, kind],
    )


def jpeg(label):
    file = io.BytesIO()
    photo(label, random.Random(9)).save(file, "JPEG")
    return file.getvalue()


def test_a_picture_is_dropped_and_three_categories_appear(page, address, space, model):
    page.goto(address + "/listings/new")
    page.wait_for_load_state()
    drop(page, jpeg("Ball"), "ball.jpg")
    guesses = page.locator(".guess")
    expect(guesses).to_have_count(3)
    expect(page.locator("#guesses")).to_contain_text("판단 근거: 사진")
    thumb = page.locator("#thumbs img")
    expect(thumb).to_be_visible()
    assert thumb.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.get_by_label("제목").press_sequentially("국기 깃발")
    expect(page.locator("#guesses")).to_contain_text("판단 근거: 글, 사진")
    page.get_by_role("button", name="이 사진 빼기").click()
    expect(guesses.first).to_contain_text("깃발")
    expect(page.locator("#guesses mark").first).to_be_visible()
    until(lambda: not list((space.home / "uploads").glob("*/*.jpg")), "the picture is gone")
    drop(page, b"no picture", "bad.jpg")
    expect(page.locator("#trouble")).to_contain_text("bad.jpg")
    expect(page.locator("#thumbs li")).to_have_count(0)
    # Beside a good one it is told all the same, and stays while the suggestions come.
    drop(page, jpeg("Box"), "box.jpg")
    expect(page.locator("#thumbs img")).to_be_visible()
    drop(page, b"no picture", "worse.jpg")
    expect(page.locator("#trouble")).to_contain_text("worse.jpg")
    with page.expect_response("**/listings/suggest"):
        page.get_by_label("제목").press_sequentially("!")
    expect(page.locator("#trouble")).to_contain_text("worse.jpg")


def test_a_batch_is_run_and_taken_away(page, address, space, db, model, tmp_path):
    rows = [("종이 상자 큰 것", "소품 > 깃발"), ("고무 공", "장난감 > 공"), ("물건", "")]
    table = write_csv(tmp_path / "창고.csv", rows, "title", "category")
    page.goto(address + "/batches")
    page.locator("#file").set_input_files(str(table))
    page.get_by_label("비교할 판매자 카테고리 열").fill("category")
    page.get_by_role("button", name="분류하기").click()
    expect(page.get_by_role("heading", name="창고.csv")).to_be_visible()
    with running(space, "worker"):
        until(lambda: scalar(db, "SELECT state FROM jobs") == "done", "the batch is labelled")
    expect(page.locator(".state")).to_have_text("완료", timeout=60_000)
    with page.expect_download() as taken:
        page.get_by_role("link", name="결과 내려받기").click()
    assert taken.value.suggested_filename == "창고.labelled.csv"
    lines = Path(taken.value.path()).read_text("utf-8").splitlines()
    assert lines[0].startswith("title,category,")
    assert lines[1].startswith("종이 상자 큰 것,소품 > 깃발,상자,장난감 > 상자,")
    assert len(lines) == 4
    page.get_by_role("link", name="검수 대기열에").click()
    expect(page.locator(".review-item")).to_be_visible()


def test_the_queue_is_worked_by_keyboard_in_hangul_mode(page, address, db, seal):
    items = fill(db, seal)
    page.goto(address + "/review")
    page.wait_for_load_state()
    title = page.locator(".review-title")
    expect(title).to_have_text("loafers or a purse")
    key(page, "2", "Digit2")
    expect(title).to_have_text("leather tote")
    key(page, "ㄴ", "KeyS")
    expect(title).to_have_text("old boots")
    key(page, "ㅕ", "KeyU")  # the skipped one is back
    expect(title).to_have_text("leather tote")
    key(page, "/", "Slash")
    box = page.get_by_role("combobox", name="다른 카테고리")
    expect(box).to_be_focused()
    box.press_sequentially("coats1")  # a digit in the field is no decision
    expect(page.locator("#found")).to_contain_text("이 말이 들어간 카테고리가 없어요")
    box.fill("coats")
    expect(page.locator("#found [role=option]")).to_have_count(1)
    box.press("Enter")
    expect(title).to_have_text("old boots")
    key(page, "1", "Digit1")
    expect(page.locator(".empty-queue")).to_be_visible()
    key(page, "1", "Digit1")
    sql = "SELECT d.path FROM review_decisions d WHERE undone_at IS NULL ORDER BY item_id"
    until(lambda: len(db.conn.execute(sql).fetchall()) == len(items), "all decided")
    assert [row[0] for row in db.conn.execute(sql)] == [BAGS, COATS, SHOES]
    key(page, "ㅕ", "KeyU")
    expect(title).to_have_text("old boots")
    assert scalar(db, "SELECT count(*) FROM listing_labels WHERE undone_at IS NULL") == 2


def test_a_slash_stays_on_the_page_once_a_row_is_back(page, address, db, seal):
    """The page was opened with nothing to do, so without the box that the key goes to."""
    (item,) = fill(db, seal, rows=[("old boots", "", ((SHOES, 0.6), (BAGS, 0.3)), "unsure")])
    decide(db, ACTOR, scalar(db, "SELECT id FROM agents WHERE login = 'hana'"), item, rank=1)
    page.goto(address + "/review")
    page.wait_for_load_state()
    expect(page.locator(".empty-queue")).to_be_visible()
    key(page, "u", "KeyU")
    expect(page.locator(".review-title")).to_have_text("old boots")
    key(page, "/", "Slash")
    expect(page.get_by_role("combobox", name="다른 카테고리")).to_be_focused()
    assert page.url == address + "/review"


def test_many_at_once_and_back(page, address, db, seal):
    fill(db, seal)
    page.goto(address + "/review/list")
    page.get_by_label("보이는 행 모두").check()
    page.get_by_role("button", name="선택한 행을 첫 번째 추천으로 확정 (3)").click()
    expect(page.locator(".flash")).to_contain_text("3행을 확정")
    assert scalar(db, "SELECT count(*) FROM listing_labels WHERE undone_at IS NULL") == 3
    page.get_by_role("button", name="되돌리기").click()
    expect(page.locator(".flash")).to_contain_text("결정 3건")
    assert scalar(db, "SELECT count(*) FROM listing_labels WHERE undone_at IS NULL") == 0


def test_the_labels_reach_the_next_training(page, address, space, db, seal):
    """What was a coat to nobody is one to the next model, since a person said so here."""
    known = [
        Collected(source="shop", external_id=f"{path}{n}", title=f"{word} {n}", tree=TREE,
                  category=path)
        for path, word in ((SHOES, "boots"), (BAGS, "tote"))
        for n in range(12)
    ]  # fmt: skip
    ListingStore(db, seal).save(known)
    rows = [(f"parka number {n}", "", ((SHOES, 0.4), (BAGS, 0.35), (COATS, 0.2)), "unsure")
            for n in range(6)]  # fmt: skip
    fill(db, seal, rows=rows)
    page.goto(address + "/review")
    page.wait_for_load_state()
    for left in range(6, 0, -1):
        expect(page.locator(".review-progress")).to_contain_text(f"남은 행 {left}")
        key(page, "3", "Digit3")
    expect(page.locator(".empty-queue")).to_be_visible()
    learned = list(labelled(db, space.home / "images", tree=TREE))
    assert [row.path for row in learned if row.source == "hand"] == [COATS] * 6
    config = CategoryConfig(texts=("linear",), image=None)
    train_category(space, db, actor=ACTOR, tree=TREE, config=config)
    page.goto(address + "/listings/new")
    page.wait_for_load_state()
    page.get_by_label("제목").press_sequentially("warm parka")
    expect(page.locator(".guess").first).to_contain_text("Coats")


@pytest.mark.parametrize(
    "where", ["listings/new", "review", "review/list", "batches", "categories"]
)
def test_nothing_hangs_over_the_edge_of_a_phone(page, address, db, seal, where):
    fill(db, seal)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}/{where}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
