"""What each threshold would hide: problems found above, normal listings hidden below."""

from markupsafe import Markup

from listings.moderation.policy import HIDE_FLOOR

from . import policy_words
from .i18n import gettext as _
from .policy_tuner import Tried
from .svg import Marked, Panel

_TENTHS = tuple(round(HIDE_FLOOR + step / 10, 1) for step in range(6))


def draw_curve(tried: Tried, *, normals: int, problems: int) -> Markup:
    """Draw both shares over one threshold for every class, and where the sliders stand.

    Args:
        tried: a policy.
        normals: unselected normal listings among the rows.
        problems: unselected problems, likewise.
    """
    if not normals or not problems:
        return Markup("")
    stated = tried.measured.hidden.stated
    shares = [point.normals / normals for point in tried.curve]
    top = min(1.0, max(2.5 * stated, *shares))
    above = Panel(
        _("Problems found, of %(n)s", n=policy_words.number(problems)), x=(HIDE_FLOOR, 1), y=(0, 1),
        height=150,
    )  # fmt: skip
    below = Panel(
        _("Normal listings hidden, of %(n)s", n=policy_words.number(normals)),
        x=(HIDE_FLOOR, 1), y=(0, top), height=170,
    )  # fmt: skip
    above.ticks([Marked(share, policy_words.percent(share)) for share in (0, 0.5, 1)])
    below.ticks([Marked(share, policy_words.percent(share)) for share in (0, top / 2, top)])
    below.across(stated, _("at most %(share)s", share=policy_words.percent(stated)))
    below.below([Marked(at, f"{at:.1f}") for at in _TENTHS])
    above.line([(p.threshold, p.problems / problems) for p in tried.curve], "good")
    below.line([(p.threshold, p.normals / normals) for p in tried.curve], "bad")
    at = sorted({t.hide for t in tried.policy.thresholds.values() if t.hide is not None})
    for value in at:
        for panel in (above, below):
            panel.upright(value, policy_words.threshold(value))
    return above.drawn() + below.drawn()
