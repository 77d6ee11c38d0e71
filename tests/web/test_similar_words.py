"""Why listings are alike, said in the reader's language; and their words in common, marked."""

from dataclasses import replace

import pytest
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from listings.similar.alerts import Alert, put_alert
from listings.similar.looks import Match, Reason
from tests.web.drawn_listings import BAG, LAMP, sell
from web import similar_words
from web.similar_view import marked, why
from web.watching import note

TEXT = Reason("text", 0.7, 0.6, words=("탁자", "oak"))
COPY = Reason("hash", 1.0, 0.99, picture=1, other_picture=0, bits=0)
NEAR = Reason("hash", 0.95, 0.9, picture=0, other_picture=2, bits=3)
SEEN = Reason("picture", 0.912, 0.8, picture=0, other_picture=0)
ALERT = Alert(
    id=7, listing_id=2, other_id=1, kind="sanctioned", seller="s", probability=0.97,
    reasons=(COPY, TEXT), detail={"reason": "가품"}, state="open", at="2026-01-01T00:00:00Z",
)  # fmt: skip


@pytest.fixture(params=["ko", "en"])
def language(app, request):
    with app.test_request_context(), force_locale(request.param):
        yield request.param


@pytest.mark.parametrize(
    ("reason", "ko", "en"),
    [
        (TEXT, "같은 낱말 2개: 탁자, oak", "2 shared words: 탁자, oak"),
        (replace(TEXT, words=("탁자",)), "같은 낱말 1개: 탁자", "a shared word: 탁자"),
        (replace(TEXT, words=()), "비슷한 글", "similar wording"),
        (COPY, "같은 사진 (이쪽 사진 2, 저쪽 사진 1)",
         "the same picture (picture 2, there picture 1)"),
        (
            NEAR,
            "거의 같은 사진, 64비트 중 3비트 다름 (이쪽 사진 1, 저쪽 사진 3)",
            "nearly the same picture, 3 of 64 bits differ (picture 1, there picture 3)",
        ),
        (
            SEEN,
            "같은 물건을 찍은 사진, 유사도 0.91 (이쪽 사진 1, 저쪽 사진 1)",
            "a picture of the same thing, likeness 0.91 (picture 1, there picture 1)",
        ),
    ],
)  # fmt: skip
def test_each_reason_is_a_phrase(language, reason, ko, en):
    assert similar_words.reason(reason) == {"ko": ko, "en": en}[language]


@pytest.mark.parametrize(
    ("kind", "detail", "ko", "en"),
    [
        ("sanctioned", {"reason": "가품"}, "판매자 정지 사유: 가품",
         "The seller was suspended: 가품"),
        ("sanctioned", {}, "", ""),
        ("accounts", {"accounts": 3, "listings": 4}, "계정 3개가 올린 상품 4건",
         "4 listings from 3 accounts"),
        ("repeat", {"listings": 4, "days": 30}, "30일 안에 상품 4건", "4 listings within 30 days"),
        ("catalogue", {"listings": 12, "days": 30}, "30일 안에 상품 12건",
         "12 listings within 30 days"),
    ],
)  # fmt: skip
def test_each_alert_says_what_is_beside_its_kind(language, kind, detail, ko, en):
    told = similar_words.alert(replace(ALERT, kind=kind, detail=detail))
    assert told == {"ko": ko, "en": en}[language]


def test_a_cases_sign_is_said_again_in_the_readers_language(language, space, db):
    old, new = sell(space, db, 1, "bad", BAG), sell(space, db, 2, "new", BAG)
    found = put_alert(
        db, new, "sanctioned", seller="s", match=Match(old, 0.97, (COPY, TEXT)),
        detail={"reason": "가품"},
    )  # fmt: skip
    told = similar_words.sign(db, note(found))
    assert "97%" in told
    assert str(old) in told
    assert similar_words.reason(COPY) in told
    assert similar_words.alert(found) in told
    for other in ("alert 999; repeat", "Somebody asked.", "", "alert x"):
        assert similar_words.sign(db, other) == other


def test_likeness_is_never_certain_nor_nothing(language):
    assert [similar_words.likeness(p) for p in (0, 0.004, 0.5, 0.9999, 1)] == [
        *("1%", "1%", "50%", "99%", "99%")
    ]


def test_what_a_page_shows_of_reasons(language):
    found = why(0.97, (COPY, NEAR, COPY, TEXT))
    assert found.pictures == ((1, 0), (0, 2))
    assert found.words == ("탁자", "oak")
    assert len(found.phrases) == 4


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("Brass lamp", ("lamp",), ["lamp"]),
        ("Lampshade, LAMP", ("lamp",), ["LAMP"]),  # inside a longer word it is another
        ("원목 식탁입니다", ("식탁",), ["식탁"]),  # Korean hangs endings on nouns
        ("iPhone 64 GB and 64gb", ("64gb",), ["64 GB", "64gb"]),
        ("a.b (c)", ("a.b",), ["a.b"]),
        ("nothing", ("",), []),
        (LAMP, (), []),
        ("", ("x",), []),
    ],
)
def test_words_in_common_are_marked(text, words, expected):
    pieces = marked(text, [word for word in words if word])
    assert [piece for piece, shared in pieces if shared] == expected
    assert "".join(piece for piece, _ in pieces) == text


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=8), max_size=5))
def test_marking_changes_no_text(text, words):
    assert "".join(piece for piece, _ in marked(text, words)) == text
