"""A vector engine that is away: doors stay open, say so, and commands name the cure."""

import socket

import pytest
from click.testing import CliRunner

from support import vector_collections, vector_sync
from support.models import load
from support.workspace import Workspace
from tests import shared_desk
from tests.conftest import ACTOR
from web import tokens, worker_state
from web.app import create_app
from web.cli import faqdesk
from web.vector_work import bring_up

ASKED = "환불은 언제 되나요"


@pytest.fixture
def space(tmp_path):
    return Workspace(tmp_path / "desk").create()


@pytest.fixture
def gone(space, db, tmp_path, monkeypatch):
    """A desk whose engine held everything, and does not answer any more: the engine's address."""
    shared_desk.fill(space)
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    shared_desk.index(space)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    db.execute("UPDATE vector_collections SET engine = ?", [address])
    db.conn.commit()
    monkeypatch.setenv("FAQDESK_VECTORS", address)
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    return address


def run(*words):
    return CliRunner().invoke(faqdesk, words)


def test_programs_are_answered_by_words_and_readyz_says_why(space, db, gone):
    _, token = tokens.create(db, ACTOR, name="bot", scopes=("suggest",))
    client = create_app(space).test_client()
    assert client.get("/readyz").json["failing"] == []
    body = {"text": ASKED, "dry_run": True, "include": ["similar"]}
    told = client.post(
        "/api/v1/suggestions", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert told.status_code == 200
    assert told.json["similar"]
    assert told.json["degraded"]
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["failing"]) == (200, ["vectors_away"])


def test_the_worker_notes_it_for_everybody_until_it_answers(space, db, gone, tmp_path, monkeypatch):
    similar = load(space.models).similar
    place = similar._shared.place
    with pytest.raises(Exception, match="did not answer"):
        bring_up(db, place, encoder=similar.encoder)
    assert worker_state.troubles(space, db) == ("vectors_away",)
    status = run("status")
    assert status.exit_code == 0
    assert "faqdesk vectors" in status.stderr
    shown = run("vectors")
    assert gone in shown.stderr
    assert "40 vectors" in shown.stdout
    sent = run("vectors", "sync")
    assert sent.exit_code == 1
    with vector_sync._alone(db, "inquiries", wait=True):  # another run asks it, and waits
        bring_up(db, place, encoder=similar.encoder, wait=False)
    assert worker_state.troubles(space, db) == ("vectors_away",)
    here = str(tmp_path / "vectors.db")
    db.execute("UPDATE vector_collections SET engine = ?", [here])
    db.execute("UPDATE vector_engines SET engine = ?", [here])
    db.conn.commit()
    monkeypatch.setenv("FAQDESK_VECTORS", here)
    assert worker_state.troubles(space, db) == ("vectors_away",)
    sent = run("vectors", "sync")
    assert (sent.exit_code, sent.stderr.count("Away")) == (0, 0)
    assert worker_state.troubles(space, db) == ()


def test_commands_build_anew_and_drop(space, db, tmp_path, monkeypatch):
    shared_desk.fill(space)
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    assert "embedded" in run("vectors").stdout
    refused = run("vectors", "sync")
    assert "FAQDESK_VECTORS=http://localhost:19530" in str(refused.exception)
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    shared_desk.index(space)
    (old,) = vector_collections.listed(db)
    built = run("vectors", "anew")
    assert built.exit_code == 0
    (new,) = vector_collections.listed(db)
    assert (new.name != old.name, new.count, new.state) == (True, 40, "used")
    assert "1 collections dropped" in run("vectors", "drop").stdout
    assert vector_collections.listed(db) == []
    assert load(space.models).similar.similar(db, ASKED)  # desk.db has every vector


def test_a_setting_that_cannot_be_ends_a_command_with_its_cure(space, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    monkeypatch.setenv("FAQDESK_VECTORS", "http://vectors.example.com:19530")
    for command in (("status",), ("worker",), ("serve", "--port", "0")):
        told = run(*command)
        assert told.exit_code != 0
        assert "vectors.example.com" in str(told.exception) or command[0] == "serve"
