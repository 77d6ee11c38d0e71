"""The tables of collections: which vector engine holds which of the desk's vectors, how far.

Only the statements; `migrations` runs them as one of its steps.
"""

from typing import Final

VECTORS: Final = """
    CREATE TABLE vector_collections (
        name TEXT PRIMARY KEY,               -- drawn by chance: two desks never share one
        engine TEXT NOT NULL,                -- its address, without a secret
        kind TEXT NOT NULL CHECK (kind IN ('inquiries','listing_texts','listing_pictures')),
        version TEXT NOT NULL,               -- of the encoder, or of the space of pictures
        dim INTEGER NOT NULL,
        seq INTEGER NOT NULL DEFAULT 0,      -- it holds the vectors of this database up to here
        tombstone INTEGER NOT NULL DEFAULT 0,  -- and forgot those that were removed up to here
        count INTEGER,                       -- vectors in it; NULL while a batch is on its way
        file INTEGER NOT NULL,               -- which file the database was: a copy's is another
        -- dropping: goes as soon as the engine answers; left: may be another desk's at work
        state TEXT NOT NULL DEFAULT 'used' CHECK (state IN ('used','dropping','left')),
        made_at TEXT NOT NULL,
        synced_at TEXT
    );
    CREATE UNIQUE INDEX vector_collections_used ON vector_collections(engine, kind, version)
        WHERE state = 'used';
    CREATE TABLE vector_engines (            -- those that did not answer when they were asked last
        engine TEXT PRIMARY KEY,
        away_since TEXT NOT NULL,
        why TEXT NOT NULL
    );
"""
