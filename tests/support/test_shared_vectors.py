"""Past inquiries whose vectors lie in a vector engine; milvus-lite stands for a server."""

import json

import pytest

from support import embeddings, vector_collections, vector_engine
from support.database import scalar
from support.models import load
from support.vector_sync import Inquiries, sync
from tests import shared_desk

ASKED = "환불은 언제 되나요"


@pytest.fixture
def lite(space, tmp_path, monkeypatch):
    """A desk with an index in milvus-lite."""
    shared_desk.fill(space)
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    shared_desk.index(space)
    return space


def found(similar, db, text=ASKED, top_k=5):
    return [
        (past.inquiry_id, round(past.score, 2)) for past in similar.similar(db, text, top_k=top_k)
    ]


def test_what_is_found_is_what_the_embedded_engine_finds(space, tmp_path, monkeypatch, db):
    shared_desk.fill(space)
    shared_desk.index(space)
    own = found(load(space.models).similar, db)
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    release = shared_desk.index(space)
    folder = release.folder(space.models, "index")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["engine"] == "milvus"
    assert not list(folder.glob("*.faiss"))
    similar = load(space.models).similar
    assert found(similar, db) == own
    assert len(similar) == scalar(db, "SELECT count(*) FROM embeddings")
    at = vector_collections.listed(db)[0]
    assert (at.count, at.state, config["collection"]) == (40, "used", at.name)


def test_an_answer_is_found_before_the_engine_has_it_and_gone_before_it_forgets(lite, db):
    one, other = load(lite.models).similar, load(lite.models).similar
    (first, _), *_ = found(one, db)
    embeddings.forget(db, first)
    assert first not in dict(found(other, db))
    one.remember(db, [first])
    assert found(other, db)[0][0] == first
    place = vector_engine.place()
    source = Inquiries(one.encoder.version, one.encoder.dim)
    assert sync(db, place, source).count == 40
    assert found(one, db)[0][0] == found(load(lite.models).similar, db)[0][0] == first
    embeddings.forget(db, first)
    assert sync(db, place, source).count == 39
