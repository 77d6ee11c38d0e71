"""Coverage against share right, drawn as SVG with nothing but strings.

Colours follow the reader's light or dark setting; lines differ in dash as well as in colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 20, 24, 52
_STYLE = """
.bg{fill:#fff}.ink{fill:#24292f}.soft{fill:#57606a}.grid{stroke:#d8dee4;stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.one{stroke:#0b62a8}.two{stroke:#8a5200;stroke-dasharray:7 4}
.dot-one{fill:#0b62a8}.dot-two{fill:#8a5200}
@media (prefers-color-scheme:dark){
.bg{fill:#161b22}.ink{fill:#e6edf3}.soft{fill:#9ba5b0}.grid{stroke:#30363d}
.one{stroke:#6cb6ff}.two{stroke:#e0a458}.dot-one{fill:#6cb6ff}.dot-two{fill:#e0a458}}
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of (coverage, share right) points, and the point where its band begins."""

    name: str
    points: Sequence[tuple[float, float]]
    marked: tuple[float, float] | None = None


def plot_coverage(
    curves: Sequence[Curve],
    *,
    title: str = "Share right against coverage",
    x_label: str = "coverage: share of inquiries that get a suggestion",
    y_label: str = "share right",
) -> str:
    """Draw up to two curves.

    Returns:
        One `<svg>` element, 640 by 400, that scales with its place.
    """
    if not 1 <= len(curves) <= 2:
        raise ValueError(f"One or two curves can be told apart, got {len(curves)}.")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="bg" width="{_WIDTH}" height="{_HEIGHT}"/>',
    ]
    for tenth in range(0, 11, 2):
        share = tenth / 10
        parts += [
            f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{_y(share)}" y2="{_y(share)}"/>',
            f'<text class="soft" x="{_x(0) - 8}" y="{_y(share) + 4}" text-anchor="end">'
            f"{share:.0%}</text>",
            f'<text class="soft" x="{_x(share)}" y="{_y(0) + 18}" text-anchor="middle">'
            f"{share:.0%}</text>",
        ]
    parts += [
        f'<text class="ink" x="{(_x(0) + _x(1)) / 2}" y="{_HEIGHT - 10}" text-anchor="middle">'
        f"{escape(x_label)}</text>",
        f'<text class="ink" x="{_x(0)}" y="{_TOP - 8}">{escape(y_label)}</text>',
    ]
    for number, (curve, colour) in enumerate(zip(curves, ("one", "two"), strict=False)):
        points = " ".join(f"{_x(coverage)},{_y(share)}" for coverage, share in curve.points)
        parts.append(f'<polyline class="line {colour}" points="{points}"/>')
        if curve.marked:
            coverage, share = curve.marked
            parts.append(
                f'<circle class="dot-{colour}" cx="{_x(coverage)}" cy="{_y(share)}" r="5">'
                f"<title>{share:.0%} right at {coverage:.0%} coverage</title></circle>"
            )
        row = _y(0) - 14 - 20 * (len(curves) - 1 - number)
        parts += [
            f'<line class="line {colour}" x1="{_x(0) + 12}" x2="{_x(0) + 44}" '
            f'y1="{row - 4}" y2="{row - 4}"/>',
            f'<text class="ink" x="{_x(0) + 52}" y="{row}">{escape(curve.name)}</text>',
        ]
    return "\n".join([*parts, "</svg>\n"])


def _x(share: float) -> float:
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)
