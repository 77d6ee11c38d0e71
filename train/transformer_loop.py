"""The fine-tuning itself: steps, learning rate, validation, early stopping, best weights kept.

AdamW, slopes cut to a length, the learning rate rising then falling in a straight line, half
precision on a GPU. Knows nothing of files: what it must remember is one dictionary.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from listings.transformer_engine import engines, pad, score_rows

from .progress import Progress
from .training_state import recall, remember
from .transformer_batches import Positions, plan_batches
from .transformer_config import TransformerConfig

_GPU_TOKENS = 65_536  # a validation batch on a GPU holds so many places


@dataclass(slots=True)
class Position:
    """How far a training is."""

    epoch: int = 0  # the one being done, from 0
    step: int = 0  # batches of it that are done
    seconds: float = 0.0  # over all its runs
    losses: float = 0.0  # summed over this epoch's batches
    best_epoch: int = -1  # -1 where none was judged
    best_score: tuple[float, float] = (-np.inf, -np.inf)
    better_epoch: int = -1  # the last with a better accuracy or a better log loss
    history: list[dict[str, float]] = field(default_factory=list)  # an epoch each
    stopped: str = ""  # "epochs", "patience" or "minutes"; "" while it goes on


Saver = Callable[[dict[str, Any], dict[str, Any] | None], None]


class Training:
    """Fine-tunes a classifier in place.

    Args:
        model: of transformers, on its device.
        rows: pieces of each text.
        targets: (n,) the right output of each.
        learned: positions to learn from.
        judged: positions to judge on; none, and the last weights are kept.
        config: settings.
        pad_id: fills short rows.
    """

    def __init__(
        self,
        model: Any,
        rows: Sequence[Sequence[int]],
        targets: npt.NDArray[np.int64],
        *,
        learned: Positions,
        judged: Positions,
        config: TransformerConfig,
        pad_id: int,
    ) -> None:
        self._torch, _ = engines()
        self._model = model
        self._rows, self._targets = rows, targets
        self._learned, self._judged = learned, judged
        self._config = config
        self._pad_id = pad_id
        self._device = next(model.parameters()).device
        self._type = self._half()
        self._optimizer = self._torch.optim.AdamW(
            self._groups(), lr=config.learning_rate, fused=self._device.type == "cuda"
        )
        # Only float16 loses slopes that are too small for it.
        scaled = self._type == self._torch.float16
        self._scaler = self._torch.amp.GradScaler(self._device.type, enabled=scaled)
        self._per_epoch = -(-len(learned) // config.batch_size)
        self._best: dict[str, Any] | None = None
        self.at = Position()

    @property
    def total(self) -> int:
        """Steps where nothing stops it early."""
        return self._per_epoch * self._config.num_epochs

    @property
    def done(self) -> int:
        """Steps that are done."""
        return self.at.epoch * self._per_epoch + self.at.step

    def run(self, *, progress: Progress, save: Saver | None = None) -> None:
        """Train to the end, from wherever it is; the model then has its best weights.

        Args:
            progress: told steps done, steps in all and a message; may raise.
            save: called with `state()` and the best weights every so often.
        """
        saved = time.monotonic()
        while not self.at.stopped:
            batches = self._plan()
            while self.at.step < len(batches) and not self._late():
                started = time.perf_counter()
                self.at.losses += self._step(batches[self.at.step])
                self.at.step += 1
                self.at.seconds += time.perf_counter() - started
                if save and time.monotonic() - saved >= self._config.checkpoint_seconds:
                    save(self.state(), self._best)
                    saved = time.monotonic()
                progress(self.done, self.total, self._tell())
            self._end_epoch()
            if save:
                save(self.state(), self._best)
                saved = time.monotonic()
            progress(self.done, self.total, self._tell())
        if self._best is not None:
            self._model.load_state_dict(self._best)
        self._model.eval()

    def state(self) -> dict[str, Any]:
        """All that `restore` needs but the best weights."""
        return {
            "model": self._model.state_dict(),
            **remember(self._torch, self._optimizer, self._scaler),
            "best_epoch": self.at.best_epoch,
            "position": asdict(self.at),
        }

    def restore(self, state: dict[str, Any], best: dict[str, Any] | None) -> None:
        """Go on from what `state` gave."""
        self._model.load_state_dict(state["model"])
        recall(self._torch, self._optimizer, self._scaler, state)
        position = state["position"]
        self.at = Position(**{**position, "best_score": tuple(position["best_score"])})
        self._best = best

    def _plan(self) -> list[Positions]:
        lengths = [len(self._rows[i]) for i in self._learned]
        config = self._config
        batches = plan_batches(lengths, config.batch_size, seed=config.seed, epoch=self.at.epoch)
        return [self._learned[batch] for batch in batches]

    def _step(self, batch: Positions) -> float:
        torch, model = self._torch, self._model
        model.train()
        for group in self._optimizer.param_groups:
            group["lr"] = self._config.learning_rate * self._rate()
        on_gpu = self._device.type == "cuda"
        ids, mask = pad([self._rows[i] for i in batch], self._pad_id, multiple=8 if on_gpu else 1)
        with torch.autocast(self._device.type, self._type, enabled=self._type is not None):
            logits = model(
                input_ids=torch.from_numpy(ids).to(self._device),
                attention_mask=torch.from_numpy(mask).to(self._device),
            ).logits
        target = torch.from_numpy(self._targets[batch]).to(self._device)
        loss = torch.nn.functional.cross_entropy(logits.float(), target)
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), self._config.max_norm)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return float(loss.detach())

    def _rate(self) -> float:
        """The share of the learning rate for the next step: up, then down to 0 at the end.

        The end is the last step or the last minute, whichever comes first.
        """
        share = (self.done + 0.5) / self.total
        if self._config.minutes:
            share = max(share, self.at.seconds / (60 * self._config.minutes))
        warmup = self._config.warmup
        rising = share / warmup if warmup else 1.0
        return max(0.0, min(rising, (1 - share) / (1 - warmup)))

    def _late(self) -> bool:
        minutes = self._config.minutes
        return minutes is not None and self.at.seconds >= 60 * minutes

    def _end_epoch(self) -> None:
        """Judge, keep the best, and see whether to stop."""
        at, config = self.at, self._config
        started = time.perf_counter()
        record = {"loss": at.losses / max(1, at.step)}
        if len(self._judged):
            accuracy, log_loss = self._judge()
            # While either gets better it learns: small accuracies stand still for epochs.
            before = [judged for judged in at.history if "accuracy" in judged]
            if accuracy > max(
                (judged["accuracy"] for judged in before), default=-1.0
            ) or log_loss < min((judged["log_loss"] for judged in before), default=np.inf):
                at.better_epoch = at.epoch
            record |= {"accuracy": accuracy, "log_loss": log_loss}
            score = (accuracy, -log_loss) if config.keep_by == "accuracy" else (-log_loss, accuracy)
            if score > at.best_score:
                at.best_score, at.best_epoch = score, at.epoch
                self._best = {
                    name: value.detach().to("cpu", copy=True)
                    for name, value in self._model.state_dict().items()
                }
        at.history.append(record)
        at.seconds += time.perf_counter() - started
        if self._late():
            at.stopped = "minutes"
        elif len(self._judged) and at.epoch - at.better_epoch >= config.patience:
            at.stopped = "patience"
        elif at.epoch + 1 >= config.num_epochs:
            at.stopped = "epochs"
        at.epoch, at.step, at.losses = at.epoch + 1, 0, 0.0

    def _judge(self) -> tuple[float, float]:
        """Accuracy and log loss on what was held out."""
        rows = [self._rows[i] for i in self._judged]
        wide = {"tokens": _GPU_TOKENS} if self._device.type == "cuda" else {}
        scores = score_rows(self._model, rows, pad_id=self._pad_id, precision=self._type, **wide)
        targets = self._targets[self._judged]
        right = scores.argmax(axis=1) == targets
        return float(right.mean()), float(-scores[np.arange(len(targets)), targets].mean())

    def _groups(self) -> list[dict[str, Any]]:
        """Matrices decay; biases and normalizations, which have one dimension, do not."""
        named = [p for p in self._model.parameters() if p.requires_grad]
        return [
            {"params": [p for p in named if p.ndim > 1], "weight_decay": self._config.weight_decay},
            {"params": [p for p in named if p.ndim <= 1], "weight_decay": 0.0},
        ]

    @property
    def precision(self) -> str:
        """What it computes in."""
        return str(self._type or "float32").removeprefix("torch.")

    def _half(self) -> Any:
        """The torch type to compute in; None for that of the weights."""
        chosen = self._config.precision
        if chosen == "auto" and self._device.type == "cuda":
            chosen = "bfloat16" if self._torch.cuda.is_bf16_supported() else "float16"
        return None if chosen in ("auto", "float32") else getattr(self._torch, chosen)

    def _tell(self) -> str:
        at = self.at
        words = f"epoch {min(at.epoch + 1, self._config.num_epochs)}/{self._config.num_epochs}"
        if at.step:
            words += f", loss {at.losses / at.step:.3f}"
        if at.history and "accuracy" in at.history[-1]:
            words += f", accuracy {at.history[-1]['accuracy']:.3f}"
        return words
