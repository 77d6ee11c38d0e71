"""The sample marketplace's desk as a benchmark begins with it."""

import csv
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

import data
from support import settings
from support.audit import Actor
from support.importing.faqs import import_aliases, import_faqs
from support.importing.load import run_import
from support.importing.mapping import LinkRules, Mapping
from support.workspace import Workspace

_ACTOR: Final = Actor("cli:bench")


def sample_desk(home: Path, *, labels: int | None = None) -> Workspace:
    """Make the sample marketplace's desk, without models.

    Args:
        home: where; it must not exist.
        labels: take the answered inquiries of so many FAQs alone, those linked most; None: all.
    """
    space = Workspace(home).create()
    db = space.database()
    settings.change(db, _ACTOR, desk_name="도란장터", allow=data.OWN_NUMBERS)
    laid = home / "sample"
    laid.mkdir()
    files = data.lay_out(laid)
    if labels is not None:
        _shorten(files["history"], labels)
    mapping = Mapping(source=data.SOURCE, links=LinkRules(hosts=data.HOSTS, path=data.LINK_PATH))
    import_faqs(db, files["faqs"], mapping, actor=_ACTOR)
    import_aliases(db, files["aliases"], mapping, actor=_ACTOR)
    run_import(db, space.seal(), [files["history"]], mapping, actor=_ACTOR)
    shutil.rmtree(laid)
    db.close()
    return space


def _shorten(path: Path, labels: int) -> None:
    """Leave the answered inquiries of the FAQs linked most."""
    counts = Counter(row["faqs"] for row in data.rows("history") if row["faqs"])
    most = {faq for faq, _ in counts.most_common(labels)}
    kept = {row["id"] for row in data.rows("history") if row["faqs"] in most}
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *(row for row in rows if row[0] in kept)])
