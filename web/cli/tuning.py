"""`faqdesk tune`: what another threshold would have done, and setting it."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import math
from dataclasses import asdict
from typing import Any

import click

from support import settings, tuning, tuning_changes
from support.tuner import Point
from support.tuning import FaqThreshold

from .common import actor, json_option, print_json, workspace

LINES = 12  # of the curve, where a person reads it


@click.command("tune")
@click.option("--faq", "slug", default="", help="Of one FAQ; without it of all.")
@click.option("--threshold", type=float, help="Try this one, from 0 to 1.")
@click.option("--cost", type=float, help="One wrong suggestion costs as much as so many misses.")
@click.option("--never", is_flag=True, help="Try never showing the FAQ as Likely.")
@click.option("--faqs", "each", is_flag=True, help="List the FAQs with what the cost picks.")
@click.option("--apply", "apply_it", is_flag=True, help="Put it in force.")
@click.option("--reset", is_flag=True, help="Go back to what the model chose.")
@json_option
def tune_command(
    slug: str,
    threshold: float | None,
    cost: float | None,
    never: bool,
    each: bool,
    apply_it: bool,
    reset: bool,
    as_json: bool,
) -> None:
    """Show what another threshold of Likely would have done on the desk's own history.

    \b
    Example:
      faqdesk tune
      faqdesk tune --cost 3
      faqdesk tune --faqs --cost 3
      faqdesk tune --faq refund --threshold 0.85 --apply
    """
    if sum((threshold is not None, cost is not None, never, reset)) > 1:
        raise click.UsageError("Give one of --threshold, --cost, --never and --reset.")
    if threshold is not None and not 0 < threshold <= 1:
        raise click.UsageError("A threshold lies above 0, and is 1 at most.")
    if never and not slug:
        raise click.UsageError("--never is for one FAQ: name it with --faq.")
    space = workspace()
    db = space.database()
    if reset:
        tuning.put(db, actor(), None, slug)
        click.echo("As the model chose.")
        return
    found = tuning.ground(space, db)
    if each:
        _tell_faqs(tuning.by_faq(db, found, cost or settings.load(db).wrong_costs), as_json=as_json)
        return
    picked = found.pick(cost, slug) if cost is not None else None
    wanted = math.inf if never else threshold
    if picked is not None:
        wanted = picked.point.threshold
    said: dict[str, Any] = {
        "release": found.release,
        "now": _point(found.now(slug)),
        "curve": [_point(point) for point in found.curve(slug)],
    }
    if wanted is not None:
        listed, total = tuning_changes.changes(db, found, wanted, slug)
        said |= {
            "then": _point(found.trial(wanted, slug)),
            "by_counts": picked.by_counts if picked else None,
            "changed": total,
            "changes": [asdict(change) for change in listed],
        }
    if apply_it:
        if wanted is None:
            raise click.UsageError("Say which: --threshold, --cost or --never.")
        tuning.put(db, actor(), wanted, slug)
        said["in_force"] = True
    if as_json:
        print_json(said)
        return
    _tell(said)


def _tell_faqs(found: list[FaqThreshold], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "faq": line.slug,
                    "title": line.title,
                    "set_here": line.set_here,
                    "now": _point(line.now),
                    "picked": _point(line.picked.point),
                    "by_counts": line.picked.by_counts,
                }
                for line in found
            ]
        )
        return
    for line in found:
        click.echo(line.slug + (" (set here)" if line.set_here else ""))
        click.echo("  " + _line("in force", _point(line.now)))
        few = "" if line.picked.by_counts else "  (too few to count on)"
        click.echo("  " + _line("picked", _point(line.picked.point)) + few)


def _point(point: Point) -> dict[str, Any]:
    return {
        "threshold": None if math.isinf(point.threshold) else point.threshold,
        "n": point.n,
        "shown": point.promise.n,
        "right": point.promise.right,
        "missed": point.missed,
        "coverage": point.coverage.share,
        "coverage_low": point.coverage.low,
        "coverage_high": point.coverage.high,
        "share_right": point.promise.share,
        "low": point.promise.low,
        "high": point.promise.high,
        "wrong_per_hundred": point.wrong_per_hundred,
    }


def _tell(said: dict[str, Any]) -> None:
    n = said["now"]["n"]
    click.echo(f"Release {said['release']}: {n:,} inquiries that it had not learned from.")
    click.echo(_line("in force", said["now"]))
    if "then" in said:
        click.echo(_line("then", said["then"]))
        if said["by_counts"] is False:
            click.echo("Too few inquiries to count on: the probability alone decided.")
        click.echo(f"{said['changed']:,} inquiries would change:")
        for change in said["changes"][:LINES]:
            sign = "+" if change["shown"] else "-"
            right = "right" if change["right"] else "wrong"
            words = f"{sign} {right:5} {change['probability']:.3f} {change['slug']:24}"
            click.echo(f"  {words} #{change['inquiry_id']} {change['snippet'][:60]}")
    else:
        every = max(1, len(said["curve"]) // LINES)
        for point in said["curve"][::every]:
            click.echo(_line("", point))
    if said.get("in_force"):
        click.echo("In force at once.")


def _line(name: str, point: dict[str, Any]) -> str:
    at = "never" if point["threshold"] is None else f"{point['threshold']:.4f}"
    words = (
        f"{name:9}{at}  shown {point['shown']:,} of {point['n']:,} ({point['coverage']:.0%})  "
        f"right {point['right']:,}"
    )
    if not point["shown"]:
        return words
    return (
        f"{words} ({point['share_right']:.0%}; {point['low']:.0%} to {point['high']:.0%})  "
        f"wrong {point['wrong_per_hundred']:.1f} in 100"
    )
