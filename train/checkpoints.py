"""Checkpoints of a training on torch: a killed one goes on where it was.

A training has a folder of its own, named after everything that its result depends on, so that a
checkpoint of other data or settings is never taken for it. Files are written beside their place,
synced and renamed. These are no models: they stay outside `models/`.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listings.transformer_engine import engines
from support.whole_files import whole_file

_STATE, _SETTINGS, _FINISHED = "state.pt", "training.json", "finished"


@dataclass(frozen=True, slots=True)
class Found:
    """What was left of this training, and words about what else lies there."""

    state: dict[str, Any] | None
    best: dict[str, Any] | None
    message: str


class Checkpoints:
    """Keeps the state of one training.

    Args:
        folder: holds the checkpoints of any number of trainings.
        settings: all that the result depends on, plain JSON.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._all = folder
        self._settings = json.loads(json.dumps(settings))
        content = json.dumps(self._settings, sort_keys=True).encode()
        self.place = folder / hashlib.sha256(content).hexdigest()[:12]

    def find(self) -> Found:
        """Read what this training left; a broken file counts as nothing, and is told."""
        state = best = None
        message = ""
        if (self.place / _STATE).is_file():
            torch, _ = engines()
            try:
                state = torch.load(self.place / _STATE, map_location="cpu", weights_only=True)
                if state["best_file"]:
                    path = self.place / state["best_file"]
                    best = torch.load(path, map_location="cpu", weights_only=True)
                at = state["position"]
                message = f"going on at epoch {at['epoch'] + 1}, step {at['step'] + 1}"
            except Exception as error:  # torch, zipfile and pickle raise their own
                state = best = None
                message = f"the checkpoint in {self.place} cannot be read ({error}): starting anew"
        return Found(state, best, "; ".join(part for part in (message, self._others()) if part))

    def save(self, state: dict[str, Any], best: dict[str, Any] | None) -> None:
        """Write the state of now.

        Args:
            state: tensors and plain values; `best_epoch` names the best weights.
            best: those weights, None where there are none yet.
        """
        self.place.mkdir(parents=True, exist_ok=True)
        if not (self.place / _SETTINGS).is_file():
            text = json.dumps(self._settings, ensure_ascii=False, indent=2) + "\n"
            _write(self.place / _SETTINGS, lambda path: path.write_text(text, encoding="utf-8"))
        torch, _ = engines()
        name = f"best-{state['best_epoch']}.pt" if best is not None else ""
        if name and not (self.place / name).is_file():
            _write(self.place / name, lambda path: torch.save(best, path))
        # The state names the best weights: they are there before it, and older ones go after it.
        _write(self.place / _STATE, lambda path: torch.save({**state, "best_file": name}, path))
        for path in self.place.glob("*.pt"):
            if path.name not in (_STATE, name):
                path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Mark this training: the next one of the folder removes it.

        Until then the model may not have been written, and is had again without a step.
        """
        (self.place / _FINISHED).touch()

    def _others(self) -> str:
        """Which other trainings lie there unfinished, and in what they differ; removes the rest."""
        told = []
        for path in sorted(self._all.glob(f"*/{_SETTINGS}")):
            if path.parent == self.place:
                continue
            if (path.parent / _FINISHED).exists():
                shutil.rmtree(path.parent, ignore_errors=True)
                continue
            try:
                theirs = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            names = sorted({*theirs, *self._settings})
            changed = [name for name in names if theirs.get(name) != self._settings.get(name)]
            told.append(
                f"{path.parent} is of another training ({', '.join(changed)} differ): left alone"
            )
        return "; ".join(told)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    with whole_file(path) as beside:
        write(beside)
