"""Check 11: an index file is read after its hash, within its own size, and from no request.

The engine itself ends the process on a file that was cut short: it never sees one.
"""

from contextlib import closing

import faiss
import numpy as np
import pytest
from click.testing import CliRunner

from listings.similar.hashes import HashIndex
from listings.similar.index import Parts
from support import embeddings, faiss_part, models
from support.artifact import write_artifact
from support.errors import ModelDamagedError, ModelVersionError, SettingError
from support.faiss_index import FaissIndex
from support.lexical_index import LexicalIndex
from support.release import current
from support.similar import SimilarInquiries
from tests import soaking
from tests.trust import sources
from web.cli import faqdesk

DIM = 16


@pytest.fixture(params=["scan", "graph"])
def saved(request, tmp_path, monkeypatch):
    """A saved index of each kind, 400 vectors."""
    if request.param == "graph":
        monkeypatch.setattr(faiss_part, "EXACT_UP_TO", 10)
    index = FaissIndex(DIM)
    vectors = np.random.default_rng(0).normal(size=(400, DIM)).astype(np.float32)
    index.add(np.arange(400), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    index.snapshot(tmp_path)
    return tmp_path


def test_no_list_in_a_file_may_be_longer_than_the_file(saved, monkeypatch):
    """The engine is told so before it reads; without, eight bytes ask for any amount of memory."""
    size = (saved / "vectors.faiss").stat().st_size
    read, told = faiss.read_index, []

    def look(*words):
        told.append(
            (faiss.get_deserialization_vector_byte_limit(), faiss.get_deserialization_loop_limit())
        )
        return read(*words)

    faiss.set_deserialization_vector_byte_limit(1 << 40)
    monkeypatch.setattr(faiss, "read_index", look)
    assert len(FaissIndex.load(saved)) == 400
    assert told == [(size, size)]


@pytest.mark.parametrize("way", ["cut", "longer", "flipped", "empty", "gone", "linked", "more"])
def test_an_index_that_is_served_alone_is_not_opened_unless_it_is_whole(way, tmp_path, monkeypatch):
    folder = tmp_path / "vectors"
    index = FaissIndex(DIM)
    index.add(np.arange(9), np.eye(DIM, dtype=np.float32)[:9])
    write_artifact(folder, kind="index", config={}, files=index.snapshot, metrics={})
    words = ["serve-index", "--vectors", str(folder), "--host", "0.0.0.0", "--port", "0"]
    whole = CliRunner().invoke(faqdesk, words)
    assert isinstance(whole.exception, SettingError), "it was opened, and then may not be served so"
    path = folder / "vectors.faiss"
    data = path.read_bytes()
    {
        "cut": lambda: path.write_bytes(data[: len(data) // 2]),
        "longer": lambda: path.write_bytes(data + b"x"),
        "flipped": lambda: path.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:]),
        "empty": lambda: path.write_bytes(b""),
        "gone": path.unlink,
        "linked": lambda: (path.rename(tmp_path / "x"), path.symlink_to(tmp_path / "x")),
        "more": lambda: (folder / "more.faiss").write_bytes(data),
    }[way]()
    opened = []
    monkeypatch.setattr(faiss_part, "_read", lambda *a: opened.append(a))
    done = CliRunner().invoke(faqdesk, words)
    assert isinstance(done.exception, ModelDamagedError)
    assert opened == []


def test_ids_that_are_code_or_of_another_count_are_refused(saved):
    np.save(saved / "ids.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelDamagedError):
        FaissIndex.load(saved)
    np.save(saved / "ids.npy", np.arange(3), allow_pickle=False)
    with pytest.raises(ModelDamagedError, match="400 vectors for 3 ids"):
        FaissIndex.load(saved)


def test_words_and_hashes_that_are_code_are_refused(tmp_path):
    words = LexicalIndex()
    words.add(np.arange(40), [f"refund number {n}" for n in range(40)])
    words.snapshot(tmp_path)
    evil = np.array([{"a": 1}], dtype=object)
    for path in tmp_path.glob("*.npy"):
        before = path.read_bytes()
        np.save(path, evil, allow_pickle=True)
        with pytest.raises(ModelDamagedError):
            LexicalIndex.load(tmp_path)
        path.write_bytes(before)
    LexicalIndex.load(tmp_path)
    HashIndex().snapshot(tmp_path)
    np.save(next(tmp_path.glob("*hash*")), evil, allow_pickle=True)
    with pytest.raises(ModelDamagedError):
        HashIndex.load(tmp_path)


def test_every_flipped_byte_of_an_index_in_force_is_found_before_it_is_opened(trained, monkeypatch):
    """The reader of the engine is never reached with what is not ours."""
    release = current(trained.models)
    folder = release.folder(trained.models, "index")
    encoder = type("Encoder", (), {"version": "x", "dim": 3})()
    opened = []
    monkeypatch.setattr(faiss_part, "_read", lambda *a: opened.append(a))
    monkeypatch.setattr(LexicalIndex, "load", lambda *a: opened.append(a))
    chance = np.random.default_rng(soaking.seed())
    for path in sorted(folder.iterdir()):
        before = path.read_bytes()
        for at in chance.integers(len(before), size=soaking.many(3, 200)):
            changed = bytearray(before)
            changed[at] ^= 1 << int(chance.integers(8))
            path.write_bytes(changed)
            if path.name == "manifest.json":
                with pytest.raises(ModelDamagedError):
                    release.folder(trained.models, "index")
            else:
                # A byte of the kind's name makes it one of another kind, before any sum is read.
                with pytest.raises((ModelDamagedError, ModelVersionError)):
                    SimilarInquiries.load(encoder, folder)
        path.write_bytes(before)
    assert opened == []


def test_a_desk_without_its_index_finds_past_answers_in_the_database(trained):
    whole = models.load(trained.models)
    folder = whole.release.folder(trained.models, "index")
    with closing(trained.database()) as db:
        before = whole.similar.similar(db, "환불해 주세요", top_k=3)
        (folder / "vectors.faiss").write_bytes(b"IxFI" + bytes(100))
        found = models.load(trained.models)
        assert "vectors.faiss is not as it was written" in found.degraded
        assert found.classifier is not None
        after = found.similar.similar(db, "환불해 주세요", top_k=3)
        assert [a.inquiry_id for a in after] == [b.inquiry_id for b in before]
        assert len(embeddings.texts(db, [before[0].inquiry_id])) == 1


# Where the engine's reader is called, and what was looked at before.
OPENS = {
    "faiss.read_index": {"support/faiss_part.py"},  # `_read`, from `FaissIndex.load`
    "FaissIndex.load": {
        "support/similar.py",  # after read_artifact of the folder
        "listings/similar/index.py",  # `Parts.load`
        "web/cli/serving_index.py",  # after its sums: `_saved`
        "support/milvus_index.py",  # `restore`; whoever calls it looked at the folder's sums
        "support/overlay_index.py",  # what it wrote itself a moment before
        "train/near.py",  # what it wrote itself a moment before
    },
    "Parts.load": {"listings/similar/desk.py"},  # after read_artifact of the folder
    "faiss.deserialize_index": set(),
    "faiss.read_VectorTransform": set(),
}


def test_index_files_are_opened_where_their_hash_was_looked_at_and_nowhere_else():
    found = {name: set() for name in OPENS}
    for path, name, _ in sources.calls():
        if name in found and not path.startswith("train/bench"):
            found[name].add(path)
    assert found == OPENS
    assert Parts.load
