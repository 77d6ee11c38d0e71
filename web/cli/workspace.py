"""`faqdesk init`, `faqdesk settings`, `faqdesk status`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from dataclasses import asdict

import click
from sqlite_utils import Database

from support import audit_chain, backups, inquiries, release_state, settings
from support.database import scalar
from support.errors import WorkspaceError
from support.releases import current
from web import worker_state

from .auditing import why
from .common import actor, json_option, print_json, workspace

_CURES = {
    "no_worker": "Nothing works through jobs, webhooks and answers: start faqdesk serve, or look "
    "in its log why the worker ends.",
    "queue_away": "The Redis server that FAQDESK_REDIS names does not answer: jobs, webhooks and "
    "answers wait until it does.",
    "jobs_late": "Jobs wait and none is running: look at the Jobs page and in the log.",
    "webhooks_late": "Webhooks wait to be worked through: look in the log of faqdesk serve.",
    "answers_late": "Answers that are due are not delivered: look in the log of faqdesk serve.",
    "webhooks_failed": "Webhooks failed within a day: look at the Connections page.",
    "answers_held": "This desk was brought back from a backup: answers wait until somebody says "
    "that it is the one at work: faqdesk restore --confirm",
    "backup_failed": "The last backup failed: see last_backup.",
    "backup_late": "No backup was made for more than a day: look at the folder (faqdesk settings) "
    "and at the Jobs page.",
    "clock_back": "The machine's clock is behind what this desk has seen: look whether it is "
    "right. Everybody may have to sign in anew.",
    "models_amiss": "Models in force are missing or damaged: see amiss.",
    "vectors_away": "The vector engine that FAQDESK_VECTORS names does not answer: similar answers "
    "are found by their words alone. Why: faqdesk vectors",
    "vectors_late": "The vector engine was not brought up to date for a while: look in the log of "
    "faqdesk serve, or do it now: faqdesk vectors sync",
    "disk_low": "The disk is nearly full: make room, before answers cannot be saved.",
    "answers_failed": "Answers were not delivered: look at the Connections page.",
}


@click.command("init")
def init_command() -> None:
    """Make a workspace: folder, database and key. What is there is kept.

    \b
    Example:
      FAQDESK_HOME=/srv/desk faqdesk init
    """
    space = workspace().create()
    click.echo(f"The desk is in {space.home}, its key in {space.key_path}.")


@click.command("settings")
@click.argument("assignments", nargs=-1, metavar="[NAME=VALUE]...")
@json_option
def settings_command(assignments: tuple[str, ...], as_json: bool) -> None:
    """Show the desk's settings, or change some; lists are separated by commas.

    \b
    Example:
      faqdesk settings
      faqdesk settings share_right=0.85 allow=1588-0000,help@example.com
    """
    db = workspace().database()
    values = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"Write NAME=VALUE, got {assignment!r}.")
        values[name.strip()] = value.strip()
    found = settings.change(db, actor(), **values) if values else settings.load(db)
    if as_json:
        print_json(asdict(found))
        return
    for name, value in asdict(found).items():
        words = ",".join(value) if isinstance(value, tuple) else value
        click.echo(f"{name}={words}")


@click.command("status")
@json_option
def status_command(as_json: bool) -> None:
    """Show what the desk holds, which release is in force, what waits, and what fails.

    \b
    Example:
      faqdesk status --json
    """
    space = workspace()
    db = space.database()
    release = current(space.models)
    found = {
        "workspace": str(space.home),
        "inquiries": inquiries.counts(db),
        "faqs": scalar(db, "SELECT count(*) FROM faqs WHERE active = 1"),
        "labelled": scalar(db, "SELECT count(DISTINCT inquiry_id) FROM labels"),
        "release": release.name if release else None,
        "parts": dict(release.parts) if release else {},
        "worker": _worker(worker_state.seconds_silent(space)),
        "waiting": {queue.name: queue.waiting for queue in worker_state.queues(db)},
        "amiss": release_state.amiss(space.models, db),
        "last_backup": _last_backup(db),
        "failing": list(worker_state.troubles(space, db)),
        "audit": _trail(db),
    }
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name}: {value}")
    for trouble in found["failing"]:
        click.echo(_CURES[trouble], err=True)


def _trail(db: Database) -> str:
    """Whether the audit trail's end holds; all of it is checked by `faqdesk audit verify`."""
    try:
        found = audit_chain.glance(db)
    except WorkspaceError as error:
        return str(error)
    if found.broken:
        return f"NOT WHOLE: {why(found.broken)}"
    return f"{found.acts:,} acts, none missing at the end" + (
        "" if found.anchored or not found.acts else "; nothing beside the key says where it ends"
    )


def _worker(silent: float | None) -> str:
    if silent is None:
        return "never started"
    return "running" if silent <= worker_state.GONE_SECONDS else f"silent for {silent:,.0f} s"


def _last_backup(db: Database) -> str:
    good, failed = backups.last(db), backups.failed_since(db)
    words = f"{good.path}, of {good.at}, {good.size:,} bytes" if good else "none"
    return f"{words}; failed since: {failed.error}" if failed else words


@click.command("upgrade")
def upgrade_command() -> None:
    """Bring a desk of an earlier faqdesk up to date; a copy of it is put aside first.

    Every command does so by itself when it opens the desk. This one does nothing else, and tells.

    \b
    Example:
      faqdesk upgrade
    """
    done = workspace().upgrade()
    if not done.steps:
        click.echo("The desk is up to date.")
        return
    click.echo(f"Done: {', '.join(done.steps)}.")
    if done.backup is not None:
        click.echo(f"The desk as it was is in {done.backup}; it is deleted after a week.")
