"""Rows of tables that people keep in spreadsheets: cells on their way out and back, and doubles."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

MOST_ROWS: Final = 20_000  # of a file that is taken in at once
# What a spreadsheet may take for a formula: it begins so, as it is or full-width, perhaps behind
# blanks and quotes that are thrown away on the way in; or a control character comes first.
_BLANK: Final = "[\\s\0'\"`‘’“”\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
_FORMULA: Final = re.compile(f"[\\t\\r\\n\0]|{_BLANK}*[-=+@＝＋－＠﹦﹢﹣﹫]")
_NUMBER: Final = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?(e[+-]?\d+)?%?", re.ASCII | re.I)
_NO: Final = frozenset({"0", "false", "no", "n", "아니오"})


def no_formula(value: Any) -> Any:
    """Text of others that a spreadsheet will not take for a formula; all else as it is.

    (OWASP's "CSV Injection".) Numbers stay numbers, also where text holds one.
    """
    if not isinstance(value, str) or value[:1].isalnum() or _NUMBER.fullmatch(value):
        return value
    return f"'{value}" if _FORMULA.match(value) else value


def typed_text(value: str) -> str:
    """The same for a cell that is said to be text: there nothing is a formula.

    Only what `as_written` would shorten is told apart.
    """
    return f"'{value}" if value != as_written(value) else value


def is_formula(text: str) -> bool:
    """Whether a spreadsheet that guesses may take a text for a formula."""
    return _FORMULA.match(text) is not None


def as_written(text: str) -> str:
    """What `no_formula` or `typed_text` was given for a text."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text, 1) else text


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
