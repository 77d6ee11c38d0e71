"""Tokens that end by themselves, and what more programs tell of suggestions.

Only the statements; `migrations` runs them as one of its steps.
"""

TOKENS = """
    -- NULL: it lives until it is revoked; who made it is written as agent:3, cli:mina
    ALTER TABLE api_tokens ADD COLUMN expires_at TEXT;
    ALTER TABLE api_tokens ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
    UPDATE api_tokens SET made_by = coalesce(
        (SELECT actor FROM audit WHERE action = 'token.created'
         AND object = 'token:' || api_tokens.id), '');
    CREATE TABLE api_events_new (
        suggestion_id TEXT NOT NULL REFERENCES suggestions(id) ON DELETE CASCADE,
        id TEXT NOT NULL,                    -- as the program calls it
        kind TEXT NOT NULL CHECK (kind IN
            ('displayed','inserted','edited','undone','dismissed','missed','sent')),
        slugs TEXT NOT NULL DEFAULT '[]',    -- JSON: the FAQs that it is about
        position INTEGER,                    -- where it stood in the program's list, from 1
        agent TEXT NOT NULL DEFAULT '',      -- as the program calls them, masked
        comment TEXT NOT NULL DEFAULT '',    -- masked
        told_by TEXT NOT NULL,               -- token:1
        release TEXT NOT NULL DEFAULT '',    -- that suggested what it is about
        happened_at TEXT NOT NULL,           -- as the program says; else when it was told
        at TEXT NOT NULL,
        PRIMARY KEY (suggestion_id, id)
    ) WITHOUT ROWID;
    INSERT INTO api_events_new
        (suggestion_id, id, kind, slugs, agent, comment, told_by, release, happened_at, at)
        SELECT e.suggestion_id, e.id, e.kind, e.slugs, e.agent, e.comment, e.told_by, s.release,
            e.happened_at, e.at
        FROM api_events e JOIN suggestions s ON s.id = e.suggestion_id;
    DROP TABLE api_events;
    ALTER TABLE api_events_new RENAME TO api_events;
"""
