"""What an agent sees beside an inquiry: FAQ suggestions in two bands, and similar past answers.

Loads the release in force and follows it: a published one is used at the next question.
"""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from . import faqs, settings
from .calibration import Promise
from .encoder import SentenceEncoder
from .errors import EmptyTextError, ModelDamagedError, ModelError
from .faq import FaqClassifier, Prediction, Scored, Voice
from .faqs import Faq
from .inquiries import PastAnswer
from .linear import Contribution
from .releases import Release, current
from .similar import Neighbours, SimilarInquiries
from .text import normalize
from .workspace import Workspace

Band = Literal["likely", "possible", "silent"]
CANDIDATES = 20  # looked at, so that enough are left when some FAQs are switched off
TIE = 1.2  # the first two are a tie when their probabilities differ by less than this factor
HOLDOUT = "holdout"  # the reason of an inquiry that gets no suggestion on purpose


@dataclass(frozen=True, slots=True)
class SuggestedFaq:
    """One FAQ that fits, and why."""

    faq: Faq
    probability: float  # calibrated, in [0, 1]
    promise: Promise
    words: tuple[Contribution, ...]  # what speaks for it, with its weight in the blend
    neighbours: float  # what the labels of similar inquiries alone give it, in [0, 1]
    used_by: tuple[PastAnswer, ...]  # similar past answers that linked it


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The answer to one inquiry.

    `reason` says why it is silent: below_threshold, ambiguous, out_of_scope, empty, no_model or
    holdout. `degraded` names what is missing from the release, in words.
    """

    band: Band
    reason: str
    threshold: float | None
    faqs: tuple[SuggestedFaq, ...]
    similar: tuple[PastAnswer, ...]
    release: str
    degraded: str = ""
    promise: Promise | None = None  # of the Possible band: that one of its three is right


@dataclass(frozen=True, slots=True)
class _Models:
    release: Release | None
    classifier: FaqClassifier | None
    similar: SimilarInquiries | None
    degraded: str


class Recommender:
    """Suggests by the release that a workspace has in force."""

    def __init__(self, workspace: Workspace) -> None:
        """Take a workspace; nothing is loaded before the first question."""
        self._workspace = workspace
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._models = _Models(None, None, None, "")

    def suggest(
        self,
        db: Database,
        text: str,
        *,
        top_k: int = 3,
        inquiry_id: int | None = None,
    ) -> Suggestion:
        """Suggest FAQs and past answers.

        Args:
            db: the desk's database.
            text: what the customer asked, masked.
            top_k: FAQs at most.
            inquiry_id: the inquiry itself, which shall not find itself nor be swayed by the
                hold-out twice.

        Returns:
            The suggestion; a blank text or a missing model is silence with its reason.
        """
        rules = settings.load(db)
        models = self.models()
        release = models.release.name if models.release else ""
        text = normalize(text)
        if not text:
            return Suggestion("silent", "empty", None, (), (), release)
        similar: tuple[PastAnswer, ...] = ()
        neighbours: Neighbours | None = None
        if models.similar is not None:
            try:
                vector = models.similar.encoder.encode([text])
            except EmptyTextError:
                vector = None
            if vector is not None:
                similar = tuple(
                    models.similar.similar_by_vector(
                        db, vector, top_k=rules.similar_k, without=inquiry_id
                    )
                )
                if models.classifier is not None and models.classifier.wants_neighbours:
                    neighbours = models.similar.neighbours(
                        db, vector, top_k=models.classifier.neighbours_k, without=inquiry_id
                    )
        if models.classifier is None:
            reason = "no_model"
            return Suggestion("silent", reason, None, (), similar, release, models.degraded)
        if inquiry_id is not None and held_out(inquiry_id, rules.holdout):
            return Suggestion("silent", HOLDOUT, None, (), similar, release, models.degraded)
        prediction = models.classifier.predict(
            [text], neighbours=None if neighbours is None else [neighbours], top_k=CANDIDATES
        )[0]
        known = faqs.named(db, [item.label for item in prediction.scored])
        scored = [item for item in prediction.scored if item.label in known]
        band, reason = decide(models.classifier, prediction, scored)
        heard = neighbours is not None
        calibration = models.classifier.calibration(neighbours=heard)
        bands = {"likely": calibration.likely, "possible": calibration.possible}
        suggested = tuple(
            SuggestedFaq(
                faq=known[item.label],
                probability=item.probability,
                promise=models.classifier.promise(item.probability, neighbours=heard),
                words=tuple(models.classifier.why(text, item.label, neighbours=heard)),
                neighbours=item.voices.get(Voice.NEIGHBOURS, 0.0),
                used_by=tuple(past for past in similar if item.label in past.slugs),
            )
            for item in (scored[:top_k] if band != "silent" else [])
        )
        return Suggestion(
            band=band,
            reason=reason,
            threshold=bands.get(band, calibration.possible).threshold,
            promise=(
                models.classifier.promise_three(prediction.any_of_three, neighbours=heard)
                if band == "possible"
                else None
            ),
            faqs=suggested,
            similar=similar,
            release=release,
            degraded=models.degraded,
        )

    def models(self) -> _Models:
        """The models of the release in force, loading it when it has changed."""
        path = self._workspace.models / "current"
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
        except FileNotFoundError:
            return self._models
        with self._lock:
            if stamp != self._stamp:
                self._models = self._load()
                self._stamp = stamp
        return self._models

    def _load(self) -> _Models:
        models = self._workspace.models
        release = current(models)
        if release is None:
            return _Models(None, None, None, "")
        degraded: list[str] = []
        classifier: FaqClassifier | None = None
        similar: SimilarInquiries | None = None
        # One damaged part must not silence the others: each says for itself what is wrong.
        try:
            encoder_folder = release.folder(models, "encoder")
            index_folder = release.folder(models, "index")
            if encoder_folder is not None:
                encoder = SentenceEncoder.load(encoder_folder)
                similar = (
                    SimilarInquiries.load(encoder, index_folder)
                    if index_folder is not None
                    else SimilarInquiries(encoder)
                )
        except ModelError as error:
            degraded.append(str(error))
        try:
            faq_folder = release.folder(models, "faq")
            if faq_folder is not None:
                classifier = _load_classifier(faq_folder, degraded)
        except ModelError as error:
            degraded.append(str(error))
        return _Models(release, classifier, similar, " ".join(degraded))


def decide(
    classifier: FaqClassifier, prediction: Prediction, scored: Sequence[Scored]
) -> tuple[Band, str]:
    """Choose the band, or why to be silent.

    Args:
        classifier: knows the thresholds.
        prediction: what it says.
        scored: its FAQs that may be shown, best first.
    """
    band = classifier.band(prediction)
    # The thresholds speak of the whole ranking: without its first, they promise nothing.
    if band is not None and scored and scored[0] is prediction.scored[0]:
        return band.value, ""
    if not scored or prediction.none > scored[0].probability:
        return "silent", "out_of_scope"
    if len(scored) > 1 and scored[0].probability < TIE * scored[1].probability:
        return "silent", "ambiguous"
    return "silent", "below_threshold"


def held_out(inquiry_id: int, share: float) -> bool:
    """Whether an inquiry gets no suggestion on purpose; always the same answer for it."""
    digest = hashlib.blake2b(str(inquiry_id).encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64


def _load_classifier(folder: Path, degraded: list[str]) -> FaqClassifier:
    """Load a classifier; when its other voices are damaged, fastText alone."""
    try:
        return FaqClassifier.load(folder)
    except ModelDamagedError as error:
        classifier = FaqClassifier.load(folder, fasttext_alone=True)
        degraded.append(f"fastText answers alone: {error}")
        return classifier
