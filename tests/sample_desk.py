"""A desk with a part of the sample's history, taken in as a user would."""

import csv
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import data
from support.audit import Actor
from support.importing import mapping
from support.importing.faqs import import_aliases, import_faqs
from support.importing.load import run_import
from support.workspace import Workspace


def make(
    folder: Path, keep: Callable[[Mapping[str, str]], bool], *, now: datetime | None = None
) -> Workspace:
    """A new desk in `folder/desk`, with the rows of the history that are to be kept.

    `now`: the moment that the history ends at, where the calendar matters; else the present.
    """
    actor = Actor("cli:test")
    files = data.lay_out(folder, now=now)
    with files["history"].open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        head, kept = list(reader.fieldnames or []), [row for row in reader if keep(row)]
    with files["history"].open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, head)
        writer.writeheader()
        writer.writerows(kept)
    space = Workspace(folder / "desk").create()
    db = space.database()
    links = mapping.LinkRules(hosts=data.HOSTS, path=data.LINK_PATH)
    source = mapping.Mapping(source=data.SOURCE, links=links)
    import_faqs(db, files["faqs"], source, actor=actor)
    import_aliases(db, files["aliases"], source, actor=actor)
    run_import(db, space.seal(), [files["history"]], source, actor=actor)
    db.close()
    return space
