"""What belongs together moves together: a release names one version of every model of its line.

The file that `release.py` reads is the truth about what is in force; the database knows every
release, and the order in which they were in force. Moves happen one at a time, under a lock that
ends with its process.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import Any

from sqlite_utils import Database

from . import publications, standing
from .artifact import read_artifact
from .audit import Actor, record
from .clock import now
from .database import Row, one, write
from .errors import ConflictError, InputError, ModelDamagedError, ModelMissingError, NotFoundError
from .names import inside
from .publications import Move
from .release import Release, current, in_force, kinds, point, training
from .versions import new_version, newest
from .workspace import Workspace

__all__ = [
    "Expected",
    "Release",
    "current",
    "in_force",
    "moving",
    "new_version",
    "newest",
    "publish",
    "put_in_force",
    "rollback",
    "store",
]


class Expected(Enum):
    """What a publisher expects to be in force, where it does not name a release."""

    ANY = "any"


def store(
    workspace: Workspace,
    db: Database,
    parts: Mapping[str, str],
    *,
    actor: Actor,
    judgement: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    no_classifier: str = "",
    line: str = "desk",
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
        line: what it moves on, one of `release.LINES`.

    Raises:
        InputError: there is no such line, or a part is of another.
        ModelError: a part is missing, damaged, foreign or too new.
    """
    foreign = sorted(set(parts) - set(kinds(line)))
    if foreign:
        raise InputError(
            f"{', '.join(foreign)} does not move on the line {line!r}, only "
            f"{', '.join(kinds(line))}."
        )
    described = {}
    metrics = {}
    for kind, version in parts.items():
        artifact = read_artifact(inside(workspace.models, kind, version, what="a model"), kind)
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
            "line": line,
            "parts": json.dumps(described),
            "created_at": moment,
            "created_by": actor.name,
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
        about: `judgement`, `recipe`, `no_classifier` and `line`, as for `store`.

    Raises:
        InputError: there is no such line, or a part is of another.
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
    seen: str | None = None,
    line: str | None = None,
    force: bool = False,
    reason: str = "",
) -> Release:
    """Make a stored release the one in force on its line, its files checked once more.

    Args:
        workspace: the desk.
        db: its database.
        name: the release.
        actor: who publishes.
        expected: as for `publish`.
        seen: the release that whoever asks saw in force, "" for none; None: they did not look.
        line: the only line that the release may be of; None: any.
        force: put it in force though it was judged worse; needs a `reason`.
        reason: why, in words; kept with the move and in the audit trail, masked.

    Raises:
        NotFoundError: there is no such release.
        WorseError: it was judged worse than what is in force, and is not forced.
        InputError: it is worse and forced, and no reason is given.
        ModelError: a part is missing or not as it was when the release was made.
        ConflictError: another release than the one expected or seen is in force.
    """
    row = one(db, "SELECT * FROM releases WHERE name = ?", [name])
    if row is None or line not in (None, row["line"]):
        where = f" on the line {line!r}" if line else ""
        raise NotFoundError(f"No release {name!r}{where}. List them: faqdesk models list")
    with moving(workspace):
        before = in_force(workspace.models, line=row["line"])
        _unmoved(before, seen)
        if not isinstance(expected, Expected) and _judged(before) != _judged(expected):
            named = [found.name if found else "none" for found in (before, expected)]
            raise ConflictError(
                f"Release {named[0]} came into force meanwhile, where {named[1]} was. {name} stays "
                f"a candidate; to put it in force all the same: faqdesk models publish {name}"
            )
        again = before is not None and before.name == name
        forced = not again and standing.allow(db, row, before, force=force, reason=reason)
        move = Move(standing.masked(db, reason), forced)
        top = _top(db, before, line=row["line"], actor=actor)
        back_to: int | None = top["back_to" if again else "id"] if top else None
        return _move(workspace, db, row, back_to, actor, move)


def rollback(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    seen: str | None = None,
    line: str = "desk",
    reason: str = "",
) -> Release:
    """Go back to the release that was in force before on a line; once more goes further back.

    `seen` and `reason`: as for `put_in_force`.

    Raises:
        InputError: there is no such line.
        NotFoundError: there was none before.
        ModelError: its files are gone or damaged; what is in force stays.
        ConflictError: another release than the one seen is in force.
    """
    with moving(workspace):
        live = in_force(workspace.models, line=line)
        _unmoved(live, seen)
        top = _top(db, live, line=line, actor=actor)
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
        move = Move(standing.masked(db, reason), rolled_back=True)
        return _move(workspace, db, row, row["further"], actor, move)


@contextmanager
def moving(workspace: Workspace) -> Iterator[None]:
    """Nobody else moves a release in the block; the lock ends with its process."""
    with (workspace.models / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unmoved(live: Release | None, seen: str | None) -> None:
    """Refuse a move that was asked for in sight of another release than the one in force."""
    name = live.name if live else ""
    if seen is not None and seen != name:
        raise ConflictError(f"Release {name} came into force meanwhile. Look at the list again.")


def _top(db: Database, live: Release | None, *, line: str, actor: Actor) -> Row | None:
    """The publication that put the release in force, after mending what was cut off."""
    name = live.name if live else None
    publications.settle(db, name, line=line, actor=actor)
    return publications.newest(db, name)


def _move(
    workspace: Workspace, db: Database, row: Row, back_to: int | None, actor: Actor, move: Move
) -> Release:
    """Put a release in force; `back_to` is the publication that a rollback goes back to."""
    described = json.loads(row["parts"])
    again = training(row["line"])
    if row["pruned_at"]:
        raise ModelMissingError(
            f"The models of release {row['name']} were pruned on {row['pruned_at'][:10]}. Bring "
            f"them back from a backup, or train again: {again}"
        )
    for kind, part in described.items():
        folder = inside(workspace.models, kind, part["version"], what="a model")
        if read_artifact(folder, kind).version != part["hash"]:
            raise ModelDamagedError(
                f"{folder} is not what release {row['name']} was made of. Bring the folder back "
                f"from a backup, or train again: {again}"
            )
    with write(db):
        publication = publications.begin(
            db, row["name"], line=row["line"], back_to=back_to, actor=actor, move=move
        )
        action = "release.rolled_back" if move.rolled_back else "release.published"
        why: dict[str, Any] = {"forced": True} if move.forced else {}
        why |= {"reason": move.reason} if move.reason else {}
        record(db, actor, action, f"release:{row['name']}", detail=described | why)
    # After the commit: a release that the database does not know never gets in force.
    content = {
        "release": row["name"],
        "parts": described,
        "no_classifier": row["no_classifier"],
    }
    point(workspace.models, content, line=row["line"])
    publications.finish(db, publication)
    parts = {kind: str(part["version"]) for kind, part in described.items()}
    return Release(row["name"], parts, row["no_classifier"])


def _judged(release: Release | None) -> dict[str, str]:
    """The parts that suggestions come from; an index is only built anew."""
    return {kind: v for kind, v in release.parts.items() if kind != "index"} if release else {}
