"""`faqdesk train category`: which category a listing belongs in."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from typing import TYPE_CHECKING, Any

import click

from .category_options import voices
from .common import actor, json_option, print_json, progress_line, workspace

if TYPE_CHECKING:  # the engines are imported by the command that needs them
    from train.category import CategoryReport
    from train.category_candidate import Judging


@click.command("category")
@click.option("--tree", help="Whose labels to learn; default: the tree most listings have.")
@voices
@click.option("--min-examples", default=4, show_default=True, type=click.IntRange(2))
@click.option("--seed", default=0, show_default=True)
@click.option("--no-judge", is_flag=True, help="Do not judge it beside the recipe in force.")
@click.option("--publish", is_flag=True, help="Put it in force, whatever the judgement says.")
@json_option
def category(
    tree: str | None,
    recipe: dict[str, Any],
    min_examples: int,
    seed: int,
    no_judge: bool,
    publish: bool,
    as_json: bool,
) -> None:
    """Learn categories from the desk's labelled listings; publish the model unless it is worse.

    A person's label counts before one that a mapping table gives, and that before the seller's own
    category. Words, pictures and both together are weighed on listings held out; where pictures do
    not help there, words serve alone. With other options than those of the model in force, that
    one's are learned once more beside, and judged on the same listings held out. A training that
    was killed goes on where a network was.

    \b
    Example:
      faqdesk train category
      faqdesk train category --text linear --image none
    """
    from train.category_candidate import train_category
    from train.category_voices import CategoryConfig

    judging: Judging = "unjudged" if no_judge else "always" if publish else "judged"
    config = CategoryConfig(**recipe, min_examples=min_examples, seed=seed)
    space = workspace()
    with progress_line("Learning categories") as progress:
        outcome = train_category(
            space, space.database(), actor=actor(), tree=tree, config=config, judging=judging,
            progress=progress,
        )  # fmt: skip
    if as_json:
        about = {"release": outcome.release.name, "published": outcome.published}
        print_json(outcome.report.as_dict() | about)
        return
    _tell(outcome.report)
    if outcome.report.judgement is not None:
        from train.judgement import table

        click.echo(table(outcome.report.judgement.as_dict(), of="listings").partition("\n")[2])
    click.echo(outcome.message)


def _tell(report: "CategoryReport") -> None:
    click.echo(
        f"Learned {report.labels} categories from {report.n_train:,} listings in "
        f"{report.seconds:.0f} s; {report.n_held_out:,} were held out to weigh the voices."
    )
    click.echo(f"  {'what is there':14} {'held out':>8}  top-1  top-3  voices")
    for row in report.ensemble.situations:
        voices = ", ".join(f"{name} {weight:.2f}" for name, weight in row.voices.items())
        click.echo(
            f"  {row.situation:14} {row.n:>8,}  {row.accuracy:.3f}  {row.hit_3:.3f}  {voices}"
        )
    if report.ensemble.message:
        click.echo(report.ensemble.message)
    band = report.ensemble.band
    if band.threshold is None:
        click.echo("Every listing needs a look: above no probability were enough guesses right.")
    else:
        click.echo(
            f"From probability {band.threshold:.2f} on no look is needed: {band.coverage:.0%} of "
            f"listings, right in {band.promise.right} of {band.promise.n}."
        )
    if report.left_out:
        click.echo(f"Left out, with too few listings: {', '.join(report.left_out)}")
