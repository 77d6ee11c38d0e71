"""How likely two listings show one thing, from how alike their words and pictures are.

Each way of looking says a probability of its own, and one that is sure is enough: image and text
find almost different true matches, so that a mean would lose those that only one of them sees.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from support.errors import InputError


@dataclass(frozen=True, slots=True)
class Curve:
    """A probability of a score: a half at `middle`, and how fast it rises there."""

    slope: float
    middle: float

    def __post_init__(self) -> None:
        """Refuse what falls as scores rise."""
        if not (self.slope > 0 and math.isfinite(self.slope) and math.isfinite(self.middle)):
            raise InputError(f"A curve needs a slope above 0 and a middle, got {self}.")

    def __call__(self, score: float) -> float:
        """The probability, in (0, 1)."""
        return 1 / (1 + math.exp(-min(max(self.slope * (score - self.middle), -60.0), 60.0)))


@dataclass(frozen=True, slots=True)
class Likeness:
    """The curves of every way of looking, and what words are weighed by.

    `text` reads the weighted mean of words, codes and meaning; `picture` a cosine; `hash_` the
    share of 64 bits that agree, so .9 is six bits apart.
    """

    # Fitted on training ads of a second-hand site, photos seen through what was learned from other
    # ads. Of pairs whose texts score .60-.65, .65-.70, .85-.95 there repeat each other .10, .82 and
    # .93 (those that are marked so: more do). A photo's nearest at .60-.65, .70-.75, .80-.85 and
    # .90-.95 are of one ad in .27, .45, .66 and .77, but there every photo has another of its ad:
    # on a desk few have, hence a steeper and later curve. Hashes that differ in few bits were right
    # without exception.
    text: Curve = Curve(18.0, 0.68)
    picture: Curve = Curve(12.0, 0.80)
    hash_: Curve = Curve(60.0, 0.88)
    # Of titles of 306 shops, 714 asked for that no figure is reported on: the nearest is the
    # same product in .711 at .4, .4, .2; .717 at these; .723 without meaning, which listings worded
    # anew need. Characters 3-5 beside (.60 alone) gave .70 to .72.
    words: float = 0.45
    codes: float = 0.45
    meaning: float = 0.1

    def text_score(self, *, words: float, codes: float | None, meaning: float) -> float:
        """One score of a pair of texts in [-1, 1]; codes are left out where neither has any."""
        total = self.words + self.meaning
        score = self.words * words + self.meaning * meaning
        if codes is not None:
            score += self.codes * codes
            total += self.codes
        return score / total


def together(probabilities: Iterable[float]) -> float:
    """The probability that at least one is right, were they independent."""
    left = 1.0
    for probability in probabilities:
        left *= 1 - probability
    return 1 - left
