"""The network of moderation: words, picture and signals into one judgement. numpy alone.

Letters, each the sum of what stands for it whole and for its parts, go through convolutions, are
thinned, and are read forwards and backwards by a gated recurrent layer; what that finds, a picture
and the signals meet in two fully connected layers. A picture that is not there, and a signal that
is not known, is told by a mask. `train/moderation_net.py` learns the weights with PyTorch.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from support.blend import log_normalize
from support.errors import ModelDamagedError

from .lookalikes import FINALS, INITIALS, VOWELS, is_syllable, parts
from .picture import sketch
from .reading import Reading, vectors

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
_FILE: Final = "network.safetensors"
_SHAPE: Final = "network.json"
THIN: Final = 2  # letters that become one place before the recurrent layer
PARTS: Final = 4  # numbers of a letter: itself, its initial, vowel and final


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkShape:
    """How large a network is."""

    letters: int = 4096  # letters are hashed to so many
    dim: int = 32  # of a letter
    filters: int = 48  # of each width
    widths: tuple[int, ...] = (3, 5)  # odd
    hidden: int = 32  # of the recurrent layer, in each direction
    side: int = 16  # what is made of the picture, and of the signals
    joined: int = 48
    longest: int = 240  # letters read

    def __post_init__(self) -> None:
        if any(width % 2 == 0 for width in self.widths) or not self.widths:
            raise ValueError(f"widths must be odd, got {self.widths}.")


def tables(shape: NetworkShape) -> tuple[int, ...]:
    """How many rows the tables of whole letters and of their parts have; row 0 is nothing."""
    return (shape.letters + 1, len(INITIALS) + 1, len(VOWELS) + 1, len(FINALS) + 1)


def letters(texts: Sequence[str], shape: NetworkShape) -> tuple[Numbers, Numbers]:
    """(n, longest of them, 4) numbers of letters and their parts, and (n,) how many there are.

    An empty text is one letter that is nothing.
    """
    cut = [text.lower()[: shape.longest] for text in texts]
    sizes = np.array([max(1, len(text)) for text in cut], np.int64)
    found = np.zeros((len(cut), int(sizes.max(initial=1)), PARTS), np.int64)
    for row, text in zip(found, cut, strict=True):
        if text:
            row[: len(text)] = [_letter(char, shape.letters) for char in text]
    return found, sizes


@lru_cache(maxsize=16_384)
def _letter(char: str, count: int) -> tuple[int, int, int, int]:
    whole = zlib.crc32(char.encode("utf-8", "surrogatepass")) % count + 1
    initial, vowel, final = parts(char) if is_syllable(char) else (char, char, "")
    return (
        whole,
        INITIALS.find(initial) + 1,
        VOWELS.find(vowel) + 1,
        FINALS.index(final) + 1 if final else 0,
    )


class ModerationNetwork:
    """Says how probable each label is.

    Args:
        shape: how large it is.
        tensors: weights by name, as `train/moderation_net.py` writes them.
    """

    name = "network"

    def __init__(self, shape: NetworkShape, tensors: Mapping[str, Floats]) -> None:
        self.shape = shape
        self._own = dict(tensors)

    def log_scores(self, readings: Sequence[Reading]) -> Floats:
        """(n, labels) log-probabilities."""
        if not readings:
            return np.zeros((0, len(self._own["out.bias"])), np.float32)
        numbers, sizes = letters([reading.words.text for reading in readings], self.shape)
        pictures, seen = sketch([reading.listing.pictures for reading in readings])
        scores = self.logits(numbers, sizes, pictures, seen, vectors(readings))
        return log_normalize(scores).astype(np.float32)

    def logits(
        self, numbers: Numbers, sizes: Numbers, pictures: Floats, seen: Floats, signals: Floats
    ) -> Floats:
        """(n, labels) scores before softmax.

        Args:
            numbers: (n, letters, 4) as `letters` gives.
            sizes: (n,) how many of the letters are there.
            pictures: (n, DIM) as `sketch` gives.
            seen: (n,) 1 where a picture is there.
            signals: (n, 2 * signals) as `vectors` gives.
        """
        own = self._own
        there = (np.arange(numbers.shape[1]) < sizes[:, None])[..., None]
        places = sum(own[f"letters.{i}.weight"][numbers[..., i]] for i in range(PARTS))
        found = self._convolve(np.asarray(places) * there) * there
        thin, lengths = _thin(found), -(-sizes // THIN)
        sides = self._recur(thin, lengths)
        picture = _relu(pictures @ own["picture.weight"].T + own["picture.bias"])
        signal = _relu(signals @ own["signals.weight"].T + own["signals.bias"])
        joined = np.concatenate(
            [found.max(axis=1), sides, picture * seen[:, None], seen[:, None], signal], axis=1
        )
        hidden = _relu(joined @ own["joined.weight"].T + own["joined.bias"])
        return np.asarray(hidden @ own["out.weight"].T + own["out.bias"], np.float32)

    def _convolve(self, places: Floats) -> Floats:
        """(n, letters, filters of all widths), none below 0."""
        n, length, dim = places.shape
        found = []
        for width in self.shape.widths:
            half = width // 2
            padded = np.zeros((n, length + 2 * half, dim), np.float32)
            padded[:, half : half + length] = places
            windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
            weight = self._own[f"filters.{width}.weight"]  # (filters, dim, width)
            flat = windows.reshape(n, length, dim * width)
            bias = self._own[f"filters.{width}.bias"]
            found.append(_relu(flat @ weight.reshape(len(weight), -1).T + bias))
        return np.concatenate(found, axis=2)

    def _recur(self, thin: Floats, lengths: Numbers) -> Floats:
        """(n, 2 * hidden): the greatest of each number over all places, read each way.

        Both ways are gone at once, the one from the first place on and the other from the last: of
        one text the steps are so small that their number is all that counts.
        """
        own, size = self._own, self.shape.hidden
        n, places, _ = thin.shape
        ways = ("forward", "backward")
        given = [thin @ own[f"{way}.weight_ih"].T + own[f"{way}.bias_ih"] for way in ways]
        # (places, 2, n, 3 * hidden), in the order that each way takes
        steps = np.stack([given[0], given[1][:, ::-1]]).transpose(2, 0, 1, 3).copy()
        weight = np.stack([own[f"{way}.weight_hh"].T for way in ways])
        bias = np.stack([own[f"{way}.bias_hh"] for way in ways])[:, None]
        there = _there(places, lengths)
        state = np.zeros((2, n, size), np.float32)
        most = np.full_like(state, -1)  # tanh is never less
        for at in range(places):
            now = steps[at]
            before = state @ weight + bias
            gates = _sigmoid(now[..., : 2 * size] + before[..., : 2 * size])
            new = np.tanh(now[..., 2 * size :] + gates[..., :size] * before[..., 2 * size :])
            following = new + gates[..., size:] * (state - new)
            if there is None:
                state = following
                np.maximum(most, state, out=most)
            else:
                state = np.where(there[at], following, state)
                most = np.where(there[at], np.maximum(most, state), most)
        return np.concatenate([most[0], most[1]], axis=1)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        save_file({name: np.ascontiguousarray(v) for name, v in self._own.items()}, folder / _FILE)
        text = json.dumps(asdict(self.shape), indent=2)
        (folder / _SHAPE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ModelDamagedError: a file cannot be read.
        """
        try:
            data: dict[str, Any] = json.loads((folder / _SHAPE).read_text(encoding="utf-8"))
            shape = NetworkShape(**{**data, "widths": tuple(data["widths"])})
            return cls(shape, load_file(folder / _FILE))
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise ModelDamagedError(
                f"The network in {folder} cannot be read ({error}). "
                f"Train again: faqdesk train moderation"
            ) from error


def _thin(found: Floats) -> Floats:
    """Every two places as one, the greater of each number."""
    n, length, dim = found.shape
    padded = np.zeros((n, -(-length // THIN) * THIN, dim), np.float32)
    padded[:, :length] = found
    return np.asarray(padded.reshape(n, -1, THIN, dim).max(axis=2))


def _relu(values: Floats) -> Floats:
    return np.maximum(values, 0)


def _there(places: int, lengths: Numbers) -> npt.NDArray[np.bool_] | None:
    """(places, 2, n, 1) whether a text has the place that each way has come to; None: all have."""
    if bool((lengths == places).all()):
        return None
    at = np.arange(places)[:, None]
    both = np.stack([at < lengths, places - 1 - at < lengths], axis=1)
    return np.asarray(both[..., None])


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values), np.float32)
