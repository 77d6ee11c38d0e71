"""Fine-tuning: it learns, stops in time, keeps the best, and survives being killed."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from listings.transformer_engine import engines
from support.errors import JobCancelledError, TooFewLabelsError
from tests.train.small_transformer import CONFIG, learned, one_thread, rows, start
from train.transformer import fit_transformer

ROOT = Path(__file__).parents[2]
TEXTS, LABELS = rows(200, seed=0)
OTHERS = rows(80, seed=1)
CHILD = """
import sys, time
from pathlib import Path
from dataclasses import replace
from tests.train.small_transformer import CONFIG, one_thread, rows
from train.transformer import fit_transformer

def progress(done, total, message):
    print(done, flush=True)
    if done == 13:  # in the middle of an epoch; what kills is waited for
        time.sleep(600)

with one_thread():
    fit_transformer(
        Path(sys.argv[1]), *rows(200, seed=0), config=replace(CONFIG, checkpoint_seconds=0),
        checkpoints=Path(sys.argv[2]), progress=progress, device="cpu",
    )
"""


@pytest.fixture(autouse=True, scope="module")
def single():
    with one_thread():
        yield


@pytest.fixture(scope="module")
def begin(tmp_path_factory):
    return start(tmp_path_factory.mktemp("electra"))


def weights(model):
    return {name: value.cpu().numpy() for name, value in model.model.state_dict().items()}


def apart(one, other):
    return max(float(np.abs(one[name] - other[name]).max()) for name in one)


def fit(begin, **options):
    return fit_transformer(begin, TEXTS, LABELS, **{"config": CONFIG, "device": "cpu"} | options)


@pytest.mark.parametrize("kind", ["electra", "bert"])
def test_it_learns_what_words_say(kind, tmp_path):
    model = learned(tmp_path, kind)
    scores = model.log_scores(OTHERS[0])
    right = [model.labels[i] == label for i, label in zip(scores.argmax(1), OTHERS[1], strict=True)]
    assert sum(right) / len(right) > 0.9  # one in three by chance
    assert np.exp(scores).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert model.labels == sorted(set(LABELS))
    assert (model.notes["learned"], model.notes["judged"]) == (160, 40)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_it_learns_in_half_precision(precision, begin, tmp_path):
    config = replace(CONFIG, num_epochs=12, precision=precision)
    model = fit(begin, config=config, checkpoints=tmp_path)
    assert max(epoch["accuracy"] for epoch in model.notes["history"]) > 0.6
    assert {str(value.dtype) for value in model.model.state_dict().values()} <= {
        "torch.float32",
        "torch.int64",
    }
    (path,) = tmp_path.glob("*/state.pt")
    torch, _ = engines()
    scaler = torch.load(path, weights_only=True)["scaler"]
    assert bool(scaler) == (precision == "float16")


def test_it_stops_where_nothing_gets_better_and_keeps_the_best(begin):
    labels = list(np.random.default_rng(0).permutation(LABELS))  # nothing to be learned
    judged = list(range(40))
    config = replace(CONFIG, num_epochs=40, patience=2)
    model = fit_transformer(begin, TEXTS, labels, validation=judged, config=config, device="cpu")
    notes = model.notes
    assert notes["stopped"] == "patience"
    assert len(notes["history"]) < 40
    best = notes["history"][notes["best_epoch"] - 1]
    assert best["accuracy"] == max(epoch["accuracy"] for epoch in notes["history"])
    scores = model.log_scores([TEXTS[i] for i in judged])
    right = [model.labels[scores[i].argmax()] == labels[i] for i in judged]
    assert np.mean(right) == pytest.approx(best["accuracy"])


def test_the_log_loss_can_decide_what_is_kept(begin):
    notes = fit(begin, config=replace(CONFIG, keep_by="log_loss")).notes
    losses = [epoch["log_loss"] for epoch in notes["history"]]
    assert notes["best_epoch"] == 1 + losses.index(min(losses))


def test_killed_it_goes_on_to_the_same_weights(begin, tmp_path):
    folder = tmp_path / "checkpoints"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(begin), str(folder)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == "13":
                break
        child.kill()
        assert child.wait() == -signal.SIGKILL
    told = []
    again = fit(
        begin,
        config=replace(CONFIG, checkpoint_seconds=3600),
        checkpoints=folder,
        progress=lambda done, total, message: told.append((done, message)),
    )
    assert told[0] == (13, "going on at epoch 2, step 4")
    assert [done for done, _ in told[1:3]] == [14, 15]
    whole = fit(begin)
    assert apart(weights(again), weights(whole)) < 1e-5
    assert [
        {k: pytest.approx(v) for k, v in epoch.items()} for epoch in whole.notes["history"]
    ] == (again.notes["history"])


def test_a_finished_training_is_not_done_twice(begin, tmp_path):
    model = fit(begin, checkpoints=tmp_path)
    told = []
    again = fit(begin, checkpoints=tmp_path, progress=lambda *report: told.append(report))
    assert len(told) == 1
    assert apart(weights(again), weights(model)) == 0


def cancel_at(step):
    def progress(done, total, message):
        if done == step:
            raise JobCancelledError("Cancelled.")

    return progress


def test_checkpoints_of_another_training_are_told_of_and_left_alone(begin, tmp_path):
    often = replace(CONFIG, checkpoint_seconds=0)
    with pytest.raises(JobCancelledError):
        fit(begin, config=often, checkpoints=tmp_path, progress=cancel_at(5))
    left = {path: path.read_bytes() for path in tmp_path.glob("*/*.pt")}
    assert left
    told = []
    fit(
        begin,
        config=replace(often, num_epochs=1, seed=1),
        checkpoints=tmp_path,
        progress=lambda done, total, message: told.append((done, message)),
    )
    assert told[0][0] == 0
    assert (
        "is of another training (num_epochs, seed, validation_rows differ): left alone"
        in told[0][1]
    )
    assert {path: path.read_bytes() for path in left} == left
    assert len(list(tmp_path.iterdir())) == 2
    # The second one ended: the next training clears it away, and the first one goes on.
    told.clear()
    fit(begin, config=often, checkpoints=tmp_path, progress=lambda *report: told.append(report))
    assert told[0][2] == "going on at epoch 1, step 6"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_broken_checkpoint_is_told_of_and_begun_anew(begin, tmp_path):
    often = replace(CONFIG, checkpoint_seconds=0)
    with pytest.raises(JobCancelledError):
        fit(begin, config=often, checkpoints=tmp_path, progress=cancel_at(5))
    (state,) = tmp_path.glob("*/state.pt")
    state.write_bytes(state.read_bytes()[:1000])
    told = []
    fit(begin, checkpoints=tmp_path, progress=lambda *report: told.append(report))
    assert told[0][0] == 0
    assert "cannot be read" in told[0][2]
    assert told[1][0] == 1


def test_time_runs_out(begin):
    notes = fit(begin, config=replace(CONFIG, minutes=1e-6)).notes
    assert notes["stopped"] == "minutes"
    assert len(notes["history"]) == 1


def test_blank_texts_count_but_teach_nothing(begin):
    texts, labels = [*TEXTS, "  ", "\n"], [*LABELS, "Clothing > Shoes", "Clothing > Shoes"]
    model = fit_transformer(begin, texts, labels, config=replace(CONFIG, num_epochs=1))
    assert (model.notes["learned"], model.notes["judged"]) == (160, 40)
    counts = np.array([labels.count(label) for label in model.labels]) + 1
    assert np.exp(model.priors) == pytest.approx(counts / counts.sum())


def test_labels_come_in_the_order_asked_for(begin):
    names = ["Leisure > Books", "Never seen", "Electronics > Phones", "Clothing > Shoes"]
    model = fit(begin, label_set=names, validation=list(range(40)))
    assert model.labels == names
    scores = model.log_scores(TEXTS[:40])
    assert set(scores.argmin(1)) == {1}  # what never came is what it expects least
    right = [names[i] == label for i, label in zip(scores.argmax(1), LABELS, strict=False)]
    # Some starts never tell two of the three apart: see `learned`.
    assert np.mean(right) > 0.5
    assert np.mean(right) == pytest.approx(max(e["accuracy"] for e in model.notes["history"]))


def test_rows_of_other_labels_are_left_out(begin):
    model = fit(begin, label_set=sorted(set(LABELS))[:2], config=replace(CONFIG, num_epochs=1))
    kept = sum(label in model.labels for label in LABELS)
    assert model.notes["learned"] + model.notes["judged"] == kept
    assert np.exp(model.priors).sum() == pytest.approx(1)


def test_a_trained_one_is_where_another_can_start(begin, tmp_path):
    first = fit(begin, config=replace(CONFIG, num_epochs=1))
    first.save(tmp_path)
    labels = [label.split(" > ")[0] + str(i % 2) for i, label in enumerate(LABELS)]
    second = fit_transformer(
        tmp_path / "transformer", TEXTS, labels, config=replace(CONFIG, num_epochs=1)
    )
    assert len(second.labels) == 6
    assert second.pieces.encode(TEXTS[:3]) == first.pieces.encode(TEXTS[:3])


def test_one_label_is_too_few(begin):
    with pytest.raises(TooFewLabelsError, match="two labels or more"):
        fit_transformer(begin, TEXTS, ["all"] * len(TEXTS), config=CONFIG)


@pytest.mark.parametrize(
    "change",
    [{"num_epochs": 0}, {"warmup": 1}, {"validation": 0.9}, {"max_length": 2}, {"minutes": 0},
     {"learning_rate": 0}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(change):
    (name,) = change
    with pytest.raises(ValueError, match=name):
        replace(CONFIG, **change)
