"""`faqdesk moderate`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import json_option, print_json, workspace
from .engines import engine_options, opened_engine
from .tables import (
    FILE,
    WITH_PROBLEMS,
    mapping,
    picture_options,
    progress_of_rows,
    run_options,
    tell_problems,
)

if TYPE_CHECKING:  # the engines are imported by the command that needs them
    from listings.moderation.judge_run import JudgeReport, Judges


@click.command("moderate")
@click.argument("file", type=FILE)
@click.option("--out", required=True, type=FILE, help="The table to write; its ending says how.")
@click.option(
    "--map",
    "told",
    multiple=True,
    callback=mapping,
    metavar="ROLE=COLUMN",
    help="Which column is the title, description, image, price or category; else guessed.",
)
@picture_options
@run_options
@engine_options
@json_option
def moderate_command(
    file: Path,
    out: Path,
    told: dict[str, str],
    images: Path | None,
    image_column: str,
    workers: int | None,
    engine: str,
    address: str,
    shard_rows: int | None,
    restart: bool,
    model: Path | None,
    as_json: bool,
) -> None:
    """Judge a table of listings: CSV, JSON Lines, Parquet or XLSX, into any of these.

    Adds the label, the probability of each class, what the live policy would do (`action`: hide,
    review or pass), the words that speak against a listing, and the versions of policy and model.
    Nothing is hidden by this. Without a live policy, and without a model, every action is review.
    No column that is there is changed; where a name is taken, ours begin with `faqdesk_`. Killed
    and started again, it goes on.

    Rows and pictures that cannot be read are listed in OUT.problems.csv. Exit code 4: done, and
    there are some.

    \b
    Example:
      faqdesk moderate listings.csv --out judged.csv
      faqdesk moderate listings.csv --out judged.csv --engine ray
      faqdesk moderate export.xlsx --out judged.parquet --map title=품목명
      faqdesk moderate shop.jsonl --out judged.jsonl --images photos --image-column files
    """
    from listings.moderation.judge_run import JudgeRequest, judge_file

    judges, trouble = _judges(model)
    if trouble:
        click.echo(trouble, err=True)
    request = JudgeRequest(
        told=told, images=images, image_column=image_column, shard_rows=shard_rows
    )
    with opened_engine(engine, address, workers) as on, progress_of_rows() as progress:
        report = judge_file(file, out, judges, request, on=on, restart=restart, progress=progress)
    if as_json:
        print_json(report.as_dict())
    else:
        _print(report)
    if report.reports.problems:
        raise SystemExit(WITH_PROBLEMS)


def _judges(model: Path | None) -> tuple["Judges", str]:
    """Rules, model and live policy of the workspace, and why there is no model.

    Without a workspace the rules that come with faqdesk judge. A model that was named must be
    there; one in force that is damaged leaves the judging to the rules, as on the desk.
    """
    from listings.moderation.judge_run import Judges
    from listings.moderation.moderator import model_folder
    from listings.moderation.policy_store import in_mode
    from listings.moderation.rules import desk_rules
    from support.errors import ModelError

    space = workspace()
    rules = desk_rules(space.home)
    live = None
    if space.exists():
        with closing(space.database()) as db:
            live = in_mode(db, "live")
    policy = live.policy if live else None
    version = live.version if live else ""
    if model is not None:
        return Judges.of(rules, model, policy=policy, policy_version=version), ""
    try:
        folder = model_folder(space.models)
        return Judges.of(rules, folder, policy=policy, policy_version=version), ""
    except ModelError as error:
        return Judges.of(rules, None, policy=policy, policy_version=version), str(error)


def _print(report: "JudgeReport") -> None:
    rate = (report.rows - report.resumed) / max(report.seconds, 1e-9)
    resumed = f", {report.resumed:,} of them by the run before" if report.resumed else ""
    actions = ", ".join(f"{count:,} to {name}" for name, count in report.actions.items())
    click.echo(
        f"{report.rows:,} rows in {report.out}{resumed}: {actions} ({rate:,.0f} rows a second)."
    )
    click.echo("Found: " + ", ".join(f"{name} {n:,}" for name, n in report.labels.items()))
    model = f"model {report.model_version}" if report.model_version else "rules alone"
    policy = f"policy {report.policy_version}" if report.policy_version else "no live policy"
    click.echo(f"Judged by {model}, {policy}.")
    tell_problems(report.reports.problems, report.reports.problems_file)
