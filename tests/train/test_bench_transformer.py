"""The benchmark of a shape measures real steps, and its figures belong together."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from support.errors import InputError
from tests.train.small_transformer import CONFIG, one_thread, rows, shape
from train.bench_transformer import learn, measure
from train.transformer_scratch import SHAPES
from web.cli.bench_transformer import transformer


@pytest.fixture(autouse=True, scope="module")
def single():
    with one_thread():
        yield


def test_a_shape_is_timed():
    told = []
    found = measure(
        shape(), batch_size=4, length=8, num_labels=5, steps=6, device="cpu",
        progress=lambda done, total, message: told.append(done),
    )  # fmt: skip
    assert max(told) == 9  # three are not timed
    assert (found["device"], found["precision"], found["peak_mb"]) == ("cpu", "float32", None)
    embeddings = 250 * 16 + 32 * 16 + 2 * 16
    assert found["parameters"] > embeddings
    assert 0 < found["step_ms"]["p50"] <= found["step_ms"]["p99"]
    slowest, quickest = found["step_ms"]["p99"], found["step_ms"]["p50"] / 10
    assert 4000 / slowest * 0.99 <= found["train_texts_per_second"] <= 4000 / quickest


def test_a_shape_learns_from_nothing():
    for seed in range(4):  # one start in six never tells two of the labels apart
        config = replace(CONFIG, num_epochs=20, patience=20, seed=seed)
        found = learn(rows(200, seed=0), rows(60, seed=1), shape=shape("bert"), config=config)
        if found["accuracy"] > 0.8:
            break
    assert (found["n_train"], found["n_test"], found["labels"]) == (200, 60, 3)
    assert found["accuracy"] > 0.8
    assert found["hit@3"] == 1
    assert found["training"]["learned"] == 160


def test_an_unknown_shape_is_told():
    with pytest.raises(InputError, match="Name one of koelectra-small"):
        measure("koelectra-huge")


def write(path, found):
    texts, labels = found
    lines = [
        json.dumps({"title": text.replace("\n", " "), "category": label}, ensure_ascii=False)
        for text, label in zip(texts, labels, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_command_prints_one_object(tmp_path, monkeypatch):
    write(tmp_path / "a.jsonl", rows(120, seed=0))
    write(tmp_path / "b.jsonl", rows(30, seed=1))
    monkeypatch.setitem(SHAPES, "kobert", shape("bert"))
    words = [
        "--shape", "kobert", "--batch", "8", "--length", "16", "--steps", "2", "--epochs", "1",
        "--device", "cpu", "--json",
    ]  # fmt: skip
    files = ["--train", str(tmp_path / "a.jsonl"), "--test", str(tmp_path / "b.jsonl")]
    done = CliRunner().invoke(transformer, [*words, *files])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["batch_size"], found["length"], found["device"]) == (8, 16, "cpu")
    assert (found["learned"]["n_train"], found["learned"]["n_test"]) == (120, 30)
    told = CliRunner().invoke(transformer, words[:-1])
    assert "train_texts_per_second" in told.stdout
    assert CliRunner().invoke(transformer, ["--train", "a.jsonl"]).exit_code == 2
