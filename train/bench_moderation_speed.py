"""How long a verdict takes on one core, with reasons: on words, long words, and with a picture.

Every voice speaks, whatever a blend would make of it: a model that hears fewer is quicker.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from listings.ensemble import Fusion
from listings.listing import Listing
from listings.moderation.classes import NORMAL, Signals
from listings.moderation.model import ModerationModel
from listings.moderation.moderator import Moderator
from listings.moderation.reading import read
from listings.moderation.rules import default_rules

from .label_rows import draw_pictures
from .moderation_voices import ModerationConfig, fit_voices
from .progress import Progress, silent

_LONG: Final = 300  # characters of a description that is not short
_WARM: Final = 20  # verdicts before the clock is read
_PICTURES: Final = 20
_SIZE: Final = (640, 480)


def bench_moderation_speed(
    sample: Sequence[tuple[Listing, str]],
    *,
    rows: int = 300,
    model: Path | None = None,
    learned: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Time verdicts one by one; plain JSON, in milliseconds.

    Args:
        sample: listings with their classes.
        rows: how many of them are judged.
        model: a model folder; None: one that is fitted to the sample, with all voices.
        learned: listings that one is fitted to, some of every part of the sample; None: all.
        progress: told done, total and a message; may raise.
    """
    listings = [listing for listing, _ in sample]
    labels = [label for _, label in sample]
    step = max(1, len(sample) // learned) if learned else 1
    progress(0, 4, "model")
    moderator = (
        Moderator.load(model)
        if model
        else Moderator(default_rules(), _model(listings[::step], labels[::step]))
    )
    some = listings[:rows]
    long = [replace(one, description=_long(listings, at)) for at, one in enumerate(some)]
    found: dict[str, Any] = {
        "listings": len(some),
        "voices": list(moderator.model.voices) if moderator.model else [],
    }
    with tempfile.TemporaryDirectory() as place, threadpool_limits(1):
        pictures = draw_pictures(Path(place), range(_PICTURES), size=_SIZE)
        seen = [replace(one, pictures=(pictures[at % _PICTURES],)) for at, one in enumerate(some)]
        for done, (name, which) in enumerate(
            {"text": some, "long_text": long, "text_and_picture": seen}.items(), 1
        ):
            progress(done, 4, name)
            found[name] = _times(moderator, which)
    return found


def _times(moderator: Moderator, listings: Sequence[Listing]) -> dict[str, float]:
    known = [Signals(repeats=0)]
    for one in listings[:_WARM]:
        moderator.judge([one], known)
    walls, cpus = [], []
    for one in listings:
        wall, cpu = time.perf_counter(), time.process_time()
        moderator.judge([one], known)
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
    return {
        "characters": round(float(np.mean([len(one.text) for one in listings])), 1),
        "median_ms": round(float(np.median(walls)), 2),
        "p99_ms": round(float(np.percentile(walls, 99)), 2),
        "cpu_median_ms": round(float(np.median(cpus)), 2),  # of a busy machine the steadier one
    }


def _model(listings: Sequence[Listing], labels: Sequence[str]) -> ModerationModel:
    """A model of all voices, each counting alike."""
    known = [NORMAL, *sorted(set(labels) - {NORMAL})]
    config = ModerationConfig(num_epochs=1)
    readings = [read(listing) for listing in listings]
    voices = fit_voices(readings, labels, known, rules=default_rules(), config=config)
    names = [text.name for text in voices.texts] + [voices.rules.name]
    names += [voices.network.name] if voices.network else []
    weights = np.full((len(names), len(known)), 1 / len(names), np.float32)
    fusion = Fusion(tuple(names), weights, np.zeros(len(known), np.float32))
    return ModerationModel(
        known, texts=voices.texts, network=voices.network, rules=voices.rules, fusion=fusion,
        version="bench",
    )  # fmt: skip


def _long(listings: Sequence[Listing], at: int) -> str:
    """Descriptions of some listings as one."""
    words = ""
    while len(words) < _LONG:
        words += listings[at % len(listings)].description + "\n"
        at += 1
    return words
