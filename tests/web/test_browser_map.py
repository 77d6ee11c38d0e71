"""The map in a real browser: points are seen, coloured, gathered with the lasso, labelled."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from support import inquiries
from tests.web.browser import enter, key
from tests.web.test_map_page import lay_out

pytestmark = pytest.mark.browser

# Two corners and a middle, by source id: FAQ code-missing, FAQ refund, and what waits.
PLACES = {
    "a1": (0, 0), "a2": (0.04, 0.04), "a3": (1, 1), "a5": (0.96, 1), "a4": (0.5, 0.5),
    "o1": (0, 1), "o2": (1, 0), "o3": (0.5, 0), "o4": (0.5, 1),
}  # fmt: skip
CODE, REFUND, HIT = (0x9F, 0x01, 0x62), (0x00, 0x9F, 0x81), (0xD0, 0x00, 0x6F)
OPEN = (0xE6, 0x9F, 0x00)
PAINTERS = ("canvas", "webgl")


@pytest.fixture
def page(context, guarded_app, address, db):
    lay_out(db, PLACES)
    enter(context, guarded_app, address, "sujin")
    page = context.new_page()
    page.emulate_media(color_scheme="light")
    return page


def show(page, address, *, painter="canvas"):
    """Open the map and wait until it is drawn."""
    page.goto(f"{address}/map?painter={painter}")
    page.wait_for_selector(f'#map[data-ready="{painter}"]')
    settle(page)


def settle(page):
    """Wait until what was asked for is painted."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def seen(page):
    """The pixels of the map: (height, width, 3)."""
    picture = page.locator("#map canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def at(pixels, colour):
    """Where a colour stands: rows and columns of its pixels."""
    return np.argwhere(np.abs(pixels - np.array(colour)).max(axis=-1) < 8)


def apart(page):
    """Pixels between the points of the two FAQs."""
    pixels = seen(page)
    return np.linalg.norm(at(pixels, CODE).mean(axis=0) - at(pixels, REFUND).mean(axis=0))


def spot(page, x, y):
    """A place of the whole map, each side from 0 to 1, as the mouse knows it."""
    box = page.locator("#map canvas").bounding_box()
    side = 0.94 * min(box["width"], box["height"])
    return (
        box["x"] + box["width"] / 2 + (x - 0.5) * side,
        box["y"] + box["height"] / 2 + (y - 0.5) * side,
    )


def lasso(page, corners):
    page.mouse.move(*spot(page, *corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*spot(page, *corner), steps=4)
    page.mouse.up()


@pytest.mark.parametrize("painter", PAINTERS)
def test_points_are_drawn_in_their_colours_and_the_colours_change(page, address, painter):
    show(page, address, painter=painter)
    pixels = seen(page)
    code, refund = at(pixels, CODE), at(pixels, REFUND)
    assert len(code) > 20
    assert len(refund) > 20
    height, width = pixels.shape[:2]
    assert code[:, 0].max() < height / 2 < refund[:, 0].min()  # up left, and down right
    assert code[:, 1].max() < width / 2 < refund[:, 1].min()
    page.get_by_role("button", name="결과", exact=True).click()
    settle(page)
    pixels = seen(page)
    assert not len(at(pixels, CODE))
    assert len(at(pixels, OPEN)) > 40  # four that wait
    page.get_by_role("button", name=re.compile("^답변 기다림")).click()
    settle(page)
    alone = seen(page)
    assert len(at(alone, OPEN)) == len(at(pixels, OPEN))
    assert not len(at(alone, (0x00, 0x72, 0xB2)))  # those linked are ground now


def test_without_graphics_the_pixels_are_written_by_hand(browser, page, address):
    show(page, address)
    hand = seen(page)
    show(page, address, painter="webgl")
    shaded = seen(page)
    assert np.abs(at(hand, CODE).mean(axis=0) - at(shaded, CODE).mean(axis=0)).max() < 2
    page.add_init_script(
        "const own = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind.startsWith('webgl') ? null : own.call(this, kind, ...more) }"
    )
    page.goto(f"{address}/map?painter=webgl")
    page.wait_for_selector('#map[data-ready="canvas"]')
    settle(page)
    assert len(at(seen(page), CODE)) == len(at(hand, CODE))


def test_a_lasso_holds_what_it_surrounds_which_is_labelled_and_taken_back(page, address, db, ids):
    show(page, address)
    page.get_by_role("button", name="올가미").click()
    lasso(page, [(0.8, 0.9), (0.9, 1.02), (1.02, 1.02), (1.02, 0.9)])
    region = page.locator("#region")
    expect(region.get_by_role("heading", name="문의 2건")).to_be_focused()
    expect(region).to_contain_text("Where is my refund?")
    expect(region.locator(".region-rows li")).to_have_count(2)
    box = region.get_by_role("combobox")
    box.fill("상대")
    expect(region.get_by_role("option")).to_have_count(1)
    box.press("Enter")
    region.get_by_role("button", name="‘상대가 나오지 않았어요’ FAQ의 문의로 표시").click()
    expect(region).to_contain_text("문의 2건을 ‘상대가 나오지 않았어요’")
    both = [ids["a3"], ids["a5"]]
    assert all("no-show" in slugs for slugs in inquiries.labels(db, both).values())
    expect(page.locator("#legend")).to_contain_text("상대가 나오지 않았어요")
    region.get_by_role("button", name="되돌리기").click()
    expect(region).to_contain_text("되돌렸어요")
    assert inquiries.labels(db, both) == dict.fromkeys(both, ("refund",))
    with page.expect_download() as taken:
        region.locator("summary").click()
        region.get_by_label("이유").fill("분기 보고")
        region.get_by_role("button", name="내려받기").click()
    assert "Where is my refund?" in taken.value.path().read_text("utf-8-sig")
    page.keyboard.press("Escape")
    expect(region).to_be_hidden()
    page.mouse.move(*spot(page, 0.5, 0.6))
    page.keyboard.down("Shift")
    page.get_by_role("button", name="이동", exact=True).click()
    lasso(page, [(-0.02, -0.02), (0.15, -0.02), (0.15, 0.15), (-0.02, 0.15)])
    page.keyboard.up("Shift")
    expect(region.get_by_role("heading", name="문의 2건")).to_be_visible()
    expect(region).to_contain_text("인증번호가 안 와요")


def test_words_typed_stand_out_and_are_read(page, address):
    show(page, address)
    page.get_by_role("searchbox", name="지도에서 찾기").fill("환불")
    expect(page.locator("#hits")).to_have_text(re.compile("^2"))  # an answered one, and an open one
    settle(page)
    assert len(at(seen(page), HIT)) > 40
    assert not len(at(seen(page), CODE))
    page.get_by_role("button", name="찾은 문의 읽기").click()
    expect(page.locator("#region .region-rows li")).to_have_count(2)


def test_a_point_says_its_words_and_opens(page, address, ids):
    show(page, address)
    page.mouse.move(*spot(page, 0.5, 0.5))
    expect(page.locator("#tip")).to_contain_text("직거래 약속에 상대가 안 나왔어요")
    with page.context.expect_page() as opened:
        page.mouse.click(*spot(page, 0.5, 0.5))
    assert opened.value.url.endswith(f"/inquiries/{ids['a4']}")


def test_by_keys_alone_one_moves_closer_and_reads_what_is_in_view(page, address):
    show(page, address)
    canvas = page.locator("#map canvas")
    canvas.focus()
    for _ in range(4):
        key(page, "+", "Equal")
    for _ in range(8):
        key(page, "ArrowUp", "ArrowUp")
        key(page, "ArrowLeft", "ArrowLeft")
    key(page, "ㅍ", "KeyV")  # in Hangul mode
    region = page.locator("#region")
    expect(region.get_by_role("heading", name="문의 2건")).to_be_focused()
    expect(region).to_contain_text("문자 인증번호가 계속 안 오는데요")
    key(page, "Escape", "Escape")
    expect(canvas).to_be_focused()
    key(page, "0", "Digit0")
    key(page, "ㅍ", "KeyV")
    expect(region.get_by_role("heading", name="문의 9건")).to_be_visible()


def test_the_wheel_and_dragging_move_the_map_and_a_reload_keeps_the_place(page, address):
    show(page, address)
    before = at(seen(page), CODE).mean(axis=0)
    page.mouse.move(*spot(page, 0.3, 0.3))
    page.mouse.down()
    page.mouse.move(*spot(page, 0.4, 0.4), steps=5)
    page.mouse.up()
    settle(page)
    before_wheel = seen(page)
    assert (at(before_wheel, CODE).mean(axis=0) - before > 20).all()
    page.mouse.move(*spot(page, 0.1, 0.1))
    page.mouse.wheel(0, -300)
    settle(page)
    closer = at(seen(page), CODE)
    assert np.ptp(closer, axis=0).min() > np.ptp(at(before_wheel, CODE), axis=0).max()
    page.wait_for_timeout(400)  # the place is written down when the hand rests
    page.reload()
    page.wait_for_selector("#map[data-ready]")
    settle(page)
    assert np.abs(at(seen(page), CODE).mean(axis=0) - closer.mean(axis=0)).max() < 2


def test_fingers_pinch_and_tap(browser, guarded_app, address, page, ids):
    context = browser.new_context(
        locale="ko-KR", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800}
    )
    enter(context, guarded_app, address, "sujin")
    phone = context.new_page()
    show(phone, address)
    before = apart(phone)
    (left, top), (right, bottom) = spot(phone, 0.3, 0.3), spot(phone, 0.7, 0.7)
    devtools = context.new_cdp_session(phone)
    for kind, wide in (("touchStart", 60), ("touchMove", 30), ("touchMove", 0), ("touchEnd", 0)):
        ends = [(left - wide, top - wide), (right + wide, bottom + wide)]
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(ends)]
        touched = [] if kind == "touchEnd" else points
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})
    settle(phone)
    assert apart(phone) < 0.7 * before
    phone.get_by_role("button", name="전체").tap()
    settle(phone)
    phone.touchscreen.tap(*spot(phone, 0.5, 0.5))
    expect(phone.locator("#tip")).to_contain_text("직거래 약속에 상대가 안 나왔어요")
    expect(phone.locator("#tip a")).to_have_attribute("href", f"/inquiries/{ids['a4']}")
    context.close()


def test_dark_has_colours_of_its_own(page, address):
    show(page, address)
    assert len(at(seen(page), CODE)) > 20
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    settle(page)
    dark = seen(page)
    assert not len(at(dark, CODE))
    assert len(at(dark, (0xD9, 0x4A, 0xA0))) > 20


def test_nothing_hangs_over_the_edge_of_a_phone(page, address):
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/map?painter=canvas", "/map/table"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
