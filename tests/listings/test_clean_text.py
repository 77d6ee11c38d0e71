"""One step at a time over one text."""

import pytest

from listings.clean_text import (
    folded,
    spaced,
    text_key,
    without_decorations,
    without_html,
    without_runs,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<b>나이키</b> 운동화", "나이키 운동화"),
        ("Tom &amp; Jerry mug", "Tom & Jerry mug"),
        ("Tom &amp;amp; Jerry mug", "Tom & Jerry mug"),
        ("&lt;b&gt;새상품&lt;/b&gt;", "새상품"),
        ("size < 40 and width > 3", "size < 40 and width > 3"),
        ("one<br>two", "one\ntwo"),
    ],
)
def test_html_becomes_text(text, plain):
    assert without_html(text) == plain


def test_decorations_go_and_letters_stay():
    assert without_decorations("★나이키★ ＡＩＲ ♥ 270㎜ 🔥").split() == ["나이키", "AIR", "270mm"]


@pytest.mark.parametrize(
    ("text", "less"),
    [
        ("새상품!!!!!", "새상품!"),
        ("ㅋㅋㅋㅋㅋ 팔아요", "ㅋㅋ 팔아요"),
        ("soooooo nice", "soo nice"),
        ("----------", "-"),
        ("Model 10000 size XXL", "Model 10000 size XXL"),
        ("www", "www"),
    ],
)
def test_repetition_for_effect_is_cut_and_numbers_are_not(text, less):
    assert without_runs(text) == less


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("나이키 [ ]  운동화 ( [] )", "나이키 운동화"),
        (" chair , red .", "chair, red."),
        ("- 의자 /", "의자"),
        ("a\n\n\n\nb", "a\n\nb"),
    ],
)
def test_spacing(text, tidy):
    assert spaced(text) == tidy


def test_spelling_alone_makes_no_other_key():
    assert text_key("Nike Air, Max 90!", "Size 9") == text_key("NIKE AIR-MAX ９0", "size 9.")
    assert text_key("Nike Air Max 90", "") != text_key("Nike Air Max 95", "")
    # What is said of it in the title is not what is said below.
    assert text_key("desk", "lamp") != text_key("desklamp", "")
    assert text_key("!!!", "--") == ""


def test_folding_keeps_letters_of_any_script():
    assert folded("무선-이어폰 (Ｐro_2)") == "무선이어폰pro2"
