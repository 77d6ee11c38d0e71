"""Photos of boxes, balls and flags, drawn: what a small model can learn in seconds."""

import random

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
