"""`faqdesk demo`: the sample marketplace's desk, ready to be opened."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import secrets
import tempfile
from datetime import timedelta
from pathlib import Path

import click
from sqlite_utils import Database

import data
from support import agents, settings, shelf
from support.database import scalar
from support.errors import WorkspaceError
from support.importing.faqs import import_aliases, import_faqs
from support.importing.load import run_import
from support.importing.mapping import LinkRules, Mapping
from support.releases import current
from support.workspace import Workspace
from web.origins import check_own_machine

from . import demo_answers
from .common import actor, progress_line, workspace
from .demo_answers import LIVED, TRAINED

LOGIN = "demo"
_MAPPING = Mapping(source=data.SOURCE, links=LinkRules(hosts=data.HOSTS, path=data.LINK_PATH))


@click.command("demo")
@click.option("--serve/--no-serve", "opens", default=True, help="Open the console afterwards.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def demo_command(opens: bool, host: str, port: int) -> None:
    """Make the sample marketplace's desk (once), and open its console.

    The password is made on the spot and changes with every start.

    \b
    Example:
      faqdesk demo --port 8080
    """
    if opens:
        check_own_machine(host)  # before minutes of preparation
    space = workspace()
    _spare(space)
    space.create()
    prepare(space)
    password = secrets.token_urlsafe(9)
    db = space.database()
    if scalar(db, "SELECT 1 FROM agents WHERE login = ?", [LOGIN]):
        agents.set_password(db, actor(), LOGIN, password)
    else:
        agents.add(db, actor(), login=LOGIN, name="데모 상담원", role="admin", password=password)
    db.close()
    click.echo(f"\n  Console   http://{host}:{port}\n  Sign in   {LOGIN} / {password}\n")
    if opens:
        from web.serve import serve

        serve(space, host=host, port=port, workers=2)


def _spare(space: Workspace) -> None:
    """Refuse a desk that is somebody's: the sample would be mixed into it for good."""
    if not space.exists():
        return
    db = space.database()
    other = scalar(db, "SELECT source FROM inquiries WHERE source <> ? LIMIT 1", [data.SOURCE])
    db.close()
    if other is not None:
        raise WorkspaceError(
            f"The desk in {space.home} holds inquiries of {other!r}, not of the sample alone. Make "
            f"the demo elsewhere: FAQDESK_HOME=./demo faqdesk demo"
        )


def prepare(space: Workspace) -> None:
    """Import and train what is not there yet; killed half way, the next call goes on."""
    db = space.database()
    if not scalar(db, "SELECT 1 FROM imports WHERE source = ? AND state = 'done'", [data.SOURCE]):
        _import(space)
    _live(space, db)
    from .demo_desk import prepare_knowledge, prepare_queue

    prepare_queue(db, actor())
    with progress_line("Drawing the sample's map") as progress:
        prepare_knowledge(space, db, progress)
    from .demo_listings import prepare_listings

    with progress_line("Learning the sample's listings") as progress:
        prepare_listings(space, db, actor(), progress)
    from .demo_moderation import prepare_moderation

    with progress_line("Moderating the sample's listings") as progress:
        prepare_moderation(space, db, actor(), progress)
    db.close()


def _import(space: Workspace) -> None:
    """What was answered before the desk was in use."""
    db = space.database()
    settings.change(db, actor(), desk_name="도란장터", allow=data.OWN_NUMBERS)
    with tempfile.TemporaryDirectory() as folder, progress_line("Importing") as progress:
        files = data.lay_out(Path(folder), older=LIVED)
        import_faqs(db, files["faqs"], _MAPPING, actor=actor())
        import_aliases(db, files["aliases"], _MAPPING, actor=actor())
        report = run_import(
            db, space.seal(), [files["history"]], _MAPPING, actor=actor(), progress=progress
        )
    click.echo(
        f"Imported {report.inquiries:,} inquiries; {report.labelled:,} link an FAQ in the answer."
    )


def _live(space: Workspace, db: Database) -> None:
    """The weeks since, with a first model and a second; then those who wait."""
    from train.desk import train_all

    def train() -> None:
        with progress_line("Training on the sample's history") as progress:
            train_all(space, db, actor=actor(), progress=progress)

    def live(since: timedelta, until: timedelta) -> None:
        with progress_line("Answering the sample's last weeks") as progress:
            demo_answers.live(
                space, db, actor(), demo_answers.recent(since=since, until=until), progress
            )

    if current(space.models) is None:
        train()
    live(LIVED, TRAINED)
    # A demo made before the desk was lived on keeps its one model.
    if scalar(db, "SELECT 1 FROM outbox") and len(shelf.listed(space, db)) == 1:
        train()
    live(TRAINED, timedelta(0))
    with tempfile.TemporaryDirectory() as folder, progress_line("Importing") as progress:
        files = data.lay_out(Path(folder), now=demo_answers.began(db))
        run_import(db, space.seal(), [files["history"]], _MAPPING, actor=actor(), progress=progress)
