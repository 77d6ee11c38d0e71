"""The sample's listings are as their README says."""

from collections import Counter

import data
from listings.clean_price import parse_price


def test_listings_as_the_readme_says():
    rows = list(data.rows("listings"))
    counts = Counter(row["category"] for row in rows)
    assert (len(rows), len(counts), set(counts.values())) == (272, 17, {16})
    assert all(path.count(" > ") == 1 for path in counts)
    assert sum(row["title"].isascii() for row in rows) == 34
    assert len({row["title"] for row in rows}) == len({row["id"] for row in rows}) == len(rows)


def test_every_listing_has_words_and_a_price():
    for row in data.rows("listings"):
        assert row["description"]
        assert (parse_price(row["price"]).amount or 0) >= 5000
