"""A small shop: words tell some categories apart, pictures others."""

import random

import numpy as np

from listings.listing import Listing

PATHS = ["Home > Desks", "Home > Chairs", "Clothes > Coats", "Clothes > Hats"]
WORDS = {
    "Home > Desks": ["desk", "drawer", "책상", "table", "workbench"],
    "Home > Chairs": ["chair", "stool", "의자", "armrest", "seat"],
    "Clothes > Coats": ["coat", "parka", "코트", "sleeve", "hood"],
    "Clothes > Hats": ["hat", "cap", "모자", "brim", "beanie"],
}
OTHER = ["oak", "blue", "new", "used", "large", "싸게", "good", "small", "old", "팝니다"]


def goods(folder, count, *, seed=0, told=0.9, shown=0.9):
    """Listings with their paths; a share has a telling word, a share a picture of its category.

    A picture is named after what it shows: see `Namesake`.
    """
    draw = random.Random(seed)
    listings, paths = [], []
    for number in range(count):
        path = PATHS[number % len(PATHS)]
        words = draw.sample(OTHER, 3)
        if draw.random() < told:
            words[draw.randrange(3)] = draw.choice(WORDS[path])
        shows = path if draw.random() < shown else draw.choice(PATHS)
        picture = folder / f"{number}-{PATHS.index(shows)}.png"
        listings.append(
            Listing(" ".join(words), " ".join(draw.sample(OTHER, 4)), pictures=(picture,))
        )
        paths.append(path)
    return listings, paths


class Namesake:
    """A picture model that knows a picture by its name, `<number>-<path>.png`, and no other."""

    name = "namesake"

    def __init__(self, labels):
        self.labels = list(labels)

    def log_scores(self, pictures):
        found = np.full((len(pictures), len(self.labels)), np.nan, np.float32)
        for row, some in zip(found, pictures, strict=True):
            for path in some:
                _, _, shows = path.stem.rpartition("-")
                if shows.isdigit():
                    row[:] = 0.1 / (len(self.labels) - 1)
                    row[self.labels.index(PATHS[int(shows)])] = 0.9
        return np.log(found)

    def save(self, folder):
        folder.mkdir()
        (folder / "labels.txt").write_text("\n".join(self.labels), "utf-8")


def learn_names(pictures, labels, groups, progress):
    """Fit it."""
    assert len(pictures) == len(labels)
    progress(1, 1, "names")
    return Namesake(sorted(set(labels)))
