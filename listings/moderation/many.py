"""Many cases decided alike: first counted, so that what is confirmed is what is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.audit import Actor
from support.database import write
from support.errors import ConflictError, NotFoundError

from ..stored import places
from .case_queue import Cases, held_by_others, waiting
from .cases import APPEALED, legal_among
from .decisions import decide
from .history import stamps

AT_ONCE: Final = 500  # cases, within one transaction


@dataclass(frozen=True, slots=True)
class Counted:
    """Which of some cases may be decided at once, and why the others may not."""

    cases: tuple[int, ...]
    closed: int  # settled by now, or gone
    held: int  # on somebody else's screen
    appealed: int  # an appeal wants to be read
    legal: int  # reported or judged as such: looked at one by one
    changed: int = 0  # something new came to them since they were listed


def matching(db: Database, agent_id: int, cases: Cases) -> list[int]:
    """The cases of a part of the queue, as far as they are decided at once."""
    return [case.id for case in waiting(db, agent_id, cases, limit=AT_ONCE)]


def counted(
    db: Database,
    agent_id: int,
    case_ids: Sequence[int],
    *,
    seen: Mapping[int, str] | None = None,
) -> Counted:
    """Which of some cases a person may decide at once, in the order given.

    Args:
        db: the desk's database.
        agent_id: the person.
        case_ids: the cases.
        seen: `history.stamps` of what the person has seen of them; the others are not compared.
    """
    ids = list(dict.fromkeys(case_ids))[:AT_ONCE]
    marks = places(ids)

    def among(sql: str) -> set[int]:
        return {row[0] for row in db.conn.execute(f"{sql} IN ({marks})", ids)}

    is_open = among("SELECT id FROM moderation_cases WHERE state = 'open' AND id")
    held = held_by_others(db, agent_id, ids) & is_open
    appealed = among(f"{APPEALED.replace('a.id', 'd.case_id', 1)} AND d.case_id") - held
    legal = (legal_among(db, ids) & is_open) - held - appealed
    rest = is_open - held - appealed - legal
    now = stamps(db, ids)
    changed = {key for key in rest if (seen or {}).get(key, now[key]) != now[key]}
    return Counted(
        tuple(key for key in ids if key in rest - changed),
        closed=len(ids) - len(is_open),
        held=len(held),
        appealed=len(appealed),
        legal=len(legal),
        changed=len(changed),
    )


def decide_many(
    db: Database,
    actor: Actor,
    agent_id: int,
    seen: Mapping[int, str],
    *,
    label: str,
    reason: str,
    together: str,
) -> list[int]:
    """Decide on many cases alike; one undo takes all of them back.

    Cases to which anything came since they were seen are passed over; so are those that are on
    another's screen or wait for an appeal, and what may be a crime, which wants to be looked at
    one by one.

    Args:
        db: the desk's database.
        actor: who acts.
        agent_id: the same person, as an id.
        seen: the cases, each with its `history.stamp` when the person saw it.
        label: what all of the listings were found to be.
        reason: why; masked.
        together: the name of this act, for its undo.

    Returns:
        The cases that were decided.

    Raises:
        InputError: there is no reason or no such class.
    """
    done = []
    with write(db):
        now = stamps(db, list(seen))
        legal = legal_among(db, list(seen))
        for case_id, stamp in seen.items():
            if case_id in legal or now.get(case_id) != stamp:
                continue
            try:
                decide(db, actor, agent_id, case_id, label=label, reason=reason, together=together)
            except (ConflictError, NotFoundError):
                continue
            done.append(case_id)
    return done
