"""Where the next page of a list begins: a moment and an id, as addresses carry them.

What comes or goes meanwhile moves nothing, unlike a number of rows.
"""

from support import clock
from support.errors import InputError


def write_cursor(at: str, number: int) -> str:
    """A cursor for the row with this moment and id."""
    return f"{at},{number}"


def read_cursor(text: str) -> tuple[str, int] | None:
    """Read what `write_cursor` wrote; None where a list begins.

    Raises:
        InputError: it is something else.
    """
    if not text:
        return None
    at, _, number = text.partition(",")
    try:
        clock.from_iso(at)
        # SQLite's integers end at 2 ** 63; ids begin at 1.
        return at, min(max(0, int(number)), 2**63 - 1)
    except ValueError as error:
        raise InputError(f"No page begins at {text!r}. Start from the first page.") from error
