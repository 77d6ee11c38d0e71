"""`faqdesk review`: what waits for people, and Label Studio's tasks, out and in."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import json
from pathlib import Path

import click

from support.whole_files import whole_file

from .common import actor, json_option, print_json, progress_line, reason_option, workspace

_FORMAT = click.option(
    "--format", "kind", type=click.Choice(["label-studio"]), default="label-studio",
    show_default=True,
)  # fmt: skip
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("review")
def review_command() -> None:
    """Fill the review queue, and take it to Label Studio and back.

    \b
    Example:
      faqdesk review fill
      faqdesk review export tasks.json --reason "labelled by the team"
      faqdesk review import labelled.json
    """


@review_command.command("fill")
@click.option("--limit", default=2000, show_default=True, type=click.IntRange(1))
@click.option(
    "--twice", default=0.1, show_default=True, type=click.FloatRange(0, 1),
    help="The share that two people shall decide on.",
)  # fmt: skip
def fill(limit: int, twice: float) -> None:
    """Look through the desk's listings for those the model is unsure of or disagrees with.

    \b
    Example:
      faqdesk review fill --limit 500
    """
    from listings.batch_run import tree_of
    from listings.categorise import CategoryClassifier
    from listings.following import folder_in_force
    from listings.review_fill import fill_from_listings

    space = workspace()
    db = space.database()
    folder = folder_in_force(space.models)
    with progress_line("Looking") as progress:
        count = fill_from_listings(
            db, space.home / "images", CategoryClassifier.load(folder),
            tree=tree_of(db, folder), limit=limit, twice=twice, progress=progress,
        )  # fmt: skip
    click.echo(f"{count:,} listings wait for review: faqdesk serve, then Listings > Review.")


@review_command.command("export")
@click.argument("file", type=_FILE)
@_FORMAT
@click.option("--control", type=click.Choice(["taxonomy", "choices"]), default="taxonomy")
@click.option("--batch", type=click.IntRange(1), help="Only this batch's rows.")
@click.option("--prefix", help="What makes an address of a picture's file; default: local files.")
@reason_option
def export(
    file: Path, kind: str, control: str, batch: int | None, prefix: str | None, reason: str
) -> None:
    """Write the review queue as tasks, with guesses and what people decided.

    \b
    Example:
      faqdesk review export tasks.json --control choices --reason "labelled by the team"
    """
    from listings.label_studio import LOCAL_FILES, export_tasks
    from listings.review import Queue
    from support.taking_away import taken

    space = workspace()
    db = space.database()
    taken(db, actor(), "tasks.exported", reason, what=control)
    tasks = export_tasks(
        db, space.home / "images", queue=Queue(batch=batch), control=control,
        prefix=LOCAL_FILES if prefix is None else prefix,
    )  # fmt: skip
    count = 0
    with whole_file(file) as kept, kept.open("w", encoding="utf-8") as out:
        out.write("[")
        for count, task in enumerate(tasks, 1):
            out.write(("\n" if count == 1 else ",\n") + json.dumps(task, ensure_ascii=False))
        out.write("\n]\n")
    click.echo(f"{count:,} tasks in {file}.")


@review_command.command("import")
@click.argument("file", type=_FILE)
@_FORMAT
@click.option("--tree", help="Whose categories other desks' tasks speak of; default: as most.")
@json_option
def import_(file: Path, kind: str, tree: str | None, as_json: bool) -> None:
    """Read tasks: annotations become labels, tasks without one wait for review.

    People are known by their login. Imported twice, nothing changes.

    \b
    Example:
      faqdesk review import labelled.json --format label-studio
    """
    from dataclasses import asdict

    from listings.label_studio_import import import_tasks, read_tasks
    from listings.labels import default_tree
    from support import agents

    tasks = read_tasks(file.read_bytes(), file.name)
    space = workspace()
    db = space.database()
    people = {agent.login.lower(): agent.id for agent in agents.listed(db)}
    found = import_tasks(
        db, space.seal(), actor(), tasks, tree=tree or default_tree(db), people=people
    )
    if as_json:
        print_json(asdict(found))
        return
    click.echo(
        f"{found.tasks:,} tasks: {found.labels:,} new labels, {found.known:,} known already, "
        f"{found.queued:,} put into the queue, {found.listings:,} new listings."
    )
    for words in found.rejected:
        click.echo(f"Refused: task {words}", err=True)
