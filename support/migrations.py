"""The schema, as numbered steps. Steps are appended, never edited.

Texts are masked before they get here (rule: personal data stops at the door of memory); what is
sealed is in `originals`, `drafts` and `outbox` alone.
"""

from sqlite_utils import Database, Migrations

from . import audit_chain, key_mark
from .migrations_api import API
from .migrations_backups import BACKUPS
from .migrations_doors import DOORS
from .migrations_embed import EMBED, EMBED_PARENT
from .migrations_forgotten import FORGOTTEN
from .migrations_imports import IMPORTED_BY, IMPORTS
from .migrations_knowledge import KNOWLEDGE
from .migrations_listings import COUNTS, LISTINGS
from .migrations_moderation import MODERATION
from .migrations_replays import REPLAYS
from .migrations_similar import SIMILAR
from .migrations_tokens import TOKENS
from .migrations_trust import AUDIT_CHAIN, AUDIT_KEPT
from .migrations_vectors import VECTORS
from .migrations_work import WORK

migrations = Migrations("faqdesk")


def _run(db: Database, script: str) -> None:
    """Execute statement by statement: `executescript` would commit the step half way.

    Statements end in a semicolon at a line's end; a trigger's own stand before its END.
    """
    for statement in script.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


@migrations()
def m001_ground(db: Database) -> None:
    """Settings, people, the audit trail and jobs: what everything later stands on."""
    _run(
        db,
        """
        CREATE TABLE settings (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL,                 -- JSON
            changed_at TEXT NOT NULL,
            changed_by TEXT NOT NULL
        );
        CREATE TABLE agents (
            id INTEGER PRIMARY KEY,
            login TEXT NOT NULL UNIQUE COLLATE NOCASE,
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('agent','lead','moderator','labeller','admin')),
            password_hash TEXT,                  -- NULL: known from an import, cannot sign in
            active INTEGER NOT NULL DEFAULT 1,
            language TEXT NOT NULL DEFAULT 'ko',
            created_at TEXT NOT NULL
        );
        CREATE TABLE sessions (
            token_hash TEXT PRIMARY KEY,         -- SHA-256 of the cookie's token
            agent_id INTEGER NOT NULL REFERENCES agents(id),
            created_at TEXT NOT NULL,
            last_seen_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            address TEXT NOT NULL,
            user_agent TEXT NOT NULL
        );
        CREATE INDEX sessions_agent ON sessions(agent_id);
        CREATE TABLE sign_in_attempts (
            id INTEGER PRIMARY KEY,
            login TEXT NOT NULL COLLATE NOCASE,
            address TEXT NOT NULL,
            at TEXT NOT NULL
        );
        CREATE INDEX sign_in_attempts_login ON sign_in_attempts(login, at);
        CREATE INDEX sign_in_attempts_address ON sign_in_attempts(address, at);
        CREATE TABLE api_tokens (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            token_hash TEXT NOT NULL UNIQUE,
            scopes TEXT NOT NULL,                -- JSON list of suggest, search, feedback, admin
            created_by INTEGER REFERENCES agents(id),
            created_at TEXT NOT NULL,
            last_used_at TEXT,
            revoked_at TEXT
        );
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            actor TEXT NOT NULL,                 -- agent:3, token:1, system, cli:<user>
            address TEXT NOT NULL DEFAULT '',
            action TEXT NOT NULL,                -- such as answer.sent, release.published
            object TEXT NOT NULL,                -- such as inquiry:17
            detail TEXT NOT NULL DEFAULT '{}',   -- JSON, masked
            release TEXT NOT NULL DEFAULT '',
            threshold REAL,
            policy TEXT NOT NULL DEFAULT ''
        );
        CREATE INDEX audit_object ON audit(object);
        CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
        CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            arguments TEXT NOT NULL DEFAULT '{}',
            state TEXT NOT NULL CHECK (state IN
                ('queued','running','done','failed','cancelled','interrupted')),
            done INTEGER NOT NULL DEFAULT 0,
            total INTEGER NOT NULL DEFAULT 0,
            message TEXT NOT NULL DEFAULT '',
            log TEXT NOT NULL DEFAULT '',
            result TEXT NOT NULL DEFAULT '{}',
            cancel_requested INTEGER NOT NULL DEFAULT 0,
            created_by TEXT NOT NULL,
            created_at TEXT NOT NULL,
            started_at TEXT,
            heartbeat_at TEXT,
            finished_at TEXT
        );
        """,
    )


@migrations()
def m002_history(db: Database) -> None:
    """Imports, inquiries with their messages, FAQs, labels, and what search reads."""
    _run(
        db,
        """
        CREATE TABLE imports (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            files TEXT NOT NULL,                 -- JSON list of file names
            state TEXT NOT NULL CHECK (state IN ('running','done','failed','interrupted','undone')),
            report TEXT NOT NULL DEFAULT '{}',
            started_at TEXT NOT NULL,
            finished_at TEXT
        );
        CREATE TABLE faqs (
            id INTEGER PRIMARY KEY,
            slug TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            title_en TEXT NOT NULL DEFAULT '',
            body TEXT NOT NULL DEFAULT '',
            category TEXT NOT NULL DEFAULT '',
            url TEXT NOT NULL,
            discovered INTEGER NOT NULL DEFAULT 0,  -- known only from links in answers
            active INTEGER NOT NULL DEFAULT 1,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        );
        CREATE TABLE faq_aliases (
            alias TEXT PRIMARY KEY,              -- an old or localized slug
            slug TEXT NOT NULL
        );
        CREATE TABLE inquiries (
            id INTEGER PRIMARY KEY,
            import_id INTEGER REFERENCES imports(id),
            source TEXT NOT NULL,
            source_id TEXT NOT NULL,
            source_url TEXT NOT NULL DEFAULT '',
            channel TEXT NOT NULL DEFAULT 'none',
            language TEXT NOT NULL DEFAULT '',
            category TEXT NOT NULL DEFAULT '',
            tags TEXT NOT NULL DEFAULT '[]',
            customer TEXT NOT NULL DEFAULT '',   -- keyed hash of the customer's id
            subject TEXT NOT NULL DEFAULT '',
            text TEXT NOT NULL,                  -- subject and first customer messages
            status TEXT NOT NULL CHECK (status IN ('open','answered','closed')),
            answer_id INTEGER REFERENCES messages(id),  -- the answer to show beside it
            opened_at TEXT NOT NULL,
            answered_at TEXT,
            closed_at TEXT,
            UNIQUE (source, source_id)
        );
        CREATE INDEX inquiries_status ON inquiries(status, opened_at);
        CREATE INDEX inquiries_import ON inquiries(import_id);
        CREATE INDEX inquiries_customer ON inquiries(customer) WHERE customer <> '';
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY,
            inquiry_id INTEGER NOT NULL REFERENCES inquiries(id),
            import_id INTEGER REFERENCES imports(id),
            source_id TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('customer','agent','bot','system')),
            public INTEGER NOT NULL DEFAULT 1,
            agent_id INTEGER REFERENCES agents(id),
            author TEXT NOT NULL DEFAULT '',     -- an imported agent's name as the source gives it
            text TEXT NOT NULL,
            at TEXT NOT NULL,
            saved_reply_id TEXT NOT NULL DEFAULT '',
            UNIQUE (inquiry_id, source_id)
        );
        CREATE INDEX messages_import ON messages(import_id);
        CREATE TABLE attachments (
            id INTEGER PRIMARY KEY,
            message_id INTEGER NOT NULL REFERENCES messages(id),
            name TEXT NOT NULL,
            media_type TEXT NOT NULL DEFAULT '',
            url TEXT NOT NULL DEFAULT '',
            size INTEGER
        );
        CREATE INDEX attachments_message ON attachments(message_id);
        CREATE TABLE labels (
            id INTEGER PRIMARY KEY,
            inquiry_id INTEGER NOT NULL REFERENCES inquiries(id),
            message_id INTEGER REFERENCES messages(id),
            import_id INTEGER REFERENCES imports(id),
            slug TEXT NOT NULL,                  -- canonical; its FAQ may not be known yet
            origin TEXT NOT NULL CHECK (origin IN ('import','sent','hand')),
            at TEXT NOT NULL,
            UNIQUE (inquiry_id, slug)
        );
        CREATE INDEX labels_slug ON labels(slug);
        CREATE INDEX labels_import ON labels(import_id);
        CREATE INDEX labels_message ON labels(message_id);
        CREATE VIRTUAL TABLE inquiry_search USING fts5(
            question, answer,                    -- as support.text.bigrams writes them
            tokenize = "unicode61 remove_diacritics 2"
        );
        CREATE VIRTUAL TABLE faq_search USING fts5(
            title, body, tokenize = "unicode61 remove_diacritics 2"
        );
        """,
    )


@migrations()
def m003_desk(db: Database) -> None:
    """Originals, drafts, outbox, and what was suggested and became of it."""
    _run(
        db,
        """
        CREATE TABLE originals (
            message_id INTEGER PRIMARY KEY REFERENCES messages(id),
            sealed BLOB NOT NULL
        );
        CREATE TABLE drafts (
            inquiry_id INTEGER NOT NULL REFERENCES inquiries(id),
            agent_id INTEGER NOT NULL REFERENCES agents(id),
            sealed BLOB NOT NULL,
            revision INTEGER NOT NULL,           -- a late save never replaces a newer one
            updated_at TEXT NOT NULL,
            PRIMARY KEY (inquiry_id, agent_id)
        );
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            inquiry_id INTEGER NOT NULL REFERENCES inquiries(id),
            message_id INTEGER NOT NULL UNIQUE REFERENCES messages(id),
            channel TEXT NOT NULL,
            sealed BLOB NOT NULL,                -- the answer as it was typed
            state TEXT NOT NULL CHECK (state IN ('queued','copied','delivered','failed')),
            attempts INTEGER NOT NULL DEFAULT 0,
            error TEXT NOT NULL DEFAULT '',
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        );
        CREATE INDEX outbox_state ON outbox(state);
        CREATE TABLE suggestions (
            id TEXT PRIMARY KEY,
            inquiry_id INTEGER REFERENCES inquiries(id),  -- NULL: asked through the API
            asked_by TEXT NOT NULL,
            release TEXT NOT NULL,
            band TEXT NOT NULL CHECK (band IN ('likely','possible','silent')),
            reason TEXT NOT NULL DEFAULT '',     -- why it was silent
            threshold REAL,
            at TEXT NOT NULL
        );
        CREATE INDEX suggestions_inquiry ON suggestions(inquiry_id);
        CREATE TABLE suggestion_faqs (
            suggestion_id TEXT NOT NULL REFERENCES suggestions(id),
            rank INTEGER NOT NULL,               -- 1 is the first
            slug TEXT NOT NULL,
            probability REAL NOT NULL,
            inserted_at TEXT,
            outcome TEXT CHECK (outcome IN ('accepted','passed_over','dismissed')),
            reason TEXT NOT NULL DEFAULT '',     -- of a dismissal
            PRIMARY KEY (suggestion_id, rank)
        );
        CREATE INDEX suggestion_faqs_slug ON suggestion_faqs(slug, outcome);
        CREATE TABLE misses (                    -- sent, but not among what was suggested
            suggestion_id TEXT NOT NULL REFERENCES suggestions(id),
            slug TEXT NOT NULL,
            PRIMARY KEY (suggestion_id, slug)
        );
        """,
    )


@migrations()
def m004_models(db: Database) -> None:
    """Embeddings (the truth that every index is a snapshot of), models and releases."""
    _run(
        db,
        """
        CREATE TABLE embeddings (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- only grows: the tail is seq > the snapshot's
            item_id INTEGER NOT NULL,            -- an inquiry's id
            encoder_version TEXT NOT NULL,
            vector BLOB NOT NULL,                -- float32, little-endian, length 1
            UNIQUE (item_id, encoder_version)
        );
        CREATE INDEX embeddings_version ON embeddings(encoder_version, seq);
        CREATE TABLE tombstones (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            item_id INTEGER NOT NULL
        );
        CREATE TABLE models (
            kind TEXT NOT NULL,
            version TEXT NOT NULL,
            hash TEXT NOT NULL,
            metrics TEXT NOT NULL DEFAULT '{}',
            created_at TEXT NOT NULL,
            PRIMARY KEY (kind, version)
        );
        CREATE TABLE releases (
            name TEXT PRIMARY KEY,
            parts TEXT NOT NULL,                 -- JSON: kind to version and hash
            created_at TEXT NOT NULL,
            published_at TEXT,
            published_by TEXT NOT NULL DEFAULT ''
        );
        """,
    )


@migrations()
def m005_loop(db: Database) -> None:
    """How releases were judged and made, and the order in which they were in force."""
    _run(
        db,
        """
        -- judgement and recipe are JSON; no_classifier says why there is none.
        ALTER TABLE releases ADD COLUMN judgement TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE releases ADD COLUMN recipe TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE releases ADD COLUMN no_classifier TEXT NOT NULL DEFAULT '';
        ALTER TABLE releases ADD COLUMN pruned_at TEXT;
        CREATE TABLE publications (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            release TEXT NOT NULL REFERENCES releases(name),
            back_to INTEGER REFERENCES publications(id),  -- where a rollback goes
            at TEXT NOT NULL,
            actor TEXT NOT NULL
        );
        CREATE INDEX publications_release ON publications(release);
        INSERT INTO publications (release, at, actor)
            SELECT name, published_at, published_by FROM releases
            WHERE published_at IS NOT NULL ORDER BY rowid;
        UPDATE publications SET back_to = id - 1 WHERE id > 1;
        """,
    )


@migrations()
def m006_helpful(db: Database) -> None:
    """What a source says of its answers: the one that solved it, and votes for less against."""
    _run(
        db,
        """
        ALTER TABLE inquiries ADD COLUMN solved INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE messages ADD COLUMN helpful INTEGER NOT NULL DEFAULT 0;
        """,
    )


@migrations()
def m007_answers(db: Database) -> None:
    """SQLite looks for the inquiry of a message that goes: without an index, through all."""
    _run(db, "CREATE INDEX inquiries_answer ON inquiries(answer_id);\n")


@migrations()
def m008_release_lines(db: Database) -> None:
    """Models that are valid without each other move on lines of their own."""
    _run(
        db,
        """
        ALTER TABLE releases ADD COLUMN line TEXT NOT NULL DEFAULT 'desk';
        ALTER TABLE releases ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
        UPDATE releases SET created_by = coalesce(
            (SELECT actor FROM audit
             WHERE action = 'release.stored' AND object = 'release:' || name), '');
        -- When and by whom a release was put in force is in publications alone.
        ALTER TABLE releases DROP COLUMN published_at;
        ALTER TABLE releases DROP COLUMN published_by;
        ALTER TABLE publications ADD COLUMN line TEXT NOT NULL DEFAULT 'desk';
        -- 0: the file that says what is in force was not seen to name it
        ALTER TABLE publications ADD COLUMN done INTEGER NOT NULL DEFAULT 1;
        """,
    )


@migrations()
def m009_listings(db: Database) -> None:
    """Listings, their pictures, categories, labels and the review queue."""
    _run(db, LISTINGS)


@migrations()
def m010_listing_counts(db: Database) -> None:
    """How many listings each category has is counted without reading them."""
    _run(db, COUNTS)


@migrations()
def m011_moderation(db: Database) -> None:
    """Policies, verdicts, reports merged into cases, decisions, appeals, strikes, sanctions."""
    _run(db, MODERATION)


@migrations()
def m012_similar(db: Database) -> None:
    """Vectors of listings, what changed, groups of those that are one, and what watching found."""
    _run(db, SIMILAR)


@migrations()
def m013_work(db: Database) -> None:
    """Who holds which inquiry, tags, snoozing, what agents did, invitations, second factors."""
    _run(db, WORK)


@migrations()
def m014_knowledge(db: Database) -> None:
    """What changed in FAQs and how to take it back, gaps, link checks, maps, saved replies."""
    _run(db, KNOWLEDGE)


@migrations()
def m015_preferences(db: Database) -> None:
    """What each person likes of the console; what they left alone has no row."""
    _run(
        db,
        """
        CREATE TABLE agent_preferences (
            agent_id INTEGER NOT NULL REFERENCES agents(id),
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (agent_id, name)
        ) WITHOUT ROWID;
        """,
    )


@migrations()
def m016_inserted_replies(db: Database) -> None:
    """Which saved reply was put into an answer."""
    _run(db, "ALTER TABLE suggestion_events ADD COLUMN reply_id INTEGER;\n")


@migrations()
def m017_reply_changes(db: Database) -> None:
    """What changed in saved replies, and how to take it back; whose change a row is of."""
    _run(
        db,
        """
        CREATE TABLE reply_changes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN
                ('created','edited','retired','restored','imported')),
            name TEXT NOT NULL,                  -- the reply's; the file's where many are changed
            actor TEXT NOT NULL,
            at TEXT NOT NULL,
            undone_at TEXT,
            undone_by TEXT NOT NULL DEFAULT ''
        );
        CREATE TABLE reply_change_rows (
            change_id INTEGER NOT NULL REFERENCES reply_changes(id) ON DELETE CASCADE,
            reply_id INTEGER NOT NULL,
            before TEXT,                         -- JSON of the row; NULL: it was not there
            after TEXT NOT NULL,                 -- JSON of the row
            PRIMARY KEY (change_id, reply_id)
        ) WITHOUT ROWID;
        CREATE INDEX reply_change_rows_reply ON reply_change_rows(reply_id, change_id);
        CREATE INDEX faq_change_rows_key ON faq_change_rows(name, key);
        """,
    )


@migrations()
def m018_replays(db: Database) -> None:
    """What two releases said of the same inquiries, and why releases were moved."""
    _run(db, REPLAYS)


@migrations()
def m019_labels_by_time(db: Database) -> None:
    """How often each FAQ was sent lately is counted without reading the labels themselves."""
    _run(
        db,
        """
        DROP INDEX labels_slug;
        CREATE INDEX labels_slug ON labels(slug, at);
        """,
    )


@migrations()
def m020_closed_unanswered(db: Database) -> None:
    """What was closed without an answer is listed without reading all that is closed."""
    _run(
        db,
        """
        CREATE INDEX inquiries_unanswered ON inquiries(opened_at)
            WHERE status = 'closed' AND answer_id IS NULL AND joined_to IS NULL;
        """,
    )


@migrations()
def m021_imports(db: Database) -> None:
    """What an import changed beside adding rows of its own, so that it can be taken back."""
    _run(db, IMPORTS)


@migrations()
def m022_doors(db: Database) -> None:
    """Connections to helpdesks: webhooks in, answers out, and the way back to a customer."""
    _run(db, DOORS)


@migrations()
def m023_api(db: Database) -> None:
    """What the API answered under which key, and what programs told of suggestions."""
    _run(db, API)


@migrations()
def m024_embed(db: Database) -> None:
    """The sidebar in another helpdesk: its tokens, and what it showed for which conversation."""
    _run(db, EMBED)


@migrations()
def m025_tokens(db: Database) -> None:
    """Tokens end by themselves; events of programs name the release, and are of more kinds."""
    _run(db, TOKENS)


@migrations()
def m026_embed_parent(db: Database) -> None:
    """A token of the sidebar is bound to the helpdesk that it was made for."""
    _run(db, EMBED_PARENT)


@migrations()
def m027_given_up(db: Database) -> None:
    """Answers that people gave up to deliver, and connections that were ended for good."""
    _run(
        db,
        """
        ALTER TABLE outbox ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX outbox_failed ON outbox(inquiry_id) WHERE state = 'failed' AND given_up = 0;
        ALTER TABLE connections ADD COLUMN ended_at TEXT;  -- what was sealed is forgotten since
        """,
    )


@migrations()
def m028_imported_by(db: Database) -> None:
    """Who imported, also where it did not end whole."""
    _run(db, IMPORTED_BY)


@migrations()
def m029_audit_chain(db: Database) -> None:
    """Each act names the one before; whose data it was about, and whether the desk did it."""
    _run(db, AUDIT_CHAIN)
    audit_chain.chain(db)
    _run(db, AUDIT_KEPT)


@migrations()
def m030_forgotten(db: Database) -> None:
    """Whom the desk was told to forget, so that no copy brings them back."""
    _run(db, FORGOTTEN)


@migrations()
def m031_backups(db: Database) -> None:
    """Which backups were made, what the desk was brought back from, and which key is its own."""
    _run(db, BACKUPS)
    key_mark.set_mark(db)


@migrations()
def m032_vectors(db: Database) -> None:
    """Which vector engine holds which of the desk's vectors, and how far."""
    _run(db, VECTORS)
