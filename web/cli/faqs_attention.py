"""`faqdesk faqs findings`, `set-aside` and `links`: what wants attention among the FAQs."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from dataclasses import asdict

import click

from .common import actor, json_option, print_json, progress_line, workspace


@click.command("findings")
@click.option("--kind", "kinds", multiple=True, help="Only this kind; may be given several times.")
@click.option("--all", "every", is_flag=True, help="Those that were set aside too.")
@click.option("--look", is_flag=True, help="Look first for FAQs that are used interchangeably.")
@json_option
def findings_command(kinds: tuple[str, ...], every: bool, look: bool, as_json: bool) -> None:
    """List what wants attention: FAQs that say one thing, dead links, changed texts, idle ones.

    \b
    Example:
      faqdesk faqs findings --look
      faqdesk faqs findings --kind text_changed --json
    """
    from support import faq_findings
    from support.models import load

    space = workspace()
    with closing(space.database()) as db:
        if look:
            from train.faq_pairs import find_pairs

            with progress_line("Looking for FAQs that say one thing") as progress:
                find_pairs(space, db, progress=progress)
        classifier = load(space.models).classifier
        found = faq_findings.findings(
            db,
            kinds=kinds or faq_findings.KINDS,  # type: ignore[arg-type]
            known=classifier.labels if classifier else None,
            every=every,
        )
    if as_json:
        print_json([asdict(item) for item in found])
        return
    for item in found:
        told = ", ".join(
            f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}"
            for name, value in item.evidence.items()
            if value not in ("", None) and not isinstance(value, list)
        )
        aside = f" [{item.set_aside}]" if item.set_aside else ""
        click.echo(f"{item.kind}\t{item.subject}\t{told}{aside}")


@click.command("set-aside")
@click.argument("kind")
@click.argument("slugs", nargs=-1, required=True)
@click.option("--reason", default="", help="For those who look later.")
@click.option("--undo", is_flag=True, help="Show it again.")
def set_aside_command(kind: str, slugs: tuple[str, ...], reason: str, undo: bool) -> None:
    """Leave a finding as it is, or bring it back.

    \b
    Example:
      faqdesk faqs set-aside never_sent winter-sale --reason "only in winter"
    """
    from support import faq_findings

    subject = " ".join(slugs)
    with closing(workspace().database()) as db:
        if undo:
            faq_findings.bring_back(db, actor(), kind, subject)
        else:
            faq_findings.set_aside(db, actor(), kind, subject, reason=reason)
    click.echo("Shown again." if undo else "Set aside.")


@click.command("links")
@click.option("--limit", type=click.IntRange(1), help="FAQs at most.")
@click.option("--private", is_flag=True, help="The help centre is inside our own network.")
@click.option("--if-due", is_flag=True, help="Only where the setting link_check_days says so.")
@json_option
def links_command(limit: int | None, private: bool, if_due: bool, as_json: bool) -> None:
    """Ask the help centre whether its pages are still there, one a second.

    By itself the desk asks nobody, unless the setting link_check_days is above 0.

    \b
    Example:
      faqdesk faqs links --limit 20
    """
    from support import link_check

    with closing(workspace().database()) as db:
        if if_due and not link_check.due(db):
            click.echo("Not due. See the setting link_check_days.")
            return
        with progress_line("Checking links") as progress:
            report = link_check.check_links(
                db,
                actor=actor(),
                checker=link_check.LinkChecker(private=private),
                limit=limit,
                progress=progress,
            )
    if as_json:
        print_json(asdict(report))
        return
    for slug, found in report.found:
        leads = f" -> {found.target}" if found.target else ""
        click.echo(f"{found.state}\t{slug}\t{found.status or ''}{leads}\t{found.detail}")
    click.echo(
        f"{report.there:,} there, {report.moved:,} moved, {report.gone:,} gone, "
        f"{report.unsure:,} unsure; {report.left_alone:,} left alone, "
        f"{report.no_address:,} without an address."
    )
