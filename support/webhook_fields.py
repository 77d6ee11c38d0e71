"""Values of webhooks, as the desk writes them."""

from .channels import channel as channel
from .clock import now, parse


def text(value: object) -> str:
    """A value as text; empty where there is none."""
    return "" if value is None else str(value)


def word(value: object) -> str:
    """The name of an event.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no name of an event")
    return value


def named(value: object) -> str:
    """An id as text.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise ValueError(f"{value!r} is no id")
    return str(value)[:200]


def at(value: object) -> str:
    """A moment as the desk writes it; one that cannot be read is now."""
    try:
        return parse(text(value))
    except ValueError:
        return now()


def joined(*parts: object) -> str:
    """The parts that say something, with spaces between."""
    return " ".join(text(part) for part in parts if part)
