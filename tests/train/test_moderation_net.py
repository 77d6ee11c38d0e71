"""The network learns, is served by numpy as PyTorch reckons it, and can do without any part."""

from pathlib import Path

import numpy as np
import pytest

from listings.listing import Listing
from listings.moderation.classes import Signals
from listings.moderation.network import ModerationNetwork, NetworkShape, letters
from listings.moderation.picture import DIM, describe, sketch
from listings.moderation.reading import NAMES, read
from tests.train.moderation_rows import examples
from train.moderation_net import _tensors, _weights, build, fit_network

SMALL = NetworkShape(letters=256, dim=12, filters=12, hidden=8, side=4, joined=16, longest=40)


def test_numpy_reckons_as_pytorch_does() -> None:
    import torch

    torch.manual_seed(1)
    net = build(SMALL, 3).eval()
    numbers, sizes = letters(["담배 팝니다 새것", "", "chair", "가"], SMALL)
    draw = np.random.default_rng(0)
    pictures = draw.normal(size=(4, DIM)).astype(np.float32)
    seen = np.array([1, 0, 1, 0], np.float32)
    signals = draw.normal(size=(4, 2 * len(NAMES))).astype(np.float32)
    given = (numbers, sizes, pictures, seen, signals)
    with torch.no_grad():
        theirs = net(*_tensors(torch, *given)).numpy()
    ours = ModerationNetwork(SMALL, _weights(net)).logits(*given)
    assert ours == pytest.approx(theirs, abs=1e-4)
    # A text judged alone is judged as among others: what pads it does not count.
    alone = ModerationNetwork(SMALL, _weights(net)).logits(
        numbers[3:, :1], sizes[3:], pictures[3:], seen[3:], signals[3:]
    )
    assert alone[0] == pytest.approx(ours[3], abs=1e-4)


def test_it_learns_and_is_read_back(tmp_path: Path) -> None:
    rows = examples(80)
    readings = [read(row.listing, row.signals) for row in rows]
    labels = [row.label for row in rows]
    known = sorted(set(labels))
    net = fit_network(readings, labels, known, num_epochs=25, shape=SMALL, share_twisted=0.2)
    scores = net.log_scores(readings)
    assert np.exp(scores).sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)
    right = [known[i] for i in scores.argmax(axis=1)]
    assert np.mean([a == b for a, b in zip(right, labels, strict=True)]) > 0.6
    net.save(tmp_path)
    assert np.array_equal(ModerationNetwork.load(tmp_path).log_scores(readings), scores)


def test_nothing_known_is_judged_too() -> None:
    net = ModerationNetwork(SMALL, _weights(build(SMALL, 3)))
    readings = [read(Listing("")), read(Listing("의자"), Signals(repeats=3))]
    assert np.isfinite(net.log_scores(readings)).all()
    assert net.log_scores([]).shape == (0, 3)


def test_pictures_become_numbers(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (40, 30), (255, 0, 0)).save(tmp_path / "red.png")
    numbers, seen = sketch([(tmp_path / "red.png",), (), (tmp_path / "gone.png",)])
    assert seen.tolist() == [1, 0, 0]
    assert numbers[1:].any() == np.False_
    assert numbers[0].reshape(16, 9)[:, 0] == pytest.approx(np.full(16, 0.5))  # red, less a half
    assert describe(np.zeros((0, 32, 32, 3), np.uint8)).shape == (0, DIM)
