"""Which category a listing is learned under."""

from collections import Counter

import pytest

from listings import labels
from listings.categories import add_paths, map_paths
from listings.labels import add_hand_label, counts, default_tree, label_of, labelled, undo_label
from support.audit import Actor
from support.errors import ConflictError, InputError, NotFoundError

ACTOR = Actor("cli:test")


def test_a_person_s_word_comes_before_a_table_and_that_before_the_seller(db, store, collected):
    store.save([collected(1, category="Fashion > Boots")])
    assert label_of(db, 1, tree="shop") == ("Fashion > Boots", "seller")
    assert label_of(db, 1, tree="ours") is None
    add_paths(db, "ours", ["Shoes"])
    map_paths(db, ACTOR, "shop", "ours", {"Fashion": "Shoes"})
    assert label_of(db, 1, tree="ours") == ("Shoes", "mapped")
    first = add_hand_label(db, ACTOR, 1, "Shoes > Boots", tree="ours")
    assert label_of(db, 1, tree="ours") == ("Shoes > Boots", "hand")
    second = add_hand_label(db, ACTOR, 1, "Hats", tree="ours")
    assert label_of(db, 1, tree="ours") == ("Hats", "hand")
    undo_label(db, ACTOR, second)
    assert label_of(db, 1, tree="ours") == ("Shoes > Boots", "hand")
    undo_label(db, ACTOR, first)
    assert label_of(db, 1, tree="ours") == ("Shoes", "mapped")
    with pytest.raises(ConflictError, match="taken back already"):
        undo_label(db, ACTOR, first)
    actions = [row["action"] for row in db.query("SELECT action FROM audit")]
    assert actions.count("listing.labelled") == actions.count("listing.unlabelled") == 2


def test_a_person_s_word_in_another_tree_is_carried_over_before_the_seller_s(db, store, collected):
    store.save([collected(1, category="Fashion")])
    add_paths(db, "ours", ["Shoes", "Hats"])
    map_paths(db, ACTOR, "shop", "ours", {"Fashion": "Shoes", "Headgear": "Hats"})
    add_hand_label(db, ACTOR, 1, "Headgear", tree="shop")
    assert label_of(db, 1, tree="ours") == ("Hats", "mapped")


def test_a_table_may_say_that_a_category_is_not_learned(db, store, collected, images):
    store.save([collected(1, category="Misc"), collected(2, category="Chairs")])
    map_paths(db, ACTOR, "shop", "shop", {"Misc": ""})
    assert [found.id for found in labelled(db, images, tree="shop")] == [2]


def test_labelled_listings_come_with_their_group_and_without_what_was_removed(
    db, store, collected, images
):
    store.save([collected(n, category="Chairs", title=f"Chair {n}") for n in range(1, 5)])
    store.save([collected(5)])
    db.execute("UPDATE listings SET duplicate_of = 1, duplicate_by = 'near' WHERE id = 2")
    db.execute("UPDATE listings SET duplicate_of = 1, removed = 'duplicate' WHERE id = 3")
    add_hand_label(db, ACTOR, 4, "Stools", tree="shop")
    found = list(labelled(db, images, tree="shop"))
    assert [(one.id, one.path, one.source, one.group) for one in found] == [
        (1, "Chairs", "seller", 1),
        (2, "Chairs", "seller", 1),
        (4, "Stools", "hand", 4),
    ]
    assert found[0].listing.title == "Chair 1"
    assert [one.id for one in labelled(db, images, tree="shop", sources=["hand"])] == [4]
    assert counts(db, tree="shop") == {"Chairs": {"seller": 2}, "Stools": {"hand": 1}}


def test_counts_say_what_is_said_of_each_listing(db, store, collected, images, monkeypatch):
    """Listings of one category are counted together; those that people labelled are not."""
    monkeypatch.setattr(labels, "PAGE", 2)
    paths = ["Chairs", "Chairs", "Chairs", "Misc", "Fashion > Boots", "", "", ""]
    store.save([collected(n, category=path) for n, path in enumerate(paths)])
    store.save([collected(n, source="market", category="Seats") for n in range(3)])
    add_paths(db, "shop", ["Chairs", "Stools"])
    map_paths(db, ACTOR, "market", "shop", {"Seats": "Chairs", "Hats": "Stools"})
    map_paths(db, ACTOR, "shop", "shop", {"Misc": ""})
    add_hand_label(db, ACTOR, 1, "Stools", tree="shop")
    add_hand_label(db, ACTOR, 6, "Chairs", tree="shop")
    add_hand_label(db, ACTOR, 7, "Hats", tree="market")
    add_hand_label(db, ACTOR, 9, "Nothing", tree="elsewhere")
    undo_label(db, ACTOR, add_hand_label(db, ACTOR, 2, "Stools", tree="shop"))
    undo_label(db, ACTOR, add_hand_label(db, ACTOR, 1, "Misc", tree="shop"))
    db.execute("UPDATE listings SET removed = 'junk' WHERE id IN (3, 11)")
    each = Counter((one.path, one.source) for one in labelled(db, images, tree="shop"))
    found = counts(db, tree="shop")
    assert {(path, source): n for path, by in found.items() for source, n in by.items()} == each
    assert found == {
        "Chairs": {"seller": 1, "hand": 1, "mapped": 2},
        "Stools": {"hand": 1, "mapped": 1},
        "Fashion > Boots": {"seller": 1},
    }


def test_the_default_tree_is_the_one_most_listings_are_in(db, store, collected):
    with pytest.raises(NotFoundError, match="No listing has a category"):
        default_tree(db)
    store.save([collected(n, category="Chairs") for n in range(3)])
    store.save([collected(n, source="market", category="Seats") for n in range(2)])
    assert default_tree(db) == "shop"


def test_a_label_needs_a_category_and_a_listing(db, store, collected):
    store.save([collected(1)])
    with pytest.raises(InputError, match="needs a category"):
        add_hand_label(db, ACTOR, 1, "", tree="shop")
    with pytest.raises(NotFoundError, match="No listing 9"):
        add_hand_label(db, ACTOR, 9, "Chairs", tree="shop")
    with pytest.raises(NotFoundError, match="No label 9"):
        undo_label(db, ACTOR, 9)
