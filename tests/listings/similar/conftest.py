"""A desk with drawn listings, and what describes them."""

import io
from contextlib import contextmanager

import numpy as np
import pytest

from listings.pictures import store as store_picture
from listings.similar.describe import Describer
from listings.similar.desk import SimilarListings
from listings.store import set_picture, wanted_pictures
from support.shipped import load_shipped
from tests.listings import drawn


@pytest.fixture(scope="session")
def encoder():
    return load_shipped()


@pytest.fixture(scope="session")
def drawn_photos(tmp_path_factory):
    """Sixty drawn things, each photographed twice: (120, 96, 96, 3) bytes, and which is which."""
    pixels, groups = drawn.photographed(60)
    return np.stack(pixels), groups


@pytest.fixture(scope="session")
def picture_space(drawn_photos):
    from train.picture_space import fit_space

    pixels, groups = drawn_photos
    found = fit_space(pixels, groups, dim=24, filters=12, colours=24)
    found.version = "drawn"
    return found


@pytest.fixture
def desk_listings(db, store, images, collected):
    """Adds listings with drawn pictures and returns their ids: `add(dict(...), dict(...))`."""

    def add(*rows):
        items = []
        for row in rows:
            shown = tuple(f"{n}.jpg" for n in row.get("photos", ()))
            plain = {name: value for name, value in row.items() if name != "photos"}
            items.append(collected(plain.pop("number"), pictures=shown, **plain))
        saved = store.save(items)
        for key, _, origin in wanted_pictures(db, saved.ids):
            thing, _, take = origin.removesuffix(".jpg").partition("-")
            picture = drawn.thing(int(thing), take=int(take or 0))
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=90)
            set_picture(db, key, store_picture(images, file.getvalue(), name=origin))
        return saved.ids

    return add


@pytest.fixture
def plans(db):
    """The steps of every statement that runs in a block: `with plans() as found:`."""

    @contextmanager
    def watched():
        ran, steps = [], []
        db.conn.set_trace_callback(ran.append)
        try:
            yield steps
        finally:
            db.conn.set_trace_callback(None)
        asked = [sql for sql in ran if sql.lstrip().startswith(("SELECT", "DELETE", "UPDATE"))]
        for sql in asked:
            steps += [row[3] for row in db.conn.execute(f"EXPLAIN QUERY PLAN {sql}")]

    return watched


@pytest.fixture
def describer(encoder):
    return Describer(encoder)


@pytest.fixture
def similar(describer):
    return SimilarListings(describer)


@pytest.fixture
def described(db, images):
    """Describes what is new."""

    def run(describer):
        return describer.describe_missing(db, images, progress=lambda *told: None)

    return run
