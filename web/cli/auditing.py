"""`faqdesk audit`: who did what, when."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click

from support import audit_trail
from support.audit_trail import AuditFilters

from .common import workspace


@click.command("audit")
@click.option("--actor", default="", help="Such as agent:3, token:1, cli:mina, system.")
@click.option("--action", default="", help="Such as answer.sent, or answer. for all of them.")
@click.option("--object", "obj", default="", help="Such as inquiry:17, or inquiry: for all.")
@click.option("--since", default="", help="Moment in UTC, such as 2026-11-03T00:00:00Z.")
@click.option("--until", default="", help="Moment in UTC, not included.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--jsonl", is_flag=True, help="Print one JSON object a line.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Write all as CSV.")
def audit_command(
    actor: str,
    action: str,
    obj: str,
    since: str,
    until: str,
    limit: int,
    jsonl: bool,
    csv_path: Path | None,
) -> None:
    """Read the audit trail, newest first.

    \b
    Example:
      faqdesk audit --action setting.changed
      faqdesk audit --object inquiry:17 --jsonl
    """
    db = workspace().database()
    filters = AuditFilters(actor=actor, action=action, obj=obj, since=since, until=until)
    if csv_path:
        from web.sheets import Sheet, write_csv

        columns = ("id", "at", "actor", "name", "address", "action", "object", "detail", "release")
        rows = [
            (
                *(row.id, row.at, row.actor, row.name, row.address, row.action, row.obj),
                *(json.dumps(row.detail, ensure_ascii=False), row.release),
            )
            for row in audit_trail.each(db, filters)
        ]
        csv_path.write_bytes(write_csv(Sheet("audit", columns, rows)))
        click.echo(f"{len(rows):,} rows in {csv_path}")
        return
    for row in islice(audit_trail.each(db, filters), limit):
        if jsonl:
            click.echo(json.dumps(asdict(row), ensure_ascii=False))
            continue
        detail = json.dumps(row.detail, ensure_ascii=False) if row.detail else ""
        click.echo(f"{row.at}  {row.name:16} {row.action:24} {row.obj:24} {detail}".rstrip())
