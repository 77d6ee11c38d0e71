"""The tables of moderation: policies, verdicts, cases with reports, decisions, appeals, sanctions.

Only the statements; `migrations` runs them as one of its steps. Texts are masked before they get
here, sellers and reporters are keyed hashes.

What follows from a decision is derived from whether it stands (`undone_at` is empty) and whether
another took its place (`replaced_by`), so that taking it back is exact. The schema itself refuses a
second decision on the same round, an automatic one on `legal`, and hiding without a model.
"""

MODERATION = """
    -- When a listing was posted, '' where only its collecting is known, and its seller's account
    -- opened.
    ALTER TABLE listings ADD COLUMN posted_at TEXT NOT NULL DEFAULT '';
    ALTER TABLE listings ADD COLUMN seller_since TEXT NOT NULL DEFAULT '';
    -- How often a listing's words or pictures were others, and since when they are as they are:
    -- what was said of others is not said of these. A new price is no other listing.
    ALTER TABLE listings ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE listings ADD COLUMN revised_at TEXT NOT NULL DEFAULT '';
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
    CREATE INDEX moderation_modes_policy ON moderation_modes(policy_id);
    CREATE TABLE moderation_backtests (
        id INTEGER PRIMARY KEY,
        policy_id INTEGER NOT NULL REFERENCES moderation_policies(id),
        model TEXT NOT NULL,
        result TEXT NOT NULL,                -- JSON
        created_by TEXT NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE INDEX moderation_backtests_policy ON moderation_backtests(policy_id);
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
    CREATE INDEX moderation_verdicts_listing ON moderation_verdicts(listing_id, id);
    CREATE INDEX moderation_verdicts_at ON moderation_verdicts(mode, action, at);
    CREATE INDEX moderation_verdicts_policy
        ON moderation_verdicts(policy_id, mode, listing_id, id);
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
    CREATE INDEX moderation_cases_queue ON moderation_cases(state, priority DESC, id);
    CREATE INDEX moderation_cases_claimed ON moderation_cases(claimed_by)
        WHERE claimed_by IS NOT NULL;
    CREATE INDEX moderation_cases_hidden ON moderation_cases(hidden) WHERE hidden = 1;
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
    -- Two decisions cannot follow the same one: the second of two hands is refused.
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
    CREATE TABLE moderation_actions (        -- what changed for buyers, in order; never changed
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        case_id INTEGER NOT NULL REFERENCES moderation_cases(id) ON DELETE CASCADE,
        action TEXT NOT NULL CHECK (action IN ('hide','show')),
        decision_id INTEGER NOT NULL REFERENCES moderation_decisions(id),
        cause TEXT NOT NULL CHECK (cause IN ('decided','undone')),
        at TEXT NOT NULL
    );
    CREATE INDEX moderation_actions_case ON moderation_actions(case_id, id);
    CREATE INDEX moderation_actions_decision ON moderation_actions(decision_id);
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
    CREATE INDEX moderation_reports_case ON moderation_reports(case_id, id);
    CREATE INDEX moderation_reports_reporter ON moderation_reports(reporter, at)
        WHERE reporter <> '';
    CREATE INDEX moderation_reports_person ON moderation_reports(case_id, reporter)
        WHERE reporter <> '';
    CREATE INDEX moderation_reports_closed ON moderation_reports(closed_by)
        WHERE closed_by IS NOT NULL;
    CREATE UNIQUE INDEX moderation_reports_external ON moderation_reports(external_id)
        WHERE external_id IS NOT NULL;
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
    CREATE INDEX moderation_signs_case ON moderation_signs(case_id, id);
    CREATE INDEX moderation_signs_closed ON moderation_signs(closed_by)
        WHERE closed_by IS NOT NULL;
    CREATE INDEX moderation_signs_verdict ON moderation_signs(verdict_id)
        WHERE verdict_id IS NOT NULL;
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
    CREATE INDEX appeals_state ON appeals(state, at);
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
    CREATE INDEX strikes_seller ON strikes(seller, at);
    CREATE INDEX strikes_decision ON strikes(decision_id);
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
    CREATE INDEX sanctions_seller ON sanctions(seller, at);
    CREATE INDEX sanctions_decision ON sanctions(decision_id) WHERE decision_id IS NOT NULL;
    CREATE TABLE moderation_samples (        -- drawn by chance, so that figures are not contested
        id INTEGER PRIMARY KEY,
        listing_id INTEGER NOT NULL REFERENCES listings(id) ON DELETE CASCADE,
        verdict_id INTEGER NOT NULL REFERENCES moderation_verdicts(id),
        stream TEXT NOT NULL CHECK (stream IN ('all','hidden')),
        share REAL NOT NULL,                 -- the chance it had
        at TEXT NOT NULL,
        UNIQUE (listing_id, stream)
    );
    CREATE INDEX moderation_samples_verdict ON moderation_samples(verdict_id);
"""
