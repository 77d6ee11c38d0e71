"""What quotes inquiries beside their own rows: gaps, the map, pairs of FAQs, the sidebar.

Called before the inquiries themselves go. A desk's copy of an earlier faqdesk lacks some of the
tables, and has nothing to forget in them.
"""

# ruff: noqa: S608 - fixed words alone are put together

import json
from typing import Final

import numpy as np
from sqlite_utils import Database

from .database import Row
from .text import normalize

FEWEST: Final = 3  # inquiries of a gap: what fewer have in common may be one person's
IDS: Final = "(SELECT value FROM json_each(:ids))"

# What the sidebar asked for conversations that are inquiries of the desk by now.
_SHOWN: Final = f"""(
    SELECT s.suggestion_id FROM embed_shown s JOIN inquiries i ON i.source = s.source
        AND (i.source_id = s.conversation
            OR (i.source_id > s.conversation || '#' AND i.source_id < s.conversation || '$'))
    WHERE i.id IN {IDS})"""
_STEPS: Final = (
    f"DELETE FROM suggestion_events WHERE suggestion_id IN {_SHOWN}",
    f"DELETE FROM suggestion_faqs WHERE suggestion_id IN {_SHOWN}",
    f"DELETE FROM misses WHERE suggestion_id IN {_SHOWN}",
    f"DELETE FROM suggestions WHERE id IN {_SHOWN}",
    # Whose answer was inserted elsewhere: its number may be another's one day.
    f"UPDATE suggestion_events SET past_id = NULL WHERE past_id IN {IDS}",
)


def tables(db: Database) -> frozenset[str]:
    """The tables that a database has."""
    sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return frozenset(row[0] for row in db.conn.execute(sql))


def forget(db: Database, inquiry_ids: list[int]) -> None:
    """Take what is quoted of inquiries out of other rows, in the caller's transaction."""
    there, ids = tables(db), json.dumps(inquiry_ids)
    if "embed_shown" in there:
        for step in _STEPS:
            db.execute(step, {"ids": ids})
    if "gap_inquiries" in there:
        _gaps(db, ids)
        _pairs(db, frozenset(inquiry_ids))
        _maps(db, inquiry_ids)


def _gaps(db: Database, ids: str) -> None:
    """Cut out of gaps what they say in the words of one of the inquiries."""
    sql = f"""
        SELECT * FROM gaps WHERE id IN
            (SELECT gap_id FROM gap_inquiries WHERE inquiry_id IN {IDS})
    """
    for gap in list(db.query(sql, {"ids": ids})):
        sql = f"""
            SELECT count(*) FROM gap_inquiries WHERE gap_id = :gap AND inquiry_id NOT IN {IDS}
        """
        left = db.conn.execute(sql, {"gap": gap["id"], "ids": ids}).fetchone()[0]
        if left < FEWEST:
            db.execute("DELETE FROM gaps WHERE id = ?", [gap["id"]])
            continue
        said = _said(db, gap["id"], ids)
        change: Row = {}
        if any(normalize(gap["title"].rstrip("…")) in words for words in said):
            change["title"] = " ".join(json.loads(gap["words"]))
        if any(normalize(gap["body"]) in words for words in said):
            change["body"] = ""
        if change:
            db.table("gaps").update(gap["id"], change)


def _said(db: Database, gap_id: int, ids: str) -> list[str]:
    """What was asked and answered in those of a gap's inquiries that go, each folded."""
    mine = f"""
        (SELECT inquiry_id FROM gap_inquiries WHERE gap_id = :gap AND inquiry_id IN {IDS})
    """
    sql = f"""
        SELECT text FROM inquiries WHERE id IN {mine}
        UNION ALL SELECT text FROM messages WHERE inquiry_id IN {mine}
    """
    return [normalize(row["text"]) for row in db.query(sql, {"gap": gap_id, "ids": ids})]


def _pairs(db: Database, gone: frozenset[int]) -> None:
    for row in list(db.query("SELECT a, b, examples FROM faq_pairs")):
        examples = json.loads(row["examples"])
        kept = [item for item in examples if not gone & set(item[:2])]
        if len(kept) < len(examples):
            db.table("faq_pairs").update((row["a"], row["b"]), {"examples": json.dumps(kept)})


def _maps(db: Database, inquiry_ids: list[int]) -> None:
    for row in list(db.query("SELECT * FROM maps")):
        ids = np.frombuffer(row["ids"], "<i8")
        keep = ~np.isin(ids, inquiry_ids)
        if not keep.all():
            points = np.frombuffer(row["points"], "<f4").reshape(-1, 2)
            change = {"ids": ids[keep].tobytes(), "points": points[keep].tobytes()}
            db.table("maps").update(row["encoder_version"], change)
