"""What the desk knows of a listing beside its words, and at what cost."""

from listings.moderation.signals import signals_of
from tests.listings.moderation.desk import add_listings


def steps(db, listing_id):
    """How many hundreds of the database's steps a listing's signals take."""
    found = [0]

    def count():
        found[0] += 1

    db.conn.set_progress_handler(count, 100)
    signals_of(db, [listing_id])
    db.conn.set_progress_handler(None, 100)
    return found[0]


def test_equal_words_are_counted_and_blank_ones_are_not(db, seal):
    ids = add_listings(db, seal, 4)
    for listing_id, key in zip(ids, ("a", "", "a", ""), strict=True):
        db.table("listings").update(listing_id, {"text_key": key})
    found = signals_of(db, ids)
    assert [found[key].repeats for key in ids] == [0, None, 1, None]
    assert [found[key].earlier_posts for key in ids] == [0, 1, 2, 3]


def test_what_cleaning_has_not_seen_is_not_compared_with_all_the_others(db, seal):
    ids = add_listings(db, seal, 2)
    before = steps(db, ids[1])
    others = add_listings(db, seal, 500, seller="others")
    (last,) = add_listings(db, seal, 1, seller="shop")
    assert last > others[-1]
    assert steps(db, last) <= before + 5
