"""Trains a picture model: a network, a classifier over patches, or both.

mobilenet_v2                 a network by name, see `train/image_nets.py`
patches                      quick, for few photos: `train/image_patches.py`
patches+compact_resnet       both, with weights learned on listings held out
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from listings.image_model import ImageModel, PictureVoice
from listings.image_patches import PatchVoice
from listings.patch_filters import SIDE
from support.blend import log_normalize
from support.errors import SettingError
from support.scratch import scratch

from .checkpoints import Checkpoints
from .image_config import ImageConfig
from .image_engine import best_device, engines
from .image_export import export_net
from .image_loop import ImageTraining
from .image_nets import build_net, check_name, start_from
from .image_patches import fit_patches
from .image_store import LabelledPictures, Positions, Store, hold_out, read_store
from .progress import Progress, Steps, silent

PATCHES: Final = PatchVoice.name
_SIDE: Final = 112  # where there are no weights: small networks see enough in it
_WHOLE_SIDE: Final = ("vit_", "maxvit", "inception")  # cut into parts that fit no smaller one
_CALIBRATION: Final = 128  # pictures that show how large a network's numbers get
_EXPORT: Final = 0.05  # share of the minutes that writing the network may take


def fit_image_model(
    name: str,
    pictures: Sequence[Sequence[Path]],
    labels: Sequence[str],
    *,
    weights: str | Path | None = None,
    seed: int = 0,
    minutes: float = 20.0,
    progress: Progress = silent,
    groups: Sequence[int] | None = None,
    beside: Sequence[LabelledPictures] = (),
    config: ImageConfig | None = None,
    checkpoints: Path | None = None,
    device: str | None = None,
) -> ImageModel:
    """Train a picture model.

    Args:
        name: a network's name, "patches", or both joined by "+".
        pictures: of each listing its files; any number, also none.
        labels: of each listing its category path.
        weights: what the network starts with: "hub", a file, or None for random numbers.
        seed: of everything drawn.
        minutes: at most, of the CPU, or of the clock where there is a GPU.
        progress: told thousandths done, 1000 and a message; may raise.
        groups: of each listing; those of a group are on one side when some are held out. None:
            every listing stands alone.
        beside: other labelled pictures that the network learns to see on as well, with labels of
            their own; patches learn from them what photos look like.
        config: other settings; its seed and minutes give way to those above.
        checkpoints: a folder outside `models/`; a killed training goes on from there.
        device: such as `cpu`; a GPU where there is one by default.

    Raises:
        SettingError: there is no model of that name.
        TooFewLabelsError: readable pictures of at least two labels are needed, and of one of them
            from two listings.
        ModelMissingError: the weights are not there and cannot be fetched.
        ModelDamagedError: the weights cannot be read, or are those of another network.
        ValueError: a setting is out of its range.
    """
    parts = _parts(name)
    config = replace(config or ImageConfig(), seed=seed, minutes=minutes)
    started = time.process_time()
    side = config.side or _usual_side(parts, weights)
    steps = Steps(progress, {"pictures": 5, "patches": 15, "network": 75, "export": 5})
    sets = [LabelledPictures(pictures, labels), *beside]
    with scratch("train") as folder:
        steps.start("pictures")
        path = folder / "pixels.npy"
        store = read_store(path, sets, side=side, progress=_within(steps))
        judged = hold_out(store, groups, config.validation, seed)
        voices: list[PictureVoice] = []
        told: list[npt.NDArray[np.float32]] = []
        if PATCHES in parts:
            steps.start("patches")
            patches, scores = fit_patches(store, judged, seed=seed, progress=_within(steps))
            voices.append(patches)
            told.append(scores)
        for part in parts:
            if part != PATCHES:
                left = minutes - (time.process_time() - started) / 60
                net, scores = _fit_net(
                    part, store, judged, config=config, weights=weights,
                    minutes=max(left, 0.1 * minutes) * (1 - _EXPORT), device=device,
                    checkpoints=checkpoints, steps=steps,
                )  # fmt: skip
                voices.append(net)
                told.append(scores)
        shares = _weigh(store, judged, told)
    progress(1000, 1000, "")
    return ImageModel(name, store.labels, voices, shares)


def _fit_net(
    name: str, store: Store, judged: Positions, *, config: ImageConfig,
    weights: str | Path | None, minutes: float, device: str | None, checkpoints: Path | None,
    steps: Steps,
) -> tuple[PictureVoice, npt.NDArray[np.float32]]:  # fmt: skip
    torch, _ = engines()
    steps.start("network")
    side = store.pixels.shape[1]
    torch.manual_seed(config.seed)
    net = build_net(name, outputs=store.spans[-1][1], side=side, dropout=config.dropout)
    if weights is not None:
        start_from(net, name, weights, progress=_within(steps))
    net = net.to(device or best_device(), memory_format=torch.channels_last)
    training = ImageTraining(
        net, store, judged, config=config, minutes=minutes, known=weights is not None
    )
    kept = None
    if checkpoints is not None:
        about = {**asdict(config), "net": name, "side": side, "weights": str(weights)}
        kept = Checkpoints(checkpoints, {**about, "pictures": _fingerprint(store, judged)})
        found = kept.find()
        if found.state is not None:
            training.restore(found.state, found.best)
        steps.at(training.share, found.message)
    training.run(progress=_within(steps), save=kept.save if kept else None)
    steps.start("export")
    random = np.random.default_rng(config.seed)
    learned = np.setdiff1d(store.own, judged)
    exported = export_net(
        net.cpu().float(), labels=len(store.labels), side=side, mirror=config.mirror,
        pixels=store.pixels[judged], targets=store.targets[judged],
        calibration=store.pixels[random.permutation(learned)[:_CALIBRATION]],
    )  # fmt: skip
    if kept:
        kept.finish()
    return exported.net, exported.scores


def _parts(name: str) -> list[str]:
    parts = name.split("+")
    if len(set(parts)) != len(parts) or sum(part != PATCHES for part in parts) > 1:
        raise SettingError(
            f"{name!r} is no picture model: name one network, {PATCHES!r}, or both joined by '+'."
        )
    for part in parts:
        if part != PATCHES:
            check_name(part)
    return parts


def _usual_side(parts: Sequence[str], weights: str | Path | None) -> int:
    if parts == [PATCHES]:
        return SIDE
    known = weights is not None or any(part.startswith(_WHOLE_SIDE) for part in parts)
    return 224 if known else _SIDE


def _weigh(store: Store, judged: Positions, told: Sequence[npt.NDArray[np.float32]]) -> list[float]:
    """The weight of each voice that makes the held-out listings likeliest."""
    listings, first, owner = np.unique(
        store.listings[judged], return_index=True, return_inverse=True
    )
    truth = store.targets[judged][first]
    means = []
    for scores in told:
        total = np.zeros((len(listings), scores.shape[1]))
        np.add.at(total, owner, scores)
        means.append(total / np.bincount(owner)[:, None])

    def loss(logs: npt.NDArray[np.float64]) -> float:
        weights = np.exp(logs)
        total = sum(weight * mean for weight, mean in zip(weights, means, strict=True))
        found = log_normalize(np.asarray(total))[np.arange(len(truth)), truth]
        return float(-found.mean())

    best = minimize(loss, np.full(len(means), -np.log(len(means))), method="Nelder-Mead")
    return [float(weight) for weight in np.exp(best.x)]


def _fingerprint(store: Store, judged: Positions) -> str:
    content = hashlib.sha256(np.ascontiguousarray(store.targets).tobytes())
    content.update(np.ascontiguousarray(judged).tobytes())
    content.update(np.ascontiguousarray(store.listings).tobytes())
    for start in range(0, len(store.pixels), 256):
        content.update(np.ascontiguousarray(store.pixels[start : start + 256]).tobytes())
    content.update(repr(store.labels).encode())
    return content.hexdigest()


def _within(steps: Steps) -> Callable[[int, int, str], Any]:
    return lambda done, total, message: steps.at(done / max(total, 1), message)
