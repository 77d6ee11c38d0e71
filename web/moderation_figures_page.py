"""How moderation does: what is automatic, how precise, how kind to the normal, what waits."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from listings.moderation import figures, figures_now, policy_store, reporters, sample
from support.agents import listed as people
from support.clock import ago
from support.errors import InputError, NotFoundError
from support.promise import Promise

from . import moderation_words, policy_words
from .auth import LEADS, MODERATING, actor, me, requires
from .database import db
from .figures_chart import draw_shares, draw_weeks
from .i18n import gettext as _

bp = Blueprint("moderation_figures_page", __name__, url_prefix="/moderation/figures")

WEEKS = (4, 12, 52)
MUTES = {"7": 7, "30": 30, "0": 0}  # days; 0 for good


@bp.get("")
@requires(*MODERATING)
def show() -> ResponseReturnValue:
    """Show the figures of the last weeks, and how things stand now."""
    asked = request.args.get("weeks", "")
    count = int(asked) if asked in map(str, WEEKS) else WEEKS[1]
    since = ago(days=7 * count)
    weeks = figures.weeks(db(), since=since)
    names = {agent.id: agent.name for agent in people(db())}
    shadow = policy_store.in_mode(db(), "shadow")
    return render_template(
        "moderation_figures.html",
        weeks=weeks,
        count=count,
        choices=WEEKS,
        drawn=draw_weeks(weeks),
        shares=draw_shares(weeks),
        total=totals(weeks),
        by_class=figures.by_class(db(), since=since),
        precise=figures.precision_by_class(db(), since=since),
        by_moderator={names.get(i, "?"): found
                      for i, found in figures.by_moderator(db(), since=since).items()},
        waiting=figures_now.waiting(db()),
        reporters=figures_now.reporters(db()),
        mutes=MUTES,
        sampled={stream: sample.progress(db(), stream) for stream in sample.STREAMS},
        base=sample.base_rate(db()),
        shadow=shadow,
        beside=figures_now.beside(db(), shadow.id) if shadow else [],
        keeper=me().role in LEADS,
        says=policy_words,
        words=moderation_words,
        interval=interval,
        case_page="moderation_page.show" if "moderation_page.show" in current_app.view_functions
        else "",
    )  # fmt: skip


@bp.post("/reporters/<reporter>")
@requires(*LEADS)
def mute(reporter: str) -> ResponseReturnValue:
    """Let a reporter's reports count for nothing for a while, or count again."""
    if not figures_now.reported(db(), reporter):
        raise NotFoundError(f"Nobody known as {reporter!r} has reported anything.")
    days = request.form.get("days", "")
    if days not in (*MUTES, "end"):
        raise InputError(f"A reporter is muted for one of {', '.join(MUTES)} days, got {days!r}.")
    until = None if days == "end" else ago(days=-(MUTES[days] or 365 * 50))
    reporters.mute(db(), actor(), reporter, until=until, reason=request.form.get("reason", ""))
    flash(
        _("These reports count again.") if until is None
        else _("These reports count for nothing now."),
        "info",
    )  # fmt: skip
    return redirect(url_for(".show"))


def totals(weeks: list[figures.Week]) -> dict[str, Any]:
    """All weeks together."""

    def summed(name: str) -> Promise:
        found = [getattr(week, name) for week in weeks]
        return Promise.of(sum(p.right for p in found), sum(p.n for p in found))

    return {
        "automatic": sum(week.automatic for week in weeks),
        "by_hand": sum(week.by_hand for week in weeks),
        "precision": summed("precision"),
        "normal_not_hidden": summed("normal_not_hidden"),
        "normal_not_flagged": summed("normal_not_flagged"),
    }


def interval(found: Promise) -> str:
    """A share with its exact interval and what it was counted on."""
    if not found.n:
        return _("not known yet (n = 0)")
    return _(
        "%(share)s (%(low)s to %(high)s, n = %(n)s)",
        share=policy_words.percent(found.share, digits=1),
        low=policy_words.percent(found.low, up=False, digits=1),
        high=policy_words.percent(found.high, up=True, digits=1),
        n=policy_words.number(found.n),
    )
