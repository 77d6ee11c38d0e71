import json

import numpy as np
import pytest

from support.bands import Band
from support.blend import Blend
from support.calibration import Calibration, Scale, Sureness
from support.confidence import Confidence
from support.promise import Promise, PromiseTable
from train.figures import judge_rankings

NOTHING = PromiseTable(np.empty(0), np.empty(0, bool))


def band(threshold):
    return Band(threshold, 0.8, 0.3, Promise.of(24, 30))


CALIBRATION = Calibration(
    blend=Blend({"a": 1.0}, 0.0),
    confidence=(Confidence({}), Confidence({}), Confidence({})),
    scope=Confidence({}),
    others=Scale(),
    likely=band(0.7),
    possible=band(0.5),
    pair=band(0.6),
    promises=NOTHING,
    promises_three=NOTHING,
    label_bands={1: band(None)},
    accept=0.3,
)
RANKED = [["a", "b", "c"], ["a", "b", "c"], ["b", "a", "c"], ["c", "b", "a"], ["a", "c", "b"]]
RIGHT = [("a",), ("b", "z"), ("b",), ("b",), ("z",)]  # the last is out of scope
SURE = [
    Sureness(0, 0.9, 0.1, 0.9, 0.9, 0.9),  # Likely and right
    Sureness(0, 0.8, 0.1, 0.8, 0.9, 0.9),  # Likely and wrong
    Sureness(1, 0.9, 0.1, 0.9, 0.9, 0.2),  # b is never Likely; right, but refused
    Sureness(2, 0.4, 0.39, 0.7, 0.8, 0.9),  # a choice of two, one of them right
    Sureness(0, 0.1, 0.05, 0.1, 0.2, 0.1),  # refused rightly
]


@pytest.fixture(scope="module")
def found():
    return judge_rankings(CALIBRATION, RANKED, SURE, RIGHT, labels=["a", "b", "c"])


def test_figures_by_hand(found):
    assert (found.accuracy, found.hit_3, found.hit_5) == (0.5, 1.0, 1.0)
    assert (found.coverage, found.share_right) == (0.4, 0.5)
    assert (found.pairs, found.share_right_pairs) == (1, 1.0)
    assert (found.coverage_3, found.share_right_3) == (0.8, 1.0)
    assert (found.accuracy_at_threshold, found.oos_recall) == (0.25, 1.0)
    assert found.share_right_half == 1.0  # the surest two of five: the first and the third
    # Bins of .1: (.1, wrong), (.4, wrong), (.8, wrong), (.9 twice, right).
    assert found.ece == pytest.approx((0.1 + 0.4 + 0.8 + 2 * 0.1) / 5)


def test_reports_use_the_customary_names(found):
    content = json.loads(json.dumps(found.as_dict()))
    assert content["hit@3"] == 1.0
    assert content["hit@5"] == 1.0
    assert "hit_3" not in content
    assert content["bins"][0]["n"] == 1
