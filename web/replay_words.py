"""Replays in the reader's language: how they were made, and what came out of them."""

from typing import Final

from flask_babel import lazy_gettext

from support.promise import Promise
from support.replays import Replay, Told

from . import counted, model_words
from .i18n import day
from .i18n import gettext as _

# How each of the outcomes is called on its own, and counted in a row of them.
OUTCOMES: Final = {
    "won": lazy_gettext("Won"),
    "lost": lazy_gettext("Lost"),
    "band": lazy_gettext("Shown otherwise"),
    "other": lazy_gettext("Another FAQ, as right or wrong"),
    "same": lazy_gettext("The same"),
}

BANDS: Final = {
    "likely": lazy_gettext("likely"),
    "possible": lazy_gettext("possible"),
    "silent": lazy_gettext("not shown"),
}


def asked(found: Replay) -> str:
    """Whom it asked, and whether either had learned from it."""
    since = day(found.since)
    if found.way == "unseen":
        return _(
            "Both models were asked the inquiries since %(day)s, which came after both were made: "
            "neither had learned from them.",
            day=since,
        )
    if found.way == "refitted":
        return _(
            "Both recipes were fitted again on what was known before %(day)s and asked what came "
            "after, so neither had learned from it. The models themselves have learned from more.",
            day=since,
        )
    return _(
        "Both models were asked the inquiries since %(day)s, which they have learned from: this "
        "shows what would change, and proves nothing.",
        day=since,
    )


def won(found: Replay) -> str:
    """How many of those on which one alone is right go to this release."""
    wins, losses = found.figures["wins"], found.figures["losses"]
    if not wins + losses:
        return _("There is no inquiry on which one of the two alone is right.")
    share = Promise.of(wins, wins + losses)
    return _(
        "Of %(n)s on which one alone is right, this one is in %(wins)s: %(share)s (%(interval)s).",
        n=counted.number(share.n),
        wins=counted.number(wins),
        share=counted.percent(share),
        interval=counted.interval(share),
    )


def difference(found: Replay) -> str:
    """How much more often this release is right first."""
    gap = found.figures["differences"]["hit@1"]
    return _("Right FAQ first: %(gap)s.", gap=model_words.points(gap))


def swayed(found: Replay) -> str:
    """How many of the answers may have followed a suggestion; empty where none."""
    n = found.figures.get("swayed", 0)
    if not n:
        return ""
    return _(
        "%(n)s of them were answered with a suggestion in sight, which may have decided what was "
        "sent.",
        n=n,
    )


def shown(told: Told) -> str:
    """The band and the probability of one release's first FAQ."""
    return _(
        "%(band)s, %(share)s",
        band=BANDS.get(told.band, told.band),
        share=f"{told.probability:.0%}",
    )
