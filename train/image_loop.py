"""The training of a network over pictures: steps, learning rate, judging, best weights kept.

AdamW, the learning rate rising, then falling along a cosine; an average of the weights over the
steps is what is judged and kept. Knows nothing of files: what it must remember is one dictionary.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .image_augment import augment, blend, scale
from .image_config import ImageConfig
from .image_engine import engines
from .image_nets import has_fixed_side, head_parameters, is_separable
from .image_store import Positions, Store
from .progress import Progress
from .training_state import recall, remember

Saver = Callable[[dict[str, Any], dict[str, Any] | None], None]
_AT_ONCE = 128  # pictures judged
_FEWEST = 32  # pixels a side; networks halve it five times
_KNOWN = 0.1  # of the learning rate, for layers that start with published weights


@dataclass(slots=True)
class Position:
    """How far a training is."""

    step: int = 0
    seconds: float = 0.0  # over all its runs
    judged: int = 0  # judgements that are done
    best: int = -1  # the judgement whose weights are kept
    best_score: tuple[float, float] = (-math.inf, -math.inf)  # accuracy, mean log-probability
    better: int = -1  # the last judgement that was better in either
    history: list[dict[str, float]] = field(default_factory=list)  # a judgement each
    stopped: str = ""  # "steps", "patience" or "minutes"; "" while it goes on


class ImageTraining:
    """Trains a network in place.

    Args:
        net: on its device.
        store: pictures.
        judged: positions of pictures to judge on; all others are learned from.
        config: settings.
        minutes: at most, of the CPU, or of the clock on a GPU.
        known: whether all layers but the last start with published weights.
    """

    def __init__(
        self,
        net: Any,
        store: Store,
        judged: Positions,
        *,
        config: ImageConfig,
        minutes: float,
        known: bool,
    ) -> None:
        self._torch, _ = engines()
        self._net, self._store, self._judged = net, store, judged
        self._config, self._seconds = config, 60 * minutes
        self._device = next(net.parameters()).device
        self._average = copy.deepcopy(net).eval()
        self._rate = config.learning_rate or (5e-4 if known else 2e-3)
        self._optimizer = self._torch.optim.AdamW(self._groups(known), lr=self._rate, fused=True)
        self._type = self._precision()
        scaled = self._type == self._torch.float16  # only it loses slopes that are too small
        self._scaler = self._torch.amp.GradScaler(self._device.type, enabled=scaled)
        own = np.setdiff1d(store.own, judged)
        beside = np.flatnonzero(store.sets > 0)
        self._rows = {"all": np.concatenate([own, beside]), "own": own}
        self._masks = self._outside()
        per_epoch = -(-len(self._rows["all"]) // config.batch_size)
        self.total = per_epoch * config.num_epochs
        self._best: dict[str, Any] | None = None
        self.at = Position()

    @property
    def share(self) -> float:
        """How much of the training is done, by steps or by time, whichever is more."""
        return min(1.0, max(self.at.step / self.total, self.at.seconds / self._seconds))

    def run(self, *, progress: Progress, save: Saver | None = None) -> None:
        """Train to the end, from wherever it is; the network then has its best weights.

        Args:
            progress: told thousandths done, 1000 and a message; may raise.
            save: called with `state()` and the best weights every so often.
        """
        saved = time.monotonic()
        while not self.at.stopped:
            started = self._now()
            loss = self._step()
            self.at.step += 1
            self.at.seconds += self._now() - started
            if self.share >= (self.at.judged + 1) / self._config.judgements:
                started = self._now()
                self._judge()
                self.at.seconds += self._now() - started
            if save and time.monotonic() - saved >= self._config.checkpoint_seconds:
                save(self.state(), self._best)
                saved = time.monotonic()
            progress(round(1000 * self.share), 1000, self._tell(loss))
        if save:
            save(self.state(), self._best)
        self._net.load_state_dict(self._best or self._average.state_dict())
        self._net.eval()

    def state(self) -> dict[str, Any]:
        """All that `restore` needs but the best weights."""
        return {
            "net": self._net.state_dict(),
            "average": self._average.state_dict(),
            **remember(self._torch, self._optimizer, self._scaler),
            "best_epoch": self.at.best,
            "position": {"epoch": self.at.judged, **asdict(self.at)},
        }

    def restore(self, state: dict[str, Any], best: dict[str, Any] | None) -> None:
        """Go on from what `state` gave."""
        self._net.load_state_dict(state["net"])
        self._average.load_state_dict(state["average"])
        recall(self._torch, self._optimizer, self._scaler, state)
        position = {key: value for key, value in state["position"].items() if key != "epoch"}
        self.at = Position(**{**position, "best_score": tuple(position["best_score"])})
        self._best = best

    def log_scores(self, positions: Positions) -> npt.NDArray[np.float32]:
        """(n, labels) log-probabilities of pictures as they are, by the averaged weights."""
        torch, found = self._torch, []
        first, end = self._store.spans[0]
        with torch.inference_mode(), self._half():
            for start in range(0, len(positions), _AT_ONCE):
                planes = scale(self._pixels(positions[start : start + _AT_ONCE]))
                logits = self._average(planes.contiguous(memory_format=torch.channels_last))
                found.append(torch.log_softmax(logits[:, first:end].float(), dim=1).cpu().numpy())
        return np.concatenate(found)

    def _step(self) -> float:
        torch, config = self._torch, self._config
        self._net.train()
        rows = self._draw()
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * group["factor"] * self._slope()
        planes = augment(self._pixels(rows), side=self._side_now(), least=config.least_crop)
        sets = torch.from_numpy(self._store.sets[rows]).to(self._device)
        targets = self._targets(rows, sets)
        if torch.rand(()) < config.mixing:
            planes, targets = blend(planes, targets, sets)
        with self._half():
            logits = self._net(planes.contiguous(memory_format=torch.channels_last))
        logits = logits.float().masked_fill(self._masks[sets], -1e4)
        loss = -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
        self._optimizer.zero_grad()
        self._scaler.scale(loss).backward()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._follow()
        return float(loss.detach())

    def _draw(self) -> Positions:
        """The rows of this step: the pictures in an order of their own for each round."""
        config = self._config
        lonely = len(self._store.spans) > 1 and self.share >= 1 - config.alone
        rows = self._rows["own" if lonely else "all"]
        size = min(config.batch_size, len(rows))
        round_, place = divmod(self.at.step * size, len(rows))
        found = np.random.default_rng([config.seed, lonely, round_]).permutation(rows)[place:]
        if len(found) < size:
            after = np.random.default_rng([config.seed, lonely, round_ + 1]).permutation(rows)
            found = np.concatenate([found, after])
        return np.asarray(found[:size])

    def _side_now(self) -> int:
        """Of the squares to learn from.

        Crops show things larger than whole pictures do: smaller squares make up for it (Touvron
        et al., 2019, "Fixing the train-test resolution discrepancy"). Smaller ones still, at
        first, teach most of what there is to see in half the time.
        """
        side: int = self._store.pixels.shape[1]
        if has_fixed_side(self._net):
            return side
        early = self.share < self._config.small
        return max(_FEWEST, round(side * (0.57 if early else 0.86) / _FEWEST) * _FEWEST)

    def _slope(self) -> float:
        share, warmup = self.share, self._config.warmup
        if share < warmup:
            return max(share, 1 / self.total) / warmup
        return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup))) + 1e-3

    def _targets(self, rows: Positions, sets: Any) -> Any:
        torch, smoothing = self._torch, self._config.smoothing
        inside = (~self._masks[sets]).float()
        right = torch.from_numpy(self._store.targets[rows]).to(self._device)
        certain = torch.nn.functional.one_hot(right, inside.shape[1]).float()
        return (1 - smoothing) * certain + smoothing * inside / inside.sum(dim=1, keepdim=True)

    def _follow(self) -> None:
        """Bring the average nearer to the weights of now; early on, quickly."""
        keep = min(self._config.average, (1 + self.at.step) / (10 + self.at.step))
        with self._torch.no_grad():
            for kept, new in zip(
                self._average.state_dict().values(), self._net.state_dict().values(), strict=True
            ):
                if kept.dtype.is_floating_point:
                    kept.lerp_(new, 1 - keep)
                else:
                    kept.copy_(new)

    def _judge(self) -> None:
        scores = self.log_scores(self._judged)
        listings, right = self._store.listings[self._judged], self._store.targets[self._judged]
        names, first, owner = np.unique(listings, return_index=True, return_inverse=True)
        total = np.zeros((len(names), scores.shape[1]))
        np.add.at(total, owner, scores)
        total /= np.bincount(owner)[:, None]
        total -= np.log(np.exp(total).sum(axis=1, keepdims=True))
        truth = right[first]
        accuracy = float((total.argmax(axis=1) == truth).mean())
        likelihood = float(total[np.arange(len(truth)), truth].mean())
        at = self.at
        score = (accuracy, likelihood)
        least = min((row["log_loss"] for row in at.history), default=np.inf)
        if accuracy > at.best_score[0] or -likelihood < least:
            at.better = at.judged
        if score >= at.best_score:
            at.best, at.best_score = at.judged, score
            self._best = copy.deepcopy(self._average.state_dict())
        at.history.append({"accuracy": accuracy, "log_loss": -likelihood, "seconds": at.seconds})
        at.judged += 1
        if at.step >= self.total:
            at.stopped = "steps"
        elif self.share >= 1:
            at.stopped = "minutes"
        elif at.judged - at.better > self._config.patience:
            at.stopped = "patience"

    def _outside(self) -> Any:
        """(sets, outputs) whether an output is none of the set's."""
        spans = self._store.spans
        mask = np.ones((len(spans), spans[-1][1]), bool)
        for row, (start, end) in zip(mask, spans, strict=True):
            row[start:end] = False
        return self._torch.from_numpy(mask).to(self._device)

    def _pixels(self, positions: Positions) -> Any:
        return self._torch.from_numpy(self._store.pixels[positions]).to(self._device)

    def _groups(self, known: bool) -> list[dict[str, Any]]:
        """Matrices decay, biases and normalizations do not; known layers learn slower."""
        last = {id(value) for value in head_parameters(self._net)}
        groups: dict[tuple[bool, bool], list[Any]] = {}
        for value in self._net.parameters():
            groups.setdefault((value.ndim > 1, known and id(value) not in last), []).append(value)
        return [
            {
                "params": values,
                "weight_decay": self._config.weight_decay if matrix else 0.0,
                "factor": _KNOWN if slow else 1.0,
            }
            for (matrix, slow), values in groups.items()
        ]

    def _precision(self) -> Any:
        torch, wanted = self._torch, self._config.precision
        if wanted != "auto":
            return getattr(torch, wanted)
        if self._device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        quick = torch.cpu._is_amx_tile_supported() and not is_separable(self._net)
        return torch.bfloat16 if quick else torch.float32

    def _half(self) -> Any:
        enabled = self._type != self._torch.float32
        return self._torch.autocast(self._device.type, dtype=self._type, enabled=enabled)

    def _now(self) -> float:
        """CPU time, which does not run while others have the processor; a GPU has its own."""
        return time.process_time() if self._device.type == "cpu" else time.perf_counter()

    def _tell(self, loss: float) -> str:
        last = self.at.history[-1] if self.at.history else None
        judged = f", {last['accuracy']:.3f} of the held-out listings right" if last else ""
        return f"step {self.at.step}, loss {loss:.3f}{judged}"
