"""What collecting and cleaning did, in lines for people."""

from typing import Any

import click

from listings.clean import ALL_STEPS
from listings.clean_report import CleanReport
from listings.collect_run import CollectReport


def print_collected(report: CollectReport, what: str) -> None:
    """Print a run; `what` names its items, such as rows."""
    begun = f", from {what[:-1]} {report.resumed_at:,} on" if report.resumed_at > 1 else ""
    click.echo(
        f"{report.query}: {report.seen:,} {what} read{begun}; {report.added:,} listings added, "
        f"{report.changed:,} changed, {report.unchanged:,} as before."
    )
    if report.total is not None:
        click.echo(f"The search knows {report.total:,} in all.")
    if report.passed_over:
        click.echo(f"{report.passed_over:,} of other categories passed over.")
    if report.masked:
        words = ", ".join(f"{kind} {count:,}" for kind, count in sorted(report.masked.items()))
        click.echo(f"Masked: {words}.")
    if report.pictures or report.picture_problems:
        click.echo(f"{report.pictures:,} pictures kept, {report.picture_problems:,} could not be.")
    if report.picture_addresses:
        click.echo(
            f"{report.picture_addresses:,} pictures are named by address and were not fetched: "
            f"--fetch-pictures"
        )
    for words in report.problems[:10]:
        click.echo(f"  {words}", err=True)
    if report.rejected:
        click.echo(f"{report.rejected:,} {what} rejected:", err=True)
        for item in report.rejections[:20]:
            click.echo(f"  {item.file}, line {item.line}: {item.reason}", err=True)
    if report.stopped:
        click.echo(f"Not done: {report.stopped}", err=True)


def print_cleaned(report: CleanReport) -> None:
    """Print what each step changed and left out."""
    would = "would be " if report.dry_run else ""
    click.echo(f"{report.listings:,} listings.")
    rows: list[tuple[str, Any]] = [
        (name, f"{report.changed[name]:,} texts {would}changed, {_fewer(report.letters[name])}")
        for name in ALL_STEPS
        if name in report.changed
    ]
    rows += [
        ("empty", f"{report.empty:,} {would}left out"),
        ("duplicate", f"{report.duplicates.get('text', 0):,} {would}left out"),
        ("near", f"{report.duplicates.get('near', 0):,} {would}joined to another by text"),
        ("picture", f"{report.duplicates.get('picture', 0):,} {would}joined by picture"),
    ]
    for name, words in rows:
        click.echo(f"  {name:<12} {words}")
    click.echo(f"{report.groups:,} groups of duplicates, the largest of {report.largest:,}.")
    for segment, count in report.learned:
        click.echo(f"  learned: {segment!r} in {count:,}")


def _fewer(letters: int) -> str:
    return f"{letters:,} letters and signs fewer"
