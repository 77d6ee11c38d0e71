"""What belongs together moves together: a release names one version of every model.

`models/current` is a small JSON file, replaced atomically. Every process looks at it before it
answers; a published release reaches all of them at their next look. That file is the truth about
what is in force; the database knows every release, and the order in which they were in force. Moves
happen one at a time, under a lock that ends with its process.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from .artifact import read_artifact
from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, write
from .errors import ConflictError, ModelDamagedError, ModelMissingError, NotFoundError
from .workspace import Workspace

PARTS = ("encoder", "index", "faq")


class Expected(Enum):
    """What a publisher expects to be in force, where it does not name a release."""

    ANY = "any"


@dataclass(frozen=True, slots=True)
class Release:
    """A set of models that are valid together: kind to version."""

    name: str
    parts: Mapping[str, str]
    no_classifier: str = ""  # why there is no classifier in it; empty where there is one

    def folder(self, models: Path, kind: str) -> Path | None:
        """Where the release's model of a kind lies; None where it has none."""
        version = self.parts.get(kind)
        return models / kind / version if version else None


def new_version() -> str:
    """A name for a model or release: when it was made, and something no other has."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(2)


def current(models: Path) -> Release | None:
    """The release in force; None before the first.

    Raises:
        ModelDamagedError: the file is not what `publish` writes.
    """
    path = models / "current"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        parts = {kind: str(part["version"]) for kind, part in data["parts"].items()}
        return Release(str(data["release"]), parts, str(data.get("no_classifier", "")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelDamagedError(
            f"{path} is damaged. Publish a release again: faqdesk models publish NAME, or "
            f"faqdesk train"
        ) from error


def in_force(models: Path) -> Release | None:
    """As `current`, for those about to replace it: a damaged file counts as none."""
    try:
        return current(models)
    except ModelDamagedError:
        return None


def newest(models: Path, kind: str) -> str:
    """The newest version of a kind, published or not.

    Raises:
        ModelMissingError: there is none.
    """
    found = (models / kind).glob("*")
    versions = sorted(path.name for path in found if (path / "config.json").exists())
    if not versions:
        raise ModelMissingError(f"No {kind} in {models}. Make it first: {_cure(kind)}")
    return versions[-1]


def store(
    workspace: Workspace,
    db: Database,
    parts: Mapping[str, str],
    *,
    actor: Actor,
    judgement: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    no_classifier: str = "",
) -> Release:
    """Check every part's files against their sums and keep the set as a candidate.

    Args:
        workspace: the desk.
        db: its database.
        parts: kind to version.
        actor: who made it.
        judgement: how it was judged beside the release in force, plain JSON.
        recipe: the settings it was made by, plain JSON.
        no_classifier: why it holds no classifier, in a sentence.

    Raises:
        ModelError: a part is missing, damaged, foreign or too new.
    """
    described = {}
    metrics = {}
    for kind, version in parts.items():
        artifact = read_artifact(workspace.models / kind / version, kind)
        described[kind] = {"version": version, "hash": artifact.version}
        metrics[kind] = json.dumps(artifact.metrics)
    release = Release(new_version(), dict(parts), no_classifier)
    moment = now()
    with write(db):
        for kind, part in described.items():
            row = {"kind": kind, **part, "metrics": metrics[kind], "created_at": moment}
            db.table("models").upsert(row, pk=("kind", "version"))
        row = {
            "name": release.name,
            "parts": json.dumps(described),
            "created_at": moment,
            "judgement": json.dumps(judgement or {}, ensure_ascii=False),
            "recipe": json.dumps(recipe or {}, ensure_ascii=False),
            "no_classifier": no_classifier,
        }
        db.table("releases").insert(row)
        record(db, actor, "release.stored", f"release:{release.name}", detail=described)
    return release


def publish(
    workspace: Workspace,
    db: Database,
    parts: Mapping[str, str],
    *,
    actor: Actor,
    expected: Release | Expected | None = Expected.ANY,
    **about: Any,
) -> Release:
    """Store a set, as `store` does, and make it the one in force.

    Args:
        workspace: the desk.
        db: its database.
        parts: kind to version.
        actor: who publishes.
        expected: the release that this one shall replace (None: no other). Where another is in
            force by now, of other models than an index built anew, the set stays a candidate.
        about: `judgement`, `recipe` and `no_classifier`, as for `store`.

    Raises:
        ModelError: a part is missing, damaged, foreign or too new; what was in force stays.
        ConflictError: another release than the one expected is in force.
    """
    release = store(workspace, db, parts, actor=actor, **about)
    return put_in_force(workspace, db, release.name, actor=actor, expected=expected)


def put_in_force(
    workspace: Workspace,
    db: Database,
    name: str,
    *,
    actor: Actor,
    expected: Release | Expected | None = Expected.ANY,
) -> Release:
    """Make a stored release the one in force, its files checked once more.

    Raises:
        NotFoundError: there is no such release.
        ModelError: a part is missing or not as it was when the release was made.
        ConflictError: another release than the one expected is in force.
    """
    row = one(db, "SELECT * FROM releases WHERE name = ?", [name])
    if row is None:
        raise NotFoundError(f"No release {name!r}. List them: faqdesk models list")
    with moving(workspace):
        before = in_force(workspace.models)
        if not isinstance(expected, Expected) and _judged(before) != _judged(expected):
            named = [found.name if found else "none" for found in (before, expected)]
            raise ConflictError(
                f"Release {named[0]} came into force meanwhile, where {named[1]} was. {name} stays "
                f"a candidate; to put it in force all the same: faqdesk models publish {name}"
            )
        top = _publication(db, before)
        again = before is not None and before.name == name
        back_to: int | None = top["back_to" if again else "id"] if top else None
        return _move(workspace, db, row, back_to, actor, "release.published")


def rollback(workspace: Workspace, db: Database, *, actor: Actor) -> Release:
    """Go back to the release that was in force before; once more goes further back.

    Raises:
        NotFoundError: there was none before.
        ModelError: its files are gone or damaged; what is in force stays.
    """
    with moving(workspace):
        top = _publication(db, in_force(workspace.models))
        row = top and one(
            db,
            "SELECT releases.*, publications.back_to AS further FROM publications "
            "JOIN releases ON releases.name = publications.release WHERE publications.id = ?",
            [top["back_to"]],
        )
        if not row:
            raise NotFoundError(
                "No release was in force before this one. List them: faqdesk models list"
            )
        return _move(workspace, db, row, row["further"], actor, "release.rolled_back")


@contextmanager
def moving(workspace: Workspace) -> Iterator[None]:
    """Nobody else moves a release in the block; the lock ends with its process."""
    with (workspace.models / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _move(
    workspace: Workspace, db: Database, row: Row, back_to: int | None, actor: Actor, action: str
) -> Release:
    """Put a release in force; `back_to` is the publication that a rollback goes back to."""
    described = json.loads(row["parts"])
    if row["pruned_at"]:
        raise ModelMissingError(
            f"The models of release {row['name']} were pruned on {row['pruned_at'][:10]}. Bring "
            f"them back from a backup, or train again: faqdesk train"
        )
    for kind, part in described.items():
        folder = workspace.models / kind / part["version"]
        if read_artifact(folder, kind).version != part["hash"]:
            raise ModelDamagedError(
                f"{folder} is not what release {row['name']} was made of. Bring the folder back "
                f"from a backup, or train again: faqdesk train"
            )
    moment = now()
    with write(db):
        change = {"published_at": moment, "published_by": actor.name}
        db.table("releases").update(row["name"], change)
        publication = {
            "release": row["name"],
            "back_to": back_to,
            "at": moment,
            "actor": actor.name,
        }
        insert(db, "publications", publication)
        record(db, actor, action, f"release:{row['name']}", detail=described)
    # After the commit: a release that the database does not know never gets in force.
    content = {"release": row["name"], "parts": described, "no_classifier": row["no_classifier"]}
    _replace(workspace.models / "current", content)
    parts = {kind: str(part["version"]) for kind, part in described.items()}
    return Release(row["name"], parts, row["no_classifier"])


def _publication(db: Database, release: Release | None) -> Row | None:
    """The newest publication of a release; None where the database knows of none."""
    sql = "SELECT * FROM publications WHERE release = ? ORDER BY id DESC LIMIT 1"
    return one(db, sql, [release.name]) if release else None


def _judged(release: Release | None) -> dict[str, str]:
    """The parts that suggestions come from; an index is only built anew."""
    return {kind: v for kind, v in release.parts.items() if kind != "index"} if release else {}


def _replace(path: Path, data: object) -> None:
    beside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _cure(kind: str) -> str:
    return {"index": "faqdesk index", "encoder": "faqdesk train encoder"}.get(
        kind, f"faqdesk train {kind}"
    )
