"""Texts as unit vectors, so that an inner product is a cosine similarity.

The default is static: the mean of learned token vectors, read by numpy from a folder that
sentence-transformers loads too. Every other model goes through `torch_engine.py`, loaded when used.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from .artifact import read_artifact
from .errors import EmptyTextError, ModelDamagedError, ModelMissingError
from .mapped import mapped

KIND = "encoder"
Vectors = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]
_OWN_FILES = ("config.json", "metrics.json", "manifest.json", "LICENSE", "learned.safetensors")
_BATCH = 512
_FEW = 4  # texts that are split sooner than threads are woken to do it
_PLAIN = "embedding.weight"
# What sentence-transformers reads beside it: rows in bytes, shared rows, and a weight a token.
_QUANTISED, _MAPPING, _SCALES = "embeddings", "mapping", "weights"
_STATIC = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
_NORMALIZE = "sentence_transformers.base.modules.normalize.Normalize"


class Engine(Protocol):
    """Makes vectors, of any length but zero."""

    dim: int

    def save(self, folder: Path) -> None:
        """Write a folder that sentence-transformers reads."""
        ...

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32."""


class StaticEngine:
    """The mean of one learned vector a token.

    Vectors are read where they lie on disk, in bytes where a model is quantised: processes hold
    them once together, and the few rows of a text are quickly multiplied by their scales.

    Args:
        tokenizer: splits a text into tokens.
        embeddings: (tokens, dim) float32, or int8 with `scales`.
        scales: (tokens,) float32, what each row is multiplied by; without it all are 1.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        embeddings: Vectors | Bytes,
        scales: Vectors | None = None,
    ) -> None:
        tokenizer.no_padding()
        self.tokenizer = tokenizer
        self.embeddings = embeddings
        self.scales = scales
        self.dim = int(embeddings.shape[1])

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) means; zero where a text has no token."""
        found = np.zeros((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            if len(batch) <= _FEW:
                encodings = [self.tokenizer.encode(t, add_special_tokens=False) for t in batch]
            else:
                encodings = self.tokenizer.encode_batch(batch, add_special_tokens=False)
            for i, encoding in enumerate(encodings, start=start):
                if encoding.ids:
                    found[i] = self._mean(encoding.ids)
        return found

    def _mean(self, ids: list[int]) -> Vectors:
        if self.scales is None:
            mean: Vectors = self.embeddings[ids].mean(axis=0, dtype=np.float32)
            return mean
        # Pieces come again in a long text: each row is fetched once.
        known, counts = np.unique(ids, return_counts=True)
        shares = self.scales[known] * counts.astype(np.float32)
        return (shares @ self.embeddings[known].astype(np.float32)) / np.float32(len(ids))

    def vectors(self) -> Vectors:
        """(tokens, dim) float32, the scales multiplied in."""
        whole = self.embeddings.astype(np.float32)
        return whole if self.scales is None else whole * self.scales[:, None]

    def save(self, folder: Path) -> None:
        """Write a sentence-transformers folder: a static embedding, then a normalization."""
        self.tokenizer.save(str(folder / "tokenizer.json"))
        if self.scales is None:
            weights = {_PLAIN: self.embeddings}
        else:
            weights = {_QUANTISED: self.embeddings, _SCALES: self.scales}
        save_file(weights, folder / "model.safetensors")
        modules = [
            {"idx": 0, "name": "0", "path": "", "type": _STATIC},
            {"idx": 1, "name": "1", "path": "1_Normalize", "type": _NORMALIZE},
        ]
        (folder / "modules.json").write_text(json.dumps(modules, indent=2), encoding="utf-8")
        settings: dict[str, Any] = {
            "similarity_fn_name": "cosine",
            "prompts": {},
            "default_prompt_name": None,
        }
        (folder / "config_sentence_transformers.json").write_text(
            json.dumps(settings, indent=2), encoding="utf-8"
        )
        (folder / "1_Normalize").mkdir()
        (folder / "1_Normalize" / "config.json").write_text(
            '{"module_input_name": "sentence_embedding", '
            '"module_output_name": "sentence_embedding"}',
            encoding="utf-8",
        )

    @classmethod
    def load(cls, folder: Path) -> "StaticEngine":
        """Read a sentence-transformers folder that `is_static`.

        Raises:
            ModelDamagedError: its files cannot be read.
        """
        try:
            place = folder / _modules(folder)[0]["path"]
            tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
            weights = mapped(place / "model.safetensors")
            if _PLAIN in weights:
                return cls(tokenizer, np.asarray(weights[_PLAIN], dtype=np.float32))
            embeddings, scales = weights[_QUANTISED], weights.get(_SCALES)
            if _MAPPING in weights:
                embeddings = embeddings[weights[_MAPPING]]
        except Exception as error:  # tokenizers raises plain Exception
            if not isinstance(error, (OSError, KeyError, SafetensorError)) and (
                type(error) is not Exception
            ):
                raise
            raise ModelDamagedError(
                f"The encoder in {folder} cannot be read ({error}). "
                f"Train it again: faqdesk train encoder"
            ) from error
        if embeddings.dtype != np.int8 or scales is None:
            embeddings = np.asarray(embeddings, np.float32)
        return cls(
            tokenizer, embeddings, None if scales is None else np.asarray(scales, np.float32)
        )


class TorchEngine:
    """Any other sentence-transformers model."""

    def __init__(self, name_or_folder: str) -> None:
        from .torch_engine import load_sentence_transformer

        try:
            self._model = load_sentence_transformer(name_or_folder)
        except (OSError, ValueError) as error:
            raise ModelMissingError(
                f"sentence-transformers cannot load {name_or_folder!r} ({error}). Name a folder "
                f"that holds such a model, or a model that is already on this machine."
            ) from error
        self.dim = int(self._model.get_embedding_dimension() or 0)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """(n, dim)."""
        vectors = self._model.encode(list(texts), batch_size=32, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write a sentence-transformers folder."""
        self._model.save(str(folder))


def quantise(vectors: Vectors) -> tuple[Bytes, Vectors]:
    """Rows in bytes, and (n,) scales to multiply them by.

    A number is off by at most 1/254 of the largest in its row.
    """
    scales = np.abs(vectors).max(axis=1, initial=0) / 127
    scales[scales == 0] = 1
    whole = np.rint(vectors / scales[:, None]).astype(np.int8)
    return whole, np.asarray(scales, dtype=np.float32)


class SentenceEncoder:
    """Encodes texts. `version` changes whenever the vectors would."""

    def __init__(self, engine: Engine, version: str) -> None:
        self.engine = engine
        self.version = version

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self.engine.dim

    @classmethod
    def load(cls, folder_or_name: str | Path, *, verify: bool = True) -> "SentenceEncoder":
        """Open a model folder of ours, another sentence-transformers folder, or a model by name.

        Args:
            folder_or_name: a folder wins over a name that looks the same.
            verify: compare the files of a model folder with their SHA-256 sums.

        Raises:
            ModelMissingError: there is no such model.
            ModelDamagedError: its files are not as they were written.
            ModelVersionError: it is of another kind, or newer.
        """
        folder = Path(folder_or_name)
        if (folder / "manifest.json").exists():
            artifact = read_artifact(folder, KIND, verify=verify)
            inner = folder / str(artifact.config.get("inner", ""))
            return cls(_engine(inner), _hash_folder(folder))
        if (folder / "modules.json").exists():
            return cls(_engine(folder), _hash_folder(folder))
        if isinstance(folder_or_name, Path) or folder.is_absolute():
            raise ModelMissingError(f"No encoder in {folder}. Train it: faqdesk train encoder")
        digest = hashlib.sha256(str(folder_or_name).encode()).hexdigest()[:12]
        return cls(TorchEngine(str(folder_or_name)), digest)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts.

        Returns:
            (n, dim) float32, each row of length 1.

        Raises:
            EmptyTextError: a text is blank.
        """
        for text in texts:
            if not text.strip():
                raise EmptyTextError(f"Nothing to encode in {text!r}. Give a text.")
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        vectors = self.engine(texts)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not lengths.all():
            text = texts[int(np.argmin(lengths))]
            raise EmptyTextError(f"Nothing to encode in {text!r}: it holds no visible character.")
        return np.asarray(vectors / lengths, dtype=np.float32)


def is_static(folder: Path) -> bool:
    """Whether a folder of sentence-transformers holds a static embedding, perhaps normalized."""
    kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in _modules(folder)]
    return kinds in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"])


def _modules(folder: Path) -> list[dict[str, Any]]:
    path = folder / "modules.json"
    try:
        modules: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelDamagedError(
            f"{path} cannot be read ({error}). Train the encoder again: faqdesk train encoder"
        ) from error
    return modules


def _engine(folder: Path) -> Engine:
    return StaticEngine.load(folder) if is_static(folder) else TorchEngine(str(folder))


def _hash_folder(folder: Path) -> str:
    """Twelve digits over the files that make the vectors, not over our notes beside them."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in _OWN_FILES and not name.endswith(".md"):
            with path.open("rb") as file:
                digest.update(name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]
