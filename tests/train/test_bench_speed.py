import random
import shutil
import sys

import numpy as np
import pytest

from support.database import scalar
from support.encoder import SentenceEncoder
from support.errors import ModelMissingError
from support.releases import current
from support.workspace import Workspace
from train.bench_growth import BATCH, grow, perturb, read_past
from train.bench_probe import probe, quantiles
from train.bench_speed import bench_speed
from train.bench_vectors import compare_engines, recall_at


def test_a_copy_is_like_its_original():
    text = "one two three four five six seven eight nine ten " * 10
    copy = perturb(text, random.Random(0))
    assert copy != text
    assert set(copy.split()) <= set(text.split())
    assert 20 < len(copy.split()) <= 40
    assert perturb(text, random.Random(0)) == copy
    assert perturb("word", random.Random(3)) == "word"


def test_a_desk_grows_in_steps_to_the_size_asked_for(trained_home, space):
    source = Workspace(trained_home)
    db, target = source.database(), space.database()
    past = read_past(db, limit=50)
    encoder = SentenceEncoder.load(
        current(source.models).folder(source.models, "encoder")  # type: ignore[union-attr, arg-type]
    )
    grow(target, past, encoder, size=30)
    assert scalar(target, "SELECT count(*) FROM inquiries") == 30
    told = []
    grow(target, past, encoder, size=BATCH + 60, progress=lambda *step: told.append(step[:2]))
    size = BATCH + 60
    assert told == [(30 + BATCH, size), (size, size)]
    for table in ("inquiries", "messages", "embeddings", "inquiry_search"):
        assert scalar(target, f"SELECT count(*) FROM {table}") == size
    assert not target.conn.execute("PRAGMA foreign_key_check").fetchall()
    texts = [row["text"] for row in target.query("SELECT text FROM inquiries ORDER BY id LIMIT 51")]
    assert texts[:50] == [row.text for row in past]
    assert set(texts[50].split()) <= set(past[0].text.split())
    db.close()
    target.close()


def test_a_trained_desk_is_timed_at_each_size(trained_home, tmp_path):
    before = sorted(path.name for path in trained_home.rglob("*"))
    told = []
    found = bench_speed(
        Workspace(trained_home), source="x", sizes=[120, 60], train=150,
        progress=lambda done, total, words: told.append(words),
    ).as_dict()  # fmt: skip
    assert [size["past_inquiries"] for size in found["sizes"]] == [60, 120]
    for size in found["sizes"]:
        for part in ("suggest", "suggest_after_answer", "encode", "classify", "hybrid_search"):
            assert 0 < size[part]["p50"] <= size[part]["p95"] <= size[part]["p99"]
        assert size["index_bytes_per_item"] > 0
        assert size["open_index_seconds"] > 0
        flat = next(engine for engine in size["engines"] if engine["name"] == "Flat")
        assert flat["recall"] == 1
    assert found["fasttext_microseconds"]["p50"] > 0
    assert found["fasttext_short_microseconds"]["p50"] > 0
    assert found["rates"]["training_inquiries"] == 150
    assert found["rates"]["training_processor_seconds"] > 0
    assert 0 < found["rates"]["training_model_mb"] < 60
    assert "indexing 60" in told
    # Only the copies were written to.
    after = sorted(path.name for path in trained_home.rglob("*"))
    assert [name for name in after if not name.startswith("desk.db-")] == [
        name for name in before if not name.startswith("desk.db-")
    ]


def test_a_desk_without_a_release_cannot_be_timed(space):
    with pytest.raises(ModelMissingError, match="--data DIR"):
        bench_speed(space, source="x", sizes=[100])


def test_a_desk_without_models_is_timed_in_its_words_alone(trained):
    shutil.rmtree(trained.models)
    trained.models.mkdir()
    found = probe(trained.home, ["refund"] * 3, started=0.0)
    assert set(found) >= {"suggest", "cold_start_seconds"}
    assert "encode" not in found


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ([1.0] * 4, {"p50": 1.0, "p95": 1.0, "p99": 1.0}),
        ([3.0], {"p50": 3.0, "p95": 3.0, "p99": 3.0}),
        ([], {}),
    ],
)
def test_percentiles_by_hand(times, found):
    assert quantiles(times) == found


def test_every_neighbour_at_the_last_distance_counts():
    exact = np.array([[0.9, 0.5]], np.float32)
    # A twin of the second, and one further away.
    assert recall_at(np.array([[0.9, 0.5]], np.float32), exact, top_k=2) == 1
    assert recall_at(np.array([[0.5, 0.5]], np.float32), exact, top_k=2) == 1
    assert recall_at(np.array([[0.9, 0.4]], np.float32), exact, top_k=2) == 0.5
    assert recall_at(np.array([[0.9, -np.inf]], np.float32), exact, top_k=2) == 0.5


def test_every_kind_of_index_is_built_and_asked():
    vectors = np.random.default_rng(0).normal(size=(2_000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = {row["name"]: row for row in compare_engines(vectors, vectors[:20])}
    assert {"Flat", "SQ8", "HNSW ef 96", "HNSW SQ8 ef 96", "IVF nprobe 13"} <= set(found)
    assert found["Flat"]["recall"] == 1
    assert found["Flat"]["bytes_per_item"] == 64
    assert found["SQ8"]["bytes_per_item"] < 32
    assert found["SQfp16"]["bytes_per_item"] < 40
    # Of 51 cells.
    assert found["IVF nprobe 13"]["recall"] >= found["IVF nprobe 1"]["recall"] > 0
    assert found["HNSW ef 256"]["recall"] >= found["HNSW ef 48"]["recall"] > 0.8


def test_an_engine_that_is_installed_but_broken_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "hnswlib.py").write_text("raise ImportError('no such symbol')", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "hnswlib", raising=False)
    vectors = np.eye(8, dtype=np.float32).repeat(50, axis=0)
    names = {row["name"].split()[0] for row in compare_engines(vectors, vectors[:2])}
    assert "Flat" in names
    assert "hnswlib" not in names
