"""Spelling to evade is undone, honest spelling is left alone, and places lead back."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listings.moderation.evasion import MOST_READ, undo
from listings.moderation.lookalikes import is_syllable, parts, syllable


@pytest.mark.parametrize(
    ("posted", "meant"),
    [
        ("담 배 팝니다", "담배 팝니다"),
        ("담.배.팝.니.다", "담배팝니다"),
        ("담♥배 팔아요", "담배 팔아요"),
        ("전자🚬담배", "전자담배"),
        ("담\u200b배", "담배"),
        ("ㄷㅏㅁㅂㅐ", "담배"),
        ("ㄷ ㅏ ㅁ ㅂ ㅐ", "담배"),
        ("다ㅁ배", "담배"),
        ("ㄷrㅁ배", "담배"),
        ("양ㅈㅜ", "양주"),
        ("０１０-１２３４", "010-1234"),
        ("ⓚⓐⓚⓐⓞ", "kakao"),
        ("k a k a o 문의", "kakao 문의"),
        ("саsh", "cash"),
        ("공일공 일이삼사 오육칠팔", "01012345678"),
        ("zero one zero, one two three four, five six seven eight", "01012345678"),
        (unicodedata.normalize("NFD", "담배"), "담배"),
    ],
)
def test_tricks_are_undone(posted: str, meant: str) -> None:
    undone = undo(posted)
    assert undone.text == meant
    assert undone.tricks > 0 or posted.startswith(("０", "ⓚ"))


@pytest.mark.parametrize(
    "honest",
    [
        "아이폰 12 미개봉, 직거래만 합니다.",
        "좋아요ㅋㅋㅋ 감사해요ㅠㅠ",
        "네고 10000원ㅠㅠ",
        "가담 배송비 포함",
        "https://example.com/a-b?c=1",
        "Galaxy S21 (128GB) - used",
        "여름/겨울 옷 정리",
        "다섯 시 이후 삼성동 직거래",
    ],
)
def test_honest_words_are_left_alone(honest: str) -> None:
    assert undo(honest).text == honest
    assert undo(honest).tricks == 0


def test_places_lead_back_to_what_was_posted() -> None:
    posted = "국산 담♥배 세 갑"
    undone = undo(posted)
    start = undone.text.index("담배")
    first, last = undone.span(start, start + 2)
    assert posted[first:last] == "담♥배"
    assert undone.span(3, 3) == (-1, -1)


def test_parts_and_syllables_are_each_others_inverse() -> None:
    for code in range(0xAC00, 0xAC00 + 11172, 37):
        assert syllable(*parts(chr(code))) == chr(code)
        assert is_syllable(chr(code))


@settings(deadline=None)  # times are not what is tested
@given(st.text(alphabet=st.sampled_from("담배ㄷㅏㅁㅂㅐㅋㅠ♥. 1rHоak공일이\u200b🚬A"), max_size=40))
def test_any_text_keeps_one_rising_place_for_each_character(text: str) -> None:
    undone = undo(text)
    assert len(undone.places) == len(undone.text)
    assert list(undone.places) == sorted(undone.places)
    assert all(0 <= place < max(len(text), 1) for place in undone.places)


def test_only_so_much_is_read() -> None:
    assert len(undo("가나 " * 5000).text) <= 4000
    assert len(undo("\ufdfa" * 5000).text) <= MOST_READ  # each stands for eighteen letters


@pytest.mark.parametrize("padding", ["x" * 5000, "\ufdfa" * 3500, "x " * 90_000])
def test_padding_hides_nothing_at_either_end(padding: str) -> None:
    for posted in (f"담♥배 {padding}", f"{padding} 담♥배"):
        undone = undo(posted)
        assert len(undone.text) <= MOST_READ
        start = undone.text.index("담배")
        first, last = undone.span(start, start + 2)
        assert posted[first:last] == "담♥배"
        assert len(undone.places) == len(undone.text)
        assert list(undone.places) == sorted(undone.places)


def test_no_word_is_made_of_two_ends() -> None:
    posted = "x" * 2999 + "담" + "y" * 3000 + "배" + "z" * 996
    words = undo(posted).text
    assert words[2999] == "담"
    assert "배" in words
    assert "담배" not in "".join(words.split())
