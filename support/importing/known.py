"""What the desk has already of conversations that come again, whichever way they came first.

Webhooks begin a new inquiry for what is asked after an answer ("5158#14"), where an export has one
conversation: its messages go where the first ones went. A message is known by its id. Where one of
both ways has no id for it, by who wrote what when: a workbook's messages, what a ticket begins with
(told as its description and as its first comment), an answer that this desk sent itself.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from ..database import Row, scalar
from ..delivery_echo import late_enough, same_words
from ..seal import Seal
from .conversation import RawMessage
from .ids import DESCRIPTION, is_hashed
from .prepare import Prepared, PreparedMessage, question


@dataclass(slots=True)
class Part:
    """What of a conversation belongs to one inquiry.

    `inquiry_id`: None of a new one. `stored`: the ids here of those of its messages that are known,
    by the source's. `others`: whether the inquiry holds messages that the conversation has not.
    """

    inquiry_id: int | None
    item: Prepared
    fresh: list[PreparedMessage]
    stored: dict[str, int]
    others: bool = False


def parts(db: Database, seal: Seal, source: str, batch: Sequence[Prepared]) -> list[Part]:
    """Tell what of some conversations is new, and which inquiries it belongs to.

    Args:
        db: the desk's database.
        seal: the desk's key.
        source: the name of where they come from.
        batch: conversations, each source id once.
    """
    names = json.dumps([item.raw.source_id for item in batch])
    sql = """
        SELECT k.value AS name, i.id AS id, i.opened_at AS opened_at FROM json_each(:names) k
        JOIN inquiries i ON i.source = :source AND i.source_id = k.value
        UNION ALL
        SELECT k.value AS name, i.id AS id, i.opened_at AS opened_at FROM json_each(:names) k
        JOIN inquiries i ON i.source = :source AND i.import_id IS NULL
            AND i.source_id > k.value || '#' AND i.source_id < k.value || '$'
        ORDER BY opened_at, 2
    """
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in db.query(sql, {"names": names, "source": source}):
        rows[row["name"]].append(row)
    said = _said(db, [row["id"] for found in rows.values() for row in found])
    out: list[Part] = []
    for item in batch:
        found = rows.get(item.raw.source_id)
        if not found:
            out.append(Part(None, item, item.messages, {}))
            continue
        out += _divided(item, found, said, seal)
    return out


def twin(db: Database, inquiry_ids: Sequence[int], message: RawMessage, text: str) -> int | None:
    """A message of some inquiries that came without an id of its own; None where there is none.

    Args:
        db: the desk's database.
        inquiry_ids: where it may stand.
        message: one that came now: who wrote it, when, and what its source calls it.
        text: its words, masked.
    """
    # A Message-ID: two mails are two, whatever they say.
    if is_hashed(message.source_id) or message.source_id.startswith("<"):
        return None
    sql = """
        SELECT id, source_id FROM messages WHERE role = ? AND at = ? AND text = ?
        AND inquiry_id IN (SELECT value FROM json_each(?))
    """
    found = db.query(sql, [message.role, message.at, text, json.dumps(list(inquiry_ids))])
    for row in found:
        if is_hashed(row["source_id"]):
            return int(row["id"])
    return None


def _said(db: Database, inquiry_ids: list[int]) -> dict[int, list[Row]]:
    """The messages of some inquiries, oldest first, with the ids that answers got elsewhere."""
    sql = """
        SELECT m.id, m.inquiry_id, m.source_id, m.role, m.at, m.text, m.agent_id,
            (SELECT group_concat(o.external_id, char(10)) FROM outbox o
             WHERE o.message_id = m.id AND o.external_id <> '') AS outside
        FROM messages m WHERE m.inquiry_id IN (SELECT value FROM json_each(?)) ORDER BY m.at, m.id
    """
    said: dict[int, list[Row]] = defaultdict(list)
    for row in db.query(sql, [json.dumps(inquiry_ids)]):
        said[row["inquiry_id"]].append(row)
    return said


def _divided(item: Prepared, rows: list[Row], said: dict[int, list[Row]], seal: Seal) -> list[Part]:
    left = {row["id"]: list(said[row["id"]]) for row in rows}
    held: dict[int, list[PreparedMessage]] = {row["id"]: [] for row in rows}
    fresh: dict[int, list[PreparedMessage]] = {row["id"]: [] for row in rows}
    stored: dict[int, dict[str, int]] = {row["id"]: {} for row in rows}
    by_id = {m["source_id"]: m for row in rows for m in said[row["id"]]}
    unknown: list[tuple[int, PreparedMessage]] = []
    where: dict[int, int] = {}  # place of a message to its inquiry
    for place, message in enumerate(item.messages):
        known = by_id.get(message.raw.source_id)
        if known is None:
            unknown.append((place, message))
            continue
        where[place] = known["inquiry_id"]
        stored[known["inquiry_id"]][message.raw.source_id] = known["id"]
        left[known["inquiry_id"]].remove(known)
    begins = next((m for m in item.messages if m.raw.role == "customer"), None)
    for place, message in unknown:
        known = next(
            (
                row
                for rows_left in left.values()
                for row in rows_left
                if _same(message, row, seal, begins=message is begins)
            ),
            None,
        )
        if known is not None:
            where[place] = known["inquiry_id"]
            stored[known["inquiry_id"]][message.raw.source_id] = known["id"]
            left[known["inquiry_id"]].remove(known)
            continue
        # To the last inquiry that was there when it was written.
        before = [row["id"] for row in rows if row["opened_at"] <= message.raw.at]
        where[place] = before[-1] if before else rows[0]["id"]
        fresh[where[place]].append(message)
    for place, message in enumerate(item.messages):
        held[where[place]].append(message)
    return [
        Part(
            row["id"],
            _narrowed(item, held[row["id"]], whole=len(rows) == 1, last=row is rows[-1]),
            fresh[row["id"]],
            stored[row["id"]],
            others=bool(left[row["id"]]),
        )
        for row in rows
        if held[row["id"]] or len(rows) == 1
    ]


def _narrowed(
    item: Prepared, messages: list[PreparedMessage], *, whole: bool, last: bool
) -> Prepared:
    """A conversation with some of its messages alone; its status is that of the last ones."""
    if whole:
        return item
    text = question(item.subject, ((m.raw.role, m.raw.public, m.text) for m in messages))
    raw = item.raw if last else replace(item.raw, status="")
    return replace(item, raw=raw, text=text, messages=messages)


def _same(message: PreparedMessage, row: Row, seal: Seal, *, begins: bool) -> bool:
    """Whether a message is one that stands here under another id."""
    raw = message.raw
    if raw.role != row["role"]:
        return False
    if row["agent_id"] is not None:
        for name in (row["outside"] or "").split("\n"):
            if name and raw.source_id in (name, seal.fingerprint(name)):
                return True
        return late_enough(row["at"], raw.at) and same_words(row["text"], message.text)
    if row["source_id"].endswith(DESCRIPTION):
        return begins and (row["at"] == raw.at or same_words(row["text"], message.text))
    if raw.source_id.endswith(DESCRIPTION):
        return raw.at == row["at"] or same_words(row["text"], message.text)
    if is_hashed(raw.source_id) != is_hashed(row["source_id"]):
        return bool(row["at"] == raw.at) and same_words(row["text"], message.text)
    return False


def asks_on(db: Database, inquiry_id: int) -> bool:
    """Whether the newest public words of an inquiry, whoever told of them, are the customer's.

    Words in those joined to it are its own.
    """
    sql = """
        SELECT role FROM messages WHERE public AND role IN ('customer', 'agent') AND inquiry_id IN
            (SELECT id FROM inquiries WHERE id = ?1 OR joined_to = ?1)
        ORDER BY at DESC, id DESC LIMIT 1
    """
    return bool(scalar(db, sql, [inquiry_id]) == "customer")
