"""Putting a backup in place, into an empty folder: all of it checked before any of it counts.

What is restored is laid into `.restoring` in the folder, looked through there, and moved up; the
database comes last, and with it there is a desk. One that was killed before that is swept by the
next try. A restored desk is not taken for the one at work before somebody says so: nobody is signed
in, no token opens anything, and no answer goes out (`at_work.confirm`).
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from sqlite_utils import Database

from . import (
    audit_chain,
    backup,
    backups,
    forgetting,
    forgetting_copies,
    forgotten,
    key_mark,
    vector_collections,
)
from .artifact import read_artifact
from .audit import Actor, record
from .bundle import FOLDERS, KEY, README, Manifest, Reader
from .clock import now
from .database import connect, insert, scalar, write
from .errors import BackupError, ModelError, WorkspaceError
from .migrations import migrations
from .recommender import Recommender
from .release import LINES, current
from .seal import Seal
from .text import normalize
from .upgrading import upgrade
from .whole_files import sync_to_disk, whole_file
from .workspace import Workspace

Progress = Callable[[int, int, str], None]

STAGE: Final = ".restoring"
ROOM: Final = 1.2  # of what is unpacked must be free: bringing it up to date takes some
# Left by a desk that is gone: with another database they would damage it.
_STALE: Final = ("desk.db-wal", "desk.db-shm", "desk.db-journal")
_OF_A_DISK: Final = "lost+found"  # lies in the uppermost folder of many a disk


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place.

    Attributes:
        steps: of the schema, done because the backup was of an earlier faqdesk.
        held: answers that were waiting to be delivered, and wait for `at_work.confirm`.
        interrupted: jobs that waited or ran.
        revoked: tokens that were ended.
        forgotten: inquiries that were forgotten again.
        found: past answers that a probe found; None: there is nothing to look for, or no model.
        troubles: what is amiss, in sentences.
    """

    home: Path
    manifest: Manifest
    steps: tuple[str, ...] = ()
    held: int = 0
    interrupted: int = 0
    revoked: int = 0
    forgotten: int = 0
    found: int | None = None
    troubles: tuple[str, ...] = ()


def restore(
    path: Path,
    workspace: Workspace,
    *,
    actor: Actor,
    key: Path | None = None,
    keep_tokens: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> Restored:
    """Put a backup in place.

    Args:
        path: the bundle.
        workspace: where the desk shall be; an empty folder, or none.
        actor: who does it.
        key: the desk's key file, where it is neither in the bundle nor in its place; it is copied.
        keep_tokens: leave the API's tokens as they were, also those revoked since.
        progress: told bytes done, all of them and what is done.

    Raises:
        BackupError: the bundle cannot be used, or the folder is not empty, or there is no room;
            nothing is in place then.
        WorkspaceError: the key is missing or another desk's.
    """
    home = workspace.home
    with Reader(path) as reader:
        manifest = reader.manifest
        if (home / STAGE).is_dir() and (home / "desk.db").exists():
            _settle(workspace)  # killed when all but this was done
        _check_steps(path, manifest)
        with _alone(home):
            _make_empty(home)
            _check_room(home, manifest)
            secret = _secret(reader, workspace, key)
            stage = home / STAGE
            try:
                stage.mkdir(mode=0o700)
                reader.copy(
                    lambda name: _open(stage, name),
                    tell=lambda done: progress(done, manifest.size, "unpacking"),
                )
                _put_key(workspace, secret)
                done = _look_through(path, workspace, stage, manifest, actor, keep_tokens, progress)
                _move_up(stage, home)
            except BaseException as error:
                shutil.rmtree(stage, ignore_errors=True)
                if isinstance(error, OSError | sqlite3.Error):
                    raise BackupError(
                        f"{path} was not put into {home}: {error}. Look at the room on the disk "
                        f"and at the folder's rights."
                    ) from error
                raise
    try:
        _settle(workspace)
    except WorkspaceError as error:
        done = replace(done, troubles=(*done.troubles, str(error)))
    return done


def _settle(workspace: Workspace) -> None:
    """What is left to do once the database is in place: its trail goes on from an earlier act."""
    try:
        with closing(workspace.database()) as db:
            audit_chain.accept(db)
    finally:
        shutil.rmtree(workspace.home / STAGE, ignore_errors=True)


def _check_steps(path: Path, manifest: Manifest) -> None:
    newer = sorted(set(manifest.steps) - {step.name for step in migrations._migrations})
    if newer:
        raise BackupError(
            f"{path} was written by a newer faqdesk ({manifest.faqdesk}; steps {newer}). Update "
            f"faqdesk, then try again."
        )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Make the folder, and hold off others who would put a backup there.

    Raises:
        BackupError: somebody does, or it cannot be made.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(home, os.O_RDONLY)
    except OSError as error:
        raise BackupError(f"Cannot make {home}: {error.strerror}. Name another: --to") from error
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(f"A backup is being put into {home} already. Wait.") from error
        yield
    finally:
        os.close(folder)


def _make_empty(home: Path) -> None:
    """Sweep what a restore that was killed left; it touches nothing else.

    Raises:
        BackupError: there is something else in it.
    """
    try:
        there = {entry.name for entry in home.iterdir()} - {_OF_A_DISK, *_STALE}
        ours = {STAGE, *FOLDERS} if STAGE in there else set()
        if not there - ours:
            # The stage last: while it is there, the rest is known as what a restore left.
            for name in sorted(there, key=lambda name: name == STAGE):
                shutil.rmtree(home / name)
            for name in _STALE:
                (home / name).unlink(missing_ok=True)
            return
    except OSError as error:
        raise BackupError(f"Cannot empty {home}: {error.strerror}. Name another: --to") from error
    named = ", ".join(sorted(there - ours)[:5])
    raise BackupError(
        f"{home} is not empty ({named}). A backup is only put into an empty folder: move this one "
        f"away, or name another: --to"
    )


def _check_room(home: Path, manifest: Manifest) -> None:
    free, need = shutil.disk_usage(home).free, int(ROOM * manifest.size)
    if free < need:
        raise BackupError(
            f"There is no room in {home}: {free:,} bytes are free, {need:,} are needed. Make room, "
            f"or name another folder: --to"
        )


def _secret(reader: Reader, workspace: Workspace, key: Path | None) -> bytes | None:
    """The key to put in place; None where it lies there already.

    Raises:
        WorkspaceError: it is missing, damaged or another desk's.
    """
    manifest, place = reader.manifest, workspace.key_path
    if place.exists() and key is None:
        _check_key(Seal.load(place), manifest, place)
        return None
    if key is not None:
        _check_key(Seal.load(key), manifest, key)
        secret = key.read_bytes()
    elif manifest.has_key:
        secret = reader.text(KEY)
    else:
        raise WorkspaceError(
            f"The desk's key (fingerprint {manifest.key[:8]}) is not in this backup and not in "
            f"{place}. Name its file: --key FILE. Without it drafts and open inquiries stay shut."
        )
    if place.exists() and place.read_bytes().strip() != secret.strip():
        raise WorkspaceError(f"Another key lies in {place}. Move it away, or restore elsewhere.")
    return secret


def _check_key(seal: Seal, manifest: Manifest, place: Path) -> None:
    if key_mark.of(seal) != manifest.key:
        raise WorkspaceError(
            f"The key in {place} (fingerprint {key_mark.of(seal)[:8]}) does not open this backup: "
            f"it needs the one with the fingerprint {manifest.key[:8]}. Name its file: --key FILE"
        )


def _put_key(workspace: Workspace, secret: bytes | None) -> None:
    if secret is None or workspace.key_path.exists():
        return
    with whole_file(workspace.key_path, mode=0o600, replaces=False) as half:
        half.write_bytes(secret)


def _open(stage: Path, name: str) -> IO[bytes] | None:
    """Where a file of the bundle is written to; its name was checked when the bundle was opened."""
    if name in (README, KEY):
        return None
    path = stage / name.removeprefix("desk/")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _look_through(
    path: Path,
    workspace: Workspace,
    stage: Path,
    manifest: Manifest,
    actor: Actor,
    keep_tokens: bool,
    progress: Progress,
) -> Restored:
    """Check the database, end what shall not come back to life, and ask it something."""
    progress(manifest.size, manifest.size, "checking the database")
    file = stage / "desk.db"
    db = connect(file, key_path=workspace.key_path, anchor_path=workspace.anchor_path)
    with closing(db):
        damage = scalar(db, "PRAGMA integrity_check")
        if damage != "ok":
            raise BackupError(f"The database in {path} is damaged: {damage}. Take another backup.")
        counted = backup.counts(db)
        wrong = [name for name, n in manifest.counts.items() if counted.get(name) != n]
        if wrong:
            raise BackupError(f"The database in {path} is not the one of its manifest: {wrong}.")
        troubles = list(manifest.troubles)
        lost = db.execute("PRAGMA foreign_key_check").fetchall()
        if lost and not troubles:
            raise BackupError(f"In {path}, {len(lost)} rows name rows that are not there.")
        done = Restored(workspace.home, manifest, steps=upgrade(db, file).steps)
        shutil.rmtree(stage / "backups", ignore_errors=True)  # the copy before the upgrade
        seal = workspace.seal()
        entries = [*forgotten.entries(db), *forgetting_copies.told(path)]
        gone = forgetting.forget_again(db, seal, entries) if entries else 0
        ended = _end(db, path, manifest, actor, keep_tokens)
        found, amiss = _probe(db, stage)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    done = replace(done, forgotten=gone, found=found, troubles=tuple(troubles + amiss))
    return replace(
        done, held=ended["held"], interrupted=ended["interrupted"], revoked=ended["revoked"]
    )


def _end(
    db: Database, path: Path, manifest: Manifest, actor: Actor, keep_tokens: bool
) -> dict[str, int]:
    """End what was under way or open at the moment of the backup; returns how much."""
    moment = now()
    with write(db):
        stopped = "UPDATE jobs SET state = 'interrupted', finished_at = ? WHERE state IN "
        done = {"revoked": 0}
        done["interrupted"] = db.execute(stopped + "('queued', 'running')", [moment]).rowcount
        for table in backup.ENDED:
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - one of our own names
        links = "UPDATE invitations SET revoked_at = ? WHERE accepted_at IS NULL "
        db.execute(links + "AND revoked_at IS NULL", [moment])
        # The desk that is gone may go on writing there.
        vector_collections.leave_all(db)
        if not keep_tokens:
            sql = "UPDATE api_tokens SET revoked_at = ? WHERE revoked_at IS NULL"
            done["revoked"] = db.execute(sql, [moment]).rowcount
        # The desk that is gone may have delivered them: looked for over there before they go out;
        # of mail, where nobody can look, a person decides.
        waiting = (
            "UPDATE outbox SET maybe_out = 1, leased_until = NULL, next_at = NULL "
            "WHERE state = 'queued' AND connection_id IS NOT NULL"
        )
        done["held"] = db.execute(waiting).rowcount
        # It is a backup of this desk too: who is forgotten here shall not come back from it.
        place = path.absolute()
        backups.note(db, place, at=manifest.made_at, size=place.stat().st_size)
        row = {"bundle": path.name, "made_at": manifest.made_at, "at": moment}
        insert(db, "restores", row)
        detail = {"bundle": path.name, "made_at": manifest.made_at, **done}
        record(db, actor, "desk.restored", "desk", detail=detail)
    return done


def _probe(db: Database, stage: Path) -> tuple[int | None, list[str]]:
    """Look at the files of every release in force, and ask the desk's for a past inquiry.

    Returns:
        How many past answers were found; None: there was nothing to ask, or no index. What is
        amiss, in sentences.
    """
    desk = Workspace(stage)
    amiss: list[str] = []
    for line in LINES:
        try:
            release = current(desk.models, line=line)
            for kind, part in release.parts.items() if release else ():
                read_artifact(desk.models / kind / part, kind)
        except ModelError as error:
            amiss.append(str(error))
    sql = """
        SELECT m.text FROM inquiries i JOIN messages m ON m.inquiry_id = i.id
        WHERE i.answer_id IS NOT NULL AND m.role = 'customer' ORDER BY i.id DESC LIMIT 1
    """
    text = normalize(scalar(db, sql) or "")
    recommender = Recommender(desk)
    if not text or recommender.models().similar is None:
        return None, amiss
    found = recommender.suggest(db, text, similar_k=3)
    return len(found.similar), amiss or ([found.degraded] if found.degraded else [])


def _move_up(stage: Path, home: Path) -> None:
    """Put what was looked through in place: the database last, for with it there is a desk."""
    for name in ("models", "images"):
        (stage / name).mkdir(exist_ok=True)
    sync_to_disk(stage)
    moved: list[str] = []
    try:
        for name in (*FOLDERS, "desk.db"):
            if (stage / name).exists():
                moved.append(name)
                (stage / name).rename(home / name)
        sync_to_disk(home)
    except BaseException:
        for name in reversed(moved):  # the folder is left as empty as it was
            if not (stage / name).exists():
                (home / name).rename(stage / name)
        raise
