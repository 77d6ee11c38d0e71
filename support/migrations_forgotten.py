"""The table of those whom the desk was told to forget, as keyed hashes.

Only the statements; `migrations` runs them as one of its steps.
"""

from typing import Final

FORGOTTEN: Final = """
    CREATE TABLE forgotten (                 -- a copy that is brought back forgets them once more
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('customer','inquiry')),
        -- keyed: of a customer as inquiries.customer has it, of an inquiry of its source and id
        hash TEXT NOT NULL,
        at TEXT NOT NULL,                    -- what was asked until then is gone; later is new
        models TEXT NOT NULL DEFAULT '[]',   -- JSON: the model folders that learned from them
        done_at TEXT,                        -- NULL: the copies are not cleaned yet
        UNIQUE (kind, hash)
    );
"""
