"""Sellers' categories carried over to the model's tree before they are compared."""

import pytest

from listings.categories import add_paths, map_paths
from listings.label_carry import carried_to, carry
from tests.conftest import ACTOR

PAIRS = {"Kids": "Family > Children", "Kids > Bikes": "Sport > Cycles", "Services": ""}


@pytest.fixture
def carried(db):
    add_paths(db, "ours", ["Family > Children", "Sport > Cycles", "Sport > Balls"])
    map_paths(db, ACTOR, "shop", "ours", PAIRS)
    return carried_to(db, "ours")


@pytest.mark.parametrize(
    ("seller", "as_what"),
    [
        ("Kids > Bikes", "Sport > Cycles"),
        ("KIDS/bikes", "Sport > Cycles"),
        ("Kids > Bikes > Red", "Sport > Cycles"),
        ("Kids > Toys", "Family > Children"),  # where its nearest branch belongs
        ("Services > Repair", ""),
        ("Garden", "Garden"),
        ("Sport > Balls", "Sport > Balls"),
        ("", ""),
    ],
)
def test_a_category_is_compared_as_what_the_table_makes_of_it(carried, seller, as_what):
    assert carry(seller, "Sport > Balls", carried) == as_what


def test_what_agrees_already_is_not_carried(carried):
    assert carry("Kids", "Kids > Toys", carried) == "Kids"


def test_what_two_tables_carry_to_different_places_stays(db, carried):
    map_paths(db, ACTOR, "market", "ours", {"Kids > Bikes": "Sport > Balls", "Services": ""})
    both = carried_to(db, "ours")
    assert carry("Kids > Bikes", "Garden", both) == "Family > Children"
    assert carry("Services", "Garden", both) == ""
    assert carried_to(db, "shop") == {}
