"""`faqdesk train similar`: what photos of one thing have in common."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from contextlib import closing

import click

from .common import actor, json_option, print_json, progress_line, workspace


@click.command("similar")
@click.option("--seed", default=0, show_default=True)
@json_option
def similar(seed: int, as_json: bool) -> None:
    """Learn from the desk's own photos to find another photo of the same thing; publish it.

    Photos of one listing show one thing: nothing is labelled by hand. Until it is trained, similar
    listings are found by their words and by copied pictures.

    \b
    Example:
      faqdesk train similar --seed 1
    """
    from train.similar import train_similar

    space = workspace()
    with closing(space.database()) as db, progress_line("Photos") as progress:
        release = train_similar(space, db, actor=actor(), seed=seed, progress=progress)
    if as_json:
        print_json({"release": release.name, "parts": dict(release.parts)})
    else:
        click.echo(f"Release {release.name} is in force. Describe photos: faqdesk similar index")
