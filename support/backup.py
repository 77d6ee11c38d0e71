"""Making a backup while the desk runs: one moment of the database, and the files that it names.

The database is copied by SQLite out of one read transaction, however long that takes: others read
and write meanwhile. What belongs to that moment is held by hard links, which cost no room: pictures
before it and once more after it, models while nobody can publish or prune. So nothing that is
published, replaced or deleted in the middle can tear it. All of it is then written into one file
(`bundle`), read back, and renamed.
"""

import fcntl
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final

from sqlite_utils import Database

from . import at_work, audit_chain, backups, forgetting_copies, forgotten, key_mark
from .artifact import names_in
from .audit import Actor, record
from .bundle import DATABASE, KEY, README, Manifest, Reader, Writer, tree
from .clock import now
from .database import scalar
from .errors import BackupError, ModelError
from .migrations import migrations
from .release import LINES, current, pointer
from .releases import moving
from .whole_files import sync_to_disk
from .workspace import Workspace

Progress = Callable[[int, int, str], None]

PAGES: Final = 2048  # of the database, copied at once: 8 MB
TRIES: Final = 3  # of a moment at which a picture or an index was replaced
ROOM: Final = 1.05  # of what is written must be free
LINKS: Final = ".links.half"  # in backups/: the moment that is being written
_PAUSE: Final = 0.05  # seconds, until a model that is being replaced is looked at again
# What no copy shall bring back to life: who is signed in, and who tried.
ENDED: Final = ("embed_tokens", "sessions", "sign_in_attempts")
_HOW: Final = """A backup of a faqdesk desk, made {made_at} by faqdesk {version}.

With faqdesk:     faqdesk restore THIS_FILE --to FOLDER   (it checks everything)
Without it:       tar xf THIS_FILE gives a folder desk/; desk/desk.db is an SQLite database.
                  manifest.json names every file with its SHA-256 sum.

The key (fingerprint {key}) is {where}. Without it drafts, unsent answers and the words of
open inquiries stay shut.
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup as it was made; `dropped` are older ones that went for it."""

    path: Path
    manifest: Manifest
    size: int
    dropped: tuple[Path, ...]


def make(
    workspace: Workspace,
    *,
    actor: Actor,
    to: Path | None = None,
    with_key: bool = False,
    keep: int = 0,
    progress: Progress = lambda done, total, message: None,
) -> Made:
    """Make a backup.

    Args:
        workspace: the desk; it may run.
        actor: who asks for it.
        to: a folder, or the file to be; None: `backups/` in the desk's folder.
        with_key: put the desk's key into it too: whoever has the file then reads everything.
        keep: how many of this desk's backups stay in the folder; 0: all of them. A desk that was
            restored drops none until somebody says that it is the one at work: they may be those
            of the desk that is.
        progress: told bytes done, all of them and what is done; may raise.

    Raises:
        BackupError: it cannot be made; nothing but what was there before is left.
    """
    with closing(workspace.database()) as db, _alone(workspace) as lock:
        seal = workspace.seal()
        key = key_mark.of(seal)
        target = _target(workspace, to, key)
        run = _Run(workspace, target, key, with_key, progress)
        try:
            lock.write(os.fsencode(run.half))
            manifest = run.make()
        except BaseException as error:
            _clear(workspace, lock)
            if not isinstance(error, Exception):
                raise
            with suppress(sqlite3.Error, OSError):
                backups.note(db, target, at=now(), error=str(error) or type(error).__name__)
            if isinstance(error, OSError | sqlite3.Error):
                raise BackupError(
                    f"No backup was made in {target.parent}: {error}. Look at the room on the disk "
                    f"and at the folder's rights."
                ) from error
            raise
        size = target.stat().st_size
        backups.note(db, target, at=manifest.made_at, size=size)
        # From here on whoever is forgotten finds it; these were while it was being made.
        forgetting_copies.tell(target, forgotten.entries(db))
        forgetting_copies.tell_all(workspace, db)  # what cannot be written is told by the cleaning
        detail = {"file": target.name, "bytes": size, "with_key": with_key}
        record(db, actor, "backup.made", "desk", detail=detail)
        drops = keep and not at_work.held(db)
        dropped = backups.rotate(db, target.parent, key, keep=keep) if drops else []
    return Made(target, manifest, size, tuple(dropped))


def sweep(workspace: Workspace) -> None:
    """Take away what a killed backup left: a copy of the whole database, and half a bundle."""
    folder = workspace.home / "backups"
    lock = folder / ".lock"
    if (folder / LINKS).exists() or (lock.exists() and lock.stat().st_size):
        with suppress(BackupError, OSError), _alone(workspace):  # else one is at work
            pass


class _Run:
    """One backup under way: what it has put where, so that it can be taken away."""

    def __init__(
        self, workspace: Workspace, target: Path, key: str, with_key: bool, progress: Progress
    ) -> None:
        self._workspace = workspace
        self._target = target
        self._key = key
        self._with_key = with_key
        self._progress = progress
        self.half = target.with_name(f".{target.name}.half")
        # On the desk's own disk, whatever disk the bundle goes to: links cannot lead to another,
        # and SQLite locks its files, which disks of other machines cannot always do.
        self._links = _folder(workspace) / LINKS
        self._copy = self._links / "desk.db"
        self._troubles: list[str] = []

    def make(self) -> Manifest:
        for _ in range(TRIES):
            gone = self._moment()
            if not gone:
                break
            shutil.rmtree(self._links)
        self._troubles += [f"{name} is named, and was not there." for name in gone[:20]]
        if gone:  # it was so before as well: what there is, is backed up
            self._moment()
        about = self._checked_copy()
        manifest = self._write(about)
        os.replace(self.half, self._target)
        sync_to_disk(self._target.parent)
        shutil.rmtree(self._links, ignore_errors=True)
        return manifest

    def _moment(self) -> list[str]:
        """Hold one moment: the database copied, its files linked; returns files that are gone."""
        workspace = self._workspace
        self._links.mkdir(mode=0o700)
        with closing(sqlite3.connect(workspace.database_path, isolation_level=None)) as source:
            self._link_pictures(_pictures(source))
            with moving(workspace):
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from now on
                self.made_at = now()
                self._link_models(source)
            named = _pictures(source)
            gone = self._link_pictures(named)
            for path in list(tree(self._links / "images")):  # its listing is forgotten by now
                if path.relative_to(self._links / "images").as_posix() not in named:
                    path.unlink()
            self._check_room(source)
            self._copy.touch(mode=0o600)
            with closing(sqlite3.connect(self._copy)) as copy:
                source.backup(copy, pages=PAGES, progress=self._tell_pages)
        return gone

    def _tell_pages(self, _status: int, left: int, total: int) -> None:
        self._progress(4096 * (total - left), 4096 * total, "copying the database")

    def _link_pictures(self, named: set[str]) -> list[str]:
        images = self._workspace.home / "images"
        gone = []
        for file in named:
            place = self._links / "images" / file
            if not place.exists() and not _link(images / file, place):
                gone.append(f"images/{file}")
        return sorted(gone)

    def _link_models(self, source: sqlite3.Connection) -> None:
        """Link what every release that is not pruned is made of, and indexes beside them."""
        models, place = self._workspace.models, self._links / "models"
        place.mkdir()
        folders = set()
        sql = "SELECT parts FROM releases WHERE pruned_at IS NULL"
        for (parts,) in source.execute(sql):
            folders |= {f"{kind}/{part['version']}" for kind, part in json.loads(parts).items()}
        released = {kind for kinds in LINES.values() for kind in kinds}
        for kind in models.iterdir():
            if kind.is_dir() and kind.name not in released:
                folders |= {f"{kind.name}/{name}" for name in names_in(kind)}
        for line in LINES:
            path = pointer(models, line)
            with suppress(FileNotFoundError):
                shutil.copyfile(path, place / path.name)
            try:
                release = current(models, line=line)
            except ModelError as error:
                self._troubles.append(str(error))
                continue
            for name, part in release.parts.items() if release else ():
                folders.add(f"{name}/{part}")
                if not (models / name / part).is_dir():
                    self._troubles.append(f"models/{name}/{part} is in force, and is missing.")
        for folder in sorted(folders):
            self._link_folder(models / folder, place / folder)

    def _link_folder(self, folder: Path, place: Path) -> None:
        """Link a model's folder as it is; one that is replaced meanwhile is linked anew."""
        for turn in range(TRIES):
            time.sleep(turn * _PAUSE)  # between two renames it is not there at all
            before = _inode(folder / "manifest.json")
            whole = folder.is_dir() and all(
                _link(path, place / path.relative_to(folder)) for path in tree(folder)
            )
            if whole and _inode(folder / "manifest.json") == before:
                return
            shutil.rmtree(place, ignore_errors=True)
        if folder.parent.is_dir() and folder.name in names_in(folder.parent):
            self._troubles.append(f"{folder} is being replaced, and is not in the backup.")

    def _check_room(self, source: sqlite3.Connection) -> None:
        (size,) = source.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        ).fetchone()
        files = sum(path.stat().st_size for path in [*tree(self._links), *self._others()])
        self._total = size + files
        here, there = self._links, self._target.parent
        wanted = {here.stat().st_dev: (here, size)}
        _, so_far = wanted.get(there.stat().st_dev, (there, 0))
        wanted[there.stat().st_dev] = (there, so_far + self._total)
        for folder, need in wanted.values():
            free = shutil.disk_usage(folder).free
            if free < ROOM * need:
                raise BackupError(
                    f"There is no room for a backup in {folder}: {free:,} bytes are free, "
                    f"{int(ROOM * need):,} are needed. Make room, or name another folder."
                )

    def _others(self) -> list[Path]:
        """What is copied as it is: tables that were labelled, the desk's own rules."""
        home = self._workspace.home
        found = [*tree(home / "batches"), *tree(home / "moderation")]
        return [path for path in found if path.name != "lock" and not path.name.startswith(".")]

    def _checked_copy(self) -> dict[str, Any]:
        """End in the copy what no copy shall hold, check it, and count its rows."""
        with closing(sqlite3.connect(self._copy)) as copy:
            db = Database(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            copy.execute("PRAGMA secure_delete = ON")
            for table in ENDED:
                copy.execute(f"DELETE FROM {table}")  # noqa: S608 - one of our own names
            copy.commit()
            damage = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if damage != "ok":
                raise BackupError(
                    f"{self._workspace.database_path} is damaged: {damage}. Bring back the last "
                    f"good backup: faqdesk restore FILE --to FOLDER. Older ones were not dropped."
                )
            lost = copy.execute("PRAGMA foreign_key_check").fetchall()
            if lost:
                self._troubles.append(f"{len(lost)} rows name rows that are not there.")
            end = audit_chain.head(db)
            return {
                "steps": tuple(step.name for step in migrations.applied(db)),
                "counts": counts(db),
                "audit": {"last": end.last, "hash": end.hash} if end else {},
            }

    def _write(self, about: dict[str, Any]) -> Manifest:
        tell = self._progress
        with Writer(self.half, tell=lambda n: tell(n, self._total, "writing")) as writer:
            where = "in it (desk.key)" if self._with_key else "not in it"
            words = _HOW.format(
                made_at=self.made_at, version=version("faqdesk"), key=self._key[:8], where=where
            )
            writer.add_bytes(README, words.encode())
            writer.add(DATABASE, self._copy)
            for path in [*tree(self._links / "models"), *tree(self._links / "images")]:
                writer.add(f"desk/{path.relative_to(self._links).as_posix()}", path)
            for path in self._others():
                with suppress(FileNotFoundError):  # deleted just now
                    writer.add(f"desk/{path.relative_to(self._workspace.home).as_posix()}", path)
            if self._with_key:
                writer.add(KEY, self._workspace.key_path)
            manifest = Manifest(
                faqdesk=version("faqdesk"),
                made_at=self.made_at,
                releases=self._releases(),
                key=self._key,
                troubles=tuple(dict.fromkeys(self._troubles)),
                files=writer.files,
                **about,
            )
            writer.finish(manifest)
        with Reader(self.half) as reader:
            reader.check(tell=lambda n: tell(n, self._total, "checking"))
        return manifest

    def _releases(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in LINES:
            with suppress(ModelError):
                release = current(self._links / "models", line=line)
                found |= {line: release.name} if release else {}
        return found


def counts(db: Database) -> dict[str, int]:
    """How many rows each table of a desk holds; those of SQLite's own indexes left out."""
    sql = (
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
        "AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    names = [row["name"] for row in db.query(sql)]
    return {name: int(scalar(db, f'SELECT count(*) FROM "{name}"')) for name in names}  # noqa: S608


def _target(workspace: Workspace, to: Path | None, key: str) -> Path:
    """The file to be.

    Raises:
        BackupError: it is there already, or its folder is not.
    """
    named = (to or _folder(workspace)).absolute()
    if named.is_dir():
        # Later than every one that is there, also when the clock went back: the oldest names go.
        there = backups.in_folder(named, key)
        moments = [datetime.now(UTC), *map(_moment_of, there[:1])]
        target = named / backups.name(key, max(moments))
    elif named.suffix != ".tar":  # a disk that is not mounted, else a file in its folder's place
        raise BackupError(f"There is no folder {named}. Make it, or name a file: {named}.tar")
    else:
        target = named
    if target.exists():
        raise BackupError(f"{target} is there already. Name another file, or its folder.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent}. Make it, or name another one.")
    return target


def _moment_of(path: Path) -> datetime:
    """A second after the moment in a bundle's name."""
    words = path.stem.rpartition("-")[2]
    moment = datetime.strptime(words, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.fromtimestamp(moment.timestamp() + 1, UTC)


def _folder(workspace: Workspace) -> Path:
    folder = workspace.home / "backups"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BackupError(f"Cannot make {folder}: {error.strerror}.") from error
    return folder


def _pictures(source: sqlite3.Connection) -> set[str]:
    return {file for (file,) in source.execute("SELECT DISTINCT file FROM listing_pictures")} - {""}


def _link(path: Path, place: Path) -> bool:
    """Hold a file at a second place; False where it is not there. Copied where nothing links."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, place)
    except FileNotFoundError:
        return False
    except FileExistsError:
        return True
    except OSError:
        try:
            shutil.copyfile(path, place)
        except FileNotFoundError:
            return False
    return True


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


@contextmanager
def _alone(workspace: Workspace) -> Iterator[IO[bytes]]:
    """Hold off other backups of the desk; the lock ends with its process.

    In its file stands what is half written, for whoever comes after a process that was killed.
    """
    place = _folder(workspace) / ".lock"
    with place.open("ab+", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError("Another backup of this desk is being made. Wait for it.") from error
        _clear(workspace, file)
        try:
            yield file
        finally:
            _clear(workspace, file)


def _clear(workspace: Workspace, lock: IO[bytes]) -> None:
    """Take away what is half done: by this process, or by one that was killed."""
    shutil.rmtree(workspace.home / "backups" / LINKS, ignore_errors=True)
    lock.seek(0)
    half = os.fsdecode(lock.read())
    with suppress(OSError):
        if half:
            Path(half).unlink(missing_ok=True)
        lock.truncate(0)
