"""Learns the Korean-English encoder that comes with the project, from public texts alone.

Pieces of words are learned from distinct words, so that stems and endings become pieces and not
whole inflected forms; a piece starts from its spelling and its company (`piece_features.py`) and is
then trained on graded pairs, paraphrases and titles (`piece_training.py`). Written in bytes, a
scale a piece, with a model card and a licence of its own beside it.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from support.artifact import Artifact, write_artifact
from support.encoder import KIND, SentenceEncoder, StaticEngine, quantise

from .piece_features import company, rarity, spelling
from .piece_training import Lessons, TrainingConfig, train_pieces
from .progress import Progress, Steps, silent
from .public_card import licence, model_card
from .public_texts import PublicTexts, graded_validation, read_public

_UNKNOWN = "[UNK]"
_STEPS: dict[str, float] = {
    "reading": 2, "pieces": 4, "counting": 6, "features": 8, "training": 30, "writing": 1
}  # fmt: skip
Matrix = npt.NDArray[np.float32]
Pieces = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicEncoderConfig:
    """Settings of the shipped encoder."""

    pieces: int = 16_000  # more join whole inflected words, and texts share fewer of them
    dim: int = 448
    spelling: int = 1_024  # dimensions before the reduction to `dim`
    company: int = 300
    company_weight: float = 0.5  # beside spelling
    texts_a_source: int = 120_000  # read for words and company; more changes little
    long_texts: int = 12_000  # of the forum, whose texts are long
    reduced_from: int = 30_000  # texts that the reduction keeps apart
    longest: int = 700  # characters read of a text; three times as many of one that is a target
    seed: int = 0
    training: TrainingConfig = field(default_factory=TrainingConfig)


def train_public_encoder(
    data: Path,
    folder: Path,
    *,
    config: PublicEncoderConfig | None = None,
    progress: Progress = silent,
) -> Artifact:
    """Learn the encoder and write its model folder.

    Args:
        data: the folder of public data; `public_sources.py` says what is read of it.
        folder: where the model shall be; one that is there is replaced.
        config: settings.
        progress: told done, total and a message; may raise, which leaves nothing behind.

    Raises:
        ImportFileError: a file is missing.
    """
    config = config or PublicEncoderConfig()
    steps = Steps(progress, _STEPS)
    steps.start("reading")
    public = read_public(data)
    texts = _sampled(public, config)
    steps.start("pieces")
    tokenizer = fit_pieces(texts, size=config.pieces)
    steps.start("counting")
    counted = [text for text in split(tokenizer, texts, steps) if len(text)]
    steps.start("features")
    known = sorted(vocabulary := tokenizer.get_vocab(), key=vocabulary.__getitem__)
    vectors = first_vectors(known, counted, config)
    steps.start("training")
    vectors = train_pieces(
        vectors, _lessons(public, tokenizer, config), config=config.training, told=steps.at
    )
    steps.start("writing")
    vectors = vectors / np.linalg.norm(vectors, axis=1).mean()
    engine = StaticEngine(tokenizer, *quantise(_with_unknown(vectors, tokenizer)))
    measured = _validation(data, engine)

    def write(place: Path) -> None:
        engine.save(place)
        (place / "LICENSE").write_text(licence(), encoding="utf-8")
        (place / "MODEL_CARD.md").write_text(model_card(engine, measured), encoding="utf-8")

    return write_artifact(
        folder,
        kind=KIND,
        config={
            "dim": engine.dim,
            "normalized": True,
            "seed": config.seed,
            "data_hash": _digest(public),
            "public_config": asdict(config),
        },
        files=write,
        metrics={
            "texts": sum(map(len, public.plain.values())),
            "pieces": len(known),
            "dropped": public.dropped,
            **measured,
        },
    )


def fit_pieces(texts: Sequence[str], *, size: int) -> Tokenizer:
    """Byte-pair pieces of distinct words, each word counted once however often it occurs.

    Counted as often as they occur, frequent inflected words become pieces of their own, and share
    nothing with their other forms.
    """
    counts = Counter(word for text in texts for word in text.lower().split())
    often = sorted(word[:40] for word, count in counts.items() if count > 1 or len(counts) < size)
    tokenizer = Tokenizer(models.BPE(unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[_UNKNOWN],
        limit_alphabet=2_500,
        max_token_length=14,
        show_progress=False,
    )
    tokenizer.train_from_iterator(often, trainer)
    tokenizer.no_padding()
    return tokenizer


def split(tokenizer: Tokenizer, texts: Sequence[str], steps: Steps | None = None) -> list[Pieces]:
    """The numbers of each text's pieces."""
    found: list[Pieces] = []
    for start in range(0, len(texts), 2_000):
        batch = list(texts[start : start + 2_000])
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            found.append(np.array(encoding.ids, dtype=np.int64))
        if steps:
            steps.at(start / len(texts))
    return found


def first_vectors(
    pieces: Sequence[str], counted: Sequence[Pieces], config: PublicEncoderConfig
) -> Matrix:
    """(pieces, dim): spelling and company, reduced to the directions in which texts differ."""
    rare = rarity(counted, len(pieces))
    spelled = spelling(pieces, rare, dim=config.spelling, seed=config.seed)
    near = company(counted, rare, dim=config.company, seed=config.seed)
    halves = [
        weight * half / max(float(np.linalg.norm(half, axis=1).mean()), 1e-9)
        for weight, half in ((1.0, spelled), (config.company_weight, near))
    ]
    whole = np.hstack(halves).astype(np.float32)
    chosen = np.random.default_rng(config.seed).permutation(len(counted))[: config.reduced_from]
    means = np.array([whole[counted[i]].mean(axis=0) for i in chosen])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    _, directions = np.linalg.eigh(means.T @ means)
    found: Matrix = (whole @ directions[:, ::-1][:, : config.dim]).astype(np.float32)
    return found / np.float32(np.linalg.norm(found, axis=1).mean())


def _sampled(public: PublicTexts, config: PublicEncoderConfig) -> list[str]:
    """Texts to learn words and company from, no source outweighing all others."""
    chance = random.Random(config.seed)
    found: list[str] = []
    for name, texts in public.plain.items():
        most = config.long_texts if name == "thunderbird" else config.texts_a_source
        kept = chance.sample(list(texts), most) if len(texts) > most else texts
        found.extend(text[: config.longest] for text in kept)
    return found


def _lessons(public: PublicTexts, tokenizer: Tokenizer, config: PublicEncoderConfig) -> Lessons:
    def known(texts: Iterator[str]) -> list[Pieces]:
        numbers = split(tokenizer, list(texts))
        return [text if len(text) else np.zeros(1, dtype=np.int64) for text in numbers]

    sizes = [len(group) for group in public.groups]
    flat = iter(known(text for group in public.groups for text in group))
    longest = 3 * config.longest
    pairs = []
    for part in (public.petitions, public.questions):
        short = known(title for title, _ in part)
        long = known(text[:longest] for _, text in part)
        pairs.append(list(zip(short, long, strict=True)))
    return Lessons(
        graded=list(
            zip(
                known(pair.one for pair in public.graded),
                known(pair.other for pair in public.graded),
                [pair.score for pair in public.graded],
                strict=True,
            )
        ),
        groups=[[next(flat) for _ in range(size)] for size in sizes],
        pairs=pairs,
        rivals=list(
            zip(
                known(one for one, _, _ in public.rivals),
                known(right for _, right, _ in public.rivals),
                known(wrong for _, _, wrong in public.rivals),
                strict=True,
            )
        ),
    )


def _with_unknown(vectors: Matrix, tokenizer: Tokenizer) -> Matrix:
    """A text of unknown signs alone still has a direction, too short to outweigh a known piece."""
    found = vectors.copy()
    found[tokenizer.token_to_id(_UNKNOWN)] = 1e-4 / np.sqrt(found.shape[1])
    return found


def _validation(data: Path, engine: StaticEngine) -> dict[str, float]:
    """Spearman's correlation with people on the validation part of KorSTS."""
    pairs = graded_validation(data)
    encoder = SentenceEncoder(engine, "")
    one, other = (
        encoder.encode([pair.one for pair in pairs]),
        encoder.encode([pair.other for pair in pairs]),
    )
    found = spearmanr((one * other).sum(axis=1), [pair.score for pair in pairs])
    return {"kornlu_validation_spearman": round(float(found.statistic), 4)}


def _digest(public: PublicTexts) -> str:
    digest = hashlib.sha256()
    for name, texts in public.plain.items():
        digest.update(name.encode() + "\x1e".join(texts).encode("utf-8", "replace"))
    return digest.hexdigest()
