"""The tables of the desk's knowledge: what changed in its FAQs, gaps, links, maps, saved replies.

Only the statements; `migrations` runs them as one of its steps. Texts are masked before they get
here. Every change of an FAQ is kept with the rows before and after it, so that taking it back is
exact. Triggers keep what an FAQ said before, whoever writes it.
"""

_SAID = "NEW.title <> OLD.title OR NEW.title_en <> OLD.title_en OR NEW.body <> OLD.body"
_ITS_GAPS = "SELECT gap_id FROM gap_inquiries WHERE inquiry_id = OLD.id"
_MOMENT = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"

# On one line each: statements are told apart by a semicolon at a line's end.
_TRIGGERS = (
    f"CREATE TRIGGER faqs_said AFTER UPDATE ON faqs WHEN {_SAID} BEGIN "  # noqa: S608
    "INSERT INTO faq_revisions (faq_id, title, title_en, body, until) "
    f"VALUES (OLD.id, OLD.title, OLD.title_en, OLD.body, {_MOMENT}); END;",
    "CREATE TRIGGER faqs_moved AFTER UPDATE OF url ON faqs WHEN NEW.url <> OLD.url BEGIN "
    "DELETE FROM faq_link_checks WHERE faq_id = NEW.id; END;",
    # What a gap quotes is forgotten with the last of its inquiries.
    f"CREATE TRIGGER gaps_forget BEFORE DELETE ON inquiries BEGIN "  # noqa: S608
    f"UPDATE gaps SET n = n - 1 WHERE id IN ({_ITS_GAPS}); "
    f"DELETE FROM gaps WHERE n <= 0 AND id IN ({_ITS_GAPS}); END;",
)

_TABLES = """
    CREATE TABLE faq_revisions (             -- what an FAQ said before
        id INTEGER PRIMARY KEY,
        faq_id INTEGER NOT NULL REFERENCES faqs(id) ON DELETE CASCADE,
        title TEXT NOT NULL,
        title_en TEXT NOT NULL,
        body TEXT NOT NULL,
        until TEXT NOT NULL
    );
    CREATE INDEX faq_revisions_faq ON faq_revisions(faq_id, id);
    CREATE TABLE faq_changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN
            ('created','edited','renamed','merged','retired','restored','labelled','imported')),
        slug TEXT NOT NULL,                  -- the FAQ it speaks of, as it was called before
        into_slug TEXT NOT NULL DEFAULT '',  -- what it is called, or part of, since
        gap_id INTEGER,                      -- the gap that it closed
        last_label INTEGER NOT NULL DEFAULT 0,  -- the newest label there was
        actor TEXT NOT NULL,
        at TEXT NOT NULL,
        undone_at TEXT,
        undone_by TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX faq_changes_slug ON faq_changes(slug);
    CREATE TABLE faq_change_rows (
        change_id INTEGER NOT NULL REFERENCES faq_changes(id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,                -- in the order in which they were written
        name TEXT NOT NULL CHECK (name IN ('faqs','faq_aliases','labels')),
        key TEXT NOT NULL,
        before TEXT,                         -- JSON of the row; NULL: it was not there
        after TEXT,                          -- JSON of the row; NULL: it went
        PRIMARY KEY (change_id, seq)
    ) WITHOUT ROWID;
    CREATE TABLE gaps (                      -- what is asked again and again, without an FAQ
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        state TEXT NOT NULL CHECK (state IN ('open','dismissed','closed')),
        words TEXT NOT NULL,                 -- JSON list: what its inquiries have in common
        title TEXT NOT NULL,                 -- of an FAQ that is not written yet
        body TEXT NOT NULL DEFAULT '',       -- the answer that is most like the others
        n INTEGER NOT NULL,                  -- inquiries
        minutes REAL,                        -- of agents, summed over those known; NULL: of none
        timed INTEGER NOT NULL DEFAULT 0,    -- inquiries whose minutes are known
        likeness REAL NOT NULL DEFAULT 0,    -- mean cosine between its inquiries
        near_slug TEXT NOT NULL DEFAULT '',  -- the FAQ that similar inquiries were answered with
        near_share REAL NOT NULL DEFAULT 0,  -- and how many of them
        encoder_version TEXT NOT NULL,
        first_at TEXT NOT NULL,              -- its oldest and newest inquiry
        last_at TEXT NOT NULL,
        found_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,               -- when it was last found again
        settled_by TEXT NOT NULL DEFAULT '',
        settled_at TEXT,
        settled_n INTEGER NOT NULL DEFAULT 0,  -- how many there were when it was set aside
        reason TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX gaps_state ON gaps(state, n);
    CREATE TABLE gap_inquiries (
        gap_id INTEGER NOT NULL REFERENCES gaps(id) ON DELETE CASCADE,
        inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
        place INTEGER NOT NULL,              -- 1 is the most typical
        PRIMARY KEY (gap_id, inquiry_id)
    ) WITHOUT ROWID;
    CREATE INDEX gap_inquiries_inquiry ON gap_inquiries(inquiry_id);
    CREATE TABLE faq_pairs (                 -- FAQs that agents use for the same inquiries
        a TEXT NOT NULL,
        b TEXT NOT NULL,                     -- a < b
        n_a INTEGER NOT NULL,                -- inquiries that one alone of them answered
        n_b INTEGER NOT NULL,
        compared INTEGER NOT NULL,           -- those with another one that is near enough
        crossed INTEGER NOT NULL,            -- of them, those whose nearest one used the other FAQ
        mixing REAL NOT NULL,                -- crossed over what chance would cross; 1: one FAQ
        low REAL NOT NULL,                   -- of its 95 % interval
        high REAL NOT NULL,
        together INTEGER NOT NULL,           -- answers that linked both
        examples TEXT NOT NULL,              -- JSON list of [inquiry of a, inquiry of b, cosine]
        encoder_version TEXT NOT NULL,
        found_at TEXT NOT NULL,
        PRIMARY KEY (a, b)
    ) WITHOUT ROWID;
    CREATE TABLE findings_set_aside (        -- what people know and leave as it is
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,               -- a slug, or two with a blank between
        reason TEXT NOT NULL DEFAULT '',
        actor TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (kind, subject)
    );
    CREATE TABLE faq_link_checks (           -- what the help centre answered last
        faq_id INTEGER PRIMARY KEY REFERENCES faqs(id) ON DELETE CASCADE,
        url TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('there','moved','gone','unsure')),
        status INTEGER,                      -- of HTTP; NULL: there was no answer
        target TEXT NOT NULL DEFAULT '',     -- where it leads
        permanent INTEGER NOT NULL DEFAULT 0,
        detail TEXT NOT NULL DEFAULT '',
        since TEXT NOT NULL,                 -- when it was first found so
        times INTEGER NOT NULL DEFAULT 1,    -- found so in a row
        checked_at TEXT NOT NULL
    );
    CREATE TABLE maps (                      -- where a desk's inquiries lie, of one encoder
        encoder_version TEXT PRIMARY KEY,
        ids BLOB NOT NULL,                   -- (n,) int64, little-endian, sorted
        points BLOB NOT NULL,                -- (n, 2) float32, little-endian
        settings TEXT NOT NULL,              -- JSON: how it was made
        made_at TEXT NOT NULL
    );
    CREATE TABLE saved_replies (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,           -- as the source names it, or a slug of the title
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        category TEXT NOT NULL DEFAULT '',
        language TEXT NOT NULL DEFAULT '',
        active INTEGER NOT NULL DEFAULT 1,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    );
    CREATE TABLE saved_reply_uses (          -- past answers that hold a saved reply
        reply_id INTEGER NOT NULL REFERENCES saved_replies(id) ON DELETE CASCADE,
        inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
        share REAL NOT NULL,                 -- of the reply's words that the answer holds
        PRIMARY KEY (reply_id, inquiry_id)
    ) WITHOUT ROWID;
    CREATE INDEX saved_reply_uses_inquiry ON saved_reply_uses(inquiry_id);
    CREATE TABLE saved_reply_promises (      -- how often a score was right, on the desk's history
        low REAL PRIMARY KEY,                -- from this score on
        n INTEGER NOT NULL,
        right INTEGER NOT NULL,
        encoder_version TEXT NOT NULL
    );
"""

KNOWLEDGE = _TABLES + "".join(f"    {trigger}\n" for trigger in _TRIGGERS)
