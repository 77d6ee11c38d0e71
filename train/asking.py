"""Asks a classifier about inquiries that were answered already, as it would have answered then."""

from collections.abc import Mapping, Sequence

import numpy as np

from support.encoder import SentenceEncoder
from support.faq import FaqClassifier
from support.renamed import Renamed
from support.similar import READ
from support.thresholds import Thresholds

from .compare import Answers
from .examples import Example
from .nearest import nearest

RANKED = 20  # looked at, so that three are left when some have become one FAQ since


def ask(
    classifier: FaqClassifier,
    encoder: SentenceEncoder | None,
    past: Sequence[Example],
    later: Sequence[Example],
    *,
    aliases: Mapping[str, str] | None = None,
    tuned: Thresholds | None = None,
) -> Answers:
    """What a model says about later inquiries.

    Args:
        classifier: the model.
        encoder: the one beside it; None: it hears no neighbours.
        past: labelled inquiries among which it looks for neighbours.
        later: what it is asked, with the FAQs that were sent.
        aliases: old names of FAQs, where some were renamed since it was trained.
        tuned: thresholds that people set over the model's own.
    """
    renamed = Renamed(classifier.labels, aliases or {})
    known = {renamed.now(label) for label in classifier.labels}
    texts = [example.text for example in later]
    neighbours = vectors = None
    if encoder is not None and classifier.wants_neighbours:
        vectors = encoder.encode([text[:READ] for text in texts])
        labelled = [example for example in past if set(example.labels) & known]
        found = nearest(encoder, texts, labelled, top_k=classifier.neighbours_k)
        neighbours = [
            renamed.neighbours([(tuple(labels), score) for labels, score in row]) for row in found
        ]
    predictions = [
        renamed.prediction(prediction)[0]
        for prediction in classifier.predict(
            texts, neighbours=neighbours, vectors=vectors, top_k=RANKED
        )
    ]
    ranked = [[scored.label in example.labels for scored in prediction.scored[:3]]
              for prediction, example in zip(predictions, later, strict=True)]  # fmt: skip
    slugs = [prediction.scored[0].label for prediction in predictions]
    bands = [
        classifier.decide(prediction, threshold=tuned.set_for(slug) if tuned else None).band
        for prediction, slug in zip(predictions, slugs, strict=True)
    ]
    return Answers(
        first=np.array([row[0] for row in ranked]),
        three=np.array([any(row) for row in ranked]),
        probability=np.array([prediction.scored[0].probability for prediction in predictions]),
        likely=np.array([band == "likely" for band in bands]),
        known=np.array([bool(set(example.labels) & known) for example in later]),
        slugs=slugs,
        bands=bands,
    )
