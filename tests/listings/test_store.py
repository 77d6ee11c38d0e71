"""Listings go in without personal data and come out as they are."""

import json
from dataclasses import replace

import pytest

from listings.clean_text import text_key
from listings.pictures import store as store_picture
from listings.store import set_picture, wanted_pictures
from listings.stored import get, load, pages, summary
from support.database import scalar
from support.errors import NotFoundError


def dump(db):
    """Everything in the database, as one text."""
    tables = [row["name"] for row in db.query("SELECT name FROM sqlite_master WHERE type='table'")]
    return json.dumps({t: list(db.query(f"SELECT * FROM [{t}]")) for t in tables}, default=str)


def test_a_listing_comes_back(db, store, images, collected):
    saved = store.save(
        [
            collected(
                1,
                title="<b>나이키</b> 운동화",
                description="거의 새것<br>상자 있음",
                price_text="3만원",
                category="패션 > 신발",
                brand="나이키",
                kind="used",
                url="https://shop.example/1",
            )
        ]
    )
    assert (saved.added, saved.changed, saved.unchanged) == (1, 0, 0)
    found = get(db, images, saved.ids[0])
    assert found.listing.title == "나이키 운동화"
    assert found.listing.description == "거의 새것\n상자 있음"
    assert (found.listing.price, found.currency) == (30_000, "KRW")
    assert (found.tree, found.listing.category) == ("shop", "패션 > 신발")
    assert found.group == found.id


def test_personal_data_and_sellers_stay_outside(db, store, images, collected):
    secret = ("010-1234-5678", "mina@mail.example", "Seller Seven")
    store.save(
        [
            collected(
                "010-1234-5678",
                title=f"의자 {secret[0]}",
                description=f"연락 <b>010</b>-1234-5678 또는 {secret[1]}",
                price_text=f"3만 {secret[0]}",
                brand=secret[1],
                category=f"가구 > {secret[0]}",
                seller=secret[2],
                url=f"https://shop.example/?tel={secret[0]}",
                pictures=(f"{secret[0]}.jpg",),
            )
        ]
    )
    everything = dump(db)
    assert all(words not in everything for words in secret)
    assert get(db, images, 1).listing.title == "의자 [전화번호]"


def test_a_seller_is_known_again_but_not_by_name(db, store, images, collected):
    store.save(
        [collected(1, seller="a"), collected(2, seller="a"), collected(3, seller="b"), collected(4)]
    )
    one, two, three, four = (get(db, images, n).seller for n in (1, 2, 3, 4))
    assert one == two != three
    assert four == ""


def test_the_same_again_changes_nothing_and_news_is_taken_over(db, store, images, collected):
    store.save([collected(1, price_text="5천원"), collected(2)])
    same = store.save([collected(1, price_text="5천원"), collected(2)])
    assert (same.added, same.changed, same.unchanged) == (0, 0, 2)
    news = store.save([collected(1, price_text="4천원"), collected(2), collected(3)])
    assert (news.added, news.changed, news.unchanged) == (1, 1, 1)
    assert get(db, images, 1).listing.price == 4_000
    assert summary(db)["by_source"] == {"shop": 3}


def test_the_same_id_elsewhere_is_another_listing(db, store, collected):
    saved = store.save([collected(1), collected(1, source="market")])
    assert saved.added == 2


def test_new_words_start_cleaning_over_and_a_new_price_does_not(db, store, collected):
    store.save([collected(1, title="Red chair!!!")])
    cleaned = {"title": "Red chair", "collected_title": "Red chair!!!", "text_key": "k"}
    db.table("listings").update(1, cleaned | {"removed": "duplicate"})
    store.save([collected(1, title="Red chair!!!", price_text="5")])
    row = next(iter(db.query("SELECT * FROM listings")))
    assert (row["title"], row["removed"], row["price"]) == ("Red chair", "duplicate", 5)
    store.save([collected(1, title="Blue chair", price_text="5")])
    row = next(iter(db.query("SELECT * FROM listings")))
    assert (row["title"], row["collected_title"]) == ("Blue chair", None)
    assert (row["text_key"], row["removed"]) == (text_key("Blue chair", ""), "")


def test_pictures_keep_their_order_and_what_was_fetched(db, store, images, photos, collected):
    store.save([collected(1, pictures=("a.jpg", "b.jpg"))])
    assert [(place, name) for _, place, name in wanted_pictures(db, [1])] == [
        (0, "a.jpg"),
        (1, "b.jpg"),
    ]
    first, second = (picture for picture, _, _ in wanted_pictures(db, [1]))
    kept = store_picture(images, photos(1), name="a.jpg")
    set_picture(db, first, kept)
    set_picture(db, second, "b.jpg is no picture")
    found = get(db, images, 1)
    assert found.listing.pictures == (images / kept.file,)
    assert found.problems == ("b.jpg is no picture",)
    # Another order, one new: the fetched file goes along.
    store.save([collected(1, pictures=("c.jpg", "a.jpg"))])
    assert [name for _, _, name in wanted_pictures(db, [1])] == ["c.jpg"]
    assert get(db, images, 1).listing.pictures == (images / kept.file,)


def test_reading_goes_page_by_page_and_leaves_out_what_was_removed(db, store, images, collected):
    store.save([collected(n) for n in range(1, 1203)])
    db.execute("UPDATE listings SET removed = 'empty' WHERE id = 5")
    assert [len(ids) for ids in pages(db)] == [500, 500, 201]
    assert sum(len(ids) for ids in pages(db, removed=True)) == 1202
    assert list(load(db, images, [7, 3, 9999])) == [7, 3]


def test_a_listing_that_is_not_there_is_said_so(db, images):
    with pytest.raises(NotFoundError, match="No listing 7"):
        get(db, images, 7)


def test_other_words_or_pictures_are_another_revision_and_another_price_is_none(
    db, store, collected, images, photos
):
    def revision():
        return scalar(db, "SELECT revision FROM listings")

    item = collected(1, title="Desk", pictures=("a",))
    store.save([item])
    assert revision() == 1
    store.save([replace(item, price_text="9,000원")])
    assert revision() == 1
    ((picture_id, _, name),) = wanted_pictures(db, [1])
    set_picture(db, picture_id, store_picture(images, photos(1), name=name))
    assert revision() == 2
    store.save([replace(item, pictures=("b",))])
    assert revision() == 3
    store.save([replace(item, pictures=("b",), title="Oak desk")])
    assert revision() == 4
