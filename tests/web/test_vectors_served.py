"""A desk of several processes over a real Milvus server, which is killed and comes back.

Only `make soak` has the server; with milvus-lite, one process: `support/test_shared_vectors`.
"""

import json
import urllib.request
from contextlib import closing

import pytest

from support import embeddings, vector_collections, vector_engine
from support.database import scalar, write
from support.models import load
from support.workspace import Workspace
from tests import shared_desk, soaking
from tests.conftest import ACTOR
from tests.milvus_server import MilvusServer
from tests.web.doors import faqdesk, until
from train.served import served
from train.served_lines import Lines
from web import tokens

ASKED = "환불은 언제 되나요"
BACK = 300.0  # seconds until a server that was killed has loaded what it holds


@pytest.fixture
def space(tmp_path):
    return Workspace(tmp_path / "desk").create()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A real server, which the environment names."""
    found = MilvusServer(tmp_path / "milvus")
    monkeypatch.setenv(vector_engine.VECTORS, found.place.uri)
    monkeypatch.setenv(vector_engine.TOKEN, found.place.token)
    monkeypatch.setenv(vector_engine.AUTHORITY, found.place.certificate)
    monkeypatch.setenv("FAQDESK_LOOK_SECONDS", "2")
    yield found
    found.stop()


def failing(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
        return json.load(answer)["failing"]


def used(db):
    return [at for at in vector_collections.listed(db) if at.state == "used"]


def test_every_process_finds_what_another_sent_and_goes_on_without_the_engine(space, server):
    shared_desk.fill(space)
    shared_desk.index(space)
    db = space.database()
    _, token = tokens.create(
        db, ACTOR, name="bot", scopes=("suggest",), per_minute=tokens.MOST_PER_MINUTE
    )
    similar = load(space.models).similar
    first = similar.similar(db, ASKED)[0].inquiry_id
    with (
        closing(db),
        served(space, ["--workers", "3"]) as desk,
        Lines(desk.port, desk.web_pids(), token=token) as lines,
    ):

        def ask():
            """What each process says: inquiries of past answers, and what it could not use."""
            said = [
                lines.ask(
                    pid,
                    "/api/v1/suggestions",
                    {"text": ASKED, "dry_run": True, "include": ["similar"]},
                )
                for pid in desk.web_pids()
            ]
            assert [status for status, _ in said] == [200] * 3
            return [
                ([int(past["inquiry_id"]) for past in answer["similar"]], answer["degraded"])
                for _, answer in said
            ]

        # On a busy machine the first to ask may find the server too slow, and asks again.
        until(lambda: not any(degraded for _, degraded in ask()), "all reach the server", BACK)
        assert [ids[0] for ids, _ in ask()] == [first] * 3
        # Forgotten here, remembered here: found nowhere at once, then everywhere at once.
        # Without its answer, or the worker would encode it again.
        answer = scalar(db, "SELECT answer_id FROM inquiries WHERE id = ?", [first])
        with write(db):
            db.execute("UPDATE inquiries SET answer_id = NULL WHERE id = ?", [first])
            embeddings.forget(db, first)
        assert all(first not in ids for ids, _ in ask())
        with write(db):
            db.execute("UPDATE inquiries SET answer_id = ? WHERE id = ?", [answer, first])
        similar.remember(db, [first])
        assert all(ids[0] == first for ids, _ in ask())
        newest = embeddings.after(db, similar.encoder.version, 0)[0]
        until(lambda: used(db)[0].seq == newest, "the worker sends what is new")
        until(lambda: used(db)[0].count == 40, "and says how many there are")
        server.kill()
        without = ask()
        assert all(degraded for _, degraded in without)
        assert all(first in ids for ids, _ in without)
        until(lambda: "vectors_away" in failing(desk.port), "it is told")
        # A page knows it at once; the worker, and so a command, at its next look.
        until(lambda: "Away since" in faqdesk(space, "vectors").stderr, "and noted")
        similar.remember(db, [first])  # as sending does: asks nobody
        server.start()
        until(lambda: not any(degraded for _, degraded in ask()), "it is asked again", BACK)
        assert all(ids[0] == first for ids, _ in ask())
        until(lambda: "vectors_away" not in failing(desk.port), "that is told too", BACK)
    soaking.tell("vectors: three web processes went on through a killed Milvus, and back")
