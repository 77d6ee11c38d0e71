"""`faqdesk moderation`: handled reports and decisions into the desk, and new listings judged."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import actor, json_option, print_json, progress_line, workspace

if TYPE_CHECKING:  # the engines are imported by the command that needs them
    from web.moderating import Moderated

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("moderation")
def moderation_command() -> None:
    """Take handled reports over, judge new listings, show what waits.

    \b
    Example:
      faqdesk moderation import --decisions decisions.csv --reports reports.csv
      faqdesk moderation judge
      faqdesk moderation status
    """


@moderation_command.command("import")
@click.option("--decisions", type=_FILE, help="A table: listing_id, label, reason, at, sampled.")
@click.option("--reports", type=_FILE, help="A table: id, listing_id, reporter, label, words, at.")
@click.option("--source", default="files", show_default=True, help="Where the listings are from.")
@click.option(
    "--label", "labels", multiple=True, metavar="THEIRS=OURS",
    help="What the files call a class, such as 짝퉁=counterfeit.",
)  # fmt: skip
@click.option(
    "--timezone", default="Asia/Seoul", show_default=True, help="Of times that name none."
)
@json_option
def import_command(
    decisions: Path | None,
    reports: Path | None,
    source: str,
    labels: tuple[str, ...],
    timezone: str,
    as_json: bool,
) -> None:
    """Take over what was handled before: nothing is hidden for it, models and bounds learn from it.

    CSV, TSV or JSON Lines. `sampled` is 1 where chance chose the listing to be looked at, not a
    report: bounds rest on those alone. A report is closed by the decision that came after it;
    others wait in the queue. A second import of the same rows adds nothing.

    \b
    Example:
      faqdesk moderation import --decisions handled.csv --label 짝퉁=counterfeit --label 정상=normal
    """
    from listings.moderation.importing import import_past

    names = {}
    for pair in labels:
        theirs, sign, ours = pair.rpartition("=")
        if not sign or not theirs:
            raise click.UsageError(f"--label takes THEIRS=OURS, got {pair!r}.")
        names[theirs] = ours
    space = workspace()
    with closing(space.database()) as db, progress_line("Importing") as progress:
        report = import_past(
            db, space.seal(), source=source, decisions=decisions, reports=reports, labels=names,
            timezone=timezone, actor=actor(), progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(report.as_dict())
        return
    found = ", ".join(f"{label} {count:,}" for label, count in sorted(report.labels.items()))
    click.echo(
        f"{report.decisions:,} decisions taken over{f' ({found})' if found else ''}, "
        f"{report.drawn:,} of them chosen by chance; {report.decided_already:,} were there."
    )
    click.echo(
        f"{report.reports:,} reports taken over, {report.waiting:,} of them wait; "
        f"{report.reports_there:,} were there."
    )
    if report.rejected:
        click.echo(f"{report.rejected:,} rows rejected:", err=True)
        for item in report.rejections[:20]:
            place = f"{item.file}, line {item.line}: " if item.file else ""
            click.echo(f"  {place}{item.reason}", err=True)


@moderation_command.command("judge")
@click.option("--all", "everything", is_flag=True, help="Also what was there before the policy.")
@json_option
def judge_command(everything: bool, as_json: bool) -> None:
    """Judge listings that the policies in force have not judged yet, and watch them.

    \b
    Example:
      faqdesk moderation judge
      faqdesk moderation judge --all --json
    """
    from web.moderating import moderate_new

    space = workspace()
    with closing(space.database()) as db, progress_line("Judging") as progress:
        found = moderate_new(space, db, everything=everything, progress=progress)
    if as_json:
        print_json(found.as_dict())
        return
    print_moderated(found)


@moderation_command.command("status")
@json_option
def status_command(as_json: bool) -> None:
    """Show which model and policies are in force, and what waits for people.

    \b
    Example:
      faqdesk moderation status
    """
    from listings.moderation.judging import follow
    from listings.moderation.policy_store import in_mode
    from listings.moderation.sample import base_rate
    from support.database import scalar

    space = workspace()
    with closing(space.database()) as db:
        moderator = follow(space).held()
        live, shadow = in_mode(db, "live"), in_mode(db, "shadow")
        base = base_rate(db)
        found = {
            "model": moderator.version,
            "trouble": moderator.trouble,
            "live": live.version if live else "",
            "shadow": shadow.version if shadow else "",
            "open_cases": scalar(db, "SELECT count(*) FROM moderation_cases WHERE state = 'open'"),
            "hidden": scalar(db, "SELECT count(*) FROM moderation_cases WHERE hidden = 1"),
            "open_appeals": scalar(db, "SELECT count(*) FROM appeals WHERE state = 'open'"),
            "drawn_by_chance": base.n,
            "problems_among_them": base.problems,
        }
    if as_json:
        print_json(found)
        return
    click.echo(f"Model    {found['model'] or 'none'}")
    if moderator.trouble:
        click.echo(f"         {moderator.trouble}")
    click.echo(
        f"Policy   live {found['live'] or 'none'}, in the shadow {found['shadow'] or 'none'}"
    )
    click.echo(
        f"Cases    {found['open_cases']:,} open, {found['open_appeals']:,} appeals among them; "
        f"{found['hidden']:,} listings hidden"
    )
    click.echo(f"Sample   {base.problems:,} problems among {base.n:,} listings chosen by chance")


def print_moderated(found: "Moderated") -> None:
    """Print what judging and watching new listings did."""
    judged, watched = found.judged, found.watched
    if judged.mode == "off":
        click.echo("No policy is live or in the shadow: nothing is judged. See faqdesk policy.")
    else:
        would = "" if judged.mode == "live" else "would be "
        click.echo(
            f"{judged.judged:,} listings judged: {judged.actions['hide']:,} {would}hidden, "
            f"{judged.actions['review']:,} {would}sent to people, "
            f"{judged.actions['pass']:,} passed."
        )
        if found.trouble:
            click.echo(found.trouble, err=True)
    alerts = ", ".join(f"{kind} {count:,}" for kind, count in sorted(watched.alerts.items()))
    click.echo(f"{watched.looked:,} listings watched; new alerts: {alerts or 'none'}.")
