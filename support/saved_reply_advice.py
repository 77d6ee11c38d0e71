"""Which saved reply fits: as FAQs are suggested, with a promise measured on the desk's own history.

The past answers shown beside an inquiry vote with their likeness. How often a vote of such strength
was right is counted on inquiries of the past, looking only at what had been answered before each;
below one in two nothing is suggested.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from sqlite_utils import Database

from . import settings
from .database import write
from .errors import EmptyTextError, IndexServerError
from .inquiries import PastAnswer
from .promise import Promise
from .saved_replies import SavedReply, listed
from .similar import PastInquiries

Progress = Callable[[int, int, str], None]
Band = Literal["likely", "possible"]

POSSIBLE: Final = 0.5  # of suggestions of this strength that were right, at least
FEWEST: Final = 20  # past inquiries that a promise rests on
JUDGED: Final = 400  # newest answered inquiries that promises are counted on
_LATER: Final = 4
STEPS: Final = tuple(round(0.05 * step, 2) for step in range(1, 20))  # strengths, 0.05 to 0.95


@dataclass(frozen=True, slots=True)
class SuggestedReply:
    """A saved reply that fits an inquiry, and why.

    `strength` is the vote's, in [0, 1]; `promise` says how often such a vote was right.
    """

    reply: SavedReply
    band: Band
    strength: float
    promise: Promise
    used_by: tuple[int, ...]  # similar inquiries whose answers hold it, the likest first


def suggest(db: Database, past: Sequence[PastAnswer], *, top_k: int = 3) -> list[SuggestedReply]:
    """Saved replies that fit, best first; none where no promise is good enough.

    Args:
        db: the desk's database.
        past: similar past answers, as the recommender shows them.
        top_k: how many at most.
    """
    table = promises(db)
    if not past or not table:
        return []
    replies = {reply.id: reply for reply in listed(db)}
    likely = settings.load(db).share_right
    uses = _uses(db, past)
    found = []
    for reply_id, strength in strengths(past, uses).items():
        promise = _promise(table, strength)
        if reply_id not in replies or promise is None or promise.share < POSSIBLE:
            continue
        band: Band = "likely" if promise.share >= likely else "possible"
        by = [item.inquiry_id for item in past if reply_id in uses.get(item.inquiry_id, ())]
        found.append(SuggestedReply(replies[reply_id], band, strength, promise, tuple(by)))
    found.sort(key=lambda item: (-item.strength, -item.reply.used, item.reply.id))
    return found[:top_k]


def strengths(past: Sequence[PastAnswer], uses: dict[int, set[int]]) -> dict[int, float]:
    """How strongly past answers vote for each saved reply, in [0, 1].

    The share of likeness that its answers hold, times the likeness of the best of them: all of a
    few weak voices is still weak.

    Args:
        past: similar past answers; those alike that one stands for vote with it.
        uses: the replies that the answers of each inquiry hold.
    """
    whole = sum(max(item.score, 0.0) for item in past)
    votes: dict[int, float] = {}
    best: dict[int, float] = {}
    for item in past:
        score = max(item.score, 0.0)
        group = (item.inquiry_id, *item.alike)
        for reply_id in set().union(*(uses.get(inquiry_id, set()) for inquiry_id in group)):
            held = sum(reply_id in uses.get(inquiry_id, ()) for inquiry_id in group) / len(group)
            votes[reply_id] = votes.get(reply_id, 0.0) + held * score
            best[reply_id] = max(best.get(reply_id, 0.0), score)
    return {
        reply_id: min(vote / whole * best[reply_id], 1.0)
        for reply_id, vote in votes.items()
        if whole > 0
    }


def promises(db: Database) -> list[tuple[float, Promise]]:
    """From which strength on a suggestion was right how often; empty before the first count."""
    rows = db.query("SELECT * FROM saved_reply_promises ORDER BY low")
    return [(row["low"], Promise.of(row["right"], row["n"])) for row in rows]


def measure(
    db: Database,
    similar: PastInquiries,
    *,
    judged: int = JUDGED,
    progress: Progress = lambda done, total, message: None,
) -> int:
    """Count on the desk's history how often votes were right, and keep the promises.

    Args:
        db: the desk's database.
        similar: finds past answers, as the recommender does.
        judged: newest answered inquiries at most.
        progress: told done, total and a message; may raise.

    Returns:
        How many inquiries got a vote, and so were counted.

    Raises:
        IndexServerError: the vector engine is away; the promises stay as they were.
    """
    rules = settings.load(db)
    sql = """
        SELECT id, text, opened_at FROM inquiries
        WHERE answer_id IS NOT NULL AND text <> '' ORDER BY opened_at DESC, id DESC LIMIT ?
    """
    counted: list[tuple[float, bool]] = []
    rows = list(db.query(sql, [judged]))
    for done, row in enumerate(rows, 1):
        try:
            # More than are shown: those that were answered later go.
            look = similar.look_back(
                db, row["text"], top_k=_LATER * rules.similar_k, without=row["id"]
            )
        except EmptyTextError:
            continue
        if look.by_words:  # what is counted then is no promise for when all is well
            raise IndexServerError(look.by_words)
        past = _earlier(db, look.similar, row["opened_at"])[: rules.similar_k]
        votes = strengths(past, _uses(db, past))
        if votes:
            first = max(votes, key=lambda reply_id: (votes[reply_id], -reply_id))
            counted.append((votes[first], first in _used(db, [row["id"]]).get(row["id"], ())))
        progress(done, len(rows), "counting how often saved replies were right")
    with write(db):
        db.execute("DELETE FROM saved_reply_promises")
        for low in STEPS:
            above = [right for strength, right in counted if strength >= low]
            if len(above) >= FEWEST:
                row = {"low": low, "n": len(above), "right": sum(above)}
                version = similar.encoder.version
                db.table("saved_reply_promises").insert(row | {"encoder_version": version})
    return len(counted)


def _earlier(db: Database, past: Sequence[PastAnswer], moment: str) -> list[PastAnswer]:
    """What had been answered before a moment; of those that stand as one, the ones that had."""
    ids = [i for item in past for i in (item.inquiry_id, *item.alike)]
    sql = """
        SELECT id FROM inquiries
        WHERE id IN (SELECT value FROM json_each(?)) AND answered_at < ?
    """
    older = {row[0] for row in db.conn.execute(sql, [json.dumps(ids), moment])}
    found = []
    for item in past:
        group = [i for i in (item.inquiry_id, *item.alike) if i in older]
        if group:
            found.append(replace(item, inquiry_id=group[0], alike=tuple(group[1:])))
    return found


def _promise(table: list[tuple[float, Promise]], strength: float) -> Promise | None:
    """Of the highest step that a strength reaches."""
    reached = [promise for low, promise in table if strength >= low]
    return reached[-1] if reached else None


def _uses(db: Database, past: Sequence[PastAnswer]) -> dict[int, set[int]]:
    return _used(db, [i for item in past for i in (item.inquiry_id, *item.alike)])


def _used(db: Database, inquiry_ids: Sequence[int]) -> dict[int, set[int]]:
    """The saved replies that the answers of some inquiries hold."""
    sql = """
        SELECT inquiry_id, reply_id FROM saved_reply_uses
        WHERE inquiry_id IN (SELECT value FROM json_each(?))
    """
    found: dict[int, set[int]] = {}
    for inquiry_id, reply_id in db.conn.execute(sql, [json.dumps(list(inquiry_ids))]):
        found.setdefault(inquiry_id, set()).add(reply_id)
    return found
