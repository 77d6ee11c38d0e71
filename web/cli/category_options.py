"""The options of what learns categories: which voices, and for how long."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

_NONE = "none"
_NAMES = ("texts", "encoder", "transformer", "image", "weights")  # alike in `CategoryConfig`
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
    """Add the options; the command gets one argument of them all: `recipe`, of `CategoryConfig`."""

    @functools.wraps(command)
    def told(*arguments: Any, **options: Any) -> Any:
        recipe = {name: options.pop(name) for name in _NAMES}
        recipe["image_minutes"] = options.pop("minutes")
        return command(*arguments, recipe=recipe, **options)

    for option in reversed(_OPTIONS):
        told = option(told)
    return cast(_Command, told)
