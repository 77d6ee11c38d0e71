"""Which inquiries each model folder learned from, and so which releases remember a person.

Training writes the numbers of the inquiries it read into the model's folder. A folder of an earlier
faqdesk has none: then it counts as one that learned from all that was there when it was made.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from sqlite_utils import Database

from .artifact import read_artifact
from .errors import ModelError
from .release import in_force
from .workspace import Workspace

FILE: Final = "learned.safetensors"
KINDS: Final = ("encoder", "index", "faq")  # those that read inquiries


@dataclass(frozen=True, slots=True)
class Remembering:
    """A model folder that learned from inquiries.

    `part` is kind/version; `releases` are those that hold it; `live`: one of them is in force;
    `sure`: false of a folder that does not say what it learned from.
    """

    part: str
    releases: tuple[str, ...]
    live: bool
    sure: bool


def save(folder: Path, inquiry_ids: Iterable[int]) -> None:
    """Write the inquiries that a model read beside its weights."""
    ids = np.unique(np.fromiter(inquiry_ids, np.int64))
    save_file({"inquiry_ids": ids}, folder / FILE)


def remembering(
    workspace: Workspace, db: Database, inquiry_ids: Collection[int]
) -> list[Remembering]:
    """The model folders on disk that learned from any of some inquiries, the newest first.

    Asked before the inquiries go: of a folder that does not say what it read, the moments do.
    """
    holding: dict[str, list[str]] = {}
    for row in db.query("SELECT name, parts FROM releases ORDER BY rowid"):
        for kind, part in json.loads(row["parts"]).items():
            holding.setdefault(f"{kind}/{part['version']}", []).append(row["name"])
    release = in_force(workspace.models)
    live = {f"{kind}/{version}" for kind, version in release.parts.items()} if release else set()
    found = []
    for kind in KINDS:
        for folder in sorted((workspace.models / kind).glob("[!.]*"), reverse=True):
            part = f"{kind}/{folder.name}"
            sure = _learned(db, folder, kind, inquiry_ids)
            if sure is not None:
                names = tuple(holding.get(part, ()))
                found.append(Remembering(part, names, part in live, sure))
    return found


def _learned(db: Database, folder: Path, kind: str, inquiry_ids: Collection[int]) -> bool | None:
    """Whether a folder learned from inquiries: True, False for perhaps, None for no."""
    if (folder / FILE).is_file():
        try:
            known = load_file(folder / FILE)["inquiry_ids"]
        except (SafetensorError, OSError, KeyError):
            return False  # damaged: a person is forgotten all the same
        return True if np.isin(list(inquiry_ids), known).any() else None
    try:
        config = read_artifact(folder, kind, verify=False).config
    except ModelError:
        return False  # nobody can tell
    if kind == "encoder" and "encoder_config" not in config:
        return None  # taken by name: it has read nothing of this desk
    # What was imported after it was made, it cannot have read; of what came one by one, the moment
    # it says it was asked proves nothing.
    sql = """
        SELECT 1 FROM inquiries LEFT JOIN imports ON imports.id = inquiries.import_id
        WHERE inquiries.id IN (SELECT value FROM json_each(?))
        AND (imports.id IS NULL OR imports.started_at <= ?)
    """
    made = str(config.get("created_at", "9999"))
    there = db.conn.execute(sql, (json.dumps(list(inquiry_ids)), made)).fetchone()
    return False if there else None
