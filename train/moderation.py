"""Trains a moderation model from decided listings: voices, their blend, and evidence for a policy.

Every listing is judged once by voices that did not learn from it; on those answers the blend is
learned, which calibrates it. A part is kept from all of this: what the model says of it is written
beside the model, and a policy proves its bounds there. Of databases this file knows nothing.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from listings.listing import Listing
from listings.moderation.classes import CLASSES, NORMAL
from listings.moderation.model import KIND
from listings.moderation.reading import read
from listings.moderation.rules import RuleSet, default_rules
from support.artifact import write_artifact
from support.errors import TooFewLabelsError

from .category_split import cut_groups
from .moderation_blend import Figures, fit_blended, groups_of
from .moderation_voices import Example, ModerationConfig, weak_places
from .progress import Progress, silent

EVIDENCE: Final = "evidence.json"


@dataclass(frozen=True, slots=True)
class ModerationReport:
    """What a training run found."""

    folder: Path
    version: str
    labels: dict[str, int]  # how many examples each has
    left_out: dict[str, int]
    n_train: int
    n_evidence: int
    n_weak: int
    voices: dict[str, float]  # mean weight of each in the blend
    figures: dict[str, Figures]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "folder": str(self.folder)}


def fit_moderation(
    examples: Sequence[Example],
    *,
    folder: Path,
    config: ModerationConfig | None = None,
    rules: RuleSet | None = None,
    undecided: Sequence[Listing] = (),
    undecided_ids: Sequence[int] = (),
    about: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> ModerationReport:
    """Learn from decided listings, and write the model.

    Args:
        examples: decided listings.
        folder: where the model shall be.
        config: settings.
        rules: that speak beside it; None: those that come with the project.
        undecided: listings nobody decided on; those that rules are sure of are learned from too.
        undecided_ids: of the same, in the same order, so that it is written down which were.
        about: what else `config.json` shall say.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: fewer than two classes have enough examples, or none is normal.
    """
    started = time.monotonic()
    config = config or ModerationConfig()
    rules = rules or default_rules()
    kept, labels, left_out = _enough(examples, config)
    groups = groups_of(kept)
    rest = np.arange(len(kept))
    out = rest[:0]
    if config.evidence:
        rest, out = cut_groups([e.label for e in kept], groups, share=config.evidence,
                               seed=config.seed)  # fmt: skip
    learned = [kept[i] for i in rest.tolist()]
    sure = weak_places(undecided, rules, labels, seed=config.seed) if undecided else []
    weak = [(reading, label) for _, reading, label in sure]
    found = fit_blended(learned, labels, rules=rules, config=config, weak=weak, progress=progress)
    ids = {example.id for example in learned if example.id is not None}
    ids |= {undecided_ids[place] for place, _, _ in sure} if undecided_ids else set()
    judged = [kept[i] for i in out.tolist()]
    said = found.model.probabilities([read(e.listing, e.signals) for e in judged])
    evidence = [
        {
            "id": example.id, "revision": example.revision, "label": example.label,
            "unselected": example.unselected,
            "category": example.listing.category,
            "probabilities": [round(value, 6) for value in row],
        }
        for example, row in zip(judged, said.tolist(), strict=True)
    ]  # fmt: skip

    def files(place: Path) -> None:
        found.model.save(place)
        # What it learned from is no evidence, whatever people decide on it later.
        content = {"labels": labels, "rows": evidence, "learned": sorted(ids)}
        text = json.dumps(content, ensure_ascii=False)
        (place / EVIDENCE).write_text(text + "\n", encoding="utf-8")

    weights = dict(
        zip(found.model.voices, found.model.fusion.weights.mean(axis=1).tolist(), strict=True)
    )
    artifact = write_artifact(
        folder,
        kind=KIND,
        config={
            **found.model.config(),
            "settings": config.as_dict(),
            "counts": dict(sorted(Counter(e.label for e in kept).items())),
            "data_hash": _hash(kept),
            "seed": config.seed,
            **(about or {}),
        },
        files=files,
        metrics={
            "figures": {name: asdict(row) for name, row in found.figures.items()},
            "weights": weights,
            "form": found.form,
            "n_judged": len(found.rows),
            "n_evidence": len(judged),
        },
    )
    return ModerationReport(
        folder=folder,
        version=artifact.version,
        labels=dict(Counter(e.label for e in kept)),
        left_out=left_out,
        n_train=len(learned),
        n_evidence=len(judged),
        n_weak=len(weak),
        voices=weights,
        figures=found.figures,
        seconds=round(time.monotonic() - started, 1),
    )


def _enough(
    examples: Sequence[Example], config: ModerationConfig
) -> tuple[list[Example], list[str], dict[str, int]]:
    """Examples of classes that have enough, those classes in order, and what is left out."""
    counts = Counter(example.label for example in examples)
    known = [label for label in CLASSES if counts[label] >= config.min_examples]
    known += sorted(
        label for label, n in counts.items() if label not in CLASSES and n >= config.min_examples
    )
    if len(known) < 2 or NORMAL not in known:
        told = ", ".join(f"{label} {n}" for label, n in sorted(counts.items())) or "none at all"
        raise TooFewLabelsError(
            f"A moderation model needs {config.min_examples} examples of normal listings and of "
            f"one other class at least; there are {told}. Import decisions: faqdesk "
            f"moderation import --decisions decisions.csv"
        )
    left = {label: n for label, n in sorted(counts.items()) if label not in known}
    return [example for example in examples if example.label in known], known, left


def _hash(examples: Sequence[Example]) -> str:
    """Sixteen hexadecimal digits that change with what is learned from."""
    lines = (f"{e.listing.text}\0{e.label}\0{e.signals}\n" for e in examples)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]
