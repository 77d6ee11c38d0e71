"""`faqdesk train moderation`: which listings break the rules."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from typing import TYPE_CHECKING

import click

from .common import actor, json_option, print_json, progress_line, workspace

if TYPE_CHECKING:  # the engines are imported by the command that needs them
    from train.moderation import ModerationReport


@click.command("moderation")
@click.option("--network/--no-network", default=True, help="Fit the network too.")
@click.option("--seed", default=0, show_default=True)
@click.option("--publish", is_flag=True, help="Put it in force even where another model is.")
@json_option
def moderation(network: bool, seed: int, publish: bool, as_json: bool) -> None:
    """Learn from what people on this desk decided which listings break the rules.

    A quarter of the decisions is kept aside: a policy proves its bounds there. The first model is
    put in force; a later one stays a candidate, for a policy's thresholds hold for one model alone.

    \b
    Example:
      faqdesk train moderation
      faqdesk train moderation --publish
    """
    from train.moderation_candidate import train_moderation
    from train.moderation_voices import ModerationConfig

    space = workspace()
    config = ModerationConfig(network=network, seed=seed)
    with progress_line("Learning moderation") as progress:
        outcome = train_moderation(
            space, space.database(), actor=actor(), config=config, publish=publish,
            progress=progress,
        )  # fmt: skip
    if as_json:
        about = {"release": outcome.release.name, "published": outcome.published}
        print_json(outcome.report.as_dict() | about)
        return
    _tell(outcome.report)
    click.echo(outcome.message)


def _tell(report: "ModerationReport") -> None:
    classes = ", ".join(f"{label} {n:,}" for label, n in report.labels.items())
    click.echo(
        f"Learned from {report.n_train:,} decisions in {report.seconds:.0f} s ({classes}); "
        f"{report.n_evidence:,} are kept for a policy, {report.n_weak:,} listings were taken as "
        f"the rules see them."
    )
    click.echo(f"  {'voice':10} weight  accuracy  macro F1  normal recall")
    for name, row in report.figures.items():
        weight = f"{report.voices[name]:.2f}" if name in report.voices else ""
        click.echo(
            f"  {name:10} {weight:>6}     {row.accuracy:.3f}     {row.macro_f1:.3f}          "
            f"{row.normal_recall:.3f}"
        )
    if report.left_out:
        click.echo(f"Left out, with too few decisions: {', '.join(report.left_out)}")
