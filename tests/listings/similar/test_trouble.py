"""Similar listings where a desk is empty, odd, damaged, or two processes are at work."""

import threading
from contextlib import closing

import pytest

from listings.similar.describe import Describer
from listings.similar.desk import SimilarListings
from listings.similar.watch import Watch
from support.errors import ModelDamagedError, PictureError

TABLE = {"number": 1, "title": "Oak dining table", "description": "Four chairs, solid oak."}


def test_an_empty_desk_finds_nothing_and_is_saved(db, describer, similar, described, tmp_path):
    assert described(describer) == 0
    assert similar.to_text(db, "table") == []
    similar.save(db, tmp_path / "saved")
    again = SimilarListings.load(describer, tmp_path / "saved")
    assert (len(again), again.to_text(db, "table")) == (0, [])
    assert Watch(again).run(db, sanctioned={}).looked == 0


def test_one_listing_alone_is_like_none(db, desk_listings, describer, similar, described):
    (one,) = desk_listings(TABLE)
    described(describer)
    assert similar.to_listing(db, one) == []
    assert Watch(similar).run(db, sanctioned={}).looked == 1


def test_a_broken_picture_leaves_the_others(
    db, images, desk_listings, encoder, picture_space, described, tmp_path
):
    describer = Describer(encoder, picture_space)
    one, two = desk_listings(
        {"number": 1, "title": "Painting", "photos": ["3-0", "4-0"]},
        {"number": 2, "title": "Old canvas", "photos": ["4-1"]},
    )
    sql = "SELECT file FROM listing_pictures WHERE listing_id = ? AND position = 0"
    broken = images / db.conn.execute(sql, [one]).fetchone()[0]
    broken.write_bytes(b"no picture")
    assert described(describer) == 4
    similar = SimilarListings(describer)
    match = next(m for m in similar.to_listing(db, one) if m.listing_id == two)
    assert {r.picture for r in match.reasons if r.by == "picture"} == {1}
    with pytest.raises(PictureError):
        similar.to_pictures(db, [broken])
    with pytest.raises(PictureError):
        similar.to_pictures(db, [tmp_path / "none.jpg"])


def test_twenty_pictures_of_one_listing(db, desk_listings, encoder, picture_space, described):
    describer = Describer(encoder, picture_space)
    many = {"number": 1, "title": "House clearance", "photos": [f"{n}-0" for n in range(20)]}
    one, two = desk_listings(many, {"number": 2, "title": "Canvas", "photos": ["19-1"]})
    described(describer)
    found = SimilarListings(describer).to_listing(db, two, ways=("picture",))
    assert found[0].listing_id == one
    assert found[0].reasons[0].other_picture == 19


def test_a_text_of_a_million_letters(db, desk_listings, describer, similar, described):
    long = "solid oak table with chairs, " * 40_000
    one, two = desk_listings(
        {"number": 1, "title": "Oak table", "description": long},
        {"number": 2, "title": "Oak table", "description": long},
    )
    described(describer)
    assert [match.listing_id for match in similar.to_listing(db, one)] == [two]
    assert similar.to_text(db, long)[0].probability > 0.5


def test_two_processes_describe_one_desk(space, db, images, desk_listings, describer, similar):
    ids = desk_listings(
        *({"number": n, "title": f"Painting {n} in oil", "photos": [f"{n}-0"]} for n in range(40))
    )
    problems = []

    def work():
        try:
            with closing(space.database()) as own:
                describer.describe_missing(own, images, progress=lambda *told: None)
                SimilarListings(describer).save(own, space.home / "saved")
        except Exception as error:  # told below
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(SimilarListings.load(describer, space.home / "saved")) == len(ids)
    assert similar.refresh(db) == len(ids)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "text" / "vectors.faiss").write_bytes(b"x"),
        lambda folder: (folder / "text" / "ids.npy").unlink(),
        lambda folder: (folder / "hashes" / "hashes.npy").write_bytes(b""),
        lambda folder: (folder / "config.json").write_text("{"),
    ],
    ids=["vectors", "ids", "hashes", "config"],
)
def test_a_damaged_index_is_refused(
    db, desk_listings, describer, similar, described, tmp_path, harm
):
    desk_listings(TABLE)
    described(describer)
    similar.save(db, tmp_path / "saved")
    harm(tmp_path / "saved")
    with pytest.raises(ModelDamagedError):
        SimilarListings.load(describer, tmp_path / "saved")
