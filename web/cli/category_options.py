"""The options of what learns categories: which voices, and for how long."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_NONE = "none"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _texts(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip() not in ("", _NONE))


def _image(context: click.Context, parameter: click.Parameter, value: str) -> str | None:
    if value != _NONE:
        return value
    if not context.params["texts"]:
        raise click.UsageError("Name at least one text model or a picture model.")
    return None


_OPTIONS = (
    click.option(
        "--text", "texts", default="linear", show_default=True, callback=_texts, is_eager=True,
        help="Text models, parted by commas: linear, fasttext, encoder, transformer; or none.",
    ),
    click.option("--encoder", help="Of the text model encoder: a folder, or a name."),
    click.option("--transformer", help="What a transformer starts from: a folder, or a name."),
    click.option(
        "--image", default="patches+compact_resnet", show_default=True, callback=_image,
        help="patches, a network such as mobilenet_v2 or compact_resnet, two joined by +; or none.",
    ),
    click.option("--weights", help="Published weights to start the network from: hub, or a file."),
    click.option(
        "--minutes", default=20.0, show_default=True, type=click.FloatRange(0.1),
        help="Of the picture model's training, at most.",
    ),
)  # fmt: skip


def voices(command: _Command) -> _Command:
    """Add `texts` (names), `encoder`, `transformer`, `image` (None: none), `weights`, `minutes`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
