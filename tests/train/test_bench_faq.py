import json

import numpy as np
import pytest

from support.encoder import SentenceEncoder
from support.fasttext_voice import FastTextConfig
from tests.train.topics import METRICS, write_sets
from train.bench_encoder import adapted_encoder
from train.bench_faq import bench_faq, compare
from train.datasets import load_csv
from train.faq import FaqConfig
from train.remembering import RememberingEngine
from train.seeds import mean_and_std

QUICK = FaqConfig(
    fasttext=(FastTextConfig(num_epochs=5, bucket=1000),),
    svm_costs=(0.6,),
    logistic_penalties=(0.1,),
    dense_penalties=(0.1,),
    factored=False,
)


@pytest.fixture
def files(tmp_path):
    return write_sets(tmp_path)


def test_a_set_is_judged_over_seeds_beside_the_baselines(files):
    found = bench_faq(load_csv(*files), seeds=2, config=QUICK)
    assert (found.n_train, found.n_test, found.labels) == (65, 26, 3)
    assert found.faqdesk["accuracy"] > 0.9 > found.baselines["most_frequent"]["accuracy"]
    assert found.baselines["most_frequent"]["accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert set(found.faqdesk) == METRICS | {f"{name}_std" for name in METRICS}
    assert [ratio.k for ratio in found.ratios] == [1, 3, 5]
    assert "faqdesk minus SVM" in found.table()
    told = json.loads(json.dumps(found.as_dict()))["times_the_svm"]
    assert told["hit@1"] == [round(value, 4) for value in found.ratios[0].ratio]


def test_the_mean_over_seeds_has_the_sample_deviation_beside_it():
    assert mean_and_std([{"a": 0.5}, {"a": 0.7}]) == {"a": 0.6, "a_std": 0.1414}
    assert mean_and_std([{"a": 0.5}]) == {"a": 0.5, "a_std": 0.0}


def test_hit_rates_are_compared_on_the_same_texts():
    ours, theirs = np.ones(50), np.zeros(50)
    theirs[:40] = 1
    found = compare(ours, theirs, k=1)
    assert found.difference[0] == pytest.approx(0.2)
    assert found.ratio[0] == pytest.approx(1.25)
    assert found.difference[1] > 0
    assert found.ratio[1] > 1
    same = compare(theirs, theirs, k=1)
    assert (same.difference, same.ratio) == ((0, 0, 0), (1, 1, 1))


class Counting:
    """Encodes a text as its length, and counts how often it was asked."""

    dim = 2

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked += texts
        return np.array([[len(text), 1.0] for text in texts], np.float32)


def test_a_text_is_encoded_once_while_a_benchmark_runs():
    engine = Counting()
    encoder = SentenceEncoder(RememberingEngine(engine), "v")
    first = encoder.encode(["abc", "de", "abc"])
    assert np.array_equal(first, encoder.encode(["abc", "de", "abc"]))
    assert engine.asked == ["abc", "de"]


def test_the_default_encoder_has_read_nothing_that_is_judged(files):
    found = load_csv(*files).cut()
    judged = {example.text for example in (*found.validation, *found.test)}
    assert judged.isdisjoint(found.texts)
    encoder = adapted_encoder(found)
    near, far = encoder.encode(["refund money back", "parcel late"]) @ encoder.encode(["refund"])[0]
    assert near > far
