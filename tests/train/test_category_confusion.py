"""Where a model goes wrong, by hand."""

import numpy as np

from train.category_confusion import CategoryScore, Confused, confused_pairs, score_categories

LABELS = ["A", "B", "C", "D"]
SAID = np.array(
    [
        [0.7, 0.2, 0.1, 0.0],  # A, right
        [0.2, 0.5, 0.3, 0.0],  # A, said B
        [0.1, 0.8, 0.1, 0.0],  # A, said B, surer
        [0.0, 0.5, 0.3, 0.2],  # A, said B, not among three
        [0.1, 0.1, 0.2, 0.6],  # C, said D
        [0.0, 0.0, 0.0, 0.0],  # B, nothing said
    ]
)
RIGHT = np.array([0, 0, 0, 0, 2, 1])


def test_every_category_is_scored():
    found = score_categories(SAID[:5], RIGHT[:5], LABELS)
    assert found == (
        CategoryScore("A", 4, 1, 3),
        CategoryScore("B", 0, 0, 0),
        CategoryScore("C", 1, 0, 1),
        CategoryScore("D", 0, 0, 0),
    )


def test_the_most_frequent_mistakes_come_first_with_the_surest_examples():
    found = confused_pairs(SAID, RIGHT, LABELS, ids=[10, 11, 12, 13, 14, 15])
    assert found == (Confused("A", "B", 3, (12, 11, 13)), Confused("C", "D", 1, (14,)))
    assert confused_pairs(SAID, RIGHT, LABELS)[0].examples == ()
