"""What the audit trail says more, and what chains it."""

AUDIT_CHAIN = """
    -- 1: the desk by itself
    ALTER TABLE audit ADD COLUMN automatic INTEGER NOT NULL DEFAULT 0;
    -- whose data it was about: the keyed hash of a customer or seller
    ALTER TABLE audit ADD COLUMN person TEXT NOT NULL DEFAULT '';
    -- the hash of the act before, and its own
    ALTER TABLE audit ADD COLUMN previous TEXT NOT NULL DEFAULT '';
    ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
    CREATE INDEX audit_person ON audit(person, at) WHERE person <> '';
    CREATE TABLE audit_head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        last INTEGER NOT NULL,               -- the newest act
        hash TEXT NOT NULL,
        seal TEXT NOT NULL                   -- of both: only the key's holder can make it
    );
    DROP TRIGGER audit_no_update;
    UPDATE audit SET automatic = 1 WHERE actor = 'system';
    UPDATE audit SET person = coalesce(CASE
        WHEN object LIKE 'inquiry:%' THEN (SELECT customer FROM inquiries
            WHERE id = CAST(substr(object, 9) AS INTEGER))
        WHEN object LIKE 'listing:%' THEN (SELECT seller FROM listings
            WHERE id = CAST(substr(object, 9) AS INTEGER))
        WHEN object LIKE 'seller:%' THEN substr(object, 8) END, '');
"""
AUDIT_KEPT = """
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    -- REPLACE takes a row out without asking the trigger of DELETE.
    CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
        WHEN NEW.hash = '' OR EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
"""
