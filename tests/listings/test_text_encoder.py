"""A text model over a sentence encoder: learned once, served from its own folder."""

import shutil

import numpy as np
import pytest

from listings.text_encoder import EncoderText, read
from listings.text_model import load_text_model
from support.encoder import SentenceEncoder
from support.errors import ModelDamagedError, ModelMissingError
from support.shipped import load_shipped
from tests.train.goods import PATHS, goods
from train.category import CategoryConfig, fit_category
from train.category_text import fit_text_model
from train.remembering import RememberingEngine

ASKED = ["an old desk\nwith a drawer", "", " \n ", "desk", "ㅁㄴㅇ 책상"]


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    listings, paths = goods(tmp_path_factory.mktemp("goods"), 160)
    texts = [listing.text for listing in listings]
    folder = tmp_path_factory.mktemp("encoder")
    load_shipped().engine.save(folder)
    model, settings = fit_text_model("encoder", texts, paths, encoder=folder)
    return model, settings, folder


def test_it_knows_new_listings_by_what_words_mean(learned, tmp_path):
    model, settings, _ = learned
    listings, paths = goods(tmp_path, 80, seed=1)
    scores = model.log_scores([listing.text for listing in listings])
    right = [model.labels[i] == path for i, path in zip(scores.argmax(1), paths, strict=True)]
    assert np.mean(right) > 0.7
    assert settings["penalty"] > 0
    assert np.exp(scores).sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_blank_text_gets_every_category_alike(learned):
    model, _, _ = learned
    scores = model.log_scores(ASKED)
    assert scores.shape == (5, len(PATHS))
    assert np.isfinite(scores).all()
    assert np.exp(scores[1:3]) == pytest.approx(1 / len(PATHS))
    assert model.log_scores([]).shape == (0, len(PATHS))
    assert model.words("desk", 0) == []


def test_a_folder_says_the_same_without_the_encoder_it_came_from(learned, tmp_path):
    model, _, _ = learned
    model.save(tmp_path / "model")
    loaded = load_text_model(tmp_path / "model", "encoder", model.labels)
    np.testing.assert_allclose(loaded.log_scores(ASKED), model.log_scores(ASKED), atol=2e-3)
    (tmp_path / "model" / "dense.safetensors").unlink()
    with pytest.raises(ModelDamagedError, match="faqdesk train category"):
        EncoderText.load(tmp_path / "model", model.labels)
    model.save(tmp_path / "other")
    shutil.rmtree(tmp_path / "other" / "encoder")
    with pytest.raises(ModelMissingError):
        EncoderText.load(tmp_path / "other", model.labels)


def test_a_title_alone_is_encoded_once():
    asked = []

    class Counting:
        dim = 2

        def __call__(self, texts):
            asked.extend(texts)
            return np.array([[3.0, 4.0]] * len(texts), np.float32)

        def save(self, folder):
            raise NotImplementedError

    engine = RememberingEngine(Counting())
    found = read(SentenceEncoder(engine, "v"), ["desk", "desk\nof oak", ""])
    assert asked == ["desk", "desk\nof oak"]
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 0])
    read(SentenceEncoder(engine, "v"), ["desk"])
    assert len(asked) == 2


def test_without_a_name_it_is_the_encoder_that_comes_with_the_project(learned):
    model, _, _ = learned
    texts = ["an oak desk", "a straw hat"] * 8
    found, _ = fit_text_model("encoder", texts, ["Desks", "Hats"] * 8)
    assert found.encoder.dim == model.encoder.dim
    assert found.log_scores(["desk"]).argmax() == 0
    with pytest.raises(ModelMissingError, match="nowhere"):
        fit_text_model("encoder", texts, ["Desks", "Hats"] * 8, encoder="/nowhere")


def test_it_is_a_voice_beside_the_others(learned, tmp_path):
    _, _, folder = learned
    listings, paths = goods(tmp_path, 160)
    config = CategoryConfig(texts=("linear", "encoder"), encoder=folder, image=None)
    report = fit_category(listings, paths, folder=tmp_path / "model", config=config)
    assert "encoder" in report.ensemble.situations[0].voices
    assert (tmp_path / "model" / "encoder" / "encoder").is_dir()
    assert CategoryConfig.from_dict(config.as_dict()).as_dict() == config.as_dict()
