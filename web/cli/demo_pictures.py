"""The demo's pictures: drawn from their names alone, so that the same name is the same picture.

`bag-17.jpg` is a bag; another number is another bag, in another room, which no perceptual hash
takes for the first. What sellers do to a picture before they post it again stands at the end:
`bag-17-small.jpg`, `bag-17-crop.jpg`, `bag-17-mirror.jpg`. `soon.jpg` says that photos follow.
"""

import colorsys
import io
import re
from random import Random
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from support.errors import InputError

from .demo_motifs import MOTIFS, SIDE, Colour, Tints

SOON: Final = "soon.jpg"  # what many innocent sellers share
_SIZE: Final = (320, 320)  # pixels
_NAME: Final = re.compile(r"([a-z]+)-(\d+)(?:-(small|crop|mirror))?\.jpg")
_CROP: Final = 0.015  # of each side
_BROWN: Final = frozenset(("bird", "cat", "dog", "lizard"))  # what no dye has touched


def draw(name: str) -> bytes:
    """A picture as JPEG, the same for the same name on every machine with the same Pillow.

    Raises:
        InputError: no picture is called so.
    """
    if name == SOON:
        return _jpeg(_soon(), quality=85)
    found = _NAME.fullmatch(name)
    if found is None or found[1] not in MOTIFS:
        raise InputError(f"No picture is called {name!r}; such as bag-17.jpg, bag-17-crop.jpg.")
    picture = _scene(found[1], Random(f"{found[1]}-{found[2]}"))
    if found[3] == "small":
        small = picture.resize((200, 200), Image.Resampling.BILINEAR)
        return _jpeg(small, quality=35)
    if found[3] == "crop":
        edge = round(_SIZE[0] * _CROP)
        picture = picture.crop((edge, edge, _SIZE[0] - edge, _SIZE[1] - edge))
    elif found[3] == "mirror":
        picture = ImageOps.mirror(picture)
    return _jpeg(picture, quality=85)


def _scene(motif: str, chance: Random) -> Image.Image:
    """A thing somewhere in a room: where it stands and what is around it tells rooms apart."""
    picture = Image.new("RGB", _SIZE, _colour(chance, vivid=0.18, bright=0.9))
    pen = ImageDraw.Draw(picture)
    floor = chance.randint(170, 290)
    pen.polygon([(0, floor), (320, floor + chance.randint(-40, 40)), (320, 320), (0, 320)],
                fill=_colour(chance, vivid=0.3, bright=0.6))  # fmt: skip
    for _ in range(chance.randint(2, 4)):
        _prop(pen, chance)
    picture = picture.filter(ImageFilter.GaussianBlur(chance.uniform(1.0, 3.0)))
    thing = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    hue = chance.uniform(0.04, 0.11) if motif in _BROWN else chance.random()
    tints = Tints(
        _colour(chance, vivid=0.65, bright=0.65, hue=hue),
        _colour(chance, vivid=0.4, bright=0.28, hue=hue),
        _colour(chance, vivid=0.2, bright=0.93, hue=hue),
    )
    MOTIFS[motif](ImageDraw.Draw(thing), tints, chance)
    if chance.random() < 0.5:
        thing = ImageOps.mirror(thing)
    side = chance.randint(150, 260)
    thing = thing.resize((side, side), Image.Resampling.BILINEAR)
    thing = thing.rotate(chance.uniform(-14, 14), Image.Resampling.BILINEAR, expand=True)
    left = chance.randint(0, max(1, 320 - thing.width))
    top = chance.randint(max(0, 200 - thing.height), max(1, 318 - thing.height))
    picture.paste(thing, (left, top), thing)
    return _lit(picture, chance)


def _prop(pen: ImageDraw.ImageDraw, chance: Random) -> None:
    x, y = chance.randint(-60, 280), chance.randint(-60, 260)
    wide, high = chance.randint(50, 170), chance.randint(40, 200)
    fill = _colour(chance, vivid=0.4, bright=0.6)
    if chance.random() < 0.3:
        pen.ellipse((x, y, x + wide, y + high), fill=fill)
    else:
        pen.rectangle((x, y, x + wide, y + high), fill=fill)


def _lit(picture: Image.Image, chance: Random) -> Image.Image:
    """Light that falls in from one side."""
    shade = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize(_SIZE)
    dark = Image.new("RGB", _SIZE, (24, 22, 30))
    amount = chance.uniform(0.2, 0.6)
    return Image.composite(dark, picture, shade.point(lambda value: int(value * amount)))


def _soon() -> Image.Image:
    picture = Image.new("RGB", _SIZE, (222, 224, 226))
    pen = ImageDraw.Draw(picture)
    ink = (150, 154, 158)
    pen.rounded_rectangle((80, 110, 240, 220), radius=16, outline=ink, width=8)
    pen.rectangle((120, 92, 170, 114), fill=ink)
    pen.ellipse((125, 130, 195, 200), outline=ink, width=8)
    pen.rectangle((90, 250, 230, 262), fill=ink)
    return picture


def _colour(chance: Random, *, vivid: float, bright: float, hue: float | None = None) -> Colour:
    """A colour of about this saturation and brightness; without a hue, of any."""
    shade = chance.random() if hue is None else (hue + chance.uniform(-0.04, 0.04)) % 1
    vivid, bright = vivid * chance.uniform(0.6, 1.2), bright * chance.uniform(0.8, 1.07)
    red, green, blue = colorsys.hsv_to_rgb(shade, min(vivid, 1.0), min(bright, 1.0))
    return int(red * 255), int(green * 255), int(blue * 255)


def _jpeg(picture: Image.Image, *, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()
