"""Sellers' boilerplate: the list written down, and what many listings share."""

import pytest

from listings.clean_phrases import Example, learn_phrases, segments, without_written


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[무료배송] 나이키 에어맥스", "나이키 에어맥스"),
        ("원목 책상 급처 네고 불가", "원목 책상"),
        ("자전거 직거래 가능, 택배비 별도", "자전거 ,"),
        ("카메라 교환 및 환불 불가", "카메라"),
        ("Oak table, collection only. No time wasters please", "Oak table, ."),
        ("Pram from a smoke and pet free home", "Pram"),
        ("Bike £40 ono", "Bike £40"),
        ("Please see my other items", ""),
    ],
)
def test_phrases_about_selling_go(text, left):
    assert " ".join(without_written(text).split()) == left


@pytest.mark.parametrize(
    "text",
    [
        "무료 보드게임 카페 이용권",
        "배송용 상자 50개",
        "Data collection box",
        "Free standing bath",
        "Sony phono preamp",
        "교환 렌즈 캐논 50mm",
        "직거래장터 현수막",
    ],
)
def test_words_about_the_thing_stay(text):
    assert without_written(text) == text


def test_segments_are_lines_and_sentences():
    text = "거의 새것입니다. 상자 있어요\n색은 검정"
    assert segments(text) == ["거의 새것입니다.", "상자 있어요", "색은 검정"]


def shop(number, *, seller="", category="", line="Shop hours are nine to five."):
    return Example(f"Thing number {number}", f"It is thing {number}. {line}", seller, category)


def test_a_segment_of_many_different_listings_is_learned():
    phrases = learn_phrases([shop(n) for n in range(30)])
    assert phrases.without("A red chair. Shop hours are nine to five.") == "A red chair."
    assert phrases.without("SHOP HOURS, are nine to five!\nA red chair.") == "A red chair."
    assert phrases.without("A red chair.\n\nBlue legs.") == "A red chair.\n\nBlue legs."


def test_a_listing_put_up_again_and_again_teaches_nothing():
    again = [Example("Red chair", "A red chair of oak wood.") for _ in range(200)]
    assert learn_phrases(again).everyone == frozenset()


def test_what_one_seller_always_says_is_learned_of_that_seller_alone():
    line = "Come and see our barn."
    phrases = learn_phrases(
        [shop(n, seller="s1", line=line) for n in range(6)]
        + [shop(n, seller="s2", line="") for n in range(100, 130)]
    )
    assert phrases.without(f"An old plough. {line}", seller="s1") == "An old plough."
    assert phrases.without(f"An old plough. {line}", seller="s2") == f"An old plough. {line}"


def test_a_segment_that_tells_the_category_stays():
    clothes = [shop(n, category="Clothes", line="Size medium for women.") for n in range(40)]
    others = [shop(n, category="Garden", line="") for n in range(100, 140)]
    assert learn_phrases(clothes + others).everyone == frozenset()
    everywhere = [
        shop(n, category=("Clothes", "Garden")[n % 2], line="Ask for a photo of it.")
        for n in range(60)
    ]
    assert len(learn_phrases(everywhere).everyone) == 1


@pytest.mark.parametrize(
    ("text", "less"),
    [
        ("의자   네고 불가 \n \n\n튼튼", "의자  \n\n튼튼"),
        ("의자   튼튼\n\n\n책상", "의자   튼튼\n\n\n책상"),  # without a phrase as it was
    ],
)
def test_blanks_are_folded_where_a_phrase_goes(text, less):
    assert without_written(text) == less
