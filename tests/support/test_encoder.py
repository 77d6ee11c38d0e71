import subprocess
import sys

import numpy as np
import pytest

from support.encoder import SentenceEncoder
from support.errors import EmptyTextError, ModelDamagedError, ModelMissingError
from train.encoder import EncoderConfig, fit_encoder, import_encoder

TEXTS = [
    f"{thing} {action} {end}"
    for thing in ("환불", "배송", "비밀번호", "refund", "parcel", "안전결제", "계정")
    for action in ("언제 되나요", "신청하고 싶어요", "is not working", "안돼요 도와주세요", "취소")
    for end in ("감사합니다", "please", "ㅠㅠ")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("models") / "encoder"
    fit_encoder(TEXTS, folder=target, config=EncoderConfig(vocabulary=300, dim=16, learned=8))
    return target


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A BERT of two tiny layers with random weights, as sentence-transformers saves it."""
    from support.torch_engine import import_torchvision

    import_torchvision()
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    place = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "refund", "parcel", "환불", "배송"]
    (place / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    model = BertModel(
        BertConfig(
            vocab_size=len(words),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=16,
        )
    )
    model.save_pretrained(place / "hf")
    BertTokenizerFast(vocab=str(place / "vocab.txt")).save_pretrained(place / "hf")
    transformer = Transformer(str(place / "hf"))
    pooling = Pooling(transformer.get_embedding_dimension())
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(str(place / "st"))
    return place / "st"


def test_rows_are_unit_float32(folder):
    encoder = SentenceEncoder.load(folder)
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_one_by_one_is_the_same_as_together(folder):
    encoder = SentenceEncoder.load(folder)
    alone = np.vstack([encoder.encode([text]) for text in TEXTS[:5]])
    np.testing.assert_allclose(alone, encoder.encode(TEXTS[:5]), atol=1e-6)


def test_texts_that_share_words_are_nearer(folder):
    encoder = SentenceEncoder.load(folder)
    asked, near, far = encoder.encode(["환불 언제 되나요", "환불 취소", "parcel please"])
    assert asked @ near > asked @ far


def test_unknown_signs_still_have_a_direction(folder):
    assert np.linalg.norm(SentenceEncoder.load(folder).encode(["ΩΩΩ 😀"])) == pytest.approx(1)


@pytest.mark.parametrize("text", ["", " \n", "　"])
def test_blank_text_is_refused(folder, text):
    with pytest.raises(EmptyTextError):
        SentenceEncoder.load(folder).encode(["환불", text])


def test_no_text_gives_no_rows(folder):
    assert SentenceEncoder.load(folder).encode([]).shape == (0, 16)


def test_the_version_is_that_of_the_weights(folder, tmp_path):
    again = tmp_path / "again"
    other = tmp_path / "other"
    import_encoder(str(folder), again)
    fit_encoder(TEXTS, folder=other, config=EncoderConfig(vocabulary=300, dim=8, learned=4))
    version = SentenceEncoder.load(folder).version
    assert SentenceEncoder.load(again).version == version
    assert SentenceEncoder.load(other).version != version


def test_sentence_transformers_gives_the_same_vectors(folder):
    from support.torch_engine import load_sentence_transformer

    theirs = load_sentence_transformer(str(folder))
    ours = SentenceEncoder.load(folder)
    texts = [*TEXTS, "ΩΩΩ", "환불환불 Ｆｕｌｌ－ｗｉｄｔｈ"]
    np.testing.assert_allclose(
        theirs.encode(texts, show_progress_bar=False), ours.encode(texts), atol=1e-5
    )


def test_a_static_model_of_others_is_copied_and_read_without_torch(folder, tmp_path):
    import_encoder(str(folder), tmp_path / "copy")
    np.testing.assert_array_equal(
        SentenceEncoder.load(tmp_path / "copy").encode(TEXTS),
        SentenceEncoder.load(folder).encode(TEXTS),
    )


def test_any_other_model_is_copied_and_used(bert, tmp_path):
    import_encoder(str(bert), tmp_path / "copy")
    copied = SentenceEncoder.load(tmp_path / "copy")
    vectors = copied.encode(["refund parcel", "환불", "배송 환불"])
    assert vectors.shape == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(SentenceEncoder.load(str(bert)).encode(["환불"]), vectors[1:2])


def test_a_damaged_copy_is_refused(bert, tmp_path):
    import_encoder(str(bert), tmp_path / "copy")
    (tmp_path / "copy" / "model" / "modules.json").write_text("[]")
    with pytest.raises(ModelDamagedError, match="faqdesk train encoder"):
        SentenceEncoder.load(tmp_path / "copy")


def test_a_missing_folder_says_how_to_train(tmp_path):
    with pytest.raises(ModelMissingError, match="faqdesk train encoder"):
        SentenceEncoder.load(tmp_path / "none")


def test_a_foreign_static_folder_that_is_broken_is_refused(folder, tmp_path):
    (tmp_path / "modules.json").write_bytes((folder / "modules.json").read_bytes())
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelDamagedError, match="cannot be read"):
        SentenceEncoder.load(tmp_path)


def test_serving_imports_neither_torch_nor_scikit_learn(folder):
    code = (
        "import sys; from support.encoder import SentenceEncoder; import support.faq; "
        f"SentenceEncoder.load({str(folder)!r}).encode(['환불']); "
        "heavy = {'torch', 'sklearn', 'transformers', 'sentence_transformers'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
