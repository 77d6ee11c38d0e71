"""Adapts a static encoder to one desk, from the desk's own texts and without labels.

What is common to all the desk's texts is taken out of the base's vectors, and dimensions are added
that were learned from the desk's texts alone: which of the pieces occur in the same inquiries.
Weighing the base's pieces anew by how rare they are at the desk was tried, and made it worse.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from support.artifact import Artifact, write_artifact
from support.encoder import KIND, StaticEngine, quantise

from .encoder import EncoderConfig, count_tokens, embed_tokens, read_texts, with_learned
from .progress import Progress, Steps, silent

FEW_TEXTS = 300  # below, an encoder is not adapted
MANY_TEXTS = 10_000  # from here on, more dimensions can be learned
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class AdaptConfig:
    """Settings of the adaptation."""

    learned: int = 48  # dimensions added, by latent semantic analysis of the desk's texts
    learned_weight: float = 2.0  # how long they are, a text's part of the base being 1
    removed: int = 1  # directions that all the desk's texts share
    max_texts: int = 40_000
    max_length: int = 2_000
    seed: int = 0


def config_for(texts: int) -> AdaptConfig:
    """The settings for so many texts: a few teach nothing, and the base stays as it is."""
    if texts < FEW_TEXTS:
        return AdaptConfig(learned=0, removed=0)
    return AdaptConfig() if texts < MANY_TEXTS else AdaptConfig(learned=128)


def adapt_encoder(
    texts: Sequence[str],
    *,
    base: StaticEngine,
    folder: Path,
    config: AdaptConfig | None = None,
    read_before: str = "",
    inquiry_ids: Sequence[int] = (),
    progress: Progress = silent,
) -> Artifact:
    """Adapt and write a model folder.

    Args:
        texts: inquiries, answers and FAQ texts; blank ones are left out.
        base: what to begin with, usually the shipped encoder; it stays as it is.
        folder: where the model shall be.
        config: settings; by default those for so many texts.
        read_before: ISO moment before which the texts were written, kept in the model's config;
            empty: unknown.
        inquiry_ids: whose texts they are, kept beside the weights.
        progress: told done, total and a message; may raise, which leaves nothing behind.

    Raises:
        TooFewLabelsError: there are fewer than ten texts.
    """
    config = config or config_for(len(texts))
    steps = Steps(progress, {"counting": 4, "vectors": 10, "writing": 1})
    steps.start("counting")
    kept, total, digest = read_texts(
        texts, max_length=config.max_length, most=config.max_texts, seed=config.seed
    )
    steps.start("vectors")
    adapted = adapt_vectors(base, kept, config, steps)
    steps.start("writing")
    tokenizer = Tokenizer.from_str(base.tokenizer.to_str())
    engine = StaticEngine(tokenizer, *quantise(adapted))
    return write_artifact(
        folder,
        kind=KIND,
        config={
            "dim": engine.dim,
            "normalized": True,
            "seed": config.seed,
            "data_hash": digest,
            "encoder_config": asdict(config),
            "adapted": True,
            "read_before": read_before,
        },
        files=with_learned(engine, inquiry_ids),
        metrics={"texts": total, "texts_read": len(kept), "pieces": len(adapted)},
    )


def adapt_vectors(
    base: StaticEngine, texts: Sequence[str], config: AdaptConfig, steps: Steps
) -> Matrix:
    """(pieces, dim of the base + learned) float32.

    The two parts are scaled by how long the desk's texts are in each.
    """
    counts = count_tokens(base.tokenizer, texts, steps)
    vectors = base.vectors()
    ones = np.asarray(counts.sum(axis=1)).ravel()
    means = np.asarray(counts @ vectors)[ones > 0] / ones[ones > 0, None]
    if config.removed and len(means) > config.removed:
        units = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        _, directions = np.linalg.eigh(units.T @ units)
        shared = directions[:, ::-1][:, : config.removed]
        vectors = vectors - (vectors @ shared) @ shared.T
        means = means - (means @ shared) @ shared.T
    if not config.learned:
        return np.asarray(vectors, dtype=np.float32)
    width = min(config.learned, min(counts.shape) - 1)
    learning = EncoderConfig(dim=max(width, 2), learned=max(width, 2), seed=config.seed)
    learned = embed_tokens(counts, learning)
    added = np.asarray(counts @ learned)[ones > 0] / ones[ones > 0, None]
    scale = np.linalg.norm(means, axis=1).mean() / max(
        float(np.linalg.norm(added, axis=1).mean()), 1e-9
    )
    weighted = learned * np.float32(scale * config.learned_weight)
    return np.asarray(np.hstack([vectors, weighted]), dtype=np.float32)
