"""The tables of similar listings: their vectors, what changed, and groups of those that are one.

Only the statements; `migrations` runs them as one of its steps. Triggers keep the changes, so that
whoever writes a listing need not know who reads it: a listing has one row, whose `seq` grows with
every change, and an index reads what came after the last one it has seen.
"""

_CHANGED = (
    "DELETE FROM listing_changes WHERE listing_id = {id}; "
    "INSERT INTO listing_changes (listing_id) VALUES ({id});"
)
_FORGET = "DELETE FROM listing_vectors WHERE listing_id = {id} AND kind = '{kind}';"


def _trigger(name: str, when: str, *, key: str, kind: str = "") -> str:
    """One that notes the change of a listing, and forgets its vectors of a kind."""
    forget = _FORGET.format(id=key, kind=kind) + " " if kind else ""
    # On one line: statements are told apart by a semicolon at a line's end.
    return f"    CREATE TRIGGER {name} {when} BEGIN {forget}{_CHANGED.format(id=key)} END;\n"


_TABLES = """
    CREATE TABLE listing_vectors (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        listing_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('text','picture')),
        version TEXT NOT NULL,               -- of the model that made them
        positions TEXT NOT NULL DEFAULT '[]',  -- JSON: which pictures; [] of a text
        vectors BLOB NOT NULL,               -- little-endian float32, one row a picture; may be ''
        UNIQUE (listing_id, kind, version)
    );
    CREATE TABLE listing_changes (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        listing_id INTEGER NOT NULL UNIQUE   -- no reference: it tells of those that went, too
    );
    INSERT INTO listing_changes (listing_id) SELECT id FROM listings ORDER BY id;
    CREATE TABLE listing_apart (             -- somebody said that these two are not the same
        id INTEGER PRIMARY KEY,
        first_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
        other_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
        actor TEXT NOT NULL,
        at TEXT NOT NULL,
        undone_at TEXT,
        CHECK (first_id < other_id)
    );
    CREATE UNIQUE INDEX listing_apart_standing ON listing_apart(first_id, other_id)
        WHERE undone_at IS NULL;
    CREATE INDEX listing_apart_other ON listing_apart(other_id);
    CREATE TABLE listing_links (             -- the evidence that two listings are one thing
        id INTEGER PRIMARY KEY,
        first_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
        other_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
        probability REAL NOT NULL,
        reasons TEXT NOT NULL,               -- JSON, as listings.similar.looks.Reason
        version TEXT NOT NULL DEFAULT '',    -- of the models that saw it
        confirmed INTEGER NOT NULL DEFAULT 0,
        at TEXT NOT NULL,
        UNIQUE (first_id, other_id),
        CHECK (first_id < other_id)
    );
    CREATE INDEX listing_links_other ON listing_links(other_id);
    CREATE TABLE watch_alerts (              -- what watching found, for people to look at
        id INTEGER PRIMARY KEY,
        listing_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
        other_id INTEGER REFERENCES listings(id) ON DELETE SET NULL,  -- what it is like
        kind TEXT NOT NULL CHECK (kind IN ('sanctioned','repeat','accounts','catalogue')),
        seller TEXT NOT NULL DEFAULT '',     -- keyed hash: whose sanction, or whose repeats
        probability REAL NOT NULL,
        reasons TEXT NOT NULL DEFAULT '[]',  -- JSON
        detail TEXT NOT NULL DEFAULT '{}',   -- JSON: counts, the sanction's reason
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','confirmed','dismissed')),
        decided_by TEXT NOT NULL DEFAULT '',
        decided_at TEXT,
        at TEXT NOT NULL,
        UNIQUE (listing_id, kind, seller)
    );
    CREATE INDEX watch_alerts_state ON watch_alerts(state, kind, at);
    CREATE INDEX watch_alerts_seller ON watch_alerts(seller, kind, at);
    CREATE INDEX watch_alerts_other ON watch_alerts(other_id) WHERE other_id IS NOT NULL;
    CREATE TABLE watch_state (               -- how far watching has read
        name TEXT PRIMARY KEY,
        seq INTEGER NOT NULL
    );
"""

SIMILAR = _TABLES + "".join([
    _trigger("listings_added", "AFTER INSERT ON listings", key="new.id"),
    _trigger(
        "listings_reworded",
        "AFTER UPDATE OF title, description ON listings",
        key="new.id",
        kind="text",
    ),
    _trigger("listings_moved", "AFTER UPDATE OF removed, seller ON listings", key="new.id"),
    _trigger("listings_gone", "AFTER DELETE ON listings", key="old.id"),
    _trigger(
        "pictures_added",
        "AFTER INSERT ON listing_pictures WHEN new.file <> ''",
        key="new.listing_id",
        kind="picture",
    ),
    _trigger(
        "pictures_fetched",
        "AFTER UPDATE OF file, phash, position ON listing_pictures",
        key="new.listing_id",
        kind="picture",
    ),
    _trigger(
        "pictures_gone",
        "AFTER DELETE ON listing_pictures WHEN old.file <> ''",
        key="old.listing_id",
        kind="picture",
    ),
])  # fmt: skip
