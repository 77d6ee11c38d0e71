"""The tables and columns of a team at work: who holds what, tags, snoozing, people's second factor.

Only the statements; `migrations` runs them as one of its steps. A statement ends in a semicolon at
a line's end, so triggers stand on one line.
"""

# ruff: noqa: S608 - fixed words alone are put together

_ANSWERED_BY = (
    "SELECT CASE WHEN agent_id IS NOT NULL THEN 'agent:' || agent_id "
    "WHEN author <> '' THEN 'author:' || author ELSE '' END FROM messages"
)
_TAGGED = (
    "INSERT OR IGNORE INTO inquiry_tags (tag, inquiry_id) "
    "SELECT value, NEW.id FROM json_each(NEW.tags) WHERE type = 'text'"
)

_TRIGGERS = (
    "CREATE TRIGGER inquiries_answered_by AFTER UPDATE OF answer_id ON inquiries "
    "WHEN NEW.answer_id IS NOT OLD.answer_id BEGIN UPDATE inquiries "
    f"SET answered_by = coalesce(({_ANSWERED_BY} WHERE id = NEW.answer_id), '') "
    "WHERE id = NEW.id; END;",
    "CREATE TRIGGER inquiry_tags_new AFTER INSERT ON inquiries WHEN NEW.tags <> '[]' "
    f"BEGIN {_TAGGED}; END;",
    "CREATE TRIGGER inquiry_tags_changed AFTER UPDATE OF tags ON inquiries "
    "WHEN NEW.tags <> OLD.tags BEGIN DELETE FROM inquiry_tags WHERE inquiry_id = NEW.id; "
    f"{_TAGGED}; END;",
)

_TABLES = f"""
    ALTER TABLE inquiries ADD COLUMN held_by INTEGER REFERENCES agents(id);
    -- until when; NULL beside held_by: in that agent's own queue, until it is given back
    ALTER TABLE inquiries ADD COLUMN held_until TEXT;
    ALTER TABLE inquiries ADD COLUMN snoozed_until TEXT;
    -- the same customer's inquiry that this one is answered with
    ALTER TABLE inquiries ADD COLUMN joined_to INTEGER REFERENCES inquiries(id);
    -- whose answer is shown beside it: agent:3, author:<name in the import>, or ''
    ALTER TABLE inquiries ADD COLUMN answered_by TEXT NOT NULL DEFAULT '';
    UPDATE inquiries SET answered_by = coalesce(({_ANSWERED_BY} WHERE id = answer_id), '')
        WHERE answer_id IS NOT NULL;
    CREATE INDEX inquiries_held ON inquiries(held_by) WHERE held_by IS NOT NULL;
    CREATE INDEX inquiries_snoozed ON inquiries(snoozed_until) WHERE snoozed_until IS NOT NULL;
    CREATE INDEX inquiries_joined ON inquiries(joined_to) WHERE joined_to IS NOT NULL;
    -- Answered inquiries by each of the things that a list of them is filtered by, newest first.
    CREATE INDEX inquiries_past ON inquiries(answered_at) WHERE answer_id IS NOT NULL;
    CREATE INDEX inquiries_past_agent ON inquiries(answered_by, answered_at)
        WHERE answer_id IS NOT NULL;
    CREATE INDEX inquiries_past_channel ON inquiries(channel, answered_at)
        WHERE answer_id IS NOT NULL;
    CREATE INDEX inquiries_past_category ON inquiries(category, answered_at)
        WHERE answer_id IS NOT NULL;
    CREATE INDEX inquiries_past_language ON inquiries(language, answered_at)
        WHERE answer_id IS NOT NULL;
    CREATE INDEX suggestions_shown ON suggestions(inquiry_id) WHERE band <> 'silent';
    CREATE INDEX suggestions_at ON suggestions(at);
    -- What inquiries.tags says, to be found by; triggers keep it, whoever writes the tags.
    CREATE TABLE inquiry_tags (
        tag TEXT NOT NULL,
        inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
        PRIMARY KEY (tag, inquiry_id)
    ) WITHOUT ROWID;
    CREATE INDEX inquiry_tags_inquiry ON inquiry_tags(inquiry_id);
    INSERT OR IGNORE INTO inquiry_tags (tag, inquiry_id)
        SELECT value, inquiries.id FROM inquiries, json_each(inquiries.tags)
        WHERE inquiries.tags <> '[]' AND type = 'text';
    -- What an agent did with what was suggested; outcomes are settled by the sent answer.
    CREATE TABLE suggestion_events (
        id INTEGER PRIMARY KEY,
        suggestion_id TEXT NOT NULL REFERENCES suggestions(id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('inserted','undone','dismissed')),
        slug TEXT NOT NULL DEFAULT '',       -- the FAQ; '' where it was a past answer
        past_id INTEGER,                     -- the inquiry whose answer was inserted
        form TEXT NOT NULL DEFAULT '' CHECK (form IN ('','link','titled','text')),
        actor TEXT NOT NULL DEFAULT '',
        at TEXT NOT NULL
    );
    CREATE INDEX suggestion_events_suggestion ON suggestion_events(suggestion_id);
    CREATE INDEX suggestion_events_at ON suggestion_events(at);
    CREATE INDEX audit_at ON audit(at);
    DROP INDEX audit_object;
    CREATE INDEX audit_object ON audit(object, at);
    CREATE INDEX audit_action ON audit(action, at);
    CREATE INDEX audit_actor ON audit(actor, at);
    CREATE TABLE invitations (
        id INTEGER PRIMARY KEY,
        token_hash TEXT NOT NULL UNIQUE,     -- SHA-256 of what the link holds
        login TEXT NOT NULL COLLATE NOCASE,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('agent','lead','moderator','labeller','admin')),
        created_by TEXT NOT NULL,
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        accepted_at TEXT,
        revoked_at TEXT,
        agent_id INTEGER REFERENCES agents(id)  -- who they became
    );
    CREATE TABLE second_factors (
        agent_id INTEGER PRIMARY KEY REFERENCES agents(id),
        sealed BLOB NOT NULL,                -- the shared secret
        created_at TEXT NOT NULL,
        confirmed_at TEXT,                   -- NULL: not shown to work yet, and not asked for
        last_step INTEGER NOT NULL DEFAULT 0 -- the newest time step used: no code counts twice
    );
    CREATE TABLE recovery_codes (
        agent_id INTEGER NOT NULL REFERENCES agents(id),
        code_hash TEXT NOT NULL,
        used_at TEXT,
        PRIMARY KEY (agent_id, code_hash)
    );
"""

WORK = _TABLES + "".join(f"    {trigger}\n" for trigger in _TRIGGERS)
