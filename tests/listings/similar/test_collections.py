"""Similar listings whose vectors lie in a vector engine; milvus-lite stands for a server."""

import socket

import pytest

from listings.similar.collections import shared_listings
from listings.similar.describe import Describer
from listings.similar.desk import SimilarListings
from support import shared_vectors, vector_collections, vector_engine
from support.errors import IndexServerError

TABLE = {"number": 1, "title": "Oak dining table", "description": "Four chairs, solid oak.",
         "photos": ("1", "2")}  # fmt: skip
AGAIN = {"number": 2, "title": "Dining table, oak!!", "description": "Solid oak with four chairs.",
         "photos": ("3",)}  # fmt: skip
SHOWN = {"number": 3, "title": "For sale", "description": "see the photo", "photos": ("2",)}


@pytest.fixture
def describer(encoder, picture_space):
    return Describer(encoder, picture_space)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))


def found(similar, db, listing):
    return [
        (match.listing_id, round(match.probability, 2), {reason.by for reason in match.reasons})
        for match in similar.to_listing(db, listing, at_least=0.3)
    ]


def counts(db):
    return {at.kind: at.count for at in vector_collections.listed(db) if at.state == "used"}


def quiet(done, total, message):
    """Tells nobody."""


def test_what_is_found_is_what_the_embedded_engine_finds(
    db, tmp_path, desk_listings, describer, described, engine
):
    one, two, three = desk_listings(TABLE, AGAIN, SHOWN)
    described(describer)
    own = SimilarListings(describer)
    expected = found(own, db, one)
    assert {listing for listing, _, _ in expected} == {two, three}
    assert any("picture" in by for _, _, by in expected)
    similar = SimilarListings(describer, shared=shared_listings(describer))
    assert found(similar, db, one) == expected  # nothing was sent yet: read into memory
    similar.sync(db, progress=quiet)
    assert counts(db) == {"listing_texts": 3, "listing_pictures": 4}
    assert found(similar, db, one) == expected
    similar.save(db, tmp_path / "saved")
    assert not list((tmp_path / "saved").rglob("*.faiss"))
    again = SimilarListings.load(describer, tmp_path / "saved")
    assert found(again, db, one) == expected
    # What changes is found at once, and sent: a picture that went, a listing that was left out.
    db.conn.execute("DELETE FROM listing_pictures WHERE listing_id = ? AND position = 1", [one])
    db.conn.execute("UPDATE listings SET removed = 'rule' WHERE id = ?", [two])
    db.conn.commit()
    described(describer)
    left = found(SimilarListings(describer), db, one)
    assert found(again, db, one) == left
    again.sync(db, progress=quiet)
    assert counts(db) == {"listing_texts": 2, "listing_pictures": 2}
    assert found(again, db, one) == left


def test_saved_for_an_engine_it_opens_without(
    db, tmp_path, desk_listings, describer, described, engine, monkeypatch
):
    one, *_ = desk_listings(TABLE, AGAIN, SHOWN)
    described(describer)
    similar = SimilarListings(describer, shared=shared_listings(describer))
    similar.sync(db, progress=quiet)
    expected = found(similar, db, one)
    similar.save(db, tmp_path / "saved")
    monkeypatch.delenv("FAQDESK_VECTORS")
    alone = SimilarListings.load(describer, tmp_path / "saved")
    assert found(alone, db, one) == expected
    alone.save(db, tmp_path / "saved")
    monkeypatch.setenv("FAQDESK_VECTORS", str(tmp_path / "vectors.db"))
    assert found(SimilarListings.load(describer, tmp_path / "saved"), db, one) == expected


def test_pictures_that_the_engine_lacks_are_read_into_memory(
    db, tmp_path, desk_listings, describer, described, engine
):
    one, *_ = desk_listings(TABLE, AGAIN, SHOWN)
    described(describer)
    similar = SimilarListings(describer, shared=shared_listings(describer))
    expected = found(similar, db, one)
    similar.sync(db, progress=quiet)
    similar.save(db, tmp_path / "saved")
    db.conn.execute(
        "UPDATE vector_collections SET synced_at = NULL WHERE kind = 'listing_pictures'"
    )
    db.conn.commit()
    again = SimilarListings.load(describer, tmp_path / "saved")
    assert found(again, db, one) == expected
    text, pictures = (index for _, index, _ in again.vector_indexes())
    assert (len(again._parts.text._tail), len(pictures)) == (0, 4)
    assert len(text) == 3
    similar.sync(db, progress=quiet)
    assert found(again, db, one) == expected
    assert len(again._parts.pictures._tail) == 0


def test_an_engine_that_is_away_leaves_words_and_hashes(
    db, desk_listings, describer, described, monkeypatch
):
    one, two, *_ = desk_listings(TABLE, AGAIN, SHOWN)
    described(describer)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("FAQDESK_VECTORS", gone)
    at = vector_collections.make(
        db, gone, "listing_texts", describer.text_version, dim=describer.encoder.dim, tombstone=0
    )
    vector_collections.settle(db, at.name, count=0)
    similar = SimilarListings(describer, shared=shared_listings(describer))
    similar.refresh(db)
    db.conn.execute("UPDATE vector_collections SET seq = 99999")
    db.conn.commit()
    monkeypatch.setattr(shared_vectors, "TAIL", 0)
    near = found(similar, db, one)
    assert [(listing, by) for listing, _, by in near if listing == two] == [(two, {"text"})]
    assert all("picture" not in by for _, _, by in near)
    assert gone in similar.why_by_words
    with pytest.raises(IndexServerError, match=gone):
        similar.like(db, similar.looks(db, [one])[0], whole=True)
    with pytest.raises(IndexServerError, match=gone):
        similar.sync(db, progress=quiet)
    assert vector_engine.place().uri == gone
