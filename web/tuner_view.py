"""What a threshold did, in the reader's words: for the page, and for the slider that moves over it.

The slider's script gets every point of the curve in these words, so that it has none of its own.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

from flask_babel import lazy_gettext
from markupsafe import Markup

from support.promise import Promise
from support.thresholds import NEVER
from support.tuner import Point

from . import counted
from .counted import Said
from .i18n import gettext as _
from .svg import Marked, Panel

FIGURES: Final = {
    "shown": lazy_gettext("Shown as likely"),
    "right": lazy_gettext("Of those, right"),
    "wrong": lazy_gettext("Wrong in a hundred inquiries"),
    "missed": lazy_gettext("Right, and not shown"),
}
_ROWS: Final = 12  # of the curve's table
_HEIGHT: Final = 230


def at(threshold: float) -> str:
    """A threshold as people read it, four digits at most."""
    if math.isinf(threshold):
        return _("nothing is shown")
    digits = f"{threshold:.4f}"
    return digits[:-2] if digits.endswith("00") else digits


def field(threshold: float) -> str:
    """A threshold as a form sends it."""
    return NEVER if math.isinf(threshold) else f"{threshold:.4f}"


def figures(point: Point) -> dict[str, Said]:
    """What a threshold did, in the order of FIGURES."""
    return {
        "shown": counted.share(point.coverage),
        "right": counted.share(point.promise),
        "wrong": _per_hundred(Promise.of(point.wrong, point.n)),
        "missed": counted.share(Promise.of(point.missed, point.n)),
    }


class Drawn:
    """The curve as a picture: how much is shown across, how much of it is right upwards."""

    def __init__(self, curve: Sequence[Point], now: Point) -> None:
        """Take the points of a curve and the one in force."""
        # The highest thresholds show a handful, of which chance alone makes a line jump.
        told = [p for p in curve if p.promise.high - p.promise.low <= counted.TOO_WIDE]
        lows = [point.promise.share for point in told] or [0.0]
        most = max([point.coverage.share for point in told], default=1.0)
        self._least = math.floor(10 * max(0.0, min(lows) - 0.05)) / 10
        self._panel = Panel(
            _("Share right (upwards) against share shown (across)"),
            x=(0, max(0.1, math.ceil(10 * most) / 10)), y=(self._least, 1), height=_HEIGHT,
        )  # fmt: skip
        self._told, self._now = told, now

    def place(self, point: Point) -> dict[str, float] | None:
        """Where a point and its interval are drawn; None: it shows nothing."""
        if not point.promise.n:
            return None
        x, y = self._panel.at(point.coverage.share, point.promise.share)
        ends = (self._panel.at(0, value)[1] for value in (point.promise.low, point.promise.high))
        return {"x": x, "y": y, "low": next(ends), "high": next(ends)}

    def svg(self, tried: Point) -> Markup:
        """The curve, the point in force, and the one that is tried; empty without a curve."""
        if len(self._told) < 2:
            return Markup("")
        panel = self._panel
        panel.ticks([Marked(y, _percent(y)) for y in (self._least, (self._least + 1) / 2, 1.0)])
        right = max(0.1, math.ceil(10 * max(p.coverage.share for p in self._told)) / 10)
        panel.below([Marked(x, _percent(x)) for x in (0.0, right / 2, right)])
        panel.line([(p.coverage.share, p.promise.share) for p in self._told], "other")
        for point, kind in ((self._now, "now"), (tried, "tried")):
            # One that shows nothing has no place yet; the script may give it one.
            share = point.promise.share if point.promise.n else 1.0
            panel.dot(point.coverage.share, share, kind if point.promise.n else f"{kind} nowhere",
                      sentence(point), low=point.promise.low, high=point.promise.high)  # fmt: skip
        return panel.drawn()


def for_slider(curve: Sequence[Point], drawn: Drawn) -> list[dict[str, Any]]:
    """Every point in words and places, plain JSON."""
    return [for_script(point, drawn) for point in curve]


def for_script(point: Point, drawn: Drawn) -> dict[str, Any]:
    """One point in words and places, plain JSON."""
    return {
        "value": field(point.threshold),
        "at": at(point.threshold),
        "said": sentence(point),
        "figures": {name: [s.main, s.beside, s.few] for name, s in figures(point).items()},
        "place": drawn.place(point),
    }


def sentence(point: Point) -> str:
    """A point in one line, for its place in the picture and for who hears the slider."""
    said = figures(point)
    return _(
        "Threshold %(at)s: %(shown)s shown, %(right)s of them right",
        at=at(point.threshold),
        shown=said["shown"].main,
        right=said["right"].main,
    )


def thinned(curve: Sequence[Point]) -> list[Point]:
    """Some points of a curve, its ends among them, for a table."""
    if len(curve) <= _ROWS:
        return list(curve)
    step = (len(curve) - 1) / (_ROWS - 1)
    return [curve[round(number * step)] for number in range(_ROWS)]


def _per_hundred(wrong: Promise) -> Said:
    said = counted.share(wrong)
    if said.few:
        return said
    return Said(f"{100 * wrong.share:.1f}", said.beside)


def _percent(share: float) -> str:
    return f"{round(100 * share)}\N{NO-BREAK SPACE}%"
