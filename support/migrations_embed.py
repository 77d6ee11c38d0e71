"""The tables of the sidebar that stands in another helpdesk: tokens, and what was shown for whom.

Only the statements; `migrations` runs them as one of its steps.
"""

EMBED = """
    CREATE TABLE embed_tokens (
        token_hash TEXT PRIMARY KEY,         -- SHA-256
        -- whose console session it was made in: it ends with that
        session_hash TEXT NOT NULL REFERENCES sessions(token_hash) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX embed_tokens_session ON embed_tokens(session_hash);
    CREATE INDEX embed_tokens_expires ON embed_tokens(expires_at);
    -- For which conversation of which helpdesk a suggestion was shown: its inquiry may come later.
    CREATE TABLE embed_shown (
        suggestion_id TEXT PRIMARY KEY REFERENCES suggestions(id) ON DELETE CASCADE,
        source TEXT NOT NULL,
        conversation TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX embed_shown_conversation ON embed_shown(source, conversation);
"""

# A token is good for the helpdesk that it was made for; those of before, an hour long, end.
EMBED_PARENT = """
    DELETE FROM embed_tokens;
    ALTER TABLE embed_tokens ADD COLUMN parent TEXT NOT NULL DEFAULT '';
"""
