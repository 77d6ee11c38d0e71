"""The tables of replays: what two releases said of the same inquiries; and why releases moved.

Only the statements; `migrations` runs them as one of its steps. A statement ends in a semicolon at
a line's end.
"""

from typing import Final

REPLAYS: Final = """
    -- why somebody moved it, in their words; forced: it was told to be worse
    ALTER TABLE publications ADD COLUMN reason TEXT NOT NULL DEFAULT '';
    ALTER TABLE publications ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE publications ADD COLUMN rolled_back INTEGER NOT NULL DEFAULT 0;
    UPDATE publications SET rolled_back = 1 WHERE EXISTS
        (SELECT 1 FROM audit WHERE audit.object = 'release:' || publications.release
         AND audit.action = 'release.rolled_back' AND audit.at = publications.at);
    CREATE TABLE replays (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- an address never leads to another's rows
        release TEXT NOT NULL REFERENCES releases(name),
        against TEXT NOT NULL REFERENCES releases(name),
        way TEXT NOT NULL CHECK (way IN ('refitted','unseen','learned')),
        since TEXT NOT NULL,                 -- inquiries asked from this moment on
        figures TEXT NOT NULL,               -- JSON, as of a judgement's group
        worse INTEGER NOT NULL,
        at TEXT NOT NULL,
        made_by TEXT NOT NULL,
        UNIQUE (release, against, way)
    );
    CREATE INDEX replays_against ON replays(against);
    CREATE TABLE replay_answers (            -- what both said of one inquiry
        replay_id INTEGER NOT NULL REFERENCES replays(id) ON DELETE CASCADE,
        inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
        outcome TEXT NOT NULL CHECK (outcome IN ('won','lost','band','other','same')),
        ours TEXT NOT NULL,                  -- the FAQ ranked first
        ours_band TEXT NOT NULL,
        ours_probability REAL NOT NULL,
        ours_right INTEGER NOT NULL,
        theirs TEXT NOT NULL,
        theirs_band TEXT NOT NULL,
        theirs_probability REAL NOT NULL,
        theirs_right INTEGER NOT NULL,
        PRIMARY KEY (replay_id, inquiry_id)
    ) WITHOUT ROWID;
    CREATE INDEX replay_answers_outcome ON replay_answers(replay_id, outcome);
    CREATE INDEX replay_answers_inquiry ON replay_answers(inquiry_id);
"""
