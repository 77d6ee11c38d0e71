"""Categories measured on labelled listings: words, pictures and both, beside a TF-IDF SVM.

Every seed trains anew and is judged on the test part; figures are means over the seeds.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from listings.categorise import CategoryClassifier, PictureModel
from listings.listing import Listing
from support.blend import log_normalize

from .baselines import svm_scores
from .bench_memory import peak_mb
from .category import CategoryConfig, FitImage, fit_category, picture_trainer
from .category_metrics import figures
from .category_sets import CategoryRow, CategorySet
from .examples import Example
from .metrics import (
    Difference,
    paired_bootstrap,
)
from .progress import Progress, silent
from .seeds import Metrics, mean_and_std, metric_lines

PREFIXES = (25, 50, 75, 100)  # per cent of a title, as somebody types it; no description yet
VOICES = ("text", "image", "ensemble")


@dataclass(frozen=True, slots=True)
class CategoryBench:
    """What a set gave, as means over the seeds with their standard deviation.

    A voice that has nothing to judge on this set, such as pictures where there are none, is None.
    `difference` is the ensemble's accuracy minus that of text alone over the same listings.
    """

    name: str
    n_train: int
    n_test: int
    labels: int
    seconds: float  # of all trainings and judgements, the SVM's too
    peak_mb: int
    train_seconds: float  # of one training, mean over the seeds
    voices: Mapping[str, Metrics | None]
    svm: Metrics | None
    prefixes: Mapping[str, Metrics]  # by the share of the title that was typed
    difference: Difference | None
    notes: tuple[str, ...]  # what each training decided about pictures

    def as_dict(self) -> dict[str, Any]:
        """One JSON object."""
        gap = self.difference
        return {
            "set": self.name,
            "n_train": self.n_train,
            "n_test": self.n_test,
            "labels": self.labels,
            "seconds": self.seconds,
            "peak_mb": self.peak_mb,
            "train_seconds": self.train_seconds,
            **self.voices,
            "baselines": {"tfidf_svm": self.svm},
            "title_prefixes": dict(self.prefixes),
            "ensemble_over_text": gap
            and {name: round(value, 4) for name, value in asdict(gap).items()},
            "notes": list(self.notes),
        }

    def table(self) -> str:
        """For people: what speaks in columns, then titles as they are typed."""
        columns = {**self.voices, "tfidf_svm": self.svm}
        shown = {name: found for name, found in columns.items() if found is not None}
        lines = [
            f"{self.name}: {self.n_train:,} listings to learn from, {self.n_test:,} to judge, "
            f"{self.labels} categories; {self.seconds:,.0f} s, {self.peak_mb:,} MB",
            "",
            *metric_lines(shown, dict.fromkeys(name for found in shown.values() for name in found)),
        ]
        if self.difference is not None:
            gap = self.difference
            lines += [
                "",
                f"ensemble minus text: {gap.mean:+.4f}, 95 % {gap.low:+.4f} to {gap.high:+.4f}, "
                f"standard error {gap.standard_error:.4f}",
            ]
        if self.prefixes:
            lines.append("")
            lines += [
                f"first {share} % of the title: accuracy {found['accuracy']:.3f}, "
                f"hit@3 {found['hit@3']:.3f}"
                for share, found in self.prefixes.items()
            ]
        return "\n".join([*lines, *(f"\n{note}" for note in dict.fromkeys(self.notes) if note)])


@dataclass(frozen=True, slots=True)
class _Run:
    """One seed."""

    labels: int
    n_train: int
    n_test: int
    seconds: float  # of the training
    voices: dict[str, Metrics | None]
    svm: Metrics | None
    prefixes: dict[str, Metrics]
    right: dict[str, npt.NDArray[np.bool_]]  # of text and ensemble, over the same listings
    note: str


def bench_category(
    rows: CategorySet,
    *,
    seeds: int = 3,
    config: CategoryConfig | None = None,
    validate: bool = False,
    limit: int | None = None,
    baseline: bool = True,
    fit_image: FitImage | None = None,
    progress: Progress = silent,
) -> CategoryBench:
    """Train and judge once for each seed.

    Args:
        rows: the set.
        seeds: how many times, each with another seed.
        config: settings of the training; the seed is the run's.
        validate: judge on a fifth of the training rows, which leaves the test part unread.
        limit: rows at most of each part, for a quick look.
        baseline: whether to fit the SVM too.
        fit_image: trains a picture model; None: `train.image` does.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: the set is too small to learn from.
    """
    started = time.monotonic()
    runs: list[_Run] = []
    for seed in range(seeds):

        def tell(done: int, total: int, message: str, seed: int = seed) -> None:
            progress(seed * total + done, seeds * total, f"seed {seed + 1} of {seeds}, {message}")

        found = rows.cut(seed=seed, validate=validate, limit=limit)
        settings = replace(config or CategoryConfig(), seed=seed)
        # Parts that no seed moves are learned by the SVM alike each time.
        known = runs[0].svm if runs and not validate and limit is None else None
        runs.append(_run(found, settings, fit_image, tell, baseline=baseline, known=known))
    kept = [run for run in runs if "ensemble" in run.right]
    gaps = [(run.right["ensemble"], run.right["text"]) for run in kept]
    return CategoryBench(
        name=rows.name,
        n_train=runs[-1].n_train,
        n_test=runs[-1].n_test,
        labels=runs[-1].labels,
        seconds=round(time.monotonic() - started, 1),
        peak_mb=peak_mb(),
        train_seconds=round(sum(run.seconds for run in runs) / len(runs), 1),
        voices={name: _mean([run.voices[name] for run in runs]) for name in VOICES},
        svm=_mean([run.svm for run in runs]),
        prefixes={
            share: mean_and_std([run.prefixes[share] for run in runs]) for share in runs[0].prefixes
        },
        difference=_difference(gaps) if gaps else None,
        notes=tuple(run.note for run in runs),
    )


def _run(
    rows: CategorySet,
    config: CategoryConfig,
    fit_image: FitImage | None,
    progress: Progress,
    *,
    baseline: bool,
    known: Metrics | None,
) -> _Run:
    fit_image = fit_image or _with_others(rows, config)
    worded = any(row.listing.text.strip() for row in rows.train)
    if not worded:
        config = replace(config, texts=())
    with TemporaryDirectory() as folder:
        report = fit_category(
            [row.listing for row in rows.train],
            [row.path for row in rows.train],
            groups=[row.group for row in rows.train],
            folder=Path(folder) / "category",
            config=config,
            fit_image=fit_image,
            progress=progress,
        )
        classifier = CategoryClassifier.load(Path(folder) / "category")
        judged = _Judged(classifier, rows.test)
        voices: dict[str, Metrics | None] = dict.fromkeys(VOICES)
        right: dict[str, npt.NDArray[np.bool_]] = {}
        listings = [row.listing for row in rows.test]
        if worded:
            voices["text"], right["text"] = judged.by([_unseen(item) for item in listings])
        if classifier.sees:
            voices["image"], _ = judged.by([_unread(item) for item in listings])
        voices["ensemble"], right["ensemble"] = judged.by(listings)
        prefixes = {
            str(share): judged.by([_typed(item, share) for item in listings])[0]
            for share in (PREFIXES if worded else ())
        }
    return _Run(
        labels=len(classifier.labels),
        n_train=len(rows.train),
        n_test=len(rows.test),
        seconds=report.seconds,
        voices=voices,
        svm=known or (_svm(rows, classifier.labels) if worded and baseline else None),
        prefixes={share: found for share, found in prefixes.items() if found},
        right=right if worded and classifier.sees else {},
        note=report.ensemble.message,
    )


def _with_others(rows: CategorySet, config: CategoryConfig) -> FitImage | None:
    """A trainer that sees the set's kin and other sets too; None where there are neither."""
    if not (rows.beside or rows.kin):
        return None
    every = {row.group for row in rows.train}

    def fit(
        pictures: Sequence[Sequence[Path]],
        labels: Sequence[str],
        groups: Sequence[int] | None,
        progress: Progress,
    ) -> PictureModel:
        held_out = every - set(groups or ())
        kin = tuple(row for row in rows.kin if row.group not in held_out)
        beside = [
            ([row.listing.pictures for row in part], [row.path for row in part])
            for part in (kin, *rows.beside)
            if part
        ]
        return picture_trainer(config, beside=beside)(pictures, labels, groups, progress)

    return fit


class _Judged:
    """A classifier beside the rows to judge on."""

    def __init__(self, classifier: CategoryClassifier, rows: Sequence[CategoryRow]) -> None:
        self._classifier = classifier
        self._paths = [row.path for row in rows]

    def by(self, listings: Sequence[Listing]) -> tuple[Metrics | None, npt.NDArray[np.bool_]]:
        """Metrics over the listings of which anything can be said, and of all whether it is right.

        None where nothing can be said of any.
        """
        found = self._classifier.blend(listings).probabilities
        told = ~np.isnan(found[:, 0])
        first = np.where(told, np.nan_to_num(found).argmax(axis=1), -1)
        number = {label: i for i, label in enumerate(self._classifier.labels)}
        wanted = np.array([number.get(path, -2) for path in self._paths])
        if not told.any():
            return None, first == wanted
        rows = np.flatnonzero(told).tolist()
        metrics = figures(
            found[told],
            [self._paths[i] for i in rows],
            self._classifier.labels,
            threshold=self._classifier.threshold,
        )
        return metrics | {"n": float(len(rows))}, first == wanted


def _svm(rows: CategorySet, labels: list[str]) -> Metrics:
    """A TF-IDF SVM over title and description; its margins become probabilities by softmax."""
    train = [
        Example(row.listing.text, (row.path,), "", number) for number, row in enumerate(rows.train)
    ]
    scores = svm_scores(train, labels, [row.listing.text for row in rows.test])
    found = figures(np.exp(log_normalize(scores)), [row.path for row in rows.test], labels)
    return {name: found[name] for name in ("accuracy", "hit@3", "macro_f1", "ece")}


def _difference(
    gaps: Sequence[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]],
) -> Difference:
    """Ensemble minus text; over the same listings each counts once, with its mean of the seeds."""
    ours, theirs = ([pair[side].astype(np.float64) for pair in gaps] for side in (0, 1))
    if len({len(row) for row in ours}) == 1:
        return paired_bootstrap(np.mean(ours, axis=0).tolist(), np.mean(theirs, axis=0).tolist())
    return paired_bootstrap(np.concatenate(ours).tolist(), np.concatenate(theirs).tolist())


def _mean(found: Sequence[Metrics | None]) -> Metrics | None:
    kept = [row for row in found if row is not None]
    return mean_and_std(kept) if kept else None


def _unseen(listing: Listing) -> Listing:
    return replace(listing, pictures=())


def _unread(listing: Listing) -> Listing:
    return replace(listing, title="", description="", price=None)


def _typed(listing: Listing, share: int) -> Listing:
    """The first part of the title alone; one character at least."""
    length = max(1, round(len(listing.title) * share / 100))
    return Listing(listing.title[:length])
