"""What an agent sees beside an inquiry: FAQ suggestions in two bands, and similar past answers.

Loads nothing before the first question; a published release is used at the next one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from sqlite_utils import Database

from . import faqs, settings
from .calibration import Promise
from .errors import EmptyTextError
from .faq import BandName, FaqClassifier, Prediction, Scored, Voice
from .faqs import Faq
from .features import normalize as normalize_features
from .features import split_words
from .inquiries import PastAnswer
from .linear import Contribution
from .models import Follower, Models
from .redact import MASKS
from .settings import Settings
from .similar import Neighbours
from .text import normalize
from .workspace import Workspace

Band = Literal["likely", "possible", "silent"]
CANDIDATES = 20  # looked at, so that enough are left when some FAQs are switched off
PROMISED = 3  # the Possible band promises that one of its first three is right: it shows three
SHOWN_WORDS = 8
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


class Recommender:
    """Suggests by the release that a workspace has in force."""

    def __init__(self, workspace: Workspace) -> None:
        """Take a workspace; nothing is loaded before the first question."""
        self._follower = Follower(workspace.models)

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
            top_k: FAQs at most in Likely; Possible always shows its three.
            inquiry_id: the inquiry itself, which shall not find itself nor be swayed by the
                hold-out twice.

        Returns:
            The suggestion; a blank text or a missing model is silence with its reason.
        """
        rules = settings.load(db)
        models = self.models()
        release = models.release.name if models.release else ""
        silent = partial(
            Suggestion, "silent", threshold=None, faqs=(), release=release, degraded=models.degraded
        )
        text = normalize(text)
        if not text:
            return silent(reason="empty", similar=())
        similar, neighbours = _look_back(db, models, text, rules, inquiry_id)
        classifier = models.classifier
        if classifier is None:
            return silent(reason="no_model", similar=similar)
        if inquiry_id is not None and held_out(inquiry_id, rules.holdout):
            return silent(reason=HOLDOUT, similar=similar)

        heard = neighbours is not None
        try:
            prediction = classifier.predict(
                [text], neighbours=None if neighbours is None else [neighbours], top_k=CANDIDATES
            )[0]
        except EmptyTextError:  # nothing but signs that no voice reads
            return silent(reason="empty", similar=similar)
        known = faqs.named(db, [item.label for item in prediction.scored])
        scored = [item for item in prediction.scored if item.label in known]
        band, reason = decide(classifier, prediction, scored)
        calibration = classifier.calibration(neighbours=heard)
        if band == "silent":
            return replace(
                silent(reason=reason, similar=similar), threshold=calibration.possible.threshold
            )
        chosen = scored[: top_k if band == "likely" else PROMISED]
        words = _telling(
            text, classifier.why(text, [item.label for item in chosen], n=20, neighbours=heard)
        )
        return Suggestion(
            band=band,
            reason="",
            threshold=(calibration.likely if band == "likely" else calibration.possible).threshold,
            promise=(
                classifier.promise_three(prediction.any_of_three, neighbours=heard)
                if band == "possible"
                else None
            ),
            faqs=tuple(
                SuggestedFaq(
                    faq=known[item.label],
                    probability=item.probability,
                    promise=(
                        # The band's own promise is what put the first one there.
                        calibration.likely.promise
                        if band == "likely" and item is chosen[0]
                        else classifier.promise(item.probability, neighbours=heard)
                    ),
                    words=tuple(parts),
                    neighbours=item.voices.get(Voice.NEIGHBOURS, 0.0),
                    used_by=tuple(past for past in similar if item.label in past.slugs),
                )
                for item, parts in zip(chosen, words, strict=True)
            ),
            similar=similar,
            release=release,
            degraded=models.degraded,
        )

    def models(self) -> Models:
        """The models of the release in force."""
        return self._follower.models()


def _look_back(
    db: Database, models: Models, text: str, rules: Settings, inquiry_id: int | None
) -> tuple[tuple[PastAnswer, ...], Neighbours | None]:
    """Similar past answers, and the labels of similar inquiries where the classifier wants them."""
    if models.similar is None:
        return (), None
    try:
        vector = models.similar.encoder.encode([text])
    except EmptyTextError:  # nothing but signs that no encoder reads
        return (), None
    similar = models.similar.similar_by_vector(
        db, vector, top_k=rules.similar_k, without=inquiry_id
    )
    if models.classifier is None or not models.hears_neighbours:
        return tuple(similar), None
    near = models.similar.neighbours(
        db, vector, top_k=models.classifier.neighbours_k, without=inquiry_id
    )
    return tuple(similar), near


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
    if band is not None:
        # The thresholds speak of the whole ranking: where one of those that the band promises is
        # switched off, it promises nothing.
        promised = 1 if band is BandName.LIKELY else PROMISED
        whole = list(scored[:promised]) == list(prediction.scored[:promised])
        return (band.value, "") if whole else ("silent", "below_threshold")
    if not scored or prediction.none > scored[0].probability:
        return "silent", "out_of_scope"
    if len(scored) > 1 and scored[0].probability < TIE * scored[1].probability:
        return "silent", "ambiguous"
    return "silent", "below_threshold"


def _telling(
    text: str, contributions: Sequence[Sequence[Contribution]]
) -> list[list[Contribution]]:
    """The words worth showing: of two letters or more, and really the customer's.

    A mask stands for what was taken out; its name is nobody's word.
    """
    for mask in MASKS.values():
        text = text.replace(mask, " ")
    said = set(split_words(normalize_features(text)))
    return [
        [part for part in parts if len(part.word) > 1 and part.word in said][:SHOWN_WORDS]
        for parts in contributions
    ]


def held_out(inquiry_id: int, share: float) -> bool:
    """Whether an inquiry gets no suggestion on purpose; always the same answer for it."""
    digest = hashlib.blake2b(str(inquiry_id).encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64
