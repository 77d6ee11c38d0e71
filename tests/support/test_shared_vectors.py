"""Past inquiries whose vectors lie in a vector engine; milvus-lite stands for a server."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from support import (
    embeddings,
    forgetting,
    shared_vectors,
    vector_collections,
    vector_engine,
    vector_sync,
)
from support.database import scalar
from support.errors import IndexServerError
from support.milvus_collection import MilvusCollection
from support.models import load
from support.shared_vectors import Patience
from support.vector_sync import Inquiries, drop_due, sync
from support.workspace import Workspace
from tests import shared_desk
from tests.conftest import ACTOR

ROOT = Path(__file__).parents[2]
ASKED = "환불은 언제 되나요"


@pytest.fixture
def lite(space, tmp_path, monkeypatch):
    """A desk with an index in milvus-lite."""
    shared_desk.fill(space)
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    shared_desk.index(space)
    return space


def found(similar, db, text=ASKED, top_k=5):
    past = similar.similar(db, text, top_k=top_k)
    return [(item.inquiry_id, round(item.score, 2)) for item in past]


def source(similar):
    return Inquiries(similar.encoder.version, similar.encoder.dim)


def used(db):
    (at,) = [at for at in vector_collections.listed(db) if at.state == "used"]
    return at


def test_what_is_found_is_what_the_embedded_engine_finds_there_and_back(
    space, tmp_path, monkeypatch, db
):
    shared_desk.fill(space)
    shared_desk.index(space)
    own = found(load(space.models).similar, db)
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    models = load(space.models)  # the snapshot goes on until the engine holds as much
    assert (found(models.similar, db), models.degraded) == (own, "")
    release = shared_desk.index(space)
    folder = release.folder(space.models, "index")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert not list(folder.glob("*.faiss"))
    similar = load(space.models).similar
    assert found(similar, db) == own
    assert len(similar) == 40
    at = used(db)
    assert (config["engine"], config["collection"], at.count) == ("milvus", at.name, 40)
    # Back: all of it is read from desk.db, and said; then it has a snapshot again.
    monkeypatch.delenv("FAQDESK_VECTORS")
    models = load(space.models)
    assert found(models.similar, db) == own
    assert "FAQDESK_VECTORS names none" in models.degraded
    similar.remember(db, [own[-1][0]])
    shared_desk.index(space)
    models = load(space.models)
    assert (found(models.similar, db), models.degraded) == (own, "")
    # And there again: the collection lacks what came meanwhile, so the snapshot goes on.
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    similar = load(space.models).similar
    assert found(similar, db) == own
    assert sync(db, vector_engine.place(), source(similar)).name == at.name
    assert found(similar, db) == own


def test_an_answer_is_found_before_the_engine_has_it_and_gone_before_it_forgets(lite, db):
    one, other = load(lite.models).similar, load(lite.models).similar
    (first, _), *_ = found(one, db)
    embeddings.forget(db, first)
    assert first not in dict(found(other, db))
    one.remember(db, [first])
    assert found(other, db)[0][0] == first
    place = vector_engine.place()
    assert sync(db, place, source(one)).count == 40
    assert found(one, db)[0][0] == found(load(lite.models).similar, db)[0][0] == first
    embeddings.forget(db, first)
    assert sync(db, place, source(one)).count == 39


def test_what_is_newer_is_let_go_once_the_engine_holds_it(lite, db, monkeypatch):
    monkeypatch.setattr(shared_vectors, "TAIL", 2)
    similar = load(lite.models).similar
    before = found(similar, db)
    similar.remember(db, [key for key, _ in before])
    assert found(similar, db) == before
    with similar.fresh(db) as index:
        assert len(index._tail) == 5
    sync(db, vector_engine.place(), source(similar))
    assert found(similar, db) == before
    with similar.fresh(db) as index:
        assert len(index._tail) == 0


def test_a_lost_collection_is_built_anew_and_followed(lite, db):
    similar = load(lite.models).similar
    before, at, place = found(similar, db), used(db), vector_engine.place()
    index = shared_vectors.MilvusIndex(place, at.name, dim=at.dim)
    index.drop()
    look = similar.look_back(db, ASKED)
    assert "There is no collection" in look.by_words
    again = sync(db, place, source(similar))
    assert (again.name != at.name, again.count) == (True, 40)
    shared_vectors.patience(place.uri)._again_at = 0.0  # a while later
    assert found(similar, db) == before
    assert drop_due(db, place) == 1
    assert [at.name for at in vector_collections.listed(db)] == [again.name]
    # Written by somebody else: what it holds is not what was noted.
    index = shared_vectors.MilvusIndex(place, again.name, dim=at.dim)
    index.remove(embeddings.after(db, similar.encoder.version, 0)[1][:3])
    assert sync(db, place, source(similar)).name != again.name


def test_an_engine_that_is_away_leaves_the_words_and_is_asked_again(lite, db, monkeypatch):
    similar = load(lite.models).similar
    (first, score), *_ = found(similar, db)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
    here = vector_engine.place().uri
    db.execute("UPDATE vector_collections SET engine = ?", [gone])
    db.conn.commit()
    monkeypatch.setenv("FAQDESK_VECTORS", gone)
    away = load(lite.models).similar
    look = away.look_back(db, ASKED, neighbours_k=5)
    assert gone in look.by_words
    assert look.neighbours is None
    assert look.similar[0].inquiry_id == first
    assert 0 < look.similar[0].score < score
    assert away.why_by_words
    away.remember(db, [first])  # sending asks nobody
    # Back by itself, once it was left alone for a while.
    db.execute("UPDATE vector_collections SET engine = ?", [here])
    db.conn.commit()
    monkeypatch.setenv("FAQDESK_VECTORS", here)
    assert not load(lite.models).similar.look_back(db, ASKED).by_words


def test_who_was_away_is_not_asked_again_at_once():
    time, asked = [100], []
    patience = Patience(clock=lambda: time[0])

    def refuse():
        asked.append(time[0])
        raise IndexServerError("away")

    for seconds in (0, 1, 13, 2):
        time[0] += seconds
        with pytest.raises(IndexServerError, match="away"):
            patience.ask(refuse)
    assert asked == [100, 116]
    assert patience.why == "away"
    time[0] += 16
    assert patience.why == ""  # it may be back: nobody asked
    assert patience.ask(lambda: "here") == "here"
    assert patience.why == ""


def test_training_goes_on_without_the_engine(space, db, monkeypatch):
    shared_desk.fill(space)
    monkeypatch.setenv("FAQDESK_VECTORS", "http://127.0.0.1:9")
    shared_desk.index(space)
    assert used(db).seq == 0
    # Nothing was ever sent: what desk.db holds is read into memory.
    look = load(space.models).similar.look_back(db, ASKED)
    assert (len(look.similar) > 0, look.by_words) == (True, "")


def test_forgetting_takes_vectors_out_and_says_what_is_left(lite, db, monkeypatch):
    place, seal = vector_engine.place(), lite.seal()
    (first, _), (second, _), *_ = found(load(lite.models).similar, db)
    told = forgetting.forget(lite, db, seal, forgetting.asker(db, first), actor=ACTOR)
    assert told.vectors == ""
    at = used(db)
    index = shared_vectors.MilvusIndex(place, at.name, dim=at.dim)
    assert len(index) == 39
    assert sync(db, place, Inquiries(at.version, at.dim)).count == 39
    monkeypatch.delenv("FAQDESK_VECTORS")
    told = forgetting.forget(lite, db, seal, forgetting.asker(db, second), actor=ACTOR)
    assert f"FAQDESK_VECTORS={place.uri} faqdesk vectors drop" in told.vectors
    assert len(index) == 39
    monkeypatch.setenv("FAQDESK_VECTORS", place.uri)
    assert sync(db, place, Inquiries(at.version, at.dim)).count == 38


def test_a_copied_desk_has_collections_of_its_own(lite, db, tmp_path):
    at = used(db)
    with closing(db.conn.cursor()) as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(lite.home, tmp_path / "copy")
    copied = Workspace(tmp_path / "copy", key=lite.key_path)
    with closing(copied.database()) as other:
        assert [at.state for at in vector_collections.listed(other)] == ["left"]
        similar = load(copied.models).similar
        assert found(similar, other) == found(load(lite.models).similar, db)
        own = sync(other, vector_engine.place(), source(similar))
        assert (own.name != at.name, own.count) == (True, 40)
        assert drop_due(other, vector_engine.place()) == 0
    assert used(db).name == at.name


def test_what_is_built_anew_takes_the_place_of_the_old_when_it_is_whole(lite, db):
    similar, place = load(lite.models).similar, vector_engine.place()
    before, old = found(similar, db), used(db)

    def killed(done, total, message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(db, place, source(similar), anew=True, progress=killed)
    new = used(db)
    assert (new.name != old.name, new.synced_at) == (True, None)
    assert drop_due(db, place) == 0  # as the worker does, every minute
    assert (found(similar, db), similar.why_by_words) == (before, "")
    with similar.fresh(db) as index:
        assert (index.base._name, len(index._tail)) == (old.name, 0)
    assert sync(db, place, source(similar)).name == new.name
    assert drop_due(db, place) == 1
    assert found(similar, db) == before
    with similar.fresh(db) as index:
        assert index.base._name == new.name


def test_nothing_is_dropped_that_another_run_fills(lite, db):
    place = vector_engine.place()
    vector_collections.let_all_go(db, place.uri)
    with vector_sync._alone(db, "inquiries", wait=True):
        assert drop_due(db, place, wait=False) == 0
    assert drop_due(db, place, wait=False) == 1


def test_one_engine_is_emptied_and_the_other_is_not(lite, db):
    at, gone = used(db), "http://localhost:1"
    old = vector_collections.make(db, gone, at.kind, at.version, dim=at.dim, tombstone=0)
    vector_collections.let_all_go(db, gone)
    states = {one.name: one.state for one in vector_collections.listed(db)}
    assert states == {at.name: "used", old.name: "dropping"}


def test_no_connection_outlives_its_user(lite, db):
    from pymilvus.client.connection_manager import ConnectionManager

    place, held = vector_engine.place(), ConnectionManager.get_instance()._dedicated
    similar = load(lite.models).similar
    before = found(similar, db)
    n = len(held)
    for _ in range(3):
        sync(db, place, source(similar))
    assert len(held) == n
    assert found(similar, db) == before
    del similar
    assert len(held) == n - 1


def test_an_engine_that_answers_what_cannot_be_is_as_one_that_is_away(lite, db, monkeypatch):
    ask = MilvusCollection.ask

    def lie(self, method, **given):
        return [[], []] if method == "search" else ask(self, method, **given)

    similar = load(lite.models).similar
    monkeypatch.setattr(MilvusCollection, "ask", lie)
    look = similar.look_back(db, ASKED)
    assert "answers what cannot be" in look.by_words
    assert look.similar


def test_an_engine_is_waited_for_once_however_often_it_is_asked(lite, db, monkeypatch):
    similar = load(lite.models).similar
    assert not similar.look_back(db, ASKED).by_words
    monkeypatch.setattr(shared_vectors, "SECONDS", 0.0)
    look = similar.look_back(db, ASKED)
    assert "did not answer" in look.by_words
    assert look.similar


def test_what_is_forgotten_is_taken_out_while_listings_are_sent(lite, db, monkeypatch):
    (first, _), (second, _), *_ = found(load(lite.models).similar, db)
    with vector_sync._alone(db, "listing_texts", wait=True):
        person = forgetting.asker(db, first)
        assert forgetting.forget(lite, db, lite.seal(), person, actor=ACTOR).vectors == ""
    at = used(db)
    assert at.tombstone == embeddings.last_tombstone(db)
    # And whatever stands in the way, the rest of it is done.
    monkeypatch.setattr(vector_sync, "_LOCK", 300 * "x")
    person = forgetting.asker(db, second)
    told = forgetting.forget(lite, db, lite.seal(), person, actor=ACTOR)
    assert "too long" in told.vectors
    assert scalar(db, "SELECT count(*) FROM forgotten WHERE done_at IS NULL") == (not told.done)


KILLED = """
import os, sys
from pathlib import Path
from support import vector_engine, vector_sync
from support.vector_sync import Inquiries, sync
from support.workspace import Workspace
vector_sync.BATCH = 8
def tell(done, total, message):
    print(done, flush=True)
    if done >= 16:
        sys.stdin.readline()  # until the end
db = Workspace(Path(sys.argv[1])).database()
sync(db, vector_engine.place(), Inquiries(sys.argv[2], int(sys.argv[3])), progress=tell)
"""


def test_killed_in_the_middle_the_next_sync_goes_on_there(space, db, tmp_path, monkeypatch):
    shared_desk.fill(space)
    shared_desk.index(space)
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    similar = load(space.models).similar
    command = [
        *(sys.executable, "-c", KILLED, str(space.home)),
        *(similar.encoder.version, str(similar.encoder.dim)),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FAQDESK_KEY_FILE": str(space.key_path)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as killed:
        assert [int(killed.stdout.readline()) for _ in range(2)] == [8, 16]
        killed.send_signal(signal.SIGKILL)
    at = used(db)
    seqs = [row[0] for row in db.execute("SELECT seq FROM embeddings ORDER BY seq")]
    assert (at.seq, at.count) == (seqs[15], None)
    sent = []
    done = sync(db, vector_engine.place(), source(similar), progress=lambda n, *_: sent.append(n))
    assert (done.name, done.count, sent) == (at.name, 40, [24])
    assert scalar(db, "SELECT count(*) FROM vector_collections") == 1
