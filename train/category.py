"""Trains a category model: text, pictures and their ensemble, from labelled listings.

Of databases and of what is in force it knows nothing: `category_candidate.py` does.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from listings.categorise import KIND, CategoryClassifier, PictureModel
from listings.ensemble import Ensemble
from listings.listing import Listing
from listings.text_model import TextModel
from support.artifact import Artifact, write_artifact
from support.errors import ModelError, SettingError, TooFewLabelsError

from .category_confusion import confused_pairs, score_categories
from .category_ensemble import EnsembleReport, HeldOut, fit_ensemble
from .category_fusion import Probabilities
from .category_judge import judge_category, nothing_judged
from .category_split import Rows, cut_groups
from .category_voices import (
    QUICK_IMAGES,
    CategoryConfig,
    CategoryData,
    FitImage,
    fit_again,
    fit_pictures,
    fit_texts,
    hear,
    picture_trainer,
)
from .judgement import Judgement
from .progress import Progress, Steps, silent

__all__ = [
    "CategoryConfig",
    "CategoryReport",
    "FitImage",
    "fit_category",
    "picture_trainer",
]


@dataclass(frozen=True, slots=True)
class CategoryReport:
    """What a training run found."""

    folder: Path
    version: str
    labels: int
    left_out: dict[str, int]  # categories with too few listings, with how many they have
    n_train: int  # listings learned from, held-out ones included
    n_held_out: int
    n_pictures: int  # listings with pictures that were learned from
    ensemble: EnsembleReport
    judgement: Judgement | None  # None: there was no other recipe to compare with
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **asdict(self), "folder": str(self.folder), "ensemble": self.ensemble.as_dict(),
            "judgement": self.judgement and self.judgement.as_dict(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Learned:
    """What one recipe made of the listings that were not held out."""

    texts: list[TextModel]
    settings: dict[str, Any]
    image: PictureModel | None
    held_out: HeldOut
    ensemble: Ensemble
    report: EnsembleReport
    said: Probabilities  # of each held-out listing, by what had not learned from it


def fit_category(
    listings: Sequence[Listing],
    paths: Sequence[str],
    *,
    folder: Path,
    groups: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    config: CategoryConfig | None = None,
    beside: CategoryConfig | None = None,
    margin: float = 0.01,
    fit_image: FitImage | None = None,
    checkpoints: Path | None = None,
    about: dict[str, Any] | None = None,
    progress: Progress = silent,
) -> CategoryReport:
    """Learn from listings, and write the model.

    A fifth is held out: what the voices say of it teaches the ensemble. Then what learns quickly
    learns once more, from everything, with the settings that were chosen; networks, whose training
    takes most of the time, stay as they are.

    Args:
        listings: what to learn from.
        paths: the category of each.
        folder: where the model shall be.
        groups: of each listing the number of its group of near duplicates; None: each stands alone.
        ids: of each listing, by which examples of mistakes are named; None: none are.
        config: settings.
        beside: other settings, learned from the same listings and judged on the same held-out ones.
        margin: how many of those, as a share, may be lost before this model is called worse.
        fit_image: trains a picture model on pictures and paths; None: `train.image` does.
        checkpoints: a folder where a killed training of a network goes on; None: it begins anew.
        about: what else `config.json` shall say.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: fewer than two categories have enough listings.
    """
    started = time.monotonic()
    config = config or CategoryConfig()
    counts = Counter(paths)
    labels = sorted(path for path, count in counts.items() if count >= config.min_examples)
    if len(labels) < 2:
        raise TooFewLabelsError(
            f"{len(labels)} categories have {config.min_examples} listings or more; two are "
            f"needed. Label more listings, or ask for fewer with --min-examples."
        )
    kept = [i for i, path in enumerate(paths) if counts[path] >= config.min_examples]
    data = CategoryData(
        [listings[i] for i in kept],
        [paths[i] for i in kept],
        None if groups is None else [groups[i] for i in kept],
        labels,
    )
    stay, out = cut_groups(data.paths, data.groups, share=config.held_out, seed=config.seed)
    if len(out) < 2:
        raise TooFewLabelsError(
            f"{len(kept)} listings are too few to hold some out. Label more listings."
        )
    shares = {"text": 3.0, "pictures": 12.0, "ensemble": 1.0}
    again = {f"judging, {name}": share for name, share in shares.items()} if beside else {}
    steps = Steps(progress, {**shares, **again, "all text": 4, "all pictures": 3})
    trainer = fit_image or picture_trainer(config, checkpoints=checkpoints)
    ours = _learn(data, stay, out, config, trainer, checkpoints, steps)
    judgement = None
    if beside is not None:
        other = fit_image or picture_trainer(beside, checkpoints=checkpoints)
        try:
            theirs = _learn(data, stay, out, beside, other, checkpoints, steps, "judging, ")
        except (ModelError, SettingError) as error:  # what it starts from is gone
            judgement = nothing_judged(len(out), f"The recipe in force cannot be fitted: {error}")
        else:
            judgement = judge_category(
                ours.said, theirs.said, ours.held_out.labels,
                likely=(ours.report.band.threshold, theirs.report.band.threshold), margin=margin,
            )  # fmt: skip
    steps.start("all text")
    texts = fit_again(data, ours.texts, ours.settings, config, steps)
    image, report = ours.image, ours.report
    every = np.arange(len(data.listings))
    if image is not None and config.image in QUICK_IMAGES:
        steps.start("all pictures")
        image = fit_pictures(data, every, config, trainer, steps)
    classifier = CategoryClassifier(
        labels,
        texts=texts,
        image=(lambda: image) if image is not None else None,
        ensemble=ours.ensemble,
        threshold=report.band.threshold,
    )
    right = ours.held_out.labels
    known = None if ids is None else [ids[kept[i]] for i in out.tolist()]
    metrics = report.as_dict() | {
        "categories": [asdict(row) for row in score_categories(ours.said, right, labels)],
        "confused": [asdict(row) for row in confused_pairs(ours.said, right, labels, ids=known)],
    }
    artifact = _write(folder, classifier, data, ours.settings, config, metrics, about or {})
    return CategoryReport(
        folder=folder,
        version=artifact.version,
        labels=len(labels),
        left_out={p: n for p, n in sorted(counts.items()) if n < config.min_examples},
        n_train=len(kept),
        n_held_out=len(out),
        n_pictures=_pictured(data, stay if image is ours.image else every) if image else 0,
        ensemble=report,
        judgement=judgement,
        seconds=round(time.monotonic() - started, 1),
    )


def _pictured(data: CategoryData, rows: Rows) -> int:
    return sum(bool(data.listings[i].pictures) for i in rows.tolist())


def _learn(
    data: CategoryData,
    stay: Rows,
    out: Rows,
    config: CategoryConfig,
    fit_image: FitImage,
    checkpoints: Path | None,
    steps: Steps,
    prefix: str = "",
) -> _Learned:
    steps.start(f"{prefix}text")
    texts, settings = fit_texts(data, stay, out, config, steps, checkpoints=checkpoints)
    steps.start(f"{prefix}pictures")
    image = fit_pictures(data, stay, config, fit_image, steps)
    steps.start(f"{prefix}ensemble")
    held_out = hear(data, out, texts, image)
    ensemble, report, said = fit_ensemble(
        held_out, share_right=config.share_right, seed=config.seed
    )
    return _Learned(texts, settings, image, held_out, ensemble, report, said)


def _write(
    folder: Path,
    classifier: CategoryClassifier,
    data: CategoryData,
    settings: dict[str, Any],
    config: CategoryConfig,
    metrics: dict[str, Any],
    about: dict[str, Any],
) -> Artifact:
    return write_artifact(
        folder,
        kind=KIND,
        config={
            **classifier.config(),
            "settings": settings,
            "counts": dict(sorted(Counter(data.paths).items())),
            "data_hash": data.hash,
            "seed": config.seed,
            **about,
        },
        files=classifier.save,
        metrics=metrics,
    )
