"""Learns the desk's own sentence encoder from its texts alone: no network, no labels, a minute.

A piece of a word gets a vector of two halves. The learned half is latent semantic analysis: pieces
that occur in the same texts lie close together. The other half is random, nearly at right angles to
every other piece's, so that rare pieces, which the analysis throws away, still tell texts apart.
A sentence is the mean of its pieces' vectors, so a piece's rarity is folded into their length.
"""

import hashlib
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.extmath import randomized_svd
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from support import learned
from support.artifact import Artifact, write_artifact
from support.encoder import KIND, SentenceEncoder, StaticEngine, TorchEngine, is_static
from support.errors import TooFewLabelsError

from .progress import Progress, Steps, silent

_UNKNOWN = "[UNK]"


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderConfig:
    """Settings of the static encoder."""

    vocabulary: int = 8_000  # word pieces; with more, inflected Korean falls into rarer ones
    dim: int = 384
    learned: int = 128  # of these dimensions, by latent semantic analysis; the others are random
    max_texts: int = 40_000  # read for the vectors; more changes little
    max_texts_vocabulary: int = 20_000
    max_length: int = 2_000  # characters read of a text
    num_iterations: int = 3  # of the randomized SVD
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.learned <= self.dim:
            raise ValueError(f"learned must be 1 to dim ({self.dim}), got {self.learned}.")
        if self.dim < 2 or self.vocabulary < 100:
            raise ValueError(
                f"dim must be 2 or more and vocabulary 100 or more, got {self.dim} and "
                f"{self.vocabulary}."
            )


def fit_encoder(
    texts: Sequence[str],
    *,
    folder: Path,
    config: EncoderConfig | None = None,
    read_before: str = "",
    inquiry_ids: Sequence[int] = (),
    progress: Progress = silent,
) -> Artifact:
    """Learn an encoder and write its model folder.

    Args:
        texts: inquiries, answers and FAQ texts; blank ones are left out.
        folder: where the model shall be.
        config: settings.
        read_before: ISO moment before which the texts were written, kept in the model's config;
            empty: unknown.
        inquiry_ids: whose texts they are, kept beside the weights.
        progress: told done, total and a message; may raise, which leaves nothing behind.

    Raises:
        TooFewLabelsError: there are fewer than ten texts.
    """
    config = config or EncoderConfig()
    steps = Steps(progress, {"vocabulary": 3, "counting": 4, "vectors": 10, "writing": 1})
    steps.start("vocabulary")
    kept, total, digest = read_texts(
        texts, max_length=config.max_length, most=config.max_texts, seed=config.seed
    )
    tokenizer = fit_tokenizer(kept[: config.max_texts_vocabulary], size=config.vocabulary)
    steps.start("counting")
    counts = count_tokens(tokenizer, kept, steps)
    steps.start("vectors")
    embeddings = embed_tokens(counts, config)
    # A text of unknown signs alone still has a direction, the same for all of them, and short, so
    # that it never outweighs a known piece.
    unknown = np.abs(embeddings).sum(axis=1) == 0
    unknown[tokenizer.token_to_id(_UNKNOWN)] = True
    embeddings[unknown] = 1e-4 / np.sqrt(embeddings.shape[1])
    steps.start("writing")
    engine = StaticEngine(tokenizer, embeddings)
    return write_artifact(
        folder,
        kind=KIND,
        config={
            **static_config(engine, seed=config.seed, digest=digest),
            "encoder_config": asdict(config),
            "read_before": read_before,
        },
        files=with_learned(engine, inquiry_ids),
        metrics={
            "texts": total,
            "texts_read": len(kept),
            "pieces": tokenizer.get_vocab_size(),
        },
    )


def with_learned(engine: StaticEngine, inquiry_ids: Sequence[int]) -> Callable[[Path], None]:
    """Writes an encoder with the numbers of the inquiries that it learned from."""

    def write(folder: Path) -> None:
        engine.save(folder)
        learned.save(folder, inquiry_ids)

    return write


def static_config(engine: StaticEngine, *, seed: int, digest: str) -> dict[str, Any]:
    """What every static encoder's config says; `digest` is the sum of what it learned from."""
    return {"dim": engine.dim, "normalized": True, "seed": seed, "data_hash": digest}


def read_texts(
    texts: Sequence[str], *, max_length: int, most: int, seed: int
) -> tuple[list[str], int, str]:
    """What an encoder learns from, how many texts there were, and the SHA-256 sum of all of them.

    Args:
        texts: blank ones are left out.
        max_length: characters read of a text.
        most: texts read; of more, some are drawn.
        seed: of the drawing.

    Raises:
        TooFewLabelsError: there are fewer than ten texts.
    """
    kept = [text[:max_length] for text in texts if text.strip()]
    if len(kept) < 10:
        raise TooFewLabelsError(
            f"An encoder needs at least 10 texts, there are {len(kept)}. Import history first: "
            f"faqdesk import FILE"
        )
    digest = hashlib.sha256("\x1e".join(kept).encode("utf-8", "replace")).hexdigest()
    read = random.Random(seed).sample(kept, most) if len(kept) > most else kept
    return read, len(kept), digest


def import_encoder(name_or_folder: str, folder: Path) -> Artifact:
    """Copy any sentence-transformers model into a model folder.

    Raises:
        ModelMissingError: there is no such model on this machine.
    """
    source = Path(name_or_folder)
    if (source / "modules.json").exists() and is_static(source):
        engine = StaticEngine.load(source)
        config = {"dim": engine.dim, "normalized": True, "source": source.name}
        return write_artifact(folder, kind=KIND, config=config, files=engine.save, metrics={})
    if (source / "manifest.json").exists():
        SentenceEncoder.load(source)  # refuses what is damaged
    torch = TorchEngine(name_or_folder)

    def write(temporary: Path) -> None:
        if (source / "modules.json").exists():
            shutil.copytree(source, temporary / "model", ignore=shutil.ignore_patterns(".*"))
        else:
            torch.save(temporary / "model")

    config = {"dim": torch.dim, "normalized": True, "source": source.name, "inner": "model"}
    return write_artifact(folder, kind=KIND, config=config, files=write, metrics={})


def fit_tokenizer(texts: Sequence[str], *, size: int) -> Tokenizer:
    """Word pieces over lower-case text in compatibility form."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[_UNKNOWN], limit_alphabet=3_000, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def count_tokens(tokenizer: Tokenizer, texts: Sequence[str], steps: Steps) -> sparse.csr_array:
    """(texts, pieces): how often each piece occurs."""
    ids: list[npt.NDArray[np.int32]] = []
    ends = [0]
    for start, batch in _batches(texts, 1_000):
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            ids.append(np.array(encoding.ids, dtype=np.int32))
            ends.append(ends[-1] + len(encoding.ids))
        steps.at(start / len(texts))
    columns = np.concatenate(ids)
    shape = (len(texts), tokenizer.get_vocab_size())
    ones = np.ones(len(columns), dtype=np.float32)
    counts = sparse.csr_array((ones, columns, np.array(ends, dtype=np.int32)), shape=shape)
    counts.sum_duplicates()
    return counts


def embed_tokens(counts: sparse.csr_array, config: EncoderConfig) -> npt.NDArray[np.float32]:
    """(pieces, dim) vectors, each already multiplied by its piece's rarity."""
    n, size = counts.shape
    frequency = np.bincount(counts.indices, minlength=size)
    rarity = np.log((1 + n) / (1 + frequency))
    rarity[frequency == 0] = 0
    weighted = counts.copy()
    weighted.data = (1 + np.log(weighted.data)) * rarity[weighted.indices].astype(np.float32)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(weighted.indptr))
    weighted.data = weighted.data.astype(np.float32)
    learned = min(config.learned, config.dim, min(weighted.shape) - 1)
    _, _, directions = randomized_svd(
        sparse.csr_matrix(weighted), learned, n_iter=config.num_iterations, random_state=config.seed
    )
    rest = config.dim - learned
    signs = np.random.default_rng(config.seed).choice([-1.0, 1.0], (size, rest))
    halves = [directions.T, signs / np.sqrt(max(rest, 1))]
    return np.asarray(np.hstack(halves) * rarity[:, None], dtype=np.float32)


def _batches(texts: Sequence[str], size: int) -> Iterator[tuple[int, list[str]]]:
    for start in range(0, len(texts), size):
        yield start, list(texts[start : start + size])
