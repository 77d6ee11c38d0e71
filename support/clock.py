"""Times as the desk writes them: ISO 8601 in UTC, to the second; text order is time order."""

from datetime import UTC, datetime, timedelta, tzinfo

from .errors import InputError

YEARS = range(1970, 2101)  # what an export may hold; anything else is a slip of the pen


def now() -> str:
    """The present, such as `2026-11-03T08:15:00Z`."""
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    """Write a moment; one without a zone is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Not strftime: on Linux its %Y does not pad, and text order would not be time order.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def from_iso(text: str) -> datetime:
    """Read what `iso` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def check(**moments: str) -> None:
    """Refuse a moment that means nothing; an empty one is none.

    Raises:
        InputError: one is not as `iso` writes it.
    """
    for name, value in moments.items():
        try:
            if value:
                from_iso(value)
        except ValueError as error:
            cure = "write it as 2026-11-03T00:00:00Z."
            raise InputError(f"{name} cannot be {value!r}; {cure}") from error


def ago(**span: float) -> str:
    """The moment that lies `timedelta(**span)` back."""
    return iso(datetime.now(UTC) - timedelta(**span))


_FORMATS = (
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d",
    "%Y/%m/%d",
)


def parse(text: str, *, zone: tzinfo = UTC) -> str:
    """Read a time as exports write them: ISO 8601, epoch seconds or milliseconds, 2024.8.1 9:30.

    Args:
        text: the time.
        zone: where its clock stands, if it does not say so itself.

    Raises:
        ValueError: it is none of these, or of a year before 1970 or after 2100.
    """
    text = text.strip()
    try:
        moment = _moment(text)
        if moment is not None and moment.year in YEARS:
            return iso(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except OverflowError:
        moment = None
    if moment is None:
        raise ValueError(f"Cannot read {text!r} as a time; write it as 2026-11-03T08:15:00Z.")
    raise ValueError(f"The time {text!r} is not between {YEARS[0]} and {YEARS[-1]}.")


def _moment(text: str) -> datetime | None:
    if text.isdecimal() and len(text) in (10, 13):
        seconds = int(text) / (1000 if len(text) == 13 else 1)
        return datetime.fromtimestamp(seconds, UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
