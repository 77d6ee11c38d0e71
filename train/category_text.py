"""Fits a text model of listings by name."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from listings.text_encoder import EncoderText
from listings.text_fasttext import FastTextText
from listings.text_model import TEXT_MODELS, TextModel
from support.encoder import SentenceEncoder
from support.errors import SettingError
from support.fasttext_voice import FastTextConfig, FastTextVoice

from .blend import Targets
from .category_encoder import fit_encoder_text
from .category_linear import LinearRecipe, fit_linear_text
from .category_split import cut_groups
from .progress import Progress, silent
from .remembering import remembered

Settings = Mapping[str, Any]
QUICK = frozenset(("linear", "fasttext", "encoder"))  # minutes at most: they may learn twice


def fit_text_model(
    name: str,
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    label_set: Sequence[str] | None = None,
    groups: Sequence[int] | None = None,
    held_out: tuple[Sequence[str], Sequence[str]] | None = None,
    settings: Settings | None = None,
    start: str | Path | None = None,
    encoder: str | Path | None = None,
    earlier: TextModel | None = None,
    checkpoints: Path | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[TextModel, Settings]:
    """Fit the text model of a name.

    Args:
        name: a key of `listings.text_model.TEXT_MODELS`.
        texts: as `Listing.text` writes them.
        labels: the category path of each.
        label_set: all paths in the order of the columns; default: those of `labels`, sorted.
        groups: of each text the number of its group of near duplicates, which is never cut;
            default: each stands alone.
        held_out: texts with their labels to choose settings on; default: a fifth of `texts`, which
            is then not learned from while choosing. The transformer holds out some of its own.
        settings: what an earlier fit chose, so that nothing is chosen again.
        start: what a transformer starts from: a folder, or a name.
        encoder: the sentence encoder of the model called encoder: a folder, or a name; default:
            the one that comes with the project.
        earlier: a model of this name that this training fitted; what its encoder read is not read
            again.
        checkpoints: a folder where a transformer's training that was killed goes on.
        seed: of all that is drawn.
        progress: told done, total and a message; may raise.

    Returns:
        The model, and the settings that were chosen, as plain JSON.

    Raises:
        SettingError: there is no text model of this name, or a transformer has no start.
    """
    known = sorted(set(labels)) if label_set is None else list(label_set)

    def tell(share: float) -> None:
        progress(round(1000 * share), 1000, f"{name} over {len(texts):,} texts")

    match name:
        case "linear":
            return _fit_linear(texts, labels, known, groups, held_out, settings, seed, tell)
        case "fasttext":
            return _fit_fasttext(texts, labels, known, settings, seed, tell)
        case "encoder":
            opened = earlier.encoder if isinstance(earlier, EncoderText) else remembered(encoder)
            return _fit_encoder(
                opened, texts, labels, known, groups, held_out, settings, seed, tell
            )
        case "transformer":
            return _fit_transformer(
                texts, labels, known, groups, settings, start, checkpoints, seed, progress
            )
    raise SettingError(
        f"No text model is called {name!r}. Name one of {', '.join(sorted(TEXT_MODELS))}."
    )


def one_hot(labels: Sequence[str], label_set: Sequence[str]) -> Targets:
    """(n, labels): whether each label of the set is right; none is where it is not in the set."""
    number = {label: i for i, label in enumerate(label_set)}
    found = np.zeros((len(labels), len(label_set)), dtype=bool)
    for row, label in zip(found, labels, strict=True):
        if label in number:
            row[number[label]] = True
    return found


def _fit_linear(
    texts: Sequence[str],
    labels: Sequence[str],
    known: list[str],
    groups: Sequence[int] | None,
    held_out: tuple[Sequence[str], Sequence[str]] | None,
    settings: Settings | None,
    seed: int,
    tell: Callable[[float], None],
) -> tuple[TextModel, Settings]:
    targets = one_hot(labels, known)
    recipe = LinearRecipe.from_dict(settings) if settings else LinearRecipe()
    if recipe.mixture is None and held_out is None:
        stay, drawn = cut_groups(labels, groups, share=0.2, seed=seed)
        _, recipe = fit_linear_text(
            [texts[i] for i in stay], targets[stay], known,
            recipe=recipe, held_out=([texts[i] for i in drawn], targets[drawn]), seed=seed,
            progress=lambda share: tell(share / 2),
        )  # fmt: skip
    judged = None if held_out is None else (held_out[0], one_hot(held_out[1], known))
    model, recipe = fit_linear_text(
        texts, targets, known, recipe=recipe, held_out=judged, seed=seed, progress=tell
    )
    return model, recipe.as_dict()


def _fit_fasttext(
    texts: Sequence[str],
    labels: Sequence[str],
    known: list[str],
    settings: Settings | None,
    seed: int,
    tell: Callable[[float], None],
) -> tuple[TextModel, Settings]:
    number = {label: i for i, label in enumerate(known)}
    config = FastTextConfig(**{"num_epochs": 50, **(settings or {}), "seed": seed})
    rows = [(text, number[label]) for text, label in zip(texts, labels, strict=True)]
    model = FastTextText(known, FastTextVoice.fit(rows, len(known), config=config))
    tell(1.0)
    return model, {
        "learning_rate": config.learning_rate,
        "num_epochs": config.num_epochs,
    }


def _fit_encoder(
    encoder: SentenceEncoder,
    texts: Sequence[str],
    labels: Sequence[str],
    known: list[str],
    groups: Sequence[int] | None,
    held_out: tuple[Sequence[str], Sequence[str]] | None,
    settings: Settings | None,
    seed: int,
    tell: Callable[[float], None],
) -> tuple[TextModel, Settings]:
    targets = one_hot(labels, known)
    penalty = (settings or {}).get("penalty")
    if penalty is None and held_out is None:
        stay, drawn = cut_groups(labels, groups, share=0.2, seed=seed)
        _, penalty = fit_encoder_text(
            encoder, [texts[i] for i in stay], targets[stay], known,
            held_out=([texts[i] for i in drawn], targets[drawn]),
            progress=lambda share: tell(share / 2),
        )  # fmt: skip
    judged = None if held_out is None else (held_out[0], one_hot(held_out[1], known))
    model, penalty = fit_encoder_text(
        encoder, texts, targets, known, penalty=penalty, held_out=judged, progress=tell
    )
    return model, {"penalty": penalty}


def _fit_transformer(
    texts: Sequence[str],
    labels: Sequence[str],
    known: list[str],
    groups: Sequence[int] | None,
    settings: Settings | None,
    start: str | Path | None,
    checkpoints: Path | None,
    seed: int,
    progress: Progress,
) -> tuple[TextModel, Settings]:
    from .transformer import fit_transformer
    from .transformer_config import TransformerConfig

    chosen = dict(settings or {})
    if (begin := chosen.pop("start", start)) is None:
        raise SettingError(
            "A transformer starts from trained weights. Name a folder or a model: --transformer."
        )
    _, judged = cut_groups(labels, groups, share=0.1, seed=seed)
    model = fit_transformer(
        begin,
        texts,
        labels,
        validation=judged.tolist(),
        label_set=known,
        config=TransformerConfig(**{**chosen, "seed": seed}),
        checkpoints=checkpoints,
        progress=progress,
    )
    return model, {"start": str(begin), **chosen}
