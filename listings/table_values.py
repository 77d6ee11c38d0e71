"""Cells on their way from one kind of table to another: never rounded, never guessed at."""

import base64
import datetime as dt
import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

_SURROGATES = re.compile("[\ud800-\udfff]")
_EXACT = 2**53  # beyond it a spreadsheet's numbers skip some


def as_text(value: Any) -> str:
    """A cell as a CSV writes it; "" for none."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list | dict | tuple):
        return json.dumps(as_json(value), ensure_ascii=False)
    return str(_plain(value))


def as_json(value: Any) -> Any:
    """A cell as JSON holds it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return _plain(value)


def as_cell(value: Any) -> Any:
    """A cell as a spreadsheet holds it: text, a number, a truth value or a moment without zone."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else as_text(as_json(value))
    if isinstance(value, dt.datetime | dt.time):
        return value if value.tzinfo is None else value.isoformat()
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    if isinstance(value, dt.timedelta):
        return value
    if isinstance(value, list | dict | tuple):
        return as_text(value)
    return str(_plain(value))


def whole(value: Any) -> Any:
    """Replace halves of surrogate pairs, which no encoding can hold."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {whole(key): whole(item) for key, item in value.items()}
    return value


def nested_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects lie in one another deeper than this; asked without recursion."""
    inside = [value]
    for _ in range(levels + 1):
        inside = [
            item
            for each in inside
            if isinstance(each, list | dict)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
        if not inside:
            return False
    return True


def type_of(value: Any) -> str:
    """The type that a column of such values has: see `common_type`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        if abs(value) <= _EXACT:
            return "int"
        return "long" if -(2**63) <= value < 2**63 else "text"
    if isinstance(value, float):
        return "float"
    if isinstance(value, dt.datetime):
        return "moment"
    return "text"


def common_type(types: Sequence[str]) -> str:
    """One type for a column: "int", "float", "bool", "moment", or "text" for all else."""
    found = set(types) - {""}
    if found == {"int", "float"}:
        return "float"
    if found <= {"int", "long"} and found:
        return "int"
    return found.pop() if len(found) == 1 else "text"


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    if isinstance(value, Decimal):
        return str(value)
    return str(value)
