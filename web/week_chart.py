"""The days of a week as bars: what was answered, and how much of it had a likely suggestion."""

from collections.abc import Sequence

from markupsafe import Markup

from support.week import Part

from . import counted, week_words
from .i18n import gettext as _
from .svg import Marked, Panel

_HEIGHT = 190


def draw_days(days: Sequence[Part]) -> Markup:
    """Draw a bar a day; its lower part, the inquiries shown a likely FAQ."""
    most = max((day.figures.n for day in days), default=0)
    if not most:
        return Markup("")
    panel = Panel(_("Answered by day"), x=(-0.6, len(days) - 0.4), y=(0, most), height=_HEIGHT)
    levels = sorted({0, most // 2, most})
    panel.ticks([Marked(level, counted.number(level)) for level in levels])
    panel.below([Marked(x, week_words.weekday(day.name)) for x, day in enumerate(days)])
    for x, day in enumerate(days):
        likely = day.figures.coverage.right
        words = _(
            "%(day)s: %(n)s answered, %(likely)s with a likely suggestion",
            day=week_words.weekday(day.name), n=day.figures.n, likely=likely,
        )  # fmt: skip
        panel.bar(x, 0.7, 0, likely, "good", words)
        panel.bar(x, 0.7, likely, day.figures.n, "other", words)
    return panel.drawn()
