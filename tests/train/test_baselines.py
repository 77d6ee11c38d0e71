import pytest

from train.baselines import fasttext_scores, most_frequent, rank, svm_scores
from train.examples import Example

PAST = [
    Example(text, (label,), "2026", i)
    for i, (text, label) in enumerate(
        [("환불 해주세요", "a"), ("환불 언제 되나요", "a"), ("배송 언제 와요", "b")] * 6
        + [("계정 탈퇴 하고 싶어요", "c")] * 3
    )
]


def test_most_frequent_by_hand():
    assert most_frequent(PAST, ["c", "b", "a"], ["x", "y"]) == [["a", "b", "c"]] * 2


@pytest.mark.parametrize("baseline", [fasttext_scores, svm_scores])
def test_baselines_rank_every_label(baseline):
    labels = ["a", "b", "c"]
    ranked = rank(baseline(PAST, labels, ["환불 해주세요 언제", "배송 언제 와요"]), labels)
    assert [sorted(row) for row in ranked] == [["a", "b", "c"]] * 2
    assert [row[0] for row in ranked] == ["a", "b"]


def test_two_labels_are_enough():
    assert rank(svm_scores(PAST, ["a", "b"], ["배송 언제 와요"]), ["a", "b"]) == [["b", "a"]]


def test_a_label_that_nobody_carries_comes_last():
    scores = svm_scores(PAST, ["a", "b", "unseen", "c"], ["환불", "배송 언제"])
    assert scores.argmin(axis=1).tolist() == [2, 2]
