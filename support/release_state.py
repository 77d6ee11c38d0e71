"""Whether what is in force is there: its file, its folders, their files. Loads nothing."""

from pathlib import Path
from typing import Final

from sqlite_utils import Database

from .artifact import read_artifact
from .errors import ModelError
from .release import LINES, current, pointer, training

LOOK_SECONDS: Final = 3.0  # from one look at damaged files to the next


def amiss(models: Path, db: Database) -> list[str]:
    """What is missing of the releases in force, in sentences with the cure; sums are not compared.

    A line that never had a release misses nothing.
    """
    found = []
    sql = "SELECT DISTINCT line FROM publications WHERE done = 1"
    published = {row["line"] for row in db.query(sql)}
    for line in LINES:
        try:
            release = current(models, line=line)
            if release is None and line in published:
                found.append(
                    f"{pointer(models, line)} is missing. Put a release in force again (faqdesk "
                    f"models publish NAME), or {training(line)}"
                )
            for kind, part in release.parts.items() if release else ():
                read_artifact(models / kind / part, kind, verify=False)
        except ModelError as error:
            found.append(str(error))
    return found


def stamp(models: Path, *kinds: str) -> tuple[tuple[str, int, int, int], ...]:
    """What changes when any file of some kinds of models does; for those that are amiss."""
    found = []
    for kind in kinds:
        for path in sorted((models / kind).rglob("*")):
            try:
                stat = path.stat()
            except OSError:
                continue
            found.append((str(path), stat.st_mtime_ns, stat.st_ino, stat.st_size))
    return tuple(found)
