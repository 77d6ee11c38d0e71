"""Describing in shards: the vectors of one process, killed or not, and of nothing that changed."""

import numpy as np
import pytest

from listings.forget import forget_listings
from listings.similar import describe, describe_shards
from listings.similar.describe import Describer
from listings.similar.describe_shards import describe_in_shards
from listings.similar.picture_space import KIND, PictureSpace
from support.artifact import write_artifact
from support.audit import Actor
from support.batch import LocalEngine
from support.errors import InputError, ModelVersionError
from support.shard_runs import Spread
from support.shipped import shipped_folder

ACTOR = Actor("cli:test")


def silent(done, total, message):
    pass


@pytest.fixture(scope="module")
def space_folder(picture_space, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "space"
    write_artifact(folder, kind=KIND, config={}, files=picture_space.save, metrics={})
    return folder


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(describe_shards, "TEXTS", 4)
    monkeypatch.setattr(describe_shards, "PICTURES", 4)
    for module in (describe, describe_shards):
        monkeypatch.setattr(module, "BATCH", 2)


@pytest.fixture
def described_by(db, images, encoder, space_folder, tmp_path):
    """Describes in shards, then what is left; gives the rows."""
    describer = Describer(encoder, PictureSpace.load(space_folder))

    def run(engine=None, progress=silent, shards=True):
        if shards:
            describe_in_shards(
                db, describer, images, encoder=shipped_folder(), space=space_folder,
                spread=Spread(engine or LocalEngine(1), tmp_path / "runs"), progress=progress,
            )  # fmt: skip
        describer.describe_missing(db, images, progress=silent)
        sql = (
            "SELECT listing_id, kind, version, positions, vectors FROM listing_vectors "
            "ORDER BY kind, listing_id"
        )
        return db.execute(sql).fetchall()

    return run


@pytest.fixture
def shop(desk_listings):
    rows = [
        {"number": n, "title": f"{n * n}번 도자기", "photos": (f"{n}-0", f"{n}-1")[: 1 + n % 2]}
        for n in range(18)
    ]
    return desk_listings(*rows)


def anew(db):
    db.execute("DELETE FROM listing_vectors")
    db.conn.commit()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_vectors_as_one_process_makes(small, db, shop, described_by, tmp_path, workers):
    plain = described_by(shards=False)
    assert len(plain) == 36
    anew(db)
    told = []
    found = described_by(LocalEngine(workers), lambda *a: told.append(a))
    assert found == plain
    assert {message for _, _, message in told} == {"words of listings", "pictures of listings"}
    assert told[-1][:2] == (27, 27)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_picture_that_cannot_be_read_is_left_out(small, db, images, shop, described_by):
    sql = "SELECT file FROM listing_pictures WHERE listing_id = ? ORDER BY position"
    (images / db.execute(sql, [shop[3]]).fetchone()[0]).write_bytes(b"no picture")
    plain = described_by(shards=False)
    anew(db)
    found = described_by()
    assert found == plain
    assert [row[3] for row in found if row[0] == shop[3]] == ["[1]", "[]"]


@pytest.mark.parametrize("message", ["words of listings", "pictures of listings"])
def test_goes_on_after_a_stop_and_passes_over_what_changed(
    small, db, images, shop, desk_listings, described_by, message
):
    def stop(done, total, now):
        if now == message and done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        described_by(progress=stop)
    before = db.execute("SELECT * FROM listing_vectors ORDER BY seq").fetchall()
    desk_listings({"number": 15, "title": "자전거", "photos": ("30-0",)})
    told = []
    described_by(progress=lambda *a: told.append(a))
    assert next(done for done, _, now in told if now == message) >= 8
    after = db.execute("SELECT * FROM listing_vectors ORDER BY seq").fetchall()
    kept = [row for row in before if row[1] != shop[15]]
    assert [row for row in after if row[0] <= before[-1][0]] == kept
    assert [row[1:] for row in after if row[1] == shop[15]] != []
    # What changed was looked at alone: the last digits of a vector depend on what is beside it.
    found = [row for row in described_by() if row[0] != shop[15]]
    anew(db)
    plain = [row for row in described_by(shards=False) if row[0] != shop[15]]
    assert [row[:4] for row in plain] == [row[:4] for row in found]


class Turned(Describer):
    text_version = "another"


def test_a_model_of_another_version_describes_nothing(small, db, images, shop, encoder, tmp_path):
    spread = Spread(LocalEngine(1), tmp_path / "runs")
    with pytest.raises(ModelVersionError, match="begin anew"):
        describe_in_shards(
            db, Turned(encoder), images, encoder=shipped_folder(), space=None, spread=spread,
            progress=silent,
        )  # fmt: skip
    assert db.table("listing_vectors").count == 0


CHANGES = {
    "words of listings": "UPDATE listings SET title = '자전거' WHERE id = :id",
    "pictures of listings": """
        UPDATE listing_pictures SET file = (SELECT file FROM listing_pictures
            WHERE listing_id = :other AND position = 0) WHERE listing_id = :id AND position = 0
    """,
}


@pytest.mark.parametrize("message", CHANGES)
def test_what_was_read_before_a_desk_was_restored_is_not_stored_as_it_was(
    small, db, shop, described_by, message
):
    def stop(done, total, now):
        if now == message and done >= 8:
            raise KeyboardInterrupt

    def vector():
        sql = "SELECT vectors FROM listing_vectors WHERE listing_id = ? AND kind = ?"
        kind = "text" if "words" in message else "picture"
        (blob,) = db.execute(sql, [changed, kind]).fetchone()
        return np.frombuffer(blob, "<f4")

    changed = shop[5]
    with pytest.raises(KeyboardInterrupt):
        described_by(progress=stop)
    db.execute(CHANGES[message], {"id": changed, "other": shop[17]})
    # What changed tells nothing: the run counts on from a history that is no more.
    db.execute("UPDATE listing_changes SET seq = -seq")
    db.conn.commit()
    described_by()
    found = vector()
    anew(db)
    described_by(shards=False)
    np.testing.assert_allclose(found, vector(), atol=1e-5)


def test_what_was_forgotten_meanwhile_does_not_come_back(small, db, images, shop, described_by):
    def stop(done, total, now):
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        described_by(progress=stop)
    forget_listings(db, images, "shop", actor=ACTOR)
    assert described_by() == []


def test_a_machine_that_does_not_see_the_pictures_says_so(
    small, db, images, shop, described_by, tmp_path
):
    class Elsewhere(LocalEngine):
        def run(self, items, opener):
            if "pictures" in str(items[0].folder):
                images.rename(tmp_path / "elsewhere")
            return super().run(items, opener)

    with pytest.raises(InputError, match="does not see the pictures"):
        described_by(Elsewhere(1))
    (tmp_path / "elsewhere").rename(images)
    assert len(described_by()) == 36
