"""Fits the encoder text model: weights over the vectors of an encoder that is taken as it is."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from listings.text_encoder import EncoderText, read
from support.blend import log_normalize
from support.encoder import SentenceEncoder

from .blend import Targets
from .dense import fit_dense

PENALTIES = (0.01, 0.03, 0.1, 0.3)
_AT_ONCE = 256  # texts, between two words of progress


def fit_encoder_text(
    encoder: SentenceEncoder,
    texts: Sequence[str],
    targets: Targets,
    labels: list[str],
    *,
    penalty: float | None = None,
    held_out: tuple[Sequence[str], Targets] | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[EncoderText, float]:
    """Fit on some texts.

    Args:
        encoder: one that remembers what it read is spared reading again.
        texts: as `Listing.text` writes them.
        targets: (n, labels), one label a row.
        labels: category paths.
        penalty: of the weights; None: the one of `PENALTIES` by which held-out rows are likeliest.
        held_out: texts and (m, labels) targets that are not learned from.
        progress: told the share that is done; may raise.

    Returns:
        The model, and the penalty.

    Raises:
        ValueError: neither a penalty nor held-out rows are given.
    """
    rows = _read(encoder, texts, lambda share: progress(0.7 * share))
    if penalty is None:
        if held_out is None:
            raise ValueError("A penalty is chosen on held-out rows: give them, or a penalty.")
        others = _read(encoder, held_out[0], lambda share: progress(0.7 + 0.1 * share))
        right = held_out[1]
        losses = {}
        for tried in PENALTIES:
            said = log_normalize(fit_dense(rows, targets, penalty=tried).logits(others))
            losses[tried] = -float(said[right].sum())
        penalty = min(PENALTIES, key=lambda value: losses[value])
    voice = fit_dense(rows, targets, penalty=penalty)
    progress(1.0)
    return EncoderText(labels, encoder, voice), penalty


def _read(
    encoder: SentenceEncoder, texts: Sequence[str], progress: Callable[[float], None]
) -> npt.NDArray[np.float32]:
    parts = []
    for begin in range(0, len(texts), _AT_ONCE):
        parts.append(read(encoder, texts[begin : begin + _AT_ONCE]))
        progress(min(1.0, (begin + _AT_ONCE) / len(texts)))
    return np.concatenate(parts)
