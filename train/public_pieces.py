"""Splits texts for the shipped encoder: overlapping runs of Hangul, pieces of all other words.

A Korean word of the syllables a, b, c becomes its first syllable, a, ab, b, bc, c and its last one:
what a character TF-IDF of one and two characters counts. No tokenizer overlaps, so each syllable is
first written three times with signs between, and the text split at the signs. Knows nothing of
vectors.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy import sparse
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from .char_map import precompiled
from .progress import Steps

UNKNOWN = "[UNK]"
_ALONE, _NEXT = "\ue000", "\ue001"  # private use; the first stays before a syllable on its own
_FIRST, _LAST = "\uac00", "\ud7a3"
_LONGEST = 40  # characters of a word that others are learned from


def fit_pieces(texts: Sequence[str], *, runs: int, others: int) -> Tokenizer:
    """The runs of Hangul that the most texts hold, and byte-pair pieces of all other words.

    Those are learned from distinct words: counted as often as they occur, frequent inflected words
    become pieces of their own, and share nothing with their other forms. Of several ways to split
    a word, the one with the fewest pieces is taken.
    """
    splitter = _tokenizer([(UNKNOWN, 0.0)])
    held: Counter[str] = Counter()
    for text in texts:
        normal = splitter.normalizer.normalize_str(text)
        held.update({word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normal)})
    korean = {word: count for word, count in held.items() if all(map(_is_korean, word))}
    often = sorted(korean, key=lambda word: (-korean[word], word))[:runs]
    foreign = {
        "".join(sign for sign in word if not _FIRST <= sign <= _LAST and sign != _ALONE)[:_LONGEST]
        for word, count in held.items()
        if word not in korean and (count > 1 or len(held) < others)
    }
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=others, limit_alphabet=600, max_token_length=14, show_progress=False
    )
    learner.train_from_iterator(sorted(foreign - {""}), trainer)
    vocabulary = learner.get_vocab()
    learned = sorted(vocabulary, key=vocabulary.__getitem__)
    single = sorted({sign for word in often for sign in word} | {"▁", _ALONE})
    known = list(dict.fromkeys([*often, *learned, *single]))
    # Nearly the same cost for each; the small differences settle ties.
    costs = [-10 - 0.001 * i / len(known) for i in range(len(known))]
    return _tokenizer([(UNKNOWN, -30.0), *zip(known, costs, strict=True)])


def count(
    tokenizer: Tokenizer, texts: Sequence[str], steps: Steps | None = None
) -> sparse.csr_matrix:
    """(texts, pieces) float32: how often each piece occurs; an empty text holds the unknown one."""
    found: list[np.ndarray] = []
    for start in range(0, len(texts), 2_000):
        batch = list(texts[start : start + 2_000])
        for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
            found.append(np.array(encoding.ids or [0], dtype=np.int32))
        if steps:
            steps.at(start / len(texts))
    ends = np.cumsum([0, *map(len, found)]).astype(np.int32)
    pieces = np.concatenate(found) if found else np.zeros(0, dtype=np.int32)
    counts = sparse.csr_matrix(
        (np.ones(len(pieces), dtype=np.float32), pieces, ends),
        shape=(len(texts), tokenizer.get_vocab_size()),
    )
    counts.sum_duplicates()
    return counts


def _tokenizer(vocabulary: Sequence[tuple[str, float]]) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram(list(vocabulary), unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Precompiled(_thrice()),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Split(_NEXT, "removed"),
            pre_tokenizers.Split(_ALONE, "merged_with_next"),
            pre_tokenizers.Punctuation(),
        ]
    )
    return tokenizer


@cache
def _thrice() -> bytes:
    """What writes every syllable three times; takes a second to make."""
    syllables = map(chr, range(ord(_FIRST), ord(_LAST) + 1))
    return precompiled({sign: f"{sign}{_ALONE}{sign}{_NEXT}{sign}" for sign in syllables})


def _is_korean(sign: str) -> bool:
    return _FIRST <= sign <= _LAST or sign in (_ALONE, "▁")
