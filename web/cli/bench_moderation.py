"""`faqdesk bench moderation`: how many problem listings are found, and normal ones spared."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path
from typing import Any

import click

from .common import json_option, print_json, progress_line

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("moderation")
@click.option("--set", "name", type=click.Choice(["joonggonara"]), help="A public set.")
@click.option("--data", type=_FOLDER, help="The folder of the public data; it is read only.")
@click.option("--train", type=_FILE, help="Your own decided listings: text, label.")
@click.option("--test", type=_FILE, help="Your own decided listings to judge on.")
@click.option("--normal", default="normal", show_default=True, help="Your label of normal ones.")
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(1), help="Of folds.")
@click.option(
    "--problems", default=0.05, show_default=True, type=click.FloatRange(0, 1, True, True),
    help="The marketplace's own share of problem listings.",
)  # fmt: skip
@click.option(
    "--network/--no-network", default=False, show_default=True,
    help="Fit the network too: six times a fold, which takes four times as long.",
)  # fmt: skip
@json_option
def moderation(
    name: str | None,
    data: Path | None,
    train: Path | None,
    test: Path | None,
    normal: str,
    repeats: int,
    problems: float,
    network: bool,
    as_json: bool,
) -> None:
    """Measure moderation beside judging all normal, a TF-IDF SVM and the rules.

    Files are CSV, TSV or JSON Lines with the columns text and label; others are ignored. What a
    policy would hide is decided by thresholds that keep its bounds on the training part.

    \b
    Example:
      faqdesk bench moderation --set joonggonara --data ../public-data
      faqdesk bench moderation --train A.csv --test B.csv --normal normal --json
    """
    from train.bench_moderation import bench_moderation
    from train.moderation_sets import load_files, load_joonggonara
    from train.moderation_voices import ModerationConfig

    if name and data and not train and not test:
        rows = load_joonggonara(data)
    elif train and test and not name and not data:
        rows = load_files(train, test, normal=normal)
    else:
        raise click.UsageError("Name either --set with --data, or --train with --test.")
    with progress_line("Moderation") as progress:
        found = bench_moderation(
            rows,
            config=ModerationConfig(network=network),
            repeats=repeats,
            problems=problems,
            progress=progress,
        )
    if as_json:
        print_json(found)
    else:
        _tell(found)


def _tell(found: dict[str, Any]) -> None:
    click.echo(
        f"{found['set']}: {found['n_train']:,} to learn from, {found['n_test']:,} judged, "
        f"{found['repeats']} times"
    )
    click.echo(f"{'':12} accuracy  macro F1 (sd)  normal recall  not hidden  not flagged  found")
    for name, row in {"faqdesk": found["faqdesk"], **found["baselines"]}.items():
        caught = row["problems_flagged"]
        click.echo(
            f"{name:12}     {row['accuracy']:.3f}"
            f"   {row['macro_f1']:.3f} ({row['macro_f1_sd']:.3f})"
            f"          {row['normal_recall']:.3f}       {row['normal_not_hidden']:.3f}"
            f"        {row['normal_not_flagged']:.3f}"
            f"  {'' if caught is None else format(caught, '.3f')}"
        )
    low, high = found["faqdesk"]["normal_recall_interval"]
    click.echo(f"Recall of normal listings: {low:.3f} to {high:.3f} with 95 % confidence.")
    precision = found["faqdesk"]["precision"]
    told = ", ".join(f"{k} {'-' if v is None else format(v, '.3f')}" for k, v in precision.items())
    click.echo(f"Precision: {told}")
    evasion = found["faqdesk"]["evasion"]
    told = ", ".join(f"{trick} {share:.3f}" for trick, share in evasion.items())
    click.echo(f"Recall of problems, plain and hidden by tricks: {told}")
