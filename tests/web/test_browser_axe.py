"""Every page in a real browser: nothing serious for axe, no sideways scrolling on a phone."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from support import agents, saved_replies, settings
from support.clock import now
from support.database import scalar
from tests.conftest import ACTOR
from tests.listings.moderation.desk import a_policy, put, report
from tests.web.browser import served, sign_in
from tests.web.conftest import PASSWORD, signed_in, stubbed_app
from tests.web.connected import connected
from tests.web.console_pages import HELPDESK, pages
from tests.web.drawn_listings import BAG, BAG_AGAIN, LAMP, sell, suspend
from tests.web.test_gaps_page import WEATHER, add_gap
from tests.web.test_models_page import judged_releases
from web import jobs

pytestmark = pytest.mark.browser

BAD = ("serious", "critical")
CONTRAST = {"runOnly": ["color-contrast"]}
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SCROLLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def furnished(space, db, add_rows):
    """Something on every page."""
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    add_rows(WEATHER)
    sql = "SELECT id FROM inquiries WHERE source_id LIKE 'w%' ORDER BY source_id"
    add_gap(db, [row["id"] for row in db.query(sql)], minutes=12.4, timed=2)
    saved_replies.create(db, ACTOR, title="감사 인사", body="문의해 주셔서 감사합니다.")
    judged_releases(space, db)
    settings.change(db, ACTOR, embed_parents=[HELPDESK])
    _listings(space, db)
    _map(db)
    jobs.enqueue(space, db, ACTOR, "map", {})
    connected(space, db)
    db.table("label_batches").insert(
        {"name": "shop.csv", "file": "shop.csv", "state": "done", "created_by": "cli:test",
         "created_at": now()},
    )  # fmt: skip
    return space


def _listings(space, db):
    bad = sell(space, db, 1, "bad", BAG, photos=[(1, 0), (2, 0)])
    suspend(db, bad)
    again = sell(space, db, 2, "new", BAG_AGAIN, photos=[(3, 0), (1, 0)])
    sell(space, db, 4, "lee", LAMP, photos=[(4, 0)])
    put(db, a_policy())
    report(db, space.seal(), again, "ann", label="counterfeit", words="가짜예요")


def _map(db):
    ids = np.array([row["id"] for row in db.query("SELECT id FROM inquiries ORDER BY id")], "<i8")
    points = np.stack([np.cos(ids), np.sin(ids)], 1).astype("<f4")
    db.table("maps").insert(
        {"encoder_version": "bigrams", "ids": ids.tobytes(), "points": points.tobytes(),
         "settings": "{}", "made_at": now()},
    )  # fmt: skip
    db.conn.commit()


@pytest.fixture
def console(furnished, recommender, db):
    """The console over HTTP, and its pages as an admin sees them."""
    app = stubbed_app(furnished, recommender)
    found = pages(app, db, signed_in(app, "ada"))
    assert len(found) > 25
    with served(app) as address:
        yield address, found


def trouble(page, options=None):
    """What axe finds that would keep somebody from using the page, each in a line."""
    found = Axe().run(page, options={"resultTypes": ["violations"]} | (options or {}))
    return [
        f"{item['id']} ({item['impact']}): {node['target']} {node['html'][:150]}"
        for item in found.response["violations"]
        if item["impact"] in BAD
        for node in item["nodes"]
    ]


def test_nothing_serious_light_or_dark_and_no_page_scrolls_sideways(context, console):
    address, found = console
    page = context.new_page()
    sign_in(page, address, "ada")
    wrong = []
    for one in found:
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_viewport_size(DESK)
        page.goto(address + one.path)
        wrong += [f"{one.path} {line}" for line in trouble(page)]
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        wrong += [f"{one.path} dark {line}" for line in trouble(page, CONTRAST)]
        page.set_viewport_size(PHONE)
        beyond = page.evaluate(SCROLLS)
        wrong += [f"{one.path} scrolls sideways by {beyond}"] if beyond > 0 else []
    assert not wrong, "\n".join(wrong)


def test_nothing_serious_in_english(context, console, db):
    address, found = console
    agents.set_language(db, scalar(db, "SELECT id FROM agents WHERE login = 'ada'"), "en")
    page = context.new_page()
    sign_in(page, address, "ada")
    wrong = []
    for one in found:
        page.set_viewport_size(DESK)
        page.goto(address + one.path)
        # The sidebar's page knows no cookie: until it is connected it speaks as the browser likes.
        spoken = "ko" if one.path.startswith("/embed/") else "en"
        assert page.locator("html").get_attribute("lang") == spoken, one.path
        wrong += [f"{one.path} {line}" for line in trouble(page)]
        page.set_viewport_size(PHONE)
        beyond = page.evaluate(SCROLLS)
        wrong += [f"{one.path} scrolls sideways by {beyond}"] if beyond > 0 else []
    assert not wrong, "\n".join(wrong)


def test_signing_in_needs_no_eyes(context, console):
    address, _ = console
    page = context.new_page()
    page.goto(address + "/sign-in")
    assert trouble(page) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert trouble(page, CONTRAST) == []
