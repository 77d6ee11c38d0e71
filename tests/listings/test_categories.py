"""Paths of categories, trees, and tables from one tree to another."""

import pytest

from listings import categories
from listings.categories import add_paths, ancestors, canonical, joined, map_paths, mapping_to
from support.audit import Actor
from support.errors import InputError, NotFoundError

ACTOR = Actor("cli:test")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Women > Shoes > Boots", "Women > Shoes > Boots"),
        ("Women>Shoes>Boots", "Women > Shoes > Boots"),
        ("패션의류 › 여성 › 코트", "패션의류 > 여성 > 코트"),
        ("Home & Garden / Mirrors, Clocks", "Home & Garden > Mirrors, Clocks"),
        ("/women/shoes/", "women > shoes"),
        ("디지털/가전", "디지털/가전"),
        ("디지털/가전 > 노트북", "디지털/가전 > 노트북"),
        ("A &gt; B", "A > B"),
        ("  A  >  > B ", "A > B"),
        ("", ""),
    ],
)
def test_a_path_is_written_one_way(text, path):
    assert canonical(text) == path


def test_a_separator_that_is_named_is_the_only_one():
    assert canonical("디지털/가전", separator="/") == "디지털 > 가전"
    assert canonical("a>b;c", separator=";") == "a>b > c"


def test_levels_given_one_by_one_stay_levels():
    assert joined(["디지털/가전", "노트북", "", ""]) == "디지털/가전 > 노트북"
    assert joined(["a > b", "c"]) == "a/b > c"


def test_a_sentence_is_no_path():
    with pytest.raises(InputError, match="no category path"):
        canonical("x" * 300)
    with pytest.raises(InputError, match="12 levels"):
        canonical(" > ".join("abcdefghijklmn"))


def test_every_branch_of_a_path_is_in_the_tree(db, store):
    assert add_paths(db, "ours", ["A > B > C", "A > D", ""]) == 4
    assert add_paths(db, "ours", ["A > B"]) == 0
    assert [c.path for c in categories.listed(db, "ours")] == ["A", "A > B", "A > B > C", "A > D"]
    with pytest.raises(NotFoundError, match="No category tree 'theirs'"):
        categories.listed(db, "theirs")


def test_a_branch_counts_what_is_below_it(db, store, collected):
    store.save(
        [collected(1, category="A > B"), collected(2, category="A > B"), collected(3, category="A")]
    )
    assert {c.path: c.listings for c in categories.listed(db, "shop")} == {"A": 3, "A > B": 2}
    [top, below] = categories.listed(db, "shop")
    assert (top.depth, below.depth, below.name) == (1, 2, "B")


def test_the_paths_alone_come_in_the_same_order(db, store, collected):
    add_paths(db, "ours", ["A > B", "A - 1", "A"])
    assert categories.paths(db, "ours") == [c.path for c in categories.listed(db, "ours")]
    db.execute("UPDATE categories SET active = 0 WHERE path = 'A > B'")
    assert categories.paths(db, "ours") == ["A", "A - 1"]
    assert categories.paths(db, "ours", active=False) == ["A", "A > B", "A - 1"]
    assert categories.paths(db, "theirs") == []


def test_what_the_table_does_not_name_goes_with_its_nearest_branch(db):
    add_paths(db, "ours", ["Shoes", "Shoes > Boots"])
    pairs = {"Fashion": "Shoes", "Fashion > Rubber boots": "Shoes > Boots", "Fashion > Hats": ""}
    assert map_paths(db, ACTOR, "theirs", "ours", pairs) == 3
    assert map_paths(db, ACTOR, "theirs", "ours", pairs) == 0
    mapping = mapping_to(db, "ours")
    assert mapping.find("theirs", "Fashion > Rubber boots > Red") == "Shoes > Boots"
    assert mapping.find("theirs", "Fashion > Sandals") == "Shoes"
    assert mapping.find("theirs", "Fashion > Hats > Red") == ""
    assert mapping.find("theirs", "Garden") is None
    assert mapping.find("others", "Fashion") is None
    assert categories.unmap_paths(db, ACTOR, "theirs", "ours", ["Fashion"]) == 1
    assert mapping_to(db, "ours").find("theirs", "Fashion > Sandals") is None


def test_nothing_is_mapped_to_a_category_that_is_not_there(db):
    add_paths(db, "ours", ["Shoes"])
    with pytest.raises(InputError, match="no category 'Shoe'"):
        map_paths(db, ACTOR, "theirs", "ours", {"Fashion": "Shoe"})


def test_ancestors():
    assert ancestors("A > B") == ["A", "A > B"]
    assert ancestors("") == []
