"""Every release that was ever made: listed, described, and pruned when old.

Moves nothing into force; that is `releases.py`.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from . import publications, vector_collections
from .artifact import read_artifact, sweep
from .audit import Actor, record
from .clock import now
from .database import Row, scalar, write
from .encoder import SentenceEncoder
from .errors import InputError, ModelError, NotFoundError
from .release import in_force, kinds
from .releases import moving
from .workspace import Workspace

State = Literal["live", "candidate", "retired", "pruned"]
YOUNG_SECONDS = 86_400  # a folder of no release that is younger may belong to a training at work


@dataclass(frozen=True, slots=True)
class Stored:
    """A release as the desk remembers it."""

    name: str
    line: str
    state: State
    created_at: str
    created_by: str
    published_at: str | None
    published_by: str
    parts: Mapping[str, str]  # kind to version
    judgement: Mapping[str, Any]  # how it was judged when made; empty: it was not
    recipe: Mapping[str, Any]  # the settings it was made by
    no_classifier: str
    size: int  # bytes of its folders, those it shares with other releases included

    @property
    def hit_1(self) -> float | None:
        """hit@1 on the inquiries that it was judged on; None where it was not judged."""
        found = self.judgement.get("candidate", {}).get("hit@1")
        return None if found is None else float(found)


@dataclass(frozen=True, slots=True)
class Pruning:
    """What a pruning removes."""

    releases: tuple[str, ...]
    folders: tuple[str, ...]  # under `models`
    bytes: int
    vectors: int  # rows of encoders that are gone
    failed: tuple[tuple[str, str], ...] = ()  # folders that could not be deleted whole, and why


def listed(workspace: Workspace, db: Database, *, line: str = "desk") -> list[Stored]:
    """Every release of a line, newest first.

    Raises:
        InputError: there is no such line.
    """
    found = in_force(workspace.models, line=line)
    live = found.name if found else None
    times = publications.last_times(db, live, line=line)
    rows = db.query("SELECT * FROM releases WHERE line = ? ORDER BY rowid DESC", [line])
    return [_stored(workspace, row, live, times.get(row["name"])) for row in rows]


def described(workspace: Workspace, db: Database, name: str, *, line: str = "desk") -> Stored:
    """One release; `live` stands for the one in force.

    Raises:
        InputError: there is no such line.
        NotFoundError: there is none of this name on the line.
    """
    for found in listed(workspace, db, line=line):
        if found.name == name or (name == "live" and found.state == name):
            return found
    raise NotFoundError(f"No release {name!r}. List them: faqdesk models list")


def part_metrics(workspace: Workspace, stored: Stored) -> dict[str, dict[str, Any]]:
    """What each part's own training measured, by kind; a part that is not whole says so."""
    found: dict[str, dict[str, Any]] = {}
    for kind, version in stored.parts.items():
        try:
            found[kind] = read_artifact(workspace.models / kind / version, kind).metrics
        except ModelError as error:
            found[kind] = {"error": str(error)}
    return found


def prune(
    workspace: Workspace,
    db: Database,
    *,
    keep: int,
    actor: Actor,
    dry_run: bool = False,
    line: str = "desk",
) -> Pruning:
    """Delete model folders of old releases of a line, and vectors of encoders gone with them.

    Kept are the release in force, the `keep` that were in force before it, candidates younger than
    the one in force, and folders of no release made within a day: a training may be at work on
    them. A process that has a deleted file open keeps its content until it closes it.

    Args:
        workspace: the desk.
        db: its database.
        keep: how many releases to keep for going back, 0 or more.
        actor: who prunes.
        dry_run: say what would go, delete nothing.
        line: the line whose releases go.

    Raises:
        InputError: `keep` is below 0, or there is no such line.
    """
    if keep < 0:
        raise InputError(f"keep must be 0 or more, got {keep}.")
    with moving(workspace):
        if not dry_run:
            for kind in kinds(line):
                sweep(workspace.models / kind)
        releases = listed(workspace, db, line=line)
        going = _going(db, releases, keep)
        gone = [found for found in releases if found in going or found.state == "pruned"]
        old = {part for found in gone for part in found.parts.items()}
        kept = {part for found in releases if found not in gone for part in found.parts.items()}
        folders = [
            path
            for kind in kinds(line)
            for path in sorted((workspace.models / kind).glob("[!.]*"))
            if path.is_dir() and not path.is_symlink()
            if (kind, path.name) not in kept and ((kind, path.name) in old or _settled(path))
        ]
        pruning = Pruning(
            releases=tuple(found.name for found in going),
            folders=tuple(str(path.relative_to(workspace.models)) for path in folders),
            bytes=sum(_size(path) for path in folders),
            vectors=0,
        )
        versions = _encoder_versions(workspace, folders) if "encoder" in kinds(line) else None
        pruning = replace(pruning, vectors=_vectors(db, versions))
        if dry_run or not (pruning.releases or folders or pruning.vectors):
            return pruning
        with write(db):
            for name in pruning.releases:
                db.table("releases").update(name, {"pruned_at": now()})
            if versions is not None:
                marks = ",".join("?" * len(versions))
                sql = f"DELETE FROM embeddings WHERE encoder_version NOT IN ({marks})"  # noqa: S608
                db.execute(sql, versions)
                vector_collections.let_go(db, "inquiries", keep=versions)
            detail = asdict(pruning)
            record(db, actor, "releases.pruned", "desk", detail=detail)
        # After the commit: what is gone is known to be gone, and a killed run leaves folders that
        # the next one finds.
        return _delete(workspace, folders, pruning)


def _delete(workspace: Workspace, folders: list[Path], pruning: Pruning) -> Pruning:
    """Delete folders: the pruning as it came out."""
    failed = []
    freed = 0
    for path in folders:
        size = _size(path)
        # Out of sight first: nobody shall find half a model, should this process be killed.
        going = path.with_name(f".tmp-{os.getpid()}-{path.name}")
        try:
            os.replace(path, going)
            shutil.rmtree(going)
            freed += size
        except OSError as error:
            # What could be deleted of it is gone: the next pruning tries the rest.
            if going.exists():
                os.replace(going, path)
            freed += size - _size(path)
            failed.append((str(path.relative_to(workspace.models)), error.strerror or str(error)))
    left = {name for name, _ in failed}
    gone = tuple(name for name in pruning.folders if name not in left)
    return replace(pruning, folders=gone, bytes=freed, failed=tuple(failed))


def _going(db: Database, releases: list[Stored], keep: int) -> list[Stored]:
    """The releases to prune, of those given newest first."""
    live = next((found.name for found in releases if found.state == "live"), None)
    kept = {live, *publications.way_back(db, live)[:keep]}
    young = True
    going = []
    for found in releases:
        young = young and found.state != "live"
        waiting = found.state == "candidate" and young
        if found.name not in kept and not waiting and found.state != "pruned":
            going.append(found)
    return going


def _stored(workspace: Workspace, row: Row, live: str | None, last: Row | None) -> Stored:
    parts = {kind: str(part["version"]) for kind, part in json.loads(row["parts"]).items()}
    state: State = "retired" if last else "candidate"
    if row["pruned_at"]:
        state = "pruned"
    if row["name"] == live:
        state = "live"
    return Stored(
        name=row["name"],
        line=row["line"],
        state=state,
        created_at=row["created_at"],
        created_by=row["created_by"],
        published_at=last["at"] if last else None,
        published_by=last["actor"] if last else "",
        parts=parts,
        judgement=json.loads(row["judgement"]),
        recipe=json.loads(row["recipe"]),
        no_classifier=row["no_classifier"],
        size=sum(_size(workspace.models / kind / version) for kind, version in parts.items()),
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _settled(folder: Path) -> bool:
    return time.time() - folder.stat().st_mtime > YOUNG_SECONDS


def _encoder_versions(workspace: Workspace, gone: list[Path]) -> list[str] | None:
    """Whose vectors are still wanted; None: unknown, as an encoder that stays cannot be read."""
    try:
        return [
            SentenceEncoder.load(path).version
            for path in sorted((workspace.models / "encoder").glob("[!.]*"))
            if path not in gone
        ]
    except ModelError:
        return None


def _vectors(db: Database, versions: list[str] | None) -> int:
    """How many vectors are of no encoder that is wanted."""
    if versions is None:
        return 0
    marks = ",".join("?" * len(versions))
    sql = f"SELECT count(*) FROM embeddings WHERE encoder_version NOT IN ({marks})"  # noqa: S608
    return int(scalar(db, sql, versions))
