CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (1, 'faqdesk', 'm001_ground', '2026-11-22 02:54:59.091890+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (2, 'faqdesk', 'm002_history', '2026-11-22 02:54:59.146046+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (3, 'faqdesk', 'm003_desk', '2026-11-22 02:54:59.213343+00:00');
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (4, 'faqdesk', 'm004_models', '2026-11-22 02:54:59.295686+00:00');
CREATE TABLE settings (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL,                 -- JSON
            changed_at TEXT NOT NULL,
            changed_by TEXT NOT NULL
        );
INSERT INTO settings (key, value, changed_at, changed_by) VALUES ('desk_name', '"오래된 데스크"', '2026-11-22T02:54:59Z', 'cli:admin');
INSERT INTO settings (key, value, changed_at, changed_by) VALUES ('faq_hosts', '["help.example.com"]', '2026-11-22T02:54:59Z', 'cli:admin');
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
INSERT INTO agents (id, login, name, role, password_hash, active, language, created_at) VALUES (1, 'mina', '김미나', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$c6PBFFfrPBZRh0YT1RVOVQ$D0MOL3p48e7o9c1tXcN0AjakBbB1rEwS33x/LXSopxE', 1, 'ko', '2026-11-22T02:55:01Z');
CREATE TABLE sessions (
            token_hash TEXT PRIMARY KEY,         -- SHA-256 of the cookie's token
            agent_id INTEGER NOT NULL REFERENCES agents(id),
            created_at TEXT NOT NULL,
            last_seen_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            address TEXT NOT NULL,
            user_agent TEXT NOT NULL
        );
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
INSERT INTO api_tokens (id, name, token_hash, scopes, created_by, created_at, last_used_at, revoked_at) VALUES (1, 'helpdesk', '4f29309db23bfcdb36acb55ec5a19b3e332c59b4d5572d808b60b618cf64b1bc', '["suggest", "search"]', NULL, '2026-11-22T02:55:01Z', NULL, NULL);
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
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (1, '2026-11-22T02:54:59Z', 'cli:admin', '', 'setting.changed', 'setting:desk_name', '{"value": "오래된 데스크"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (2, '2026-11-22T02:54:59Z', 'cli:admin', '', 'setting.changed', 'setting:faq_hosts', '{"value": ["help.example.com"]}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (3, '2026-11-22T02:54:59Z', 'cli:admin', '', 'faqs.imported', 'faqs.csv', '{"added": 2, "changed": 0}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (4, '2026-11-22T02:54:59Z', 'cli:admin', '', 'import.done', 'import:1', '{"source": "shop", "inquiries": 5}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (5, '2026-11-22T02:55:01Z', 'cli:admin', '', 'agent.added', 'agent:1', '{"role": "admin"}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (6, '2026-11-22T02:55:01Z', 'cli:admin', '', 'token.created', 'token:1', '{"scopes": ["suggest", "search"]}', '', NULL, '');
INSERT INTO audit (id, at, actor, address, action, object, detail, release, threshold, policy) VALUES (7, '2026-11-22T02:55:01Z', 'cli:admin', '', 'answer.sent', 'inquiry:5', '{"faqs": [], "delivery": "copied"}', '', NULL, '');
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
INSERT INTO imports (id, source, files, state, report, started_at, finished_at) VALUES (1, 'shop', '["history.csv"]', 'done', '{"source": "shop", "dry_run": false, "rows": 5, "inquiries": 5, "messages": 8, "pairs": 3, "already_there": 0, "labelled": 2, "links": 2, "unknown_links": {}, "masked": {"phone": 1}, "rejected": 0, "rejections": []}', '2026-11-22T02:54:59Z', '2026-11-22T02:54:59Z');
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
INSERT INTO faqs (id, slug, title, title_en, body, category, url, discovered, active, created_at, updated_at) VALUES (1, 'refund', '환불을 받고 싶어요', '', '구매 확정 전이면 받을 수 있어요.', '환불', 'https://help.example.com/ko/faq/refund', 0, 1, '2026-11-22T02:54:59Z', '2026-11-22T02:54:59Z');
INSERT INTO faqs (id, slug, title, title_en, body, category, url, discovered, active, created_at, updated_at) VALUES (2, 'code-missing', '인증번호가 오지 않아요', '', '스팸함을 봐 주세요.', '가입', 'https://help.example.com/ko/faq/code-missing', 0, 1, '2026-11-22T02:54:59Z', '2026-11-22T02:54:59Z');
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
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at) VALUES (1, 1, 'shop', 'a1', '', 'app', '', '', '[]', '', '', '인증번호가 안 와요', 'answered', 2, '2026-09-01T09:00:00Z', '2026-09-01T10:00:00Z', '2026-09-01T10:00:00Z');
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at) VALUES (2, 1, 'shop', 'a2', '', 'email', '', '', '[]', '', '', '환불받고 싶어요', 'answered', 4, '2026-09-02T09:00:00Z', '2026-09-02T11:00:00Z', '2026-09-02T11:00:00Z');
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at) VALUES (3, 1, 'shop', 'a3', '', 'web', '', '', '[]', '', '', '고맙습니다', 'answered', 6, '2026-09-03T09:00:00Z', '2026-09-03T11:00:00Z', '2026-09-03T11:00:00Z');
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at) VALUES (4, 1, 'shop', 'o1', '', 'app', '', '', '[]', '', '', '환불은 언제 되나요 번호는 [전화번호] 입니다', 'open', NULL, '2026-09-04T09:00:00Z', NULL, NULL);
INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language, category, tags, customer, subject, text, status, answer_id, opened_at, answered_at, closed_at) VALUES (5, 1, 'shop', 'o2', '', 'web', '', '', '[]', '', '', '약속에 안 나왔어요', 'answered', 9, '2026-09-05T09:00:00Z', '2026-11-22T02:55:01Z', '2026-11-22T02:55:01Z');
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
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (1, 1, 1, 'q', 'customer', 1, NULL, '', '인증번호가 안 와요', '2026-09-01T09:00:00Z', '');
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (2, 1, 1, 'a', 'agent', 1, NULL, '김민지', '스팸함을 봐 주세요. https://help.example.com/ko/faq/code-missing', '2026-09-01T10:00:00Z', '');
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (3, 2, 1, 'q', 'customer', 1, NULL, '', '환불받고 싶어요', '2026-09-02T09:00:00Z', '');
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (4, 2, 1, 'a', 'agent', 1, NULL, '최하나', '확정 전이면 됩니다. https://help.example.com/ko/faq/refund', '2026-09-02T11:00:00Z', '');
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (5, 3, 1, 'q', 'customer', 1, NULL, '', '고맙습니다', '2026-09-03T09:00:00Z', '');
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (6, 3, 1, 'a', 'agent', 1, NULL, '최하나', '천만에요', '2026-09-03T11:00:00Z', '');
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (7, 4, 1, 'q', 'customer', 1, NULL, '', '환불은 언제 되나요 번호는 [전화번호] 입니다', '2026-09-04T09:00:00Z', '');
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (8, 5, 1, 'q', 'customer', 1, NULL, '', '약속에 안 나왔어요', '2026-09-05T09:00:00Z', '');
INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, agent_id, author, text, at, saved_reply_id) VALUES (9, 5, NULL, 'sent:1:2026-11-22T02:55:01Z', 'agent', 1, 1, '', '신고해 주세요', '2026-11-22T02:55:01Z', '');
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
INSERT INTO labels (id, inquiry_id, message_id, import_id, slug, origin, at) VALUES (1, 1, 2, 1, 'code-missing', 'import', '2026-09-01T10:00:00Z');
INSERT INTO labels (id, inquiry_id, message_id, import_id, slug, origin, at) VALUES (2, 2, 4, 1, 'refund', 'import', '2026-09-02T11:00:00Z');
CREATE VIRTUAL TABLE inquiry_search USING fts5(
            question, answer,                    -- as support.text.bigrams writes them
            tokenize = "unicode61 remove_diacritics 2"
        );
INSERT INTO inquiry_search (rowid, question, answer) VALUES (1, '인증 증번 번호 호가 안 와요', '스팸 팸함 함을 봐 주세 세요 https help example com ko faq code missing');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (2, '환불 불받 받고 싶어 어요', '확정 전이 이면 됩니 니다 https help example com ko faq refund');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (3, '고맙 맙습 습니 니다', '천만 만에 에요');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (4, '환불 불은 언제 되나 나요 번호 호는 전화 화번 번호 입니 니다', '');
INSERT INTO inquiry_search (rowid, question, answer) VALUES (5, '약속 속에 안 나왔 왔어 어요', '신고 고해 주세 세요');
CREATE VIRTUAL TABLE faq_search USING fts5(
            title, body, tokenize = "unicode61 remove_diacritics 2"
        );
INSERT INTO faq_search (rowid, title, body) VALUES (1, '환불 불을 받고 싶어 어요', '구매 확정 전이 이면 받을 수 있어 어요');
INSERT INTO faq_search (rowid, title, body) VALUES (2, '인증 증번 번호 호가 오지 않아 아요', '스팸 팸함 함을 봐 주세 세요');
CREATE TABLE originals (
            message_id INTEGER PRIMARY KEY REFERENCES messages(id),
            sealed BLOB NOT NULL
        );
INSERT INTO originals (message_id, sealed) VALUES (7, X'6741414141414272416C6D4444776266654A755F7833576869514E344353506E57356F6861386441776953796C636D4C6B6538396C3969496D4E70457267345232633538756455307A364674643850663246385032787A384A69446C595567554550784D6B546179455A747776316D3235503838626B737732664D544F776F676F464F6562514E56504376667968526568583676656B5A734D43735849445A355F513D3D');
CREATE TABLE drafts (
            inquiry_id INTEGER NOT NULL REFERENCES inquiries(id),
            agent_id INTEGER NOT NULL REFERENCES agents(id),
            sealed BLOB NOT NULL,
            revision INTEGER NOT NULL,           -- a late save never replaces a newer one
            updated_at TEXT NOT NULL,
            PRIMARY KEY (inquiry_id, agent_id)
        );
INSERT INTO drafts (inquiry_id, agent_id, sealed, revision, updated_at) VALUES (4, 1, X'6741414141414272416C6D46756D6E34495F6B4B4C6B6A7039665574524F31306551385773637739305975366D39635468756A565671675A44594648756A685371643973677A3241555F484D734E3630537431764957332D5657434151704C4339413D3D', 1, '2026-11-22T02:55:01Z');
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
INSERT INTO outbox (id, inquiry_id, message_id, channel, sealed, state, attempts, error, created_at, updated_at) VALUES (1, 5, 9, 'web', X'6741414141414272416C6D46694C665A78377174324E6D742D51745A672D7432547056426F395977704E35464457676D6C5A6B3077344F4F58396E536B4357443853376D6F753650784B5F62496669746459434F7579756E636276474F686168575247783361477A5555637155584A6B4F4C6E41426C383D', 'copied', 0, '', '2026-11-22T02:55:01Z', '2026-11-22T02:55:01Z');
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
CREATE TABLE releases (
            name TEXT PRIMARY KEY,
            parts TEXT NOT NULL,                 -- JSON: kind to version and hash
            created_at TEXT NOT NULL,
            published_at TEXT,
            published_by TEXT NOT NULL DEFAULT ''
        );
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX sessions_agent ON sessions(agent_id);
CREATE INDEX sign_in_attempts_login ON sign_in_attempts(login, at);
CREATE INDEX sign_in_attempts_address ON sign_in_attempts(address, at);
CREATE INDEX audit_object ON audit(object);
CREATE INDEX inquiries_status ON inquiries(status, opened_at);
CREATE INDEX inquiries_import ON inquiries(import_id);
CREATE INDEX inquiries_customer ON inquiries(customer) WHERE customer <> '';
CREATE INDEX messages_import ON messages(import_id);
CREATE INDEX attachments_message ON attachments(message_id);
CREATE INDEX labels_slug ON labels(slug);
CREATE INDEX labels_import ON labels(import_id);
CREATE INDEX labels_message ON labels(message_id);
CREATE INDEX outbox_state ON outbox(state);
CREATE INDEX suggestions_inquiry ON suggestions(inquiry_id);
CREATE INDEX suggestion_faqs_slug ON suggestion_faqs(slug, outcome);
CREATE INDEX embeddings_version ON embeddings(encoder_version, seq);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
