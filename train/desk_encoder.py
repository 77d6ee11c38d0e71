"""The sentence encoder of a desk: adapted to its texts, or taken by name and kept as it is."""

from collections.abc import Sequence
from pathlib import Path

from sqlite_utils import Database

from support.artifact import read_artifact
from support.encoder import SentenceEncoder
from support.errors import ModelError
from support.releases import in_force
from support.scratch import scratch
from support.shipped import shipped_static
from support.workspace import Workspace

from .adapt import adapt_encoder
from .encoder import EncoderConfig, fit_encoder
from .history import ALWAYS, texts
from .progress import Progress, silent

FEW_TEXTS = 10_000  # below, an encoder has fewer dimensions


def learn_encoder(
    found: list[str],
    *,
    folder: Path,
    read_before: str = "",
    inquiry_ids: Sequence[int] = (),
    progress: Progress = silent,
) -> None:
    """Adapt the shipped encoder to a desk's texts; where none is installed, learn from them alone.

    Learned alone, its size follows how much so many texts can teach: on the sample's validation
    split the share of the five nearest with the same FAQ was .18 with 96 learned dimensions and .06
    with the usual 384, for of few short texts the random ones are noise. `read_before`, the ISO
    moment before which the texts were written, is remembered in the model's config, `inquiry_ids`
    in its folder: the inquiries that the texts are of.
    """
    base = shipped_static()
    if base is not None:
        adapt_encoder(
            found, base=base, folder=folder, read_before=read_before, inquiry_ids=inquiry_ids,
            progress=progress,
        )  # fmt: skip
        return
    few = EncoderConfig(dim=96, learned=96)
    config = few if len(found) < FEW_TEXTS else EncoderConfig()
    fit_encoder(
        found, folder=folder, config=config, read_before=read_before, inquiry_ids=inquiry_ids,
        progress=progress,
    )  # fmt: skip


def learned_here(folder: Path) -> bool:
    """Whether an encoder learned from the desk's own texts.

    Raises:
        ModelError: the folder is missing or damaged.
    """
    return "encoder_config" in read_artifact(folder, "encoder").config


def has_read(folder: Path, moment: str) -> bool:
    """Whether an encoder may have read what this desk answered at a moment or later.

    One that was not learned here has read nothing of the desk.

    Raises:
        ModelError: the folder is missing or damaged.
    """
    config = read_artifact(folder, "encoder").config
    read_before = config.get("read_before") or ALWAYS  # not remembered: it may be anything
    return "encoder_config" in config and bool(read_before > moment)


def older_encoder(
    db: Database, folder: Path, *, before: str, progress: Progress = silent
) -> SentenceEncoder:
    """An encoder as it would have been at a moment.

    The desk's own encoder reads answers and FAQ links. One that has read those of the inquiries it
    is judged on finds their neighbours too well: weights and thresholds chosen with it promise too
    much (the sample's hit@1 on validation was .40 with such an encoder, .31 without; on test .31).

    Args:
        db: the desk's database.
        folder: the encoder in use; one that has read nothing since is taken as it is.
        before: ISO moment.
        progress: told done, total and a message; may raise.
    """
    if not has_read(folder, before):
        return SentenceEncoder.load(folder)
    with scratch("train") as temporary:
        place = temporary / "encoder"
        learn_encoder(texts(db, before=before), folder=place, read_before=before, progress=progress)
        return SentenceEncoder.load(place)


def imported_encoder(workspace: Workspace) -> str | None:
    """The version of the encoder in force, where it was not learned here but taken by name."""
    release = in_force(workspace.models)
    version = release.parts.get("encoder") if release else None
    if version is None:
        return None
    try:
        learned = learned_here(workspace.models / "encoder" / version)
    except ModelError:
        return None
    return None if learned else version
