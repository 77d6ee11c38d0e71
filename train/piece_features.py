"""What is known of a piece of a word before anything is trained: its spelling and its company.

Spelling: its runs of one to three characters and of three and four jamo, projected at random, so
that two forms of a word lie near each other although they are different pieces. Company: which
pieces stand beside it, as positive pointwise mutual information reduced to its main directions.
Both are multiplied by the piece's rarity. Knows nothing of the sets that are learned from.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

Matrix = npt.NDArray[np.float32]
_START = "▁"  # how the tokenizer marks the beginning of a word
_CHARACTERS = {1: 1.0, 2: 1.0, 3: 0.7}  # length of a run: its weight
_JAMO = {3: 0.5, 4: 0.5}
_NEAR = 4  # pieces that count as company, to each side
_SMOOTHING = 0.75  # of the frequency of company; tempers rare pieces


def rarity(counted: Sequence[npt.NDArray[np.int64]], size: int) -> Matrix:
    """(size,) the logarithm of how few texts hold a piece.

    Args:
        counted: the pieces of each text, by number.
        size: how many pieces there are.
    """
    frequency = np.zeros(size, dtype=np.int64)
    for ids in counted:
        frequency[np.unique(ids)] += 1
    found: Matrix = np.log((1 + len(counted)) / (1 + frequency)).astype(np.float32)
    return found


def spelling(pieces: Sequence[str], rare: Matrix, *, dim: int, seed: int) -> Matrix:
    """(pieces, dim) vectors whose inner products are near those of the pieces' runs.

    A run is as rare as the most frequent piece that holds it.
    """
    profiles = [_runs(piece) for piece in pieces]
    columns: dict[str, int] = {}
    weight: list[float] = []
    for profile, own in zip(profiles, rare, strict=True):
        for run in profile:
            column = columns.setdefault(run, len(columns))
            if column == len(weight):
                weight.append(float(own))
            weight[column] = min(weight[column], float(own))
    rows = np.repeat(np.arange(len(pieces)), [len(profile) for profile in profiles])
    places = np.array([columns[run] for profile in profiles for run in profile])
    values = np.array([value for profile in profiles for value in profile.values()])
    values = values * np.array(weight)[places]
    shape = (len(pieces), len(columns))
    known = sparse.csr_array((values.astype(np.float32), (rows, places)), shape=shape)
    projection = np.random.default_rng(seed).standard_normal((len(columns), dim), np.float32)
    return np.asarray(known @ (projection / np.sqrt(dim)), dtype=np.float32)


def company(
    counted: Sequence[npt.NDArray[np.int64]], rare: Matrix, *, dim: int, seed: int
) -> Matrix:
    """(pieces, dim) vectors of which pieces stand within four of each other, as long as rare."""
    size = len(rare)
    flat = np.concatenate(counted)
    text = np.repeat(np.arange(len(counted)), [len(ids) for ids in counted])
    together = sparse.csr_array((size, size), dtype=np.float32)
    for distance in range(1, _NEAR + 1):
        same = text[distance:] == text[:-distance]
        left, right = flat[:-distance][same], flat[distance:][same]
        ones = np.ones(len(left), dtype=np.float32)
        near = sparse.csr_array((ones, (left, right)), shape=(size, size))
        together = sparse.csr_array(together + near + near.T)
    often = np.asarray(together.sum(axis=1)).ravel() + 1e-9
    share = often**_SMOOTHING
    share /= share.sum()
    found = together.tocoo()
    rows, columns = found.coords
    information = np.log(found.data / (often[rows] * share[columns]))
    kept = (information > 0) & (found.data >= 2)  # once is chance
    places = (rows[kept], columns[kept])
    positive = sparse.csr_matrix((information[kept], places), shape=(size, size), dtype=np.float32)
    wanted = min(dim, size - 1)
    left, strength, _ = randomized_svd(positive, wanted, n_iter=2, random_state=seed)
    vectors = left * np.sqrt(strength)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.asarray(vectors / lengths * rare[:, None], dtype=np.float32)


def _runs(piece: str) -> Counter[str]:
    """Runs of characters, and of jamo where there is Hangul, with their weights."""
    found: Counter[str] = Counter()
    composed = unicodedata.normalize("NFC", piece)
    split = unicodedata.normalize("NFD", piece)
    kinds = [("c", composed, _CHARACTERS)]
    if len(split) > len(composed) and any("가" <= sign <= "힣" for sign in composed):
        kinds.append(("j", split, _JAMO))
    for kind, written, lengths in kinds:
        for length, weight in lengths.items():
            for start in range(len(written) - length + 1):
                run = written[start : start + length]
                if run != _START:
                    found[kind + run] += weight  # type: ignore[assignment]  # weights, not counts
    return found
