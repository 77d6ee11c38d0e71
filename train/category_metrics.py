"""What category guesses are worth beside the right ones."""

from collections.abc import Sequence

import numpy as np

from listings.categories import SEPARATOR
from listings.ensemble import Probabilities

from .metrics import expected_calibration_error, macro, score_labels, share_above
from .seeds import Metrics


def figures(
    probabilities: Probabilities,
    paths: Sequence[str],
    labels: Sequence[str],
    *,
    threshold: float | None = None,
) -> Metrics:
    """What probabilities of shape (n, labels) are worth where `paths` are right.

    `branch_accuracy` counts a guess of another leaf under the right top category; `coverage` and
    `share_right` are those above the threshold.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :3]
    first = [labels[i] for i in order[:, 0].tolist()]
    right = [guess == path for guess, path in zip(first, paths, strict=True)]
    among = [
        path in [labels[i] for i in row] for row, path in zip(order.tolist(), paths, strict=True)
    ]
    sure = probabilities.max(axis=1).tolist()
    scores = score_labels(first, [(path,) for path in paths], sorted({*labels, *paths}))
    covered, share = share_above(sure, right, threshold)
    found = {
        "accuracy": float(np.mean(right)),
        "hit@3": float(np.mean(among)),
        "macro_f1": macro(scores)[0],
        "ece": expected_calibration_error(sure, right),
        "coverage": covered,
        "share_right": share,
    }
    if any(SEPARATOR in label for label in labels):
        tops = [
            guess.split(SEPARATOR)[0] == path.split(SEPARATOR)[0]
            for guess, path in zip(first, paths, strict=True)
        ]
        found["branch_accuracy"] = float(np.mean(tops))
    return found
