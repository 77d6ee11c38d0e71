"""Charts of the weeks: how much is automatic, and how the shares that are promised are kept."""

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from listings.moderation.figures import Week
from support.promise import Promise

from . import policy_words
from .i18n import day
from .i18n import gettext as _
from .svg import Marked, Panel

_LABELS: Final = 6  # days that are written below, at most


def draw_weeks(weeks: Sequence[Week]) -> Markup:
    """Decisions a week: those of people, and on top of them those of the machine."""
    if not weeks:
        return Markup("")
    most = max(week.automatic + week.by_hand for week in weeks) or 1
    panel = Panel(_("Decisions a week"), x=(-0.6, len(weeks) - 0.4), y=(0, most), height=190)
    panel.ticks([Marked(value, policy_words.number(value)) for value in _levels(most)])
    panel.below(_days(weeks))
    for place, week in enumerate(weeks):
        values = {
            "day": day(week.monday + "T12:00:00Z"),
            "automatic": week.automatic,
            "by_hand": week.by_hand,
        }
        words = _("%(day)s: %(by_hand)s by people, %(automatic)s by the machine", **values)
        panel.bar(place, 0.7, 0, week.by_hand, "other", words)
        panel.bar(place, 0.7, week.by_hand, week.by_hand + week.automatic, "good", words)
    return panel.drawn()


def draw_shares(weeks: Sequence[Week]) -> Markup:
    """Normal listings left alone and hidden ones that were problems, with exact intervals."""
    parts = [
        _shares(weeks, "normal_not_hidden", _("Normal listings not hidden"), 0.995),
        _shares(weeks, "normal_not_flagged", _("Normal listings neither hidden nor looked at"),
                0.95),
        _shares(weeks, "precision", _("Hidden listings that were problems"), 0.95),
    ]  # fmt: skip
    return Markup("").join(part for part in parts if part)


def _shares(weeks: Sequence[Week], name: str, title: str, stated: float) -> Markup:
    found: list[tuple[int, Week, Promise]] = [
        (place, week, promise)
        for place, week in enumerate(weeks)
        if (promise := getattr(week, name)).n
    ]
    if not found:
        return Markup("")
    least = math.floor(10 * min(0.9, *(promise.low for _, _, promise in found))) / 10
    panel = Panel(title, x=(-0.6, len(weeks) - 0.4), y=(least, 1), height=150)
    panel.ticks([Marked(y, policy_words.percent(y, digits=0)) for y in (least, 1.0)])
    panel.across(stated, _("at least %(share)s", share=policy_words.percent(stated)))
    panel.below(_days(weeks))
    for place, week, promise in found:
        words = _(
            "%(day)s: %(right)s of %(n)s",
            day=day(week.monday + "T12:00:00Z"), right=promise.right, n=promise.n,
        )  # fmt: skip
        panel.dot(place, promise.share, "good", words, low=promise.low, high=promise.high)
    return panel.drawn()


def _days(weeks: Sequence[Week]) -> list[Marked]:
    step = -(-len(weeks) // _LABELS)
    return [
        Marked(place, week.monday[5:].replace("-", "."))
        for place, week in enumerate(weeks)
        if place % step == 0
    ]


def _levels(most: int) -> list[int]:
    return sorted({0, most // 2, most})
