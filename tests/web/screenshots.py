"""Pictures of every page for `docs/`: Korean and English, desktop and phone, light and dark.

Run by `make screenshots`: makes the sample marketplace fresh, lets a team work on it, and walks
through the console as an admin. Says so and ends with 1 where axe finds something serious, or where
a page scrolls sideways on a phone.
"""

import argparse
import io
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import product
from pathlib import Path

import structlog
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect
from sqlite_utils import Database

from support import agents, settings
from support.database import scalar
from support.workspace import Workspace
from tests.web.browser import chromium, served
from tests.web.conftest import signed_in
from tests.web.console_pages import ConsolePage, pages
from tests.web.embedding import connect
from tests.web.helpdesks import BESIDE, Helpdesk, conversation
from tests.web.screenshot_desk import ACTOR, ADMIN, furnish, make
from web.app import create_app

SIZES = {"desktop": (1360, 900), "phone": (390, 844)}
LANGUAGES, THEMES = ("ko", "en"), ("light", "dark")
LOCALES = {"ko": "ko-KR", "en": "en-GB"}
SMALLER = 0.75  # than on the screen: legible, and the whole set stays under 6 MB
QUALITY = 30  # of WebP
SETTLED_MS = 400  # for what a page's script draws
SCROLLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
IN_HELPDESK = "sidebar-in-helpdesk"  # the sidebar where it is used, connected
ASKED = ("incoming", "인증번호가 안 와요. 어제부터 세 번이나 눌렀는데 문자가 오지 않아요.")
FIRST = ("inbox", "inquiry", "archive", "search", "faqs", "mend", "gaps", "map", "replies", "week")


def main() -> None:
    """Take them all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    options.add_argument("--desk", type=Path, help="A demo's desk, which is copied; else a new one")
    options.add_argument("--only", default="", help="Pages whose name begins so")
    given = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        space = _desk(Path(folder) / "desk", given.desk)
        furnish(space)
        wrong = _take(space, given.out, given.only)
    if not given.only:
        write_index(given.out)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


def _desk(home: Path, source: Path | None) -> Workspace:
    if source is None:
        return make(home)
    shutil.copytree(source, home)
    shutil.copy(Workspace(source).key_path, Workspace(home).key_path)
    return Workspace(home)


def _take(space: Workspace, out: Path, only: str) -> list[str]:
    wrong = []
    app = create_app(space)
    out.mkdir(parents=True, exist_ok=True)
    with (
        closing(space.database()) as db,
        served(app) as address,
        _helpdesk(db, address) as beside,
        chromium() as browsers,
    ):
        browser = browsers.ready()
        client = signed_in(app, ADMIN)
        cookie = client.get_cookie("faqdesk")
        assert cookie
        found = [page for page in pages(app, db, client) if page.name.startswith(only)]
        found += [ConsolePage("sign-in", "/sign-in")] if "sign-in".startswith(only) else []
        found += [ConsolePage(IN_HELPDESK, beside)] if IN_HELPDESK.startswith(only) else []
        who = scalar(db, "SELECT id FROM agents WHERE login = ?", [ADMIN])
        for language, size in product(LANGUAGES, SIZES):
            agents.set_language(db, who, language)
            width, height = SIZES[size]
            context, stranger = (
                browser.new_context(
                    viewport={"width": width, "height": height},
                    locale=LOCALES[language],
                    reduced_motion="reduce",
                )
                for _ in range(2)
            )
            context.add_cookies([{"name": "faqdesk", "value": cookie.value, "url": address}])
            for one in found:
                page = (stranger if one.name == "sign-in" else context).new_page()
                page.goto(one.path if one.path.startswith("http") else address + one.path)
                if one.name == IN_HELPDESK:
                    connect(page, page.frame_locator("#app"))
                    expect(page.frame_locator("#app").locator("#fitting")).to_be_visible()
                page.wait_for_timeout(SETTLED_MS)
                wrong += _look(page, one, out, f"{language}-{size}")
                page.close()
            context.close()
            stranger.close()
    return wrong


@contextmanager
def _helpdesk(db: Database, address: str) -> Iterator[str]:
    """Where a helpdesk stands that may show the sidebar."""
    made = Helpdesk(BESIDE, conversation(ASKED))
    with served(made.app) as own:
        made.origin, made.desk = own.replace("127.0.0.1", "localhost"), address
        known = settings.load(db).embed_parents
        settings.change(db, ACTOR, embed_parents=[*known, made.origin])
        yield made.origin


def _look(page: Page, one: ConsolePage, out: Path, variant: str) -> Iterator[str]:
    """Both pictures of a page as it stands; gives what is wrong with it."""
    beyond = page.evaluate(SCROLLS)
    if beyond > 0:
        yield f"{one.path} ({variant}) scrolls sideways by {beyond}"
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(SETTLED_MS // 4)
        name = f"{one.name}-{variant}-{theme}.webp"
        shot = Image.open(io.BytesIO(page.screenshot()))
        size = (int(shot.width * SMALLER), int(shot.height * SMALLER))
        shot = shot.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        shot.save(out / name, "WEBP", quality=QUALITY, method=6)
        if variant != "ko-desktop":  # colours and structure are the same in all of them
            continue
        for item in Axe().run(page).response["violations"]:
            if item["impact"] in ("serious", "critical"):
                targets = [node["target"] for node in item["nodes"]][:3]
                yield f"{one.path} ({theme}) {item['id']}: {targets}"
    (out / f"{one.name}.title").write_text(page.title(), encoding="utf-8")


def write_index(out: Path) -> None:
    """One line of links and one picture for each page, beside the folder of pictures."""
    lines = [
        "# Every page of the console",
        "",
        "Taken by `make screenshots` on the sample marketplace; made again, they show another day.",
    ]
    names = sorted(path.stem for path in out.glob("*.title"))
    names.sort(key=lambda name: next((i for i, first in enumerate(FIRST) if name.startswith(first)),
                                     len(FIRST)))  # fmt: skip
    for name in names:
        title = (out / f"{name}.title").read_text(encoding="utf-8").rpartition(" · ")[0]
        others = ", ".join(
            f"[{language} {size} {theme}]({out.name}/{name}-{language}-{size}-{theme}.webp)"
            for language in LANGUAGES
            for size in SIZES
            for theme in THEMES
        )
        shown = f"{out.name}/{name}-en-desktop-light.webp"
        lines += ["", f"## {title}", "", f"![{title}]({shown})", "", others]
    for path in out.glob("*.title"):
        path.unlink()
    out.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
