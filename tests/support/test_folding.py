"""Past answers that say one thing are shown once."""

import numpy as np

from support.clock import ago
from support.folding import fold
from support.inquiries import PastAnswer

FIRST = "2025-01-01T00:00:00Z"
SAME = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)


def past(
    number, question, *, slugs=("a",), score=0.9, solved=False, helpful=0, at="2025-01-01T00:00:00Z"
):
    return PastAnswer(
        inquiry_id=number, question=question, answer=f"answer {number}", answered_at=at,
        agent="", slugs=slugs, score=score, solved=solved, helpful=helpful,
    )  # fmt: skip


def ids(found):
    return [(item.inquiry_id, item.count, sorted(item.alike)) for item in found]


def test_nearly_the_same_words_fold_into_one_with_a_count():
    asked = [
        "배송이 언제 오나요",
        "배송이 언제 오나요?",
        "환불은 언제 되나요",
        "배송이 언제 오나요",
    ]
    found = fold([past(number, text) for number, text in enumerate(asked, 1)], SAME)
    # The third has other words, the fourth another meaning.
    assert ids(found) == [(1, 2, [2]), (3, 1, []), (4, 1, [])]


def test_the_same_words_with_other_faqs_stay_apart():
    rows = [past(1, "안 돼요"), past(2, "안 돼요", slugs=("b",)), past(3, "안 돼요", slugs=())]
    assert ids(fold(rows, SAME[:3])) == [(1, 2, [3]), (2, 1, [])]


def test_the_answer_that_deserves_it_stands_for_those_alike():
    question = "배송이 언제 오나요"
    rows = [past(1, question, score=0.9), past(2, question, score=0.89, helpful=3),
            past(3, question, score=0.88, solved=True)]  # fmt: skip
    (best,) = fold(rows, SAME[:3])
    assert (best.inquiry_id, best.score, best.count) == (3, 0.9, 3)
    (best,) = fold(rows[:2], SAME[:2])
    assert best.inquiry_id == 2
    newer = [past(1, question), past(2, question, at="2025-02-01T00:00:00Z")]
    assert fold(newer, SAME[:2])[0].inquiry_id == 2


def test_vectors_that_are_unknown_fold_nothing():
    rows = [past(1, "안 돼요"), past(2, "안 돼요")]
    assert len(fold(rows, np.full((2, 2), np.nan, np.float32))) == 2
    assert fold([], np.empty((0, 2), np.float32)) == []


def test_answers_whose_scores_look_equal_are_ordered_by_what_is_known_of_them():
    words = ["배송 지연", "환불 오류", "쿠폰 적립", "비밀번호"]
    vectors = np.eye(4, dtype=np.float32)
    rows = [
        past(1, words[0], score=0.504), past(2, words[1], score=0.502, helpful=2),
        past(3, words[2], score=0.501, solved=True), past(4, words[3], score=0.49, solved=True),
    ]  # fmt: skip
    assert [item.inquiry_id for item in fold(rows, vectors)] == [3, 2, 1, 4]
    aged = [past(1, words[0]), past(2, words[1], at="2025-03-01T00:00:00Z")]
    assert [item.inquiry_id for item in fold(aged, vectors[:2])] == [2, 1]


def test_votes_fade_by_half_lives():
    vectors = np.eye(4, dtype=np.float32)

    def order(rows, **options):
        return [item.inquiry_id for item in fold(rows, vectors[: len(rows)], **options)]

    old, older, new = ago(days=730), ago(days=1100), ago(days=1)
    rows = [past(1, "배송 지연", helpful=5, at=old), past(2, "환불 오류", helpful=2, at=new)]
    assert order(rows) == [1, 2]
    # Two half-lives: (1 + 5) / 4 = 1.5 votes, against nearly 3.
    assert order(rows, half_life_days=365) == [2, 1]
    assert order(rows, half_life_days=3650) == [1, 2]
    marked = [past(1, "배송 지연", solved=True, at=older), past(2, "환불 오류", at=new)]
    assert order(marked) == [1, 2]
    assert order(marked, half_life_days=365) == [2, 1]  # three: 4 / 8, against nearly 1
    against = [past(1, "배송 지연", helpful=-4, at=old), past(2, "환불 오류", helpful=-2, at=new)]
    assert order(against, half_life_days=365) == [2, 1]


def test_words_that_are_the_same_are_alike_however_they_are_written():
    rows = [past(1, "Refund PLEASE refund"), past(2, "refund please"), past(3, "refund it now")]
    assert ids(fold(rows, SAME[:3])) == [(1, 2, [2]), (3, 1, [])]
