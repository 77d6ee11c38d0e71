"""A real Chromium over a real HTTP server, for tests that drive the console as a person does."""

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from werkzeug.serving import make_server

from tests.web.conftest import PASSWORD, signed_in

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


PATIENCE = 300  # seconds that a browser may take for one test


class Chromium:
    """The system's browser, started again where it was lost."""

    def __init__(self, playwright: Playwright, path: str, *more: str) -> None:
        self._playwright, self._path, self._args = playwright, path, [*ARGS, *more]
        self._browser: Browser | None = None

    def ready(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._playwright.chromium.launch(
                executable_path=self._path, args=self._args
            )
        return self._browser

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Kill a browser that has stopped answering.

        Playwright waits without end for a key to be taken or a window to close; when the browser
        is gone it says so, and one test has failed instead of all that would have come after it.
        """
        devtools = self.ready().new_browser_cdp_session()
        found = devtools.send("SystemInfo.getProcessInfo")["processInfo"]
        process = next(each["id"] for each in found if each["type"] == "browser")
        devtools.detach()
        timer = threading.Timer(PATIENCE, os.kill, [process, signal.SIGKILL])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def close(self) -> None:
        if self._browser is not None:
            self._browser.close()


@contextmanager
def chromium(*more: str) -> Iterator[Chromium]:
    """Find the system's browser; without one the test is skipped, and in CI it fails.

    `more`: arguments beside the usual ones.
    """
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        reason = f"no browser: none of {', '.join(NAMES)} is installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=20_000)  # a busy machine is slow
    with sync_playwright() as playwright:
        found = Chromium(playwright, path, *more)
        yield found
        found.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application on a free port; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sign_in(page: Page, address: str, login: str = "mina") -> None:
    page.goto(address + "/sign-in")
    page.get_by_label("아이디").fill(login)
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def enter(context: BrowserContext, app: Flask, address: str, login: str) -> None:
    """Be signed in without the form, whose hashing takes its time."""
    cookie = signed_in(app, login).get_cookie("faqdesk")
    assert cookie is not None
    context.add_cookies([{"name": "faqdesk", "value": cookie.value, "url": address}])


def draft(page: Page) -> str:
    return page.locator("#text").input_value()


def type_around_the_cursor(page: Page, before: str, after: str) -> None:
    """Type two parts and leave the cursor between them."""
    page.wait_for_load_state()  # the page's own script has run
    page.locator("#text").fill(before + after)
    page.locator("#text").evaluate("(field, at) => field.setSelectionRange(at, at)", len(before))


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("초안 저장됨")


def key(page: Page, letter: str, code: str, *, modifiers: int = 0) -> None:
    """Press a key by its place, as the Hangul keyboard sends it: j arrives as ㅓ."""
    devtools = page.context.new_cdp_session(page)
    for kind in ("rawKeyDown", "keyUp"):
        devtools.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": letter, "code": code, "modifiers": modifiers},
        )
    devtools.detach()
