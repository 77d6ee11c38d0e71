"""Two web processes at once: calls are counted together, and one under a key is made once."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.database import scalar
from tests.conftest import ACTOR
from tests.web.doors import serving
from web import tokens
from web.api_once import HEADER, REPLAYED

AT_ONCE = 8
ASK = "/api/v1/suggestions"


@pytest.fixture
def served(space):
    """The desk over HTTP, in two processes."""
    with serving(space, "--workers", "2") as (port, _):
        yield f"http://127.0.0.1:{port}"


def program(address, db, **limits):
    """A client with a token of its own."""
    _, secret = tokens.create(db, ACTOR, name="t", scopes=("admin",), **limits)
    # No connection is kept: each call may come to either process.
    pool = httpx.Limits(max_keepalive_connections=0)
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.Client(base_url=address, headers=headers, limits=pool, timeout=60)


def at_once(n, call):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(call, range(n)))


def test_no_call_too_many_is_answered(served, db):
    for per_minute in (20, 21, 22):  # a token each, should a full minute begin between its calls
        with program(served, db, per_minute=per_minute) as client:
            minute = int(time.time()) // 60
            found = at_once(40, lambda _: client.get("/api/v1/faqs").status_code)
            if int(time.time()) // 60 == minute:
                assert Counter(found) == {200: per_minute, 429: 40 - per_minute}
                return
    raise AssertionError("forty calls never fell into one minute")


def test_a_call_under_one_key_is_made_once(served, db):
    with program(served, db) as client:

        def ask(_):
            """As a program does that hears that the first call is under way."""
            while True:
                answer = client.post(ASK, json={"text": "환불"}, headers={HEADER: "k1"})
                if answer.status_code != 409:
                    return answer
                time.sleep(0.05)

        found = at_once(2 * AT_ONCE, ask)
    assert {answer.status_code for answer in found} == {200}
    assert len({answer.json()["suggestion_id"] for answer in found}) == 1
    assert sum(REPLAYED not in answer.headers for answer in found) == 1
    assert scalar(db, "SELECT count(*) FROM suggestions") == 1


def test_an_inquiry_that_is_handed_in_many_times_at_once_is_one(served, db):
    body = {"source": "shop", "id": "7", "text": "환불이요"}
    with program(served, db) as client:
        found = at_once(2 * AT_ONCE, lambda _: client.post("/api/v1/inquiries", json=body))
    assert Counter(answer.status_code for answer in found) == {201: 1, 200: 2 * AT_ONCE - 1}
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE source = 'shop'") == 1
    assert scalar(db, "SELECT count(*) FROM messages m JOIN inquiries i ON i.id = inquiry_id "
                      "WHERE source = 'shop'") == 1  # fmt: skip


def test_an_event_that_is_told_many_times_at_once_counts_once(served, db):
    with program(served, db) as client:
        number = client.post(ASK, json={"text": "환불"}).json()["suggestion_id"]
        event = {"events": [{"id": "e1", "type": "displayed"}]}
        told = at_once(2 * AT_ONCE, lambda _: client.post(f"{ASK}/{number}/events", json=event))
    states = Counter(answer.json()["events"][0]["state"] for answer in told)
    assert states == {"taken": 1, "known": 2 * AT_ONCE - 1}
    assert scalar(db, "SELECT count(*) FROM api_events") == 1
