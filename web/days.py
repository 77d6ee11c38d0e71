"""Days as a reader means them: they begin at midnight of the reader's own clock."""

from datetime import date, datetime, time, timedelta

from flask_babel import get_timezone

from support.clock import from_iso, iso
from support.errors import InputError

from .i18n import gettext as _


def present() -> datetime:
    """The reader's present, with their zone."""
    return datetime.now(get_timezone())


def today() -> date:
    """The reader's day."""
    return present().date()


def begins(day: date | str, *, plus: int = 0, hour: int = 0) -> str:
    """The moment at which a day begins, in UTC.

    Args:
        day: a day, or as forms write it: 2026-11-03.
        plus: days later.
        hour: not at midnight, but at this hour.

    Raises:
        InputError: it is no day.
    """
    try:
        at = date.fromisoformat(day) if isinstance(day, str) else day
        start = datetime.combine(at + timedelta(days=plus), time(hour))
        zone = get_timezone()
        # pytz's zones must be asked; set as tzinfo they give the mean time of 1890.
        placed = zone.localize(start) if hasattr(zone, "localize") else start.replace(tzinfo=zone)
        return iso(placed)
    except (ValueError, OverflowError) as error:
        raise InputError(_("Give the day as 2026-12-31.")) from error


def day_of(moment: str) -> date:
    """The reader's day in which a moment lies."""
    return from_iso(moment).astimezone(get_timezone()).date()
