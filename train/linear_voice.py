"""Fits the linear voice: what teaches it, its heads, and the gate beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from support.encoder import SentenceEncoder
from support.features import Features

from .answered import Answered
from .blend import Targets
from .examples import Example
from .faq_config import FaqConfig
from .heads import LinearSettings, fit_heads, rarity_head, text_heads
from .linear import Weights, fit_gate
from .teacher import teach


@dataclass(frozen=True, slots=True)
class Sources:
    """What there is to learn from besides labelled inquiries."""

    faq_texts: Mapping[str, str]
    answered: Sequence[Answered]
    labelled: frozenset[int]  # ids of the inquiries with any label
    encoder: SentenceEncoder | None
    same_encoder: bool  # the encoder is the one that will serve


def fit_linear(
    features: Features,
    learn: Sequence[Example],
    rows: sparse.csr_array,
    targets: Targets,
    labels: Sequence[str],
    settings: LinearSettings,
    config: FaqConfig,
    sources: Sources,
    *,
    before: str,
    progress: Callable[[float], None],
) -> dict[str, Weights]:
    """Every head of the linear voice, answers written before a moment having their say."""
    lesson = teach(
        features, learn, rows, targets, sources.answered,
        before=before, labelled=sources.labelled,
        faq_texts={label: sources.faq_texts.get(label, "") for label in labels},
        progress=lambda share: progress(0.3 * share),
    )  # fmt: skip
    heads = fit_heads(
        rows, targets, settings,
        lesson=lesson, config=config, progress=lambda share: progress(0.3 + 0.7 * share),
    )  # fmt: skip
    heads["rarity"] = rarity_head(len(features), targets)
    return {**heads, **text_heads(features, labels, sources.faq_texts)}


def fit_outside(
    features: Features,
    everybody: Sequence[Example],
    read: Sequence[Example],
    rows: sparse.csr_array,
    labels: Sequence[str],
) -> Weights | None:
    """Learn to tell inquiries that no label answered; None where there are hardly any.

    Args:
        features: of inquiries.
        everybody: inquiries in scope and out of it.
        read: those whose features are there already.
        rows: their features.
        labels: what counts as in scope. After the last fit has let in more labels these are still
            the ones that confidence was learned with: a gate that knows no strangers any more would
            mean another thing by the same number.
    """
    known = set(labels)
    inside = np.array([bool(known & set(example.labels)) for example in read], dtype=bool)
    strangers = [e.text for e in everybody if not known & set(e.labels)]
    if not strangers:
        return None
    both = sparse.vstack([rows[inside], features.transform(strangers)], format="csr")
    return fit_gate(sparse.csr_array(both), np.arange(both.shape[0]) >= int(inside.sum()))
