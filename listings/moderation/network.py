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
from safetensors.numpy import save_file

from support.blend import log_normalize
from support.errors import ModelDamagedError
from support.mapped import mapped

from .lookalikes import FINALS, INITIALS, VOWELS, is_syllable, parts
from .picture import sketch
from .reading import Reading, vectors

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
_FILE: Final = "network.safetensors"
_SHAPE: Final = "network.json"
THIN: Final = 2  # letters that become one place before the recurrent layer
_HALF: Final = np.float32(0.5)
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
        self._lay_out()

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
        n, places, _ = thin.shape
        # (places, n, 6 * hidden), in the order that each way takes
        steps = np.concatenate(
            [thin @ self._given[0] + self._given_bias[0],
             thin[:, ::-1] @ self._given[1] + self._given_bias[1]], axis=2
        )[..., self._order].transpose(1, 0, 2).copy()  # fmt: skip
        weight, bias = self._weight, self._bias
        wide = 2 * self.shape.hidden
        there = _there(places, lengths, self.shape.hidden)
        state = np.zeros((n, wide), np.float32)
        most = np.full_like(state, -1)  # tanh is never less
        for at in range(places):
            now, before = steps[at], state @ weight
            gates = np.tanh(now[:, : 2 * wide] + before[:, : 2 * wide])
            gates *= _HALF
            gates += _HALF  # a sigmoid: both parts were halved before
            new = before[:, 2 * wide :] + bias
            new *= gates[:, :wide]
            new += now[:, 2 * wide :]
            np.tanh(new, out=new)
            following = state - new
            following *= gates[:, wide:]
            following += new
            if there is None:
                state = following
                np.maximum(most, state, out=most)
            else:
                state = np.where(there[at], following, state)
                most = np.where(there[at], np.maximum(most, state), most)
        return most

    def _lay_out(self) -> None:
        """Both ways of the recurrent layer as one: gates of both first, halved for `tanh`."""
        own, size = self._own, self.shape.hidden
        ways = ("forward", "backward")
        parts = np.arange(6 * size).reshape(2, 3, size)
        self._order = parts.transpose(1, 0, 2).ravel()
        half = np.ones(6 * size, np.float32)
        half[: 4 * size] = _HALF
        back = np.empty_like(half)
        back[self._order] = half  # as the columns stand before they are ordered
        halves = np.split(back, 2)
        self._given = [own[f"{w}.weight_ih"].T * h for w, h in zip(ways, halves, strict=True)]
        gates = np.repeat(np.array([1, 1, 0], np.float32), size)  # the third bias stands inside
        self._given_bias = [
            (own[f"{w}.bias_ih"] + gates * own[f"{w}.bias_hh"]) * h
            for w, h in zip(ways, halves, strict=True)
        ]
        weight = np.zeros((2 * size, 6 * size), np.float32)
        for number, way in enumerate(ways):
            rows = slice(number * size, (number + 1) * size)
            weight[rows, number * 3 * size : (number + 1) * 3 * size] = own[f"{way}.weight_hh"].T
        self._weight = np.ascontiguousarray((weight * back)[:, self._order])
        self._bias = np.concatenate([own[f"{way}.bias_hh"][2 * size :] for way in ways])

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
            return cls(shape, mapped(folder / _FILE))
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


def _there(places: int, lengths: Numbers, size: int) -> npt.NDArray[np.bool_] | None:
    """(places, n, 2 * size) whether a text has the place each way has come to; None: all have."""
    if bool((lengths == places).all()):
        return None
    at = np.arange(places)[:, None]
    both = np.stack([at < lengths, places - 1 - at < lengths], axis=2)
    return np.asarray(np.repeat(both, size, axis=2))
