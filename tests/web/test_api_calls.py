"""What holds for every call of the API: how many a minute, and the same one made again."""

import io
import sqlite3

import pytest

from support.clock import ago
from support.database import one, scalar
from tests.conftest import ACTOR
from tests.web.doors import problem
from web import api_once, api_rate, tokens
from web.app import create_app

ASK, JUDGE = "/api/v1/suggestions", "/api/v1/listings:judge"
KEY = api_once.HEADER


@pytest.fixture
def call(space, db):
    """Calls the API with a token of every scope."""
    client = create_app(space).test_client()

    def ask(path=ASK, *, key="", limit=None, token="", **more):
        secret = token or secrets.setdefault(limit, made(limit))
        headers = {"Authorization": f"Bearer {secret}"} | ({KEY: key} if key else {})
        return client.post(path, headers=headers, **more)

    def made(limit):
        return tokens.create(db, ACTOR, name="t", scopes=("admin",), per_minute=limit)[1]

    secrets = {}
    ask.made = made
    return ask


def asked(db):
    return scalar(db, "SELECT count(*) FROM suggestions")


def text(words="환불"):
    return {"json": {"text": words}}


# The same call again


def test_the_same_call_under_a_key_is_done_once_and_answered_the_same(call, db):
    first = call(key="k1", **text())
    again = call(key="k1", **text())
    assert again.json == first.json
    assert again.status_code == first.status_code == 200
    assert again.content_type == first.content_type
    assert again.headers[api_once.REPLAYED] == "true"
    assert api_once.REPLAYED not in first.headers
    assert asked(db) == 1
    assert call(key="k2", **text()).json["suggestion_id"] != first.json["suggestion_id"]
    assert call(**text()).json["suggestion_id"] != first.json["suggestion_id"]
    assert asked(db) == 3


def test_a_key_stands_for_one_call_of_one_token(call, db):
    call(key="k1", **text())
    assert "another call" in problem(call(key="k1", **text("택배")), 422)["detail"]
    assert "another call" in problem(call(JUDGE, key="k1", **text()), 422)["detail"]
    other = call(key="k1", token=call.made(None), **text("택배"))
    assert other.status_code == 200
    assert asked(db) == 2


def test_what_failed_may_be_tried_again_under_its_key(call, db):
    problem(call(key="k1", json={"text": ""}), 422)
    problem(call(key="k1", json={"text": "a", "inquiry_id": "99"}), 404)
    assert call(key="k1", **text()).status_code == 200
    assert scalar(db, "SELECT count(*) FROM api_answers") == 1


def test_a_call_that_is_under_way_is_not_made_twice(call, db):
    call(key="k1", **text())
    db.execute("UPDATE api_answers SET status = NULL, sealed = NULL")
    db.conn.commit()
    assert "not answered yet" in problem(call(key="k1", **text()), 409)["detail"]
    assert asked(db) == 1
    # Its process died: after a while the call counts as never made.
    db.execute("UPDATE api_answers SET at = ?", [ago(minutes=16)])
    db.conn.commit()
    assert call(key="k1", **text()).status_code == 200
    assert asked(db) == 2


def test_keys_are_forgotten_after_a_day(call, db):
    call(key="k1", **text())
    db.execute("UPDATE api_answers SET at = ?", [ago(hours=25)])
    db.conn.commit()
    assert api_once.REPLAYED not in call(key="k1", **text()).headers
    assert asked(db) == 2


def test_what_is_kept_of_a_call_tells_nothing(call, db):
    call(key="mina.kim@example.org", **text("제 번호는 010-2938-4471 입니다"))
    row = str(one(db, "SELECT * FROM api_answers"))
    assert "mina" not in row
    assert "suggestion_id" not in row
    assert "번호" not in row


def test_a_form_is_the_same_though_its_boundary_differs(call, db):
    def listing(content):
        data = {
            "source": "shop",
            "id": "7",
            "title": "가방",
            "pictures": (io.BytesIO(content), "a.png"),
        }
        return call(JUDGE, key="k1", data=data, content_type="multipart/form-data")

    first = listing(b"one")
    assert first.status_code == 200, first.text
    again = listing(b"one")
    assert again.headers[api_once.REPLAYED] == "true"
    assert again.json == first.json
    problem(listing(b"two"), 422)


@pytest.mark.parametrize("key", ["a" * 201, "two words", "tab\there", "é"])
def test_a_key_that_is_none_is_refused(call, db, key):
    assert KEY in problem(call(key=key, **text()), 400)["detail"]
    assert asked(db) == 0


# How many a minute


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still at the begin of a minute until a test turns it on."""

    class Clock:
        present = 1_800_000_000.0

    monkeypatch.setattr(api_rate.time, "time", lambda: Clock.present)
    return Clock


def test_a_token_may_make_so_many_calls_a_minute(call, db, clock):
    answers = [call(limit=3, **text()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert [a.headers["RateLimit"] for a in answers] == [f'"minute";r={n};t=60' for n in (2, 1, 0)]
    clock.present += 20
    refused = call(limit=3, **text())
    assert "3 calls a minute" in problem(refused, 429)["detail"]
    assert refused.headers["Retry-After"] == "40"
    assert refused.headers["RateLimit"] == '"minute";r=0;t=40'
    assert asked(db) == 3
    assert call(limit=4, **text()).status_code == 200  # another token's
    clock.present += 40
    assert call(limit=3, **text()).status_code == 200


def test_calls_that_are_refused_count_too(call, clock):
    problem(call(limit=1, json={}), 422)
    problem(call(limit=1, **text()), 429)


def test_all_processes_count_together(space, clock):
    path = space.limits_path
    assert api_rate.count(path, 1, per_minute=2).left == 1
    # As another process does: with a connection of its own.
    with sqlite3.connect(path) as other:
        other.execute("UPDATE asked SET n = n + 1 WHERE who = '1'")
    other.close()
    assert api_rate.count(path, 1, per_minute=2).used_up


def test_a_file_that_cannot_count_stops_nobody(space, clock):
    api_rate.count(space.limits_path, 1, per_minute=2)
    space.limits_path.unlink()
    assert api_rate.count(space.limits_path, 1, per_minute=2).left == 1
    space.limits_path.write_bytes(b"no database at all, but long enough to be looked at" * 90)
    left = [api_rate.count(space.limits_path, 1, per_minute=2).left for _ in range(4)]
    assert left[-1] == -1  # it was made anew, and counts again


@pytest.mark.parametrize("number", [0, -1, 100_001])
def test_a_token_with_no_calls_is_refused(db, number):
    with pytest.raises(Exception, match="Calls a minute"):
        tokens.create(db, ACTOR, name="t", scopes=("suggest",), per_minute=number)


def test_admin_opens_every_door_and_no_other_scope_does(space, db):
    client = create_app(space).test_client()
    for scope, status in (("admin", 200), ("search", 403), ("suggest", 200)):
        _, secret = tokens.create(db, ACTOR, name="t", scopes=(scope,))
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.post(ASK, json={"text": "a"}, headers=headers).status_code == status
