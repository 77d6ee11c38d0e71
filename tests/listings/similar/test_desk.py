"""The index follows the desk: what is added, changed, left out and forgotten."""

import numpy as np
import pytest

from listings.forget import forget_listings
from listings.similar import index as similar_index
from listings.similar import vectors
from listings.similar.apart import keep_apart, undo_apart
from listings.similar.describe import Describer
from listings.similar.desk import SimilarListings
from support.audit import Actor
from support.errors import InputError, ModelVersionError, NotFoundError

ACTOR = Actor("cli:test")
TABLE = {"number": 1, "title": "Oak dining table", "description": "Four chairs, solid oak."}
AGAIN = {"number": 2, "title": "Dining table, oak!!", "description": "Solid oak with four chairs."}
PHONE = {"number": 3, "title": "아이폰 7 128기가 블랙", "description": "케이스 포함"}


def found(matches):
    return [match.listing_id for match in matches if match.probability >= 0.5]


def test_a_new_listing_is_found_at_the_next_search(
    db, desk_listings, describer, similar, described
):
    one, two, three = desk_listings(TABLE, AGAIN, PHONE)
    assert described(describer) == 3
    assert described(describer) == 0
    assert found(similar.to_listing(db, one)) == [two]
    assert found(similar.to_text(db, "아이폰 7 128 기가")) == [three]
    (four,) = desk_listings({**TABLE, "number": 4})
    described(describer)
    assert found(similar.to_listing(db, one))[0] == four


def test_changed_left_out_and_forgotten_listings_follow(
    db, images, desk_listings, describer, similar, described
):
    one, two, _ = desk_listings(TABLE, AGAIN, PHONE)
    described(describer)
    assert found(similar.to_listing(db, one)) == [two]
    desk_listings({**AGAIN, "title": "Garden hose", "description": "Twenty metres, green."})
    assert vectors.missing(db, "text", describer.text_version) == [two]
    assert found(similar.to_listing(db, one)) == []
    described(describer)
    assert found(similar.to_text(db, "Garden hose, twenty metres, green")) == [two]
    db.conn.execute("UPDATE listings SET removed = 'rule' WHERE id = ?", [two])
    db.conn.commit()
    assert found(similar.to_text(db, "Garden hose, twenty metres, green")) == []
    with pytest.raises(NotFoundError, match=str(two)):
        similar.to_listing(db, two)
    forget_listings(db, images, "shop", actor=ACTOR)
    assert similar.refresh(db) == 3
    assert len(similar) == 0
    assert db.table("listing_vectors").count == 0


def test_words_are_compared_for_what_is_shown_alone_and_nobody_waits_for_it(
    db, desk_listings, describer, similar, described, monkeypatch
):
    one, *_ = desk_listings(*({**TABLE, "number": number} for number in range(6)))
    described(describer)
    compared = []

    def shared(left, right):
        assert not similar._lock.locked()
        compared.append(right)
        return ("oak",)

    monkeypatch.setattr(similar_index, "shared_words", shared)
    (match,) = similar.to_listing(db, one, top_k=1)
    assert match.reasons[0].words == ("oak",)
    assert len(compared) == 1


def test_pictures_find_what_words_do_not(db, desk_listings, encoder, picture_space, described):
    describer = Describer(encoder, picture_space)
    similar = SimilarListings(describer)
    one, two, _ = desk_listings(
        {**TABLE, "photos": ("70-0", "71-0")},
        {**PHONE, "number": 8, "photos": ("90-0", "71-1")},
        {**PHONE, "number": 9, "title": "Lamp", "description": "", "photos": ("80-0",)},
    )
    described(describer)
    first = similar.to_listing(db, one, ways=("picture", "hash"))[0]
    assert first.listing_id == two
    by_picture = next(reason for reason in first.reasons if reason.by == "picture")
    assert (by_picture.picture, by_picture.other_picture) == (1, 1)
    # The first listing shows another thing: its old picture is forgotten.
    desk_listings({**TABLE, "photos": ("72-0",)})
    described(describer)
    again = similar.to_listing(db, one, ways=("hash",))
    assert two not in [match.listing_id for match in again]


def test_a_hash_alone_finds_a_copied_picture(db, images, desk_listings, similar, described):
    one, two = desk_listings(
        {**TABLE, "photos": ("70-0",)}, {**PHONE, "number": 8, "photos": ("90-0", "70-0")}
    )
    match = similar.to_listing(db, one, ways=("hash",))[0]
    assert (match.listing_id, match.reasons[0].other_picture, match.reasons[0].bits) == (two, 1, 0)
    file = images / next(iter(db.query("SELECT file FROM listing_pictures")))["file"]
    assert {m.listing_id for m in similar.to_pictures(db, [file])} == {one, two}


def test_those_said_to_differ_are_not_shown_and_can_be_again(
    db, desk_listings, describer, similar, described
):
    one, two = desk_listings(TABLE, AGAIN)
    described(describer)
    assert keep_apart(db, ACTOR, [(two, one)]) == [(one, two)]
    assert keep_apart(db, ACTOR, [(one, two)]) == []
    assert found(similar.to_listing(db, one)) == found(similar.to_listing(db, two)) == []
    assert undo_apart(db, ACTOR, [(one, two)]) == 1
    assert undo_apart(db, ACTOR, [(one, two)]) == 0
    assert found(similar.to_listing(db, one)) == [two]
    with pytest.raises(InputError, match="itself"):
        keep_apart(db, ACTOR, [(one, one)])
    with pytest.raises(NotFoundError, match="999"):
        keep_apart(db, ACTOR, [(one, 999)])


def test_a_saved_index_is_opened_and_reads_what_came_since(
    db, desk_listings, describer, similar, described, tmp_path
):
    one, two, _ = desk_listings(TABLE, AGAIN, PHONE)
    described(describer)
    similar.save(db, tmp_path / "saved")
    (four,) = desk_listings({**TABLE, "number": 4})
    described(describer)
    loaded = SimilarListings.load(describer, tmp_path / "saved")
    assert len(loaded) == 3
    for index in (similar, loaded):
        assert set(found(index.to_listing(db, one))) == {two, four}
    other = Describer(describer.encoder)
    other.encoder = type(describer.encoder)(describer.encoder.engine, "other")
    with pytest.raises(ModelVersionError, match="faqdesk similar index"):
        SimilarListings.load(other, tmp_path / "saved")


def test_what_changed_while_it_was_described_is_described_again(db, desk_listings, describer):
    (one,) = desk_listings(TABLE)
    as_of = vectors.last_change(db)
    desk_listings({**TABLE, "title": "Something else"})
    old = [(one, (), np.ones((1, 3), np.float32))]
    vectors.save(db, "text", "v", old, as_of=as_of)
    assert vectors.missing(db, "text", "v") == [one]
    vectors.save(db, "text", "v", [*old, (999, (), old[0][2])], as_of=vectors.last_change(db))
    assert vectors.missing(db, "text", "v") == []
    assert vectors.drop_versions(db, "text", keep="w") == 1


def test_blank_words_and_unknown_ways(db, desk_listings, describer, similar, described):
    desk_listings({"number": 5, "title": "?!"})
    described(describer)
    assert described(describer) == 0
    with pytest.raises(InputError, match="words"):
        similar.to_text(db, "  ")
    with pytest.raises(InputError, match="smell"):
        similar.to_text(db, "table", ways=("smell",))
