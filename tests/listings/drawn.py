"""Photos of boxes, balls and flags, drawn: what a small model can learn in seconds."""

import random

import numpy as np
from PIL import Image, ImageDraw

KINDS = {"Box": (200, 30, 30), "Ball": (30, 160, 30), "Flag": (30, 30, 200)}


def draw(folder, count, *, seed=0):
    """Paths and labels of so many photos, the kinds in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    paths, labels = [], []
    for number in range(count):
        label = list(KINDS)[number % len(KINDS)]
        path = folder / f"{seed}-{number}.jpg"
        photo(label, chance).save(path, quality=90)
        paths.append(path)
        labels.append(label)
    return paths, labels


def photo(label, chance):
    """One thing on a light ground, somewhere."""
    size = chance.randint(70, 120), chance.randint(70, 120)
    picture = Image.new("RGB", size, tuple(chance.randint(150, 255) for _ in range(3)))
    pen = ImageDraw.Draw(picture)
    left, top = chance.randint(5, 25), chance.randint(5, 25)
    right, bottom = left + 40, top + 40
    if label == "Box":
        pen.rectangle((left, top, right, bottom), fill=KINDS[label])
    elif label == "Ball":
        pen.ellipse((left, top, right, bottom), fill=KINDS[label])
    else:
        pen.polygon([(left, bottom), (right, bottom), (left, top)], fill=KINDS[label])
    return picture


def thing(number, *, take=0, size=96):
    """A photo of one thing in its room: another take moves and lights it, the thing stays."""
    own, chance = random.Random(number), random.Random(f"{number} {take}")
    ground = tuple(own.randint(60, 250) for _ in range(3))
    light = 1 + 0.12 * (chance.random() - 0.5)
    picture = Image.new("RGB", (size, size), tuple(min(int(c * light), 255) for c in ground))
    pen = ImageDraw.Draw(picture)
    across, down = chance.randint(-6, 6), chance.randint(-6, 6)
    for _ in range(5):
        left, top = own.randint(8, 60) + across, own.randint(8, 60) + down
        box = (left, top, left + own.randint(12, 30), top + own.randint(12, 30))
        colour = tuple(min(int(own.randint(0, 220) * light), 255) for _ in range(3))
        draw_shape = own.choice((pen.rectangle, pen.ellipse))
        draw_shape(box, fill=colour)
    return picture


def photographed(things, *, takes=2):
    """So many things, each photographed so often: arrays of bytes, and which thing each shows."""
    pixels = [
        np.asarray(thing(number, take=take)) for number in range(things) for take in range(takes)
    ]
    return pixels, [number for number in range(things) for _ in range(takes)]
