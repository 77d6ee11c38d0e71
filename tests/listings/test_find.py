"""Listings and sellers are found by the ids that people write in a mail."""

import pytest

from listings.find import listings_named, seller_named, sources
from listings.store import Collected, ListingStore


@pytest.fixture
def ids(db, seal):
    items = [
        Collected(source="market", external_id="17", title="a", seller="ann"),
        Collected(source="shop", external_id="17", title="b", seller="bob"),
        Collected(source="shop", external_id="b:9", title="c", seller="ann"),
        Collected(source="shop", external_id="x 1", title="d"),
    ]
    return ListingStore(db, seal).save(items).ids


def test_sources_are_told_in_order(db, seal):
    assert sources(db) == []
    for name in ("b", "a", "b", "c"):
        item = Collected(source=name, external_id="1", title="t")
        ListingStore(db, seal).save([item])
    assert sources(db) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "places"),
    [("17", [0, 1]), ("market:17", [0]), (" shop:17 ", [1]), ("b:9", [2]), ("shop:b:9", [2]),
     ("x 1", [3]), ("", []), ("18", []), ("market:b:9", []), ("#" * 40, []), ("9" * 40, [])],
)  # fmt: skip
def test_listings_go_by_their_source_s_id(db, ids, text, places):
    assert listings_named(db, text) == [ids[place] for place in places]


def test_else_by_the_desk_s_own_number(db, ids):
    assert listings_named(db, f"#{ids[3]}") == [ids[3]]
    assert listings_named(db, str(ids[3])) == [ids[3]]


def test_sellers_go_by_id_or_by_how_their_hash_begins(db, seal, ids):
    ann = seal.customer("market", "ann")
    assert seller_named(db, seal, " ann ") == ann
    assert seller_named(db, seal, "bob") == seal.customer("shop", "bob")
    assert seller_named(db, seal, ann[:8]) == ann
    for nobody in ("", "eve", ann[:7], "z" * 8, "%" * 8):
        assert seller_named(db, seal, nobody) is None
