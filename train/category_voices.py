"""The voices of a category model: fits each, and hears what it says of held-out listings."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from listings.categorise import PictureModel, spread
from listings.listing import Listing
from listings.text_model import TextModel, title_of
from support.errors import TooFewLabelsError

from .category_ensemble import HeldOut
from .category_split import Rows
from .category_text import QUICK, fit_text_model
from .progress import Progress, Steps

QUICK_IMAGES = frozenset(("patches",))  # a minute or two: they may learn twice
# Pictures, paths and groups of near duplicates of some listings, and where to tell progress.
FitImage = Callable[
    [Sequence[Sequence[Path]], Sequence[str], Sequence[int] | None, Progress], PictureModel
]


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoryConfig:
    """Settings of a training run."""

    texts: tuple[str, ...] = ("linear",)  # each a voice of the ensemble
    transformer: str | Path | None = None  # what a text model called transformer starts from
    encoder: str | Path | None = None  # the sentence encoder of a text model called encoder
    image: str | None = "patches+compact_resnet"  # None: pictures are not looked at
    weights: str | Path | None = None  # to start the picture model from
    image_minutes: float = 20.0  # of the picture model's training, at most
    min_examples: int = 4  # of a category, to be learned
    held_out: float = 0.2  # share that ensemble and threshold are learned on
    share_right: float = 0.9  # of first guesses that need no look
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        written = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(self).items()}
        return {**written, "texts": list(self.texts)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote; names that are not known any more are passed over.

        Raises:
            ValueError: a value is out of its range.
        """
        known = {item.name for item in fields(cls)}
        kept = {name: value for name, value in content.items() if name in known}
        return cls(**{**kept, "texts": tuple(kept.get("texts", ("linear",)))})

    def __post_init__(self) -> None:
        if self.min_examples < 2:
            raise ValueError(f"min_examples must be at least 2, got {self.min_examples}.")
        for name in ("held_out", "share_right"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must be between 0 and 1, got {getattr(self, name)}.")
        if not self.texts and self.image is None:
            raise ValueError("Name at least one text model or a picture model.")


@dataclass(frozen=True, slots=True)
class CategoryData:
    """Listings of categories that have enough of them."""

    listings: list[Listing]
    paths: list[str]
    groups: list[int] | None
    labels: list[str]

    def texts(self, rows: Rows) -> list[str]:
        """The words of some listings."""
        return [self.listings[i].text for i in rows.tolist()]

    def some(self, rows: Rows) -> list[str]:
        """The paths of some rows."""
        return [self.paths[i] for i in rows.tolist()]

    @property
    def hash(self) -> str:
        """Sixteen hexadecimal digits that change with what is learned from."""
        lines = (
            f"{listing.text}\0{path}\0{len(listing.pictures)}\n"
            for listing, path in zip(self.listings, self.paths, strict=True)
        )
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fit_texts(
    data: CategoryData,
    stay: Rows,
    out: Rows,
    config: CategoryConfig,
    steps: Steps,
    *,
    checkpoints: Path | None = None,
) -> tuple[list[TextModel], dict[str, Any]]:
    """Every text model, learned without what is held out, and the settings that were chosen."""
    models: list[TextModel] = []
    settings: dict[str, Any] = {}
    for number, name in enumerate(config.texts):
        model, settings[name] = fit_text_model(
            name,
            data.texts(stay),
            data.some(stay),
            label_set=data.labels,
            groups=None if data.groups is None else [data.groups[i] for i in stay.tolist()],
            held_out=(data.texts(out), data.some(out)),
            start=config.transformer,
            encoder=config.encoder,
            checkpoints=checkpoints,
            seed=config.seed,
            progress=_part(steps, number, len(config.texts)),
        )
        models.append(model)
    return models, settings


def fit_again(
    data: CategoryData,
    models: Sequence[TextModel],
    settings: dict[str, Any],
    config: CategoryConfig,
    steps: Steps,
) -> list[TextModel]:
    """The same models, those that learn quickly from everything."""
    return [
        model
        if model.name not in QUICK
        else fit_text_model(
            model.name,
            [listing.text for listing in data.listings],
            data.paths,
            label_set=data.labels,
            groups=data.groups,
            settings=settings[model.name],
            earlier=model,
            seed=config.seed,
            progress=_part(steps, number, len(models)),
        )[0]
        for number, model in enumerate(models)
    ]


def fit_pictures(
    data: CategoryData, stay: Rows, config: CategoryConfig, fit: FitImage, steps: Steps
) -> PictureModel | None:
    """The picture model; None where none is wanted or too few pictures can be read.

    Raises:
        TooFewLabelsError: too few can be read, and there are no text models.
    """
    rows = [i for i in stay.tolist() if data.listings[i].pictures]
    if config.image is None or len({data.paths[i] for i in rows}) < 2:
        return None
    try:
        return fit(
            [data.listings[i].pictures for i in rows],
            [data.paths[i] for i in rows],
            None if data.groups is None else [data.groups[i] for i in rows],
            _part(steps, 0, 1),
        )
    except TooFewLabelsError:
        if not config.texts:
            raise
        return None  # too few can be read: words alone must do


def picture_trainer(
    config: CategoryConfig,
    *,
    beside: Sequence[tuple[Sequence[Sequence[Path]], Sequence[str]]] = (),
    checkpoints: Path | None = None,
) -> FitImage:
    """The picture model that a configuration asks for.

    Args:
        config: its name, weights, seed and minutes.
        beside: pictures and labels of other sets, which are learned beside and then forgotten.
        checkpoints: a folder where a killed training goes on; None: it begins anew.
    """

    def fit(
        pictures: Sequence[Sequence[Path]],
        labels: Sequence[str],
        groups: Sequence[int] | None,
        progress: Progress,
    ) -> PictureModel:
        from .image import fit_image_model
        from .image_store import LabelledPictures

        return fit_image_model(
            str(config.image), pictures, labels,
            weights=config.weights, seed=config.seed, minutes=config.image_minutes,
            groups=groups, beside=[LabelledPictures(*part) for part in beside],
            checkpoints=checkpoints, progress=progress,
        )  # fmt: skip

    return fit


def hear(
    data: CategoryData, out: Rows, texts: Sequence[TextModel], image: PictureModel | None
) -> HeldOut:
    """What every voice says of held-out listings."""
    listings = [data.listings[i] for i in out.tolist()]
    number = {label: i for i, label in enumerate(data.labels)}
    whole = [listing.text for listing in listings]
    titles = [title_of(text) for text in whole]
    pictures = None
    if image is not None:
        found = image.log_scores([listing.pictures for listing in listings])
        pictures = spread(found, image.labels, data.labels)
    return HeldOut(
        labels=np.array([number[data.paths[i]] for i in out.tolist()]),
        text={model.name: model.log_scores(whole) for model in texts},
        title={model.name: model.log_scores(titles) for model in texts},
        described=np.array([bool(listing.description.strip()) for listing in listings]),
        image=pictures,
        groups=None if data.groups is None else [data.groups[i] for i in out.tolist()],
    )


def _part(steps: Steps, number: int, count: int) -> Progress:
    def tell(done: int, total: int, message: str) -> None:
        steps.at((number + done / max(total, 1)) / count, message)

    return tell
