"""Personal data planted wherever somebody can write, each place with a number of its own.

A number that turns up where it must not be names the place that it went in by.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient


@dataclass
class Planted:
    """What was planted where: the eight digits of a telephone number, to the place."""

    places: dict[str, str] = field(default_factory=dict)
    _next: Iterator[int] = field(default_factory=lambda: itertools.count(71_340_000, 1_237))

    def phone(self, place: str) -> str:
        """A number that nobody has, written as people do."""
        digits = str(next(self._next))
        self.places[digits] = place
        return f"010-{digits[:4]}-{digits[4:]}"

    def words(self, place: str) -> str:
        """A sentence with it, short enough for any field."""
        return f"제 번호는 {self.phone(place)}"

    def found(self, content: bytes) -> set[str]:
        """The places whose numbers stand somewhere, however they are written."""
        return {
            self.places[digits]
            for pattern in _LOOKS
            for number in pattern.finditer(content)
            if (digits := b"".join(number.groups()).replace(b"\0", b"").decode()) in self.places
            # Not in the middle of a longer number, as of a weight.
            and _BEFORE.search(content[max(0, number.start() - 4) : number.start()])
        }


# With what stands between or without, as text, in an address, in JSON, and in UTF-16.
_BETWEEN = rb"(?:[ \-.]|%20|%2D|\\u2010|\xe2\x80\x90){0,2}"
_LOOKS = (
    re.compile(rb"(\d{4})" + _BETWEEN + rb"(\d{4})(?!\d)"),
    re.compile(rb"((?:\d\0){4})(?:[\- ]\0)?((?:\d\0){3}\d)(?!\0\d)"),
)
_BEFORE = re.compile(rb"(?:010|[^\d.]|^)\Z")


def files_of(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below some folders, with all its bytes."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()


def fill(client: FlaskClient, page: str, planted: Planted, known: set[str]) -> None:
    """Send each form of a page with something planted in every field that takes words.

    Args:
        client: somebody who is signed in.
        page: its address.
        planted: keeps what went where.
        known: the forms that were sent before, which are not sent again.
    """
    soup = BeautifulSoup(client.get(page).text, "html.parser")
    for form in soup.find_all("form"):
        action = str(form.get("action") or page)
        if not action.startswith("/") or action.startswith(LEFT_ALONE):
            continue
        fields = [
            item
            for item in form.find_all(["input", "textarea", "select", "button"])
            if item.get("name")
        ]
        this = f"{action.partition('?')[0]} {sorted({str(item['name']) for item in fields})}"
        if this in known:
            continue
        known.add(this)
        values = {
            str(item["name"]): _value(item, f"{action} > {item['name']}", planted)
            for item in fields
        }
        given = {name: value for name, value in values.items() if value is not None}
        if str(form.get("method", "get")).lower() == "post":
            if form.get("enctype") == "multipart/form-data":
                continue  # files have a test of their own
            client.post(action, data=given).close()
        else:
            client.get(action.partition("?")[0], query_string=given).close()


# Who works at the desk has a name, a login and an address of their own; a desk's settings hold its
# own public numbers; and what ends the session or the desk's languages ends the walk.
LEFT_ALONE = (
    "/people", "/account", "/sign-out", "/settings", "/connections", "/language", "/preferences",
    "/sidebar", "/tokens",
)  # fmt: skip


def _value(item: Tag, place: str, planted: Planted) -> str | None:
    kind = str(item.get("type", "text")).lower()
    if item.name == "textarea":
        return planted.words(place)
    if item.name == "select":
        chosen = item.find("option", selected=True) or item.find("option")
        return str(chosen.get("value", chosen.get_text())) if isinstance(chosen, Tag) else None
    if item.name == "button" or kind in ("submit", "image", "reset"):
        return str(item.get("value", "")) or None
    if kind in ("text", "search"):
        return planted.words(place)
    if kind in ("checkbox", "radio"):
        return str(item.get("value", "on"))
    return str(item.get("value", ""))
