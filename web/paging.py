"""Pages of a long list, by their number in the address."""

from flask import request

PER_PAGE = 50
_MOST = 10_000  # beyond it the last page that can be is shown


def page() -> int:
    """Which page is asked for, from 1."""
    text = request.args.get("page", "1")
    number = int(text) if is_number(text) else 1
    return min(max(1, number), _MOST)


def window() -> dict[str, int]:
    """The same as `limit` and `offset`; one row more than shown says whether another page is."""
    return {"limit": PER_PAGE + 1, "offset": (page() - 1) * PER_PAGE}


def is_number(text: str) -> bool:
    """Whether it is a number from 0 that SQLite can hold."""
    return text.isascii() and text.isdigit() and len(text) < 19
