"""Times as the desk writes them: ISO 8601 in UTC, to the second; text order is time order."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    """The present, such as `2026-11-03T08:15:00Z`."""
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    """Write a moment; one without a zone is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> datetime:
    """Read what `iso` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


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


def parse(text: str) -> str:
    """Read a time as exports write them: ISO 8601, epoch seconds or milliseconds, 2024.8.1 9:30.

    Raises:
        ValueError: it is none of these.
    """
    text = text.strip()
    if text.isdigit() and len(text) in (10, 13):
        seconds = int(text) / (1000 if len(text) == 13 else 1)
        return iso(datetime.fromtimestamp(seconds, UTC))
    try:
        return iso(datetime.fromisoformat(text))
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return iso(datetime.strptime(text, form))
        except ValueError:
            continue
    raise ValueError(f"Cannot read {text!r} as a time; write it as 2026-11-03T08:15:00Z.")
