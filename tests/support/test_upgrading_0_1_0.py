"""A desk of faqdesk 0.1.0, with a little of everything, is brought up to date."""

import json

import pytest

from listings.moderation import cases
from support import agents, answering, faqs, inquiries, saved_replies, settings, tagging
from support.database import scalar
from support.migrations import migrations
from support.recommender import Recommender
from tests.conftest import ACTOR
from tests.support.old_desks import counts, desk_0_1_0, steps
from tests.web.doors import faqdesk
from web import tokens
from web.app import create_app

TOKEN = "fd_H71yhXtYLkwGMjp7jDZGtH4DtMYQtZqUu1cZSDUHF_E"


@pytest.fixture
def old(tmp_path):
    return desk_0_1_0(tmp_path)


@pytest.fixture
def db(old):
    """Its database, brought up to date."""
    database = old.database()
    yield database
    database.close()


def test_nothing_is_lost(old):
    before = counts(old.database_path)
    assert steps(old.database_path)[-1] == "m020_closed_unanswered"
    assert (before["inquiries"], before["audit"], before["releases"]) == (6, 25, 2)
    db = old.database()
    after = counts(old.database_path)
    assert {name: after[name] for name in before} == before
    assert not migrations.pending(db)
    assert scalar(db, "PRAGMA foreign_key_check") is None
    assert scalar(db, "PRAGMA integrity_check") == "ok"
    db.close()


def test_people_words_and_sealed_words_are_there(old, db):
    ids = {row["source_id"]: row["id"] for row in db.query("SELECT id, source_id FROM inquiries")}
    seal = old.seal()
    assert settings.load(db).desk_name == "옛 데스크"
    assert settings.load(db).share_right == 0.85
    assert agents.authenticate(db, "jun", "battery staple").name == "이준"
    assert tokens.find(db, TOKEN).scopes == ("suggest", "search")
    assert "010-2345-6789" in inquiries.get(db, ids["o1"], seal).messages[0].text
    assert "010-1234-5678" not in inquiries.get(db, ids["h2"], seal).messages[0].text
    jun = scalar(db, "SELECT id FROM agents WHERE login = 'jun'")
    assert answering.draft(db, seal, ids["o1"], jun).text == "초안입니다. 010-9999-8888"
    assert set(tagging.of(db, ids["o3"])) == {"탈퇴", "급함"}
    assert faqs.get(db, "parcel").title == "택배가 오지 않아요"
    assert faqs.aliases(db)["code-missing"] == "code"
    assert saved_replies.get(db, "hello").body == "안녕하세요!"
    [sent] = db.query("SELECT * FROM outbox")
    assert sent["state"] == "copied"
    assert seal.open_up(sent["sealed"]).startswith("확정 전이면 돌려드려요.")
    outcomes = dict(db.conn.execute("SELECT slug, outcome FROM suggestion_faqs").fetchall())
    assert outcomes == {"refund": "accepted", "parcel": "passed_over"}
    first = next(iter(db.query("SELECT * FROM audit ORDER BY id")))
    assert (first["action"], first["actor"]) == ("agent.added", "cli:root")
    case = scalar(db, "SELECT id FROM moderation_cases")
    assert cases.get(db, case).state == "open"


def test_the_desk_goes_on(old, db):
    """The console and the API answer, an answer is sent, words are found."""
    ids = {row["source_id"]: row["id"] for row in db.query("SELECT id, source_id FROM inquiries")}
    mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    answering.send(
        db, old.seal(), inquiry_id=ids["o3"], agent_id=mina, actor=ACTOR, text="탈퇴는 설정에서."
    )
    assert inquiries.get(db, ids["o3"], old.seal()).status == "answered"
    client = create_app(old).test_client()
    assert client.get("/readyz").status_code == 200
    found = client.get("/api/v1/search?q=환불", headers={"Authorization": f"Bearer {TOKEN}"})
    assert found.status_code == 200
    assert len(found.json["results"]) == 2


def test_releases_whose_folders_are_not_there_are_listed_and_say_what_to_do(old, db):
    listed = json.loads(faqdesk(old, "models", "list", "--json").stdout)["releases"]
    assert len(listed) == 2
    # This copy came without its models, as a desk that was moved in haste might.
    assert Recommender(old).suggest(db, "환불").reason == "no_model"
    done = faqdesk(old, "models", "publish", listed[-1]["name"])
    assert done.returncode == 3
    assert "faqdesk train" in done.stderr
