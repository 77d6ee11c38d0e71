"""Fits the voices of a moderation model to some listings, rare classes made less rare.

How much each voice counts is not decided here: `moderation.py` learns it on other listings.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from listings.listing import Listing
from listings.moderation.classes import NORMAL, Signals
from listings.moderation.model import Network
from listings.moderation.reading import Reading, read
from listings.moderation.rule_voice import RuleVoice
from listings.moderation.rules import RuleSet
from listings.text_model import TEXT_MODELS, TextModel
from support.errors import SettingError
from support.features import FeatureConfig

from .category_linear import LinearRecipe
from .category_text import fit_text_model, one_hot
from .moderation_evasion import evading
from .moderation_rules import fit_rules
from .progress import Progress, silent

_MOST_READ: Final = 20_000  # undecided listings; more of them change little
_MOST_REPEATS: Final = 10  # of one listing: more would be learned by heart
_SETTINGS: Final[dict[str, dict[str, Any]]] = {
    # Runs of characters alone: people space Korean as they like, and those who evade more so. Both
    # machines alike: a mixture learned on the few rows of a rare class is chance.
    "linear": LinearRecipe(
        features=FeatureConfig(shortest=1, longest=4, max_words=0, max_characters=60_000),
        factored=False,
        mixture={"svm": 0.5, "logistic": 0.5},
    ).as_dict(),
    "encoder": {"penalty": 0.1},
    "fasttext": {"num_epochs": 50, "bucket": 30_000, "dim": 30},
}


@dataclass(frozen=True, slots=True)
class Example:
    """A listing that people have decided on, or that rules speak of."""

    listing: Listing
    label: str
    signals: Signals | None = None
    group: int | None = None  # equal for near duplicates, which no cut parts; None: stands alone
    id: int | None = None  # of the desk's listing
    unselected: bool = False  # drawn by chance, not for being reported
    doubtful: bool = False  # those who read it did not agree; never learned from
    revision: int = 0  # of the desk's listing, as it was decided on and is read


@dataclass(frozen=True, kw_only=True, slots=True)
class ModerationConfig:
    """Settings of a training."""

    texts: tuple[str, ...] = ("linear", "encoder", "fasttext")
    signals: bool = True  # heard beside the rules
    network: bool = True
    num_epochs: int = 20  # of the network
    balance: float = 0.5  # 0 repeats nothing, 1 makes all classes alike
    twisted: float = 0.5  # share of the repeated problems that are twisted to evade
    num_folds: int = 5
    evidence: float = 0.25  # share kept for the policy's bounds: neither learned nor calibrated
    min_examples: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        wrong = sorted(set(self.texts) - set(TEXT_MODELS))
        if wrong:
            raise SettingError(f"No text model is called {wrong[0]!r}; one of {list(TEXT_MODELS)}.")
        for name in ("balance", "twisted"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingError(f"{name} must be in [0, 1], got {getattr(self, name)}.")
        if not 0 <= self.evidence < 1:
            raise SettingError(f"evidence must be in [0, 1), got {self.evidence}.")
        if self.num_folds < 2 or self.min_examples < 2:
            raise SettingError("num_folds and min_examples must be 2 or more.")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "texts": list(self.texts)}


@dataclass(frozen=True, slots=True)
class Voices:
    """What was fitted."""

    texts: list[TextModel]
    network: Network | None
    rules: RuleVoice


def fit_voices(
    readings: Sequence[Reading],
    labels: Sequence[str],
    label_set: Sequence[str],
    *,
    rules: RuleSet,
    config: ModerationConfig,
    weak: Sequence[tuple[Reading, str]] = (),
    progress: Progress = silent,
) -> Voices:
    """Fit every voice to the same listings.

    Args:
        readings: of listings.
        labels: of each.
        label_set: in the order of the columns.
        rules: what each of them is worth is learned too.
        config: settings.
        weak: more listings, with labels that only rules gave; text models learn from them too.
        progress: told done, total and a message; may raise.

    Raises:
        SettingError: a text model needs what a configuration cannot say.
    """
    known = list(label_set)
    taught = [(reading.words.text, label) for reading, label in weak]
    texts, of = repeated(
        [reading.words.text for reading in readings], labels,
        balance=config.balance, share_twisted=config.twisted, seed=config.seed,
    )  # fmt: skip
    texts += [text for text, _ in taught]
    of += [label for _, label in taught]
    told = [i for i, text in enumerate(texts) if text.strip()]
    steps = len(config.texts) + 2
    models = []
    for number, name in enumerate(config.texts):
        progress(number, steps, name)
        model, _ = fit_text_model(
            name, [texts[i] for i in told], [of[i] for i in told],
            label_set=known, settings=_SETTINGS.get(name), seed=config.seed,
        )  # fmt: skip
        models.append(model)
    progress(len(config.texts), steps, RuleVoice.name)
    learned = fit_rules(readings, one_hot(labels, known), known, rules, signals=config.signals)
    progress(len(config.texts) + 1, steps, "network")
    network = _fit_network(readings, labels, known, config) if config.network else None
    progress(steps, steps, "fitted")
    return Voices(models, network, learned)


def repeated(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    balance: float,
    share_twisted: float,
    seed: int = 0,
) -> tuple[list[str], list[str]]:
    """Texts with those of rare classes more than once, some of these copies twisted to evade.

    A class of n rows, the commonest having m, is heard (m / n) ** balance times, at most 10. Normal
    texts are never twisted: that honest people seldom write so is worth learning.
    """
    counts = Counter(labels)
    most = max(counts.values(), default=0)
    more, of = [], []
    for text, label in zip(texts, labels, strict=True):
        times = min(_MOST_REPEATS, round((most / counts[label]) ** balance))
        more += [text] * (times - 1)
        of += [label] * (times - 1)
    return [*texts, *evading(more, of, share=share_twisted, seed=seed)], [*labels, *of]


def weak_examples(
    listings: Sequence[Listing],
    rules: RuleSet,
    label_set: Sequence[str],
    *,
    least: float = 0.75,
    most: int = 200,
    seed: int = 0,
) -> list[tuple[Reading, str]]:
    """Listings nobody decided on whose class rules are sure of; `weak_places` says which."""
    found = weak_places(listings, rules, label_set, least=least, most=most, seed=seed)
    return [(reading, label) for _, reading, label in found]


def weak_places(
    listings: Sequence[Listing],
    rules: RuleSet,
    label_set: Sequence[str],
    *,
    least: float = 0.75,
    most: int = 200,
    seed: int = 0,
) -> list[tuple[int, Reading, str]]:
    """Listings nobody decided on whose class rules are sure of, with their places in `listings`.

    Args:
        listings: undecided.
        rules: that speak.
        label_set: classes that are learned; others are left out.
        least: probability by rules alone from which they are believed, of a problem.
        most: of one class. Of normal ones, about which rules are silent, there are as many as of
            all problems together. No more than 20,000 listings are read.
        seed: of the draw among more.
    """
    draw = random.Random(seed)
    order = list(range(len(listings)))
    draw.shuffle(order)
    found: dict[str, list[tuple[int, Reading]]] = {label: [] for label in label_set}
    for at in order:
        reading = read(listings[at])
        said = rules.reasons(reading)
        scores = np.exp(rules.log_scores([said], label_set)[0])
        best = int(scores.argmax())
        label = label_set[best]
        sure = not said if label == NORMAL else scores[best] >= least
        if sure and len(found[label]) < most:
            found[label].append((at, reading))
    problems = sum(len(rows) for label, rows in found.items() if label != NORMAL)
    if NORMAL in found:
        found[NORMAL] = found[NORMAL][:problems]
    return [(at, reading, label) for label, rows in found.items() for at, reading in rows]


def _fit_network(
    readings: Sequence[Reading], labels: Sequence[str], known: list[str], config: ModerationConfig
) -> Network:
    from .moderation_net import fit_network

    return fit_network(
        readings, labels, known, num_epochs=config.num_epochs, balance=config.balance,
        share_twisted=config.twisted, seed=config.seed,
    )  # fmt: skip
