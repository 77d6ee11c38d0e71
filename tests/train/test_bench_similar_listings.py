"""The benchmark of similar listings, on drawn ads and titles of our own."""

import csv
import json

import numpy as np
import pytest

from listings.listing import Listing
from support.errors import ImportFileError
from support.shipped import load_shipped
from tests.listings import drawn
from train.bench_similar_ads import bench_ads
from train.bench_similar_listings import bench_similar_listings
from train.bench_similar_titles import bench_products, bench_reposts, fold, in_test
from train.bench_spread import spread
from train.category_sets import CategoryRow, CategorySet
from train.hog import hog, hog_and_colours


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
    found = bench_ads(rows, load_shipped(), seeds=[0])
    json.dumps(found)
    assert found["photos"] == 2 * (len(rows.train) + len(rows.test))
    photo = found["faqdesk"]["another_photo"]
    assert photo["n"] == 2 * len(rows.test)
    assert photo["recall@10"] >= 0.7
    assert found["links"] == 2 * 6  # each of six pairs, seen from both sides
    assert found["faqdesk"]["repeated_ads"]["recall"] >= 0.5
    assert set(found["baselines"]) == {
        "hog", "hog_and_colours", "hog_and_root_of_colours", "perceptual_hash",
        "text_alone", "picture_alone",
    }  # fmt: skip


def test_titles_of_one_product_by_hand():
    titles = [
        "Acme kettle KX200 1.7l", "ACME KX200 water kettle, 1.7 l", "Acme kettle KX300 1.7l",
        "acme kx300 kettle steel", "Brass lamp", "Wool rug 200 x 300",
    ]  # fmt: skip
    one, two = [number for number in range(50) if in_test(number)][:2]
    found = bench_products(titles, [one, one, two, two, 1003, 1004], load_shipped(), seeds=[0, 1])
    assert found["n_test"] == 4
    assert found["faqdesk"]["hit@1"] == 1.0
    assert found["faqdesk"]["hit@1_sd"] == 0.0
    assert 0 <= found["baselines"]["tfidf_characters_3_5"]["hit@1"] <= 1
    json.dumps(found)


def test_titles_posted_again_and_again_by_hand():
    titles = ["아이폰 7 128기가 팝니다", "아이폰7 128기가 팝니다!!", "고양이 캣타워", "원목 책상"]
    found = bench_reposts(titles, [9, 3, 1, 1], [5, 5, 6, 7], load_shipped())
    assert (found["n_test"], found["posts"], found["other_spellings"]) == (1, 8, 1)
    assert found["faqdesk"]["repeat_posts_found"] == 1.0
    assert found["faqdesk"]["other_spellings_found"] == 1.0
    assert found["baselines"]["same_title"]["repeat_posts_found"] == 1.0
    assert 0 <= found["baselines"]["tfidf_characters_3_5"]["other_spellings_found"] <= 1
    assert fold(titles[0]) == fold(titles[1])
    json.dumps(found)


def test_a_set_is_read_from_its_file(tmp_path):
    folder = tmp_path / "listings" / "pricerunner"
    folder.mkdir(parents=True)
    clusters = [number for number in range(99) if in_test(number)]
    with (folder / "pricerunner_aggregate.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [[n, f"thing tx{n // 2}00", 1, clusters[n // 2], "", 1, ""] for n in range(8)]
        csv.writer(file).writerows(rows)
    found = bench_similar_listings("pricerunner", tmp_path, encoder=load_shipped())
    assert (found["set"], found["titles"], found["n_test"]) == ("pricerunner", 8, 8)
    assert found["faqdesk"]["hit@1"] == 1.0
    for name in ("pricerunner", "joonggonara"):
        with pytest.raises(ImportFileError, match="--data DIR"):
            bench_similar_listings(name, tmp_path / "none", encoder=load_shipped())


def test_the_spread_by_hand():
    found = spread([{"n": 3, "hit": 0.2}, {"n": 3, "hit": 0.4}])
    assert found == {"n": 3, "hit": 0.3, "hit_sd": pytest.approx(0.1414, abs=1e-4)}
    assert spread([{"n": 3, "hit": 0.2}]) == {"n": 3, "hit": 0.2}


def test_gradients_by_hand():
    stripes = np.zeros((2, 96, 96, 3), np.uint8)
    stripes[0, :, ::8] = 255  # upright lines: gradients run across
    stripes[1, ::8] = 255  # level ones: they run down
    rows = hog(stripes).reshape(2, -1, 9)
    assert rows[0].sum(axis=0).argmax() == 0
    assert rows[1].sum(axis=0).argmax() == 4
    np.testing.assert_allclose(np.linalg.norm(hog(stripes), axis=1), 1, atol=1e-4)
    for root in (False, True):
        found = hog_and_colours(stripes, root=root)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
