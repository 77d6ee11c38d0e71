"""The tables of backups: which bundles were made, and that a desk was brought back from one.

Only the statements; `migrations` runs them as one of its steps.
"""

from typing import Final

BACKUPS: Final = """
    CREATE TABLE backups (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL,                  -- where the bundle was put
        at TEXT NOT NULL,                    -- the moment that it holds
        state TEXT NOT NULL CHECK (state IN ('whole','failed','dropped')),
        size INTEGER NOT NULL DEFAULT 0,     -- bytes
        error TEXT NOT NULL DEFAULT ''       -- why there is none
    );
    CREATE INDEX backups_state ON backups(state, at);
    CREATE TABLE restores (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        bundle TEXT NOT NULL,                -- its name
        made_at TEXT NOT NULL,               -- the moment that it holds
        at TEXT NOT NULL,
        -- nothing is delivered before somebody said that this is the desk at work
        confirmed_at TEXT,
        confirmed_by TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE key_mark (                  -- tells another desk's key at once
        id INTEGER PRIMARY KEY CHECK (id = 1),
        fingerprint TEXT NOT NULL
    );
"""
