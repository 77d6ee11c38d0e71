"""A file of FAQs or saved replies before it is taken in: its rows by what each would do."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support.errors import FaqdeskError, InputError
from support.faq_revisions import Piece, difference, in_short
from support.importing.files import Numbered

from . import knowledge_words
from .auth import me
from .database import desk
from .errors import status_of
from .i18n import gettext as _
from .table_files import Waiting, left_out, rows

SHOWN: Final = 300  # rows on a page
CHOOSABLE: Final = ("new", "changed")


class Row(Protocol):
    """One row of a file, of FAQs or of saved replies."""

    @property
    def line(self) -> int:
        """Where it stands."""

    @property
    def state(self) -> str:
        """What taking it in would do."""

    @property
    def fields(self) -> dict[str, str]:
        """What the file says."""

    @property
    def reason(self) -> str:
        """Why it cannot be taken in."""

    @property
    def was(self) -> dict[str, str]:
        """What stands in its place now."""


R = TypeVar("R", bound=Row)
Judge = Callable[[Iterable[Numbered], str], Sequence[R]]  # rows and the file's name


def receive(judge: Judge[R], said: Mapping[str, object]) -> ResponseReturnValue:
    """Keep the file that came, unless nothing in it can be read."""
    waiting = Waiting(desk().workspace, me().id)
    try:
        token = waiting.add(request.files.get("file"))
    except InputError as error:
        words = _("Choose a file: CSV, JSON Lines or XLSX.")
        return render_template("table_import.html", trouble=words, **said), status_of(error)
    path = waiting.find(token)
    try:
        judge(rows(path), path.name)
    except FaqdeskError as error:
        waiting.remove(token)
        words = str(error).replace(str(path), path.name)
        page = render_template("table_import.html", trouble=words, english=True, **said)
        return page, status_of(error)
    return redirect(url_for(".look_at", token=token))


def look_at(token: str, judge: Judge[R], said: Mapping[str, object]) -> ResponseReturnValue:
    """Show what taking each row in would do."""
    path = Waiting(desk().workspace, me().id).find(token)
    found = judge(rows(path), path.name)
    counts = Counter(row.state for row in found)
    state = request.args.get("state", "")
    if state not in counts:
        state = ""
    asked = [row for row in found if row.state == state or (not state and row.state != "same")]
    return render_template(
        "table_preview.html",
        name=path.name,
        token=token,
        rows=asked[:SHOWN],
        hidden=len(asked) - len(asked[:SHOWN]),
        counts={name: counts[name] for name in knowledge_words.ROWS if counts[name]},
        state=state,
        total=len(found),
        choosable=CHOOSABLE,
        changed=changed,
        **said,
    )


def chosen(token: str, judge: Judge[R]) -> tuple[Path, list[R]]:
    """The file that waits, and those of its rows that nobody left out."""
    path = Waiting(desk().workspace, me().id).find(token)
    out = left_out(request.form.get("shown", ""), request.form.getlist("line"))
    return path, [row for row in judge(rows(path), path.name) if row.line not in out]


def forget(token: str) -> None:
    """Take the file away: it is taken in."""
    Waiting(desk().workspace, me().id).remove(token)


def told(added: int, changed: int) -> str:
    """What an import did."""
    return _("%(added)s added, %(changed)s changed.", added=f"{added:,}", changed=f"{changed:,}")


def changed(row: Row) -> list[tuple[str, list[Piece]]]:
    """The fields that would change: each with what would go and come."""
    return [
        (name, in_short(difference(row.was[name], text)))
        for name, text in row.fields.items()
        if row.was.get(name) != text
    ]
