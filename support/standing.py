"""Whether a release may take the place of the one in force, by what was measured of both.

A worse one is refused unless somebody insists and says why. Knows no files and moves nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from . import publications, replays, settings
from .database import Row, one
from .errors import InputError, WorseError
from .redact import Redactor
from .release import Release
from .text import fold_line

LONGEST = 500  # characters of a reason
INSISTED = "Published with its training, whatever the judgement says."


def why_worse(db: Database, row: Row, live: Release | None) -> str:
    """What speaks against putting a stored release in force; empty where nothing does.

    It was judged worse when it was made; or beside the one in force now, on inquiries that neither
    had learned from, whichever of the two the comparison was made for; or it holds no classifier
    where the one in force does.

    Args:
        db: the desk's database.
        row: its row of `releases`.
        live: the release in force on its line.
    """
    if live is None or live.name == row["name"]:
        return ""
    judged: Mapping[str, Any] = json.loads(row["judgement"])
    if judged.get("worse"):
        return str(judged.get("why") or "It was judged worse when it was made.")
    for found in replays.between(db, row["name"], live.name):
        if found.worse and found.way in replays.PROVING:
            return str(found.figures.get("why") or f"It is worse than {live.name}.")
    if gap := surpassed_by(db, row, live):
        return (
            f"It is worse: {live.name} in force had the right FAQ first more often than it, by "
            f"{gap['mean']:.3f} ({gap['low']:.3f} to {gap['high']:.3f})."
        )
    if "faq" in live.parts and "faq" not in json.loads(row["parts"]):
        return f"It holds no classifier: nothing would be suggested. {row['no_classifier']}".strip()
    return ""


def surpassed_by(db: Database, row: Row, live: Release) -> Mapping[str, float] | None:
    """How much more often the one in force is right first, where its lead is beyond doubt.

    Read from what was measured for the one in force: its replays beside this one, and its own
    judgement where this one was in force when it was made.
    """
    proofs: list[Mapping[str, Any]] = [
        found.figures
        for found in replays.between(db, live.name, row["name"])
        if found.way in replays.PROVING
    ]
    mine = one(db, "SELECT * FROM releases WHERE name = ?", [live.name])
    if mine is not None and publications.before(db, mine) == row["name"]:
        proofs.append(json.loads(mine["judgement"]))
    for figures in proofs:
        gap: Mapping[str, float] | None = figures.get("differences", {}).get("hit@1")
        if gap and gap["low"] > 0:
            return gap
    return None


def allow(db: Database, row: Row, live: Release | None, *, force: bool, reason: str) -> bool:
    """Let a release pass, or refuse it; whether it passes for somebody's insistence alone.

    Raises:
        WorseError: it is worse, and nobody insists.
        InputError: somebody insists without a reason.
    """
    why = why_worse(db, row, live)
    if not why:
        return False
    line = "" if row["line"] == "desk" else f" --line {row['line']}"
    if not force:
        raise WorseError(
            f"{why} {live.name if live else 'It'} stays in force. To put {row['name']} in force "
            f"all the same, say why: faqdesk models publish {row['name']}{line} --force "
            f'--reason "..."'
        )
    if not reason.strip():
        raise InputError(
            f"{why} Say why {row['name']} shall be in force all the same: the reason is kept with "
            f"it (--reason)."
        )
    return True


def masked(db: Database, reason: str) -> str:
    """A reason as it may be kept: one line, without personal data.

    Raises:
        InputError: it is longer than `LONGEST` characters.
    """
    words = fold_line(reason)
    if len(words) > LONGEST:
        raise InputError(f"The reason is {len(words)} characters long; {LONGEST} are the most.")
    return Redactor(settings.load(db).allow).redact(words).text
