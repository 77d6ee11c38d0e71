"""What each person likes of the console. Each preference has its choices here, the first is usual.

They are the person's own: nobody else reads them, and no audit line is written.
"""

from dataclasses import dataclass, replace
from typing import Final

from sqlite_utils import Database

from .database import write
from .errors import InputError

CHOICES: Final = {
    "theme": ("system", "light", "dark"),
    "keys": ("on", "off"),  # whether keys do anything in the console
    "insert_as": ("titled", "link", "text"),  # how a suggestion goes into an answer
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One person's, or what is usual."""

    theme: str = "system"
    keys: str = "on"
    insert_as: str = "titled"

    def __post_init__(self) -> None:
        """Refuse what there is not, naming it."""
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InputError(f"{name} is one of {', '.join(choices)}, not {value!r}.")


def load(db: Database, agent_id: int) -> Preferences:
    """A person's preferences; a value that is none any more counts as the usual one."""
    rows = db.query("SELECT name, value FROM agent_preferences WHERE agent_id = ?", [agent_id])
    kept = {row["name"]: row["value"] for row in rows}
    return Preferences(**{n: v for n, v in kept.items() if v in CHOICES.get(n, ())})


def put(db: Database, agent_id: int, **values: str) -> Preferences:
    """Keep some preferences; the others stay as they are.

    Raises:
        InputError: there is no such preference or choice.
    """
    for name in values:
        if name not in CHOICES:
            raise InputError(f"No preference {name!r}. There are: {', '.join(CHOICES)}.")
    with write(db):
        found = replace(load(db, agent_id), **values)
        db.table("agent_preferences").upsert_all(
            [{"agent_id": agent_id, "name": n, "value": v} for n, v in values.items()],
            pk=("agent_id", "name"),
        )
    return found
