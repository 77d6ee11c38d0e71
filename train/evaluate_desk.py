"""Measures the whole recipe on a desk's own history: trained before a cut, judged after it.

The model in force has learned from everything and cannot be judged here; what is judged is a model
made the same way from the older part alone, its encoder included.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlite_utils import Database

from support import settings
from support.encoder import SentenceEncoder
from support.faq import FaqClassifier
from support.workspace import Workspace

from .desk import examples, faq_texts, imported_encoder, learn_encoder, older_encoder, stated, texts
from .evaluate import EvaluationReport, evaluate
from .examples import Split, split_by_date, split_by_fraction
from .faq import FaqConfig, fit_faq
from .plot import Curve, plot_coverage
from .progress import Progress, silent


@dataclass(frozen=True, slots=True)
class DeskReport:
    """What the recipe is worth on a desk's newest history."""

    train: int
    validation: int
    evaluation: EvaluationReport

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"train": self.train, "validation": self.validation} | self.evaluation.as_dict()

    def plot(self) -> str:
        """Coverage against share right, as SVG."""
        found = self.evaluation
        return plot_coverage(
            [
                Curve("first right", found.curve, _mark(found.coverage, found.share_right)),
                Curve("one of three", found.curve_3, _mark(found.coverage_3, found.share_right_3)),
            ]
        )

    def table(self) -> str:
        """For people: beside the baselines, the bands, and the ten commonest FAQs."""
        found = self.evaluation
        lines = [
            f"{self.train:,} inquiries to learn from, {self.validation:,} to choose on, "
            f"{found.n:,} to judge; {found.in_scope:,} of these link one of {found.labels} FAQs "
            f"with enough examples.",
            "",
            f"{'':24}{'hit@1':>8}{'hit@3':>8}{'hit@5':>8}",
            f"{'faqdesk':24}{found.accuracy:8.3f}{found.hit_3:8.3f}{found.hit_5:8.3f}",
        ]
        for name, hits in found.baselines.items():
            lines.append(f"{name:24}{hits.hit_1:8.3f}{hits.hit_3:8.3f}{hits.hit_5:8.3f}")
        for name, differences in (("SVM", found.above_svm), ("fastText", found.above_fasttext)):
            words = ", ".join(
                f"{k} {d.mean:+.3f} ({d.low:+.3f} to {d.high:+.3f}, SE {d.standard_error:.3f})"
                for k, d in differences.items()
            )
            lines.append(f"above {name}: {words}")
        first = _band("Likely", found.likely, found.coverage, found.share_right)
        three = _band("Possible", found.possible, found.coverage_3, found.share_right_3)
        lines += [
            "",
            f"{first} (the first)",
            f"{three} (one of three)",
            f"Calibration error of the first {found.ece:.3f}; macro F1 {found.macro_f1:.3f}, "
            f"macro recall {found.macro_recall:.3f}.",
            "",
            f"{'FAQ':44}{'n':>6}{'precision':>11}{'recall':>8}",
        ]
        for score in found.faqs[:10]:
            lines.append(
                f"{score.label[:42]:44}{score.n:6}{score.precision:11.2f}{score.recall:8.2f}"
            )
        return "\n".join(lines)


def evaluate_desk(
    workspace: Workspace,
    db: Database,
    *,
    config: FaqConfig,
    dates: tuple[str, str | None, str] | None = None,
    progress: Progress = silent,
) -> DeskReport:
    """Train on the older history, judge on the newest, beside the baselines.

    Args:
        workspace: the desk; an encoder that it took by name is judged as it is.
        db: its database.
        config: the classifier's settings; shares right are taken from the desk's own.
        dates: ISO moments where validation and test begin and where the test ends; None: by share,
            70 / 15 / 15.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: too few labelled inquiries in a part.
    """
    split = _split(db, dates)
    past = [*split.train, *split.validation]
    # What was not yet written at the cut must not teach the encoder either.
    cut = split.test[0].at if split.test else "9999"
    with TemporaryDirectory() as folder:
        place = Path(folder) / "encoder"
        imported = imported_encoder(workspace)
        if imported:
            place = workspace.models / "encoder" / imported
        else:
            learn_encoder(texts(db, before=cut), folder=place, progress=progress)
        encoder = older = SentenceEncoder.load(place)
        if split.validation:
            older = older_encoder(db, place, before=split.validation[0].at, progress=progress)
        fit_faq(
            split.train,
            split.validation,
            folder=Path(folder) / "faq",
            config=stated(config, settings.load(db)),
            encoder=older,
            encoder_version=encoder.version,
            faq_texts=faq_texts(db),
            progress=progress,
        )
        classifier = FaqClassifier.load(Path(folder) / "faq")
        found = evaluate(classifier, split.test, past=past, encoder=encoder, progress=progress)
    return DeskReport(len(split.train), len(split.validation), found)


def _split(db: Database, dates: tuple[str, str | None, str] | None) -> Split:
    if dates is None:
        return split_by_fraction(examples(db))
    validation_from, test_from, test_until = dates
    return split_by_date(
        examples(db),
        validation_from=validation_from,
        test_from=test_from or test_until,
        test_until=test_until,
    )


def _mark(coverage: float, share: float) -> tuple[float, float] | None:
    return (coverage, share) if coverage else None


def _band(name: str, threshold: float | None, coverage: float, share: float) -> str:
    if threshold is None:
        return f"{name}: never shown; no threshold kept the stated share on validation"
    return f"{name}: from {threshold:.2f}; coverage {coverage:.3f}, right {share:.3f}"
