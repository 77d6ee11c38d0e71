"""Rows of features for many texts at once, equal to those that `support.features` makes one by one.

A text's words and runs of characters are not cut out as strings: all texts of a chunk stand in one
array of code points, every feature is a hash over a span of it, and a table leads from the hash to
the feature's number. Two features share a hash with a chance of one in 10^12.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from support.features import Features, join_runs, normalize, split_words

_Hashes = npt.NDArray[np.uint64]
_Places = npt.NDArray[np.int64]
_Codes = npt.NDArray[np.uint32]

_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2^64
_INVERSE = np.uint64(pow(int(_BASE), -1, 1 << 64))
_PAIR = np.uint64(0xC2B2AE3D27D4EB4F)
_RUN = np.uint64(0xD6E8FEB86659FD93)  # keeps runs of characters apart from words of their letters
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_CHUNK = 200_000  # characters looked at together; more would fall out of the processor's cache
_BETWEEN = "\0"  # stands between texts; no word holds it
_BLANK = ord(" ")
_OTHER, _LETTER, _HANGUL = 0, 1, 2


class _Table:
    """From 64-bit hashes to the numbers of features."""

    def __init__(self, hashes: _Hashes) -> None:
        bits = max(4, len(hashes).bit_length() + 2)  # about a quarter of the buckets in use
        self._shift = np.uint64(64 - bits)
        buckets = hashes >> self._shift
        order = np.argsort(buckets, kind="stable")
        self._hashes = hashes[order]
        self._numbers = order.astype(np.int32)
        counts = np.bincount(buckets.astype(np.int64), minlength=1 << bits)
        self._deepest = int(counts.max(initial=0))
        self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)

    def find(self, hashes: _Hashes) -> tuple[_Places, npt.NDArray[np.int32]]:
        """Which of (n,) hashes are known, and the number of each that is."""
        buckets = (hashes >> self._shift).astype(np.int64)
        first = self._starts[buckets]
        left = self._starts[buckets + 1] - first
        asked = np.flatnonzero(left)
        places, numbers = [], []
        for depth in range(self._deepest):
            at = first[asked] + depth
            same = self._hashes[at] == hashes[asked]
            places.append(asked[same])
            numbers.append(self._numbers[at[same]])
            asked = asked[~same]
            asked = asked[left[asked] > depth + 1]
            if not len(asked):
                break
        if not places:
            return np.empty(0, np.int64), np.empty(0, np.int32)
        return np.concatenate(places), np.concatenate(numbers)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Running sums of codes times powers of the base: any span's hash is one difference."""

    sums: _Hashes  # (n + 1,)
    back: _Hashes  # (n + 1,) inverse powers

    @classmethod
    def of(cls, codes: _Codes) -> "_Sums":
        n = len(codes) + 1
        powers = np.full(n, _BASE)
        powers[0] = 1
        back = np.full(n, _INVERSE)
        back[0] = 1
        np.cumprod(powers, out=powers)
        np.cumprod(back, out=back)
        sums = np.zeros(n, np.uint64)
        np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers[:-1], out=sums[1:])
        return cls(sums, back)

    def words(self, starts: _Places, stops: _Places) -> _Hashes:
        """The hash of each span [start, stop)."""
        return _stir((self.sums[stops] - self.sums[starts]) * self.back[starts])

    def grams(self, length: int) -> _Hashes:
        """The hash of every span of one length, from the first place on."""
        spans = (self.sums[length:] - self.sums[:-length]) * self.back[:-length]
        return _stir(spans * _RUN + np.uint64(length))


def _stir(hashes: _Hashes) -> _Hashes:
    """Spread every bit over all: the last steps of SplitMix64."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX[0]
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX[1]
    return hashes ^ (hashes >> np.uint64(31))


def _pairs(first: _Hashes, second: _Hashes) -> _Hashes:
    return _stir(first * _PAIR + second)


class QuickRows:
    """Makes the rows of a fitted vocabulary for many texts at once."""

    def __init__(self, features: Features) -> None:
        self.features = features
        self._kinds = np.full(0x110000, -1, np.int8)  # of code points; -1: not looked at yet
        self._words = _Table(_hash_words(features.names[0]))
        self._characters = _Table(_hash_grams(features.names[1]))

    def transform(self, texts: Sequence[str]) -> sparse.csr_array:
        """(n, features) float32, as `Features.transform` gives them up to the last digit."""
        longest = self.features.config.max_length
        parts: list[sparse.csr_array] = []
        waiting: list[str] = []
        size = 0
        for text in texts:
            waiting.append(text[:longest].replace(_BETWEEN, " "))
            size += len(waiting[-1])
            if size >= _CHUNK:
                parts.append(self._rows(waiting))
                waiting, size = [], 0
        if waiting or not parts:
            parts.append(self._rows(waiting))
        return parts[0] if len(parts) == 1 else sparse.csr_array(sparse.vstack(parts, "csr"))

    def _rows(self, texts: Sequence[str]) -> sparse.csr_array:
        codes = _codes(normalize(_BETWEEN.join(texts)))
        kinds = self._kinds_of(codes)
        letter = kinds != _OTHER
        edge = np.diff(letter, prepend=False, append=False)
        starts, stops = np.flatnonzero(edge).reshape(-1, 2).T
        text_of = np.searchsorted(np.flatnonzero(codes == 0), starts).astype(np.int64)

        hashes = _Sums.of(codes).words(starts, stops)
        rows, ids = self._find(self._words, hashes, text_of)
        beside = text_of[1:] == text_of[:-1]
        pairs = _pairs(hashes[:-1], hashes[1:])[beside]
        found = [(rows, ids), self._find(self._words, pairs, text_of[1:][beside])]
        found += self._grams(codes, kinds, starts, stops, text_of)
        return self._weigh(found, len(texts))

    def _grams(
        self,
        codes: _Codes,
        kinds: npt.NDArray[np.int8],
        starts: _Places,
        stops: _Places,
        text_of: _Places,
    ) -> list[tuple[_Places, npt.NDArray[np.int32]]]:
        """Numbers of the runs of characters, with their texts.

        Words in Hangul that are neighbours share a run; a blank stands at both ends of every run.
        """
        config = self.features.config
        if not len(starts):
            return []
        hangul = np.concatenate([[0], np.cumsum(kinds == _HANGUL)])
        korean = hangul[stops] > hangul[starts]
        joined = korean[1:] & korean[:-1] & (text_of[1:] == text_of[:-1])
        run_of_word = np.concatenate([[0], np.cumsum(~joined)])
        letters = np.flatnonzero(kinds != _OTHER)
        run_of_letter = np.repeat(run_of_word, stops - starts)
        line = np.full(len(letters) + 2 * (int(run_of_word[-1]) + 1), _BLANK, np.uint32)
        place = np.arange(len(letters)) + 2 * run_of_letter + 1
        line[place] = codes[letters]
        run = np.zeros(len(line), np.int64)
        sizes = np.bincount(run_of_letter) + 2
        run = np.repeat(np.arange(len(sizes)), sizes)
        first_word = np.concatenate([[0], np.flatnonzero(~joined) + 1])
        text = text_of[first_word][run]
        sums = _Sums.of(line)
        words = len(self.features.names[0])
        found = []
        for length in range(config.shortest, min(config.longest, len(line)) + 1):
            inside = np.flatnonzero(run[length - 1 :] == run[: len(run) - length + 1])
            rows, ids = self._find(self._characters, sums.grams(length)[inside], text[inside])
            found.append((rows, ids + np.int32(words)))
        return found

    @staticmethod
    def _find(
        table: _Table, hashes: _Hashes, text_of: _Places
    ) -> tuple[_Places, npt.NDArray[np.int32]]:
        places, ids = table.find(hashes)
        return text_of[places], ids

    def _weigh(
        self, found: Sequence[tuple[_Places, npt.NDArray[np.int32]]], n: int
    ) -> sparse.csr_array:
        """Count what occurs, weigh it by rarity, and give words and characters half each."""
        rows = np.concatenate([rows for rows, _ in found]).astype(np.int32)
        ids = np.concatenate([ids for _, ids in found])
        ones = np.ones(len(ids), np.float32)
        counted = sparse.coo_array((ones, (rows, ids)), shape=(n, len(self.features))).tocsr()
        values = (1 + np.log(counted.data)) * self.features.idf[counted.indices]
        block = 2 * np.repeat(np.arange(n), np.diff(counted.indptr))
        block += counted.indices >= len(self.features.names[0])
        lengths = np.bincount(block, values * values, 2 * n)
        counted.data = (values / np.sqrt(2 * lengths[block])).astype(np.float32)
        return sparse.csr_array(counted)

    def _kinds_of(self, codes: _Codes) -> npt.NDArray[np.int8]:
        kinds = self._kinds[codes]
        if (kinds < 0).any():
            for code in np.unique(codes[kinds < 0]).tolist():
                self._kinds[code] = _kind(chr(code))
            kinds = self._kinds[codes]
        return kinds


def _kind(character: str) -> int:
    """What the one-by-one way takes a character for."""
    if not split_words(character):
        return _OTHER
    # Two in Hangul share a run, two of anything else do not.
    return _HANGUL if len(join_runs([character, character])) == 1 else _LETTER


def _codes(text: str) -> _Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _hash_words(names: Sequence[str]) -> _Hashes:
    """Of words, and of pairs as "first second"."""
    starts, stops = _spans(names)
    sums = _Sums.of(_codes("".join(names)))
    hashes = sums.words(starts, stops)
    blanks = np.array([name.find(" ") for name in names], np.int64)
    pairs = blanks >= 0
    middle = starts[pairs] + blanks[pairs]
    hashes[pairs] = _pairs(sums.words(starts[pairs], middle), sums.words(middle + 1, stops[pairs]))
    return hashes


def _hash_grams(names: Sequence[str]) -> _Hashes:
    starts, stops = _spans(names)
    sums = _Sums.of(_codes("".join(names)))
    lengths = stops - starts
    hashes = np.zeros(len(names), np.uint64)
    for length in np.unique(lengths).tolist():
        same = lengths == length
        hashes[same] = sums.grams(length)[starts[same]]
    return hashes


def _spans(names: Sequence[str]) -> tuple[_Places, _Places]:
    stops = np.cumsum([0, *map(len, names)])
    return stops[:-1], stops[1:]
