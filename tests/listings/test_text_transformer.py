"""A transformer serving: the same after a round trip, whatever is asked beside it."""

import json
import shutil
import subprocess
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from listings.text_transformer import TextTransformer
from listings.transformer_engine import engines, pad
from support.errors import ModelDamagedError, ModelMissingError
from tests.train.small_transformer import CONFIG, learned, one_thread, rows

ROOT = Path(__file__).parents[2]
SHOES = "Clothing > Shoes"
ASKED = [
    "거의 새것 운동화 팝니다",
    "clean novel",
    "brand new charger 급하게 팝니다 상태 좋은",
    "boots",
]


@pytest.fixture(autouse=True, scope="module")
def single():
    with one_thread():
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return learned(tmp_path_factory.mktemp("begin"), "bert")


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    model.save(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "model")
    return tmp_path / "model"


def test_a_round_trip_changes_nothing(model, saved):
    loaded = TextTransformer.load(saved, model.labels, device="cpu")
    assert (loaded.log_scores(ASKED) == model.log_scores(ASKED)).all()
    assert loaded.words(ASKED[0], 0) == model.words(ASKED[0], 0)
    assert (loaded.labels, loaded.notes) == (model.labels, model.notes)


def test_others_read_the_folder_and_cut_alike(model, saved):
    _, transformers = engines()
    place = str(saved / "transformer")
    tokenizer = transformers.AutoTokenizer.from_pretrained(place, local_files_only=True)
    assert [tokenizer(text)["input_ids"] for text in ASKED] == model.pieces.encode(ASKED)
    config = transformers.AutoConfig.from_pretrained(place, local_files_only=True)
    assert list(config.id2label.values()) == model.labels


def test_neighbours_in_a_batch_do_not_matter(model):
    texts = rows(60, seed=5)[0]
    together = model.log_scores(texts)
    for i in (0, 31, 59):
        assert model.log_scores([texts[i]])[0] == pytest.approx(together[i], abs=1e-5)
    assert np.exp(together).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert together.dtype == np.float32
    assert model.log_scores([]).shape == (0, 3)


def test_a_blank_text_gets_how_often_each_label_was_seen(model):
    scores = model.log_scores(["", ASKED[0], " \n"])
    assert (scores[[0, 2]] == model.priors).all()
    assert scores[1].argmax() == model.labels.index(SHOES)
    assert model.words("  ", 0) == []


def test_what_is_beyond_the_length_is_not_read(model):
    long = "brand new sneakers " + "clean " * 40
    assert len(model.pieces.encode([long])[0]) == CONFIG.max_length
    far = model.log_scores([long, long + "novel " * 9])
    assert far[0] == pytest.approx(far[1], abs=1e-5)  # a place in a batch may change the last digit
    assert model.pieces.encode([long + "novel " * 9]) == model.pieces.encode([long])


def test_hangul_taken_apart_is_read_as_whole(model):
    apart = unicodedata.normalize("NFD", ASKED[0])
    assert apart != ASKED[0]
    assert model.pieces.encode([apart]) == model.pieces.encode([ASKED[0]])


def test_the_word_that_names_the_goods_speaks_for_them(model):
    words = model.words("급하게 운동화 팝니다 운동화", model.labels.index(SHOES), limit=2)
    assert words[0].word == "운동화"
    assert all(one.weight >= other.weight > 0 for one, other in pairwise(words))
    against = model.words("급하게 운동화 팝니다", model.labels.index("Leisure > Books"))
    assert "운동화" not in [item.word for item in against]


def test_batches_are_filled_up():
    ids, mask = pad([[2, 7, 3], [2, 3]], 9, multiple=4)
    assert ids.tolist() == [[2, 7, 3, 9], [2, 3, 9, 9]]
    assert mask.tolist() == [[1, 1, 1, 0], [1, 1, 0, 0]]


def test_no_model_is_told_from_a_broken_one(folder, tmp_path):
    with pytest.raises(ModelMissingError, match="faqdesk train category"):
        TextTransformer.load(tmp_path)
    for name in ("model.safetensors", "tokenizer.json", "faqdesk.json", "config.json"):
        path = folder / "transformer" / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ModelDamagedError, match="Train it again"):
            TextTransformer.load(folder)
        path.write_bytes(whole)
    TextTransformer.load(folder)


def test_other_labels_are_refused(folder, model):
    with pytest.raises(ModelDamagedError, match="3 labels that are not the 2"):
        TextTransformer.load(folder, model.labels[:2])
    path = folder / "transformer" / "faqdesk.json"
    notes = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(notes | {"labels": ["one"], "priors": [0.0]}), encoding="utf-8")
    with pytest.raises(ModelDamagedError, match="names 1 labels and has 3 outputs"):
        TextTransformer.load(folder)


def test_weights_in_a_pickle_are_not_read(folder, model):
    torch, _ = engines()
    place = folder / "transformer"
    (place / "model.safetensors").unlink()
    torch.save(model.model.state_dict(), place / "pytorch_model.bin")
    with pytest.raises(ModelDamagedError, match=r"model\.safetensors"):
        TextTransformer.load(folder)


def test_importing_it_waits_for_torch():
    code = (
        "import sys, listings.text_transformer, train.transformer\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
