"""What belongs together moves together: a release names one version of every model.

`models/current` is a small JSON file, replaced atomically. Every process looks at it before it
answers; a published release reaches all of them at their next look.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from .artifact import read_artifact
from .audit import Actor, record
from .clock import now
from .database import write
from .errors import ModelDamagedError, ModelMissingError
from .workspace import Workspace

PARTS = ("encoder", "index", "faq")


@dataclass(frozen=True, slots=True)
class Release:
    """A set of models that are valid together: kind to version."""

    name: str
    parts: Mapping[str, str]

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
        return Release(str(data["release"]), parts)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelDamagedError(
            f"{path} is damaged. Publish a release again: faqdesk train"
        ) from error


def newest(models: Path, kind: str) -> str:
    """The newest version of a kind, published or not.

    Raises:
        ModelMissingError: there is none.
    """
    folder = models / kind
    versions = sorted(
        path.name for path in folder.glob("*") if (path / "config.json").exists()
    ) if folder.is_dir() else []  # fmt: skip
    if not versions:
        raise ModelMissingError(f"No {kind} in {models}. Make it first: {_cure(kind)}")
    return versions[-1]


def publish(
    workspace: Workspace, db: Database, parts: Mapping[str, str], *, actor: Actor
) -> Release:
    """Check every part's files against their sums, then make the set the one in force.

    Raises:
        ModelError: a part is missing, damaged, foreign or too new; what was in force stays.
    """
    described = {}
    metrics = {}
    for kind, version in parts.items():
        artifact = read_artifact(workspace.models / kind / version, kind)
        described[kind] = {"version": version, "hash": artifact.version}
        metrics[kind] = json.dumps(artifact.metrics)
    release = Release(new_version(), dict(parts))
    moment = now()
    with write(db):
        for kind, part in described.items():
            row = {"kind": kind, **part, "metrics": metrics[kind], "created_at": moment}
            db.table("models").upsert(row, pk=("kind", "version"))
        row = {
            "name": release.name,
            "parts": json.dumps(described),
            "created_at": moment,
            "published_at": moment,
            "published_by": actor.name,
        }
        db.table("releases").insert(row)
        record(db, actor, "release.published", f"release:{release.name}", detail=described)
    # After the commit: a release that the database does not know never gets in force.
    _replace(workspace.models / "current", {"release": release.name, "parts": described})
    return release


def _replace(path: Path, data: object) -> None:
    beside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cure(kind: str) -> str:
    return {"index": "faqdesk index", "encoder": "faqdesk train encoder"}.get(
        kind, f"faqdesk train {kind}"
    )
