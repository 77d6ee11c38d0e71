"""What every measurement of `faqdesk bench scale` begins with, made once in a folder.

A desk with FAQs and answered inquiries (`source`), the same with models in force (`desk`), titles
with their categories, a model of categories (`model`) and photos. Each part is there whole or not
at all.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from support.audit import Actor
from support.releases import publish
from support.scratch import scratch
from support.shipped import shipped_folder
from support.workspace import Workspace

from .bench_label import train_model
from .desk import train_faq
from .label_rows import draw_pictures
from .progress import Progress, silent

SOURCE: Final = "source"
DESK: Final = "desk"
MODEL: Final = "model"
PHOTOS: Final = "photos"
_TITLES: Final = "titles.json"
_PHOTOS: Final = 200  # files, looked at again and again: each time read and decoded anew
_ACTOR: Final = Actor("cli:bench")

Titles = Sequence[tuple[str, str]]  # a title and its category


def prepare(
    folder: Path,
    begin: Callable[[Path], Workspace],
    titles: Callable[[], Titles],
    *,
    progress: Progress = silent,
) -> None:
    """Make what is not there yet.

    Args:
        folder: of the material.
        begin: makes a desk in a folder with FAQs, answered inquiries and the settings by which
            links in answers are read; no model.
        titles: of listings, with their categories.
        progress: told done, total and a message; may raise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    steps: dict[str, Callable[[Path], object]] = {
        SOURCE: lambda place: _sealed(begin(place / SOURCE)),
        DESK: lambda place: _train(folder, place / DESK, progress),
        _TITLES: lambda place: (place / _TITLES).write_text(
            json.dumps(list(titles()), ensure_ascii=False), encoding="utf-8"
        ),
        MODEL: lambda place: train_model(place, read_titles(folder), sees=True),
        PHOTOS: lambda place: _draw(place / PHOTOS),
    }
    for number, (name, make) in enumerate(steps.items()):
        if (folder / name).exists():
            continue
        progress(number, len(steps), f"preparing: {name}")
        with scratch("bench-material", folder) as place:
            make(place)
            # The key first: a desk is there when its folder is.
            for part in [*sorted(place.glob(f"{name}.*")), place / name]:
                part.rename(folder / part.name)


def copy_desk(home: Path, to: Path) -> Workspace:
    """A desk of one's own, like one of the material's."""
    shutil.copytree(home, to)
    shutil.copy(home.with_name(f"{home.name}.key"), to.with_name(f"{to.name}.key"))
    return Workspace(to)


def read_titles(folder: Path) -> list[tuple[str, str]]:
    """The material's titles, each with its category."""
    found = json.loads((folder / _TITLES).read_text(encoding="utf-8"))
    return [(title, path) for title, path in found]


def _sealed(space: Workspace) -> None:
    """Leave nothing beside the database that a copy of it would miss."""
    db = space.database()
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def _train(folder: Path, home: Path, progress: Progress) -> None:
    space = copy_desk(folder / SOURCE, home)
    db = space.database()
    shutil.copytree(shipped_folder(), space.models / "encoder" / "shipped")
    publish(space, db, {"encoder": "shipped"}, actor=_ACTOR)
    train_faq(space, db, actor=_ACTOR, progress=progress)
    db.close()
    _sealed(space)


def _draw(folder: Path) -> None:
    folder.mkdir()
    draw_pictures(folder, [number % 13 for number in range(_PHOTOS)], seed=1)
