"""`faqdesk train` and `faqdesk index`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from support.calibration import Band

from .common import actor, json_option, print_json, progress_line, workspace
from .spreading import opened_spread, spread_options
from .training_category import category
from .training_moderation import moderation
from .training_similar import similar

if TYPE_CHECKING:  # the engines are imported by the command that needs them
    from train.candidate import Judging, Outcome


_RECIPES = click.Choice(["new", "live"])


@click.group("train", invoke_without_command=True)
@click.option("--no-judge", is_flag=True, help="Do not judge it beside the release in force.")
@click.option("--publish", is_flag=True, help="Put it in force, whatever the judgement says.")
@click.option(
    "--recipe", default="new", show_default=True, type=_RECIPES,
    help="live: the settings of the release in force, fitted on newer history.",
)  # fmt: skip
@json_option
@click.pass_context
def train_command(
    context: click.Context, no_judge: bool, publish: bool, recipe: str, as_json: bool
) -> None:
    """Train encoder, index and FAQ classifier; publish them unless they are worse.

    What is made is a candidate. Its recipe and the one in force are both trained on what was known
    four weeks ago (setting judged_weeks) and judged on what was asked since. The candidate is worse
    when its hit@1 fell and the lower end of the paired 95 % interval lies below -0.05 (setting
    judged_margin), or when what it shows as Likely is right less often beyond doubt. Then the
    release in force stays. The first release has nothing to be compared with.

    \b
    Example:
      faqdesk train
      faqdesk train --recipe live
      faqdesk train encoder --model ./my-sentence-transformer
      faqdesk train faq
    """
    if context.invoked_subcommand is not None:
        return
    judging = _judging(no_judge, publish)
    from train.candidate import train_candidate

    space = workspace()
    with progress_line("Training") as progress:
        outcome = train_candidate(
            space, space.database(), actor=actor(), live_again=recipe == "live",
            judging=judging, progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(_as_dict(outcome))
    else:
        _tell(outcome)


@train_command.command("encoder")
@click.option("--model", help="Any sentence-transformers model, by name or folder.")
@click.option(
    "--public",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Learn the shipped encoder anew, from the folder of public data.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --public: where to write it; default: among the workspace's models.",
)
def encoder(model: str | None, public: Path | None, out: Path | None) -> None:
    """Learn a sentence encoder from the desk's own texts, or take one.

    \b
    Example:
      faqdesk train encoder
      faqdesk train encoder --model ./multilingual-e5-small
      faqdesk train encoder --public ../public-data --out data/encoder
    """
    if model and public:
        raise click.UsageError("Give --model or --public, not both.")
    if out and not public:
        raise click.UsageError("--out goes with --public DIR.")
    if public:
        _train_public(public, out)
        return
    space = workspace()
    db = space.database()
    from train.desk import train_encoder

    with progress_line("Learning the encoder") as progress:
        version = train_encoder(space, db, model=model, progress=progress)
    click.echo(f"Encoder {version} is written. Next, to put it in force: faqdesk train faq")


@train_command.command("faq")
@click.option("--min-examples", default=4, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=0, show_default=True)
@click.option("--no-judge", is_flag=True, help="Do not judge it beside the release in force.")
@click.option("--publish", is_flag=True, help="Put it in force, whatever the judgement says.")
@json_option
def faq(min_examples: int, seed: int, no_judge: bool, publish: bool, as_json: bool) -> None:
    """Train the FAQ classifier beside the newest encoder; publish both unless they are worse.

    \b
    Example:
      faqdesk train faq
      faqdesk train faq --min-examples 10 --publish
    """
    judging = _judging(no_judge, publish)
    from train.candidate import train_candidate
    from train.faq import FaqConfig

    space = workspace()
    config = FaqConfig(min_examples=min_examples, seed=seed)
    with progress_line("Training the classifier") as progress:
        outcome = train_candidate(
            space, space.database(), actor=actor(), config=config, keep_encoder=True,
            judging=judging, progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(_as_dict(outcome))
        return
    report = outcome.report
    assert report is not None  # noqa: S101 - too few labels were refused
    click.echo(
        f"Learned {report.labels} FAQs from {report.train + report.validation:,} inquiries in "
        f"{report.seconds:.0f} s."
    )
    for voices in report.voices:
        click.echo(
            f"  {' + '.join(voices.voices):35} hit@1 {voices.hit_1:.3f}  hit@3 {voices.hit_3:.3f}"
            f"  hit@5 {voices.hit_5:.3f}"
        )
    click.echo(_band("Likely", report.likely))
    click.echo(_band("Possible", report.possible))
    _tell(outcome)


train_command.add_command(category)
train_command.add_command(moderation)
train_command.add_command(similar)


@click.command("index")
@click.option("--newest", is_flag=True, help="Take the newest encoder, in force or not.")
@spread_options
def index_command(
    newest: bool, engine: str, address: str, workers: int | None, shared: Path | None
) -> None:
    """Encode what is not encoded yet, write a new index, and publish it.

    Answers sent since the last one are found without it; it only makes search quick again. Where
    much is to be done several processes do it, here or on a Ray cluster. Killed and started again,
    it goes on.

    \b
    Example:
      faqdesk index
      faqdesk index --engine ray --address 10.0.0.5:6379 --shared /mnt/desk
    """
    from train.desk import rebuild_index

    space = workspace()
    db = space.database()
    with (
        opened_spread(space, engine, address, workers, shared) as spread,
        progress_line("Indexing") as progress,
    ):
        release = rebuild_index(
            space, db, actor=actor(), newer_encoder=newest, spread=spread, progress=progress
        )
    click.echo(f"Release {release.name} is in force.")


def _judging(no_judge: bool, publish: bool) -> "Judging":
    if no_judge:
        return "unjudged"
    return "always" if publish else "judged"


def _tell(outcome: "Outcome") -> None:
    """What became of a training; with its figures where it was judged."""
    if outcome.judgement is not None:
        from train.judgement import table

        _, _, figures = table(outcome.judgement.as_dict()).partition("\n")
        if figures:  # what was decided is in the message
            click.echo(figures.strip("\n") + "\n")
    click.echo(outcome.message)


def _as_dict(outcome: "Outcome") -> dict[str, Any]:
    found = {
        "release": outcome.release.name,
        "published": outcome.published,
        "message": outcome.message,
        "judgement": outcome.judgement.as_dict() if outcome.judgement else None,
    }
    return found | (outcome.report.as_dict() if outcome.report else {})


def _train_public(public: Path, out: Path | None) -> None:
    from support.releases import new_version
    from train.public_encoder import train_public_encoder

    if out is None:
        space = workspace()
        space.database().close()  # refuses where there is no desk
        out = space.models / "encoder" / new_version()
    with progress_line("Learning the public encoder") as progress:
        written = train_public_encoder(public, out, progress=progress)
    click.echo(f"Encoder {written.version} is written to {written.folder}.")


def _band(name: str, band: Band) -> str:
    if band.threshold is None:
        return f"  {name}: never; on held-out inquiries no threshold keeps the share stated"
    promise = band.promise
    return (
        f"  {name}: from {band.threshold:.2f}, {band.coverage:.0%} of inquiries, right in "
        f"{promise.right} of {promise.n} ({promise.low:.0%} to {promise.high:.0%})"
    )
