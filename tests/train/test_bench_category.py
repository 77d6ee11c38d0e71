"""Categories measured, by hand and on a small shop."""

import numpy as np
import pytest

from listings.listing import Listing
from tests.train.goods import goods
from train.bench_category import VOICES, bench_category
from train.category import CategoryConfig
from train.category_metrics import figures
from train.category_sets import CategoryRow, CategorySet

WORDS = CategoryConfig(texts=("linear",), image=None)


def shop(folder, *, described=True):
    parts = []
    for seed, count in ((0, 160), (1, 60)):
        listings, paths = goods(folder, count, seed=seed)
        parts.append(
            tuple(
                CategoryRow(item if described else Listing(item.title), path, 1000 * seed + number)
                for number, (item, path) in enumerate(zip(listings, paths, strict=True))
            )
        )
    return CategorySet("shop", *parts)


def test_figures_by_hand():
    chances = np.array([[0.6, 0.3, 0.1, 0], [0.2, 0.7, 0.1, 0], [0.3, 0.3, 0.2, 0.2]])
    labels = ["A > B", "A > C", "D", "E"]
    found = figures(chances, ["A > B", "A > B", "E"], labels, threshold=0.5)
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["hit@3"] == pytest.approx(2 / 3)
    assert found["branch_accuracy"] == pytest.approx(2 / 3)
    assert (found["coverage"], found["share_right"]) == pytest.approx((2 / 3, 1 / 2))
    assert found["macro_f1"] == pytest.approx((0.5 + 0) / 2)  # of B, of E
    assert found["ece"] == pytest.approx((0.4 + 0.7 + 0.3) / 3)
    assert "branch_accuracy" not in figures(chances, ["D"] * 3, ["A", "B", "C", "D"])


def test_every_voice_is_measured_beside_the_svm(tmp_path):
    found = bench_category(shop(tmp_path), seeds=2, config=WORDS)
    content = found.as_dict()
    assert list(content)[:6] == ["set", "n_train", "n_test", "labels", "seconds", "peak_mb"]
    assert (content["n_train"], content["n_test"], content["labels"]) == (160, 60, 4)
    assert content["image"] is None
    assert content["ensemble_over_text"] is None
    for part in (content["text"], content["ensemble"], content["baselines"]["tfidf_svm"]):
        assert {"accuracy", "hit@3", "macro_f1", "ece"} <= set(part)
        assert {"accuracy_std", "ece_std"} <= set(part)
        assert part["accuracy"] > 0.7
    assert content["text"]["accuracy"] == content["ensemble"]["accuracy"]
    typed = [content["title_prefixes"][share]["accuracy"] for share in ("25", "50", "75", "100")]
    assert typed[0] < typed[-1]
    assert all(name in found.table() for name in ("tfidf_svm", "first 25 %", "shop: 160"))
    assert set(VOICES) <= set(content)


def test_validation_leaves_the_test_part_unread(tmp_path):
    rows = shop(tmp_path)
    marked = CategorySet("shop", rows.train, (CategoryRow(Listing("x"), "never", 9999),))
    found = bench_category(marked, seeds=1, config=WORDS, validate=True, baseline=False)
    assert found.n_train + found.n_test == 160
    assert found.svm is None
    assert found.voices["text"]["accuracy"] > 0.6
