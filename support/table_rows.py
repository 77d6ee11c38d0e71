"""Rows of tables that people keep in spreadsheets: cells on their way out and back, and doubles."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

MOST_ROWS: Final = 20_000  # of a file that is taken in at once
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for one begins so
_NO: Final = frozenset({"0", "false", "no", "n", "아니오"})


def no_formula(value: Any) -> Any:
    """Text of others that a spreadsheet will not take for a formula; all else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_written(text: str) -> str:
    """What `no_formula` was given for a text."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def switch(row: Mapping[str, Any], column: str) -> bool | None:
    """Whether a column says yes; None where there is no such column."""
    return None if column not in row else str(row[column]).strip().lower() not in _NO


def doubles(rows: Sequence[tuple[str, Mapping[str, str]]]) -> dict[int, str]:
    """The rows of a file that cannot be taken in beside others of it, and why.

    Of rows with one name and different words nobody knows which is meant: none is taken. Of rows
    that say the same the first is.

    Args:
        rows: name and fields of each; one without a name is no double.

    Returns:
        Places of `rows`, each with its reason.
    """
    times = Counter(name for name, _ in rows if name)
    words: dict[str, set[str]] = {}
    for name, fields in rows:
        words.setdefault(name, set()).add(json.dumps(dict(fields), sort_keys=True))
    found, seen = {}, set()
    for place, (name, _) in enumerate(rows):
        if name and times[name] > 1 and (len(words[name]) > 1 or name in seen):
            found[place] = f"{times[name]} rows are called {name!r}"
        seen.add(name)
    return found
