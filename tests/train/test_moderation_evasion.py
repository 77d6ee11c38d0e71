"""Words are twisted in ways that a reader still reads, the same way for the same seed."""

import random
from collections.abc import Callable

import pytest

from train.moderation_evasion import TWISTS, evading, twist


@pytest.mark.parametrize("change", TWISTS)
def test_each_trick_changes_some_word_and_little_of_it(
    change: Callable[[str, random.Random], str],
) -> None:
    draw = random.Random(3)
    words = ["담배팝니다", "replicas"]
    found = [change(word, draw) for word in words]
    assert found != words
    assert all(
        abs(len(after) - len(before)) <= 1 for before, after in zip(words, found, strict=True)
    )


def test_one_or_two_words_are_twisted() -> None:
    text = "국산 담배 세 갑 팝니다"
    changed = [
        sum(
            a != b
            for a, b in zip(twist(text, random.Random(seed)).split(), text.split(), strict=True)
        )
        for seed in range(20)
    ]
    assert max(changed) == 2
    assert min(changed) <= 1


def test_a_text_without_words_stays() -> None:
    assert twist("a b", random.Random(0)) == "a b"


def test_normal_listings_are_left_alone() -> None:
    texts, labels = ["의자 팝니다", "담배 팝니다", "맥주 팝니다"], ["normal", "bad", "bad"]
    found = evading(texts, labels, share=1.0, seed=1)
    assert found[0] == texts[0]
    assert found[1:] != texts[1:]
    assert found == evading(texts, labels, share=1.0, seed=1)
    assert evading(texts, labels, share=0.0, seed=1) == texts
