"""Finds FAQs that agents use for the same inquiries: candidates to be merged, with the evidence.

Two FAQs say one thing where inquiries answered with one cannot be told from those answered with the
other: the nearest other inquiry of the two used the other FAQ as often as chance would have it.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
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
_AROUND: Final = 10  # nearest others that show which pairs are worth a look
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
    near, _ = nearest(vectors, top_k=_AROUND, message="comparing inquiries", progress=progress)
    candidates = _candidates(slugs, near, active)
    rows = []
    for done, (a, b) in enumerate(candidates):
        row = _compare(
            ids,
            vectors,
            [place for place in places[a] if b not in slugs[place]][-MOST:],
            [place for place in places[b] if a not in slugs[place]][-MOST:],
        )
        if row is not None and row["low"] >= MIXED:
            rows.append(row | {"a": a, "b": b, "together": together[a, b]})
        progress(done + 1, len(candidates), "comparing FAQs")
    with write(db):
        db.execute("DELETE FROM faq_pairs")
        about = {"encoder_version": encoder.version, "found_at": now()}
        db.table("faq_pairs").insert_all([row | about for row in rows])
    return PairsFound(len(ids), len(candidates), len(rows))


def _candidates(slugs: list[frozenset[str]], near: Ids, active: set[str]) -> list[tuple[str, str]]:
    """Pairs of FAQs that stand for neighbours often enough."""
    crossed: Counter[tuple[str, str]] = Counter()
    for mine, others in zip(slugs, near.tolist(), strict=True):
        theirs = {slug for place in others for slug in slugs[place]} - mine
        for a in mine & active:
            crossed.update((min(a, b), max(a, b)) for b in theirs & active)
    return sorted(pair for pair, count in crossed.items() if count >= _CROSSED)


def _compare(ids: Ids, vectors: Vectors, of_a: list[int], of_b: list[int]) -> dict[str, Any] | None:
    """How often the nearest other inquiry of the two used the other FAQ; None: too few of one."""
    n_a, n_b = len(of_a), len(of_b)
    if min(n_a, n_b) < FEWEST:
        return None
    places = np.array(of_a + of_b)
    is_b = np.arange(n_a + n_b) >= n_a
    cosine = vectors[places] @ vectors[places].T
    np.fill_diagonal(cosine, -2.0)
    over = is_b[cosine.argmax(axis=1)] != is_b
    n, crossed = n_a + n_b, int(over.sum())
    chance = 2 * n_a * n_b / (n * (n - 1))
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
        "crossed": crossed,
        "mixing": crossed / n / chance,
        "low": low / chance,
        "high": high / chance,
        "examples": json.dumps(examples),
    }
