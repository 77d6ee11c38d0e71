"""Puts conversations together whose pieces stand anywhere in any number of files.

The pieces wait in a temporary SQLite file that has no name: it goes with the process, however that
ends, and memory stays flat however large the export is. Nothing in it is masked.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from .conversation import RawConversation, RawMessage

_TABLES = """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, version TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE messages (
        conversation TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL, seq INTEGER NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY (conversation, id)
    ) WITHOUT ROWID;
    CREATE TABLE people (
        id TEXT PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE skipped (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE threads (id TEXT PRIMARY KEY, thread TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX threads_thread ON threads(thread);
"""
CACHE_KIB = 16 << 10  # what SQLite keeps of the pieces in memory

# Roles, texts and the like that only a whole conversation tells.
Settle = Callable[[RawConversation, "Spool"], None]


class Spool:
    """The pieces of one import's conversations."""

    def __init__(self) -> None:
        """Open an empty one."""
        self._db = sqlite3.connect("", isolation_level=None)
        # Off: what is lost when the power goes is read again from the files.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")
        self._seq = 0
        self.repeats = 0

    def __len__(self) -> int:
        """How many conversations there are."""
        return int(self._db.execute("SELECT count(*) FROM conversations").fetchone()[0])

    def count_messages(self) -> int:
        """How many messages there are."""
        return int(self._db.execute("SELECT count(*) FROM messages").fetchone()[0])

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    def conversation(self, raw: RawConversation, *, version: str = "", again: bool = True) -> None:
        """Keep a conversation; of one that comes twice, that with the later `version`.

        Its messages are kept too. `again`: that it comes twice is a repeat.
        """
        messages, raw.messages = raw.messages, []
        kept = self._db.execute(
            "SELECT version FROM conversations WHERE id = ?", [raw.source_id]
        ).fetchone()
        self.repeats += again and kept is not None
        if kept is None or version >= kept[0]:
            self._seq += 1
            self._db.execute(
                "INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?)",
                [raw.source_id, version, self._seq, _packed(raw)],
            )
        for message in messages:
            self.message(raw.source_id, message)

    def knows(self, conversation: str) -> bool:
        """Whether a conversation was kept."""
        sql = "SELECT 1 FROM conversations WHERE id = ?"
        return self._db.execute(sql, [conversation]).fetchone() is not None

    def message(self, conversation: str, message: RawMessage) -> None:
        """Keep a message of a conversation, wherever that stands; of two with one id, the last."""
        self._seq += 1
        both = [conversation, message.source_id]
        known = self._db.execute(
            "SELECT seq FROM messages WHERE conversation = ? AND id = ?", both
        ).fetchone()
        self.repeats += known is not None
        self._db.execute(
            "INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?)",
            [*both, message.at, known[0] if known else self._seq, _packed(message)],
        )

    def skip(self, conversation: str) -> None:
        """Know that a conversation is left out on purpose."""
        self._db.execute("INSERT OR IGNORE INTO skipped VALUES (?)", [conversation])

    def person(self, person_id: str, role: str, name: str = "") -> None:
        """Keep whether somebody is a customer or an agent, and what an agent is called."""
        kept = name if role == "agent" else ""
        self._db.execute("INSERT OR REPLACE INTO people VALUES (?, ?, ?)", [person_id, role, kept])

    def person_of(self, person_id: str) -> tuple[str, str]:
        """Role and name, as `person` said; '' of somebody unknown."""
        sql = "SELECT role, name FROM people WHERE id = ?"
        row = self._db.execute(sql, [person_id]).fetchone()
        return (row[0], row[1]) if row else ("", "")

    def thread(self, ids: list[str]) -> str:
        """The conversation that messages belong to which name each other.

        Those that were taken for two, and are one, become one.

        Args:
            ids: of a message and of those that it answers, the oldest first.
        """
        marks = ",".join("?" * len(ids))
        sql = f"SELECT id, thread FROM threads WHERE id IN ({marks})"  # noqa: S608 - marks alone
        known = dict(self._db.execute(sql, ids).fetchall())
        thread = next((known[name] for name in ids if name in known), ids[0])
        for other in set(known.values()) - {thread}:
            self._db.execute("UPDATE threads SET thread = ? WHERE thread = ?", [thread, other])
            self._db.execute(
                "UPDATE OR REPLACE messages SET conversation = ? WHERE conversation = ?",
                [thread, other],
            )
            self._db.execute(
                "UPDATE OR REPLACE conversations SET id = ? WHERE id = ?", [thread, other]
            )
        for name in ids:
            if name not in known:
                self._db.execute("INSERT OR IGNORE INTO threads VALUES (?, ?)", [name, thread])
        return thread

    def known_thread(self, name: str) -> str:
        """The conversation of a message, or of any other name given to `thread`; '' of none."""
        row = self._db.execute("SELECT thread FROM threads WHERE id = ?", [name]).fetchone()
        return row[0] if row else ""

    def rename_thread(self, name: str, thread: str) -> None:
        """Have a name stand for a conversation, whatever it stood for."""
        self._db.execute("INSERT OR REPLACE INTO threads VALUES (?, ?)", [name, thread])

    def last_at(self, thread: str) -> str:
        """When the newest message of a conversation was written; '' of none."""
        sql = "SELECT max(at) FROM messages WHERE conversation = ?"
        row = self._db.execute(sql, [thread]).fetchone()
        return row[0] or ""

    def conversations(self) -> Iterator[RawConversation]:
        """Every conversation in the order of the files, its messages oldest first."""
        sql = "SELECT id, body FROM conversations ORDER BY seq"
        for name, body in self._db.execute(sql):
            raw = RawConversation(**json.loads(body))
            raw.source_id = name
            sql = "SELECT body FROM messages WHERE conversation = ? ORDER BY at, seq"
            rows = self._db.execute(sql, [name])
            raw.messages = [_message(json.loads(row[0])) for row in rows]
            yield raw

    def orphans(self) -> Iterator[tuple[str, int]]:
        """Messages whose conversation is not in the files: its id, and how many they are."""
        yield from self._db.execute(
            "SELECT conversation, count(*) FROM messages WHERE conversation NOT IN "
            "(SELECT id FROM conversations UNION SELECT id FROM skipped) GROUP BY conversation"
        )


def _packed(item: RawConversation | RawMessage) -> str:
    values = {name: getattr(item, name) for name in type(item).__slots__ if name != "messages"}
    return json.dumps(values, ensure_ascii=False)


def _message(values: dict[str, Any]) -> RawMessage:
    values["attachments"] = [tuple(pair) for pair in values["attachments"]]
    return RawMessage(**values)
