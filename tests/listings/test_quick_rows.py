"""Rows made for many texts at once are those made one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listings import quick_rows
from listings.quick_rows import QuickRows
from support.features import FeatureConfig, Features

TEXTS = [
    "원목 책상 120cm 팝니다\n거의 새것입니다, 직거래만",
    "Oak desk, 120 cm\nHardly used; collection only",
    "아이폰12미니 64GB 블랙 iPhone 12 mini",
    "ＦＵＬＬ ｗｉｄｔｈ ﾊﾝｶｸ ㈜한글 ① ß ǅ İstanbul ΟΔΟΣ",
    "💥💥 emoji 👩‍🚀 between_words _ and 1",
    "한글English한글 섞어 쓰기 ㅋㅋㅋ ㄱ",
    "a",
    "가",
    "!!! ...",
    "",
    "zero\0inside the\0text",
    "half \ud800 of a pair",
    "desk desk desk desk 책상 책상",
]


@pytest.fixture(scope="module", params=[(2, 5), (1, 3), (3, 3)], ids=str)
def features(request):
    shortest, longest = request.param
    return Features.fit(TEXTS, config=FeatureConfig(shortest=shortest, longest=longest))


def same(features, texts):
    one_by_one, at_once = features.transform(texts), QuickRows(features).transform(texts)
    assert at_once.shape == one_by_one.shape
    assert at_once.dtype == np.float32
    np.testing.assert_allclose(at_once.toarray(), one_by_one.toarray(), atol=1e-6)


def test_rows_are_those_made_one_by_one(features):
    same(features, TEXTS)
    same(features, [])
    same(features, ["", "", "nothing known: ☃"])


def test_no_feature_reaches_from_one_text_into_the_next(features):
    same(features, ["oak", "desk", "원목", "책상", "", "120", "cm"])


def test_only_the_beginning_of_a_long_text_is_read():
    features = Features.fit(TEXTS, config=FeatureConfig(max_length=9))
    same(features, ["oak desk, 120 cm and more", "원목 책상 120cm 팝니다"])


def test_texts_are_read_in_chunks(monkeypatch, features):
    monkeypatch.setattr(quick_rows, "_CHUNK", 20)
    same(features, TEXTS * 3)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(alphabet="가나다책상 ab1_\n.ㅋＡ", max_size=25), max_size=6))
def test_any_mixture_of_scripts_gives_the_same_rows(texts):
    features = Features.fit([*TEXTS, "가나 다 책상 ab1", "나다가 ab_ ㅋㅋ a1"])
    same(features, texts)


def test_a_vocabulary_without_anything_knows_nothing():
    features = Features.fit([])
    assert QuickRows(features).transform(["desk", ""]).shape == (2, 0)
