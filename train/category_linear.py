"""Fits the linear text model: machines over the same features, mixed into one set of weights.

The machines are those of the FAQ classifier; here a row has one label, is read twice (the whole
text, and its title alone) and labels may share branches of a tree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from listings.quick_rows import QuickRows
from listings.text_linear import LinearText
from listings.text_model import title_of
from support.features import FeatureConfig, Features
from support.linear import LinearVoice

from .blend import Scores, Targets, fit_blend
from .factored import FactoredConfig, fit_factored
from .linear import Weights, fit_logistic, fit_svm, mix
from .solver import products_of

_SVM_SCALE = 4.0  # margins, brought to about the size of logits
_WHOLE, _TITLE = 0.9, 0.45  # lengths of both readings; alike, .005 fewer were right


@dataclass(frozen=True, kw_only=True, slots=True)
class LinearRecipe:
    """Settings of a fit; `mixture` is learned on held-out rows and then kept."""

    # Single characters too: of 38 kinds of Korean goods .004 more were right with them.
    features: FeatureConfig = field(default_factory=lambda: FeatureConfig(shortest=1))
    svm_cost: float = 0.6
    logistic_penalty: float = 0.05
    factored: bool = True
    mixture: Mapping[str, float] | None = None  # of each machine; None: not learned yet

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        return cls(**{**content, "features": FeatureConfig(**content["features"])})


@dataclass(frozen=True, slots=True)
class _Reading:
    """Both vocabularies; `title` is None where no text has more than a title."""

    whole: Features
    title: Features | None

    @classmethod
    def fit(cls, texts: Sequence[str], config: FeatureConfig) -> "_Reading":
        titles = [title_of(text) for text in texts]
        several = any(map(str.__ne__, titles, texts))
        return cls(
            Features.fit(texts, config=config),
            Features.fit(titles, config=config) if several else None,
        )

    def rows(self, texts: Sequence[str]) -> sparse.csr_array:
        """Both readings side by side, each row of length 1."""
        whole = QuickRows(self.whole).transform(texts)
        if self.title is None:
            return whole
        title = QuickRows(self.title).transform([title_of(text) for text in texts])
        both = sparse.hstack([_WHOLE * whole, _TITLE * title], format="csr", dtype=np.float32)
        return sparse.csr_array(both)

    def model(self, machine: Weights, labels: list[str]) -> LinearText:
        """Split the weights over both readings."""
        count = len(self.whole)
        none = np.zeros_like(machine.bias)
        whole, title = machine.weights[:count], machine.weights[count:]
        if self.title is None:
            return LinearText(labels, LinearVoice.quantise(self.whole, whole, machine.bias), None)
        return LinearText(
            labels,
            LinearVoice.quantise(self.whole, np.float32(_WHOLE) * whole, machine.bias),
            LinearVoice.quantise(self.title, np.float32(_TITLE) * title, none),
        )


def fit_linear_text(
    texts: Sequence[str],
    targets: Targets,
    labels: list[str],
    *,
    recipe: LinearRecipe,
    held_out: tuple[Sequence[str], Targets] | None = None,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[LinearText, LinearRecipe]:
    """Fit on some texts.

    Args:
        texts: titles with descriptions.
        targets: (n, labels), one label a row.
        labels: category paths.
        recipe: settings; without a mixture one is learned, on `held_out`.
        held_out: texts and (m, labels) targets that are not learned from.
        seed: of the machine that starts at random.
        progress: told the share that is done; may raise.

    Returns:
        The model, and the recipe with its mixture.

    Raises:
        ValueError: neither a mixture nor held-out rows are given.
    """
    if recipe.mixture is None and held_out is None:
        raise ValueError("A mixture is learned on held-out rows: give them, or a recipe with one.")
    config = recipe.features.sized(len(labels), megabytes=60)
    reading = _Reading.fit(texts, config)
    progress(0.15)
    machines = _fit_machines(reading.rows(texts), targets, recipe, seed, progress)
    if recipe.mixture is None and held_out is not None:
        rows = reading.rows(held_out[0])
        scores: dict[str, Scores] = {
            name: machine(rows).astype(np.float64) for name, machine in machines.items()
        }
        recipe = replace(recipe, mixture=fit_blend(scores, held_out[1], penalty=0.05).weights)
    assert recipe.mixture is not None  # noqa: S101 - refused above
    parts = [(recipe.mixture.get(name, 0.0), machine) for name, machine in machines.items()]
    progress(1.0)
    return reading.model(mix(parts), labels), recipe


def _fit_machines(
    rows: sparse.csr_array,
    targets: npt.NDArray[np.bool_],
    recipe: LinearRecipe,
    seed: int,
    progress: Callable[[float], None],
) -> dict[str, Weights]:
    """Each machine that the mixture wants."""
    wanted = recipe.mixture

    def want(name: str) -> bool:
        return wanted is None or wanted.get(name, 0.0) > 0

    products = products_of(rows)
    found: dict[str, Weights] = {}
    if want("svm"):
        svm = fit_svm(rows, targets, cost=recipe.svm_cost, products=products)
        scale = np.float32(_SVM_SCALE)
        found["svm"] = Weights(scale * svm.weights, scale * svm.bias)
    progress(0.35)
    if want("logistic"):
        found["logistic"] = fit_logistic(
            rows, targets, penalty=recipe.logistic_penalty, products=products
        )
    progress(0.55)
    if recipe.factored and want("factored"):
        found["factored"] = fit_factored(
            rows, targets, config=FactoredConfig(), seed=seed, n_seeds=1,
            progress=lambda share: progress(0.55 + 0.4 * share),
        )  # fmt: skip
    return found
