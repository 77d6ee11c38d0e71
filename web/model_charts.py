"""A release's curves: how far what is stated is kept, and what a higher threshold buys."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from support.held_out import HeldOutRows

from .i18n import gettext as _
from .policy_words import percent
from .svg import Marked, Panel

_TENTHS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FEWEST: Final = 10  # inquiries that a share is drawn of
KINDS: Final = ("good", "other")  # this release, and the one beside it


def draw_reliability(bins: Sequence[Mapping[str, Any]]) -> Markup:
    """Draw each bin as a point with its exact interval; on the diagonal, what is stated is kept."""
    panel = _panel(_("Share right against the probability stated"))
    panel.line([(0, 0), (1, 1)], "other")
    for found in bins:
        words = _(
            "stated %(stated)s: %(right)s of %(n)s right",
            stated=percent(found["stated"]), right=found["right"], n=found["n"],
        )  # fmt: skip
        panel.dot(
            found["stated"], found["share"], "good", words, low=found["least"], high=found["most"]
        )
    return panel.drawn()


def draw_coverage(
    rows: Sequence[HeldOutRows], *, marked: tuple[float, float] | None = None
) -> Markup:
    """Draw the share right against the share that is shown, for one release or two.

    Args:
        rows: held-out predictions; of two, this one first.
        marked: coverage and share right at the threshold that is used.
    """
    from train.metrics import coverage_curve

    drawn = [item for item in rows if len(item)]
    if not drawn:
        return Markup("")
    panel = _panel(_("Share right against the share of inquiries that is shown one"))
    for item, kind in zip(drawn, KINDS, strict=False):
        curve = coverage_curve(item.probability.tolist(), item.right.tolist())
        panel.line([(at, share) for at, share in curve if at * len(item) >= FEWEST], kind)
    if marked is not None and marked[0]:
        words = _("Likely: %(coverage)s shown, %(share)s of them right",
                  coverage=percent(marked[0]), share=percent(marked[1]))  # fmt: skip
        panel.dot(*marked, "good", words)
    return panel.drawn()


def _panel(title: str) -> Panel:
    panel = Panel(title, x=(0, 1), y=(0, 1), height=260)
    marks = [Marked(share, percent(share)) for share in _TENTHS]
    panel.ticks(marks)
    panel.below(marks)
    return panel
