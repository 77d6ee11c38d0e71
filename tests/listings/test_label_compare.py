"""Where a seller and the model disagree."""

import pytest

from listings.label_compare import disagrees, rank, relation


@pytest.mark.parametrize(
    ("seller", "model", "kind"),
    [
        ("Women > Shoes", "Women > Shoes", ""),
        ("women/shoes", "Women > Shoes", ""),
        (" WOMEN  |Shoes ", "Women > Shoes", ""),
        ("Shoes", "Women > Shoes", ""),  # named by its leaf
        ("패션 › 신발", "패션 > 신발", ""),
        ("", "Women > Shoes", ""),
        ("Women", "Women > Shoes", "coarser"),
        ("Shoes", "Women > Shoes > Boots", "coarser"),
        ("Women > Shoes > Boots", "Women > Shoes", "finer"),
        ("Women > Bags", "Women > Shoes", "same branch"),
        ("Men > Shoes", "Women > Shoes", "other branch"),
        ("기타", "Women > Shoes", "other branch"),
    ],
)
def test_how_two_categories_stand_to_each_other(seller, model, kind):
    assert relation(seller, model) == kind
    assert disagrees(kind) == kind.endswith("branch")


def test_the_place_of_the_sellers_category_among_the_guesses():
    guesses = ["패션 > 신발", "패션 > 의류", "가구 > 거실"]
    assert [rank(seller, guesses) for seller in ("패션/의류", "거실", "디지털")] == [2, 3, None]
