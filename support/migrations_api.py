"""The tables of the HTTP API: answers kept for a repeated call, what programs tell of suggestions.

Only the statements; `migrations` runs them as one of its steps.
"""

API = """
    -- calls in a minute; NULL: as many as any token may make
    ALTER TABLE api_tokens ADD COLUMN per_minute INTEGER;
    CREATE TABLE api_answers (               -- to calls that bore an Idempotency-Key
        token_id INTEGER NOT NULL REFERENCES api_tokens(id),
        key TEXT NOT NULL,                   -- keyed hash of what the caller chose
        asked TEXT NOT NULL,                 -- keyed hash of method, address and body
        status INTEGER,                      -- NULL: the first call is under way
        content_type TEXT NOT NULL DEFAULT '',
        location TEXT NOT NULL DEFAULT '',
        sealed BLOB,                         -- the body
        at TEXT NOT NULL,
        PRIMARY KEY (token_id, key)
    ) WITHOUT ROWID;
    CREATE INDEX api_answers_at ON api_answers(at);
    CREATE TABLE api_events (                -- what a program told of a suggestion, each once
        suggestion_id TEXT NOT NULL REFERENCES suggestions(id) ON DELETE CASCADE,
        id TEXT NOT NULL,                    -- as the program calls it
        kind TEXT NOT NULL CHECK (kind IN ('displayed','inserted','undone','dismissed','sent')),
        slugs TEXT NOT NULL DEFAULT '[]',    -- JSON: the FAQs that it is about
        agent TEXT NOT NULL DEFAULT '',      -- as the program calls them, masked
        comment TEXT NOT NULL DEFAULT '',    -- masked
        told_by TEXT NOT NULL,               -- token:1
        happened_at TEXT NOT NULL,           -- as the program says; else when it was told
        at TEXT NOT NULL,
        PRIMARY KEY (suggestion_id, id)
    ) WITHOUT ROWID;
"""
