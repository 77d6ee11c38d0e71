"""Labelled listings to measure on: the public sets, read from a folder the user names, and files.

Gives rows in their official parts, pictures unpacked; fits and judges nothing.
"""

import csv
import hashlib
import json
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from listings.categories import SEPARATOR
from listings.listing import Listing
from support.errors import ImportFileError
from support.importing.conversation import Rejected
from support.importing.files import rows as read_rows

from .category_split import cut_groups

LEAST_OF_PATH = 16  # training ads of a gumtree path that is kept
LEAST_OF_TYPE = 10  # training rows of a kind of fashion that is kept
VALIDATION = 0.2  # of the training rows


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A listing, its category path, and the number of its group of near duplicates."""

    listing: Listing
    path: str
    group: int


@dataclass(frozen=True, slots=True)
class CategorySet:
    """One set in two parts.

    `beside` holds rows of other sets, with labels of their own: a picture model may learn from them
    what photos look like. So may it from `kin`, rows of this set with other labels; their groups
    are those of the set, and whoever is judged on a group leaves its kin out.
    """

    name: str
    train: tuple[CategoryRow, ...]
    test: tuple[CategoryRow, ...]
    beside: tuple[tuple[CategoryRow, ...], ...] = ()
    kin: tuple[CategoryRow, ...] = ()

    def cut(self, *, seed: int, validate: bool = False, limit: int | None = None) -> "CategorySet":
        """The parts of one run.

        Args:
            seed: of what is drawn.
            validate: judge on a fifth of the training rows; the test part is not read.
            limit: training rows at most, and test rows at most, for a quick look.
        """
        train, test = list(self.train), list(self.test)
        if validate:
            train, test = _split(train, VALIDATION, seed)
        if limit is not None and len(train) > limit:
            _, train = _split(train, limit / len(train), seed)
        if limit is not None and len(test) > limit:
            _, test = _split(test, limit / len(test), seed)
        judged = {row.group for row in test}
        kin = tuple(row for row in self.kin if row.group not in judged)
        return replace(self, train=tuple(train), test=tuple(test), kin=kin)


def load_gumtree(data: Path, scratch: Path) -> CategorySet:
    """Second-hand ads with photos, 13 top categories."""
    train, test = _gumtree(data, scratch, level="cat1")
    return CategorySet("gumtree", tuple(train), tuple(test))


def load_gumtree_paths(data: Path, scratch: Path) -> CategorySet:
    """The same ads by their whole path, where it has 16 training ads or more."""
    train, test = _gumtree(data, scratch, level="category")
    return CategorySet("gumtree-paths", *_frequent(train, test, LEAST_OF_PATH))


def load_gmarket(data: Path, scratch: Path) -> CategorySet:
    """Korean product names of a shop, 38 categories under 5; no pictures."""
    path = _folder(data, "korean_shop_titles", "gmarket_38.csv") / "gmarket_38.csv"
    rows = [
        (
            row["split"],
            CategoryRow(Listing(row["title"]), f"{row['broad']}{SEPARATOR}{row['fine']}", i),
        )
        for i, row in enumerate(_csv(path))
    ]
    return CategorySet("gmarket", *_by_split(rows))


def load_fashion(data: Path, scratch: Path) -> CategorySet:
    """Catalogue titles with pictures for a quarter, 71 types of article."""
    return CategorySet("fashion", *_fashion(data, scratch, pictured=False, delete=False))


def load_fashion_no_class_words(data: Path, scratch: Path) -> CategorySet:
    """Those with a picture, every word of any type's name taken out of the titles."""
    name = "fashion-no-class-words"
    return CategorySet(name, *_fashion(data, scratch, pictured=True, delete=True))


def load_clothing(data: Path, scratch: Path) -> CategorySet:
    """People's own photos of clothes, ten kinds; no words.

    Its kin are the photos that have no part in the official split, beside it stand the training
    photos of the other sets where these are there. Groups are senders.
    """
    folder = _folder(data, "clothing", "images.csv", "images.tar")
    images = _unpack(folder / "images.tar", scratch / "clothing")
    rows, others = [], []
    for row in _csv(folder / "images.csv"):
        listing = Listing("", pictures=(images / f"{row['image']}.jpg",))
        if row["small_split"]:
            part = "test" if row["small_split"] == "test" else "train"
            rows.append((part, CategoryRow(listing, row["small_label"], int(row["sender_id"]))))
        else:
            others.append(CategoryRow(listing, row["label"], int(row["sender_id"])))
    train, test = _by_split(rows)
    beside = []
    for load in (load_fashion, load_gumtree):
        try:
            found = load(data, scratch)
        except ImportFileError:
            continue  # a folder with this set alone will do
        beside.append(tuple(row for row in found.train if row.listing.pictures))
    return CategorySet("clothing", train, test, tuple(filter(None, beside)), tuple(others))


PUBLIC: dict[str, Callable[[Path, Path], CategorySet]] = {
    "gumtree": load_gumtree,
    "gumtree-paths": load_gumtree_paths,
    "gmarket": load_gmarket,
    "fashion": load_fashion,
    "fashion-no-class-words": load_fashion_no_class_words,
    "clothing": load_clothing,
}


def load_files(train: Path, test: Path, images: Path | None = None) -> CategorySet:
    """Anybody's own parts: columns `title, description, category, images`.

    Args:
        train: JSON Lines, CSV or TSV to learn from.
        test: the same to judge on.
        images: the folder that pictures are named from; None: that of the file.

    Raises:
        ImportFileError: a file or a row cannot be read; with file and line.
    """
    groups: dict[str, int] = {}
    learned = list(_file_rows(train, images or train.parent, 0, groups))
    judged = list(_file_rows(test, images or test.parent, len(learned), groups))
    return CategorySet(train.stem, tuple(learned), tuple(judged))


def without_words(title: str, words: Iterable[str]) -> str:
    """A title without some words, in the singular or plural, whatever their case."""
    stems = {stem(word) for word in words}
    kept = [word for word in title.split() if stem(re.sub(r"\W", "", word)) not in stems]
    return " ".join(kept)


def stem(word: str) -> str:
    """A word of English without the ending of the plural."""
    word = word.casefold()
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + instead
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _gumtree(data: Path, scratch: Path, *, level: str) -> tuple[list[CategoryRow], ...]:
    folder = _folder(data, "gumtree", "listings.jsonl", "images.tar")
    images = _unpack(folder / "images.tar", scratch / "gumtree")
    parts: tuple[list[CategoryRow], ...] = ([], [])
    with (folder / "listings.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            listing = Listing(
                row["title"],
                row["description"],
                tuple(images / name for name in row["images"]),
                round(float(row["price"]) * 100) if row["price"] else None,
            )
            group = int(row["dup_group"])
            # No repeated ad stands on both sides.
            digest = hashlib.md5(str(group).encode(), usedforsecurity=False).hexdigest()
            path = row[level].replace(" / ", SEPARATOR)
            parts[int(digest, 16) % 5 == 1].append(CategoryRow(listing, path, group))
    return parts


def _fashion(
    data: Path, scratch: Path, *, pictured: bool, delete: bool
) -> tuple[tuple[CategoryRow, ...], tuple[CategoryRow, ...]]:
    folder = _folder(data, "fashion_products", "styles.csv", "images.tar")
    images = _unpack(folder / "images.tar", scratch / "fashion")
    table = list(_csv(folder / "styles.csv"))
    words = {word for row in table for word in re.findall(r"\w+", row["articleType"])}
    rows = []
    for row in table:
        title = row["productDisplayName"]
        shown = row["has_image"] == "1"
        listing = Listing(
            without_words(title, words) if delete else title,
            pictures=(images / f"{row['id']}.jpg",) if shown else (),
        )
        rows.append((row["split"], shown, CategoryRow(listing, row["articleType"], int(row["id"]))))
    parts = _by_split((split, row) for split, _, row in rows)
    train, test = _frequent(*parts, LEAST_OF_TYPE)
    if pictured:
        train, test = (tuple(r for r in part if r.listing.pictures) for part in (train, test))
    return train, test


def _frequent(
    train: Sequence[CategoryRow], test: Sequence[CategoryRow], least: int
) -> tuple[tuple[CategoryRow, ...], tuple[CategoryRow, ...]]:
    """Rows of paths that have so many training rows."""
    counts = Counter(row.path for row in train)
    learned, judged = (
        tuple(row for row in part if counts[row.path] >= least) for part in (train, test)
    )
    return learned, judged


def _by_split(
    rows: Iterable[tuple[str, CategoryRow]],
) -> tuple[tuple[CategoryRow, ...], tuple[CategoryRow, ...]]:
    parts: dict[str, list[CategoryRow]] = {"train": [], "test": []}
    for split, row in rows:
        parts[split].append(row)
    return tuple(parts["train"]), tuple(parts["test"])


def _split(
    rows: Sequence[CategoryRow], share: float, seed: int
) -> tuple[list[CategoryRow], list[CategoryRow]]:
    stay, drawn = cut_groups(
        [row.path for row in rows], [row.group for row in rows], share=share, seed=1000 + seed
    )
    return [rows[i] for i in stay.tolist()], [rows[i] for i in drawn.tolist()]


def _file_rows(
    path: Path, images: Path, start: int, groups: dict[str, int]
) -> Iterator[CategoryRow]:
    """Rows of a user's file; what `group` says is alike stands in one group."""
    for number, (line, row) in enumerate(read_rows(path)):
        if isinstance(row, Rejected):
            raise ImportFileError(f"{path}, line {line}: {row.reason}. Mend the row.")
        title, category = (str(row.get(name) or "").strip() for name in ("title", "category"))
        names = _names(row.get("images"))
        if not category or not (title or names):
            raise ImportFileError(
                f"{path}, line {line}: no {'title and no images' if category else 'category'}. "
                f"Rows need a category, and a title or images; a description is welcome."
            )
        group = str(row.get("group") or "").strip()
        listing = Listing(
            title,
            str(row.get("description") or ""),
            tuple(images / name for name in names),
        )
        own = -1 - start - number  # none that a name gets
        number_of = groups.setdefault(group, len(groups)) if group else own
        yield CategoryRow(listing, category, number_of)


def _names(value: Any) -> list[str]:
    """Names of pictures: a list, or text parted by |."""
    parts = value if isinstance(value, list) else str(value or "").split("|")
    return [str(part).strip() for part in parts if str(part).strip()]


def _csv(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _unpack(archive: Path, folder: Path) -> Path:
    """Unpack pictures, once."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    inside = folder / "images"
    return inside if inside.is_dir() else folder


def _folder(data: Path, name: str, *files: str) -> Path:
    places = [data / "listings" / name, data / name, data]
    for place in places:
        if all((place / file).is_file() for file in files):
            return place
    raise ImportFileError(
        f"{places[0]} lacks {' and '.join(files)}. Name the folder that holds listings/{name}: "
        f"--data DIR"
    )
