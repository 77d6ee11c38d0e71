"""Texts as sparse TF-IDF rows: words one and two at a time, and runs of two to five characters.

The same code makes the rows for training and for serving, so the two cannot drift apart. Words
written in Hangul are joined before characters are counted: people space Korean as they like, and
환불 신청 must look like 환불신청.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise, repeat
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file
from scipy import sparse

_MOST_RUNS: Final = 20_000  # runs whose numbers are kept; about 8 MB
_LONGEST_RUN: Final = 32  # characters; longer ones hardly come again
_WORD = re.compile(r"\w+")
_HANGUL = re.compile("[ᄀ-ᇿ㄰-㆏가-힣]")


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureConfig:
    """What counts as a feature."""

    max_words: int = 50_000  # the most frequent are kept
    max_characters: int = 100_000
    min_count: int = 2  # texts that hold it; a feature seen once teaches little
    small: int = 10_000  # with fewer features than this those seen once are kept too
    shortest: int = 2
    longest: int = 5
    max_length: int = 4000  # characters read of a text; keeps a pasted log from costing seconds

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.longest:
            raise ValueError(f"shortest {self.shortest} must be 1 to longest {self.longest}.")

    def sized(self, labels: int, *, megabytes: float = 30) -> Self:
        """The same, with no more features than one byte a feature and label has room for."""
        kept = megabytes * 1e6 / max(labels, 1) / (self.max_words + self.max_characters)
        if kept >= 1:
            return self
        return replace(
            self,
            max_words=int(self.max_words * kept),
            max_characters=int(self.max_characters * kept),
        )


def normalize(text: str) -> str:
    """Full-width to plain, jamo to syllables, lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def split_words(text: str) -> list[str]:
    """The words of a normalized text."""
    return _WORD.findall(text)


def word_features(words: Sequence[str]) -> list[str]:
    """Each word, and each pair of neighbours."""
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]


def join_runs(words: Iterable[str]) -> list[list[str]]:
    """Group words into runs: neighbours in Hangul share one, every other word stands alone."""
    words = list(words)
    if not _HANGUL.search("".join(words)):
        return [[word] for word in words]
    runs: list[list[str]] = []
    joining = False
    for word in words:
        hangul = _HANGUL.search(word) is not None
        if hangul and joining:
            runs[-1].append(word)
        else:
            runs.append([word])
        joining = hangul
    return runs


def character_features(runs: Iterable[Sequence[str]], shortest: int, longest: int) -> list[str]:
    """Every run of characters, a blank marking both ends, never crossing from run to run."""
    found: list[str] = []
    for run in runs:
        text = f" {''.join(run)} "
        size = len(text)
        for length in range(shortest, min(longest, size) + 1):
            found += [text[i : i + length] for i in range(size - length + 1)]
    return found


Row = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text taken apart.

    `row` are the numbers of its features, sorted, and their values. `pairs` and `characters` hold
    the number of each occurrence, -1 where it was not kept: in the order of `word_features`, and of
    `character_features` over `runs`.
    """

    words: list[str]
    runs: list[list[str]]
    pairs: Numbers
    characters: Numbers
    row: Row


class Features:
    """A fitted vocabulary: word features first, then characters."""

    def __init__(
        self,
        words: Sequence[str],
        characters: Sequence[str],
        idf: npt.NDArray[np.float32],
        config: FeatureConfig,
    ) -> None:
        self.config = config
        self.names = (list(words), list(characters))
        self.idf = idf
        self._last: tuple[str, Reading] | None = None
        self._runs: dict[str, Numbers] = {}  # words come again: in a long text nearly all of them
        self._words = {name: i for i, name in enumerate(words)}
        self._characters = {name: i + len(words) for i, name in enumerate(characters)}

    def __len__(self) -> int:
        return len(self.idf)

    def word_id(self, name: str) -> int | None:
        """The number of a word or pair, None where it was not kept."""
        return self._words.get(name)

    def character_id(self, name: str) -> int | None:
        """The number of a run of characters, None where it was not kept."""
        return self._characters.get(name)

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        config: FeatureConfig | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> "Features":
        """Choose the vocabulary of `texts` and weigh each feature by its rarity."""
        config = config or FeatureConfig()
        words: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        total = 0
        for total, text in enumerate(texts, start=1):
            split = split_words(normalize(text[: config.max_length]))
            words.update(set(word_features(split)))
            grams = character_features(join_runs(split), config.shortest, config.longest)
            characters.update(set(grams))
            if progress and total % 100 == 0:
                progress(total)
        least = config.min_count
        if sum(count >= least for found in (words, characters) for count in found.values()) < (
            config.small
        ):
            least = 1  # 77 labels of 10 inquiries: .726 with them left out, .743 with them
        kept_words = _most_frequent(words, config.max_words, least)
        kept_characters = _most_frequent(characters, config.max_characters, least)
        frequency = [words[name] for name in kept_words]
        frequency += [characters[name] for name in kept_characters]
        idf = np.log((1 + total) / (1 + np.asarray(frequency, dtype=np.float32))) + 1
        return cls(kept_words, kept_characters, idf.astype(np.float32), config)

    def row(self, text: str) -> Row:
        """The features of one text: their numbers, sorted, and values with squares that sum to 1.

        Words and characters weigh half each; a text of which nothing is known has no feature.
        """
        return self.read(text).row

    def read(self, text: str) -> Reading:
        """Take a text apart; asked again for the same one, it is read once.

        A suggestion asks three times: for its scores, for the gate, and for its reasons.
        """
        last = self._last
        if last is not None and last[0] == text:
            return last[1]
        words = split_words(normalize(text[: self.config.max_length]))
        runs = join_runs(words)
        names = word_features(words)
        pairs = np.fromiter(map(self._words.get, names, repeat(-1)), np.int32, len(names))
        characters = np.concatenate([np.empty(0, np.int32), *map(self._number, runs)])
        found = Reading(words, runs, pairs, characters, self._weigh((pairs, characters)))
        self._last = (text, found)
        return found

    def _number(self, run: Sequence[str]) -> Numbers:
        """The number of each character feature of a run, in their order."""
        name = "".join(run)
        known = self._runs.get(name)
        if known is not None:
            return known
        grams = character_features([run], self.config.shortest, self.config.longest)
        found = np.fromiter(map(self._characters.get, grams, repeat(-1)), np.int32, len(grams))
        if len(name) <= _LONGEST_RUN:
            if len(self._runs) >= _MOST_RUNS:
                self._runs.clear()  # those that are frequent are soon back
            self._runs[name] = found
        return found

    def _weigh(self, blocks: Iterable[Numbers]) -> Row:
        ids, values = [np.empty(0, np.int32)], [np.empty(0, np.float32)]
        for numbers in blocks:
            block, counts = np.unique(numbers[numbers >= 0], return_counts=True)
            if len(block):
                value = (1 + np.log(counts.astype(np.float32))) * self.idf[block]
                ids.append(block)
                values.append(value / np.sqrt(2 * value @ value))
        return np.concatenate(ids), np.concatenate(values).astype(np.float32)

    def transform(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> sparse.csr_array:
        """All texts as (n, features) float32."""
        indices, data, ends = [np.empty(0, np.int32)], [np.empty(0, np.float32)], [0]
        for done, text in enumerate(texts, start=1):
            ids, values = self.row(text)
            indices.append(ids)
            data.append(values)
            ends.append(ends[-1] + len(ids))
            if progress and done % 100 == 0:
                progress(done)
        ends_array = np.asarray(ends, dtype=np.int32)  # scikit-learn takes no wider ones
        arrays = (np.concatenate(data), np.concatenate(indices), ends_array)
        return sparse.csr_array(arrays, shape=(len(texts), len(self)))

    def save(self, folder: Path) -> None:
        """Write the vocabulary and its weights."""
        words, characters = self.names
        content = {"config": asdict(self.config), "words": words, "characters": characters}
        (folder / "vocabulary.json").write_text(
            json.dumps(content, ensure_ascii=False), encoding="utf-8"
        )
        save_file({"idf": self.idf}, folder / "idf.safetensors")

    @classmethod
    def load(cls, folder: Path) -> "Features":
        """Read what `save` wrote."""
        content = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        idf = load_file(folder / "idf.safetensors")["idf"]
        config = FeatureConfig(**content["config"])
        return cls(content["words"], content["characters"], idf, config)


def _most_frequent(counts: Counter[str], limit: int, least: int) -> list[str]:
    kept = [name for name, count in counts.items() if count >= least]
    kept.sort(key=lambda name: (-counts[name], name))
    return sorted(kept[:limit])
