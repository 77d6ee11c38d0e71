"""Learns the network of moderation with PyTorch; what it learned is served by numpy alone.

Here stands the same network as in `listings.moderation.network`; a test holds the two together.
Parts are left out by chance while it learns, so that it can do without any of them.
"""

import importlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from listings.moderation.network import (
    PARTS,
    THIN,
    ModerationNetwork,
    NetworkShape,
    letters,
    tables,
)
from listings.moderation.picture import DIM, sketch
from listings.moderation.reading import NAMES, Reading, vectors

from .moderation_evasion import evading
from .progress import Progress, silent

_BATCH: Final = 48
_LEARNING_RATE: Final = 6e-3
_DECAY: Final = 1e-2
_DROPOUT: Final = 0.3
_LEFT_OUT: Final = 0.3  # of listings whose picture, and whose signals, are left out


def fit_network(
    readings: Sequence[Reading],
    labels: Sequence[str],
    label_set: Sequence[str],
    *,
    num_epochs: int = 20,
    balance: float = 0.5,
    share_twisted: float = 0.5,
    shape: NetworkShape | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> ModerationNetwork:
    """Learn from listings.

    Args:
        readings: of listings.
        labels: of each.
        label_set: in the order of the columns.
        num_epochs: times that all are read; 0 leaves the weights as they were drawn.
        balance: how far rare classes are made less rare: 0 not, 1 wholly.
        share_twisted: share of the problems that are read twisted to evade, drawn anew each time.
        shape: how large it is.
        seed: of all that is drawn.
        progress: told done, total and a message; may raise.
    """
    torch = importlib.import_module("torch")
    torch.manual_seed(seed)
    shape = shape or NetworkShape()
    net = build(shape, len(label_set))
    number = {label: i for i, label in enumerate(label_set)}
    counts = Counter(labels)
    most = max(counts.values(), default=1)
    weights = torch.tensor(
        [(most / max(1, counts[label])) ** balance for label in label_set], dtype=torch.float32
    )
    targets = torch.tensor([number[label] for label in labels])
    pictures, seen = sketch([reading.listing.pictures for reading in readings])
    signals = vectors(readings)
    words = [reading.words.text for reading in readings]
    draw = np.random.default_rng(seed)
    step = torch.optim.AdamW(net.parameters(), lr=_LEARNING_RATE, weight_decay=_DECAY)
    steps = max(1, num_epochs * -(-len(words) // _BATCH))
    rate = torch.optim.lr_scheduler.OneCycleLR(step, max_lr=_LEARNING_RATE, total_steps=steps + 1)
    net.train()
    for epoch in range(num_epochs):
        progress(epoch, num_epochs, "network")
        texts = evading(words, labels, share=share_twisted, seed=seed + epoch)
        order = draw.permutation(len(words))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            read, sizes = letters([texts[i] for i in rows.tolist()], shape)
            there = seen[rows] * (draw.random(len(rows)) >= _LEFT_OUT)
            known = signals[rows] * (draw.random(len(rows)) >= _LEFT_OUT)[:, None]
            logits = net(*_tensors(torch, read, sizes, pictures[rows], there, known))
            loss = torch.nn.functional.cross_entropy(logits, targets[rows], weight=weights)
            step.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            step.step()
            rate.step()
    progress(num_epochs, num_epochs, "network")
    net.eval()
    return ModerationNetwork(shape, _weights(net))


def build(shape: NetworkShape, labels: int) -> Any:
    """The network in PyTorch, its weights drawn."""
    torch = importlib.import_module("torch")
    nn = torch.nn

    class Net(nn.Module):  # type: ignore[misc, name-defined]
        """As `listings.moderation.network` reckons."""

        def __init__(self) -> None:
            super().__init__()
            rows = tables(shape)
            self.letters = nn.ModuleList(
                [nn.Embedding(count, shape.dim, padding_idx=0) for count in rows]
            )
            for table in self.letters:
                nn.init.normal_(table.weight, std=0.3)
                with torch.no_grad():
                    table.weight[0] = 0
            self.filters = nn.ModuleDict(
                {
                    str(width): nn.Conv1d(shape.dim, shape.filters, width, padding=width // 2)
                    for width in shape.widths
                }
            )
            wide = shape.filters * len(shape.widths)
            self.forward_way = nn.GRU(wide, shape.hidden, batch_first=True)
            self.backward_way = nn.GRU(wide, shape.hidden, batch_first=True)
            self.picture = nn.Linear(DIM, shape.side)
            self.signals = nn.Linear(2 * len(NAMES), shape.side)
            self.joined = nn.Linear(wide + 2 * shape.hidden + 2 * shape.side + 1, shape.joined)
            self.out = nn.Linear(shape.joined, labels)
            self.dropout = nn.Dropout(_DROPOUT)

        def forward(self, numbers: Any, sizes: Any, pictures: Any, seen: Any, signals: Any) -> Any:
            there = (torch.arange(numbers.shape[1]) < sizes[:, None])[..., None].float()
            places = sum(self.letters[i](numbers[..., i]) for i in range(PARTS)) * there
            planes = self.dropout(places).transpose(1, 2)
            found = torch.cat([torch.relu(f(planes)) for f in self.filters.values()], dim=1)
            found = found.transpose(1, 2) * there
            odd = (-found.shape[1]) % THIN
            thin = nn.functional.pad(found, (0, 0, 0, odd))
            thin = thin.reshape(len(thin), -1, THIN, thin.shape[2]).amax(dim=2)
            lengths = -(-sizes // THIN)
            sides = [self._recur(self.forward_way, thin, lengths, turn=False),
                     self._recur(self.backward_way, thin, lengths, turn=True)]  # fmt: skip
            picture = torch.relu(self.picture(pictures)) * seen[:, None]
            signal = torch.relu(self.signals(signals))
            joined = torch.cat([found.amax(dim=1), *sides, picture, seen[:, None], signal], dim=1)
            return self.out(self.dropout(torch.relu(self.joined(self.dropout(joined)))))

        @staticmethod
        def _recur(way: Any, thin: Any, lengths: Any, *, turn: bool) -> Any:
            """The greatest over all places that are there; backwards each text is turned around."""
            places = torch.arange(thin.shape[1])
            inside = places < lengths[:, None]
            if turn:
                turned = torch.where(inside, lengths[:, None] - 1 - places, places)
                thin = torch.gather(thin, 1, turned[..., None].expand(-1, -1, thin.shape[2]))
            states, _ = way(thin)
            return states.masked_fill(~inside[..., None], -1.0).amax(dim=1)

    return Net()


def _tensors(torch: Any, *parts: npt.NDArray[Any]) -> list[Any]:
    return [
        torch.from_numpy(np.ascontiguousarray(part.astype(np.float32 if part.dtype.kind == "f"
                                                          else np.int64)))
        for part in parts
    ]  # fmt: skip


def _weights(net: Any) -> dict[str, npt.NDArray[np.float32]]:
    """By the names that serving reads."""
    found = {}
    for name, value in net.state_dict().items():
        plain = name.replace("forward_way.", "forward.").replace("backward_way.", "backward.")
        found[plain.removesuffix("_l0")] = value.detach().cpu().numpy().astype(np.float32)
    return found
