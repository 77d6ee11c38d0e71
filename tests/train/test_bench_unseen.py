import csv
from importlib.resources import files

import pytest

from support.errors import TooFewLabelsError
from support.fasttext_voice import FastTextConfig
from support.features import FeatureConfig
from train.bench_unseen import bench_unseen
from train.examples import Example
from train.faq import FaqConfig

QUICK = FaqConfig(
    features=FeatureConfig(max_words=5000, max_characters=8000, shortest=2, longest=3),
    fasttext=(FastTextConfig(num_epochs=5, dim=10, bucket=2000),),
    svm_costs=(2.0,),
    logistic_penalties=(0.1,),
    factored=False,
)


@pytest.fixture(scope="module")
def sample():
    def rows(name):
        with (files("data") / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    faqs = [row for row in rows("faqs.csv") if row.get("slug")]
    texts = {row["slug"]: f"{row['title']}\n{row['body']}" for row in faqs}
    parts = {"train": [], "validation": [], "test": []}
    for number, row in enumerate(rows("history.csv")):
        labels = tuple(row["faqs"].replace("|", " ").replace(",", " ").split())
        at = f"{10**9 - int(row['minutes_ago']):010d}"
        parts[row["split"]].append(Example(row["question"], labels, at, number))
    return parts, texts


def test_a_faq_without_any_inquiry_is_suggested_and_the_others_keep_their_place(sample):
    parts, texts = sample
    found = bench_unseen(
        parts["train"], parts["validation"], parts["test"], faq_texts=texts, config=QUICK
    )
    assert len(found.labels) == 10
    assert found.unseen.n >= 30
    assert found.unseen.hit_5 > 0.1  # 0 by chance: without a text they are no labels at all
    assert found.unseen.hit_1 <= found.unseen.hit_3 <= found.unseen.hit_5
    assert found.others.n > 100
    assert found.others.hit_1 > found.others_before.hit_1 - 0.03
    assert found.as_dict()["unseen"]["n"] == found.unseen.n


def test_too_few_labels_to_hold_out_says_so(sample):
    parts, texts = sample
    with pytest.raises(TooFewLabelsError, match="Hold fewer out"):
        bench_unseen(
            parts["train"], parts["validation"], parts["test"][:5], faq_texts=texts, config=QUICK
        )
