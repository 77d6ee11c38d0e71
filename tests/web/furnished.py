"""A desk with something on every page of the console."""

import numpy as np
from sqlite_utils import Database

from listings.moderation import backtest
from listings.moderation.policy_evidence import BaseRate, Judged
from support import agents, saved_replies, settings
from support.clock import now
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.listings.moderation.desk import PROVEN, a_policy, put, report, verdict
from tests.web.conftest import PASSWORD, import_rows
from tests.web.connected import connected
from tests.web.console_pages import HELPDESK
from tests.web.drawn_listings import BAG, BAG_AGAIN, LAMP, sell, suspend
from tests.web.test_gaps_page import WEATHER, add_gap
from tests.web.test_models_page import judged_releases
from web import jobs


def furnish(space: Workspace, db: Database) -> Workspace:
    """Fill `model_desk`'s copy; its admin is `ada`."""
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    import_rows(space, db, WEATHER, space.home.parent)
    sql = "SELECT id FROM inquiries WHERE source_id LIKE 'w%' ORDER BY source_id"
    add_gap(db, [row["id"] for row in db.query(sql)], minutes=12.4, timed=2)
    saved_replies.create(db, ACTOR, title="감사 인사", body="문의해 주셔서 감사합니다.")
    judged_releases(space, db)
    settings.change(db, ACTOR, embed_parents=[HELPDESK])
    _listings(space, db)
    _map(db)
    jobs.enqueue(space, db, ACTOR, "map", {})
    connected(space, db)
    db.table("label_batches").insert(
        {"name": "shop.csv", "file": "shop.csv", "state": "done", "created_by": "cli:test",
         "created_at": now()},
    )  # fmt: skip
    return space


def _listings(space: Workspace, db: Database) -> None:
    bad = sell(space, db, 1, "bad", BAG, photos=[(1, 0), (2, 0)])
    suspend(db, bad)
    again = sell(space, db, 2, "new", BAG_AGAIN, photos=[(3, 0), (1, 0)])
    sell(space, db, 4, "lee", LAMP, photos=[(4, 0)])
    row = Judged(verdict=verdict(pro_ads=0.95), truth="pro_ads", unselected=False)
    measured = backtest.backtest([row], a_policy(), BaseRate(stated=0.1)).measured.as_dict()
    put(db, a_policy(), evidence=PROVEN | {"measured": measured | {"may_hide": True}})
    report(db, space.seal(), again, "ann", label="counterfeit", words="가짜예요")


def _map(db: Database) -> None:
    ids = np.array([row["id"] for row in db.query("SELECT id FROM inquiries ORDER BY id")], "<i8")
    points = np.stack([np.cos(ids), np.sin(ids)], 1).astype("<f4")
    db.table("maps").insert(
        {"encoder_version": "bigrams", "ids": ids.tobytes(), "points": points.tobytes(),
         "settings": "{}", "made_at": now()},
    )  # fmt: skip
    db.conn.commit()
