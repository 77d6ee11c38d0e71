"""Policies and their bounds in the reader's language; a bound is never rounded to its better."""

import math
from collections.abc import Mapping
from typing import Any, Final

from flask_babel import format_decimal, format_percent, lazy_gettext

from listings.moderation.policy_desk import BY_HAND
from listings.moderation.policy_evidence import BaseRate, Measured, Share

from .i18n import gettext as _

MODES: Final = {
    "live": lazy_gettext("In force"),
    "shadow": lazy_gettext("In the shadow"),
    "off": lazy_gettext("Off"),
}

RULES: Final = {
    "reporters": lazy_gettext("People who must report a listing before reports settle it"),
    "reporters_weight": lazy_gettext("Weight that they need together (a new reporter has 0.5)"),
    "reports_a_day": lazy_gettext("Reports of one person in a day that count"),
    "burst": lazy_gettext("So many reports at once leave it to people"),
    "burst_minutes": lazy_gettext("At once means within (minutes)"),
    "hides_an_hour": lazy_gettext("Listings the machine may hide in an hour"),
    "sample_all": lazy_gettext("Of all judged listings, drawn for people to look at (%)"),
    "sample_hidden": lazy_gettext("Of hidden listings, drawn for people to look at (%)"),
    "strike_half_life_days": lazy_gettext("Days until a strike counts half"),
}


def percent(share: float, *, up: bool | None = None, digits: int = 2) -> str:
    """A share in percent; rounded up, down or, without a wish, to the nearest."""
    scale = 10.0 ** (digits + 2)
    if up is not None:
        cut = math.ceil if up else math.floor
        share = cut(round(share * scale, 6)) / scale
    return str(format_percent(share, "#,##0." + "#" * digits + "%"))


def number(count: float) -> str:
    """A number as the reader writes it."""
    return str(format_decimal(count))


def hidden(share: Share | Mapping[str, Any]) -> str:
    """How many normal listings would be hidden, and the most that this leaves open."""
    found = _share(share)
    if not found["n"]:
        return _("No normal listing drawn by chance has been decided on yet: nothing is known.")
    values = {"n": number(found["n"]), "bound": percent(found["bound"], up=True)}
    if not found["count"]:
        return _(
            "None of %(n)s normal listings hidden: with 95 %% confidence at most %(bound)s.",
            **values,
        )
    return _(
        "%(count)s of %(n)s normal listings hidden: with 95 %% confidence at most %(bound)s.",
        count=number(found["count"]),
        **values,
    )


def flagged(share: Share | Mapping[str, Any]) -> str:
    """The same of those that are hidden or looked at by people."""
    found = _share(share)
    if not found["n"]:
        return ""
    return _(
        "%(count)s of %(n)s normal listings hidden or looked at by people: with 95 %% confidence "
        "at most %(bound)s.",
        count=number(found["count"]),
        n=number(found["n"]),
        bound=percent(found["bound"], up=True),
    )


def precision(found: Measured | Mapping[str, Any]) -> str:
    """Of hidden listings, how many are problems at least, at the marketplace's own share."""
    data = found.as_dict() if isinstance(found, Measured) else found
    if not data["found"]:
        return ""
    of = _(
        "%(found)s of %(problems)s problems hidden.",
        found=number(data["found"]),
        problems=number(data["problems"]),
    )
    if not data["base"]:
        return of
    return " ".join((of, _(
        "Where %(base)s of all listings are problems, at least %(low)s of hidden ones are.",
        base=percent(data["base"]),
        low=percent(data["precision_low"], up=False, digits=1),
    )))  # fmt: skip


def standing(reason: str, missing: int) -> str:
    """Whether it may hide by itself, and what is wanting."""
    if reason in ("too_few_normals", "too_many_hidden"):
        return _(
            "Automatic hiding stays off: %(n)s more unselected normal listings are missing.",
            n=number(missing),
        )
    if reason == "imprecise":
        if not missing:
            return _("Automatic hiding stays off: too few of what it hides are surely problems.")
        return _(
            "Automatic hiding stays off: too few of what it hides are surely problems. About %(n)s "
            "more unselected normal listings may prove it.",
            n=number(missing),
        )
    return {
        "kept": _("It may hide by itself: both bounds are kept."),
        "nothing_hidden": _("It hides nothing by itself."),
        "base_unknown": _(
            "Automatic hiding stays off: nobody knows how many of all listings are problems. State "
            "it, or decide on the random sample."
        ),
        "too_few_problems": _(
            "Automatic hiding stays off: among what chance drew, too few problems are decided on."
        ),
        "not_kept": _("Automatic hiding stays off: no threshold keeps the bounds."),
    }.get(reason, "")


def wanting(evidence: Mapping[str, Any]) -> str:
    """The same of a stored policy."""
    if evidence.get("made") == BY_HAND:
        measured = evidence["measured"]
        return standing(measured["reason"], measured["missing"])
    hide = evidence.get("hide", {})
    return standing(hide.get("reason", ""), hide.get("missing", 0))


def settling(found: Mapping[str, Any]) -> str:
    """From where on reports are settled, or why they are not."""
    if found.get("threshold") is not None:
        return _(
            "Reports may be settled from %(at)s on: so many of those reported were problems.",
            at=threshold(found["threshold"]),
        )
    if found.get("reason") == "too_few_reported":
        return _(
            "Settling reports stays off: %(n)s more listings that enough people reported are "
            "missing.",
            n=number(found["missing"]),
        )
    return _("Settling reports stays off: no threshold keeps the bound.")


def base(found: BaseRate) -> str:
    """The marketplace's share of problems, and where it is from."""
    if found.stated is not None:
        return _("%(share)s of all listings are problems, as stated.", share=percent(found.stated))
    if not found.n:
        return _(
            "Nobody knows how many of all listings are problems: none was drawn by chance yet."
        )
    return _(
        "Of %(n)s listings drawn by chance %(problems)s were found to be problems so far; reckoned "
        "with %(low)s, which is surely not too much.",
        problems=number(found.problems),
        n=number(found.n),
        low=percent(found.low, up=False),
    )


def threshold(value: float | None) -> str:
    """A threshold with as many digits as it has."""
    return _("off") if value is None else f"{value:.4f}".rstrip("0").ljust(4, "0")


def _share(share: Share | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(share, Share):
        return {"count": share.count, "n": share.n, "bound": share.bound}
    return share
