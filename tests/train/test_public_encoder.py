import numpy as np
import pytest
from scipy import sparse

from support.artifact import read_artifact
from support.encoder import SentenceEncoder
from support.errors import JobCancelledError
from train.piece_training import Lessons, TrainingConfig, lexical_cosines, train_pieces
from train.public_card import sources_table
from train.public_encoder import (
    PublicEncoderConfig,
    first_vectors,
    rarity,
    train_public_encoder,
)

CONFIG = PublicEncoderConfig(
    runs=300,
    others=200,
    dim=16,
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


def rows(*texts, size=8):
    """Counts of texts that are given by their pieces."""
    found = np.zeros((len(texts), size), dtype=np.float32)
    for i, text in enumerate(texts):
        np.add.at(found[i], text, 1)
    return sparse.csr_matrix(found)


def test_rarity_by_hand():
    np.testing.assert_allclose(
        rarity(rows([0, 0, 1], [0], size=3)), np.log([3 / 3, 3 / 2, 3 / 1]), rtol=1e-6
    )


def test_first_vectors_are_as_long_as_rare_and_nearly_apart():
    rare = np.array([1, 2, 4], dtype=np.float32)
    vectors = first_vectors(rare, PublicEncoderConfig(dim=2_000, rarity=1.0))
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths / lengths[0], rare, rtol=0.1)
    assert abs(vectors[0] @ vectors[2]) < 0.1 * lengths[0] * lengths[2]


def test_exact_cosines_by_hand():
    """The second text holds the first's piece and another that is twice as rare."""
    rare = np.array([1, 2], dtype=np.float32)
    cosines = lexical_cosines(rows([0], [0, 1], [1, 1], size=2), rare)
    root = np.sqrt(5)
    expected = [[1, 1 / root, 0], [1 / root, 1, 2 / root], [0, 2 / root, 1]]
    np.testing.assert_allclose(cosines, expected, atol=1e-6)


def test_training_brings_together_what_says_the_same():
    vectors = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    groups = rows(*([i // 2 + 4 * (i % 2)] for i in range(8)))  # 0 with 4, 1 with 5, ...
    graded = (rows(), rows(), np.zeros(0, np.float32))
    lessons = Lessons(graded, groups, [2] * 4, [], np.ones(8, np.float32))
    config = TrainingConfig(num_steps=60, learning_rate=0.05, lexical=0)
    trained = train_pieces(vectors, lessons, config=config, told=lambda share: None)
    units = trained / np.linalg.norm(trained, axis=1, keepdims=True)
    nearest = (units[:4] @ units[4:].T).argmax(axis=1)
    assert nearest.tolist() == [0, 1, 2, 3]


def test_training_orders_by_degree():
    """0 with 1 was found alike, 0 with 2 not at all."""
    vectors = np.eye(8, 8, dtype=np.float32)
    graded = (rows([0], [0]), rows([1], [2]), np.array([1, 0], np.float32))
    lessons = Lessons(graded, rows(), [], [], np.ones(8, np.float32))
    config = TrainingConfig(num_steps=40, learning_rate=0.05, lexical=0)
    trained = train_pieces(vectors, lessons, config=config, told=lambda share: None)
    assert trained[0] @ trained[1] > 0.2 > trained[0] @ trained[2] + 0.2


def test_training_keeps_to_the_exact_cosines():
    """Two pieces that share nothing start in one direction, and are drawn apart."""
    vectors = np.array([[1, 0.1], [1, -0.1]], dtype=np.float32)
    graded = (rows([0], size=2), rows([1], size=2), np.array([0.5], np.float32))
    lessons = Lessons(graded, rows(size=2), [], [], np.ones(2, np.float32))
    config = TrainingConfig(num_steps=60, learning_rate=0.05)
    trained = train_pieces(vectors, lessons, config=config, told=lambda share: None)
    units = trained / np.linalg.norm(trained, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] > 0.9
    assert abs(units[0] @ units[1]) < 0.3
