"""Codes tell products of one make apart; shared words are for people."""

import unicodedata
from types import SimpleNamespace

import pytest

from listings.similar import words
from listings.similar.words import (
    MAX_LETTERS,
    codes,
    codes_alike,
    folded_words,
    same_letters,
    shared_words,
)


def test_codes_are_the_words_with_a_digit_and_not_the_price():
    assert codes("Apple iPhone 8 Plus 64 GB MQ8N2B/A") == {"8", "64gb", "mq8n2b"}
    assert codes("아이폰 7 128 기가 25만원 판매") == {"7", "128기가"}
    assert codes("wooden chair, £45") == frozenset()


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ({"64gb"}, {"64gb"}, 1.0),
        ({"64gb"}, {"128g"}, 0.0),
        ({"64gb", "mq8n"}, {"64gb"}, (1 / 2) ** 0.5),
        ({"64gb"}, set(), 0.0),
        (set(), set(), None),
    ],
)
def test_codes_alike_by_hand(left, right, alike):
    found = codes_alike(frozenset(left), frozenset(right))
    assert found == (alike if alike is None else pytest.approx(alike))


def test_shared_words_pass_over_endings_and_come_longest_first():
    assert shared_words("갤럭시 노트북을 팝니다 15인치", "중고 노트북 갤럭시가 있어요 15 인치") == (
        "15인치",
        "갤럭시",
        "노트북",
    )
    assert shared_words("a red chair", "a blue table") == ()


def test_spaces_marks_and_case_make_no_difference():
    assert same_letters("2인용쇼파", "2인용 쇼파!!")
    assert same_letters("iPhone 7 (128GB)", "IPHONE7 128gb")
    assert not same_letters("갤럭시S8", "갤럭시 S9")
    assert not same_letters("책상", "책 상")  # so few letters say nothing
    assert not same_letters("oak table", "oak table " + "with four chairs " * 3)
    assert not same_letters("!!!", "???")


@pytest.fixture
def normalised(monkeypatch):
    """The texts that were brought into plain letters, each time that one was."""
    for kept in (words._codes, words._letters, words._stems):
        kept.cache_clear()
    texts = []

    def normalize(form, text):
        texts.append(text)
        return unicodedata.normalize(form, text)

    monkeypatch.setattr(words, "unicodedata", SimpleNamespace(normalize=normalize))
    return texts


def test_digits_longer_than_a_price_are_none():
    """Where a number may start is where no digit runs: else digits alone take their square."""
    assert codes("1" * 20 + "원") == frozenset()
    assert codes("1" * 21 + "원") == {"1" * 21 + "원"}


def test_letters_that_stand_for_many_are_cut_too(normalised):
    assert len(folded_words("\ufdfa" * MAX_LETTERS)) <= MAX_LETTERS
    assert len(words._letters("\ufdfa" * MAX_LETTERS)) <= MAX_LETTERS
    long = "oak table " * 2_000
    assert same_letters(long, long + "!")
    assert max(map(len, normalised)) == MAX_LETTERS


def test_a_text_is_read_once_and_what_is_kept_of_it_is_cut(normalised):
    own = "brass lamp " * 2_000
    for number in range(30):
        assert shared_words(own, f"brass lamp {number}")
    assert len(normalised) == 31
    codes(own)
    codes(own + "another end")
    assert len(normalised) == 32
