"""The doors while the worker behind them is killed: `faqdesk serve` as in life, and kill -9.

`make soak` posts a thousand webhooks in the place of 200.
"""

import http.client
import json
import os
import random
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from support import answering, connections, delivery, routes
from support.audit import Actor
from support.connection_access import Access
from support.database import scalar
from support.routes import MailThread
from support.webhook_signatures import signed
from tests import soaking
from tests.conftest import ACTOR
from tests.helpdesks import helpdesk, mail_server
from tests.support.test_webhooks import BODIES, KINDS, SECRET
from tests.web.doors import command_words, logged, members, serving, until

MANY = soaking.many(200, 1000)
OLD = timedelta(minutes=6)
DATED = ("zendesk", "chatwoot")  # those that sign a time


def worker_of(group):
    """The process that works behind the doors; None while there is none."""
    for pid in members(group):
        if b"worker" in command_words(pid):
            return pid
    return None


def kill_worker(group):
    """Kill the worker, and wait until the console has started another one."""
    killed = until(lambda: worker_of(group), "a worker is there")
    os.kill(killed, signal.SIGKILL)
    until(lambda: worker_of(group) not in (None, killed), "another worker is there")


class Knocks:
    """Posts webhooks over one connection, as a helpdesk does."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __call__(self, kind, came):
        path = f"/api/v1/webhooks/{kind}?{urlencode(came.query)}"
        headers = {"Content-Type": "application/json", **came.headers}
        self.http.request("POST", path, came.body, headers)
        answer = self.http.getresponse()
        return answer.status, json.loads(answer.read()).get("state", "")


def connected(space, db, kind, **access):
    given = Access(secret=SECRET, account="3", user="u@example.com", token="t", **access)
    return connections.connect(db, space.seal(), ACTOR, name=kind, kind=kind, access=given)[0]


def body_of(number):
    """The kind and the body of a webhook: each number its own conversation."""
    kind = KINDS[number % len(KINDS)]
    told = BODIES[kind](number, f"{number}번 문의입니다", ticket=str(10_000 + number))
    return kind, json.dumps(told, ensure_ascii=False).encode()


def test_each_webhook_is_worked_once_though_the_worker_is_killed_twice(space, db):
    before = scalar(db, "SELECT count(*) FROM messages")
    for kind in KINDS:
        connected(space, db, kind, address="https://help.desk.example")
    db["settings"].upsert(
        {"key": "join_hours", "value": "0", "changed_at": "", "changed_by": ""}, pk="key"
    )

    def done():
        return scalar(db, "SELECT count(*) FROM webhook_deliveries WHERE state = 'done'")

    answers, killed_at = [], sorted(random.sample(range(MANY // 20, MANY * 4 // 5), 2))
    with serving(space, "--workers", "1") as (port, process):

        def come():
            knock, old = Knocks(port), datetime.now(UTC) - OLD
            for number in range(MANY):
                kind, body = body_of(number)
                came = signed(kind, SECRET, body)
                answers.append(knock(kind, came))
                if number % 9 == 0:  # a replay, a forgery, and what was signed long ago
                    assert knock(kind, came) == (202, "known")
                    assert knock(kind, signed(kind, "another", body))[0] == 401
                    if kind in DATED:
                        assert knock(kind, signed(kind, SECRET, body, moment=old))[0] == 401
            knock.http.close()

        began = time.monotonic()
        helpdesks = threading.Thread(target=come)
        helpdesks.start()
        for edge in killed_at:
            until(lambda edge=edge: done() >= edge, f"{edge} are done")
            kill_worker(process.pid)
        helpdesks.join()
        posted = time.monotonic() - began
        until(lambda: done() == MANY, "all are done")
        worked = time.monotonic() - began
    assert answers == [(202, "queued")] * MANY
    assert scalar(db, "SELECT count(*) FROM webhook_deliveries") == MANY
    assert scalar(db, "SELECT count(*) FROM messages") == before + MANY
    assert scalar(db, "SELECT count(DISTINCT conversation) FROM inquiry_routes") == MANY
    assert scalar(db, "SELECT max(tries) FROM webhook_deliveries") == 0
    events = [line["event"] for line in logged(space) if line["level"] == "error"]
    assert events == ["the job worker died; starting another"] * 2
    soaking.tell(
        f"{MANY} webhooks, killed at {killed_at}: taken in {posted:.1f} s, worked {worked:.1f} s"
    )


def test_each_answer_goes_out_once_though_the_worker_is_killed_while_it_sends(space, db):
    """Of a helpdesk that has the answer already it is found there; of mail, a person is asked."""
    seal = space.seal()
    mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    ids = [row["id"] for row in db.query("SELECT id FROM inquiries WHERE status = 'open' LIMIT 2")]
    thread = MailThread("민아 <mina@customer.example>", "환불", "<a@customer.example>")

    def send(made, inquiry_id, mail=None):
        routes.note(
            db, seal, inquiry_id, connection_id=made.id, conversation=str(inquiry_id), mail=mail
        )
        db.conn.commit()
        answering.send(
            db, seal, inquiry_id=inquiry_id, agent_id=mina, text="사흘 걸립니다.",
            actor=Actor(f"agent:{mina}"),
        )  # fmt: skip

    def state(inquiry_id):
        return delivery.standing(db, inquiry_id).state

    with helpdesk("chatwoot") as desk, mail_server() as box:
        made = connected(space, db, "chatwoot", address=desk.address, private=True)
        mail = Access(address=box.address, sender="help@example.com", tls="none", private=True)
        post, _ = connections.connect(db, seal, ACTOR, name="mail", kind="smtp", access=mail)
        desk.plan, box.plan = ["silent"], ["hangs"]
        with serving(space, "--workers", "1") as (_, process):
            send(made, ids[0])
            send(post, ids[1], thread)
            # Both took it in and say nothing: the worker is in the middle of both.
            until(lambda: desk.said and box.mails, "both have it")
            kill_worker(process.pid)
            desk.hold.set()
            box.hold.set()
            db.execute("UPDATE outbox SET leased_until = NULL WHERE state = 'queued'")
            db.conn.commit()  # five minutes later
            until(lambda: state(ids[0]) == "delivered", "it is found over there")
            until(lambda: state(ids[1]) == "failed", "a person is asked")
        assert len(desk.said) == 1
        assert len(box.mails) == 1
    assert delivery.UNSURE in delivery.standing(db, ids[1]).error
    assert scalar(db, "SELECT status FROM inquiries WHERE id = ?", [ids[1]]) == "open"
    assert answering.draft(db, seal, ids[1], mina).text == "사흘 걸립니다."
