"""Figures drawn as SVG with nothing but strings: shares against coverage, time or probability.

Colours follow the reader's light or dark setting; lines differ in dash as well as in colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .reliability import Bin

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 20, 24, 52
_COLOURS = ("one", "two", "three")
_TENTHS = tuple((tenth / 10, f"{tenth / 10:.0%}") for tenth in range(0, 11, 2))
_STYLE = """
.bg{fill:#fff}.ink{fill:#24292f}.soft{fill:#57606a}.grid{stroke:#d8dee4;stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.one{stroke:#0b62a8}.two{stroke:#8a5200;stroke-dasharray:7 4}
.three{stroke:#57606a;stroke-dasharray:2 3}
.dot-one{fill:#0b62a8}.dot-two{fill:#8a5200}.dot-three{fill:#57606a}
@media (prefers-color-scheme:dark){
.bg{fill:#161b22}.ink{fill:#e6edf3}.soft{fill:#9ba5b0}.grid{stroke:#30363d}
.one{stroke:#6cb6ff}.two{stroke:#e0a458}.three{stroke:#9ba5b0}
.dot-one{fill:#6cb6ff}.dot-two{fill:#e0a458}.dot-three{fill:#9ba5b0}}
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of points, both coordinates in [0, 1], and one point of it to mark."""

    name: str
    points: Sequence[tuple[float, float]]
    marked: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What is written around a figure; the title is said to who cannot see it."""

    title: str
    x_label: str
    y_label: str


COVERAGE = Words(
    "Share right against coverage", "coverage: share of inquiries that get a suggestion",
    "share right",
)  # fmt: skip
RELIABILITY = Words(
    "Share right against the probability stated",
    "probability stated (mean of the bin; n beside its point)",
    "share right, with its exact 95 % interval",
)


def plot_coverage(curves: Sequence[Curve], *, words: Words = COVERAGE) -> str:
    """Draw up to two curves of (coverage, share right); marked is where a band begins.

    Returns:
        One `<svg>` element, 640 by 400, that scales with its place.
    """
    if not 1 <= len(curves) <= 2:
        raise ValueError(f"One or two curves can be told apart, got {len(curves)}.")
    parts = _lines(curves)
    for curve, colour in zip(curves, _COLOURS, strict=False):
        if curve.marked:
            coverage, share = curve.marked
            parts.append(
                f'<circle class="dot-{colour}" cx="{_x(coverage)}" cy="{_y(share)}" r="5">'
                f"<title>{share:.0%} right at {coverage:.0%} coverage</title></circle>"
            )
    return _framed(parts, words, _TENTHS)


def plot_lines(
    curves: Sequence[Curve], *, x_ticks: Sequence[tuple[float, str]], words: Words
) -> str:
    """Draw up to three curves over named places on the x axis.

    Args:
        curves: points (x, share).
        x_ticks: (x, words) to write below the axis.
        words: what is written around it.

    Returns:
        One `<svg>` element, 640 by 400, that scales with its place.
    """
    if not 1 <= len(curves) <= 3:
        raise ValueError(f"One to three curves can be told apart, got {len(curves)}.")
    return _framed(_lines(curves), words, x_ticks)


def plot_reliability(bins: Sequence[Bin], *, words: Words = RELIABILITY) -> str:
    """Draw a bin as a point with its interval; on the diagonal, what is stated is kept.

    Returns:
        One `<svg>` element, 640 by 400, that scales with its place.
    """
    parts = [f'<line class="line three" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>']
    for found in bins:
        x = _x(found.stated)
        told = (
            f"stated {found.stated:.2f}, right {found.right} of {found.n} "
            f"({found.least:.2f} to {found.most:.2f})"
        )
        parts += [
            f'<line class="line one" x1="{x}" y1="{_y(found.least)}" x2="{x}" '
            f'y2="{_y(found.most)}"/>',
            f'<circle class="dot-one" cx="{x}" cy="{_y(found.share)}" r="5">'
            f"<title>{told}</title></circle>",
            f'<text class="ink" x="{round(x + 8, 1)}" y="{_y(found.share) + 4}">{found.n}</text>',
        ]
    return _framed(parts, words, _TENTHS)


def _lines(curves: Sequence[Curve]) -> list[str]:
    """The curves, and their names in the lower left."""
    parts = []
    for number, (curve, colour) in enumerate(zip(curves, _COLOURS, strict=False)):
        points = " ".join(f"{_x(x)},{_y(share)}" for x, share in curve.points)
        row = _y(0) - 14 - 20 * (len(curves) - 1 - number)
        parts += [
            f'<polyline class="line {colour}" points="{points}"/>',
            f'<line class="line {colour}" x1="{_x(0) + 12}" x2="{_x(0) + 44}" '
            f'y1="{row - 4}" y2="{row - 4}"/>',
            f'<text class="ink" x="{_x(0) + 52}" y="{row}">{escape(curve.name)}</text>',
        ]
    return parts


def _framed(parts: Sequence[str], words: Words, x_ticks: Sequence[tuple[float, str]]) -> str:
    frame = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(words.title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="bg" width="{_WIDTH}" height="{_HEIGHT}"/>',
    ]
    for share, tick in _TENTHS:
        frame += [
            f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{_y(share)}" y2="{_y(share)}"/>',
            f'<text class="soft" x="{_x(0) - 8}" y="{_y(share) + 4}" text-anchor="end">'
            f"{tick}</text>",
        ]
    frame += [
        f'<text class="soft" x="{_x(x)}" y="{_y(0) + 18}" text-anchor="middle">'
        f"{escape(tick)}</text>"
        for x, tick in x_ticks
    ]
    frame += [
        f'<text class="ink" x="{(_x(0) + _x(1)) / 2}" y="{_HEIGHT - 10}" text-anchor="middle">'
        f"{escape(words.x_label)}</text>",
        f'<text class="ink" x="{_x(0)}" y="{_TOP - 8}">{escape(words.y_label)}</text>',
    ]
    return "\n".join([*frame, *parts, "</svg>\n"])


def _x(share: float) -> float:
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)
