"""`faqdesk models replay` and `history`: what would change, and what was in force when."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from dataclasses import asdict
from typing import Final

import click

from support import publications, replays
from support.promise import Promise
from support.release import LINES, in_force
from support.replays import Replay

from .common import actor, json_option, print_json, progress_line, workspace

_WAYS: Final = {
    "refitted": "both recipes fitted again on what was known before, asked what came after",
    "unseen": "both models asked what came after they were made",
    "learned": "both models asked what they have learned from: this proves nothing",
}


@click.command("replay")
@click.argument("name")
@click.option("--show", type=click.IntRange(0), default=10, show_default=True,
              help="Inquiries to show on which the two differ.")  # fmt: skip
@json_option
def replay_models(name: str, show: int, as_json: bool) -> None:
    """Replay a stored release beside the one in force on recent inquiries that were answered.

    Neither has learned from them, where that can be had: enough was asked since both were made, or
    their recipes are fitted again on what was known four weeks ago (setting judged_weeks).

    \b
    Example:
      faqdesk models replay 20261103-081500-a1b2
      faqdesk models replay 20261103-081500-a1b2 --show 0 --json
    """
    from train.replay import replay

    space = workspace()
    db = space.database()
    with progress_line("Replaying") as progress:
        found = replay(space, db, name, actor=actor(), progress=progress)
    rows = replays.differing(db, found.id, limit=show)
    if as_json:
        print_json(asdict(found) | {"differing": [asdict(row) for row in rows]})
        return
    click.echo(_told(found))
    for row in rows:
        ours, theirs = row.pair.ours, row.pair.theirs
        click.echo(f"  {row.pair.outcome:6}{row.pair.inquiry_id:>8}  {row.text[:60]!r}")
        click.echo(
            f"        {ours.slug} ({ours.band}) instead of {theirs.slug} ({theirs.band}); "
            f"sent: {', '.join(row.sent)}"
        )


@click.command("history")
@click.option("--line", type=click.Choice(list(LINES)), default="desk", show_default=True)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@json_option
def history_models(line: str, limit: int, as_json: bool) -> None:
    """List what was in force when, newest first: by whom, and why where somebody said so.

    \b
    Example:
      faqdesk models history
    """
    space = workspace()
    live = in_force(space.models, line=line)
    name = live.name if live else None
    found = publications.history(space.database(), name, line=line, limit=limit)
    if as_json:
        print_json({"history": [asdict(reign) for reign in found]})
        return
    for reign in found:
        how = "rolled back to" if reign.move.rolled_back else "published"
        forced = ", forced" if reign.move.forced else ""
        why = f": {reign.move.reason}" if reign.move.reason else ""
        click.echo(f"{reign.since[:16]}  {reign.release}  {how} by {reign.actor}{forced}{why}")


def _told(found: Replay) -> str:
    won, lost = found.counts["won"], found.counts["lost"]
    share = Promise.of(won, won + lost)
    gap = found.figures["differences"]["hit@1"]
    return (
        f"{found.release} beside {found.against} on {found.n:,} inquiries since "
        f"{found.since[:10]} ({_WAYS[found.way]}).\n"
        f"won {won}, lost {lost} (won {share.low:.2f} to {share.high:.2f} of them), band changed "
        f"{found.counts['band']}, another FAQ {found.counts['other']}, same "
        f"{found.counts['same']}\n"
        f"hit@1 {gap['mean']:+.3f} ({gap['low']:+.3f} to {gap['high']:+.3f}). "
        f"{found.figures['why']}"
    )
