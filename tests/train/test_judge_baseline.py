import pytest

from train.baselines import fasttext_scores, svm_scores
from train.examples import Example
from train.judge_baseline import judge_baseline

LABELS = ["a", "b", "c"]
WORDS = {"a": "환불 해주세요", "b": "배송 언제 와요", "c": "계정 탈퇴 하고 싶어요"}


def examples(count, start):
    return [
        Example(f"{WORDS[label]} {number}", (label,), "2026", start + number)
        for number in range(count)
        for label in ("abc"[number % 3],)
    ]


@pytest.mark.parametrize("score", [fasttext_scores, svm_scores])
def test_a_baseline_is_thresholded_on_validation_by_a_fit_without_it(score):
    seen = []

    def watched(train, labels, texts):
        seen.append((len(train), len(texts)))
        return score(train, labels, texts)

    past, test = examples(90, 0), examples(9, 900)
    found = judge_baseline(
        watched, past, past[45:], test, LABELS, share_right=0.8, share_right_three=0.5
    )
    assert seen == [(90, 9), (45, 45)]
    assert [row[0] for row in found.ranked] == list("abcabcabc")
    assert found.figures.accuracy == 1
    assert found.figures.coverage > 0.5


def test_without_validation_there_are_hit_rates_alone():
    past = examples(30, 0)
    found = judge_baseline(
        svm_scores, past, past[:5], examples(3, 90), LABELS, share_right=0.8, share_right_three=0.5
    )
    assert found.figures is None
    assert len(found.ranked) == 3
