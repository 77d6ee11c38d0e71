"""Milvus's own, beside the contract of `test_vector_index`: places, refusals, kills, its limits."""

import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import count

import numpy as np
import pytest
from pymilvus import MilvusClient

from support import milvus_index
from support.errors import IndexServerError, SettingError
from support.faiss_index import FaissIndex
from support.grpc_index import IndexChannel
from support.milvus_index import MilvusIndex, MilvusPlace
from support.overlay_index import OverlayIndex

DIM = 8
names = count()


def unit(n, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def lite(milvus):
    return milvus("lite")


@pytest.fixture
def index(lite):
    found = MilvusIndex(lite, f"own_{next(names)}", dim=DIM)
    yield found
    found.drop()
    found.close()


def saved(folder, ids, vectors):
    """A snapshot's folder."""
    folder.mkdir()
    held = FaissIndex(DIM)
    held.add(ids, vectors)
    held.snapshot(folder)
    return folder


@pytest.mark.parametrize(
    ("uri", "token", "words"),
    [
        ("http://milvus.example.com:19530", "root:secret", "TLS"),
        ("https://milvus.example.com:19530", "", "a secret"),
        ("http://192.0.2.7:19530", "", "a secret that callers show and TLS"),
        ("https://root:secret@localhost:19530", "", "a setting of its own"),
        ("localhost:19530", "", "no place of vectors"),
        ("vectors.txt", "", "no place of vectors"),
        ("grpc://localhost", "", "no place of vectors"),
    ],
)
def test_a_place_that_is_none_or_open_to_others_is_refused(uri, token, words):
    with pytest.raises(SettingError, match=words):
        MilvusPlace(uri, token=token)


def test_places_that_can_be():
    assert MilvusPlace("vectors.db").embedded
    assert not MilvusPlace("http://127.0.0.1:19530").embedded
    assert not MilvusPlace("https://milvus.example.com", token="root:secret").embedded
    with pytest.raises(SettingError, match="PEM"):
        MilvusPlace("https://localhost:19530", certificate="missing.pem")


@pytest.mark.parametrize("name", ["", "Things", "things-1", "1things", "a.b", "a" * 129])
def test_a_name_that_is_none_is_refused(lite, name):
    with pytest.raises(SettingError, match="no name of a collection"):
        MilvusIndex(lite, name, dim=DIM)


def test_a_collection_of_other_vectors_is_refused(lite, index):
    with pytest.raises(IndexServerError, match="of 8 numbers, and 9 are wanted"):
        MilvusIndex(lite, index._collection._name, dim=9)


def test_a_collection_of_another_program_is_refused(lite):
    client = MilvusClient(lite.uri)
    client.create_collection("theirs", dimension=DIM)
    with pytest.raises(IndexServerError, match="another program's: it holds id, vector"):
        MilvusIndex(lite, "theirs", dim=DIM)
    client.drop_collection("theirs")
    client.close()


def test_what_is_missing_is_told_and_made_when_asked(lite):
    with pytest.raises(IndexServerError, match="There is no collection missing") as told:
        MilvusIndex(lite, "missing", dim=DIM, create=False)
    assert told.value.missing
    index = MilvusIndex(lite, "missing", dim=DIM)
    index.add(np.arange(3), unit(3))
    again = MilvusIndex(lite, "missing", dim=DIM, create=False)
    assert len(again) == 3
    index.drop()
    index.drop()  # harmless
    with pytest.raises(IndexServerError) as told:
        again.search(unit(1), top_k=1)
    assert told.value.missing


def test_a_file_that_another_process_has_open_is_told(index, lite):
    code = (
        "import sys\n"
        "from support.milvus_index import MilvusIndex, MilvusPlace\n"
        "try: MilvusIndex(MilvusPlace(sys.argv[1]), 'a', dim=8)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, lite.uri], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("IndexServerError")
    assert "another process has it open" in done.stdout
    assert done.stderr == ""


def test_a_server_that_is_away_is_told_at_once():
    with pytest.raises(IndexServerError, match="did not answer") as told:
        MilvusIndex(MilvusPlace("http://127.0.0.1:1"), "a", dim=DIM, timeout=30.0)
    assert told.value.away


def test_a_server_that_says_nothing_is_waited_for_as_long_as_a_call_may_take():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        place = MilvusPlace(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(IndexServerError, match=r"within 0\.5 s") as told:
            MilvusIndex(place, "a", dim=DIM, timeout=0.5)
    assert told.value.away


def test_calls_in_a_block_wait_no_longer_together(index):
    index.add(np.arange(3), unit(3))
    with index.within(0.0):
        for ask in (lambda: index.search(unit(1), top_k=1), lambda: index.remove(np.arange(1))):
            with pytest.raises(IndexServerError, match="did not answer") as told:
                ask()
            assert told.value.away
    assert len(index) == 3


def test_a_proxy_is_told_nothing_and_no_log_a_token(monkeypatch):
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        proxy.setblocking(False)
        for name in ("http_proxy", "https_proxy", "grpc_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        place = MilvusPlace("http://127.0.0.1:1", token="root:secret")
        with pytest.raises(IndexServerError):
            MilvusIndex(place, "a", dim=DIM, timeout=2.0)
        with IndexChannel("127.0.0.1:1") as channel:
            assert not channel.healthy()
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert "secret" not in repr(place)


def test_a_base_that_is_hidden_whole_is_asked_for_no_more_than_it_hides():
    asked = []

    class Told(FaissIndex):
        def search(self, vectors, *, top_k, allow=None):
            asked.append(top_k)
            ids, scores = super().search(vectors, top_k=top_k, allow=allow)
            return np.maximum(ids, 0), scores  # never says that it has no more

    base = Told(DIM)
    base.add(np.arange(90), unit(90))
    index = OverlayIndex(base, DIM)
    index.add(np.arange(90), unit(90))
    found, _ = index.search(unit(1, seed=1), top_k=7)
    assert len(np.unique(found)) == 7
    assert asked == [14, 28, 56, 97]


def test_more_than_the_engine_gives_at_once(index, monkeypatch):
    monkeypatch.setattr(milvus_index, "MOST_HITS", 20)
    monkeypatch.setattr(milvus_index, "FETCHED_UP_TO", 5)
    ids, vectors, queries = np.arange(90) * 2, unit(90), unit(3, seed=1)
    index.add(ids, vectors)
    nearest = [ids[np.argsort(-(vectors @ query), kind="stable")] for query in queries]
    for top_k in (19, 20, 21, 70, 100):
        found, _ = index.search(queries, top_k=top_k)
        assert [row[row >= 0].tolist() for row in found] == [n[:top_k].tolist() for n in nearest]
    for allow in (ids[:4], ids[5:85:4], ids, np.arange(200)):
        found, _ = index.search(queries, top_k=8, allow=allow)
        wanted = [n[np.isin(n, allow)][:8].tolist() for n in nearest]
        assert [row[row >= 0].tolist() for row in found] == wanted
    np.testing.assert_allclose(index.vectors(ids[::-1]), vectors[::-1], atol=1e-6)


def test_a_snapshot_comes_back_and_nothing_else_stays(index, tmp_path):
    folder = saved(tmp_path / "saved", np.arange(40), unit(40))
    index.add(np.arange(30, 60), unit(30, seed=2))
    told = []
    index.restore(folder, progress=lambda *args: told.append(args))
    assert len(index) == 40
    np.testing.assert_allclose(index.vectors(np.arange(40)), unit(40), atol=1e-3)
    assert told[-1][:2] == (40, 40)


def test_whoever_is_killed_half_way_adds_all_again(tmp_path):
    folder = saved(tmp_path / "saved", np.arange(3_000), unit(3_000))
    place = tmp_path / "killed.db"
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from support import milvus_index\n"
        "from support.milvus_index import MilvusIndex, MilvusPlace\n"
        "milvus_index._PART = 3_200  # 100 vectors\n"
        "index = MilvusIndex(MilvusPlace(sys.argv[1]), 'half', dim=8)\n"
        "index.restore(Path(sys.argv[2]), progress=lambda *told: print(*told, flush=True))\n"
    )
    words = [sys.executable, "-c", code, str(place), str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
        done = [int(worker.stdout.readline().split()[0]) for _ in range(5)]
        worker.send_signal(signal.SIGKILL)
    assert done == [100, 200, 300, 400, 500]
    index = MilvusIndex(MilvusPlace(str(place)), "half", dim=DIM)
    assert 500 <= len(index) < 3_000
    index.restore(folder, progress=lambda *told: None)
    assert len(index) == 3_000
    found, _ = index.search(unit(3_000)[:5], top_k=1)
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4]
    index.close()


def started(folder, port):
    """A milvus-lite behind a port, as a server is."""
    code = f"from milvus_lite.adapter.grpc.server import run_server as run\nrun({str(folder)!r}, "
    return subprocess.Popen(
        [sys.executable, "-c", f"{code}'127.0.0.1', {port})"], stdout=subprocess.DEVNULL
    )


def opened(place):
    """The index, as soon as its server is there."""
    for _ in range(600):
        try:
            return MilvusIndex(place, "kept", dim=DIM)
        except IndexServerError as error:
            if not error.away:
                raise
            time.sleep(0.1)
    raise AssertionError("no server")


def test_what_is_written_while_the_server_is_away_waits_for_it(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = MilvusPlace(f"http://127.0.0.1:{port}")
    server = started(tmp_path / "kept.db", port)
    try:
        index = opened(place)
        index.add(np.arange(50), unit(50))
        server.kill()
        server.wait()
        with pytest.raises(IndexServerError) as told:
            index.search(unit(1), top_k=1)
        assert told.value.away

        again = {"args": ("delete",), "kwargs": {"ids": [0]}}
        writes = threading.Thread(target=index._collection.write, **again)
        writes.start()
        server = started(tmp_path / "kept.db", port)
        writes.join(60)
        assert not writes.is_alive()
        again = opened(place)
        assert len(again) == 49
        assert again.search(unit(50)[1:2], top_k=1)[0][0, 0] == 1
    finally:
        server.kill()
        server.wait()
