"""What /readyz, /metrics and `faqdesk status` tell of a worker that is gone and doors that fail."""

import json
import os
import signal
import time

import pytest

from support.clock import ago
from support.database import insert, scalar
from tests.web.doors import faqdesk, fetch, serving, until
from tests.web.test_metrics import read
from tests.web.test_serve import workers
from web import worker_state
from web.app import create_app


@pytest.fixture
def door(db):
    """Puts a webhook, or an answer that is on its way, into the desk."""
    connection = insert(
        db, "connections",
        {"name": "chat", "kind": "chatwoot", "source": "chat", "sealed": b"",
         "created_at": ago(days=9), "created_by": "cli:test"},
    )  # fmt: skip

    def webhook(**fields):
        row = {"connection_id": connection, "delivery_id": ago(), "state": "queued"}
        return insert(db, "webhook_deliveries", row | {"received_at": ago()} | fields)

    def answer(**fields):
        inquiry, message = db.execute(
            "SELECT inquiry_id, min(id) FROM messages WHERE role = 'agent' "
            "AND id NOT IN (SELECT message_id FROM outbox)"
        ).fetchone()
        row = {"inquiry_id": inquiry, "message_id": message, "channel": "chat", "sealed": b"",
               "connection_id": connection, "state": "queued", "created_at": ago(hours=1),
               "updated_at": ago()}  # fmt: skip
        return insert(db, "outbox", row | fields)

    return {"webhook": webhook, "answer": answer}


def failing(space, db):
    return list(worker_state.troubles(space, db))


def silence(space, seconds):
    worker_state.give_sign(space)
    then = time.time() - seconds
    os.utime(space.home / "worker.alive", (then, then))


def test_a_desk_that_was_never_served_misses_no_worker(space, db):
    assert worker_state.seconds_silent(space) is None
    assert failing(space, db) == []


def test_a_worker_without_a_sign_of_life_is_missed(space, db):
    silence(space, 1)
    assert failing(space, db) == []
    silence(space, 31)
    assert failing(space, db) == ["no_worker"]
    end = worker_state.give_signs(space, seconds=0.02)
    silence(space, 31)
    until(lambda: failing(space, db) == [], "it lives")
    end()


def test_jobs_may_wait_for_the_one_under_way(space, db):
    job = {"kind": "train", "created_by": "agent:1", "created_at": ago(hours=1)}
    insert(db, "jobs", job | {"state": "queued"})
    assert failing(space, db) == ["jobs_late"]
    insert(db, "jobs", job | {"state": "running"})
    assert failing(space, db) == []
    [jobs, *_] = worker_state.queues(db)
    assert (jobs.name, jobs.waiting) == ("jobs", 1)
    assert 3599 <= jobs.seconds <= 3660


def test_webhooks_may_not_wait(space, db, door):
    door["webhook"](received_at=ago(minutes=1))
    assert failing(space, db) == []
    door["webhook"](delivery_id="other", received_at=ago(minutes=3))
    assert failing(space, db) == ["webhooks_late"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["answers_late"]),
        ({"next_at": -10}, []),  # to be tried again later
        ({"next_at": 1}, []),  # due since a minute
        ({"next_at": 9}, ["answers_late"]),
        ({"leased_until": -1}, []),  # somebody tries it now
        ({"connection_id": None}, []),  # is copied by hand
        ({"state": "failed"}, ["answers_failed"]),
        ({"state": "failed", "given_up": 1}, []),
        ({"state": "delivered"}, []),
    ],
)
def test_answers_are_late_from_when_they_were_due(space, db, door, fields, expected):
    moments = ("next_at", "leased_until")  # given as minutes ago
    row = {k: ago(minutes=v) if k in moments else v for k, v in fields.items()}
    door["answer"](**row)
    assert failing(space, db) == expected


def test_webhooks_that_failed_are_told_for_a_day(space, db, door):
    door["webhook"](state="failed", received_at=ago(hours=25))
    assert failing(space, db) == []
    door["webhook"](delivery_id="other", state="failed", received_at=ago(hours=23))
    assert failing(space, db) == ["webhooks_failed"]


def test_all_three_tell_it(space, db, door):
    door["webhook"](received_at=ago(minutes=3))
    silence(space, 60)
    client = create_app(space).test_client()
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json["status"] == "degraded"
    assert ready.json["failing"] == ["no_worker", "webhooks_late"]
    found = read(client.get("/metrics").text)
    assert found["faqdesk_trouble", "no_worker"] == 1
    assert found["faqdesk_trouble", "webhooks_late"] == 1
    assert found["faqdesk_trouble", "answers_failed"] == 0
    assert found["faqdesk_queue_length", "webhooks"] == 1
    assert found["faqdesk_queue_age_seconds", "webhooks"] >= 180
    assert found["faqdesk_worker_silent_seconds",] >= 60
    told = json.loads(faqdesk(space, "status", "--json").stdout)
    assert told["failing"] == ["no_worker", "webhooks_late"]
    assert told["waiting"] == {"jobs": 0, "webhooks": 1, "answers": 0}
    done = faqdesk(space, "status")
    assert "worker: silent for " in done.stdout
    assert "start faqdesk serve" in done.stderr
    assert scalar(db, "SELECT state FROM webhook_deliveries") == "queued"


def test_a_served_desk_has_a_worker_and_misses_a_stopped_one(space):
    with serving(space, "--workers", "1") as (port, process):
        [worker] = until(lambda: workers(process.pid), "the worker runs")
        until(lambda: json.loads(fetch(port, "/readyz")[2])["failing"] == [], "it is there")
        os.kill(worker, signal.SIGSTOP)  # hangs
        silence(space, 31)
        assert json.loads(fetch(port, "/readyz")[2])["failing"] == ["no_worker"]
        os.kill(worker, signal.SIGCONT)
        until(lambda: json.loads(fetch(port, "/readyz")[2])["failing"] == [], "it goes on")
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
