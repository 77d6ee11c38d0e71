"""Listings drawn by chance for people to look at, and what they tell of all the others.

What people report, and what a model flags, is contested: shares that are counted there say nothing
of the marketplace. So a few of all judged listings are drawn at their first verdict, whatever it
says ("all"), and some more of the hidden ones ("hidden"). Only the first stream tells how many
problems there are, and how many normal listings a policy would hide.
"""

import json
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Final

from sqlite_utils import Database

from support.clock import now
from support.database import insert, scalar, write
from support.promise import Promise

from .cases import add_sign, ensure
from .classes import LEGAL, NORMAL, Verdict
from .policy import Rules
from .policy_evidence import BaseRate, Decided, Judged

STREAMS: Final = ("all", "hidden")
_FAIR: Final = SystemRandom()


@dataclass(frozen=True, slots=True)
class Sampled:
    """How far one stream of the sample is."""

    drawn: int
    decided: int  # by people
    problems: int  # of those; what is the people's alone (`legal`) is none


def draw(
    db: Database,
    listing_id: int,
    verdict_id: int,
    rules: Rules,
    *,
    first: bool,
    hidden: bool,
    chance: Random = _FAIR,
) -> tuple[str, ...]:
    """Draw a listing, or not, and ask people to look at it where it was drawn.

    Args:
        db: the desk's database, within a transaction.
        listing_id: the listing.
        verdict_id: the verdict it has just been given.
        rules: the shares.
        first: it is the listing's first verdict. A listing that is judged again has had its chance.
        hidden: the verdict has just hidden it.
        chance: where the numbers come from.

    Returns:
        The streams that it was drawn for.
    """
    drawn = []
    for stream, wanted, share in (
        ("all", first, rules.sample_all),
        ("hidden", hidden, rules.sample_hidden),
    ):
        if not wanted or chance.random() >= share or _drawn(db, listing_id, stream):
            continue
        row = {
            "listing_id": listing_id,
            "verdict_id": verdict_id,
            "stream": stream,
            "share": share,
            "at": now(),
        }
        insert(db, "moderation_samples", row)
        drawn.append(stream)
    if drawn:
        with write(db):
            case = ensure(db, listing_id)
            add_sign(db, case.id, "sample", verdict_id=verdict_id, note=" ".join(drawn))
    return tuple(drawn)


def progress(db: Database, stream: str) -> Sampled:
    """How many of a stream were drawn, decided on, and found to be problems."""
    sql = f"""
        SELECT count(*), count(label), coalesce(sum(label NOT IN (?, ?)), 0)
        FROM (SELECT {TRUTH} AS label FROM moderation_samples s WHERE s.stream = ?)
    """  # noqa: S608 - only a statement of ours is put in
    return Sampled(*db.conn.execute(sql, (NORMAL, LEGAL, stream)).fetchone())


def base_rate(db: Database) -> BaseRate:
    """The marketplace's share of problem listings, counted where chance alone chose them.

    That is the random sample, and what an import says was drawn likewise. All that was drawn
    counts: people decide first on what was reported or flagged, so that those decided on hold too
    many problems. What waits counts as none; the share is too low rather than too high. `legal` is
    no problem here, as it is none that hiding could be right about.
    """
    sql = f"""
        SELECT coalesce(sum(d.label NOT IN (?, ?)), 0), count(*) FROM moderation_cases c
        LEFT JOIN moderation_decisions d ON d.id = {_LAST.format(case="c.id")} WHERE {UNSELECTED}
    """  # noqa: S608 - only statements of ours are put in
    return BaseRate(*db.conn.execute(sql, (NORMAL, LEGAL)).fetchone())


def precision(db: Database) -> Promise:
    """Of hidden listings that were drawn and decided on, how many were problems."""
    found = progress(db, "hidden")
    return Promise.of(found.problems, found.decided)


def decided(db: Database, *, after: str = "") -> list[Decided]:
    """Listings as people have decided on them; those whose words changed since are left out.

    An import brings words and decision together, whenever it was decided.

    Args:
        db: the desk's database.
        after: decisions made later than this only, so that none was used to train or calibrate the
            model that is to be judged by them.
    """
    sql = f"""
        SELECT l.id AS listing_id, l.category, d.label AS truth,
            {UNSELECTED} AS unselected,
            (SELECT count(DISTINCT r.reporter) FROM moderation_reports r
                WHERE r.case_id = c.id AND r.braked = 0 AND r.reporter <> '') AS reporters
        FROM moderation_cases c
        JOIN listings l ON l.id = c.listing_id
        JOIN moderation_decisions d ON d.id = {_LAST.format(case="c.id")}
        WHERE d.at > ? AND d.revision = l.revision
        ORDER BY c.id
    """  # noqa: S608 - only statements of ours are put in
    return [
        Decided(**(row | {"unselected": bool(row["unselected"])})) for row in db.query(sql, [after])
    ]


def judged_rows(db: Database, model: str, *, after: str = "") -> list[Judged]:
    """Listings that people have decided on, with what a model has said of each.

    Those that it did not judge as they are now are left out; see `backtest.judge_again`.

    Args:
        db: the desk's database.
        model: its version.
        after: as in `decided`.
    """
    sql = """
        SELECT v.probabilities FROM moderation_verdicts v JOIN listings l ON l.id = v.listing_id
        WHERE v.listing_id = ? AND v.model = ? AND v.revision = l.revision
        ORDER BY v.id DESC LIMIT 1
    """
    found = []
    for row in decided(db, after=after):
        probabilities = scalar(db, sql, [row.listing_id, model])
        if probabilities is not None:
            found.append(row.judged(Verdict(json.loads(probabilities), model=model)))
    return found


# Whether chance alone chose the listing of a case `c`: by this desk's sample, or before it.
UNSELECTED: Final = """(
    EXISTS (SELECT 1 FROM moderation_samples drawn
        WHERE drawn.listing_id = c.listing_id AND drawn.stream = 'all')
    OR EXISTS (SELECT 1 FROM moderation_decisions past WHERE past.case_id = c.id AND past.drawn = 1)
)"""
# The decision in force on a case, where a person made it and no appeal waits on it.
_LAST: Final = """(
    SELECT last.id FROM moderation_decisions last
    WHERE last.id = (SELECT max(d.id) FROM moderation_decisions d
        WHERE d.case_id = {case} AND d.undone_at IS NULL)
    AND last.made_by <> 'policy'
    AND NOT EXISTS (SELECT 1 FROM appeals a WHERE a.decision_id = last.id AND a.state = 'open')
)"""
TRUTH: Final = f"""(
    SELECT d.label FROM moderation_cases c
    JOIN moderation_decisions d ON d.id = {_LAST.format(case="c.id")}
    WHERE c.listing_id = s.listing_id
)"""  # noqa: S608 - likewise


def _drawn(db: Database, listing_id: int, stream: str) -> bool:
    sql = "SELECT 1 FROM moderation_samples WHERE listing_id = ? AND stream = ?"
    return scalar(db, sql, [listing_id, stream]) is not None
