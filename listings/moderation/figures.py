"""How moderation does over time: automatic and by hand, how precise, how kind to the normal.

Precision and the recall of normal listings are counted in the random sample alone, each with its
exact interval; what was contested is counted beside them, and tells nothing of all the others. A
verdict in the shadow hid nothing: what it would have done `figures_now.beside` counts.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from support.promise import Promise

from .classes import HIDE, LEGAL, NORMAL, PASS
from .policy_evidence import is_problem
from .sample import TRUTH


@dataclass(frozen=True, slots=True)
class Week:
    """One week, by the day of its Monday."""

    monday: str
    automatic: int  # decisions that the machine made
    by_hand: int
    precision: Promise  # of hidden listings drawn in it: problems
    normal_not_hidden: Promise  # of normal listings drawn in it that a policy in force judged
    normal_not_flagged: Promise


@dataclass(frozen=True, slots=True)
class Contested:
    """What became of the decisions of one class, or of one person."""

    made: int
    undone: int
    appealed: int
    overturned: int


_MONDAY: Final = "date({at}, 'weekday 0', '-6 days')"


def weeks(db: Database, *, since: str = "") -> list[Week]:
    """Every week in which anything was decided or drawn, the oldest first."""
    made = f"""
        SELECT {_MONDAY.format(at="at")} AS monday, made_by FROM moderation_decisions
        WHERE made_by <> 'import' AND undone_at IS NULL AND at >= ?
    """  # noqa: S608 - only statements of ours are put in
    drawn = f"""
        SELECT {_MONDAY.format(at="s.at")} AS monday, s.stream, v.action, {TRUTH} AS truth
        FROM moderation_samples s JOIN moderation_verdicts v ON v.id = s.verdict_id
        WHERE s.at >= ? AND v.mode = 'live'
    """  # noqa: S608 - likewise
    decisions = Counter((r["monday"], r["made_by"]) for r in db.query(made, [since]))
    sampled = [row for row in db.query(drawn, [since]) if row["truth"] is not None]
    mondays = {monday for monday, _ in decisions} | {row["monday"] for row in sampled}
    found = []
    for monday in sorted(mondays):
        mine = [row for row in sampled if row["monday"] == monday]
        hidden = [is_problem(row["truth"]) for row in mine if row["stream"] == "hidden"]
        normal = [
            row["action"] for row in mine if row["stream"] == "all" and row["truth"] == NORMAL
        ]
        found.append(
            Week(
                monday=monday,
                automatic=decisions[monday, "policy"],
                by_hand=decisions[monday, "person"],
                precision=Promise.of(sum(hidden), len(hidden)),
                normal_not_hidden=Promise.of(len(normal) - normal.count(HIDE), len(normal)),
                normal_not_flagged=Promise.of(normal.count(PASS), len(normal)),
            )
        )
    return found


def precision_by_class(db: Database, *, since: str = "") -> dict[str, Promise]:
    """Of hidden listings that chance drew, how many were problems, by the class hidden for."""
    sql = f"""
        SELECT label, count(*), sum(truth NOT IN (?, ?)) FROM (
            SELECT v.label, {TRUTH} AS truth FROM moderation_samples s
            JOIN moderation_verdicts v ON v.id = s.verdict_id
            WHERE s.stream = 'hidden' AND s.at >= ?
        ) WHERE truth IS NOT NULL GROUP BY label ORDER BY label
    """  # noqa: S608 - only a statement of ours is put in
    rows = db.conn.execute(sql, (NORMAL, LEGAL, since)).fetchall()
    return {label: Promise.of(right, n) for label, n, right in rows}


def by_class(db: Database, *, since: str = "") -> dict[tuple[str, str], Contested]:
    """What became of decisions, by class and by who made them (person or policy)."""
    return {(row[0], row[1]): Contested(*row[2:]) for row in _contested(db, "d.label", since)}


def by_moderator(db: Database, *, since: str = "") -> dict[int, Contested]:
    """What became of people's decisions, by the person's id."""
    rows = _contested(db, "d.agent_id", since)
    return {row[0]: Contested(*row[2:]) for row in rows if row[1] == "person"}


def _contested(db: Database, what: str, since: str) -> list[tuple[Any, ...]]:
    sql = f"""
        SELECT {what}, d.made_by, count(*), sum(d.undone_at IS NOT NULL), count(a.id),
            coalesce(sum(a.state = 'overturned'), 0)
        FROM moderation_decisions d LEFT JOIN appeals a ON a.decision_id = d.id
        WHERE d.made_by <> 'import' AND d.at >= ? GROUP BY 1, 2 ORDER BY 1, 2
    """  # noqa: S608 - only columns of ours are put in
    return list(db.conn.execute(sql, (since,)))
