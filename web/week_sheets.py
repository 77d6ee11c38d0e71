"""A week's report as tables: the figures, then by FAQ, agent, day and release."""

from support.promise import Promise
from support.week import Figures, Part, Week
from support.week_todo import Todo

from .sheets import Sheet

FIGURES = ("coverage", "coverage_3", "accepted", "first_right", "misses", "gaps")
_SHARE = ("right", "n", "share", "low", "high")
_COLUMNS = (
    "answered",
    "held_out",
    *(f"{name}_{part}" for name in FIGURES for part in _SHARE),
    *("minutes_median", "minutes_low", "minutes_high", "minutes_n"),
)


def sheets(week: Week, todos: tuple[Todo, ...] = ()) -> list[Sheet]:
    """Every table of a report; the first is the whole span beside the one before it."""
    return [
        Sheet(
            "week",
            ("since", "until", *_COLUMNS),
            [
                (week.since, week.until, *_row(week.figures)),
                ("", week.since, *_row(week.before)),
            ],
        ),
        Sheet(
            "faqs",
            (
                *("faq", "title", "sent", "suggested", "accepted", "missed"),
                *(f"first_{part}" for part in _SHARE),
                "dismissed",
            ),
            [
                (
                    *(line.slug, line.title, line.sent, line.suggested),
                    *(line.accepted, line.missed, *_share(line.first)),
                    "; ".join(f"{reason} {n}" for reason, n in sorted(line.dismissed.items())),
                )
                for line in week.by_faq
            ],
        ),
        _parts("agents", "agent", week.by_agent),
        _parts("days", "day", week.by_day),
        Sheet(
            "releases",
            ("release", "in_force_since", *_COLUMNS),
            [(model.name, model.since, *_row(model.figures)) for model in week.by_release],
        ),
        Sheet(
            "next",
            ("what", "inquiries", "of", "faq", "title", "gap"),
            [(t.kind, t.n, t.of or None, t.slug, t.title, t.gap_id) for t in todos],
        ),
    ]


def _parts(name: str, column: str, parts: tuple[Part, ...]) -> Sheet:
    rows = [(part.name, *_row(part.figures)) for part in parts]
    return Sheet(name, (column, *_COLUMNS), rows)


def _row(figures: Figures) -> tuple[float | int | None, ...]:
    shares = [value for name in FIGURES for value in _share(getattr(figures, name))]
    minutes = figures.minutes
    times = (minutes.median, minutes.low, minutes.high) if minutes.n else (None, None, None)
    return (figures.n, figures.held_out, *shares, *times, minutes.n)


def _share(promise: Promise) -> tuple[float | int | None, ...]:
    """A count with its share and interval; of nothing there is no share."""
    if not promise.n:
        return 0, 0, None, None, None
    return promise.right, promise.n, promise.share, promise.low, promise.high
