"""The models of the release in force, loaded once and again whenever another is published.

One damaged part never silences the others: what is missing is said in words.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from . import kept, release_state, vector_engine
from .artifact import read_artifact
from .encoder import SentenceEncoder
from .errors import ModelDamagedError, ModelError
from .faq import FaqClassifier
from .hybrid import mix_for
from .release import Release, current, kinds
from .similar import PastInquiries, SimilarInquiries, shared_vectors

_ELSEWHERE = (
    "The index in force was built for a vector engine, and FAQDESK_VECTORS names none: all vectors "
    "are read into memory. Build it for the embedded engine: faqdesk index"
)
# What stands in for a desk's own index: takes the encoder, the share of meaning in scores, and what
# opens the desk's own where that is needed after all.
Through = Callable[[SentenceEncoder, float | None, Callable[[], SimilarInquiries]], PastInquiries]


@dataclass(frozen=True, slots=True)
class Models:
    """What is loaded. `degraded` names what is missing and the cure; empty when all is well."""

    release: Release | None = None
    classifier: FaqClassifier | None = None
    similar: PastInquiries | None = None
    degraded: str = ""
    mix: float | None = None  # the share of meaning in the scores of `similar`

    @property
    def hears_neighbours(self) -> bool:
        """Whether the classifier was calibrated with the neighbours that are found here.

        Those of the same encoder, scored with the same share of meaning.
        """
        if self.classifier is None or self.similar is None or self.classifier.artifact is None:
            return False
        config = self.classifier.artifact.config
        wanted = (config["encoder_version"], config.get("mix"))
        found = (self.similar.encoder.version, self.mix)
        return self.classifier.wants_neighbours and wanted == found


class Follower:
    """Looks at `models/current` before each use; a stat call where nothing changed."""

    def __init__(self, folder: Path, *, load: "Callable[[Path], Models] | None" = None) -> None:
        """Follow the `models` folder of a workspace; None: opened as `load` does below."""
        self._folder = folder
        self._load = load
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._models = Models()
        self._damage: object = None  # how the files looked when they could not all be used
        self._again_at = 0.0  # on the monotonic clock: when those are looked at next

    def models(self) -> Models:
        """The models of the release in force; empty before the first.

        Where a part cannot be used, its files are looked at every few seconds: it is used as soon
        as it is whole again. A file that says what is in force and is gone ends nothing: what is
        loaded goes on.
        """
        try:
            stat = (self._folder / "current").stat()
        except OSError:
            if self._models.release is None:
                return self._models
            return replace(self._models, degraded=self._models.degraded or _gone(self._folder))
        stamp = (stat.st_mtime_ns, stat.st_ino)
        with self._lock:
            if stamp != self._stamp or self._mended():
                self._damage = release_state.stamp(self._folder, *kinds("desk"))
                self._models = (self._load or load)(self._folder)
                self._stamp = stamp
            return self._models

    def _mended(self) -> bool:
        """Whether the files of a release that cannot all be used are others by now."""
        if not self._models.degraded or time.monotonic() < self._again_at:
            return False
        self._again_at = time.monotonic() + release_state.LOOK_SECONDS
        return release_state.stamp(self._folder, *kinds("desk")) != self._damage


def _gone(folder: Path) -> str:
    return (
        f"{folder / 'current'} is missing: what is loaded goes on until the desk starts anew. Put "
        f"a release in force again: faqdesk models publish NAME"
    )


def load(folder: Path, *, through: Through | None = None) -> Models:
    """Load the release in force from a `models` folder.

    Args:
        folder: of a workspace.
        through: what finds past answers instead of the release's index, which is then opened only
            when it asks for it; None: the index itself.
    """
    try:
        release = current(folder)
    except ModelDamagedError as error:
        return Models(degraded=str(error))
    if release is None:
        return Models()
    degraded: list[str] = []
    similar, mix = _similar(release, folder, degraded, through)
    models = Models(release, _classifier(release, folder, degraded), similar, mix=mix)
    deaf = similar is not None and not models.hears_neighbours
    if models.classifier and models.classifier.wants_neighbours and deaf:
        degraded.append(
            "The classifier was calibrated with another encoder or index and hears no neighbours. "
            "Train again: faqdesk train"
        )
    return replace(models, degraded=" ".join(degraded))


def load_past(folder: Path) -> Models:
    """Load what finds past answers by the release in force, without its classifier.

    The index is opened anew: what it read of a database is of nobody else's.
    """
    try:
        release = current(folder)
    except ModelDamagedError as error:
        return Models(degraded=str(error))
    if release is None:
        return Models()
    degraded: list[str] = []
    similar, mix = _similar(release, folder, degraded, anew=True)
    return Models(release, None, similar, " ".join(degraded), mix)


def _similar(
    release: Release,
    folder: Path,
    degraded: list[str],
    through: Through | None = None,
    *,
    anew: bool = False,
) -> tuple[PastInquiries | None, float | None]:
    """Encoder and index, and the share of meaning in the scores."""
    try:
        encoder_folder = release.folder(folder, "encoder")
        if encoder_folder is None:
            return None, None
        encoder = kept.once("encoder", encoder_folder, lambda: SentenceEncoder.load(encoder_folder))
    except ModelError as error:
        degraded.append(str(error))
        return None, None
    if through is not None:
        mix = _mix_of(release, folder, encoder)
        # What is wrong with an index that nobody needs shall not weaken what is said.
        return through(encoder, mix, lambda: _open(release, folder, encoder, [])[0]), mix
    return _open(release, folder, encoder, degraded, anew=anew)


def _mix_of(release: Release, folder: Path, encoder: SentenceEncoder) -> float | None:
    """The share of meaning in the scores of a release's index, which is not opened."""
    try:
        if (index_folder := release.folder(folder, "index")) is not None:
            mix: float | None = read_artifact(index_folder, "index", verify=False).config.get("mix")
            return mix
    except ModelError:  # whoever opens it says what is wrong
        pass
    return mix_for(encoder)


def _open(
    release: Release,
    folder: Path,
    encoder: SentenceEncoder,
    degraded: list[str],
    *,
    anew: bool = False,
) -> tuple[SimilarInquiries, float | None]:
    """The release's index, and the share of meaning in its scores."""
    try:
        if (index_folder := release.folder(folder, "index")) is not None:
            similar = kept.once(
                "index",
                index_folder,
                lambda: SimilarInquiries.load(encoder, index_folder),
                fits=lambda found: not anew and found.encoder is encoder and found.as_set,
            )
            config = read_artifact(index_folder, "index", verify=False).config
            if vector_engine.place() is None and not vector_engine.embedded(config):
                degraded.append(_ELSEWHERE)
            return similar, config.get("mix")
    except ModelError as error:
        degraded.append(str(error))
    # The vectors are in the database: all of them are read as a tail, slower but whole.
    return SimilarInquiries(encoder, shared=shared_vectors(encoder)), mix_for(encoder)


def _classifier(release: Release, folder: Path, degraded: list[str]) -> FaqClassifier | None:
    """The classifier; when its other voices are damaged, fastText alone."""
    try:
        faq_folder = release.folder(folder, "faq")
    except ModelError as error:  # not even its list of files can be believed
        degraded.append(str(error))
        return None
    if faq_folder is None:
        return None
    try:
        return kept.once("faq", faq_folder, lambda: FaqClassifier.load(faq_folder))
    except ModelError as error:
        whole = error
    try:
        alone = FaqClassifier.load(faq_folder, fasttext_alone=True)
    except ModelError:
        degraded.append(str(whole))
        return None
    degraded.append(f"fastText answers alone: {whole}")
    return alone
