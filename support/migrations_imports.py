"""What an import did beside adding rows of its own, so that taking it back is exact.

Only the statements; `migrations` runs them as one of its steps. Texts are masked before they get
here.
"""

IMPORTS = """
    ALTER TABLE imports ADD COLUMN format TEXT NOT NULL DEFAULT '';
    -- the process that imports, and when it began: tells one that was killed from one at work
    ALTER TABLE imports ADD COLUMN process TEXT NOT NULL DEFAULT '';
    ALTER TABLE imports ADD COLUMN undone_at TEXT;
    ALTER TABLE imports ADD COLUMN undone_by TEXT NOT NULL DEFAULT '';
    CREATE TABLE import_changes (            -- rows of inquiries that were there before it
        import_id INTEGER NOT NULL REFERENCES imports(id),
        inquiry_id INTEGER NOT NULL REFERENCES inquiries(id) ON DELETE CASCADE,
        before TEXT NOT NULL,                -- JSON of the columns that differ
        after TEXT NOT NULL,                 -- the same columns
        PRIMARY KEY (import_id, inquiry_id)
    ) WITHOUT ROWID;
    CREATE INDEX import_changes_inquiry ON import_changes(inquiry_id, import_id);
    CREATE TABLE import_faqs (               -- FAQs known only from the links of this import
        import_id INTEGER NOT NULL REFERENCES imports(id),
        faq_id INTEGER NOT NULL REFERENCES faqs(id) ON DELETE CASCADE,
        PRIMARY KEY (import_id, faq_id)
    ) WITHOUT ROWID;
    CREATE TABLE import_settings (
        import_id INTEGER NOT NULL REFERENCES imports(id),
        key TEXT NOT NULL,
        before TEXT,                         -- JSON of the row; NULL: it was not set
        after TEXT NOT NULL,
        PRIMARY KEY (import_id, key)
    ) WITHOUT ROWID;
"""

# Of earlier ones the audit trail knows it, where they ended whole.
IMPORTED_BY = """
    ALTER TABLE imports ADD COLUMN started_by TEXT NOT NULL DEFAULT '';
    UPDATE imports SET started_by = coalesce((
        SELECT actor FROM audit WHERE object = 'import:' || imports.id AND action = 'import.done'
        ORDER BY id DESC LIMIT 1
    ), '');
"""
