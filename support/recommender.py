"""What an agent sees beside an inquiry: FAQ suggestions in two bands, and similar past answers.

Loads nothing before the first question; a published release is used at the next one.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
from sqlite_utils import Database

from . import faqs, settings
from .calibration import Decision, Promise
from .database import scalar
from .errors import EmptyTextError
from .faq import FaqClassifier, Prediction, Scored, Voice
from .faqs import Faq
from .features import normalize as normalize_features
from .features import split_words
from .inquiries import PastAnswer
from .linear import Contribution
from .models import Follower, Models, Through, load
from .redact import MASKS
from .renamed import Renamed
from .similar import LookBack
from .text import normalize
from .thresholds import Thresholds
from .workspace import Workspace

Band = Literal["likely", "possible", "silent"]
CANDIDATES = 20  # looked at, so that enough are left when some FAQs are switched off
PROMISED = 3  # the Possible band promises that one of its first three is right: it shows three,
PAIR = 2  # and where the first two tie and stand together, that one of these two is: it shows two
SHOWN_WORDS = 8
UNPROVEN = "unproven"  # no band of the model kept its stated share on held-out inquiries
TOO_FEW = "too_few_labels"  # a release was made, but not enough answers link an FAQ
ENOUGH = 67  # labelled inquiries: of fewer, the newest 15 % are not the 10 that calibration needs
LEAST_SAID = 1e-12  # a voice's probability is never taken to be nearer to 0
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
    # What each voice adds to its lead over the best other FAQ, in the blend's own measure: the sum
    # of these is the lead.
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The answer to one inquiry.

    `reason` says why it is silent: below_threshold, ambiguous, out_of_scope, empty, no_model or
    holdout; `detail` says more where there is more to say: `unproven`, or `too_few_labels`, with as
    many as are `labelled`. `degraded` names what is missing, in words: of the release, or
    of what it asks. `tie`: the
    first two are as good as each other, and it is one of these two.
    """

    band: Band
    reason: str
    threshold: float | None
    faqs: tuple[SuggestedFaq, ...]
    similar: tuple[PastAnswer, ...]
    release: str
    degraded: str = ""
    promise: Promise | None = None  # of the Possible band: that one of those shown is right
    tie: bool = False
    detail: str = ""
    labelled: int | None = None  # inquiries whose answer links an FAQ, where they are too few
    near: tuple[int, ...] = ()  # labelled inquiries like this one, whose FAQs were listened to
    away: str = ""  # why the past was looked at in another way than the desk is set up for


class Recommender:
    """Suggests by the release that a workspace has in force."""

    def __init__(self, workspace: Workspace, *, through: Through | None = None) -> None:
        """Take a workspace; nothing is loaded before the first question.

        Args:
            workspace: the desk.
            through: what finds past answers instead of the release's index, as for `models.load`.
        """
        self._follower = Follower(workspace.models, load=partial(load, through=through))

    def suggest(
        self,
        db: Database,
        text: str,
        *,
        top_k: int = 3,
        inquiry_id: int | None = None,
        similar_k: int | None = None,
        models: Models | None = None,
    ) -> Suggestion:
        """Suggest FAQs and past answers.

        Args:
            db: the desk's database.
            text: what the customer asked, masked.
            top_k: FAQs at most in Likely; Possible always shows its three.
            inquiry_id: the inquiry itself, which shall not find itself nor be swayed by the
                hold-out twice.
            similar_k: past answers at most; None: as the settings say.
            models: those of an answer that asks them more than once, from `models`; None: those in
                force now.

        Returns:
            The suggestion; a blank text or a missing model is silence with its reason.
        """
        rules = settings.load(db)
        models = models or self.models()
        release = models.release.name if models.release else ""
        silent = partial(
            Suggestion, "silent", threshold=None, faqs=(), release=release, degraded=models.degraded
        )
        text = normalize(text)
        if not text:
            return silent(reason="empty", similar=())
        past = _look_back(db, models, text, similar_k or rules.similar_k, inquiry_id)
        degraded = " ".join(why for why in (models.degraded, past.by_words) if why)
        silent = partial(silent, away=past.away, degraded=degraded)
        similar, neighbours = tuple(past.similar), past.neighbours
        classifier = models.classifier
        if classifier is None:
            few = models.release is not None and bool(models.release.no_classifier)
            return silent(
                reason="no_model",
                similar=similar,
                detail=TOO_FEW if few else "",
                labelled=_labelled(db) if few else None,
            )
        if inquiry_id is not None and held_out(inquiry_id, rules.holdout):
            return silent(reason=HOLDOUT, similar=similar)

        heard = neighbours is not None
        renamed = Renamed(classifier.labels, faqs.aliases_over(db, classifier.labels))
        try:
            prediction = classifier.predict(
                [text],
                neighbours=None if neighbours is None else [renamed.neighbours(neighbours)],
                vectors=past.vector if heard else None,
                top_k=CANDIDATES,
            )[0]
        except EmptyTextError:  # nothing but signs that no voice reads
            return silent(reason="empty", similar=similar)
        prediction, own = renamed.prediction(prediction)
        known = faqs.named(db, [item.label for item in prediction.scored])
        scored = [item for item in prediction.scored if item.label in known]
        decision = decide(classifier, prediction, scored, faqs.thresholds_of(db, rules.thresholds))
        if decision.band == "silent":
            proven = classifier.calibration(neighbours=heard).proven
            return silent(
                reason=decision.reason,
                similar=similar,
                threshold=decision.threshold,
                detail="" if proven or decision.reason == "out_of_scope" else UNPROVEN,
            )
        chosen = scored[: shown(decision, top_k)]
        words = _telling(
            text, classifier.why(text, [own[item.label] for item in chosen], n=20, neighbours=heard)
        )
        return Suggestion(
            band=decision.band,
            reason="",
            threshold=decision.threshold,
            promise=decision.promise if decision.band == "possible" else None,
            tie=decision.tie,
            faqs=tuple(
                SuggestedFaq(
                    faq=known[item.label],
                    probability=item.probability,
                    promise=(
                        # The band's own promise is what put the first one there.
                        decision.promise
                        if decision.band == "likely" and decision.promise and item is chosen[0]
                        else classifier.promise(item.probability, neighbours=heard)
                    ),
                    words=tuple(parts),
                    neighbours=item.voices.get(Voice.NEIGHBOURS, 0.0),
                    used_by=tuple(past for past in similar if item.label in past.slugs),
                    parts=_parts(item, prediction),
                )
                for item, parts in zip(chosen, words, strict=True)
            ),
            similar=similar,
            release=release,
            degraded=degraded,
            near=past.near,
            away=past.away,
        )

    def models(self) -> Models:
        """The models of the release in force."""
        return self._follower.models()


def _look_back(
    db: Database, models: Models, text: str, similar_k: int, inquiry_id: int | None
) -> LookBack:
    """Similar past answers, and what a classifier that listens hears of similar inquiries."""
    nothing = LookBack(np.empty((0, 0), dtype=np.float32), [], None)
    if models.similar is None:
        return nothing
    listening = models.classifier is not None and models.hears_neighbours
    try:
        return models.similar.look_back(
            db,
            text,
            top_k=similar_k,
            neighbours_k=(
                models.classifier.neighbours_k if models.classifier and listening else None
            ),
            without=inquiry_id,
        )
    except EmptyTextError:  # nothing but signs that no encoder reads
        return nothing


def _parts(item: Scored, prediction: Prediction) -> dict[str, float]:
    """What each voice adds to an FAQ's lead over the best other one; empty where it is alone."""
    other = next((scored for scored in prediction.scored if scored.label != item.label), None)
    if other is None:
        return {}
    return {
        name: weight
        * math.log(max(item.voices[name], LEAST_SAID) / max(other.voices[name], LEAST_SAID))
        for name, weight in prediction.weights.items()
    }


def _labelled(db: Database) -> int:
    """How many inquiries have an answer that links an FAQ."""
    return int(scalar(db, "SELECT count(DISTINCT inquiry_id) FROM labels") or 0)


def decide(
    classifier: FaqClassifier,
    prediction: Prediction,
    scored: Sequence[Scored],
    tuned: Thresholds | None = None,
) -> Decision:
    """Choose the band, or why to be silent.

    Args:
        classifier: knows the thresholds.
        prediction: what it says.
        scored: its FAQs that may be shown, best first.
        tuned: thresholds that people set over the model's own.
    """
    threshold = tuned.set_for(prediction.scored[0].label) if tuned else None
    decision = classifier.decide(prediction, threshold=threshold)
    if decision.band == "silent":
        return decision
    # The thresholds speak of the whole ranking: where one of those that the band promises is
    # switched off, it promises nothing.
    promised = shown(decision, 1)
    if list(scored[:promised]) == list(prediction.scored[:promised]):
        return decision
    return Decision("silent", "below_threshold", threshold=decision.threshold)


def shown(decision: Decision, top_k: int) -> int:
    """How many FAQs a band shows: what it promises, and as many as asked where it is Likely."""
    if decision.band == "likely":
        return top_k
    return PAIR if decision.tie else PROMISED


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
