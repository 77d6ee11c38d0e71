"""Every page in a real browser: nothing serious for axe, no sideways scrolling on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from support import agents
from support.database import scalar
from tests.web.browser import served, sign_in
from tests.web.conftest import signed_in, stubbed_app
from tests.web.console_pages import pages
from tests.web.furnished import furnish

pytestmark = pytest.mark.browser

BAD = ("serious", "critical")
CONTRAST = {"runOnly": ["color-contrast"]}
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SCROLLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def furnished(space, db):
    return furnish(space, db)


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
