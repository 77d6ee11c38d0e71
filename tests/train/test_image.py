"""Picture models: they learn, survive being killed, and serve what was trained."""

from dataclasses import replace

import numpy as np
import pytest

from listings.image_model import ImageModel
from support.errors import (
    JobCancelledError,
    ModelDamagedError,
    ModelMissingError,
    SettingError,
    TooFewLabelsError,
)
from tests.listings.drawn import draw
from train.image import fit_image_model
from train.image_config import ImageConfig
from train.image_engine import engines
from train.image_loop import ImageTraining
from train.image_nets import build_net, start_from
from train.image_store import LabelledPictures, hold_out, read_store

CONFIG = ImageConfig(
    side=32, num_epochs=3, batch_size=16, judgements=3, mixing=0.2, learning_rate=1e-3
)


@pytest.fixture(autouse=True, scope="module")
def single():
    torch, _ = engines()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    paths, labels = draw(tmp_path_factory.mktemp("photos"), 90)
    return [[path] for path in paths], labels


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    paths, labels = draw(tmp_path_factory.mktemp("others"), 30, seed=1)
    return [[path] for path in paths], labels


@pytest.fixture
def read(tmp_path):
    def store(*sets, side=32):
        return read_store(tmp_path / "pixels.npy", sets, side=side, progress=lambda *_: None)

    return store


def share_right(model, pictures, labels):
    found = model.log_scores(pictures).argmax(axis=1)
    return np.mean([model.labels[i] == label for i, label in zip(found, labels, strict=True)])


def test_patches_learn_shapes_and_come_back_from_a_folder(photos, others, tmp_path):
    model = fit_image_model("patches", *photos)
    assert (model.name, model.labels) == ("patches", ["Ball", "Box", "Flag"])
    assert share_right(model, *others) >= 0.9
    model.save(tmp_path)
    before, after = (one.log_scores(others[0]) for one in (model, ImageModel.load(tmp_path)))
    assert after == pytest.approx(before, abs=1e-5)


def test_patches_of_a_seed_are_the_same_again(photos, others):
    one, same = (fit_image_model("patches", *photos, seed=3) for _ in range(2))
    assert one.log_scores(others[0]) == pytest.approx(same.log_scores(others[0]), abs=1e-5)


def test_a_network_and_patches_together_learn_and_are_served_as_judged(photos, others, tmp_path):
    told = []
    model = fit_image_model(
        "patches+compact_resnet", *photos, minutes=1, config=CONFIG, device="cpu",
        beside=[LabelledPictures(*others)], progress=lambda *now: told.append(now),
    )  # fmt: skip
    assert [voice.name for voice in model.voices] == ["patches", "net"]
    assert model.side == 32
    assert model.labels == ["Ball", "Box", "Flag"]
    assert share_right(model, *others) >= 0.9
    done = [now[0] for now in told]
    assert done == sorted(done)
    assert told[-1][:2] == (1000, 1000)
    model.save(tmp_path)
    loaded = ImageModel.load(tmp_path, threads=1)
    assert loaded.log_scores(others[0]) == pytest.approx(model.log_scores(others[0]), abs=1e-4)


def training(store, judged, **changes):
    torch, _ = engines()
    torch.manual_seed(0)
    net = build_net("compact_resnet", outputs=store.spans[-1][1], side=32, dropout=0.0)
    config = replace(CONFIG, **changes)
    return ImageTraining(net, store, judged, config=config, minutes=5, known=False)


def test_a_killed_training_goes_on_to_the_very_same_weights(photos, read):
    store = read(LabelledPictures(*photos))
    judged = hold_out(store, None, 0.2, 0)
    whole = training(store, judged, num_epochs=2)
    whole.run(progress=lambda *_: None)
    kept = []

    def killed(done, total, message):
        if len(kept) == 3:
            raise JobCancelledError("enough")

    first = training(store, judged, num_epochs=2, checkpoint_seconds=0)
    with pytest.raises(JobCancelledError):
        first.run(progress=killed, save=lambda *state: kept.append(clone(state)))
    second = training(store, judged, num_epochs=2)
    second.restore(*kept[-1])
    assert second.at.step == 3
    second.run(progress=lambda *_: None)
    assert second.log_scores(judged) == pytest.approx(whole.log_scores(judged), abs=1e-4)
    assert [row["accuracy"] for row in second.at.history] == [
        row["accuracy"] for row in whole.at.history
    ]


def clone(state):
    torch, _ = engines()
    import io

    target = io.BytesIO()
    torch.save(state, target)
    target.seek(0)
    return torch.load(target, weights_only=True)


def test_a_killed_run_goes_on_from_its_checkpoint(photos, tmp_path):
    told = []

    def run_until(step):
        def kill(done, total, message):
            told.append(message)
            if f"step {step}," in message:
                raise JobCancelledError("enough")

        told.clear()
        with pytest.raises(JobCancelledError):
            fit_image_model(
                "compact_resnet", *photos, minutes=1, device="cpu", checkpoints=tmp_path,
                config=replace(CONFIG, checkpoint_seconds=0), progress=kill,
            )  # fmt: skip

    run_until(3)
    assert not any("going on" in message for message in told)
    run_until(4)
    assert any("going on at epoch 1, step 4" in message for message in told)
    assert not any("step 3," in message for message in told)


def test_training_stops_when_nothing_gets_better(photos, read):
    store = read(LabelledPictures(*photos))
    judged = hold_out(store, None, 0.2, 0)
    still = training(store, judged, num_epochs=50, learning_rate=1e-12, patience=1, judgements=40)
    still.run(progress=lambda *_: None)
    assert still.at.stopped == "patience"
    assert still.at.judged < 40


def test_training_stops_when_what_is_said_gets_surer_of_the_wrong(photos, read, monkeypatch):
    """Better than the worst so far is no progress."""
    store = read(LabelledPictures(*photos))
    judged = hold_out(store, None, 0.2, 0)
    run = training(store, judged, num_epochs=50, patience=2, judgements=40)
    sure = iter([1.0, 2.0, 1.5, 1.6, 1.7, *[1.8] * 40])  # best at the second judgement

    def said(rows):
        right = store.targets[rows] == 0
        logits = np.zeros((len(rows), len(store.labels)), np.float32)
        logits[:, 0] = np.where(right, 1.0, -1.0) * next(sure)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    monkeypatch.setattr(run, "log_scores", said)
    run.run(progress=lambda *_: None)
    assert (run.at.stopped, run.at.judged) == ("patience", 4)


def test_what_is_held_out_keeps_groups_whole_and_leaves_every_label(photos, read):
    store = read(LabelledPictures(*photos))
    groups = [i // 9 for i in range(len(photos[0]))]
    held = hold_out(store, groups, 0.3, 0)
    apart = {groups[i] for i in store.listings[held]}
    kept = np.setdiff1d(store.own, held)
    assert apart
    assert not apart & {groups[i] for i in store.listings[kept]}
    assert set(store.targets[kept]) == {0, 1, 2}


def test_sets_stand_side_by_side_and_broken_files_are_told(photos, others, read, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"nothing")
    first = LabelledPictures([*photos[0][:3], [bad], []], [*photos[1][:3], "Box", "Flag"])
    second = LabelledPictures([others[0][0] + others[0][1]], ["Photo"])
    store = read(first, second)
    assert store.pixels.shape == (5, 32, 32, 3)
    assert store.labels == ["Ball", "Box", "Flag"]
    assert store.spans == ((0, 3), (3, 4))
    assert store.targets.tolist() == [1, 0, 2, 3, 3]
    assert store.listings.tolist() == [0, 1, 2, 5, 5]
    assert [one.path for one in store.broken] == [bad]


def test_one_label_or_no_picture_is_refused(photos, tmp_path):
    with pytest.raises(TooFewLabelsError, match="None of the labelled"):
        fit_image_model("patches", [[], []], ["Box", "Ball"])
    with pytest.raises(TooFewLabelsError, match="1 label"):
        fit_image_model("patches", photos[0][:2], ["Box", "Box"])
    with pytest.raises(TooFewLabelsError, match="single listing"):
        fit_image_model("patches", photos[0][:2], ["Box", "Ball"])


@pytest.mark.parametrize("name", ["nonsense", "patches+", "resnet18+resnet34", "patches+patches"])
def test_a_name_of_no_model_is_refused(name, photos):
    with pytest.raises(SettingError):
        fit_image_model(name, *photos)


def test_weights_of_another_task_keep_all_but_the_last_layer(tmp_path):
    torch, _ = engines()
    torch.manual_seed(1)
    published = build_net("mobilenet_v2", outputs=1000, side=32, dropout=0.2)
    path = tmp_path / "weights.pt"
    torch.save(published.state_dict(), path)
    net = build_net("mobilenet_v2", outputs=3, side=32, dropout=0.2)
    before = net.classifier[1].weight.clone()
    start_from(net, "mobilenet_v2", path)
    assert torch.equal(net.features[0][0].weight, published.features[0][0].weight)
    assert torch.equal(net.classifier[1].weight, before)
    with pytest.raises(ModelDamagedError, match="holds no weights of resnet18"):
        start_from(build_net("resnet18", outputs=3, side=32, dropout=0), "resnet18", path)


def test_weights_that_are_not_there_are_refused(tmp_path):
    net = build_net("compact_resnet", outputs=2, side=32, dropout=0)
    with pytest.raises(ModelMissingError, match="no file of weights"):
        start_from(net, "compact_resnet", tmp_path / "none.pt")
    with pytest.raises(SettingError, match="publishes"):
        start_from(net, "compact_resnet", "hub")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    with pytest.raises(ModelDamagedError, match="cannot be read"):
        start_from(net, "compact_resnet", broken)


@pytest.mark.parametrize(
    "wrong", [{"side": 8}, {"minutes": 0}, {"mixing": 2}, {"validation": 0.9}, {"batch_size": 0}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ImageConfig(**wrong)
