"""Cleaning a whole desk: what it changes, what it leaves out, and the way back."""

import pytest

from listings.clean import clean, undo_clean
from listings.labels import add_hand_label
from listings.pictures import store as store_picture
from listings.store import set_picture, wanted_pictures
from support.audit import Actor
from support.errors import InputError

ACTOR = Actor("cli:test")
TABLE = "An oak table with four legs and two drawers, a little worn at the edges but strong"


def rows(db):
    return {row["id"]: row for row in db.query("SELECT * FROM listings ORDER BY id")}


def snapshot(db):
    names = ("id", "title", "description", "removed", "duplicate_of", "text_key")
    return [tuple(row[name] for name in names) for row in rows(db).values()]


def add_picture(db, images, listing_id, data):
    for picture, _, name in wanted_pictures(db, [listing_id]):
        set_picture(db, picture, store_picture(images, data, name=name))


def test_texts_are_tidied_and_the_report_says_by_which_step(db, store, collected):
    store.save(
        [
            collected(1, title="★★ 나이키 &amp;lt;정품&amp;gt; 운동화 [무료배송] ★★"),
            collected(2, title="원목 책상", description="튼튼해요!!!!!  네고 불가"),
            collected(3, title="깨끗한 의자", description="앉기 편합니다"),
        ]
    )
    report = clean(db, actor=ACTOR)
    after = rows(db)
    assert after[1]["title"] == "나이키 <정품> 운동화"
    assert after[1]["collected_title"] == "★★ 나이키 &lt;정품&gt; 운동화 [무료배송] ★★"
    assert (after[2]["title"], after[2]["description"]) == ("원목 책상", "튼튼해요!")
    assert after[3]["collected_title"] is after[3]["collected_description"] is None
    assert report.listings == 3
    assert report.changed == {
        "html": 1,
        "decorations": 1,
        "repetitions": 1,
        "phrases": 2,
        "spacing": 2,
    }
    assert report.letters["repetitions"] == 4
    assert ("튼튼해요!!!!! 네고 불가", "튼튼해요! 네고 불가") in report.examples["repetitions"]


def test_a_listing_without_words_is_left_out(db, store, collected):
    store.save([collected(1, title="★★★ !!!"), collected(2)])
    assert clean(db, actor=ACTOR).empty == 1
    assert [row["removed"] for row in rows(db).values()] == ["empty", ""]


def test_equal_texts_leave_one_near_ones_stay_in_a_group(db, store, collected):
    store.save(
        [
            collected(1, title="Table", description=TABLE),
            collected(2, title="TABLE!", description=TABLE.upper()),
            collected(3, title="Table", description=TABLE.replace("little", "bit")),
            collected(4, title="Lamp", description="A brass lamp with a green glass shade, works"),
        ]
    )
    report = clean(db, actor=ACTOR)
    found = rows(db)
    assert [row["removed"] for row in found.values()] == ["", "duplicate", "", ""]
    assert [row["duplicate_of"] for row in found.values()] == [None, 1, 1, None]
    assert [row["duplicate_by"] for row in found.values()] == ["", "text", "near", ""]
    assert (report.duplicates, report.groups, report.largest) == (
        {"text": 1, "near": 1, "picture": 0},
        1,
        3,
    )


def test_the_one_with_a_hand_label_is_kept(db, store, collected):
    store.save([collected(n, title="Red chair", description=TABLE) for n in (1, 2, 3)])
    add_hand_label(db, ACTOR, 2, "Chairs", tree="shop")
    clean(db, actor=ACTOR)
    found = rows(db)
    assert [row["removed"] for row in found.values()] == ["duplicate", "", "duplicate"]
    assert [row["duplicate_of"] for row in found.values()] == [2, None, 2]


def test_the_same_picture_joins_two_listings_and_a_stock_picture_does_not(
    db, store, collected, images, photos
):
    store.save([collected(n, pictures=("a.jpg",)) for n in range(1, 26)])
    for listing_id in range(1, 23):
        add_picture(db, images, listing_id, photos(1))
    for listing_id, size in ((23, 96), (24, 80)):
        add_picture(db, images, listing_id, photos(2, size=size))
    report = clean(db, actor=ACTOR)
    groups = {row["id"]: row["duplicate_of"] for row in rows(db).values() if row["duplicate_of"]}
    assert groups == {24: 23}
    assert rows(db)[24]["duplicate_by"] == "picture"
    assert (report.stock_pictures, report.duplicates["picture"]) == (1, 1)


def test_a_second_run_changes_nothing_and_undoing_brings_everything_back(db, store, collected):
    titles = ("★ Red chair ★", "Red chair", "", "Blue   desk!!!!")
    store.save([collected(n, title=title, description=TABLE) for n, title in enumerate(titles)])
    before = snapshot(db)
    clean(db, actor=ACTOR)
    after = snapshot(db)
    stamps = [row["updated_at"] for row in rows(db).values()]
    clean(db, actor=ACTOR)
    assert snapshot(db) == after != before
    assert [row["updated_at"] for row in rows(db).values()] == stamps
    undo_clean(db, actor=ACTOR)
    assert snapshot(db) == before


def test_a_dry_run_reports_the_same_and_writes_nothing(db, store, collected):
    store.save([collected(n, title="★ Chair", description=TABLE) for n in (1, 2)])
    before = snapshot(db)
    dry = clean(db, actor=ACTOR, dry_run=True).as_dict()
    assert snapshot(db) == before
    wet = clean(db, actor=ACTOR).as_dict()
    assert dry | {"dry_run": False} == wet


def test_steps_can_be_left_out_by_name(db, store, collected):
    store.save([collected(1, title="★ Chair!!!!"), collected(2, title="Desk [무료배송]")])
    clean(db, actor=ACTOR, skip=("decorations", "phrases", "near", "pictures", "learned"))
    assert [row["title"] for row in rows(db).values()] == ["★ Chair!", "Desk [무료배송]"]
    with pytest.raises(InputError, match="No step"):
        clean(db, actor=ACTOR, skip=("dust",))


def test_what_many_listings_share_is_learned_and_named_in_the_report(db, store, collected):
    line = "Our shop is open on Sundays too."
    store.save([collected(n, description=f"This is item {n} of ours. {line}") for n in range(25)])
    report = clean(db, actor=ACTOR, skip=("near",))
    assert report.learned == [(line, 25)]
    assert [row["description"] for row in rows(db).values()] == [
        f"This is item {n} of ours." for n in range(25)
    ]


def test_a_listing_that_changes_while_cleaning_runs_keeps_its_news(db, store, collected):
    store.save([collected(1, title="★ Chair"), collected(2, title="★ Desk")])

    def meanwhile(done, total, message):
        if message == "pictures":
            store.save([collected(1, title="★ Stool")])

    clean(db, actor=ACTOR, progress=meanwhile)
    assert [row["title"] for row in rows(db).values()] == ["★ Stool", "Desk"]
