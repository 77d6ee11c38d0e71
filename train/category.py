"""Trains a category model: text, pictures and their ensemble, from labelled listings."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from listings.categorise import KIND, CategoryClassifier
from listings.labels import default_tree, labelled
from listings.listing import Listing
from support import releases
from support.artifact import Artifact, write_artifact
from support.audit import Actor
from support.errors import TooFewLabelsError
from support.workspace import Workspace

from .category_confusion import confused_pairs, score_categories
from .category_ensemble import EnsembleReport, fit_ensemble
from .category_split import cut_groups
from .category_voices import (
    CategoryConfig,
    CategoryData,
    FitImage,
    fit_again,
    fit_pictures,
    fit_texts,
    hear,
    picture_trainer,
)
from .progress import Progress, Steps, silent

__all__ = [
    "CategoryConfig",
    "CategoryReport",
    "FitImage",
    "fit_category",
    "picture_trainer",
    "train_category",
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
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **asdict(self), "folder": str(self.folder), "ensemble": self.ensemble.as_dict()
        }  # fmt: skip


def train_category(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    tree: str | None = None,
    config: CategoryConfig | None = None,
    progress: Progress = silent,
) -> CategoryReport:
    """Learn from the desk's labelled listings, and put the model in force.

    Args:
        workspace: where models and pictures are.
        db: its database.
        actor: who trains.
        tree: whose labels; None: the tree that most listings have one of.
        config: settings.
        progress: told done, total and a message; may raise.

    Raises:
        NotFoundError: no listing has a category.
        TooFewLabelsError: fewer than two categories have enough listings.
    """
    tree = tree or default_tree(db)
    progress(0, 1000, "reading listings")
    rows = list(labelled(db, workspace.home / "images", tree=tree))
    version = releases.new_version()
    report = fit_category(
        [row.listing for row in rows],
        [row.path for row in rows],
        groups=[row.group for row in rows],
        ids=[row.id for row in rows],
        folder=workspace.models / KIND / version,
        config=config,
        about={"tree": tree, "sources": dict(Counter(row.source for row in rows))},
        progress=progress,
    )
    releases.publish(workspace, db, {KIND: version}, actor=actor, line=KIND)
    return report


def fit_category(
    listings: Sequence[Listing],
    paths: Sequence[str],
    *,
    folder: Path,
    groups: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    config: CategoryConfig | None = None,
    fit_image: FitImage | None = None,
    about: dict[str, Any] | None = None,
    progress: Progress = silent,
) -> CategoryReport:
    """Learn from listings, and write the model.

    A fifth is held out: what the voices say of it teaches the ensemble. Then the quick text models
    learn once more, from everything, with the settings that were chosen; picture model and
    transformer, whose training takes most of the time, stay as they are.

    Args:
        listings: what to learn from.
        paths: the category of each.
        folder: where the model shall be.
        groups: of each listing the number of its group of near duplicates; None: each stands alone.
        ids: of each listing, by which examples of mistakes are named; None: none are.
        config: settings.
        fit_image: trains a picture model on pictures and paths; None: `train.image` does.
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
    steps = Steps(progress, {"text": 3, "pictures": 12, "ensemble": 1, "all text": 4})
    steps.start("text")
    texts, settings = fit_texts(data, stay, out, config, steps)
    steps.start("pictures")
    image = fit_pictures(data, stay, config, fit_image or picture_trainer(config), steps)
    steps.start("ensemble")
    held_out = hear(data, out, texts, image)
    ensemble, report, said = fit_ensemble(
        held_out, share_right=config.share_right, seed=config.seed
    )
    steps.start("all text")
    texts = fit_again(data, texts, settings, config, steps)
    classifier = CategoryClassifier(
        labels,
        texts=texts,
        image=(lambda: image) if image is not None else None,
        ensemble=ensemble,
        threshold=report.band.threshold,
    )
    known = None if ids is None else [ids[kept[i]] for i in out.tolist()]
    metrics = report.as_dict() | {
        "categories": [asdict(row) for row in score_categories(said, held_out.labels, labels)],
        "confused": [
            asdict(row) for row in confused_pairs(said, held_out.labels, labels, ids=known)
        ],
    }
    artifact = _write(folder, classifier, data, settings, config, metrics, about or {})
    return CategoryReport(
        folder=folder,
        version=artifact.version,
        labels=len(labels),
        left_out={p: n for p, n in sorted(counts.items()) if n < config.min_examples},
        n_train=len(kept),
        n_held_out=len(out),
        n_pictures=sum(bool(data.listings[i].pictures) for i in stay) if image else 0,
        ensemble=report,
        seconds=round(time.monotonic() - started, 1),
    )


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
