"""What is the matter with the disk or the database, told by the error that it made."""

import errno
import sqlite3
from typing import Final, Literal

Fault = Literal["locked", "full", "read_only", "damaged", "disk"]

# What to do, in words for whoever looks after the machine.
CURES: Final[dict[Fault, str]] = {
    "locked": "Another process holds the database for long: a large import, or somebody's tool. "
    "Nothing was written; it works again when that one lets go.",
    "full": "The disk is full, and nothing was written. Make room; nothing need be restarted.",
    "read_only": "The desk's folder cannot be written. Look at its rights and at the disk; nothing "
    "need be restarted.",
    "damaged": "The database is damaged. Stop the desk and bring back the last good backup: "
    "faqdesk restore FILE --to FOLDER",
    "disk": "The disk gives errors. Look at it, and at the folder's rights.",
}
_ERRNO: Final[dict[int, Fault]] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
    errno.EIO: "disk",
}
_SQLITE: Final[dict[str, Fault]] = {
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read_only",
    "SQLITE_CANTOPEN": "read_only",
    "SQLITE_PERM": "read_only",
    "SQLITE_CORRUPT": "damaged",
    "SQLITE_NOTADB": "damaged",
    "SQLITE_IOERR": "disk",
}


def fault_of(error: BaseException | None) -> Fault | None:
    """What an error, or what it was raised from, says of the surroundings; None: nothing."""
    while error is not None:
        if isinstance(error, sqlite3.Error):
            name = getattr(error, "sqlite_errorname", "")
            found = _SQLITE.get("_".join(name.split("_")[:2]))
            if found:
                return found
        elif isinstance(error, OSError) and error.errno in _ERRNO:
            return _ERRNO[error.errno]
        error = error.__cause__
    return None
