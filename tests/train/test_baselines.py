import pytest

from train.baselines import fasttext_alone, most_frequent, tfidf_svm
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


@pytest.mark.parametrize("baseline", [fasttext_alone, tfidf_svm])
def test_baselines_rank_every_label(baseline):
    ranked = baseline(PAST, ["a", "b", "c"], ["환불 해주세요 언제", "배송 언제 와요"])
    assert [sorted(row) for row in ranked] == [["a", "b", "c"]] * 2
    assert [row[0] for row in ranked] == ["a", "b"]


def test_two_labels_are_enough():
    assert tfidf_svm(PAST, ["a", "b"], ["배송 언제 와요"]) == [["b", "a"]]
