"""`faqdesk bench moderation-speed`: how long a verdict takes."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click

from .common import json_option, print_json, progress_line

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command("moderation-speed")
@click.option("--model", type=_FOLDER, help="A model folder; default: one fitted to the sample.")
@click.option("--rows", default=300, show_default=True, type=click.IntRange(1), help="Judged.")
@json_option
def moderation_speed(model: Path | None, rows: int, as_json: bool) -> None:
    """Time verdicts with their reasons, one by one on one core, over the sample's listings.

    \b
    Example:
      faqdesk bench moderation-speed
      faqdesk bench moderation-speed --model workspace/models/moderation/20260101-000000-abcd
    """
    from data import rows as sample_rows
    from listings.listing import Listing
    from train.bench_moderation_speed import bench_moderation_speed

    sample = [
        (Listing(row["title"], row["description"]), row["label"])
        for row in sample_rows("moderation_listings")
    ]
    with progress_line("Verdicts") as progress:
        found = bench_moderation_speed(sample, rows=rows, model=model, progress=progress)
    if as_json:
        print_json(found)
        return
    click.echo(f"{found['listings']:,} listings; heard: {', '.join(found['voices'])}")
    click.echo(f"{'':18} characters  median   p99  (CPU median), ms")
    for name in ("text", "long_text", "text_and_picture"):
        row = found[name]
        click.echo(
            f"{name:18} {row['characters']:10.0f}  {row['median_ms']:6.1f} {row['p99_ms']:5.1f}  "
            f"({row['cpu_median_ms']:.1f})"
        )
