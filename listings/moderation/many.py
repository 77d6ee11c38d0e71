"""Many cases decided alike: first counted, so that what is confirmed is what is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from ..stored import places
from .case_queue import Cases, held_by_others, waiting
from .cases import APPEALED
from .classes import LEGAL

AT_ONCE: Final = 500  # cases, within one transaction


@dataclass(frozen=True, slots=True)
class Counted:
    """Which of some cases may be decided at once, and why the others may not."""

    cases: tuple[int, ...]
    closed: int  # settled by now, or gone
    held: int  # on somebody else's screen
    appealed: int  # an appeal wants to be read
    legal: int  # reported as such: looked at one by one


def matching(db: Database, agent_id: int, cases: Cases) -> list[int]:
    """The cases of a part of the queue, as far as they are decided at once."""
    return [case.id for case in waiting(db, agent_id, cases, limit=AT_ONCE)]


def counted(db: Database, agent_id: int, case_ids: Sequence[int]) -> Counted:
    """Which of some cases a person may decide at once, in the order given."""
    ids = list(dict.fromkeys(case_ids))[:AT_ONCE]
    marks = places(ids)

    def among(sql: str) -> set[int]:
        return {row[0] for row in db.conn.execute(f"{sql} IN ({marks})", ids)}

    is_open = among("SELECT id FROM moderation_cases WHERE state = 'open' AND id")
    held = held_by_others(db, agent_id, ids) & is_open
    appealed = among(f"{APPEALED.replace('a.id', 'd.case_id', 1)} AND d.case_id") - held
    legal = among(
        f"SELECT case_id FROM moderation_reports WHERE label = '{LEGAL}' "  # noqa: S608 - our own
        "AND closed_by IS NULL AND case_id"
    )
    legal -= held | appealed
    able = tuple(key for key in ids if key in is_open - held - appealed - legal)
    return Counted(able, len(ids) - len(is_open), len(held), len(appealed), len(legal))
