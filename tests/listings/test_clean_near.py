"""Near duplicates of texts, against all pairs compared one by one."""

import random
from itertools import combinations

import numpy as np
import pytest

from listings.clean_groups import Groups
from listings.clean_near import THRESHOLD, buckets, jaccard, near_texts, shingles

WORDS = tuple(
    "chair table lamp oak pine red blue green old new large small kitchen garden bicycle wheel "  # noqa: SIM905
    "tyre saddle guitar string piano coat boots size medium leather cotton silver gold ring watch "
    "phone screen case charger cable camera lens tripod tent stove".split()
)


def advert(seed, words=30):
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def changed(text, seed, words):
    parts = text.split()
    for place in random.Random(seed).sample(range(len(parts)), words):
        parts[place] = "other"
    return " ".join(parts)


def test_shingles_and_jaccard_by_hand():
    assert shingles("abcd").size == 1
    assert shingles("abc").size == 0
    # abcd bcde / bcde cdef: one of three
    assert jaccard(shingles("a bcde"), shingles("bcd-EF")) == pytest.approx(1 / 3)
    assert jaccard(shingles("abcd"), shingles("")) == 0.0


def test_every_near_pair_ends_in_one_group_and_no_other_pair_does():
    texts = [advert(seed) for seed in range(150)]
    texts += [changed(texts[seed], seed, 1) for seed in range(0, 150, 5)]
    texts += [changed(texts[seed], seed, 12) for seed in range(1, 150, 5)]
    found = [shingles(text) for text in texts]
    near = {
        (a, b)
        for a, b in combinations(range(len(texts)), 2)
        if jaccard(found[a], found[b]) >= THRESHOLD
    }
    assert len(near) >= 25
    truth, groups = Groups(len(texts)), Groups(len(texts))
    truth.join(near)
    groups.join(near_texts(texts))
    assert groups.members() == truth.members()


def test_short_titles_are_no_near_duplicates_of_each_other():
    assert near_texts(["iPhone 12 64GB", "iPhone 12 64GB", "iPhone 13 64GB"]) == []


def test_korean_texts_that_differ_in_a_word_are_near():
    text = "북유럽 원목 식탁 4인용 의자 세트 직접 사용하던 제품이고 흠집 거의 없습니다 깨끗해요"
    other = text.replace("거의", "전혀")
    far = "남성 겨울 패딩 점퍼 검정색 라지 사이즈 두 번 입었고 세탁해서 드립니다 상태 좋아요"
    assert near_texts([text, far, other]) == [(0, 2)]


def test_the_same_texts_give_the_same_pairs():
    texts = [advert(seed % 40, words=20) for seed in range(80)]
    assert near_texts(texts) == near_texts(texts)
    assert near_texts([]) == []


def test_buckets_are_keys_that_come_twice():
    keys = np.array([5, 3, 5, 9, 3, 5], dtype=np.uint64)
    assert sorted(bucket.tolist() for bucket in buckets(keys)) == [[0, 2, 5], [1, 4]]


def test_groups_are_named_by_their_first():
    groups = Groups(7)
    assert groups.join([(5, 6), (1, 5), (6, 1), (2, 3)]) == 3
    assert groups.members() == {1: [1, 5, 6], 2: [2, 3]}
    assert groups.first(6) == 1
