"""A desk is one folder: database, models, pictures. Copy the folder and you have copied the desk.

The key that seals open inquiries lies beside the folder, not in it, so that a copy of the folder
alone shows nobody's original words.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from . import key_mark
from .database import connect
from .errors import WorkspaceError
from .migrations import migrations
from .seal import Seal
from .upgrading import Upgrade, upgrade


@dataclass(frozen=True, slots=True)
class Workspace:
    """One desk on disk."""

    home: Path
    key: Path | None = None  # its key file, where it is not the one that `key_path` finds

    @classmethod
    def locate(cls, home: str | Path | None = None) -> "Workspace":
        """Name the workspace: `home`, else `FAQDESK_HOME`, else `./workspace`."""
        return cls(Path(home or os.environ.get("FAQDESK_HOME") or "workspace").absolute())

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return self.home / "desk.db"

    @property
    def queue_path(self) -> Path:
        """The job queue's own SQLite file; `jobs` in the database is what people see."""
        return self.home / "queue.db"

    @property
    def limits_path(self) -> Path:
        """What counts the API's calls: an SQLite file that nothing is lost with."""
        return self.home / "limits.db"

    @property
    def models(self) -> Path:
        """The folder of model folders: `<kind>/<version>/`."""
        return self.home / "models"

    @property
    def runs(self) -> Path:
        """The folder where long runs keep what they have done until all of it is."""
        return self.home / "runs"

    @property
    def key_path(self) -> Path:
        """The key file: `key`, `FAQDESK_KEY_FILE`, or `<workspace>.key` beside the folder."""
        if self.key:
            return self.key
        named = os.environ.get("FAQDESK_KEY_FILE")
        return Path(named) if named else self.home.with_name(self.home.name + ".key")

    @property
    def anchor_path(self) -> Path:
        """Beside the key, the file that says where the audit trail ends: `<workspace>.trail`.

        Where the key lies apart from the folder, its whole path is in the name: one desk restored
        elsewhere for a trial, with the same key, has an anchor of its own.
        """
        name = self.home.name
        if self.key_path.parent.resolve() != self.home.parent.resolve():
            name += "-" + hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()[:8]
        return self.key_path.with_name(name + ".trail")

    def exists(self) -> bool:
        """Whether a desk was made here."""
        return self.database_path.exists()

    def create(self) -> "Workspace":
        """Make the folder, its database and its key; what is there is kept."""
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.models, self.home / "images"):
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise WorkspaceError(
                f"Cannot make {self.home}: {error.strerror}. Name another folder with FAQDESK_HOME."
            ) from error
        Seal.create(self.key_path)
        self.database(create=True).close()
        return self

    def database(self, *, create: bool = False) -> Database:
        """Open a connection, bringing the schema up to date; a copy of before is put aside.

        Raises:
            WorkspaceError: there is no desk here, its schema is of a newer faqdesk, or the key is
                another desk's.
        """
        return self._open(create=create)[0]

    def upgrade(self) -> Upgrade:
        """Bring the schema up to date, as `database` does, and tell what was done.

        Raises:
            WorkspaceError: as `database`.
        """
        db, done = self._open()
        db.close()
        return done

    def seal(self) -> Seal:
        """The key of this desk.

        Raises:
            WorkspaceError: the key file is missing or damaged.
        """
        return Seal.load(self.key_path)

    def _open(self, *, create: bool = False) -> tuple[Database, Upgrade]:
        if not create and not self.exists():
            raise WorkspaceError(
                f"No desk in {self.home}. Make one with `faqdesk init`, or name its folder with "
                f"FAQDESK_HOME."
            )
        db = connect(self.database_path, key_path=self.key_path, anchor_path=self.anchor_path)
        try:
            if create:
                self.database_path.chmod(0o600)
            applied = {step.name for step in migrations.applied(db)}
            newer = applied - _step_names()
            if newer:
                raise WorkspaceError(
                    f"{self.database_path} was written by a newer faqdesk (steps {sorted(newer)}). "
                    f"Update faqdesk."
                )
            done = upgrade(db, self.database_path)
            key_mark.check(db, self.key_path)
            return db, done
        except WorkspaceError:
            db.close()
            raise


def _step_names() -> set[str]:
    return {step.name for step in migrations._migrations}
