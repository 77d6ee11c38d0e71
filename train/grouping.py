"""Groups of texts that say one thing: average linkage over cosine similarity.

How alike is alike enough differs from desk to desk and from encoder to encoder. It is chosen where
the truth is known: on the desk's labelled inquiries, as the loosest cut at which those in a group
still share an FAQ more often than not.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from support.vector_index import Ids, Vectors

from .near import nearest
from .progress import Progress, silent

Groups = NDArray[np.int64]  # (n,) the number of each row's group; -1: in none

MOST: Final = 4_000  # rows that are linked at once: 8 million distances
SMALLEST: Final = 3  # rows of a group
SHARED: Final = 0.6  # of pairs in a group, those that share an FAQ, where that is known
PLAIN_CUT: Final = 0.4  # mean cosine, where too few are labelled to choose
ENOUGH: Final = 100  # labelled rows in groups that a cut is judged by
CUTS: Final = tuple(round(0.1 + 0.05 * step, 2) for step in range(13))  # 0.1 to 0.7
SPEAKERS: Final = 20  # rows in a language, of which a mean says something
HANGUL: Final = re.compile("[가-힣]")
_TIGHT: Final = 0.6  # likeness within the small groups that stand for many rows
_AROUND: Final = 30  # nearest others that a small group is made of


def group(vectors: Vectors, *, cut: float, progress: Progress = silent) -> Groups:
    """Put rows into groups whose members are alike, on the average.

    Beyond `MOST` rows, tight small groups are linked instead, and the rest joins the group that it
    is most like.

    Args:
        vectors: (n, dim) float32, rows of length 1.
        cut: mean cosine between two groups above which they are one.
        progress: told done, total and a message; may raise.

    Returns:
        The group of each row, numbered from 0, larger ones first; -1 for those in none.
    """
    n = len(vectors)
    if n < SMALLEST:
        return np.full(n, -1, np.int64)
    if n <= MOST:
        return _numbered(_link(vectors, cut))
    small = _small_groups(vectors, tight=max(_TIGHT, cut + 0.1), progress=progress)
    count = int(small.max()) + 1
    if count < 1:
        return small
    progress(0, 1, "grouping")
    joined = _link(_means(vectors, small, count), cut) if count > 1 else np.zeros(1, np.int64)
    groups = np.where(small >= 0, joined[small], -1)
    numbered = _numbered(groups, smallest=2)
    count = int(numbered.max()) + 1
    means = _means(vectors, numbered, count)
    for start in range(0, n, MOST):
        alone = start + np.flatnonzero(numbered[start : start + MOST] < 0)
        likeness = vectors[alone] @ means.T
        best = likeness.argmax(axis=1)
        near = likeness[np.arange(len(alone)), best] >= cut
        numbered[alone[near]] = best[near]
    return _numbered(numbered)


def without_language(vectors: Vectors, texts: Sequence[str]) -> Vectors:
    """Take away what rows have in common because they are Korean, or are not.

    In an encoder's vectors a language has a direction of its own: left in, all inquiries in the
    rarer one are one group, whatever they ask. A desk of one language stays as it is.

    Args:
        vectors: (n, dim) float32, rows of length 1.
        texts: what each row stands for.

    Returns:
        (n, dim) float32, rows of length 1.
    """
    korean = np.array([HANGUL.search(text) is not None for text in texts], bool)
    if min(korean.sum(), (~korean).sum()) < SPEAKERS:
        return vectors
    found = vectors.copy()
    for rows in (korean, ~korean):
        found[rows] -= vectors[rows].mean(axis=0)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    unit: Vectors = (found / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def choose_cut(
    vectors: Vectors,
    slugs: Sequence[tuple[str, ...]],
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[float, float | None]:
    """The loosest cut at which pairs within a group share an FAQ often enough.

    Args:
        vectors: (n, dim) float32, of labelled inquiries.
        slugs: the FAQs of each.
        seed: of those drawn, where there are more than can be linked.
        progress: told done, total and a message; may raise.

    Returns:
        The cut, and the share of pairs that it was chosen by; None where too few are labelled, or
        no cut is good enough.
    """
    progress(0, 1, "choosing how alike is alike")
    chosen = np.arange(len(vectors))
    if len(chosen) > MOST // 2:
        chosen = np.random.default_rng(seed).permutation(len(vectors))[: MOST // 2]
    if len(chosen) < ENOUGH:
        return PLAIN_CUT, None
    tree = _tree(vectors[chosen])
    numbers: dict[str, int] = {}
    for row in chosen.tolist():
        for slug in slugs[row]:
            numbers.setdefault(slug, len(numbers))
    held = np.zeros((len(chosen), len(numbers)), np.float32)
    for place, row in enumerate(chosen.tolist()):
        held[place, [numbers[slug] for slug in slugs[row]]] = 1
    same = (held @ held.T) > 0
    for cut in CUTS:
        groups = _numbered(_cut(tree, cut))
        inside = np.flatnonzero(groups >= 0)
        if len(inside) < ENOUGH:
            break
        pairs = groups[inside][:, None] == groups[inside][None, :]
        others = pairs.sum(axis=1) - 1
        right = (pairs & same[np.ix_(inside, inside)]).sum(axis=1) - 1
        share = float((right / others).mean())
        if share >= SHARED:
            return cut, share
    return PLAIN_CUT, None


def typical(vectors: Vectors, members: Ids) -> Ids:
    """Members of a group, those most like all the others first."""
    middle = vectors[members].mean(axis=0)
    return members[np.argsort(-(vectors[members] @ middle), kind="stable")]


def likeness(vectors: Vectors, members: Ids) -> float:
    """Mean cosine between two different members of a group, at least two."""
    n = len(members)
    total = vectors[members].sum(axis=0)
    return float((total @ total - n) / (n * (n - 1)))


def _tree(vectors: Vectors) -> NDArray[np.float64]:
    # Means of groups are shorter than 1: their product is the mean cosine between members.
    cosine = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    distance: NDArray[np.float64] = np.clip(1.0 - cosine, 0.0, 2.0)
    np.fill_diagonal(distance, 0.0)
    return np.asarray(linkage(squareform(distance, checks=False), method="average"), np.float64)


def _cut(tree: NDArray[np.float64], cut: float) -> Groups:
    found: Groups = fcluster(tree, t=1.0 - cut, criterion="distance").astype(np.int64) - 1
    return found


def _link(vectors: Vectors, cut: float) -> Groups:
    return _cut(_tree(vectors), cut)


def _small_groups(vectors: Vectors, *, tight: float, progress: Progress) -> Groups:
    """Rows with their nearest others around them, the most crowded first; at most `MOST`."""
    ids, scores = nearest(vectors, top_k=_AROUND, message="comparing inquiries", progress=progress)
    crowd = (scores >= tight).sum(axis=1)
    groups = np.full(len(vectors), -1, np.int64)
    number = 0
    for row in np.argsort(-crowd, kind="stable"):
        if crowd[row] == 0 or number == MOST:
            break
        if groups[row] >= 0:
            continue
        around = ids[row][scores[row] >= tight]
        around = around[groups[around] < 0]
        if len(around):
            groups[row] = number
            groups[around] = number
            number += 1
    return groups


def _means(vectors: Vectors, groups: Groups, count: int) -> Vectors:
    inside = groups >= 0
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, groups[inside], vectors[inside])
    sizes = np.bincount(groups[inside], minlength=count).astype(np.float32)
    means: Vectors = (sums / np.maximum(sizes, 1)[:, None]).astype(np.float32)
    return means


def _numbered(groups: Groups, *, smallest: int = SMALLEST) -> Groups:
    """Number groups anew, larger ones first; those that are too small are none."""
    found = np.full(len(groups), -1, np.int64)
    inside = groups >= 0
    names, first, sizes = np.unique(groups[inside], return_index=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    order = order[sizes[order] >= smallest]
    for number, place in enumerate(order):
        found[groups == names[place]] = number
    return found
