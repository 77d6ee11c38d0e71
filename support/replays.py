"""What two releases said of the same answered inquiries, kept for people to read.

Made by `train.replay` and by each training's judgement; here it is stored, counted and listed. Rows
of an inquiry that is deleted go with it, the figures stay.
"""

# ruff: noqa: S608 - fixed words alone are put together

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import Row, insert, one, write
from .errors import NotFoundError

# refitted: the recipes, fitted again on what was known before a moment; unseen: the models
# themselves, on what was asked since both were made; learned: on what they have learned from.
Way = Literal["refitted", "unseen", "learned"]
Outcome = Literal["won", "lost", "band", "other", "same"]
OUTCOMES: Final = ("won", "lost", "band", "other", "same")
PROVING: Final = ("refitted", "unseen")  # neither had learned from what it was asked


@dataclass(frozen=True, slots=True)
class Told:
    """What one release says of an inquiry: its first FAQ, and how it would be shown."""

    slug: str
    band: str  # likely, possible or silent
    probability: float
    right: bool  # it is among those that were sent


@dataclass(frozen=True, slots=True)
class Pair:
    """What both say of one inquiry."""

    inquiry_id: int
    ours: Told
    theirs: Told

    @property
    def outcome(self) -> Outcome:
        """Who is right first; where both or neither is, what else differs."""
        if self.ours.right != self.theirs.right:
            return "won" if self.ours.right else "lost"
        if self.ours.band != self.theirs.band:
            return "band"
        return "same" if self.ours.slug == self.theirs.slug else "other"


@dataclass(frozen=True, slots=True)
class Replay:
    """Two releases on the same inquiries; `counts` are those that are still there, by outcome."""

    id: int
    release: str
    against: str
    way: Way
    since: str
    figures: Mapping[str, Any]  # as of a judgement's group, with `worse` and `why`
    worse: bool
    at: str
    made_by: str
    counts: Mapping[str, int]

    @property
    def n(self) -> int:
        """The inquiries that can still be read."""
        return sum(self.counts.values())

    @property
    def differing(self) -> int:
        """Those on which the two differ in anything that is seen."""
        return self.n - self.counts.get("same", 0)


@dataclass(frozen=True, slots=True)
class Shown:
    """An inquiry on which two releases differ."""

    pair: Pair
    text: str
    asked_at: str
    sent: tuple[str, ...]  # the FAQs of its answer


def keep(
    db: Database,
    actor: Actor,
    *,
    release: str,
    against: str,
    way: Way,
    since: str,
    figures: Mapping[str, Any],
    worse: bool,
    pairs: Iterable[Pair],
) -> int:
    """Store a replay, in place of an older one of the same two and the same way: its id."""
    with write(db):
        named = [release, against, way]
        db.execute("DELETE FROM replays WHERE release = ? AND against = ? AND way = ?", named)
        row = {
            "release": release,
            "against": against,
            "way": way,
            "since": since,
            "figures": json.dumps(figures, ensure_ascii=False),
            "worse": int(worse),
            "at": now(),
            "made_by": actor.name,
        }
        replay_id = insert(db, "replays", row)
        # An inquiry may have been deleted while the models were asked.
        sql = f"""
            INSERT INTO replay_answers
            SELECT {", ".join("?" * 11)} WHERE EXISTS (SELECT 1 FROM inquiries WHERE id = ?)
        """
        db.conn.executemany(sql, [(*_values(replay_id, pair), pair.inquiry_id) for pair in pairs])
        detail = {"against": against, "way": way, "worse": worse}
        record(db, actor, "release.replayed", f"release:{release}", detail=detail)
    return replay_id


def listed(db: Database, release: str) -> list[Replay]:
    """The replays of a release, newest first."""
    sql = "SELECT * FROM replays WHERE release = ? ORDER BY id DESC"
    return [_replay(db, row) for row in db.query(sql, [release])]


def get(db: Database, replay_id: int) -> Replay:
    """One replay.

    Raises:
        NotFoundError: there is none, or a newer one took its place.
    """
    row = one(db, "SELECT * FROM replays WHERE id = ?", [replay_id])
    if row is None:
        raise NotFoundError(f"No replay {replay_id}; a newer one may have taken its place.")
    return _replay(db, row)


def between(db: Database, release: str, against: str) -> list[Replay]:
    """The replays of one release against another, those that prove something first."""
    found = [item for item in listed(db, release) if item.against == against]
    return sorted(found, key=lambda item: item.way not in PROVING)


def differing(
    db: Database,
    replay_id: int,
    *,
    outcome: str = "",
    slug: str = "",
    limit: int,
    offset: int = 0,
) -> list[Shown]:
    """The inquiries on which the two differ: first those one alone has right, newest first.

    Args:
        db: the desk's database.
        replay_id: which replay.
        outcome: one of `OUTCOMES`; empty: all but `same`.
        slug: an FAQ that one of them ranked first or that was sent; empty: any.
        limit: how many at most.
        offset: how many to pass over.
    """
    sql = f"""
        SELECT replay_answers.*, inquiries.text, inquiries.opened_at,
            (SELECT group_concat(slug, char(10)) FROM labels WHERE inquiry_id = inquiries.id) sent
        FROM replay_answers JOIN inquiries ON inquiries.id = inquiry_id
        WHERE replay_id = :id AND {"outcome = :outcome" if outcome else "outcome <> 'same'"}
        {_ABOUT if slug else ""}
        ORDER BY outcome NOT IN ('won', 'lost'), inquiries.opened_at DESC, inquiries.id DESC
        LIMIT :limit OFFSET :offset
    """
    asked = {"id": replay_id, "outcome": outcome, "slug": slug, "limit": limit, "offset": offset}
    return [
        Shown(_pair(row), row["text"], row["opened_at"], tuple((row["sent"] or "").split()))
        for row in db.query(sql, asked)
    ]


def slugs(db: Database, replay_id: int) -> list[str]:
    """The FAQs that one of the two ranked first where they differ, most often first."""
    sql = """
        SELECT slug FROM (
            SELECT ours AS slug, inquiry_id FROM replay_answers
            WHERE replay_id = :id AND outcome <> 'same'
            UNION SELECT theirs, inquiry_id FROM replay_answers
            WHERE replay_id = :id AND outcome <> 'same')
        GROUP BY slug ORDER BY count(*) DESC, slug
    """
    return [row["slug"] for row in db.query(sql, {"id": replay_id})]


_ABOUT = """AND (:slug IN (ours, theirs) OR EXISTS
    (SELECT 1 FROM labels WHERE labels.inquiry_id = inquiries.id AND labels.slug = :slug))"""


def _values(replay_id: int, pair: Pair) -> tuple[object, ...]:
    told = (
        value
        for side in (pair.ours, pair.theirs)
        for value in (side.slug, side.band, side.probability, int(side.right))
    )
    return (replay_id, pair.inquiry_id, pair.outcome, *told)


def _pair(row: Row) -> Pair:
    ours, theirs = (
        Told(row[side], row[f"{side}_band"], row[f"{side}_probability"], bool(row[f"{side}_right"]))
        for side in ("ours", "theirs")
    )
    return Pair(row["inquiry_id"], ours, theirs)


def _replay(db: Database, row: Row) -> Replay:
    sql = "SELECT outcome, count(*) AS n FROM replay_answers WHERE replay_id = ? GROUP BY outcome"
    found = {item["outcome"]: item["n"] for item in db.query(sql, [row["id"]])}
    return Replay(
        id=row["id"],
        release=row["release"],
        against=row["against"],
        way=row["way"],
        since=row["since"],
        figures=json.loads(row["figures"]),
        worse=bool(row["worse"]),
        at=row["at"],
        made_by=row["made_by"],
        counts={name: found.get(name, 0) for name in OUTCOMES},
    )
