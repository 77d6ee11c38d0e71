import numpy as np
import pytest

from support.errors import EmptyTextError, ModelDamagedError
from support.fasttext_voice import FastTextConfig, FastTextVoice, fold

QUICK = FastTextConfig(dim=8, bucket=1000, num_epochs=5)
ROWS = [("환불 해주세요", 0), ("환불 언제 되나요", 0), ("배송 언제 와요", 1), ("배송 조회", 1)] * 5


@pytest.fixture(scope="module")
def voice():
    return FastTextVoice.fit(ROWS, 3, config=QUICK)


def test_two_thousand_short_lines_train_with_default_settings():
    generator = np.random.default_rng(0)
    words = [f"word{i}" for i in range(300)]
    rows = [(" ".join(generator.choice(words, 4)), int(generator.integers(5))) for _ in range(2000)]
    probabilities = FastTextVoice.fit(rows, 5).predict(["word1 word2"])
    assert np.isfinite(probabilities).all()
    assert probabilities.sum() == pytest.approx(1, abs=1e-3)


def test_probabilities_sum_to_at_most_one(voice):
    found = voice.predict(["환불", "배송 언제", "unknown words"])
    assert found.shape == (3, 3)
    assert (found >= 0).all()
    assert (found.sum(axis=1) <= 1 + 1e-6).all()
    assert (found[:, 2] == 0).all()


def test_logarithms_are_finite_even_for_a_label_without_rows(voice):
    assert np.isfinite(voice.log_probabilities(["환불"])).all()


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_blank_text_is_refused(voice, text):
    with pytest.raises(EmptyTextError):
        voice.predict([text])


def test_fasttexts_own_mark_of_a_label_is_a_word_like_any_other(voice):
    assert fold("__label__") == "label"
    assert fold("__LABEL__1 환불") == "label 1 환불"
    assert "__label__" not in fold("__la__label__bel__ __label____label__")
    assert np.isfinite(voice.predict(["__label__", "__label__0 환불"])).all()


def test_rows_that_fold_to_nothing_teach_nothing(voice):
    odd = [("", 2), ("\n", 2), *ROWS]
    found = FastTextVoice.fit(odd, 3, config=QUICK).predict(["환불 언제"])
    assert found[0, 2] == 0


def test_line_breaks_are_folded(voice):
    assert fold("환불\n 해주세요\r\n") == "환불 해주세요"
    np.testing.assert_array_equal(voice.predict(["환불\n언제"]), voice.predict(["환불 언제"]))


def test_save_load_round_trip(voice, tmp_path):
    voice.save(tmp_path)
    loaded = FastTextVoice.load(tmp_path, 3)
    np.testing.assert_array_equal(loaded.predict(["환불 언제"]), voice.predict(["환불 언제"]))


def test_a_file_that_is_not_fasttext_is_refused(tmp_path):
    (tmp_path / "fasttext.bin").write_bytes(b"nonsense")
    with pytest.raises(ModelDamagedError, match="faqdesk train faq"):
        FastTextVoice.load(tmp_path, 3)


def test_settings_are_checked():
    with pytest.raises(ValueError, match="learning_rate"):
        FastTextConfig(learning_rate=2)
