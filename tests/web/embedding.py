"""What the browser tests of the sidebar share: a helpdesk that holds it, and being connected."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import FrameLocator, Page
from sqlite_utils import Database

from support import settings
from tests.web.browser import served
from tests.web.conftest import ACTOR
from tests.web.helpdesks import Helpdesk

# Storage of a frame of another site is its own there. The driver turns that off, and then a frame
# has none at all; a switch of this kind takes the place of the driver's.
AS_PEOPLE_USE_IT = "--disable-features=Translate"


@contextmanager
def helpdesk(
    page: str,
    context: dict[str, Any],
    desk: str,
    db: Database,
    *,
    allowed: bool = True,
    width: int = 360,
) -> Iterator[str]:
    """The address of a helpdesk that holds the desk's sidebar.

    It is at `localhost`, the desk at `127.0.0.1`: for a browser, two sites.
    """
    made = Helpdesk(page, context, width=width)
    with served(made.app) as own:
        made.origin, made.desk = own.replace("127.0.0.1", "localhost"), desk
        named = made.origin if allowed else "https://other.example"
        settings.change(db, ACTOR, embed_parents=named)
        yield made.origin


def connect(page: Page, frame: FrameLocator) -> None:
    """Connect as a person does, in the window that opens."""
    with page.context.expect_page() as opened:
        frame.locator("#connect").click()
    window = opened.value
    with window.expect_event("close"):
        window.locator("main form button").click()
