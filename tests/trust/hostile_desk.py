"""A desk into which somebody wrote hostile text wherever text may come from outside.

`FREE` names the columns that get it. The others hold what the desk itself writes: keys, states,
moments, hashes.
"""

import json
from typing import Any, Final

from sqlite_utils import Database

from support import settings
from support.audit import Actor, record
from support.database import write
from support.workspace import Workspace
from tests.conftest import ACTOR

# Every way out of the places in which a page puts text, and what must never be seen of it.
TEXT: Final = (
    "\u202e<canary-x onfocus=steal() autofocus>\"'><canary-x onerror=steal()></textarea></title>"
    "</script><script>steal()</script><svg/onload=steal()><style>*{display:none}</style>"
    '{{7*191}}{% raw %}${7*191}<!--]]>&lt;canary-x&gt;\u2066\x07\\" onmouseover=steal() '
    "[a](javascript:steal()) =1+1 %s {0}"
)
LINK: Final = "javascript:steal()//"
LINKS: Final = {"url", "source_url", "target"}

FREE: Final = {
    "agents": "name",
    "invitations": "name",
    "sessions": "user_agent",
    "api_tokens": "name",
    "api_events": "agent comment",
    "inquiries": "source_url channel category subject text answered_by",
    "messages": "author text",
    "attachments": "name media_type url",
    "inquiry_tags": "tag",
    "inquiry_routes": "conversation",
    "faqs": "title title_en body category url",
    "faq_revisions": "title title_en body",
    "faq_link_checks": "url target detail",
    "saved_replies": "title body category",
    "gaps": "title body reason",
    "findings_set_aside": "reason",
    "listings": "external_id title description collected_title collected_description category "
    "brand url price_text",
    "listing_pictures": "problem origin",
    "categories": "external_id",
    "moderation_reports": "words",
    "moderation_signs": "note",
    "moderation_decisions": "reason",
    "moderation_policies": "note",
    "moderation_modes": "reason",
    "appeals": "words reason",
    "sanctions": "reason lift_reason",
    "reporters": "reason",
    "watch_alerts": "detail",
    "label_batches": "name file model output",
    "jobs": "message log",
    "imports": "files format source",
    "connections": "refused",
    "webhook_deliveries": "event error delivery_id",
    "outbox": "error external_id",
    "publications": "reason",
    "collect_runs": "query problem",
    "review_items": "given",
}


def poison(space: Workspace, db: Database) -> None:
    """Write `TEXT` behind whatever stands in those columns, and into what is sealed."""
    settings.change(db, ACTOR, desk_name="Desk " + TEXT.replace("\x07", "")[:60])
    db.conn.execute("PRAGMA foreign_keys = OFF")
    db.conn.execute("PRAGMA ignore_check_constraints = ON")
    seal = space.seal()
    with write(db):
        for table, columns in FREE.items():
            for column in columns.split():
                _write(db, table, column)
        for table in ("originals", "drafts"):
            for row in list(db.query(f"SELECT rowid AS at, sealed FROM {table}")):
                sealed = seal.close_up(seal.open_up(row["sealed"]) + TEXT)
                db.execute(f"UPDATE {table} SET sealed = ? WHERE rowid = ?", [sealed, row["at"]])
        db.execute("UPDATE inquiries SET tags = ?", [json.dumps([TEXT])])
        db.execute("UPDATE jobs SET result = ?", [json.dumps({"error": TEXT, "release": TEXT})])
        db.execute("UPDATE imports SET files = ?", [json.dumps([TEXT])])
        record(db, Actor(TEXT, TEXT), "inquiry.tagged", f"inquiry:{TEXT}", release=TEXT,
               policy=TEXT, detail={TEXT: TEXT, "reason": TEXT, "n": [TEXT]})  # fmt: skip
        record(db, Actor("agent:1", TEXT), TEXT, TEXT, detail={"name": TEXT})
    db.conn.execute("PRAGMA foreign_keys = ON")
    db.conn.execute("PRAGMA ignore_check_constraints = OFF")


def _write(db: Database, table: str, column: str) -> None:
    value: Any = TEXT
    words = f"UPDATE {table} SET {column} = coalesce({column}, '') || ?"
    if column in LINKS:
        words, value = f"UPDATE {table} SET {column} = ? || rowid", LINK
    elif column in ("external_id", "delivery_id"):
        words = f"UPDATE {table} SET {column} = {column} || ?"
    db.execute(words, [value])
