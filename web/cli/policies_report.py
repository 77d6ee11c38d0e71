"""What `faqdesk policy` says: thresholds as a table, and in words what counts prove of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from listings.moderation.policy import Policy
    from listings.moderation.policy_desk import Ground


def tell_ground(ground: "Ground") -> None:
    """Say what a policy rests on."""
    found, base = ground.evidence, ground.base
    click.echo(
        f"Model {found.model}: {len(found.rows):,} decided listings that it was not taught "
        f"({found.held_out:,} kept out of training, {found.later:,} decided since); "
        f"{found.normals:,} unselected normal ones, {found.problems:,} unselected problems."
    )
    if base.stated is not None:
        click.echo(f"Share of problems: {base.stated:.2%}, as stated.")
    elif base.n:
        click.echo(
            f"Share of problems: {base.problems} found in {base.n} drawn by chance; reckoned with "
            f"{base.low:.2%}, which is surely not too many."
        )
    else:
        click.echo("Share of problems: not known. State it (--problems), or decide on the sample.")


def thresholds(policy: "Policy") -> list[str]:
    """A policy's thresholds as a table."""

    def said(value: float | None) -> str:
        return "off" if value is None else f"{value:.4f}".rstrip("0")

    return [f"{'':18}{'hide':>8}{'settle':>8}{'review':>8}"] + [
        f"  {label:16}{said(t.hide):>8}{said(t.settle):>8}{said(t.review):>8}"
        for label, t in policy.thresholds.items()
    ]


def measured(found: Mapping[str, Any], why: tuple[str, int]) -> list[str]:
    """What counts prove, line by line."""
    lines = []
    for name, words in (("hidden", "hidden"), ("flagged", "hidden or sent to people")):
        share = found[name]
        kept = "kept" if share["holds"] else "not kept"
        lines.append(
            f"{share['count']:,} of {share['n']:,} normal listings {words}: with 95 % confidence "
            f"at most {share['bound']:.2%} (bound {share['stated']:.2%}: {kept})"
        )
    if found["found"]:
        lines.append(
            f"{found['found']:,} of {found['problems']:,} problems hidden; precision at least "
            f"{found['precision_low']:.1%} (bound {found['precision_stated']:.0%}: "
            f"{'kept' if found['precision_low'] >= found['precision_stated'] else 'not kept'})"
        )
    reason, missing = why
    words = _WANTING.get(reason, "")
    if words:
        lines.append(words.format(missing=f"{missing:,}"))
    return lines


_MISSING = "Automatic hiding stays off: {missing} more unselected normal listings are missing."
_WANTING = {
    "too_few_normals": _MISSING,
    "too_many_hidden": _MISSING + " Stricter thresholds need fewer.",
    "base_unknown": "Automatic hiding stays off: nobody knows the marketplace's share of problems. "
    "State it (--problems), or decide on the random sample.",
    "too_few_problems": "Automatic hiding stays off: too few unselected problems.",
    "imprecise": "Automatic hiding stays off: its precision is not proven; {missing} more "
    "unselected normal listings may do, or stricter thresholds.",
    "not_kept": "Automatic hiding stays off: no threshold keeps the bounds.",
}


def wanting(evidence: Mapping[str, Any]) -> tuple[str, int]:
    """Why a stored or proposed policy hides nothing, and how many rows are missing."""
    if evidence.get("made") == "by_hand":
        measured = evidence["measured"]
        return measured["reason"], measured["missing"]
    hide = evidence.get("hide", {})
    return hide.get("reason", ""), hide.get("missing", 0)


def unproven(name: str, found: Mapping[str, Any]) -> str:
    """Why a threshold was not found; empty where it was."""
    if found["reason"] == "kept":
        return ""
    scarce = {
        "too_few_reported": "listings that enough people reported",
        "too_few_normals": "unselected normal listings",
    }.get(found["reason"])
    what = {
        "settle": "Settling reports stays off",
        "review": "The share sent to people is unproven",
    }
    if scarce is None:
        return f"{what[name]}: no threshold keeps the bound."
    return f"{what[name]}: {found['missing']:,} more {scarce} are missing."
