"""The tables of connections to helpdesks: webhooks in, answers out, and the way back to a customer.

Only the statements; `migrations` runs them as one of its steps. A statement ends in a semicolon at
a line's end.
"""

from typing import Final

DOORS: Final = """
    CREATE TABLE connections (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,  -- stands in the webhook's address
        kind TEXT NOT NULL,
        source TEXT NOT NULL,                -- of its inquiries, imported ones too
        sealed BLOB NOT NULL,                -- JSON: address, keys, passwords
        delivers INTEGER NOT NULL DEFAULT 0, -- answers go out through it
        active INTEGER NOT NULL DEFAULT 1,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL,
        heard_at TEXT,                       -- when a webhook last came with the right signature
        refused_at TEXT,                     -- when one was last refused, and why
        refused TEXT NOT NULL DEFAULT ''
    );
    CREATE UNIQUE INDEX connections_source ON connections(source) WHERE active = 1;
    CREATE TABLE webhook_deliveries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        connection_id INTEGER NOT NULL REFERENCES connections(id),
        delivery_id TEXT NOT NULL,           -- the sender's; of one that has none, the body's hash
        sealed BLOB,                         -- the body, until it has been worked through
        state TEXT NOT NULL CHECK (state IN ('queued','done','ignored','failed')),
        event TEXT NOT NULL DEFAULT '',      -- what it told of
        tries INTEGER NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT '',
        received_at TEXT NOT NULL,
        worked_at TEXT,
        UNIQUE (connection_id, delivery_id)
    );
    CREATE INDEX webhook_deliveries_queued ON webhook_deliveries(id) WHERE state = 'queued';
    CREATE INDEX webhook_deliveries_at ON webhook_deliveries(received_at);
    CREATE TABLE inquiry_routes (            -- where the answer to an inquiry goes
        inquiry_id INTEGER PRIMARY KEY REFERENCES inquiries(id) ON DELETE CASCADE,
        connection_id INTEGER NOT NULL REFERENCES connections(id),
        conversation TEXT NOT NULL,          -- as the source names it
        sealed BLOB                          -- JSON, of mail: to whom, in reply to what
    );
    CREATE INDEX inquiry_routes_conversation ON inquiry_routes(connection_id, conversation);
    ALTER TABLE outbox ADD COLUMN connection_id INTEGER REFERENCES connections(id);
    -- under which the other side can tell that it has an answer already
    ALTER TABLE outbox ADD COLUMN key TEXT NOT NULL DEFAULT '';
    ALTER TABLE outbox ADD COLUMN next_at TEXT;
    ALTER TABLE outbox ADD COLUMN leased_until TEXT;
    -- an attempt may have reached the other side: look there before the next one
    ALTER TABLE outbox ADD COLUMN maybe_out INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE outbox ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
    CREATE INDEX outbox_next ON outbox(next_at) WHERE state = 'queued';
    CREATE INDEX outbox_inquiry ON outbox(inquiry_id, id);
"""
