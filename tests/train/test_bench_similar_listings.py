"""The benchmark of similar listings, on drawn ads and titles of our own."""

import csv
import json

import pytest

from listings.listing import Listing
from support.errors import ImportFileError
from support.shipped import load_shipped
from tests.listings import drawn
from train.bench_similar_ads import bench_ads
from train.bench_similar_listings import bench_similar_listings, bench_titles
from train.category_sets import CategoryRow, CategorySet


def ads(folder, groups):
    """Ads with two photos each; every third is posted twice, worded anew."""
    rows = []
    for group in groups:
        for copy in range(2 if group % 3 == 0 else 1):
            paths = []
            for take in (2 * copy, 2 * copy + 1):
                paths.append(folder / f"{group}-{take}.jpg")
                drawn.thing(group, take=take).save(paths[-1], quality=92)
            words = ("Painting", "in oil") if copy == 0 else ("Oil painting", "as new")
            title = f"{words[0]} number {1000 + 17 * group} {words[1]}"
            rows.append(CategoryRow(Listing(title, pictures=tuple(paths)), "Art", group))
    return tuple(rows)


def test_repeated_ads_and_other_photos_are_found(tmp_path):
    rows = CategorySet("drawn", ads(tmp_path, range(40)), ads(tmp_path, range(40, 60)))
    found = bench_ads(rows, load_shipped(), seed=0)
    assert found["photos"] == 2 * (len(rows.train) + len(rows.test))
    assert found["another_photo"]["n"] == 2 * len(rows.test)
    assert found["another_photo"]["recall@10"] >= 0.7
    assert 0 <= found["another_photo_by_hash"]["recall@10"] <= 1
    links = found["repeated_ads"]
    assert links["links"] == 2 * 6  # each of six pairs, seen from both sides
    assert links["fused"]["recall"] >= 0.5
    assert set(links) == {"links", "fused", "text", "picture"}


def test_titles_of_one_product_by_hand():
    titles = [
        "Acme kettle KX200 1.7l", "ACME KX200 water kettle, 1.7 l", "Acme kettle KX300 1.7l",
        "acme kx300 kettle steel", "Brass lamp", "Wool rug 200 x 300",
    ]  # fmt: skip
    found = bench_titles(titles, [1, 1, 2, 2, 3, 4], load_shipped(), seed=0)
    assert found["n_test"] == 4
    assert found["hit@1"] == 1.0
    json.dumps(found)


def test_a_set_is_read_from_its_file(tmp_path):
    folder = tmp_path / "listings" / "pricerunner"
    folder.mkdir(parents=True)
    with (folder / "pricerunner_aggregate.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [[n, f"thing tx{n // 2}00", 1, n // 2, "Thing", 1, "Things"] for n in range(8)]
        csv.writer(file).writerows(rows)
    found = bench_similar_listings("pricerunner", tmp_path, encoder=load_shipped())
    assert (found["set"], found["titles"], found["n_test"]) == ("pricerunner", 8, 8)
    assert found["hit@1"] == 1.0
    with pytest.raises(ImportFileError, match="--data DIR"):
        bench_similar_listings("pricerunner", tmp_path / "none", encoder=load_shipped())
