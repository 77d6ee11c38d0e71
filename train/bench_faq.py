"""FAQ suggestions measured on a labelled set, beside what a desk would use instead.

Every seed cuts the set anew, chooses its settings on the validation part, and is judged on the test
part; figures are means over the seeds.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from support.encoder import SentenceEncoder
from support.faq import FaqClassifier

from .bench_encoder import adapted_encoder
from .bench_memory import peak_mb
from .datasets import FaqSet, Rows
from .evaluate import evaluate
from .faq import FaqConfig, fit_faq
from .figures import KS
from .progress import Progress, silent
from .seeds import Metrics, mean_and_std, metric_lines

METRICS = (
    "accuracy", "accuracy_at_threshold", "hit@3", "hit@5", "ece", "coverage", "share_right",
    "coverage_3", "share_right_3", "oos_recall",
)  # fmt: skip
ROUNDS = 2_000  # of the bootstrap


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours against the SVM's hit rate at k, on the same texts, with 95 % bootstrap intervals."""

    k: int
    difference: tuple[float, float, float]  # mean, low, high
    ratio: tuple[float, float, float]

    def __str__(self) -> str:
        """One line."""
        mean, low, high = self.difference
        times, least, most = self.ratio
        return (
            f"hit@{self.k}: faqdesk minus SVM {mean:+.4f} ({low:+.4f} to {high:+.4f}), "
            f"faqdesk / SVM {times:.3f} ({least:.3f} to {most:.3f})"
        )


@dataclass(frozen=True, slots=True)
class FaqBench:
    """What a set gave, as means over the seeds with their standard deviation."""

    name: str
    n_train: int
    n_test: int
    labels: int
    seconds: float
    peak_mb: int
    faqdesk: Metrics
    baselines: Mapping[str, Metrics]
    ratios: tuple[Ratio, ...]

    def as_dict(self) -> dict[str, Any]:
        """One JSON object; `times_the_svm` holds hit rates by the SVM's, least and most of them."""
        return {
            "set": self.name,
            "n_train": self.n_train,
            "n_test": self.n_test,
            "labels": self.labels,
            "seconds": self.seconds,
            "peak_mb": self.peak_mb,
            "faqdesk": self.faqdesk,
            "baselines": dict(self.baselines),
            "times_the_svm": {
                f"hit@{ratio.k}": [round(value, 4) for value in ratio.ratio]
                for ratio in self.ratios
            },
        }

    def table(self) -> str:
        """For people: metrics in columns, then how far the hit rates lie above the SVM's."""
        lines = [
            f"{self.name}: {self.n_train:,} rows to learn from, {self.n_test:,} to judge, "
            f"{self.labels} labels; {self.seconds:,.0f} s, {self.peak_mb:,} MB",
            "",
            *metric_lines({"faqdesk": self.faqdesk, **self.baselines}, self.faqdesk),
            "",
            *(str(ratio) for ratio in self.ratios),
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Run:
    """One seed: metrics, and for each in-scope text whether the first k held a right label."""

    labels: int
    faqdesk: Metrics
    baselines: dict[str, Metrics]
    hits: dict[str, npt.NDArray[np.float64]]  # "faqdesk" and "tfidf_svm": (len(KS), texts)


def bench_faq(
    rows: Rows,
    *,
    seeds: int = 3,
    encoder: SentenceEncoder | None = None,
    per_label: int | None = None,
    validate: bool = False,
    limit: int | None = None,
    config: FaqConfig | None = None,
    progress: Progress = silent,
) -> FaqBench:
    """Train and judge once for each seed.

    Args:
        rows: the set.
        seeds: how many times, each with another seed.
        encoder: used as it is; without it the default one, adapted to the training texts.
        per_label: learn from so many rows a label.
        validate: judge on the validation part, which leaves the test part unread.
        limit: rows at most of each part.
        config: settings; the seed is the run's, the least examples a label the set's.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: the set is too small to learn from or to judge on.
    """
    started = time.monotonic()
    runs: list[_Run] = []
    for seed in range(seeds):
        found = rows.cut(seed=seed, per_label=per_label, validate=validate, limit=limit)

        def tell(done: int, total: int, message: str, seed: int = seed) -> None:
            progress(done, total, f"seed {seed + 1} of {seeds}, {message}")

        chosen = encoder or adapted_encoder(found, progress=tell)
        runs.append(_run(found, chosen, seed, config, tell))
    return FaqBench(
        name=found.name,
        n_train=len(found.past),
        n_test=len(found.test),
        labels=runs[-1].labels,
        seconds=round(time.monotonic() - started, 1),
        peak_mb=peak_mb(),
        faqdesk=mean_and_std([run.faqdesk for run in runs]),
        baselines={
            name: mean_and_std([run.baselines[name] for run in runs]) for name in runs[0].baselines
        },
        ratios=_ratios([run.hits for run in runs]),
    )


def _run(
    found: FaqSet, encoder: SentenceEncoder, seed: int, config: FaqConfig | None, progress: Progress
) -> _Run:
    settings = replace(
        config or FaqConfig(), min_examples=found.min_examples, recount=found.recount, seed=seed
    )
    with TemporaryDirectory() as folder:
        fit_faq(
            found.train,
            found.validation,
            folder=Path(folder) / "faq",
            config=settings,
            encoder=encoder,
            faq_texts=found.faq_texts,
            answered=found.answered,
            progress=progress,
        )
        classifier = FaqClassifier.load(Path(folder) / "faq")
    return _judge(found, classifier, encoder, progress)


def _judge(
    found: FaqSet, classifier: FaqClassifier, encoder: SentenceEncoder, progress: Progress
) -> _Run:
    report = evaluate(
        classifier,
        found.test,
        past=found.past,
        validation=found.validation,
        encoder=encoder,
        progress=progress,
    )
    content = report.as_dict()
    return _Run(
        labels=report.labels,
        faqdesk=_metrics(content),
        baselines={name: _metrics(row) for name, row in content["baselines"].items()},
        hits={
            name: np.array([report.hits[name][f"hit@{k}"] for k in KS], dtype=np.float64)
            for name in ("faqdesk", "tfidf_svm")
        },
    )


def _metrics(content: Mapping[str, Any]) -> Metrics:
    """Those that are there; without rows out of scope there is no recall of them."""
    named: dict[str, Any] = {"accuracy": content.get("hit@1"), **content}
    return {name: float(named[name]) for name in METRICS if named.get(name) is not None}


def compare(
    ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64], *, k: int, seed: int = 0
) -> Ratio:
    """Resample the texts with replacement, both systems on the same ones.

    Args:
        ours: (texts,) share of the seeds with a hit.
        theirs: (texts,) the same of the other.
        k: how many suggestions were looked at.
        seed: of the resampling.
    """
    n = len(ours)
    draws = np.random.default_rng(seed).integers(0, n, (ROUNDS, n))
    a, b = ours[draws].mean(axis=1), theirs[draws].mean(axis=1)
    ratios = a / np.maximum(b, 1 / n)
    low, high = np.percentile(a - b, [2.5, 97.5])
    low_ratio, high_ratio = np.percentile(ratios, [2.5, 97.5])
    return Ratio(
        k,
        (float((ours - theirs).mean()), float(low), float(high)),
        (float(ours.mean() / max(theirs.mean(), 1 / n)), float(low_ratio), float(high_ratio)),
    )


def _ratios(runs: Sequence[dict[str, npt.NDArray[np.float64]]]) -> tuple[Ratio, ...]:
    # Another seed may learn other labels, so that other texts are in scope: then the runs are set
    # side by side, else each text counts once with the mean of its runs.
    joined = {}
    for name in ("faqdesk", "tfidf_svm"):
        parts = [run[name] for run in runs]
        same = len({part.shape for part in parts}) == 1
        joined[name] = np.mean(parts, axis=0) if same else np.concatenate(parts, axis=1)
    return tuple(
        compare(ours, theirs, k=k)
        for k, ours, theirs in zip(KS, joined["faqdesk"], joined["tfidf_svm"], strict=True)
    )
