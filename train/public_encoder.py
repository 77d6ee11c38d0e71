"""Learns the Korean-English encoder that comes with the project, from public texts alone.

Pieces are overlapping runs of Hangul and pieces of all other words (`public_pieces.py`). Each
starts from a random vector as long as it is rare, so that cosines are near those of a character
TF-IDF; training on graded pairs, paraphrases and titles (`piece_training.py`) goes on from there.
Written in bytes, a scale a piece, with a model card and a licence of its own beside it.
"""

import hashlib
import random
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.stats import spearmanr
from tokenizers import Tokenizer

from support.artifact import Artifact, write_artifact
from support.encoder import KIND, SentenceEncoder, StaticEngine, quantise

from .encoder import static_config
from .piece_training import Lessons, TrainingConfig, train_pieces
from .progress import Progress, Steps, silent
from .public_card import licence, model_card
from .public_pieces import UNKNOWN, count, fit_pieces
from .public_texts import PublicTexts, graded_validation, read_public

_STEPS: dict[str, float] = {
    "reading": 2, "pieces": 4, "counting": 6, "training": 40, "writing": 1
}  # fmt: skip
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicEncoderConfig:
    """Settings of the shipped encoder."""

    runs: int = 22_000  # of Hangul; one in forty of all that occur is left out
    others: int = 6_000  # pieces of all other words
    dim: int = 448
    rarity: float = 1.5  # power of a piece's rarity, as the length of its first vector
    texts_a_source: int = 60_000  # read for pieces and rarity
    long_texts: int = 12_000  # of the forum, whose texts are long
    longest: int = 700  # characters read of a text
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
    tokenizer = fit_pieces(texts, runs=config.runs, others=config.others)
    steps.start("counting")
    rare = rarity(count(tokenizer, texts, steps))
    vectors = first_vectors(rare, config)
    steps.start("training")
    vectors = train_pieces(
        vectors, _lessons(public, tokenizer, rare, config), config=config.training, told=steps.at
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
            **static_config(engine, seed=config.seed, digest=_digest(public)),
            "public_config": asdict(config),
        },
        files=write,
        metrics={
            "texts": sum(map(len, public.plain.values())),
            "pieces": len(vectors),
            "dropped": public.dropped,
            **measured,
        },
    )


def rarity(counts: sparse.csr_matrix) -> Matrix:
    """(pieces,) the logarithm of how few texts hold a piece."""
    texts, size = counts.shape
    held = np.bincount(counts.indices, minlength=size)
    found: Matrix = np.log((1 + texts) / (1 + held)).astype(np.float32)
    return found


def first_vectors(rare: Matrix, config: PublicEncoderConfig) -> Matrix:
    """(pieces, dim): random directions, of mean length 1, longer where a piece is rare."""
    drawn = np.random.default_rng(config.seed).standard_normal((len(rare), config.dim), np.float32)
    found = drawn * (rare**config.rarity)[:, None]
    return np.asarray(found / np.linalg.norm(found, axis=1).mean(), dtype=np.float32)


def _sampled(public: PublicTexts, config: PublicEncoderConfig) -> list[str]:
    """Texts to learn words and company from, no source outweighing all others."""
    chance = random.Random(config.seed)
    found: list[str] = []
    for name, texts in public.plain.items():
        most = config.long_texts if name == "thunderbird" else config.texts_a_source
        kept = chance.sample(list(texts), most) if len(texts) > most else texts
        found.extend(text[: config.longest] for text in kept)
    return found


def _lessons(
    public: PublicTexts, tokenizer: Tokenizer, rare: Matrix, config: PublicEncoderConfig
) -> Lessons:
    def known(texts: list[str]) -> sparse.csr_matrix:
        return count(tokenizer, [text[: config.longest] for text in texts])

    return Lessons(
        graded=(
            known([pair.one for pair in public.graded]),
            known([pair.other for pair in public.graded]),
            np.array([pair.score for pair in public.graded], dtype=np.float32),
        ),
        groups=known([text for group in public.groups for text in group]),
        sizes=[len(group) for group in public.groups],
        pairs=[
            (known([title for title, _ in part]), known([text for _, text in part]))
            for part in (public.petitions, public.questions)
        ],
        rarity=rare,
    )


def _with_unknown(vectors: Matrix, tokenizer: Tokenizer) -> Matrix:
    """A text of unknown signs alone still has a direction, too short to outweigh a known piece."""
    found = vectors.copy()
    found[tokenizer.token_to_id(UNKNOWN)] = 1e-4 / np.sqrt(found.shape[1])
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
