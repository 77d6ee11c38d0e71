"""What the sample's pictures show: outlines of things for sale, drawn in a square of 200 by 200.

Each motif takes a pen, its colours, and chance for what differs from one thing to the next of its
kind. Backgrounds, sizes and angles are `demo_pictures`' work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from PIL import ImageDraw

Colour = tuple[int, int, int]
Pen = ImageDraw.ImageDraw
SIDE: Final = 200  # pixels of the square


@dataclass(frozen=True, slots=True)
class Tints:
    """The colours of one thing."""

    main: Colour
    dark: Colour
    light: Colour


def _phone(pen: Pen, tints: Tints, chance: Random) -> None:
    width = chance.randint(78, 104)
    left, right = 100 - width // 2, 100 + width // 2
    pen.rounded_rectangle((left, 8, right, 192), radius=chance.randint(6, 20), fill=tints.dark)
    if chance.random() < 0.5:
        pen.rounded_rectangle((left + 6, 18, right - 6, 182), radius=6, fill=tints.light)
        for row in range(chance.randint(2, 5)):
            pen.rectangle((left + 14, 34 + 26 * row, right - 14, 48 + 26 * row), fill=tints.main)
    else:
        pen.rounded_rectangle((left + 3, 11, right - 3, 189), radius=12, fill=tints.main)
        lenses = chance.randint(1, 4)
        for lens in range(lenses):
            x, y = left + 12 + 24 * (lens % 2), 20 + 24 * (lens // 2)
            pen.ellipse((x, y, x + 20, y + 20), fill=tints.dark)


def _bottle(pen: Pen, tints: Tints, chance: Random) -> None:
    shoulder = chance.randint(60, 95)
    half = chance.randint(24, 42)
    pen.rectangle((88, 10, 112, shoulder), fill=tints.dark)
    pen.rectangle((84, 6, 116, 24), fill=tints.light)
    pen.polygon([(88, shoulder - 18), (112, shoulder - 18), (100 + half, shoulder + 12),
                 (100 - half, shoulder + 12)], fill=tints.dark)  # fmt: skip
    pen.rounded_rectangle((100 - half, shoulder + 6, 100 + half, 194), radius=8, fill=tints.dark)
    top = chance.randint(shoulder + 20, 130)
    pen.rectangle((100 - half, top, 100 + half, top + 44), fill=tints.light)
    pen.rectangle((100 - half + 8, top + 14, 100 + half - 8, top + 22), fill=tints.main)


def _jar(pen: Pen, tints: Tints, chance: Random) -> None:
    half = chance.randint(50, 74)
    level = chance.randint(60, 130)
    pen.rounded_rectangle((100 - half, 40, 100 + half, 192), radius=26, fill=tints.light)
    pen.rounded_rectangle((100 - half, level, 100 + half, 192), radius=26, fill=tints.main)
    pen.rectangle((100 - half + 10, 18, 100 + half - 10, 44), fill=tints.dark)


def _cigarettes(pen: Pen, tints: Tints, chance: Random) -> None:
    half = chance.randint(40, 60)
    pen.rectangle((100 - half, 60, 100 + half, 192), fill=tints.light)
    pen.polygon([(100 - half, 60), (100 + half, 60), (100 + half, 110), (100, 84 + half // 2),
                 (100 - half, 110)], fill=tints.main)  # fmt: skip
    for place in range(chance.randint(2, 4)):
        x, top = 100 - half + 8 + 22 * place, chance.randint(16, 40)
        pen.rectangle((x, top, x + 16, 62), fill=(246, 244, 238))
        pen.rectangle((x, top, x + 16, top + 14), fill=(206, 150, 90))


def _vape(pen: Pen, tints: Tints, chance: Random) -> None:
    left = chance.randint(40, 70)
    pen.rounded_rectangle((left, 60, left + 34, 194), radius=12, fill=tints.dark)
    pen.rectangle((left + 8, 30, left + 26, 62), fill=tints.light)
    pen.ellipse((left + 10, 90, left + 24, 104), fill=tints.main)
    for place in range(chance.randint(1, 3)):
        x = left + 50 + 34 * place
        pen.rectangle((x + 8, 100, x + 18, 124), fill=tints.dark)
        pen.rounded_rectangle((x, 122, x + 26, 194), radius=5, fill=tints.main)


def _dog(pen: Pen, tints: Tints, chance: Random) -> None:
    ear = chance.randint(16, 44)
    pen.ellipse((30, 90, 170, 188), fill=tints.main)
    for x in (46, 80, 116, 146):
        pen.rounded_rectangle((x, 150, x + 16, 198), radius=6, fill=tints.main)
    pen.ellipse((110, 24, 190, 110), fill=tints.light)
    pen.ellipse((104, 30, 104 + ear, 30 + 2 * ear), fill=tints.dark)
    pen.ellipse((192 - ear, 30, 192, 30 + 2 * ear), fill=tints.dark)
    for x in (134, 160):
        pen.ellipse((x, 56, x + 9, 65), fill=(30, 26, 24))
    pen.ellipse((142, 74, 160, 88), fill=(30, 26, 24))
    pen.arc((6, chance.randint(60, 100), 50, 140), 90, 260, fill=tints.dark, width=10)


def _cat(pen: Pen, tints: Tints, chance: Random) -> None:
    pen.ellipse((50, 90, 150, 196), fill=tints.main)
    pen.ellipse((54, 26, 146, 110), fill=tints.light)
    tall = chance.randint(4, 20)
    for tip in (62, 138):
        pen.polygon([(tip - 18, 60), (tip, tall), (tip + 18, 60)], fill=tints.dark)
    for x in (78, 110):
        pen.ellipse((x, 58, x + 13, 74), fill=(40, 70, 50))
    for row in range(chance.randint(0, 4)):
        pen.arc((60, 100 + 22 * row, 140, 130 + 22 * row), 0, 180, fill=tints.dark, width=6)
    pen.arc((130, chance.randint(90, 130), 196, 196), 200, 90, fill=tints.dark, width=12)


def _bird(pen: Pen, tints: Tints, chance: Random) -> None:
    pen.ellipse((40, 80, 150, 170), fill=tints.main)
    pen.ellipse((104, 34, 170, 104), fill=tints.light)
    pen.polygon([(166, 62), (198, 72), (166, 82)], fill=(226, 150, 50))
    pen.ellipse((138, 56, 148, 66), fill=(30, 26, 24))
    wing = chance.randint(90, 120)
    pen.polygon([(50, wing), (130, wing), (70, 170)], fill=tints.dark)
    for x in (84, 108):
        pen.line([(x, 166), (x, 196)], fill=(226, 150, 50), width=6)


def _fish(pen: Pen, tints: Tints, chance: Random) -> None:
    pen.rectangle((6, 30, 194, 190), outline=tints.dark, width=6)
    pen.rectangle((12, chance.randint(40, 70), 188, 184), fill=(176, 212, 224))
    for _ in range(chance.randint(1, 3)):
        x, y = chance.randint(20, 110), chance.randint(70, 150)
        pen.ellipse((x, y, x + 54, y + 30), fill=tints.main)
        pen.polygon([(x + 48, y + 15), (x + 76, y), (x + 76, y + 30)], fill=tints.light)


def _lizard(pen: Pen, tints: Tints, chance: Random) -> None:
    pen.line([(20, 160), (70, 120), (130, 110), (170, 60)], fill=tints.main, width=30)
    pen.ellipse((146, 26, 194, 78), fill=tints.main)
    for x, y in ((70, 120), (130, 110)):
        pen.line([(x, y), (x + chance.randint(-20, 20), y + 50)], fill=tints.dark, width=10)


def _bag(pen: Pen, tints: Tints, chance: Random) -> None:
    top = chance.randint(70, 96)
    pen.arc((60, top - 60, 140, top + 60), 180, 360, fill=tints.dark, width=9)
    slope = chance.randint(0, 26)
    pen.polygon([(20 + slope, top), (180 - slope, top), (190, 190), (10, 190)], fill=tints.main)
    step = chance.choice((18, 26, 40))
    pattern = chance.choice(("diamonds", "dots", "stripes", "plain"))
    for y in range(top + 14, 180, step):
        for x in range(34, 166, step):
            if pattern == "diamonds":
                pen.polygon([(x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)], fill=tints.light)
            elif pattern == "dots":
                pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=tints.dark)
        if pattern == "stripes":
            pen.rectangle((24, y, 176, y + 7), fill=tints.light)
    if chance.random() < 0.6:
        pen.rectangle((20 + slope, top, 180 - slope, top + 46), fill=tints.dark)
        pen.ellipse((90, top + 36, 110, top + 56), fill=(220, 190, 110))


def _wallet(pen: Pen, tints: Tints, chance: Random) -> None:
    top = chance.randint(50, 90)
    pen.rounded_rectangle((16, top, 184, 178), radius=10, fill=tints.main)
    pen.rectangle((16, top + 34, 184, top + 40), fill=tints.dark)
    at = chance.randint(60, 140)
    pen.ellipse((at, top + 24, at + 26, top + 50), fill=tints.light)


def _shoe(pen: Pen, tints: Tints, chance: Random) -> None:
    high = chance.randint(60, 110)
    pen.polygon([(20, 168), (20, high), (80, high), (116, 124), (184, 142), (190, 168)],
                fill=tints.main)  # fmt: skip
    pen.rectangle((14, 164, 194, 164 + chance.randint(10, 26)), fill=tints.light)
    for place in range(3):
        x = 74 + 18 * place
        pen.line([(x, high + 18 + 14 * place), (x + 18, high + 6 + 14 * place)],
                 fill=tints.dark, width=5)  # fmt: skip
    if chance.random() < 0.6:
        pen.polygon([(40, 150), (110, 150), (170, 130), (100, 162)], fill=tints.dark)


def _boot(pen: Pen, tints: Tints, chance: Random) -> None:
    width = chance.randint(56, 76)
    pen.polygon([(40, 10), (40 + width, 10), (46 + width, 120), (180, 140), (186, 174), (40, 174)],
                fill=tints.main)  # fmt: skip
    pen.rectangle((36, 172, 190, 186), fill=tints.dark)
    pen.rectangle((36, 172, 70, 172 + chance.randint(14, 26)), fill=tints.dark)
    pen.rectangle((40, 10, 40 + width, chance.randint(20, 40)), fill=tints.light)


def _sofa(pen: Pen, tints: Tints, chance: Random) -> None:
    top = chance.randint(50, 80)
    pen.rounded_rectangle((16, top, 184, 150), radius=16, fill=tints.main)
    seats = chance.randint(1, 3)
    for seat in range(seats):
        x = 34 + seat * 132 // seats
        box = (x, 106, x + 132 // seats - 4, 152)
        pen.rounded_rectangle(box, radius=10, fill=tints.light)
    for x in (4, 168):
        pen.rounded_rectangle((x, 92, x + 28, 172), radius=10, fill=tints.dark)
    pen.rectangle((20, 150, 180, 172), fill=tints.dark)


def _table(pen: Pen, tints: Tints, chance: Random) -> None:
    top = chance.randint(60, 96)
    if chance.random() < 0.5:
        pen.ellipse((20, top - 16, 180, top + 22), fill=tints.main)
    else:
        pen.rectangle((10, top, 190, top + 18), fill=tints.main)
        pen.rectangle((20, top + 18, chance.randint(80, 180), top + 44), fill=tints.light)
    spread = chance.randint(0, 20)
    for x, lean in ((40, -spread), (154, spread)):
        pen.line([(x, top + 12), (x + lean, 194)], fill=tints.dark, width=11)


def _bed(pen: Pen, tints: Tints, chance: Random) -> None:
    pen.rectangle((6, chance.randint(30, 70), 40, 184), fill=tints.dark)
    pen.rectangle((30, 120, 196, 166), fill=tints.main)
    pen.rounded_rectangle((42, 96, 88, 124), radius=8, fill=tints.light)
    pen.rectangle((182, chance.randint(100, 130), 196, 188), fill=tints.dark)


def _bicycle(pen: Pen, tints: Tints, chance: Random) -> None:
    wheel = chance.randint(62, 84)
    for left in (4, 196 - wheel):
        pen.ellipse((left, 188 - wheel, left + wheel, 188), outline=tints.dark, width=7)
    near, far, low = 4 + wheel // 2, 196 - wheel // 2, 188 - wheel // 2
    seat, bar = chance.randint(60, 86), chance.randint(50, 80)
    pen.line([(near, low), (80, seat), (144, bar), (far, low)], fill=tints.main, width=8)
    pen.line([(80, seat), (96, low), (144, bar)], fill=tints.main, width=8)
    pen.line([(near, low), (96, low)], fill=tints.main, width=7)
    pen.rounded_rectangle((58, seat - 18, 102, seat - 6), radius=5, fill=tints.dark)
    pen.line([(130, bar - 24), (144, bar), (168, bar - 22)], fill=tints.dark, width=7)


def _camera(pen: Pen, tints: Tints, chance: Random) -> None:
    pen.rectangle((chance.randint(40, 110), 40, 150, 70), fill=tints.main)
    pen.rounded_rectangle((10, 60, 190, 170), radius=14, fill=tints.dark)
    lens = chance.randint(34, 50)
    x = chance.randint(80, 130)
    for share, colour in ((1.0, tints.light), (0.78, tints.main), (0.45, tints.dark)):
        r = int(lens * share)
        pen.ellipse((x - r, 116 - r, x + r, 116 + r), fill=colour)


def _watch(pen: Pen, tints: Tints, chance: Random) -> None:
    band, face = chance.randint(24, 40), chance.randint(44, 60)
    pen.rectangle((100 - band, 4, 100 + band, 196), fill=tints.main)
    for y in range(10, 196, chance.choice((14, 22, 400))):
        pen.line([(100 - band, y), (100 + band, y)], fill=tints.dark, width=3)
    box = (100 - face, 100 - face, 100 + face, 100 + face)
    if chance.random() < 0.5:
        pen.ellipse(box, fill=tints.light, outline=tints.dark, width=9)
    else:
        pen.rounded_rectangle(box, radius=14, fill=tints.dark, outline=tints.light, width=6)
    pen.line([(100, 100), (100, 100 - face // 2)], fill=tints.main, width=6)
    pen.line([(100, 100), (100 + face // 2, 112)], fill=tints.main, width=6)


def _shirt(pen: Pen, tints: Tints, chance: Random) -> None:
    pen.polygon([(60, 20), (140, 20), (194, 70), (168, 104), (146, 84), (146, 190), (54, 190),
                 (54, 84), (32, 104), (6, 70)], fill=tints.main)  # fmt: skip
    pen.ellipse((80, 8, 120, 40), fill=tints.dark)
    for y in range(90, 186, chance.choice((18, 32, 200))):
        pen.rectangle((54, y, 146, y + 8), fill=tints.light)


def _flyer(pen: Pen, tints: Tints, chance: Random) -> None:
    pen.rectangle((6, 6, 194, 194), fill=tints.light)
    pen.rectangle((6, 6, 194, chance.randint(46, 84)), fill=tints.main)
    for row in range(chance.randint(3, 6)):
        y = 96 + 16 * row
        pen.rectangle((20, y, chance.randint(80, 180), y + 8), fill=tints.dark)
    x = chance.randint(20, 130)
    pen.ellipse((x, 100, x + 60, 160), fill=tints.main)


def _box(pen: Pen, tints: Tints, chance: Random) -> None:
    """Anything that comes in one piece: an appliance, a machine, a game."""
    top, left = chance.randint(20, 80), chance.randint(6, 50)
    pen.rounded_rectangle((left, top, 200 - left, 190), radius=chance.randint(4, 30),
                          fill=tints.main)  # fmt: skip
    for _ in range(chance.randint(2, 5)):
        x, y = chance.randint(left + 8, 130), chance.randint(top + 8, 160)
        box = (x, y, x + chance.randint(16, 50), y + chance.randint(10, 40))
        draw = pen.ellipse if chance.random() < 0.5 else pen.rectangle
        draw(box, fill=chance.choice((tints.dark, tints.light)))


MOTIFS: Final[dict[str, Callable[[Pen, Tints, Random], None]]] = {
    "bag": _bag, "bed": _bed, "bicycle": _bicycle, "bird": _bird, "boot": _boot, "bottle": _bottle,
    "box": _box, "camera": _camera, "cat": _cat, "cigarettes": _cigarettes, "dog": _dog,
    "fish": _fish, "flyer": _flyer, "jar": _jar, "lizard": _lizard, "phone": _phone,
    "shirt": _shirt, "shoe": _shoe, "sofa": _sofa, "table": _table, "vape": _vape,
    "wallet": _wallet, "watch": _watch,
}  # fmt: skip
