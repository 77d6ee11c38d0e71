from tokenizers import Tokenizer
from tokenizers.normalizers import Precompiled

from train.char_map import precompiled
from train.public_pieces import count, fit_pieces

TEXTS = ["환불은 언제 되나요?", "환불 카드card", "the cards are gone"]


def fitted(texts=TEXTS, **sizes):
    return fit_pieces(texts, **{"runs": 200, "others": 60} | sizes)


def pieces(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).tokens


def test_every_listed_sign_becomes_its_text_and_no_other():
    table = {"가": "나나", "a": "xyz", "\U0001f600": ":)", "각": "", "é": "e"}
    normalizer = Precompiled(precompiled(table))
    text = "b가a갂각\U0001f600\U0001f601é·"
    assert normalizer.normalize_str(text) == "b나나xyz갂:)\U0001f601e·"


def test_all_hangul_goes_through_the_table():
    signs = [chr(code) for code in range(0xAC00, 0xD7A4)]
    normalizer = Precompiled(precompiled({sign: f"<{sign}>" for sign in signs}))
    assert normalizer.normalize_str("".join(signs)) == "".join(f"<{sign}>" for sign in signs)


def test_a_korean_word_becomes_its_edges_syllables_and_overlapping_pairs():
    alone = "\ue000"
    expected = ["▁환", f"{alone}환", "환불", f"{alone}불", "불은", f"{alone}은", "은"]
    assert pieces(fitted(), "환불은") == expected


def test_other_words_are_split_into_few_pieces():
    tokenizer = fitted()
    assert pieces(tokenizer, "cards") == ["▁cards"]
    assert "".join(pieces(tokenizer, "careshe")) == "▁careshe"


def test_a_saved_tokenizer_splits_the_same(tmp_path):
    tokenizer = fitted()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    again = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert [pieces(again, text) for text in TEXTS] == [pieces(tokenizer, text) for text in TEXTS]


def test_frequent_words_leave_no_room_for_whole_forms():
    """One word a thousand times teaches no more than twice."""
    words = [f"{stem}{end}" for stem in ("refund", "parcel", "order") for end in ("s", "ed", "ing")]
    twice = fitted(words * 2, others=40).get_vocab()
    often = fitted([*words * 2, *["refunding"] * 1_000], others=40).get_vocab()
    assert twice == often


def test_counts_by_hand():
    tokenizer = fitted()
    counts = count(tokenizer, ["cards cards", ""])
    assert counts.shape == (2, tokenizer.get_vocab_size())
    assert counts[0].nnz == 1
    assert counts[0, tokenizer.token_to_id("▁cards")] == 2
    assert counts[1, tokenizer.token_to_id("[UNK]")] == 1
