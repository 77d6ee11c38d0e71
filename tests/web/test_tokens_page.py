"""The page of API tokens: made once, shown once, listed without their secrets, revoked."""

import re

import pytest

from support import agents
from support.clock import ago
from support.database import scalar
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD, signed_in
from web import tokens
from web.token_words import SCOPE_SENTENCES


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="에이다", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


def make(admin, **more):
    form = {"name": "헬프데스크", "scopes": ["suggest", "feedback"], "days": "90"} | more
    return admin.post("/tokens", data=form)


def secret_of(answer):
    return re.search(r'value="(fd_[^"]+)"', answer.text)[1]


def test_a_token_is_shown_once_and_works(admin, app, db):
    answer = make(admin, per_minute="60")
    secret = secret_of(answer)
    found = tokens.find(db, secret)
    assert (found.name, found.scopes) == ("헬프데스크", ("suggest", "feedback"))
    assert (found.per_minute, found.state) == (60, "live")
    assert ago(days=-89) < found.expires_at < ago(days=-91)
    page = admin.get("/tokens").text
    assert secret not in page
    assert "헬프데스크" in page
    assert "에이다 생성" in page
    asked = app.test_client().post(
        "/api/v1/suggestions",
        json={"text": "환불"},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert asked.status_code == 200
    assert asked.headers["RateLimit-Policy"] == '"minute";q=60;w=60'


def test_revoking_ends_it_and_both_are_in_the_audit_trail(admin, app, db):
    secret = secret_of(make(admin))
    number = tokens.find(db, secret).id
    assert admin.post(f"/tokens/{number}/revoke").status_code == 302
    assert tokens.find(db, secret) is None
    assert "끝난 토큰" in admin.get("/tokens").text
    assert admin.post(f"/tokens/{number}/revoke").status_code == 404
    ada = scalar(db, "SELECT 'agent:' || id FROM agents WHERE login = 'ada'")
    sql = "SELECT action, actor FROM audit WHERE object = ? ORDER BY id"
    told = [(row["action"], row["actor"]) for row in db.query(sql, [f"token:{number}"])]
    assert told == [("token.created", ada), ("token.revoked", ada)]
    assert "fd_" not in admin.get("/audit").text


def test_a_token_ends_by_itself(admin, app, db):
    secret = secret_of(make(admin))
    db.execute("UPDATE api_tokens SET expires_at = ?", [ago(seconds=1)])
    db.conn.commit()
    assert tokens.find(db, secret) is None
    assert [token.state for token in tokens.listed(db)] == ["expired"]
    page = admin.get("/tokens").text
    assert "만료" in page
    assert 'action="/tokens/1/revoke"' not in page


@pytest.mark.parametrize(
    ("form", "words"),
    [({"name": " "}, "이름"), ({"name": "가" * 61}, "이름"), ({"scopes": []}, "하나 이상"),
     ({"scopes": ["king"]}, "하나 이상"), ({"per_minute": "0"}, "분당"),
     ({"per_minute": "many"}, "분당"), ({"per_minute": "9" * 30}, "분당")],
)  # fmt: skip
def test_what_cannot_be_made_is_said_and_what_was_typed_stays(admin, db, form, words):
    answer = make(admin, **form)
    assert answer.status_code == 400
    assert words in re.search(r'class="trouble" role="alert">([^<]+)', answer.text)[1]
    assert scalar(db, "SELECT count(*) FROM api_tokens") == 0
    if "name" not in form:
        assert 'value="헬프데스크"' in answer.text
    if "scopes" not in form:
        assert re.search(r'value="feedback" checked', answer.text)


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_token_lives_for_some_days(db, days):
    with pytest.raises(Exception, match="days"):
        tokens.create(db, ACTOR, name="t", scopes=("suggest",), days=days)


def test_every_scope_has_its_sentence():
    assert tuple(SCOPE_SENTENCES) == tokens.SCOPES
