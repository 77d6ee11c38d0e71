"""Shared by the tests of listings: a store, and pictures that are told apart."""

import io

import pytest
from PIL import Image, ImageDraw

from listings.store import Collected, ListingStore
from tests.listings import naver_server


@pytest.fixture
def store(db, seal):
    return ListingStore(db, seal)


@pytest.fixture
def images(space):
    return space.home / "images"


@pytest.fixture
def photos():
    return photo


@pytest.fixture
def collected():
    return item


def photo(number, *, size=96, kind="PNG", **options):
    """The bytes of a picture; another number looks different in every corner."""
    picture = Image.new("RGB", (size, size), (240, 240, 240))
    draw = ImageDraw.Draw(picture)
    for part in range(8):
        seed = (number * 2654435761 + part * 40503) % 2**32
        left, top = seed % 64, seed // 64 % 64
        colour = tuple((seed >> shift) % 200 for shift in (4, 12, 20))
        scale = size / 96
        draw.rectangle([left * scale, top * scale, (left + 28) * scale, (top + 22) * scale], colour)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def item(number, **values):
    given = {"source": "shop", "external_id": str(number), "title": f"Thing {number}"}
    return Collected(**(given | values))


@pytest.fixture
def shop_api():
    """A shop search on this machine."""
    with naver_server.shop_server(photo) as server:
        yield server


@pytest.fixture
def naver_keys():
    """What it lets in."""
    return naver_server.CLIENT_ID, naver_server.SECRET
