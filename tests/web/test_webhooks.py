"""The door where helpdesks knock, and the worker behind it."""

import json

import pytest
from huey import MemoryHuey

from support import agents, answering, connections, delivery, webhook_intake
from support.audit import Actor
from support.connection_access import Access
from support.database import scalar
from support.webhook_signatures import signed
from tests.conftest import ACTOR
from tests.helpdesks import helpdesk
from tests.support.test_webhooks import BODIES, KINDS, SECRET
from tests.web.doors import problem, running, until
from web import job_queue, redis_queue
from web.app import create_app


def connected(space, db, kind, *, address="https://help.desk.example", private=False):
    access = Access(address=address, secret=SECRET, account="3", user="u@example.com", token="t",
                    private=private)  # fmt: skip
    return connections.connect(db, space.seal(), ACTOR, name=kind, kind=kind, access=access)[0]


def knock(client, kind, body, **change):
    came = signed(kind, SECRET, json.dumps(body).encode())
    return client.post(
        f"/api/v1/webhooks/{kind}",
        data=change.get("data", came.body),
        headers=change.get("headers", dict(came.headers)),
        query_string=change.get("query", dict(came.query)),
        content_type="application/json",
    )


@pytest.fixture
def client(space):
    return create_app(space).test_client()


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_a_replayed_and_a_wrong_signature(space, db, client, kind):
    before = scalar(db, "SELECT count(*) FROM inquiries")
    connected(space, db, kind)
    body = BODIES[kind](1, "인증번호가 안 와요")
    came = signed(kind, SECRET, json.dumps(body).encode())
    once = {"headers": dict(came.headers), "query": dict(came.query)}
    answer = knock(client, kind, body, **once)
    assert (answer.status_code, answer.json) == (202, {"state": "queued"})
    answer = knock(client, kind, body, **once)
    assert (answer.status_code, answer.json) == (202, {"state": "known"})
    for change in (
        {"headers": {}, "query": {}},
        {"headers": {"X-Hub-Signature": "sha1=00"}, "query": {"token": "no"}},
    ):
        found = problem(knock(client, kind, body, **change), 401)
        assert SECRET not in json.dumps(found)
    (waiting,) = webhook_intake.waiting(db)
    assert webhook_intake.work(db, space.seal(), waiting) == "done"
    assert scalar(db, "SELECT count(*) FROM inquiries") == before + 1


def test_who_asks_for_a_connection_that_is_not_there_is_told_no_more(space, db, client):
    assert knock(client, "zendesk", {}).data == knock(client, "zammad", {}).data
    connected(space, db, "zendesk")
    wrong = knock(client, "zendesk", {}, headers={})
    assert wrong.data == knock(client, "zammad", {}).data
    connections.switch(db, ACTOR, "zendesk", active=False)
    assert knock(client, "zendesk", BODIES["zendesk"](1, "a")).status_code == 401


def test_a_body_that_is_too_long_or_no_json_is_refused(space, db, client):
    connected(space, db, "zammad")
    problem(knock(client, "zammad", {}), 400)
    answer = client.post("/api/v1/webhooks/zammad", data=b"x" * (3 << 20))
    problem(answer, 413)


def test_a_queue_that_ails_costs_no_webhook(space, db, client, monkeypatch):
    connected(space, db, "zendesk")

    def broken(*_):
        raise RuntimeError("no queue")

    monkeypatch.setattr("web.webhooks.ring_door", broken)
    assert knock(client, "zendesk", BODIES["zendesk"](1, "인증번호")).status_code == 202
    assert len(webhook_intake.waiting(db)) == 1


def test_an_answer_sent_in_the_console_reaches_the_helpdesk(space, db, client):
    seal = space.seal()
    with helpdesk("chatwoot") as desk:
        made = connected(space, db, "chatwoot", address=desk.address, private=True)
        body = json.dumps(BODIES["chatwoot"](1, "인증번호가 안 와요")).encode()
        webhook_intake.work(
            db, seal, webhook_intake.accept(db, seal, made, signed("chatwoot", SECRET, body)).id
        )
        inquiry_id = scalar(db, "SELECT max(id) FROM inquiries")
        mina = next(one for one in agents.listed(db) if one.login == "mina")
        answering.send(db, seal, inquiry_id=inquiry_id, agent_id=mina.id, text="스팸함을 봐 주세요",
                       actor=Actor(mina.actor_name))  # fmt: skip
        with running(space, "worker"):
            until(lambda: delivery.standing(db, inquiry_id).state == "delivered", "it arrives")
        assert desk.texts() == ["스팸함을 봐 주세요"]


def test_the_queues_are_put_on_redis_where_it_is_named(space, db, client, monkeypatch):
    """A server is not needed to see who rings where; the tables know what waits either way."""
    made = {}

    def redis(name, *, connection_pool, storage_class, **options):
        made[name] = MemoryHuey(name, **options)
        where = connection_pool.connection_kwargs
        assert (where["host"], where["db"], where["password"]) == ("queue.example", 3, "word")
        return made[name]

    monkeypatch.setenv(redis_queue.REDIS, "rediss://:word@queue.example:6379/3")
    monkeypatch.setattr(job_queue, "RedisHuey", redis)
    for cached in (job_queue._made, job_queue._door_task, job_queue._task):
        cached.cache_clear()
    try:
        connected(space, db, "zendesk")
        assert knock(client, "zendesk", BODIES["zendesk"](1, "인증번호")).status_code == 202
        job_queue.ring(space, 7)
        # One server may ring for several desks: each has its own names.
        own = (space.home / "queue.name").read_text()
        doors, jobs = f"faqdesk-doors-{own}", f"faqdesk-{own}"
        assert set(made) == {doors, jobs}
        (task,) = made[doors].pending()
        assert task.args == (str(space.home), "webhook", 1)
        made[doors].execute(made[doors].dequeue())
        assert webhook_intake.waiting(db) == []
        assert [task.args for task in made[jobs].pending()] == [(str(space.home), 7)]
    finally:
        for cached in (job_queue._made, job_queue._door_task, job_queue._task):
            cached.cache_clear()
    assert not (space.home / "doors.db").exists()
