"""Finds FAQs that agents use for the same inquiries: candidates to be merged, with the evidence.

Two FAQs say one thing where inquiries answered with one cannot be told from those answered with the
other: the nearest other inquiry of the two used the other FAQ as often as chance would have it.
Only neighbours so near that they usually share an FAQ on this desk count: an encoder that tells
little apart would call everything one.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from support import embeddings
from support.clock import now
from support.database import write
from support.inquiries import labels
from support.promise import clopper_pearson
from support.vector_index import Ids, Vectors
from support.workspace import Workspace

from .gaps import encoder_in_force
from .near import nearest
from .progress import Progress, silent

FEWEST: Final = 5  # inquiries of each FAQ
MIXED: Final = 0.5  # of what chance would cross, at the lower end of the interval
EXAMPLES: Final = 5
MOST: Final = 1_000  # inquiries of an FAQ that are compared, the newest
SHARED: Final = 0.6  # of nearest neighbours that share an FAQ, from the cosine on that counts
_ENOUGH: Final = 20  # neighbours that this is known by
_CROSSED: Final = 3  # neighbours over the border that make a pair worth one


@dataclass(frozen=True, slots=True)
class PairsFound:
    """What a search came to."""

    inquiries: int  # with an FAQ
    compared: int  # pairs that were looked at
    pairs: int  # those that look like one


def find_pairs(workspace: Workspace, db: Database, *, progress: Progress = silent) -> PairsFound:
    """Look for FAQs that are used interchangeably, and keep what is found.

    Args:
        workspace: the desk.
        db: its database.
        progress: told done, total and a message; may raise.

    Raises:
        ModelMissingError: there is no encoder yet.
    """
    encoder = encoder_in_force(workspace)
    embeddings.encode_missing(db, encoder, progress=progress)
    _, ids, vectors = embeddings.after(db, encoder.version, 0)
    used = labels(db, ids.tolist())
    kept = np.flatnonzero(np.fromiter((item in used for item in ids.tolist()), bool, len(ids)))
    ids, vectors = ids[kept], vectors[kept]
    slugs = [frozenset(used[item]) for item in ids.tolist()]
    active = {row["slug"] for row in db.query("SELECT slug FROM faqs WHERE active = 1")}
    places: dict[str, list[int]] = defaultdict(list)
    together: Counter[tuple[str, str]] = Counter()
    for place, names in enumerate(slugs):
        for slug in names & active:
            places[slug].append(place)
        known = sorted(names & active)
        together.update((a, b) for n, a in enumerate(known) for b in known[n + 1 :])
    near, scores = nearest(vectors, top_k=1, message="comparing inquiries", progress=progress)
    crossings = _crossings(slugs, near[:, 0].tolist() if near.size else [], active)
    order = np.argsort(-scores[:, :1].ravel(), kind="stable")
    same = np.array([bool(slugs[row] & slugs[near[row, 0]]) for row in order.tolist()], bool)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    rows = []
    for done, ((a, b), crossed) in enumerate(sorted(crossings.items()), 1):
        as_one = same.copy()
        as_one[rank[crossed]] = True  # whether they are one is what is asked
        sure = _sure(as_one, scores[order, 0])
        row = None
        if sure is not None:
            row = _compare(
                ids,
                vectors,
                [place for place in places[a] if b not in slugs[place]][-MOST:],
                [place for place in places[b] if a not in slugs[place]][-MOST:],
                sure=sure,
            )
        if row is not None and row["low"] >= MIXED:
            rows.append(row | {"a": a, "b": b, "together": together[a, b]})
        progress(done, len(crossings), "comparing FAQs")
    with write(db):
        db.execute("DELETE FROM faq_pairs")
        about = {"encoder_version": encoder.version, "found_at": now()}
        db.table("faq_pairs").insert_all([row | about for row in rows])
    return PairsFound(len(ids), len(crossings), len(rows))


def _crossings(
    slugs: list[frozenset[str]], first: list[int], active: set[str]
) -> dict[tuple[str, str], list[int]]:
    """Pairs of FAQs, with the inquiries of one whose nearest other one used the other."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, place in enumerate(first):
        if slugs[row] & slugs[place]:
            continue
        for a in slugs[row] & active:
            for b in slugs[place] & active:
                found[min(a, b), max(a, b)].append(row)
    return {pair: rows for pair, rows in found.items() if len(rows) >= _CROSSED}


def _sure(same: NDArray[np.bool_], scores: Vectors) -> float | None:
    """The lowest cosine from which nearest neighbours share an FAQ often enough.

    Args:
        same: (n,) whether each inquiry's nearest one shares its FAQ, the nearest first.
        scores: (n,) their cosines, falling.
    """
    share = np.cumsum(same) / np.arange(1, len(same) + 1)
    good = np.flatnonzero(share[_ENOUGH - 1 :] >= SHARED)
    return float(scores[good[-1] + _ENOUGH - 1]) if len(good) else None


def _compare(
    ids: Ids, vectors: Vectors, of_a: list[int], of_b: list[int], *, sure: float
) -> dict[str, Any] | None:
    """How often the nearest other inquiry of the two used the other FAQ; None: too few of one."""
    n_a, n_b = len(of_a), len(of_b)
    if min(n_a, n_b) < FEWEST:
        return None
    places = np.array(of_a + of_b)
    is_b = np.arange(n_a + n_b) >= n_a
    cosine = vectors[places] @ vectors[places].T
    np.fill_diagonal(cosine, -2.0)
    counts = cosine.max(axis=1) >= sure
    n, crossed = int(counts.sum()), int((is_b[cosine.argmax(axis=1)] != is_b)[counts].sum())
    if n < 2 * FEWEST:
        return None
    chance = float(np.where(is_b, n_a, n_b)[counts].mean()) / (n_a + n_b - 1)
    low, high = clopper_pearson(crossed, n)
    across = cosine[:n_a, n_a:]
    examples = []
    for _ in range(min(EXAMPLES, n_a, n_b)):
        row, column = np.unravel_index(int(across.argmax()), across.shape)
        score = float(across[row, column])
        pair = [int(ids[of_a[row]]), int(ids[of_b[column]])]
        examples.append([*pair, round(score, 3)])
        across[row, :] = across[:, column] = -2.0  # each inquiry stands in one example
    return {
        "n_a": n_a,
        "n_b": n_b,
        "compared": n,
        "crossed": crossed,
        "mixing": crossed / n / chance,
        "low": low / chance,
        "high": high / chance,
        "examples": json.dumps(examples),
    }
