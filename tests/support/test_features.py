import numpy as np
import pytest

from support.features import (
    FeatureConfig,
    Features,
    character_features,
    join_runs,
    normalize,
    split_words,
    word_features,
)

CONFIG = FeatureConfig(min_count=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("환불 해주세요!", ["환불", "해주세요"]),
        ("ＡＢＣ　Refund", ["abc", "refund"]),
        ("각", ["각"]),
        ("...", []),
    ],
)
def test_words_by_hand(text, words):
    assert split_words(normalize(text)) == words


def test_word_pairs_by_hand():
    assert word_features(["a", "b", "c"]) == ["a", "b", "c", "a b", "b c"]


def test_hangul_neighbours_are_joined_and_others_are_not():
    assert join_runs(["iphone", "환불", "해줘", "now", "ok"]) == [
        ["iphone"],
        ["환불", "해줘"],
        ["now"],
        ["ok"],
    ]


def test_characters_by_hand():
    assert character_features([["ab"]], 2, 3) == [" a", "ab", "b ", " ab", "ab "]


def test_spacing_of_korean_changes_no_character_feature():
    def grams(text):
        return sorted(character_features(join_runs(split_words(normalize(text))), 2, 5))

    assert grams("환불신청 어떻게 하나요") == grams("환불 신청어떻게하나요")


def test_rows_have_length_one_with_half_for_each_kind():
    features = Features.fit(["환불 해주세요", "배송 언제 와요", "refund please"], config=CONFIG)
    ids, values = features.row("환불 언제")
    words = ids < len(features.names[0])
    assert values @ values == pytest.approx(1)
    assert values[words] @ values[words] == pytest.approx(0.5)


def test_an_unknown_text_has_no_feature():
    features = Features.fit(["환불 해주세요", "배송 언제 와요"], config=CONFIG)
    assert len(features.row("xyz")[0]) == 0
    assert features.transform(["xyz", "환불"]).shape == (2, len(features))


def test_the_vocabulary_is_capped_by_frequency():
    texts = ["aa bb", "aa cc", "aa", "bb"]
    capped = FeatureConfig(min_count=1, max_words=2, max_characters=3)
    features = Features.fit(texts, config=capped)
    assert features.names[0] == ["aa", "bb"]
    assert len(features) == 5


def test_a_rare_feature_weighs_more():
    features = Features.fit(["aa bb", "aa cc", "aa dd"], config=CONFIG)
    by_name = dict(zip(features.names[0], features.idf, strict=False))
    assert by_name["aa"] == pytest.approx(1)
    assert by_name["bb"] == pytest.approx(np.log(4 / 2) + 1)


def test_save_load_round_trip(tmp_path):
    before = Features.fit(["환불 해주세요", "배송 언제 와요"], config=CONFIG)
    before.save(tmp_path)
    after = Features.load(tmp_path)
    for first, second in zip(before.row("환불 언제"), after.row("환불 언제"), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_config_that_cannot_work_is_refused():
    with pytest.raises(ValueError, match="shortest 3"):
        FeatureConfig(shortest=3, longest=2)


def test_what_is_seen_once_counts_only_in_a_small_vocabulary():
    texts = ["환불 해주세요", "환불 언제 와요"]
    small = Features.fit(texts)
    assert small.word_id("언제") is not None
    large = Features.fit(texts, config=FeatureConfig(small=0))
    assert large.word_id("언제") is None
    assert large.word_id("환불") is not None


@pytest.mark.parametrize(
    ("labels", "words", "characters"), [(142, 50_000, 100_000), (400, 25_000, 50_000)]
)
def test_many_labels_leave_room_for_fewer_features(labels, words, characters):
    sized = FeatureConfig().sized(labels, megabytes=30)
    assert (sized.max_words, sized.max_characters) == (words, characters)


def test_a_reading_names_every_occurrence_in_order():
    features = Features.fit(["환불 해주세요", "환불 언제 와요 now"], config=CONFIG)
    for text in ["환불 해주세요", "now 환불 언제 now", "xyz", ""]:
        for _ in range(2):  # read, then remembered
            found = features.read(text)
            assert found.words == split_words(normalize(text))
            assert found.runs == join_runs(found.words)
            grams = character_features(found.runs, CONFIG.shortest, CONFIG.longest)
            pairs = word_features(found.words)
            assert found.pairs.tolist() == [known(features.word_id(name)) for name in pairs]
            assert found.characters.tolist() == [known(features.character_id(g)) for g in grams]
            assert set(found.row[0]) == {*found.pairs, *found.characters} - {-1}


def known(number):
    return -1 if number is None else number


def test_what_is_remembered_of_words_is_bounded(monkeypatch):
    monkeypatch.setattr("support.features._MOST_RUNS", 3)
    features = Features.fit(["aa bb", "cc dd ee"], config=CONFIG)
    before = [features.row(text) for text in ("aa bb cc dd ee", "ee aa bb")]
    assert len(features._runs) <= 3
    for row, text in zip(before, ("aa bb cc dd ee", "ee aa bb"), strict=True):
        np.testing.assert_array_equal(features.row(text)[1], row[1])
