"""When the desk learns by itself, as people say it."""

from datetime import datetime
from typing import Final

from support.clock import iso
from support.settings import Settings

from . import counted
from .i18n import gettext as _
from .i18n import moment
from .schedule import Plan

DAYS: Final = (0, 1, 2, 3, 7, 14, 28)  # that are offered; 0: never


def every(days: int) -> str:
    """How often, in words."""
    if days == 0:
        return _("only when somebody starts it")
    if days == 1:
        return _("every day")
    return _("every week") if days == 7 else _("every %(n)s days", n=days)


def offered(rules: Settings) -> list[int]:
    """The days to choose from, those that are set among them."""
    return sorted({*DAYS, rules.train_every_days})


def said(plan: Plan, rules: Settings, present: datetime | None = None) -> str:
    """When the next training begins."""
    if plan.at is None:
        return _("The desk learns only when somebody starts it.")
    present = present or datetime.now().astimezone()
    words = {"every": every(rules.train_every_days), "when": moment(iso(plan.at))}
    if plan.at > present:
        return _("The desk learns %(every)s; next on %(when)s, if there is news by then.", **words)
    if plan.fresh:
        return _("The desk learns %(every)s; the next training begins within a minute.", **words)
    return _(
        "The desk learns %(every)s; it was due on %(when)s and waits for an answer to learn from.",
        **words,
    )


def fresh(plan: Plan) -> str:
    """How much there is to learn."""
    n = counted.number(plan.fresh)
    return _("Answered with an FAQ since the last training: %(n)s.", n=n)
