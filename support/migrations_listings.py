"""The tables of what is sold: listings, their pictures, categories, labels, and the review queue.

Only the statements; `migrations` runs them as one of its steps. Texts are masked before they get
here, sellers are keyed hashes.
"""

LISTINGS = """
    CREATE TABLE collect_runs (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,                -- such as naver, or a name given to files
        query TEXT NOT NULL,                 -- what was asked for; of files, their names
        options TEXT NOT NULL DEFAULT '{}',  -- JSON; a run goes on where both are equal
        state TEXT NOT NULL CHECK (state IN ('running','done','stopped','failed')),
        next_start INTEGER NOT NULL DEFAULT 1,  -- the first result or row that is not stored yet
        total INTEGER,                       -- how many there are, where the source says so
        report TEXT NOT NULL DEFAULT '{}',   -- JSON: added, changed, rejected ...
        problem TEXT NOT NULL DEFAULT '',    -- why it stopped or failed
        started_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        finished_at TEXT
    );
    CREATE INDEX collect_runs_same ON collect_runs(source, query, options);
    CREATE TABLE collect_quota (
        source TEXT NOT NULL,
        client TEXT NOT NULL,                -- keyed hash of the client id that is counted
        day TEXT NOT NULL,                   -- as the source counts days
        calls INTEGER NOT NULL DEFAULT 0,
        last_at REAL NOT NULL DEFAULT 0,     -- seconds since 1970, so that processes share a pace
        PRIMARY KEY (source, client, day)
    );
    CREATE TABLE listings (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        external_id TEXT NOT NULL,
        run_id INTEGER REFERENCES collect_runs(id),
        title TEXT NOT NULL,                 -- what models read: cleaned once cleaning has run
        description TEXT NOT NULL DEFAULT '',
        collected_title TEXT,                -- as it came, where cleaning changed it
        collected_description TEXT,
        price INTEGER,                       -- in the smallest everyday unit: won, pence, cents
        currency TEXT NOT NULL DEFAULT '',   -- ISO 4217
        price_text TEXT NOT NULL DEFAULT '', -- as it came
        seller TEXT NOT NULL DEFAULT '',     -- keyed hash of the seller's id or name
        tree TEXT NOT NULL DEFAULT '',       -- whose category it is; as the source if unnamed
        category TEXT NOT NULL DEFAULT '',   -- the seller's path, levels joined by " > "
        brand TEXT NOT NULL DEFAULT '',
        kind TEXT NOT NULL DEFAULT '',       -- new, used, discontinued, upcoming; '' unknown
        url TEXT NOT NULL DEFAULT '',
        collected_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        text_key TEXT NOT NULL DEFAULT '',   -- equal for texts that are equal but for spelling
        removed TEXT NOT NULL DEFAULT '',    -- why cleaning left it out; '' it is in
        duplicate_of INTEGER REFERENCES listings(id),  -- the first of its group; NULL: itself
        duplicate_by TEXT NOT NULL DEFAULT '' CHECK (duplicate_by IN ('','text','near','picture')),
        UNIQUE (source, external_id)
    );
    CREATE INDEX listings_category ON listings(tree, category);
    CREATE INDEX listings_text_key ON listings(text_key);
    CREATE INDEX listings_duplicate ON listings(duplicate_of) WHERE duplicate_of IS NOT NULL;
    CREATE INDEX listings_seller ON listings(seller) WHERE seller <> '';
    CREATE INDEX listings_run ON listings(run_id);
    CREATE TABLE listing_pictures (
        id INTEGER PRIMARY KEY,
        listing_id INTEGER NOT NULL REFERENCES listings(id),
        position INTEGER NOT NULL,           -- 0 is the first
        origin TEXT NOT NULL DEFAULT '',     -- address or file name it came by
        file TEXT NOT NULL DEFAULT '',       -- under the workspace's images/; '' there is none
        sha256 TEXT NOT NULL DEFAULT '',     -- of the stored file
        phash TEXT NOT NULL DEFAULT '',      -- 64 bits of perceptual hash, as 16 digits
        width INTEGER,
        height INTEGER,
        problem TEXT NOT NULL DEFAULT '',    -- why there is no file
        UNIQUE (listing_id, position)
    );
    CREATE INDEX listing_pictures_sha256 ON listing_pictures(sha256);
    CREATE TABLE category_trees (
        name TEXT PRIMARY KEY,
        created_at TEXT NOT NULL
    );
    CREATE TABLE categories (
        tree TEXT NOT NULL REFERENCES category_trees(name),
        path TEXT NOT NULL,                  -- every branch has a row of its own
        external_id TEXT NOT NULL DEFAULT '',
        active INTEGER NOT NULL DEFAULT 1,
        PRIMARY KEY (tree, path)
    );
    CREATE TABLE category_mappings (
        from_tree TEXT NOT NULL,
        from_path TEXT NOT NULL,
        to_tree TEXT NOT NULL,
        to_path TEXT NOT NULL,               -- '': belongs nowhere there, and is not learned
        changed_by TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        PRIMARY KEY (from_tree, from_path, to_tree)
    );
    CREATE TABLE label_batches (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        file TEXT NOT NULL,                  -- what was given, under the workspace
        output TEXT NOT NULL DEFAULT '',     -- what it became
        options TEXT NOT NULL DEFAULT '{}',  -- JSON: columns, top_k, images, format ...
        state TEXT NOT NULL CHECK (state IN
            ('new','queued','running','done','failed','cancelled','interrupted')),
        job_id INTEGER REFERENCES jobs(id),
        model TEXT NOT NULL DEFAULT '',      -- version that labelled it
        total INTEGER,                       -- rows; NULL until known
        done INTEGER NOT NULL DEFAULT 0,
        report TEXT NOT NULL DEFAULT '{}',   -- JSON: unsure, disagreeing, problems ...
        created_by TEXT NOT NULL,
        created_at TEXT NOT NULL,
        finished_at TEXT
    );
    CREATE TABLE review_items (
        id INTEGER PRIMARY KEY,
        batch_id INTEGER REFERENCES label_batches(id),  -- NULL: from the listings themselves
        row INTEGER,                         -- of the batch's file, 1 is the first
        listing_id INTEGER NOT NULL REFERENCES listings(id),
        tree TEXT NOT NULL DEFAULT '',       -- the tree that guesses and decisions speak of
        given TEXT NOT NULL DEFAULT '',      -- the category it came with
        guesses TEXT NOT NULL DEFAULT '[]',  -- JSON: [{"path", "probability"}], best first
        model TEXT NOT NULL DEFAULT '',      -- version that guessed
        reason TEXT NOT NULL CHECK (reason IN ('unsure','disagree','sample')),
        priority REAL NOT NULL DEFAULT 0,    -- how much there is to learn; the highest comes first
        wanted INTEGER NOT NULL DEFAULT 1,   -- how many people shall decide; 2 tells agreement
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','decided','skipped','dropped')),
        claimed_by INTEGER REFERENCES agents(id),  -- who has it on the screen
        claimed_at TEXT,
        created_at TEXT NOT NULL,
        UNIQUE (batch_id, row)
    );
    CREATE INDEX review_items_queue ON review_items(state, priority DESC, id);
    CREATE INDEX review_items_listing ON review_items(listing_id);
    CREATE TABLE review_decisions (
        id INTEGER PRIMARY KEY,
        item_id INTEGER NOT NULL REFERENCES review_items(id),
        agent_id INTEGER NOT NULL REFERENCES agents(id),
        decision TEXT NOT NULL CHECK (decision IN ('accept','other','skip')),
        rank INTEGER,                        -- which guess was accepted, 1 is the first
        path TEXT NOT NULL DEFAULT '',       -- '' where skipped
        together TEXT NOT NULL DEFAULT '',   -- equal for decisions made at once, undone at once
        at TEXT NOT NULL,
        undone_at TEXT
    );
    CREATE UNIQUE INDEX review_decisions_standing ON review_decisions(item_id, agent_id)
        WHERE undone_at IS NULL;
    CREATE INDEX review_decisions_agent ON review_decisions(agent_id, at);
    CREATE INDEX review_decisions_together ON review_decisions(together) WHERE together <> '';
    CREATE TABLE listing_labels (            -- by people; sellers' are in listings
        id INTEGER PRIMARY KEY,
        listing_id INTEGER NOT NULL REFERENCES listings(id),
        tree TEXT NOT NULL,
        path TEXT NOT NULL,
        agent_id INTEGER REFERENCES agents(id),  -- NULL: by a command or an import
        made_by TEXT NOT NULL,               -- as in the audit trail
        decision_id INTEGER REFERENCES review_decisions(id),
        at TEXT NOT NULL,
        undone_at TEXT
    );
    CREATE INDEX listing_labels_listing ON listing_labels(listing_id, tree) WHERE undone_at IS NULL;
    CREATE INDEX listing_labels_decision ON listing_labels(decision_id)
        WHERE decision_id IS NOT NULL;
"""

# Counting by category reads this index alone, not the listings with their texts.
COUNTS = """
    DROP INDEX listings_category;
    CREATE INDEX listings_category ON listings(tree, category) WHERE removed = '';
"""
