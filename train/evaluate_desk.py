"""Measures the whole recipe on a desk's own history: trained before a cut, judged after it.

The model in force has learned from everything and cannot be judged here; what is judged is a model
made the same way from the older part alone, its encoder included.
"""

from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from support.faq import FaqClassifier
from support.scratch import scratch
from support.workspace import Workspace

from .as_of import AsOf
from .desk_encoder import imported_encoder
from .evaluate import EvaluationReport, evaluate
from .examples import Split, split_by_date, split_by_fraction
from .faq_config import FaqConfig
from .figures import Figures
from .history import ALWAYS, examples
from .plot import Curve, plot_coverage, plot_reliability
from .progress import Progress, silent
from .recipe import LEARNED, Recipe


@dataclass(frozen=True, slots=True)
class DeskReport:
    """What the recipe is worth on a desk's newest history."""

    train: int
    validation: int
    evaluation: EvaluationReport

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"train": self.train, "validation": self.validation} | self.evaluation.as_dict()

    def reliability(self) -> str:
        """Share right against the probability stated, as SVG."""
        return plot_reliability(self.evaluation.figures.bins)

    def plot(self) -> str:
        """Coverage against share right, as SVG."""
        found = self.evaluation.figures
        return plot_coverage(
            [
                Curve("first right", found.curve, _mark(found.coverage, found.share_right)),
                Curve("one of three", found.curve_3, _mark(found.coverage_3, found.share_right_3)),
            ]
        )

    def table(self) -> str:
        """For people: beside the baselines, the bands, and the ten commonest FAQs."""
        found, figures = self.evaluation, self.evaluation.figures
        lines = [
            f"{self.train:,} inquiries to learn from, {self.validation:,} to choose on, "
            f"{found.n:,} to judge; {found.in_scope:,} of these link one of {found.labels} FAQs "
            f"with enough examples.",
            "",
            f"{'':24}{'hit@1':>8}{'hit@3':>8}{'hit@5':>8}",
            f"{'faqdesk':24}{figures.accuracy:8.3f}{figures.hit_3:8.3f}{figures.hit_5:8.3f}",
        ]
        for name, hits in found.baselines.items():
            lines.append(f"{name:24}{hits.hit_1:8.3f}{hits.hit_3:8.3f}{hits.hit_5:8.3f}")
        for name, differences in (("SVM", found.above_svm), ("fastText", found.above_fasttext)):
            words = ", ".join(
                f"{k} {d.mean:+.3f} ({d.low:+.3f} to {d.high:+.3f}, SE {d.standard_error:.3f})"
                for k, d in differences.items()
            )
            lines.append(f"above {name}: {words}")
        first = _band("Likely", figures.likely, figures.coverage, figures.share_right)
        three = _band("Possible", figures.possible, figures.coverage_3, figures.share_right_3)
        lines += [
            "",
            f"{first} (the first)",
            f"{three} (one of three)",
            f"Right in the surest half: {figures.share_right_half:.3f}. "
            f"A choice of two: {figures.pairs}, right {figures.share_right_pairs:.3f}.",
            f"Calibration error of the first {figures.ece:.3f} (perfect calibration would show "
            f"{figures.chance:.3f} on as many); macro F1 {found.macro_f1:.3f}, "
            f"macro recall {found.macro_recall:.3f}.",
            _scope(figures),
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
    # What was not yet written at the cut must not teach the encoder either.
    cut = split.test[0].at if split.test else ALWAYS
    begin = split.validation[0].at if split.validation else None
    recipe = Recipe(config, imported_encoder(workspace) or LEARNED)
    with scratch("train") as folder:
        then = AsOf(workspace, db, folder, before=cut, held_out_from=begin)
        report = then.fit(recipe, folder / "faq", progress=progress)
        found = evaluate(
            FaqClassifier.load(report.folder),
            split.test,
            past=then.past,
            validation=then.split.validation,
            encoder=then.encoder(recipe),
            progress=progress,
        )
    return DeskReport(len(then.split.train), len(then.split.validation), found)


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


def _scope(figures: Figures) -> str:
    if figures.accept is None:
        return "Out of scope: too few examples to choose a threshold on; nothing is refused."
    recall = "none to judge" if figures.oos_recall is None else f"{figures.oos_recall:.3f} refused"
    return (
        f"Out of scope: {recall}, at a threshold that leaves hit@1 in scope at "
        f"{figures.accuracy_at_threshold:.3f}."
    )


def _mark(coverage: float, share: float) -> tuple[float, float] | None:
    return (coverage, share) if coverage else None


def _band(name: str, threshold: float | None, coverage: float, share: float) -> str:
    if threshold is None:
        return f"{name}: never shown; no threshold kept the stated share on validation"
    return f"{name}: from {threshold:.2f}; coverage {coverage:.3f}, right {share:.3f}"
