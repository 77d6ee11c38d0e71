import numpy as np
import pytest

from support.artifact import read_artifact
from support.encoder import SentenceEncoder
from support.errors import JobCancelledError
from train.piece_features import company, rarity, spelling
from train.piece_training import Lessons, TrainingConfig, train_pieces
from train.public_card import sources_table
from train.public_encoder import PublicEncoderConfig, fit_pieces, train_public_encoder

CONFIG = PublicEncoderConfig(
    pieces=400,
    dim=16,
    spelling=32,
    company=8,
    training=TrainingConfig(num_steps=4, batch_graded=4, batch_groups=8, batch_pairs=(3, 1)),
)


@pytest.fixture(scope="module")
def written(public_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "encoder"
    train_public_encoder(public_folder, folder, config=CONFIG)
    return folder


def test_the_folder_holds_card_licence_and_what_made_it(written):
    config = read_artifact(written, "encoder").config
    assert config["public_config"]["dim"] == config["dim"] == 16
    assert "encoder_config" not in config  # that marks an encoder learned from a desk's own texts
    assert sources_table() in (written / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "kakaobrain" in (written / "LICENSE").read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_vectors(written, public_folder, tmp_path):
    train_public_encoder(public_folder, tmp_path / "again", config=CONFIG)
    assert SentenceEncoder.load(tmp_path / "again").version == SentenceEncoder.load(written).version


def test_sentence_transformers_reads_the_bytes_too(written):
    from support.torch_engine import load_sentence_transformer

    texts = ["환불은 언제 되나요", "my card", "ΩΩΩ", "질문 3 말투 4"]
    theirs = load_sentence_transformer(str(written)).encode(texts, show_progress_bar=False)
    np.testing.assert_allclose(theirs, SentenceEncoder.load(written).encode(texts), atol=1e-5)


def test_cancelling_leaves_nothing(public_folder, tmp_path):
    def cancel(done, total, message):
        if message.startswith("training"):
            raise JobCancelledError("cancelled")

    with pytest.raises(JobCancelledError):
        train_public_encoder(public_folder, tmp_path / "1", config=CONFIG, progress=cancel)
    assert list(tmp_path.iterdir()) == []


def test_frequent_words_leave_no_room_for_whole_forms():
    """One word a thousand times teaches no more than once."""
    words = [f"{stem}{end}" for stem in ("환불", "배송", "주문") for end in ("을", "이", "은")]
    once = fit_pieces(words, size=40).get_vocab()
    often = fit_pieces([*words, *["환불을"] * 1_000], size=40).get_vocab()
    assert once == often


def test_pieces_with_the_same_letters_start_near_each_other():
    pieces = ["환불을", "환불이", "배송"]
    vectors = spelling(pieces, np.ones(3, np.float32), dim=512, seed=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] > 0.4 > vectors[0] @ vectors[2] + 0.2


def test_pieces_with_the_same_company_start_near_each_other():
    """0 and 1 stand before 2, 3 and 4 before 5."""
    counted = [np.array(ids) for ids in ([0, 2], [1, 2], [3, 5], [4, 5])] * 3
    vectors = company(counted, rarity(counted, 6), dim=4, seed=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] > 0.9
    assert abs(vectors[0] @ vectors[3]) < 0.1


def test_rarity_by_hand():
    counted = [np.array([0, 0, 1]), np.array([0])]
    np.testing.assert_allclose(rarity(counted, 3), np.log([3 / 3, 3 / 2, 3 / 1]), rtol=1e-6)


def test_training_brings_together_what_says_the_same():
    vectors = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    groups = [[np.array([i]), np.array([i + 4])] for i in range(4)]
    config = TrainingConfig(num_steps=60, learning_rate=0.05)
    trained = train_pieces(
        vectors, Lessons([], groups, [], []), config=config, told=lambda share: None
    )
    units = trained / np.linalg.norm(trained, axis=1, keepdims=True)
    nearest = (units[:4] @ units[4:].T).argmax(axis=1)
    assert nearest.tolist() == [0, 1, 2, 3]


def test_training_orders_by_degree():
    """0 with 1 was found alike, 0 with 2 not at all."""
    vectors = np.eye(3, 4, dtype=np.float32)
    graded = [(np.array([0]), np.array([1]), 1.0), (np.array([0]), np.array([2]), 0.0)]
    config = TrainingConfig(num_steps=40, learning_rate=0.05)
    trained = train_pieces(
        vectors, Lessons(graded, [], [], []), config=config, told=lambda share: None
    )
    assert trained[0] @ trained[1] > 0.2 > trained[0] @ trained[2] + 0.2
