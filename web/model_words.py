"""Releases and their judgements in the reader's language, with the figures behind them."""

from collections.abc import Mapping
from typing import Any

from flask_babel import format_percent, lazy_gettext

from support.release_data import Learned
from support.shelf import Stored

from . import counted
from .i18n import day, moment
from .i18n import gettext as _

LINES = {
    "desk": lazy_gettext("For inquiries"),
    "category": lazy_gettext("For listings' categories"),
    "moderation": lazy_gettext("For moderation"),
    "similar": lazy_gettext("For photos of listings"),
}

STATES = {
    "live": lazy_gettext("In force"),
    "candidate": lazy_gettext("Candidate"),
    "retired": lazy_gettext("Was in force"),
    "pruned": lazy_gettext("Files deleted"),
}

PARTS = {
    "encoder": lazy_gettext("Sentence encoder"),
    "index": lazy_gettext("Search index"),
    "faq": lazy_gettext("FAQ classifier"),
    "category": lazy_gettext("Category classifier"),
    "moderation": lazy_gettext("Moderation model"),
    "similar": lazy_gettext("Photo model"),
}

METRICS = {
    "hit@1": lazy_gettext("Right FAQ first"),
    "hit@3": lazy_gettext("Right FAQ among the first three"),
    "coverage": lazy_gettext("Shown as likely"),
    "share_right": lazy_gettext("Of those, right"),
    "ece": lazy_gettext("Probabilities off by"),
}

CATEGORY_METRICS = {
    "hit@1": lazy_gettext("Right category first"),
    "hit@3": lazy_gettext("Right category among the first three"),
    "coverage": lazy_gettext("Needs no look"),
    "share_right": lazy_gettext("Of those, right"),
    "ece": lazy_gettext("Probabilities off by"),
}

GROUPS = {
    "all": lazy_gettext("All inquiries"),
    "shown": lazy_gettext("Answered with a suggestion in sight"),
    "unswayed": lazy_gettext("Answered without one"),
}


def judged(stored: Stored) -> str:
    """How a release was judged, in a sentence or two."""
    found = stored.judgement
    if not found:
        return _("Not judged.")
    if not found["cut"]:
        return _held_out(found)
    if "candidate" not in found:
        since = _("%(n)s inquiries to judge by since %(day)s", n=found["n"], day=day(found["cut"]))
        worse = _("Learns nothing where the one in force does.") if found["worse"] else ""
        return " ".join(part for part in (_("Not judged: only %(of)s.", of=since), worse) if part)
    words = _(
        "Right FAQ first in %(share)s of %(n)s inquiries since %(day)s.",
        share=_percent(found["candidate"]["hit@1"]),
        n=found["in_scope"],
        day=day(found["cut"]),
    )
    gap = found["differences"].get("hit@1")
    if gap is None:
        return words
    verdict = _("It is worse.") if found["worse"] else _("It is not worse.")
    return f"{words} {_compared(found, gap)} {verdict}"


def _held_out(found: Mapping[str, Any]) -> str:
    """Of a model that was judged beside another on examples neither had learned from."""
    if "candidate" not in found:
        return _("Not judged: the recipe in force could not be fitted again.")
    words = _(
        "Right category first in %(share)s of %(n)s listings held out.",
        share=_percent(found["candidate"]["hit@1"]),
        n=found["in_scope"],
    )
    verdict = _("It is worse.") if found["worse"] else _("It is not worse.")
    return f"{words} {_compared(found, found['differences']['hit@1'])} {verdict}"


def _compared(found: Mapping[str, Any], gap: Mapping[str, float]) -> str:
    return _(
        "The one in force then: %(share)s, a difference of %(gap)s.",
        share=_percent(found["live"]["hit@1"]),
        gap=points(gap),
    )


def points(gap: Mapping[str, float]) -> str:
    """A difference in points of a hundred, with its interval."""
    mean, low, high = (f"{100 * gap[name]:+.1f}" for name in ("mean", "low", "high"))
    return _("%(mean)s points (%(low)s to %(high)s)", mean=mean, low=low, high=high)


def made(stored: Stored) -> str:
    """When a release was made."""
    return moment(stored.created_at)


def asked(at: str) -> str:
    """The day of a moment; empty where it was not kept."""
    return day(at) if at else ""


def size(stored: Stored) -> str:
    """How much room a release takes."""
    return f"{stored.size / 1e6:.1f} MB"


def learned(data: Learned | None) -> str:
    """What a release learned from, in a line; empty where it cannot be read."""
    if data is None:
        return ""
    n, labels = counted.number(data.n), counted.number(data.labels)
    if data.kind == "category":
        return _("%(n)s listings, %(labels)s categories", n=n, labels=labels)
    if data.kind == "moderation":
        return _("%(n)s listings, %(labels)s classes", n=n, labels=labels)
    words = _("%(n)s inquiries, %(faqs)s FAQs", n=n, faqs=labels)
    return f"{words}, {_('until %(day)s', day=day(data.last))}" if data.last else words


def groups(stored: Stored) -> list[dict[str, Any]]:
    """The figures of each group of judged inquiries, for a table."""
    found = stored.judgement
    named = [("all", found), ("shown", found.get("shown")), ("unswayed", found.get("unswayed"))]
    return [
        _group(name, group, stored.line)
        for name, group in named
        if group and group.get("candidate") and (group is found or group["n"] < found["n"])
    ]


def _group(name: str, group: Mapping[str, Any], line: str) -> dict[str, Any]:
    rows = []
    of_category = line == "category"
    for metric, words in (CATEGORY_METRICS if of_category else METRICS).items():
        gap = group["differences"].get(metric)
        rows.append({
            "words": words,
            "ours": _told(group["candidate"], metric),
            "theirs": _told(group["live"], metric) if group["live"] else "",
            "gap": points(gap) if gap else "",
        })  # fmt: skip
    keys = ("n", "wins", "losses", "ties")
    head = lazy_gettext("Listings held out") if of_category else GROUPS[name]
    return {"name": head, "rows": rows, "compared": bool(group["live"])} | {
        key: group[key] for key in keys
    }


def _told(figures: Mapping[str, float], metric: str) -> str:
    """A figure; of what is never shown, no share is right."""
    unknown = metric == "share_right" and not figures["coverage"]
    return "–" if unknown else _percent(figures[metric])


def won(stored: Stored, group: Mapping[str, Any]) -> str:
    """How often one of the two was right where the other was not."""
    counts = {key: group[key] for key in ("wins", "losses", "ties")}
    if stored.line == "category":
        return _(
            "Listings right here and wrong there: %(wins)s; the other way round: %(losses)s; "
            "alike: %(ties)s.",
            **counts,
        )
    return _(
        "Right where the other is wrong: %(wins)s; the other way round: %(losses)s; alike: "
        "%(ties)s.",
        **counts,
    )


def _percent(share: float) -> str:
    return str(format_percent(share, "#,##0.0%"))
