"""Small charts as SVG within a page; colours are the style sheet's, so they follow light and dark.

Nothing in them is set by style, which the page's policy forbids: places are attributes, looks are
classes. Every point says its numbers, and what a chart shows stands in a table beside it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 640
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 12, 34, 26


@dataclass(frozen=True, slots=True)
class Marked:
    """A place on the x axis with words."""

    x: float
    words: str


class Panel:
    """One plot: x and y in ranges of their own, drawn into a picture of a given height."""

    def __init__(
        self, title: str, *, x: tuple[float, float], y: tuple[float, float], height: int = 200
    ) -> None:
        self.title = title
        self.height = height
        self._x, self._y = x, y
        self._parts: list[Markup] = []

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is drawn; what lies outside is drawn at the edge."""
        (x0, x1), (y0, y1) = self._x, self._y
        share_x = min(1.0, max(0.0, (x - x0) / (x1 - x0) if x1 > x0 else 0.5))
        share_y = min(1.0, max(0.0, (y - y0) / (y1 - y0) if y1 > y0 else 0.5))
        return (
            round(_LEFT + share_x * (WIDTH - _LEFT - _RIGHT), 1),
            round(self.height - _BOTTOM - share_y * (self.height - _TOP - _BOTTOM), 1),
        )

    def ticks(self, marks: Sequence[Marked]) -> None:
        """Lines across, each with its words on the left."""
        for mark in marks:
            x, y = self.at(self._x[0], mark.x)
            end, _ = self.at(self._x[1], 0)
            self._add('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>', x, end, y, y)
            self._add('<text class="soft" x="{}" y="{}" text-anchor="end">{}</text>',
                      x - 6, y + 4, mark.words)  # fmt: skip

    def below(self, marks: Sequence[Marked]) -> None:
        """Words under the x axis."""
        for mark in marks:
            x, _ = self.at(mark.x, 0)
            anchor = "end" if x > WIDTH - 40 else "middle"
            self._add('<text class="soft" x="{}" y="{}" text-anchor="{}">{}</text>',
                      x, self.height - 8, anchor, mark.words)  # fmt: skip

    def line(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """A line through points."""
        places = " ".join(f"{x},{y}" for x, y in (self.at(*point) for point in points))
        self._add('<polyline class="drawn {}" points="{}"/>', kind, places)

    def dot(self, x: float, y: float, kind: str, words: str, *, low: float | None = None,
            high: float | None = None) -> None:  # fmt: skip
        """A point that says its numbers, with an interval where there is one."""
        px, py = self.at(x, y)
        if low is not None and high is not None:
            self._add('<line class="drawn {}" x1="{}" x2="{}" y1="{}" y2="{}"/>',
                      kind, px, px, self.at(x, low)[1], self.at(x, high)[1])  # fmt: skip
        self._add('<circle class="dot {}" cx="{}" cy="{}" r="4"><title>{}</title></circle>',
                  kind, px, py, words)  # fmt: skip

    def bar(self, x: float, width: float, low: float, high: float, kind: str, words: str) -> None:
        """A bar from `low` to `high`, `width` of the x axis wide; none where they are equal."""
        if high <= low:
            return
        left, top = self.at(x - width / 2, high)
        right, bottom = self.at(x + width / 2, low)
        self._add(
            '<rect class="column {}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
            kind, left, top, round(right - left, 1), round(max(0.0, bottom - top), 1), words,
        )  # fmt: skip

    def across(self, y: float, words: str) -> None:
        """A level that is to be kept; its words stand in the title, where nothing hides them."""
        x, place = self.at(self._x[0], y)
        end, _ = self.at(self._x[1], y)
        self.title = f"{self.title} ({words})"
        self._add('<line class="level" x1="{}" x2="{}" y1="{}" y2="{}"/>', x, end, place, place)

    def upright(self, x: float, words: str) -> None:
        """A place that was chosen."""
        px, _ = self.at(x, 0)
        self._add('<line class="chosen" x1="{}" x2="{}" y1="{}" y2="{}"><title>{}</title></line>',
                  px, px, _TOP, self.height - _BOTTOM, words)  # fmt: skip

    def drawn(self) -> Markup:
        """The chart as an `<svg>` element that scales with its place."""
        head = Markup(
            '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
            '<text class="ink" x="{}" y="14">{}</text>'
        ).format(WIDTH, self.height, self.title, 2, self.title)
        return Markup("").join([head, *self._parts, Markup("</svg>")])

    def _add(self, form: str, *values: object) -> None:
        self._parts.append(Markup(form).format(*(escape(value) for value in values)))  # noqa: S704
