"""Check 25: a desk under load loses nothing that it took, says when it is busy, and recovers.

On real servers. The whole hour is `faqdesk bench load`; these are its short forms.
"""

import http.client
import json
import os
import random
import signal
import socket
import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from support.database import scalar
from tests import soaking
from tests.web.doors import fetch, until
from train.bench_load import Plan, bench_load
from train.bench_load_books import books
from train.bench_load_clicks import BUSY, Browser, Ledger, kinds
from train.bench_load_report import failed
from train.bench_web_clicks import Words
from train.bench_web_desk import PASSWORD, grow_desk, login_of
from train.open_loop import LATE_MS, Did, lateness, play, times
from train.served import Served
from web.cli.bench_load import doors
from web.cli.bench_sample import sample_desk

AGENTS = 4


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A desk with models in force, some hundred inquiries, and as many that wait."""
    home = tmp_path_factory.mktemp("load") / "desk"
    return grow_desk(sample_desk(home, labels=6), size=300, people=AGENTS, waiting=600)


@pytest.fixture(scope="module")
def token(grown):
    with closing(grown.database()) as db:
        return doors(grown, db)[0]


@pytest.fixture
def serve(grown):
    """Starts a server of one web process; `first` is run in it before anything else."""
    with ExitStack() as begun:

        def start(first=""):
            class One(Served):
                code = first + "\n" + Served.code

            one = One(grown, "--workers", "1")
            begun.callback(one.stop)
            return one.start()

        yield start


@pytest.fixture
def sign_in(grown):
    """Gives a browser in which one of the agents is signed in."""
    with closing(grown.database()) as db:
        words = Words.of(db)
    with ExitStack() as lines:

        def enter(server, number, **more):
            found = Browser(server.port, random.Random(number), words, **more)
            lines.callback(found.close)
            return found.sign_in(login_of(number), PASSWORD)

        yield enter


def processes(server):
    """The web processes: the one that was started, and its children but the worker."""
    return sorted(int(folder.name) for folder in server._processes(worker=False))


# ---- the whole, shortly


# However slow the machine is that runs this: what waits is answered.
PATIENT = """
from dataclasses import replace
from web import costly, shedding
shedding.PATIENCE.update(dict.fromkeys(shedding.PATIENCE, 3600.0))
costly.COSTLY.update({
    name: replace(kind, waiting=10_000, seconds=3600.0, per_minute=100_000)
    for name, kind in costly.COSTLY.items()
})
"""


def test_what_an_operator_does_in_the_middle_costs_no_request_and_no_answer(grown, monkeypatch):
    """Index, release, way back, a restart by SIGTERM while agents send: no 5xx, nothing lost."""
    monkeypatch.setattr(Served, "code", PATIENT + Served.code)
    # By this seed, five answers, four inquiries and a webhook come in the first ten seconds.
    plan = Plan(agents=AGENTS, minutes=soaking.many(10, 120) / 60, times=8, alone=1, seed=96)
    found = bench_load(sample_desk, doors, plan, keep=grown.home)
    assert [event.name for event in found.events] == [
        "index swap", "model publish", "rollback", "restart by SIGTERM",
    ], found.trouble  # fmt: skip
    assert len({event.release for event in found.events}) == 2
    wrong = [did for did in found.did if failed(did) or did.status in BUSY]
    assert not wrong, (wrong[:3], found.trouble)
    kept = found.books
    assert kept.balanced, kept
    assert kept.sends > 0
    assert kept.handed_in > 0
    assert kept.webhooks > 0
    assert found.as_dict()["memory_mb"]["web"]["before_restart"] > 0
    for name in ("send", "all", "restart by SIGTERM", "integrity check: ok"):
        assert name in found.table()
    soaking.tell(f"load: {len(found.did)} requests, {kept.sends} sent, {found.overall}")


# ---- SIGTERM


def test_a_request_that_was_begun_before_sigterm_is_answered_and_kept(grown, serve, token):
    """Accepted is answered, even where the rest of it comes after the signal."""
    server = serve()
    listening = f"socket:[{os.fstat(server._socket.fileno()).st_ino}]"
    assert listening in descriptors(server.pid)
    body = json.dumps({"source": "form", "id": "begun", "text": "환불이요"}).encode()
    head = (
        "POST /api/v1/inquiries HTTP/1.1", "Host: localhost", "Expect: 100-continue",
        f"Authorization: Bearer {token}", "Content-Type: application/json",
        f"Content-Length: {len(body)}", "", "",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as line:
        line.sendall("\r\n".join(head).encode())
        assert line.recv(100).startswith(b"HTTP/1.1 100")  # a thread is at it
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: listening not in descriptors(server.pid), "it hears the signal")
        line.sendall(body)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == 201, answer.read()
    with closing(grown.database()) as db:
        assert scalar(db, "SELECT count(*) FROM inquiries WHERE source_id = 'begun'") == 1
    # Who knocks meanwhile waits at the socket that is held, and is answered by the next one.
    early = socket.create_connection(("127.0.0.1", server.port), timeout=120)
    early.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    server.restart()
    with early:
        assert early.recv(100).startswith(b"HTTP/1.1 200")


def descriptors(pid):
    """What a process has open."""
    found = []
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            found.append(os.readlink(link))
        except OSError:
            continue
    return found


# ---- too much


FLOOD = soaking.many(150, 1_500)  # of each
HASTY = """
from web import backlog, shedding
from web.shedding import Rank
backlog.THREADS, backlog.STARTING_SECONDS = 2, 0.0
shedding.PATIENCE.update({Rank.AUTOMATIC: 0.05, Rank.PAGE: 0.2, Rank.ACT: 3600.0})
"""


def test_a_flood_is_answered_with_503_but_for_what_agents_send_and_then_all_is_well(
    grown, serve, sign_in
):
    server = serve(HASTY)
    ledger = Ledger()
    team = [sign_in(server, number, ledger=ledger) for number in range(1, AGENTS + 1)]
    before = processes(server)
    send = next(kind for kind in kinds("") if kind.name == "send")
    refusals = []

    def ask(item):
        number, kind = item
        agent = team[number % AGENTS]
        if kind == "send":
            # Each has an inquiry of its own, whoever else sends at the moment.
            own = replace(agent, reading=waiting[number])
            lines.callback(own.close)
            return iter([(kind, lambda: (send.ask(own)[0], ""))])
        path = "/inbox/state" if kind == "poll" else "/answered"

        def poll():
            status, headers, _ = fetch(server.port, path, cookie=agent.cookie)
            if status in BUSY:
                refusals.append(headers["retry-after"])
            return status, ""

        return iter([(kind, poll)])

    with closing(grown.database()) as db:
        sql = (
            "SELECT id FROM inquiries WHERE status = 'open' AND joined_to IS NULL ORDER BY id DESC"
        )
        waiting = [row[0] for row in db.conn.execute(sql + " LIMIT 20")]
    at_once = [(0.0, (n, kind)) for n in range(FLOOD) for kind in ("poll", "page")]
    sends = [(0.0, (n, "send")) for n in range(20)]
    with ExitStack() as lines:
        did = play([*at_once, *sends], ask)
    counts = {
        kind: [one.status for one in did if one.kind == kind] for kind in ("poll", "page", "send")
    }
    for kind in ("poll", "page"):  # how many, the machine decides
        assert set(counts[kind]) <= {200, 503}, (kind, counts[kind])
    assert counts["poll"].count(503) > 0
    assert counts["poll"].count(503) >= counts["page"].count(503)
    assert len(refusals) == counts["poll"].count(503) + counts["page"].count(503)
    assert all(int(seconds) > 0 for seconds in refusals)
    # No answer was let go: each is there, or a colleague was quicker, which was said.
    assert set(counts["send"]) <= {302, 409}
    assert counts["send"].count(302) > 0
    assert books(grown, ledger, settle=0).lost == 0
    # The same processes answer as before.
    assert fetch(server.port, "/answered", cookie=team[0].cookie)[0] == 200
    assert processes(server) == before


def test_who_holds_lines_open_holds_nobody_up(serve):
    """Silent lines take no thread; those that stop within a request lose theirs."""
    server = serve("from web import backlog\nbacklog.THREADS, backlog.STALLED_SECONDS = 2, 0.5\n")
    with ExitStack() as lines:
        for words in (b"", b"GET /sign-in HT"):
            for _ in range(20):
                line = socket.create_connection(("127.0.0.1", server.port), timeout=60)
                lines.enter_context(line)
                line.sendall(words)
            assert fetch(server.port, "/sign-in")[0] == 200


TRICKLED = {
    "head": (b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Drop: ", b""),
    "body": (
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        b"",
    ),
    "head of a second request": (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /sign-in HTTP/1.1\r\nX-Drop: ",
    ),
}


@pytest.mark.parametrize("first", TRICKLED)
def test_who_sends_drop_by_drop_holds_nobody_up(serve, first):
    """Each drop comes long before a line is called stalled, and nobody waits for the last one."""
    server = serve(
        "from web import backlog\n"
        "backlog.THREADS, backlog.SLOW_SECONDS, backlog.STARTING_SECONDS = 2, 0.5, 0.0\n"
    )
    stop = threading.Event()
    before, after = TRICKLED[first]
    with ExitStack() as lines:
        held = []
        for _ in range(8):
            line = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            held.append(lines.enter_context(line))
            line.sendall(before)
            if after:
                assert line.recv(12) == b"HTTP/1.1 200"
                line.sendall(after)

        def drip():
            while not stop.wait(0.1):
                for line in held:
                    with suppress(OSError):
                        line.sendall(b"a")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert fetch(server.port, "/sign-in")[0] == 200
        finally:
            stop.set()
            dripping.join()


def test_a_slow_line_is_enough_for_a_large_picture(serve, token):
    """Ten times as long as a thread waits for nothing, at a rate that is above the least."""
    server = serve("from web import backlog\nbacklog.SLOW_SECONDS = 0.3\n")
    piece = b" " * 20_000
    body = b'{"source": "form", "id": "slow", "text": "' + piece * 15 + b'"}'
    head = (
        "POST /api/v1/inquiries HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}",
        "Content-Type: application/json", f"Content-Length: {len(body)}", "", "",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        line.sendall("\r\n".join(head).encode())
        for at in range(0, len(body), len(piece)):
            line.sendall(body[at : at + len(piece)])
            time.sleep(0.2)
        assert line.recv(12).startswith(b"HTTP/1.1 ")


def test_an_answered_line_that_is_left_open_holds_nobody_up(serve):
    """Its end is waited for beside the others, not before anything else is done."""
    server = serve(
        "import threading\nfrom gunicorn import util\nfrom web import backlog\n"
        "backlog.LINGER_SECONDS = 3600.0\n"
        "util.close_graceful = lambda *_: threading.Event().wait()\n"  # as long as it is open
    )
    asked = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with ExitStack() as lines:
        for _ in range(20):
            line = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            lines.enter_context(line)
            line.sendall(asked)
            assert line.recv(12) == b"HTTP/1.1 200"


# ---- the generator


class Stalling(BaseHTTPRequestHandler):
    """Answers at once, but while `going` is cleared."""

    protocol_version = "HTTP/1.1"
    going = threading.Event()

    def do_GET(self):
        self.going.wait()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        pass


STALL = 1.0  # seconds
RATE = 100  # a second


@pytest.fixture
def stalling():
    """A server that stalls for a second, half a second after it is first asked."""
    Stalling.going.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stalling)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    timers = [
        threading.Timer(0.5, Stalling.going.clear),
        threading.Timer(0.5 + STALL, Stalling.going.set),
    ]

    first = threading.Lock()  # whoever asks first takes it, for good

    def get():
        if first.acquire(blocking=False):
            for timer in timers:
                timer.start()
        return fetch(server.server_port, "/")[0], ""

    yield get
    Stalling.going.set()
    server.shutdown()
    server.server_close()


def felt(did):
    """Those that took more than half the stall."""
    return [one for one in did if one.took_ms > 1000 * STALL / 2]


def test_a_stall_of_a_second_is_seen_by_the_open_loop(stalling):
    arrivals = [(number / RATE, None) for number in range(3 * RATE)]
    did = play(arrivals, lambda _: iter([("get", stalling)]))
    assert len(did) == len(arrivals)
    assert {one.status for one in did} == {204}
    # All that should have started in the first half of the stall waited for its second half.
    assert len(felt(did)) >= RATE * STALL / 2 - 5
    found = times(did)
    assert found["p99"] > 1000 * STALL / 2
    assert found["p50"] <= found["p95"] <= found["p99"] <= found["max"]


def test_a_closed_loop_would_not_have_seen_it(stalling):
    """What the open loop is for: one who waits for each answer meets a stall once."""
    did, begin = [], time.monotonic()
    while (now := time.monotonic() - begin) < 2.5:
        status, _ = stalling()
        did.append(Did("get", now, now, time.monotonic() - begin, status, ""))
    slowest = sorted(did, key=lambda one: one.took_ms)[-1]
    assert slowest.took_ms > 1000 * STALL / 2
    assert len([one for one in felt(did) if one is not slowest]) <= len(did) * 0.02


def test_a_generator_that_holds_back_says_so():
    """With one thread, what waits for it is late, and its answers take that much longer."""
    arrivals = [(0.0, None)] * 50
    did = play(arrivals, lambda _: iter([("get", lambda: (threading.Event().wait(0.01), ""))]),
               threads=1)  # fmt: skip
    assert lateness(did)["p99"] > LATE_MS
    assert times(did)["max"] >= lateness(did)["max"]


# ---- every path of the API asks who it is


@pytest.fixture
def described(guarded_app):
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", guarded_app)


def content(db):
    """All that is in a desk, but for the counts of who was turned away."""
    return [line for line in db.conn.iterdump() if "sign_in_attempts" not in line]


def test_no_path_of_the_api_answers_whom_it_does_not_know(described, db):
    before = content(db)
    strangers = ({}, {"Authorization": "Bearer fd_unknown"}, {"Authorization": "Basic bWluYTo="})
    asked = set()
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=soaking.many(2, 50),
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def ask(case):
            for headers in strangers:
                answer = case.call(headers=headers)
                # 429: so many strangers were turned away that none is looked at for a while.
                assert answer.status_code in (401, 429), (operation.label, answer.text)  # noqa: B023
                assert answer.headers["content-type"] == ["application/problem+json"]

        ask()
        asked.add(operation.label)
    assert len(asked) > 30
    assert content(db) == before
