-- A desk as faqdesk 0.1.0 wrote it (its schema ended with the step m020).
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (1, 'faqdesk', 'm001_ground', '2026-11-22 06:13:55.561522+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (2, 'faqdesk', 'm002_history', '2026-11-22 06:13:55.563176+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (3, 'faqdesk', 'm003_desk', '2026-11-22 06:13:55.564368+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (4, 'faqdesk', 'm004_models', '2026-11-22 06:13:55.565212+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (5, 'faqdesk', 'm005_loop', '2026-11-22 06:13:55.567172+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (6, 'faqdesk', 'm006_helpful', '2026-11-22 06:13:55.568341+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (7, 'faqdesk', 'm007_answers', '2026-11-22 06:13:55.568869+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (8, 'faqdesk', 'm008_release_lines', '2026-11-22 06:13:55.574320+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (9, 'faqdesk', 'm009_listings', '2026-11-22 06:13:55.575916+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (10, 'faqdesk', 'm010_listing_counts', '2026-11-22 06:13:55.576854+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (11, 'faqdesk', 'm011_moderation', '2026-11-22 06:13:55.581429+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (12, 'faqdesk', 'm012_similar', '2026-11-22 06:13:55.583269+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (13, 'faqdesk', 'm013_work', '2026-11-22 06:13:55.589228+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (14, 'faqdesk', 'm014_knowledge', '2026-11-22 06:13:55.591072+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (15, 'faqdesk', 'm015_preferences', '2026-11-22 06:13:55.591985+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (16, 'faqdesk', 'm016_inserted_replies', '2026-11-22 06:13:55.593813+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (17, 'faqdesk', 'm017_reply_changes', '2026-11-22 06:13:55.594643+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (18, 'faqdesk', 'm018_replays', '2026-11-22 06:13:55.599122+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (19, 'faqdesk', 'm019_labels_by_time', '2026-11-22 06:13:55.600205+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (20, 'faqdesk', 'm020_closed_unanswered', '2026-11-22 06:13:55.600911+00:00');
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,                 -- JSON
    changed_at TEXT NOT NULL,
    changed_by TEXT NOT NULL
);
INSERT INTO settings (key, value, changed_at, changed_by) VALUES ('desk_name', '"옛 데스크"', '2026-11-22T06:13:55Z', 'agent:1');
INSERT INTO settings (key, value, changed_at, changed_by) VALUES ('share_right', '0.85', '2026-11-22T06:13:55Z', 'agent:1');
INSERT INTO settings (key, value, changed_at, changed_by) VALUES ('faq_hosts', '["help.example.com"]', '2026-11-22T06:13:55Z', 'agent:1');
INSERT INTO settings (key, value, changed_at, changed_by) VALUES ('faq_path', '"/{locale}/faq/{slug}"', '2026-11-22T06:13:55Z', 'agent:1');
INSERT INTO settings (key, value, changed_at, changed_by) VALUES ('allow', '["1588-0000"]', '2026-11-22T06:13:55Z', 'agent:1');
INSERT INTO settings (key, value, changed_at, changed_by) VALUES ('channels', '[]', '2026-11-22T06:13:55Z', 'agent:1');
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
INSERT INTO agents (id, login, name, role, password_hash, active, language, created_at) VALUES (1, 'mina', '김미나', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$Q42wmSV4iFTLdame74K0XA$nSnPBN7ud3DYUQezt90phrr6Jg4lLz+lT+qmKDyElrc', 1, 'ko', '2026-11-22T06:13:55Z');
INSERT INTO agents (id, login, name, role, password_hash, active, language, created_at) VALUES (2, 'jun', '이준', 'agent', '$argon2id$v=19$m=65536,t=3,p=4$TFF7DI4slK565K7UxznTQQ$P0F3YtH8mRVHngT4F5HZh3dqHWk5WA0kH9iJmDRc29w', 1, 'ko', '2026-11-22T06:13:55Z');
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,         -- SHA-256 of the cookie's token
    agent_id INTEGER NOT NULL REFERENCES agents(id),
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
INSERT INTO sessions (token_hash, agent_id, created_at, last_seen_at, expires_at, address, user_agent) VALUES ('c6a6a3b6c1ef0b9f8715f76811c37a16f3431e8d031350d6a961c5b132bed2b7', 2, '2026-11-22T06:13:56Z', '2026-11-22T06:13:56Z', '2026-11-22T18:13:56Z', '192.0.2.11', 'Browser');
CREATE TABLE sign_in_attempts (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL COLLATE NOCASE,
    address TEXT NOT NULL,
    at TEXT NOT NULL
);
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
INSERT INTO api_tokens (id, name, token_hash, scopes, created_by, created_at, last_used_at, revoked_at) VALUES (1, 'helpdesk', 'd187e953c5c35d66cc3e8de6e18f7709c2a9f6194d6a2259082b02e3dd9fe6eb', '["suggest", "search"]', NULL, '2026-11-22T06:13:56Z', NULL, NULL);
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
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (1, '2026-11-22T06:13:55Z', 'cli:root', '', 'agent.added', 'agent:1', '{"role": "admin"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (2, '2026-11-22T06:13:55Z', 'cli:root', '', 'agent.added', 'agent:2', '{"role": "agent"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (3, '2026-11-22T06:13:55Z', 'agent:1', '192.0.2.10', 'setting.changed', 'setting:desk_name', '{"value": "옛 데스크", "before": "faqdesk"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (4, '2026-11-22T06:13:55Z', 'agent:1', '192.0.2.10', 'setting.changed', 'setting:share_right', '{"value": 0.85, "before": 0.8}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (5, '2026-11-22T06:13:55Z', 'agent:1', '192.0.2.10', 'setting.changed', 'setting:faq_hosts', '{"value": ["help.example.com"], "before": []}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (6, '2026-11-22T06:13:55Z', 'agent:1', '192.0.2.10', 'setting.changed', 'setting:faq_path', '{"value": "/{locale}/faq/{slug}", "before": "/{locale}/faq/{slug}"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (7, '2026-11-22T06:13:55Z', 'agent:1', '192.0.2.10', 'setting.changed', 'setting:allow', '{"value": ["1588-0000"], "before": []}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (8, '2026-11-22T06:13:55Z', 'agent:1', '192.0.2.10', 'setting.changed', 'setting:channels', '{"value": [], "before": []}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (9, '2026-11-22T06:13:55Z', 'agent:1', '192.0.2.10', 'faq.edited', 'faq:parcel', '{"change": 1}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (10, '2026-11-22T06:13:55Z', 'agent:1', '192.0.2.10', 'faq.renamed', 'faq:code-missing', '{"change": 2, "into": "code"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (11, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'import.done', 'import:1', '{"source": "csv", "inquiries": 6}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (12, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'release.stored', 'release:20261122-061356-5f71', '{"encoder": {"version": "v1", "hash": "e8f5ee20b2b2"}, "index": {"version": "v1", "hash": "d26b8ecd1bcf"}, "faq": {"version": "v1", "hash": "f2f87c699ae6"}}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (13, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'release.published', 'release:20261122-061356-5f71', '{"encoder": {"version": "v1", "hash": "e8f5ee20b2b2"}, "index": {"version": "v1", "hash": "d26b8ecd1bcf"}, "faq": {"version": "v1", "hash": "f2f87c699ae6"}}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (14, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'release.stored', 'release:20261122-061356-2544', '{"encoder": {"version": "v2", "hash": "cef70e7c05ac"}, "index": {"version": "v2", "hash": "195223c21b8c"}, "faq": {"version": "v2", "hash": "d840c0b80635"}}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (15, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'release.published', 'release:20261122-061356-2544', '{"encoder": {"version": "v2", "hash": "cef70e7c05ac"}, "index": {"version": "v2", "hash": "195223c21b8c"}, "faq": {"version": "v2", "hash": "d840c0b80635"}}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (16, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'release.rolled_back', 'release:20261122-061356-5f71', '{"encoder": {"version": "v1", "hash": "e8f5ee20b2b2"}, "index": {"version": "v1", "hash": "d26b8ecd1bcf"}, "faq": {"version": "v1", "hash": "f2f87c699ae6"}}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (17, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'answer.sent', 'inquiry:5', '{"faqs": ["refund"], "delivery": "copied"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (18, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'inquiry.tagged', 'inquiry:6', '{"tags": ["탈퇴", "급함"], "before": []}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (19, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'inquiry.snoozed', 'inquiry:6', '{"until": "2027-01-04T00:00:00Z"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (20, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'reply.created', 'reply:hello', '{"change": 1}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (21, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'reply.edited', 'reply:hello', '{"change": 2, "fields": ["body"]}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (22, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'token.created', 'token:1', '{"scopes": ["suggest", "search"]}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (23, '2026-11-22T06:13:56Z', 'agent:2', '192.0.2.11', 'sign_in.done', 'agent:2', '{}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (24, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'agent.invited', 'invitation:1', '{"role": "lead"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (25, '2026-11-22T06:13:56Z', 'agent:1', '192.0.2.10', 'report.received', 'listing:1', '{"case": 1, "report": 1, "label": "counterfeit", "braked": 0}', '', NULL, '');
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
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    files TEXT NOT NULL,                 -- JSON list of file names
    state TEXT NOT NULL CHECK (state IN ('running','done','failed','interrupted','undone')),
    report TEXT NOT NULL DEFAULT '{}',
    started_at TEXT NOT NULL,
    finished_at TEXT
);
INSERT INTO imports (id, source, files, state, report, started_at, finished_at) VALUES (1, 'csv', '["history.csv"]', 'done', '{"source": "csv", "dry_run": false, "rows": 6, "inquiries": 6, "messages": 9, "pairs": 3, "already_there": 0, "labelled": 2, "links": 2, "unknown_links": {}, "masked": {"phone": 2}, "rejected": 0, "rejections": []}', '2026-11-22T06:13:55Z', '2026-11-22T06:13:56Z');
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
INSERT INTO faqs (id, slug, title, title_en, body, category, url, discovered, active, created_at, updated_at) VALUES (1, 'refund', '환불을 받고 싶어요', '', '구매 확정 전이면 받을 수 있어요.', '', 'https://help.example.com/ko/faq/refund', 0, 1, '2026-11-22T06:13:55Z', '2026-11-22T06:13:55Z');
INSERT INTO faqs (id, slug, title, title_en, body, category, url, discovered, active, created_at, updated_at) VALUES (2, 'code', '인증번호가 오지 않아요', '', '스팸함을 봐 주세요.', '', 'https://help.example.com/faq/code', 0, 1, '2026-11-22T06:13:55Z', '2026-11-22T06:13:55Z');
INSERT INTO faqs (id, slug, title, title_en, body, category, url, discovered, active, created_at, updated_at) VALUES (3, 'parcel', '택배가 오지 않아요', '', '송장 번호로 찾아보세요.', '', 'https://help.example.com/ko/faq/parcel', 0, 1, '2026-11-22T06:13:55Z', '2026-11-22T06:13:55Z');
CREATE TABLE faq_aliases (
    alias TEXT PRIMARY KEY,              -- an old or localized slug
    slug TEXT NOT NULL
);
INSERT INTO faq_aliases (alias, slug) VALUES ('code-missing', 'code');
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
    closed_at TEXT, solved INTEGER NOT NULL DEFAULT 0, held_by INTEGER REFERENCES agents(id), held_until TEXT, snoozed_until TEXT, joined_to INTEGER REFERENCES inquiries(id), answered_by TEXT NOT NULL DEFAULT '',
    UNIQUE (source, source_id)
);
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at, solved, held_by, held_until, snoozed_until, joined_to, answered_by) VALUES (1, 1, 'csv', 'h1', '', 'none', '', '', '[]', '34890d707b9d9b7c54ac3c59a08b7fca', '', '인증번호가 안 와요', 'answered', 2, '2026-09-01T10:00:00Z', '2026-09-01T10:00:00Z', '2026-09-01T10:00:00Z', 0, NULL, NULL, NULL, NULL, 'author:jun');
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at, solved, held_by, held_until, snoozed_until, joined_to, answered_by) VALUES (2, 1, 'csv', 'h2', '', 'none', '', '', '[]', '041d7210ff97ba0310c09f47be8fa77c', '', '환불은 언제 되나요? 제 번호는 [전화번호]', 'answered', 4, '2026-09-02T11:00:00Z', '2026-09-02T11:00:00Z', '2026-09-02T11:00:00Z', 0, NULL, NULL, NULL, NULL, 'author:jun');
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at, solved, held_by, held_until, snoozed_until, joined_to, answered_by) VALUES (3, 1, 'csv', 'h3', '', 'none', '', '', '[]', 'bc299f3f02c6303f9ac4f9cf126150ec', '', '고맙습니다', 'answered', 6, '2026-09-03T12:00:00Z', '2026-09-03T12:00:00Z', '2026-09-03T12:00:00Z', 0, NULL, NULL, NULL, NULL, 'author:jun');
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at, solved, held_by, held_until, snoozed_until, joined_to, answered_by) VALUES (4, 1, 'csv', 'o1', '', 'none', '', '', '[]', 'f49e3d2cf20137bf06dffb0cad94ae36', '', '택배가 안 와요. 연락처는 [전화번호]', 'open', NULL, '2026-11-20T09:00:00Z', NULL, NULL, 0, 2, '2026-11-22T06:23:56Z', NULL, NULL, '');
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at, solved, held_by, held_until, snoozed_until, joined_to, answered_by) VALUES (5, 1, 'csv', 'o2', '', 'none', '', '', '[]', 'f30730336e6c5be4b79a182a8704911f', '', '환불해 주세요', 'answered', 10, '2026-11-20T10:00:00Z', '2026-11-22T06:13:56Z', '2026-11-22T06:13:56Z', 0, NULL, NULL, NULL, NULL, 'agent:1');
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at, solved, held_by, held_until, snoozed_until, joined_to, answered_by) VALUES (6, 1, 'csv', 'o3', '', 'none', '', '', '["탈퇴", "급함"]', 'a217b6ccfdb005a43a9889d64d1d9642', '', '탈퇴하고 싶어요', 'open', NULL, '2026-11-20T11:00:00Z', NULL, NULL, 0, NULL, NULL, '2027-01-04T00:00:00Z', NULL, '');
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
    saved_reply_id TEXT NOT NULL DEFAULT '', helpful INTEGER NOT NULL DEFAULT 0,
    UNIQUE (inquiry_id, source_id)
);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (1, 1, 1, 'q', 'customer', 1, NULL, '', '인증번호가 안 와요', '2026-09-01T10:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (2, 1, 1, 'a', 'agent', 1, NULL, 'jun', '스팸함을 봐 주세요. https://help.example.com/ko/faq/code-missing', '2026-09-01T10:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (3, 2, 1, 'q', 'customer', 1, NULL, '', '환불은 언제 되나요? 제 번호는 [전화번호]', '2026-09-02T11:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (4, 2, 1, 'a', 'agent', 1, NULL, 'jun', '확정 전이면 됩니다. https://help.example.com/ko/faq/refund', '2026-09-02T11:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (5, 3, 1, 'q', 'customer', 1, NULL, '', '고맙습니다', '2026-09-03T12:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (6, 3, 1, 'a', 'agent', 1, NULL, 'jun', '천만에요.', '2026-09-03T12:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (7, 4, 1, 'q', 'customer', 1, NULL, '', '택배가 안 와요. 연락처는 [전화번호]', '2026-11-20T09:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (8, 5, 1, 'q', 'customer', 1, NULL, '', '환불해 주세요', '2026-11-20T10:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (9, 6, 1, 'q', 'customer', 1, NULL, '', '탈퇴하고 싶어요', '2026-11-20T11:00:00Z', '', 0);
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id, helpful) VALUES (10, 5, NULL, 'sent:1:2026-11-22T06:13:56Z', 'agent', 1, 1, '', '확정 전이면 돌려드려요. https://help.example.com/ko/faq/refund', '2026-11-22T06:13:56Z', '', 0);
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES messages(id),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT '',
    size INTEGER
);
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
INSERT INTO labels (id, inquiry_id, message_id, import_id, slug, origin, at) VALUES (1, 1, 2, 1, 'code', 'import', '2026-09-01T10:00:00Z');
INSERT INTO labels (id, inquiry_id, message_id, import_id, slug, origin, at) VALUES (2, 2, 4, 1, 'refund', 'import', '2026-09-02T11:00:00Z');
INSERT INTO labels (id, inquiry_id, message_id, import_id, slug, origin, at) VALUES (3, 5, 10, NULL, 'refund', 'sent', '2026-11-22T06:13:56Z');
CREATE VIRTUAL TABLE inquiry_search USING fts5(
    question, answer,                    -- as support.text.bigrams writes them
    tokenize = "unicode61 remove_diacritics 2"
);
INSERT INTO inquiry_search (rowid, question, answer) VALUES (1, '인증 증번 번호 호가 안 와요', '스팸 팸함 함을 봐 주세 세요 https help example com ko faq code missing');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (2, '환불 불은 언제 되나 나요 제 번호 호는 전화 화번 번호', '확정 전이 이면 됩니 니다 https help example com ko faq refund');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (3, '고맙 맙습 습니 니다', '천만 만에 에요');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (4, '택배 배가 안 와요 연락 락처 처는 전화 화번 번호', '');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (5, '환불 불해 주세 세요', '확정 전이 이면 돌려 려드 드려 려요 https help example com ko faq refund');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (6, '탈퇴 퇴하 하고 싶어 어요', '');
CREATE VIRTUAL TABLE faq_search USING fts5(
    title, body, tokenize = "unicode61 remove_diacritics 2"
);
INSERT INTO faq_search (rowid, title, body) VALUES (1, '환불 불을 받고 싶어 어요', '구매 확정 전이 이면 받을 수 있어 어요');
INSERT INTO faq_search (rowid, title, body) VALUES (2, '인증 증번 번호 호가 오지 않아 아요', '스팸 팸함 함을 봐 주세 세요');
INSERT INTO faq_search (rowid, title, body) VALUES (3, '택배 배가 오지 않아 아요', '송장 번호 호로 찾아 아보 보세 세요');
CREATE TABLE originals (
    message_id INTEGER PRIMARY KEY REFERENCES messages(id),
    sealed BLOB NOT NULL
);
INSERT INTO originals (message_id, sealed) VALUES (7, X'6741414141414272416F676B394247387241564F4C6C4278535A5256333963387A30594141376F646C3653784248514F6A74545A6A4D7853793457354A6D456475514D756C3868467275546F735F6D686267346D5A3048506654796E45556C412D61616B723962474A647A587164386637504B6B50386432744152714E484164645469386A52326149636455466761754E766471414D496849314B654F6359374A513D3D');
CREATE TABLE drafts (
    inquiry_id INTEGER NOT NULL REFERENCES inquiries(id),
    agent_id INTEGER NOT NULL REFERENCES agents(id),
    sealed BLOB NOT NULL,
    revision INTEGER NOT NULL,           -- a late save never replaces a newer one
    updated_at TEXT NOT NULL,
    PRIMARY KEY (inquiry_id, agent_id)
);
INSERT INTO drafts (inquiry_id, agent_id, sealed, revision, updated_at) VALUES (4, 2, X'6741414141414272416F676B495642784B4C366F614837554C7846736653676C7171517A59633138754E413554384A387A7756506C442D705F4C514A6962695F46676E79414365567A6A49597A536C6D6656524E78425A334C73344E4E5078496A4570324C345F5F796B3553327A516D38454D4174516B3D', 1, '2026-11-22T06:13:56Z');
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
INSERT INTO outbox (id, inquiry_id, message_id, channel, sealed, state, attempts, error, created_at, updated_at) VALUES (1, 5, 10, 'none', X'6741414141414272416F676B437A725A3374526F446A2D554E354F4672345A746A6155303561457032656663495768345535766C784E42472D3244337275535A5064676E7978696F723062444C6B45794549373931585F6D3953736E37787A4F306B3348383471734A6E6E4146716F3245476C42547732585238474946694778746F574B675457324B41354D504930414C486D5631376B414D765A7845706130706E7030624162394A55376A48444B336E42445F2D42383D', 'copied', 0, '', '2026-11-22T06:13:56Z', '2026-11-22T06:13:56Z');
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
INSERT INTO suggestions (id, inquiry_id, asked_by, release, band, reason, threshold, at) VALUES ('sg_25e091b7c772b9b3ec0a', 5, 'agent:1', '20261122-061356-5f71', 'likely', '', 0.5, '2026-11-22T06:13:56Z');
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
INSERT INTO suggestion_faqs (suggestion_id, rank, slug, probability, inserted_at, outcome, reason) VALUES ('sg_25e091b7c772b9b3ec0a', 1, 'refund', 0.9, NULL, 'accepted', '');
INSERT INTO suggestion_faqs (suggestion_id, rank, slug, probability, inserted_at, outcome, reason) VALUES ('sg_25e091b7c772b9b3ec0a', 2, 'parcel', 0.05, NULL, 'passed_over', '');
CREATE TABLE misses (                    -- sent, but not among what was suggested
    suggestion_id TEXT NOT NULL REFERENCES suggestions(id),
    slug TEXT NOT NULL,
    PRIMARY KEY (suggestion_id, slug)
);
CREATE TABLE embeddings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- only grows: the tail is seq > the snapshot's
    item_id INTEGER NOT NULL,            -- an inquiry's id
    encoder_version TEXT NOT NULL,
    vector BLOB NOT NULL,                -- float32, little-endian, length 1
    UNIQUE (item_id, encoder_version)
);
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
INSERT INTO models (kind, version, hash, metrics, created_at) VALUES ('encoder', 'v1', 'e8f5ee20b2b2', '{"n": 1}', '2026-11-22T06:13:56Z');
INSERT INTO models (kind, version, hash, metrics, created_at) VALUES ('index', 'v1', 'd26b8ecd1bcf', '{"n": 1}', '2026-11-22T06:13:56Z');
INSERT INTO models (kind, version, hash, metrics, created_at) VALUES ('faq', 'v1', 'f2f87c699ae6', '{"n": 1}', '2026-11-22T06:13:56Z');
INSERT INTO models (kind, version, hash, metrics, created_at) VALUES ('encoder', 'v2', 'cef70e7c05ac', '{"n": 2}', '2026-11-22T06:13:56Z');
INSERT INTO models (kind, version, hash, metrics, created_at) VALUES ('index', 'v2', '195223c21b8c', '{"n": 2}', '2026-11-22T06:13:56Z');
INSERT INTO models (kind, version, hash, metrics, created_at) VALUES ('faq', 'v2', 'd840c0b80635', '{"n": 2}', '2026-11-22T06:13:56Z');
CREATE TABLE releases (
    name TEXT PRIMARY KEY,
    parts TEXT NOT NULL,                 -- JSON: kind to version and hash
    created_at TEXT NOT NULL,
    judgement TEXT NOT NULL DEFAULT '{}', recipe TEXT NOT NULL DEFAULT '{}', no_classifier TEXT NOT NULL DEFAULT '', pruned_at TEXT, line TEXT NOT NULL DEFAULT 'desk', created_by TEXT NOT NULL DEFAULT '');
INSERT INTO releases (name, parts, created_at, judgement, recipe, no_classifier, pruned_at, line, created_by) VALUES ('20261122-061356-5f71', '{"encoder": {"version": "v1", "hash": "e8f5ee20b2b2"}, "index": {"version": "v1", "hash": "d26b8ecd1bcf"}, "faq": {"version": "v1", "hash": "f2f87c699ae6"}}', '2026-11-22T06:13:56Z', '{"n": 1}', '{"seed": 1}', '', NULL, 'desk', 'agent:1');
INSERT INTO releases (name, parts, created_at, judgement, recipe, no_classifier, pruned_at, line, created_by) VALUES ('20261122-061356-2544', '{"encoder": {"version": "v2", "hash": "cef70e7c05ac"}, "index": {"version": "v2", "hash": "195223c21b8c"}, "faq": {"version": "v2", "hash": "d840c0b80635"}}', '2026-11-22T06:13:56Z', '{"n": 2}', '{"seed": 2}', '', NULL, 'desk', 'agent:1');
CREATE TABLE publications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    release TEXT NOT NULL REFERENCES releases(name),
    back_to INTEGER REFERENCES publications(id),  -- where a rollback goes
    at TEXT NOT NULL,
    actor TEXT NOT NULL
, line TEXT NOT NULL DEFAULT 'desk', done INTEGER NOT NULL DEFAULT 1, reason TEXT NOT NULL DEFAULT '', forced INTEGER NOT NULL DEFAULT 0, rolled_back INTEGER NOT NULL DEFAULT 0);
INSERT INTO publications (id, release, back_to, at, actor, line, done, reason, forced, rolled_back) VALUES (1, '20261122-061356-5f71', NULL, '2026-11-22T06:13:56Z', 'agent:1', 'desk', 1, '', 0, 0);
INSERT INTO publications (id, release, back_to, at, actor, line, done, reason, forced, rolled_back) VALUES (2, '20261122-061356-2544', 1, '2026-11-22T06:13:56Z', 'agent:1', 'desk', 1, '', 0, 0);
INSERT INTO publications (id, release, back_to, at, actor, line, done, reason, forced, rolled_back) VALUES (3, '20261122-061356-5f71', NULL, '2026-11-22T06:13:56Z', 'agent:1', 'desk', 1, '', 0, 1);
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
duplicate_by TEXT NOT NULL DEFAULT '' CHECK (duplicate_by IN ('','text','near','picture')), posted_at TEXT NOT NULL DEFAULT '', seller_since TEXT NOT NULL DEFAULT '', revision INTEGER NOT NULL DEFAULT 0, revised_at TEXT NOT NULL DEFAULT '',
UNIQUE (source, external_id)
    );
INSERT INTO listings (id, source, external_id, run_id, title, description, collected_title, collected_description, price, currency, price_text, seller, tree, category, brand, kind, url, collected_at, updated_at, text_key, removed, duplicate_of, duplicate_by, posted_at, seller_since, revision, revised_at) VALUES (1, 'market', 'L1', NULL, '명품 가방 정품급', '연락 [전화번호]', NULL, NULL, 50000, 'KRW', '50,000원', '676b0cd9ec1f4b4ebc53a74cdab8df17', 'market', '가방', '', '', '', '2026-11-22T06:13:56Z', '2026-11-22T06:13:56Z', 'e778dfb51bbf0098cf36cc6d75c3e0c9', '', NULL, '', '', '', 1, '2026-11-22T06:13:56Z');
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
CREATE TABLE category_trees (
name TEXT PRIMARY KEY,
created_at TEXT NOT NULL
    );
INSERT INTO category_trees (name, created_at) VALUES ('market', '2026-11-22T06:13:56Z');
CREATE TABLE categories (
tree TEXT NOT NULL REFERENCES category_trees(name),
path TEXT NOT NULL,                  -- every branch has a row of its own
external_id TEXT NOT NULL DEFAULT '',
active INTEGER NOT NULL DEFAULT 1,
PRIMARY KEY (tree, path)
    );
INSERT INTO categories (tree, path, external_id, active) VALUES ('market', '가방', '', 1);
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
CREATE TABLE moderation_policies (       -- never changed: another policy is another row
id INTEGER PRIMARY KEY AUTOINCREMENT,
version TEXT NOT NULL UNIQUE,        -- such as p3-1f0c9a2e
model TEXT NOT NULL DEFAULT '',      -- whose probabilities the thresholds were chosen for
content TEXT NOT NULL,               -- JSON: thresholds and rules
evidence TEXT NOT NULL DEFAULT '{}', -- JSON: the counts that the bounds rest on
note TEXT NOT NULL DEFAULT '',
created_by TEXT NOT NULL,
created_at TEXT NOT NULL
    );
CREATE TABLE moderation_modes (          -- which policy judges and acts; the last row counts
id INTEGER PRIMARY KEY,
policy_id INTEGER NOT NULL REFERENCES moderation_policies(id),
mode TEXT NOT NULL CHECK (mode IN ('off','shadow','live')),
reason TEXT NOT NULL DEFAULT '',
actor TEXT NOT NULL,
at TEXT NOT NULL
    );
CREATE TABLE moderation_backtests (
id INTEGER PRIMARY KEY,
policy_id INTEGER NOT NULL REFERENCES moderation_policies(id),
model TEXT NOT NULL,
result TEXT NOT NULL,                -- JSON
created_by TEXT NOT NULL,
created_at TEXT NOT NULL
    );
CREATE TABLE moderation_verdicts (
id INTEGER PRIMARY KEY AUTOINCREMENT,
listing_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
policy_id INTEGER NOT NULL REFERENCES moderation_policies(id),
mode TEXT NOT NULL CHECK (mode IN ('shadow','live')),
model TEXT NOT NULL,                 -- version; '' where rules alone judged
release TEXT NOT NULL DEFAULT '',
label TEXT NOT NULL,                 -- the class that the action speaks of
probabilities TEXT NOT NULL,         -- JSON, by class
action TEXT NOT NULL CHECK (action IN ('hide','review','pass')),
threshold REAL,                      -- the one that was reached
reason TEXT NOT NULL,                -- why this action
words TEXT NOT NULL DEFAULT '[]',    -- JSON: the rules and words that speak for it
revision INTEGER NOT NULL DEFAULT 0, -- of the listing, as it was judged
at TEXT NOT NULL,
CHECK (action <> 'hide' OR (model <> '' AND label NOT IN ('legal','normal')))
    );
CREATE TABLE moderation_cases (          -- all reports and signs about one listing
id INTEGER PRIMARY KEY,
listing_id INTEGER NOT NULL UNIQUE REFERENCES listings(id) ON DELETE CASCADE,
state TEXT NOT NULL DEFAULT 'closed' CHECK (state IN ('open','closed')),
hidden INTEGER NOT NULL DEFAULT 0,   -- as the newest decision in effect says
opened_at TEXT,                      -- when the oldest thing that is open came
priority REAL NOT NULL DEFAULT 0,    -- the highest comes first
claimed_by INTEGER REFERENCES agents(id),  -- who has it on the screen
claimed_at TEXT
    );
INSERT INTO moderation_cases (id, listing_id, state, hidden, opened_at, priority, claimed_by, claimed_at) VALUES (1, 1, 'open', 0, '2026-11-22T06:13:56Z', 0.5, NULL, NULL);
CREATE TABLE moderation_decisions (
id INTEGER PRIMARY KEY AUTOINCREMENT,
case_id INTEGER NOT NULL REFERENCES moderation_cases(id) ON DELETE CASCADE,
previous INTEGER NOT NULL DEFAULT 0, -- the decision on this case that stood before; 0: none
made_by TEXT NOT NULL CHECK (made_by IN ('person','policy','import')),
agent_id INTEGER REFERENCES agents(id),
actor TEXT NOT NULL,                 -- as in the audit trail
label TEXT NOT NULL,                 -- what the listing was found to be
action TEXT NOT NULL CHECK (action IN ('hide','pass')),
reason TEXT NOT NULL,
verdict_id INTEGER REFERENCES moderation_verdicts(id),
policy_id INTEGER REFERENCES moderation_policies(id),
model TEXT NOT NULL DEFAULT '',
threshold REAL,
appeal_id INTEGER REFERENCES appeals(id),  -- the appeal that it settles
drawn INTEGER NOT NULL DEFAULT 0,    -- 1: an import says that chance chose the listing
together TEXT NOT NULL DEFAULT '',   -- equal for decisions made at once, undone at once
revision INTEGER NOT NULL DEFAULT 0, -- of the listing, as it was decided on
at TEXT NOT NULL,
-- the later one on the same words of the listing, which counts instead
replaced_by INTEGER REFERENCES moderation_decisions(id),
undone_at TEXT,
undone_by TEXT NOT NULL DEFAULT '',
CHECK (label <> 'normal' OR action = 'pass'),
CHECK (made_by <> 'person' OR agent_id IS NOT NULL),
CHECK (made_by <> 'policy' OR (
    action = 'hide' AND label <> 'legal' AND model <> ''
    AND policy_id IS NOT NULL AND verdict_id IS NOT NULL AND threshold IS NOT NULL
))
    );
CREATE TABLE moderation_actions (        -- what changed for buyers, in order; never changed
id INTEGER PRIMARY KEY AUTOINCREMENT,
case_id INTEGER NOT NULL REFERENCES moderation_cases(id) ON DELETE CASCADE,
action TEXT NOT NULL CHECK (action IN ('hide','show')),
decision_id INTEGER NOT NULL REFERENCES moderation_decisions(id),
cause TEXT NOT NULL CHECK (cause IN ('decided','undone')),
at TEXT NOT NULL
    );
CREATE TABLE moderation_reports (
id INTEGER PRIMARY KEY AUTOINCREMENT,
case_id INTEGER NOT NULL REFERENCES moderation_cases(id) ON DELETE CASCADE,
reporter TEXT NOT NULL DEFAULT '',   -- keyed hash; '' unknown
external_id TEXT,                    -- of an import: source and id
label TEXT NOT NULL DEFAULT '',      -- the class the reporter chose; '' none
words TEXT NOT NULL DEFAULT '',      -- masked
braked INTEGER NOT NULL DEFAULT 0,   -- 1: one of a flood; never counts towards settling
late INTEGER NOT NULL DEFAULT 0,     -- 1: it was hidden already; proves nobody right
at TEXT NOT NULL,
closed_by INTEGER REFERENCES moderation_decisions(id)
    );
INSERT INTO moderation_reports (id, case_id, reporter, external_id, label, words, braked, late, at, closed_by) VALUES (1, 1, 'a04e045d5566239915bbfbb9bc4d446f', NULL, 'counterfeit', '가품 같아요', 0, 0, '2026-11-22T06:13:56Z', NULL);
CREATE TABLE moderation_signs (          -- why people shall look, beside reports
id INTEGER PRIMARY KEY,
case_id INTEGER NOT NULL REFERENCES moderation_cases(id) ON DELETE CASCADE,
kind TEXT NOT NULL CHECK (kind IN ('verdict','sample','watch','person')),
verdict_id INTEGER REFERENCES moderation_verdicts(id),
weight REAL NOT NULL DEFAULT 0,      -- towards the priority, in [0, 1]
note TEXT NOT NULL DEFAULT '',       -- such as which listing it is like, and how much
at TEXT NOT NULL,
closed_by INTEGER REFERENCES moderation_decisions(id)
    );
CREATE TABLE appeals (
id INTEGER PRIMARY KEY AUTOINCREMENT,
decision_id INTEGER NOT NULL UNIQUE REFERENCES moderation_decisions(id) ON DELETE CASCADE,
by TEXT NOT NULL CHECK (by IN ('seller','reporter')),
words TEXT NOT NULL DEFAULT '',      -- masked
state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','upheld','overturned')),
at TEXT NOT NULL,
settled_at TEXT,
settled_by INTEGER REFERENCES agents(id),
reason TEXT NOT NULL DEFAULT ''
    );
CREATE TABLE reporters (                 -- what a person said of one; their record is counted
reporter TEXT PRIMARY KEY,
muted_until TEXT,                    -- their reports are braked until then
reason TEXT NOT NULL,
changed_by TEXT NOT NULL,
changed_at TEXT NOT NULL
    );
CREATE TABLE strikes (
id INTEGER PRIMARY KEY,
seller TEXT NOT NULL,
decision_id INTEGER NOT NULL REFERENCES moderation_decisions(id) ON DELETE CASCADE,
label TEXT NOT NULL,
weight REAL NOT NULL,                -- on the day it was given
at TEXT NOT NULL
    );
CREATE TABLE sanctions (                 -- always by people
id INTEGER PRIMARY KEY,
seller TEXT NOT NULL,
kind TEXT NOT NULL CHECK (kind IN ('warning','suspension')),
reason TEXT NOT NULL,
until TEXT,                          -- NULL: for good; of a warning always NULL
decision_id INTEGER                  -- falls with it; outlives its listing
    REFERENCES moderation_decisions(id) ON DELETE SET NULL,
agent_id INTEGER REFERENCES agents(id),
actor TEXT NOT NULL,
at TEXT NOT NULL,
lifted_at TEXT,
lifted_by TEXT NOT NULL DEFAULT '',
lift_reason TEXT NOT NULL DEFAULT '',
mistaken INTEGER NOT NULL DEFAULT 0  -- 1: lifted as never deserved; does not count
    );
CREATE TABLE moderation_samples (        -- drawn by chance, so that figures are not contested
id INTEGER PRIMARY KEY,
listing_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
verdict_id INTEGER NOT NULL REFERENCES moderation_verdicts(id),
stream TEXT NOT NULL CHECK (stream IN ('all','hidden')),
share REAL NOT NULL,                 -- the chance it had
at TEXT NOT NULL,
UNIQUE (listing_id, stream)
    );
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
INSERT INTO listing_changes (seq, listing_id) VALUES (1, 1);
CREATE TABLE listing_apart (             -- somebody said that these two are not the same
id INTEGER PRIMARY KEY,
first_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
other_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
actor TEXT NOT NULL,
at TEXT NOT NULL,
undone_at TEXT,
CHECK (first_id < other_id)
    );
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
CREATE TABLE watch_state (               -- how far watching has read
name TEXT PRIMARY KEY,
seq INTEGER NOT NULL
    );
CREATE TABLE inquiry_tags (
tag TEXT NOT NULL,
inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
PRIMARY KEY (tag, inquiry_id)
    ) WITHOUT ROWID;
INSERT INTO inquiry_tags (tag, inquiry_id) VALUES ('급함', 6);
INSERT INTO inquiry_tags (tag, inquiry_id) VALUES ('탈퇴', 6);
CREATE TABLE suggestion_events (
id INTEGER PRIMARY KEY,
suggestion_id TEXT NOT NULL REFERENCES suggestions(id) ON DELETE CASCADE,
kind TEXT NOT NULL CHECK (kind IN ('inserted','undone','dismissed')),
slug TEXT NOT NULL DEFAULT '',       -- the FAQ; '' where it was a past answer
past_id INTEGER,                     -- the inquiry whose answer was inserted
form TEXT NOT NULL DEFAULT '' CHECK (form IN ('','link','titled','text')),
actor TEXT NOT NULL DEFAULT '',
at TEXT NOT NULL
    , reply_id INTEGER);
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
INSERT INTO invitations (id, token_hash, login, name, role, created_by, created_at, expires_at, accepted_at, revoked_at, agent_id) VALUES (1, 'd41ee56a775845c585645977e3096b461b68a257e797742d74c0e1f261a28e67', 'sora', '한소라', 'lead', 'agent:1', '2026-11-22T06:13:56Z', '2026-11-29T06:13:56Z', NULL, NULL, NULL);
CREATE TABLE second_factors (
agent_id INTEGER PRIMARY KEY REFERENCES agents(id),
sealed BLOB NOT NULL,                -- the shared secret
created_at TEXT NOT NULL,
confirmed_at TEXT,                   -- NULL: not shown to work yet, and not asked for
last_step INTEGER NOT NULL DEFAULT 0 -- the newest time step used: no code counts twice
    );
INSERT INTO second_factors (agent_id, sealed, created_at, confirmed_at, last_step) VALUES (1, X'6741414141414272416F676B754264546A3959375A7047724D6C656B2D4C312D3443685F56696D492D7751317279484D6D5552576E314D505A446C4D6938785A6A3635386835793434332D4744737248304F4D78434B54726E48543551427579767738516A5733396152435039524B6B65724532534E3843684E4B6B584C47384A655943597A7544654A7547', '2026-11-22T06:13:56Z', NULL, 0);
CREATE TABLE recovery_codes (
agent_id INTEGER NOT NULL REFERENCES agents(id),
code_hash TEXT NOT NULL,
used_at TEXT,
PRIMARY KEY (agent_id, code_hash)
    );
CREATE TABLE faq_revisions (             -- what an FAQ said before
id INTEGER PRIMARY KEY,
faq_id INTEGER NOT NULL REFERENCES faqs(id) ON DELETE CASCADE,
title TEXT NOT NULL,
title_en TEXT NOT NULL,
body TEXT NOT NULL,
until TEXT NOT NULL
    );
INSERT INTO faq_revisions (id, faq_id, title, title_en, body, until) VALUES (1, 3, '택배가 늦어요', '', '송장 번호로 찾아보세요.', '2026-11-22T06:13:55Z');
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
INSERT INTO faq_changes (id, kind, slug, into_slug, gap_id, last_label, actor, at, undone_at, undone_by) VALUES (1, 'edited', 'parcel', '', NULL, 0, 'agent:1', '2026-11-22T06:13:55Z', NULL, '');
INSERT INTO faq_changes (id, kind, slug, into_slug, gap_id, last_label, actor, at, undone_at, undone_by) VALUES (2, 'renamed', 'code-missing', 'code', NULL, 0, 'agent:1', '2026-11-22T06:13:55Z', NULL, '');
CREATE TABLE faq_change_rows (
change_id INTEGER NOT NULL REFERENCES faq_changes(id) ON DELETE CASCADE,
seq INTEGER NOT NULL,                -- in the order in which they were written
name TEXT NOT NULL CHECK (name IN ('faqs','faq_aliases','labels')),
key TEXT NOT NULL,
before TEXT,                         -- JSON of the row; NULL: it was not there
after TEXT,                          -- JSON of the row; NULL: it went
PRIMARY KEY (change_id, seq)
    ) WITHOUT ROWID;
INSERT INTO faq_change_rows (change_id, seq, name, key, before, after) VALUES (1, 1, 'faqs', '3', '{"id": 3, "slug": "parcel", "title": "택배가 늦어요", "title_en": "", "body": "송장 번호로 찾아보세요.", "category": "", "url": "https://help.example.com/ko/faq/parcel", "discovered": 0, "active": 1, "created_at": "2026-11-22T06:13:55Z", "updated_at": "2026-11-22T06:13:55Z"}', '{"id": 3, "slug": "parcel", "title": "택배가 오지 않아요", "title_en": "", "body": "송장 번호로 찾아보세요.", "category": "", "url": "https://help.example.com/ko/faq/parcel", "discovered": 0, "active": 1, "created_at": "2026-11-22T06:13:55Z", "updated_at": "2026-11-22T06:13:55Z"}');
INSERT INTO faq_change_rows (change_id, seq, name, key, before, after) VALUES (2, 1, 'faqs', '2', '{"id": 2, "slug": "code-missing", "title": "인증번호가 오지 않아요", "title_en": "", "body": "스팸함을 봐 주세요.", "category": "", "url": "https://help.example.com/ko/faq/code-missing", "discovered": 0, "active": 1, "created_at": "2026-11-22T06:13:55Z", "updated_at": "2026-11-22T06:13:55Z"}', '{"id": 2, "slug": "code", "title": "인증번호가 오지 않아요", "title_en": "", "body": "스팸함을 봐 주세요.", "category": "", "url": "https://help.example.com/faq/code", "discovered": 0, "active": 1, "created_at": "2026-11-22T06:13:55Z", "updated_at": "2026-11-22T06:13:55Z"}');
INSERT INTO faq_change_rows (change_id, seq, name, key, before, after) VALUES (2, 2, 'faq_aliases', 'code-missing', NULL, '{"alias": "code-missing", "slug": "code"}');
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
CREATE TABLE gap_inquiries (
gap_id INTEGER NOT NULL REFERENCES gaps(id) ON DELETE CASCADE,
inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
place INTEGER NOT NULL,              -- 1 is the most typical
PRIMARY KEY (gap_id, inquiry_id)
    ) WITHOUT ROWID;
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
INSERT INTO saved_replies (id, name, title, body, category, language, active, created_at, updated_at) VALUES (1, 'hello', '인사', '안녕하세요!', '', 'ko', 1, '2026-11-22T06:13:56Z', '2026-11-22T06:13:56Z');
CREATE TABLE saved_reply_uses (          -- past answers that hold a saved reply
reply_id INTEGER NOT NULL REFERENCES saved_replies(id) ON DELETE CASCADE,
inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
share REAL NOT NULL,                 -- of the reply's words that the answer holds
PRIMARY KEY (reply_id, inquiry_id)
    ) WITHOUT ROWID;
CREATE TABLE saved_reply_promises (      -- how often a score was right, on the desk's history
low REAL PRIMARY KEY,                -- from this score on
n INTEGER NOT NULL,
right INTEGER NOT NULL,
encoder_version TEXT NOT NULL
    );
CREATE TABLE agent_preferences (
    agent_id INTEGER NOT NULL REFERENCES agents(id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (agent_id, name)
) WITHOUT ROWID;
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
INSERT INTO reply_changes (id, kind, name, actor, at, undone_at, undone_by) VALUES (1, 'created', 'hello', 'agent:1', '2026-11-22T06:13:56Z', NULL, '');
INSERT INTO reply_changes (id, kind, name, actor, at, undone_at, undone_by) VALUES (2, 'edited', 'hello', 'agent:1', '2026-11-22T06:13:56Z', NULL, '');
CREATE TABLE reply_change_rows (
    change_id INTEGER NOT NULL REFERENCES reply_changes(id) ON DELETE CASCADE,
    reply_id INTEGER NOT NULL,
    before TEXT,                         -- JSON of the row; NULL: it was not there
    after TEXT NOT NULL,                 -- JSON of the row
    PRIMARY KEY (change_id, reply_id)
) WITHOUT ROWID;
INSERT INTO reply_change_rows (change_id, reply_id, before, after) VALUES (1, 1, NULL, '{"id": 1, "name": "hello", "title": "인사", "body": "안녕하세요, {고객}님.", "category": "", "language": "ko", "active": 1, "created_at": "2026-11-22T06:13:56Z", "updated_at": "2026-11-22T06:13:56Z"}');
INSERT INTO reply_change_rows (change_id, reply_id, before, after) VALUES (2, 1, '{"id": 1, "name": "hello", "title": "인사", "body": "안녕하세요, {고객}님.", "category": "", "language": "ko", "active": 1, "created_at": "2026-11-22T06:13:56Z", "updated_at": "2026-11-22T06:13:56Z"}', '{"id": 1, "name": "hello", "title": "인사", "body": "안녕하세요!", "category": "", "language": "ko", "active": 1, "created_at": "2026-11-22T06:13:56Z", "updated_at": "2026-11-22T06:13:56Z"}');
CREATE TABLE replays (
id INTEGER PRIMARY KEY AUTOINCREMENT,  -- an address never leads to another's rows
release TEXT NOT NULL REFERENCES releases(name),
against TEXT NOT NULL REFERENCES releases(name),
way TEXT NOT NULL CHECK (way IN ('refitted','unseen','learned')),
since TEXT NOT NULL,                 -- inquiries asked from this moment on
figures TEXT NOT NULL,               -- JSON, as of a judgement's group
worse INTEGER NOT NULL,
at TEXT NOT NULL,
made_by TEXT NOT NULL,
UNIQUE (release, against, way)
    );
CREATE TABLE replay_answers (            -- what both said of one inquiry
replay_id INTEGER NOT NULL REFERENCES replays(id) ON DELETE CASCADE,
inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
outcome TEXT NOT NULL CHECK (outcome IN ('won','lost','band','other','same')),
ours TEXT NOT NULL,                  -- the FAQ ranked first
ours_band TEXT NOT NULL,
ours_probability REAL NOT NULL,
ours_right INTEGER NOT NULL,
theirs TEXT NOT NULL,
theirs_band TEXT NOT NULL,
theirs_probability REAL NOT NULL,
theirs_right INTEGER NOT NULL,
PRIMARY KEY (replay_id, inquiry_id)
    ) WITHOUT ROWID;
UPDATE sqlite_sequence SET seq = 3 WHERE name = 'publications';
UPDATE sqlite_sequence SET seq = 1 WHERE name = 'listing_changes';
UPDATE sqlite_sequence SET seq = 25 WHERE name = 'audit';
UPDATE sqlite_sequence SET seq = 2 WHERE name = 'faq_changes';
UPDATE sqlite_sequence SET seq = 2 WHERE name = 'reply_changes';
UPDATE sqlite_sequence SET seq = 1 WHERE name = 'moderation_reports';
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX sessions_agent ON sessions(agent_id);
CREATE INDEX sign_in_attempts_login ON sign_in_attempts(login, at);
CREATE INDEX sign_in_attempts_address ON sign_in_attempts(address, at);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE INDEX inquiries_status ON inquiries(status, opened_at);
CREATE INDEX inquiries_import ON inquiries(import_id);
CREATE INDEX inquiries_customer ON inquiries(customer) WHERE customer <> '';
CREATE INDEX messages_import ON messages(import_id);
CREATE INDEX attachments_message ON attachments(message_id);
CREATE INDEX labels_import ON labels(import_id);
CREATE INDEX labels_message ON labels(message_id);
CREATE INDEX outbox_state ON outbox(state);
CREATE INDEX suggestions_inquiry ON suggestions(inquiry_id);
CREATE INDEX suggestion_faqs_slug ON suggestion_faqs(slug, outcome);
CREATE INDEX embeddings_version ON embeddings(encoder_version, seq);
CREATE INDEX publications_release ON publications(release);
CREATE INDEX inquiries_answer ON inquiries(answer_id);
CREATE INDEX collect_runs_same ON collect_runs(source, query, options);
CREATE INDEX listings_text_key ON listings(text_key);
CREATE INDEX listings_duplicate ON listings(duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX listings_seller ON listings(seller) WHERE seller <> '';
CREATE INDEX listings_run ON listings(run_id);
CREATE INDEX listing_pictures_sha256 ON listing_pictures(sha256);
CREATE INDEX review_items_queue ON review_items(state, priority DESC, id);
CREATE INDEX review_items_listing ON review_items(listing_id);
CREATE UNIQUE INDEX review_decisions_standing ON review_decisions(item_id, agent_id)
WHERE undone_at IS NULL;
CREATE INDEX review_decisions_agent ON review_decisions(agent_id, at);
CREATE INDEX review_decisions_together ON review_decisions(together) WHERE together <> '';
CREATE INDEX listing_labels_listing ON listing_labels(listing_id, tree) WHERE undone_at IS NULL;
CREATE INDEX listing_labels_decision ON listing_labels(decision_id)
WHERE decision_id IS NOT NULL;
CREATE INDEX listings_category ON listings(tree, category) WHERE removed = '';
CREATE INDEX moderation_modes_policy ON moderation_modes(policy_id);
CREATE INDEX moderation_backtests_policy ON moderation_backtests(policy_id);
CREATE INDEX moderation_verdicts_listing ON moderation_verdicts(listing_id, id);
CREATE INDEX moderation_verdicts_at ON moderation_verdicts(mode, action, at);
CREATE INDEX moderation_verdicts_policy
ON moderation_verdicts(policy_id, mode, listing_id, id);
CREATE INDEX moderation_cases_queue ON moderation_cases(state, priority DESC, id);
CREATE INDEX moderation_cases_claimed ON moderation_cases(claimed_by)
WHERE claimed_by IS NOT NULL;
CREATE INDEX moderation_cases_hidden ON moderation_cases(hidden) WHERE hidden = 1;
CREATE UNIQUE INDEX moderation_decisions_chain ON moderation_decisions(case_id, previous)
WHERE undone_at IS NULL;
CREATE INDEX moderation_decisions_case ON moderation_decisions(case_id, id);
CREATE INDEX moderation_decisions_agent ON moderation_decisions(agent_id, id);
CREATE INDEX moderation_decisions_at ON moderation_decisions(made_by, at);
CREATE INDEX moderation_decisions_verdict ON moderation_decisions(verdict_id)
WHERE verdict_id IS NOT NULL;
CREATE INDEX moderation_decisions_together ON moderation_decisions(together)
WHERE together <> '';
CREATE INDEX moderation_decisions_replaced ON moderation_decisions(replaced_by)
WHERE replaced_by IS NOT NULL;
CREATE INDEX moderation_decisions_appeal ON moderation_decisions(appeal_id)
WHERE appeal_id IS NOT NULL;
CREATE INDEX moderation_actions_case ON moderation_actions(case_id, id);
CREATE INDEX moderation_actions_decision ON moderation_actions(decision_id);
CREATE INDEX moderation_reports_case ON moderation_reports(case_id, id);
CREATE INDEX moderation_reports_reporter ON moderation_reports(reporter, at)
WHERE reporter <> '';
CREATE INDEX moderation_reports_person ON moderation_reports(case_id, reporter)
WHERE reporter <> '';
CREATE INDEX moderation_reports_closed ON moderation_reports(closed_by)
WHERE closed_by IS NOT NULL;
CREATE UNIQUE INDEX moderation_reports_external ON moderation_reports(external_id)
WHERE external_id IS NOT NULL;
CREATE INDEX moderation_signs_case ON moderation_signs(case_id, id);
CREATE INDEX moderation_signs_closed ON moderation_signs(closed_by)
WHERE closed_by IS NOT NULL;
CREATE INDEX moderation_signs_verdict ON moderation_signs(verdict_id)
WHERE verdict_id IS NOT NULL;
CREATE INDEX appeals_state ON appeals(state, at);
CREATE INDEX strikes_seller ON strikes(seller, at);
CREATE INDEX strikes_decision ON strikes(decision_id);
CREATE INDEX sanctions_seller ON sanctions(seller, at);
CREATE INDEX sanctions_decision ON sanctions(decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX moderation_samples_verdict ON moderation_samples(verdict_id);
CREATE UNIQUE INDEX listing_apart_standing ON listing_apart(first_id, other_id)
WHERE undone_at IS NULL;
CREATE INDEX listing_apart_other ON listing_apart(other_id);
CREATE INDEX listing_links_other ON listing_links(other_id);
CREATE INDEX watch_alerts_state ON watch_alerts(state, kind, at);
CREATE INDEX watch_alerts_seller ON watch_alerts(seller, kind, at);
CREATE INDEX watch_alerts_other ON watch_alerts(other_id) WHERE other_id IS NOT NULL;
CREATE TRIGGER listings_added AFTER INSERT ON listings BEGIN DELETE FROM listing_changes WHERE listing_id = new.id; INSERT INTO listing_changes (listing_id) VALUES (new.id); END;
CREATE TRIGGER listings_reworded AFTER UPDATE OF title, description ON listings BEGIN DELETE FROM listing_vectors WHERE listing_id = new.id AND kind = 'text'; DELETE FROM listing_changes WHERE listing_id = new.id; INSERT INTO listing_changes (listing_id) VALUES (new.id); END;
CREATE TRIGGER listings_moved AFTER UPDATE OF removed, seller ON listings BEGIN DELETE FROM listing_changes WHERE listing_id = new.id; INSERT INTO listing_changes (listing_id) VALUES (new.id); END;
CREATE TRIGGER listings_gone AFTER DELETE ON listings BEGIN DELETE FROM listing_changes WHERE listing_id = old.id; INSERT INTO listing_changes (listing_id) VALUES (old.id); END;
CREATE TRIGGER pictures_added AFTER INSERT ON listing_pictures WHEN new.file <> '' BEGIN DELETE FROM listing_vectors WHERE listing_id = new.listing_id AND kind = 'picture'; DELETE FROM listing_changes WHERE listing_id = new.listing_id; INSERT INTO listing_changes (listing_id) VALUES (new.listing_id); END;
CREATE TRIGGER pictures_fetched AFTER UPDATE OF file, phash, position ON listing_pictures BEGIN DELETE FROM listing_vectors WHERE listing_id = new.listing_id AND kind = 'picture'; DELETE FROM listing_changes WHERE listing_id = new.listing_id; INSERT INTO listing_changes (listing_id) VALUES (new.listing_id); END;
CREATE TRIGGER pictures_gone AFTER DELETE ON listing_pictures WHEN old.file <> '' BEGIN DELETE FROM listing_vectors WHERE listing_id = old.listing_id AND kind = 'picture'; DELETE FROM listing_changes WHERE listing_id = old.listing_id; INSERT INTO listing_changes (listing_id) VALUES (old.listing_id); END;
CREATE INDEX inquiries_held ON inquiries(held_by) WHERE held_by IS NOT NULL;
CREATE INDEX inquiries_snoozed ON inquiries(snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX inquiries_joined ON inquiries(joined_to) WHERE joined_to IS NOT NULL;
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
CREATE INDEX inquiry_tags_inquiry ON inquiry_tags(inquiry_id);
CREATE INDEX suggestion_events_suggestion ON suggestion_events(suggestion_id);
CREATE INDEX suggestion_events_at ON suggestion_events(at);
CREATE INDEX audit_at ON audit(at);
CREATE INDEX audit_object ON audit(object, at);
CREATE INDEX audit_action ON audit(action, at);
CREATE INDEX audit_actor ON audit(actor, at);
CREATE TRIGGER inquiries_answered_by AFTER UPDATE OF answer_id ON inquiries WHEN NEW.answer_id IS NOT OLD.answer_id BEGIN UPDATE inquiries SET answered_by = coalesce((SELECT CASE WHEN agent_id IS NOT NULL THEN 'agent:' || agent_id WHEN author <> '' THEN 'author:' || author ELSE '' END FROM messages WHERE id = NEW.answer_id), '') WHERE id = NEW.id; END;
CREATE TRIGGER inquiry_tags_new AFTER INSERT ON inquiries WHEN NEW.tags <> '[]' BEGIN INSERT OR IGNORE INTO inquiry_tags (tag, inquiry_id) SELECT value, NEW.id FROM json_each(NEW.tags) WHERE type = 'text'; END;
CREATE TRIGGER inquiry_tags_changed AFTER UPDATE OF tags ON inquiries WHEN NEW.tags <> OLD.tags BEGIN DELETE FROM inquiry_tags WHERE inquiry_id = NEW.id; INSERT OR IGNORE INTO inquiry_tags (tag, inquiry_id) SELECT value, NEW.id FROM json_each(NEW.tags) WHERE type = 'text'; END;
CREATE INDEX faq_revisions_faq ON faq_revisions(faq_id, id);
CREATE INDEX faq_changes_slug ON faq_changes(slug);
CREATE INDEX gaps_state ON gaps(state, n);
CREATE INDEX gap_inquiries_inquiry ON gap_inquiries(inquiry_id);
CREATE INDEX saved_reply_uses_inquiry ON saved_reply_uses(inquiry_id);
CREATE TRIGGER faqs_said AFTER UPDATE ON faqs WHEN NEW.title <> OLD.title OR NEW.title_en <> OLD.title_en OR NEW.body <> OLD.body BEGIN INSERT INTO faq_revisions (faq_id, title, title_en, body, until) VALUES (OLD.id, OLD.title, OLD.title_en, OLD.body, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')); END;
CREATE TRIGGER faqs_moved AFTER UPDATE OF url ON faqs WHEN NEW.url <> OLD.url BEGIN DELETE FROM faq_link_checks WHERE faq_id = NEW.id; END;
CREATE TRIGGER gaps_forget BEFORE DELETE ON inquiries BEGIN UPDATE gaps SET n = n - 1 WHERE id IN (SELECT gap_id FROM gap_inquiries WHERE inquiry_id = OLD.id); DELETE FROM gaps WHERE n <= 0 AND id IN (SELECT gap_id FROM gap_inquiries WHERE inquiry_id = OLD.id); END;
CREATE INDEX reply_change_rows_reply ON reply_change_rows(reply_id, change_id);
CREATE INDEX faq_change_rows_key ON faq_change_rows(name, key);
CREATE INDEX replays_against ON replays(against);
CREATE INDEX replay_answers_outcome ON replay_answers(replay_id, outcome);
CREATE INDEX replay_answers_inquiry ON replay_answers(inquiry_id);
CREATE INDEX labels_slug ON labels(slug, at);
CREATE INDEX inquiries_unanswered ON inquiries(opened_at)
    WHERE status = 'closed' AND answer_id IS NULL AND joined_to IS NULL;
