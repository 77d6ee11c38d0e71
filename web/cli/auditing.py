"""`faqdesk audit`: who did what, when, to whose data; and whether the trail is whole."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Final

import click

from support import audit_chain, audit_trail
from support.audit import record
from support.audit_chain import Break
from support.audit_trail import AuditFilters
from support.errors import InputError
from support.taking_away import taken

from .common import actor, progress_line, reason_option, workspace

_WHY: Final = {
    "changed": "act {row} ({what}) is not as it was recorded",
    "torn": "what came before act {row} ({what}) is missing, was moved, or was put in",
    "cut": "acts from {row} on are missing at the end",
    "end": "the row that names the last act is missing, or not this desk's",
    "earlier": "the file beside the key saw act {row}, and the trail does not hold it: the "
    "database is in an earlier state. Was a backup put back, say so: faqdesk audit accept --reason",
    "open": "the schema does not keep acts from being changed: {what} is missing",
    "key": "no act fits this key: FAQDESK_KEY_FILE names another desk's, or all was rewritten",
}


@click.group("audit", invoke_without_command=True)
@click.option("--actor", "who", default="", help="Such as agent:3, token:1, cli:mina, system.")
@click.option("--action", default="", help="Such as answer.sent, or answer. for all of them.")
@click.option("--object", "obj", default="", help="Such as inquiry:17, or inquiry: for all.")
@click.option("--person", default="", help="Whose data: the keyed hash, as an act names it.")
@click.option("--since", default="", help="Moment in UTC, such as 2026-11-03T00:00:00Z.")
@click.option("--until", default="", help="Moment in UTC, not included.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--jsonl", is_flag=True, help="Print one JSON object a line.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Write all as CSV.")
@reason_option
@click.pass_context
def audit_command(
    context: click.Context,
    who: str,
    action: str,
    obj: str,
    person: str,
    since: str,
    until: str,
    limit: int,
    jsonl: bool,
    csv_path: Path | None,
    reason: str,
) -> None:
    """Read the audit trail, newest first; check that nobody changed it.

    \b
    Example:
      faqdesk audit --action setting.changed
      faqdesk audit --object inquiry:17 --jsonl
      faqdesk audit --csv trail.csv --reason "yearly review"
      faqdesk audit verify
    """
    if context.invoked_subcommand:
        return
    db = workspace().database()
    filters = AuditFilters(
        actor=who, action=action, obj=obj, person=person, since=since, until=until
    )
    if csv_path:
        from web.audit_table import COLUMNS, told
        from web.sheets import Sheet, write_csv

        chosen = {name: value for name, value in asdict(filters).items() if value}
        taken(db, actor(), "audit.exported", reason, filters=chosen)
        rows = [told(row) for row in audit_trail.each(db, filters)]
        csv_path.write_bytes(write_csv(Sheet("audit", COLUMNS, rows)))
        click.echo(f"{len(rows):,} rows in {csv_path}")
        return
    for row in islice(audit_trail.each(db, filters), limit):
        if jsonl:
            click.echo(json.dumps(asdict(row), ensure_ascii=False))
            continue
        detail = json.dumps(row.detail, ensure_ascii=False) if row.detail else ""
        click.echo(f"{row.at}  {row.name:16} {row.action:24} {row.obj:24} {detail}".rstrip())


@audit_command.command("verify")
def verify_command() -> None:
    """Check every act from the first on: that none was changed, added, moved or taken out.

    Exit code 1 where the trail is not whole; the first act that speaks against it is named.

    \b
    Example:
      faqdesk audit verify
    """
    db = workspace().database()
    with progress_line("Checking the audit trail") as tell:
        found = audit_chain.verify(db, progress=lambda acts: tell(acts, 0, "acts"))
    if found.broken:
        raise click.ClickException(f"Of {found.acts:,} acts, {why(found.broken)}.")
    record(db, actor(), "audit.verified", "desk", detail={"n": found.acts})
    click.echo(f"{found.acts:,} acts, each as it was recorded, none missing.")
    if not found.anchored:
        click.echo(
            "Nothing beside the key says where the trail ends: that the whole database was put "
            "back to an earlier state cannot be noticed. Let faqdesk write to the key's folder.",
            err=True,
        )


@audit_command.command("accept")
@click.option("--reason", required=True, help="Why the database is in an earlier state.")
def accept_command(reason: str) -> None:
    """Go on from an earlier state of the database, as after a backup was put back.

    The file beside the key keeps saying that acts are missing until somebody answers for it here;
    the trail keeps who, and why.

    \b
    Example:
      faqdesk audit accept --reason "the backup of Monday was put back after the disk failed"
    """
    db = workspace().database()
    found = audit_chain.verify(db)
    if found.broken is None or found.broken.why != "earlier":
        words = f": {why(found.broken)}" if found.broken else ""
        raise InputError(f"There is nothing that can be accepted{words}.")
    taken(db, actor(), "audit.accepted", reason, old=found.broken.row, new=found.acts)
    audit_chain.accept(db)
    click.echo(f"The trail goes on after {found.acts:,} acts; the last one seen was another.")


def why(broken: Break) -> str:
    """What is wrong with a trail, and where."""
    return _WHY[broken.why].format(row=broken.row, what=broken.what)
