"""The thresholds of the Likely band that people set: one for all FAQs, others for single ones.

They stand in the settings, in words (`refund=0.85`, `refund=never`), over those that the model
chose for itself. A threshold is a calibrated probability, so it means the same in the next release.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from .links import LinkReader

NEVER: Final = "never"  # an FAQ that is not shown as Likely, however probable
LEAST: Final = 1e-4  # the least threshold that can be set


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What must be reached; None: the model's own, `math.inf`: never."""

    common: float | None = None
    of_faq: Mapping[str, float] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether people set anything."""
        return self.common is not None or bool(self.of_faq)

    def set_for(self, slug: str) -> float | None:
        """What people set for an FAQ, by itself or for all; None: nothing."""
        return self.of_faq.get(slug, self.common)

    def today(self, aliases: Mapping[str, str]) -> "Thresholds":
        """The same by what the FAQs are called today.

        One that was set under today's name comes first, then the strictest of the old ones.
        """
        reader = LinkReader((), aliases)
        found: dict[str, float] = {}
        for slug, value in self.of_faq.items():
            now = reader.canonical(slug)
            found[now] = max(value, found.get(now, value))
        own = {slug: value for slug, value in self.of_faq.items() if slug in found}
        return replace(self, of_faq=found | own)


def read(common: float, of_faq: Iterable[str]) -> Thresholds:
    """Read the settings: 0 means the model's own, each of the others is `slug=0.85`.

    Raises:
        ValueError: one cannot be read or is out of its range.
    """
    if common and not LEAST <= common <= 1:
        raise ValueError(f"A threshold lies in [{LEAST}, 1], or is 0 for the model's; got {common}")
    found: dict[str, float] = {}
    for words in of_faq:
        slug, equals, value = (part.strip() for part in words.rpartition("="))
        if not equals or not slug:
            raise ValueError(f"Write slug=0.85 or slug={NEVER}, got {words!r}")
        if value == NEVER:
            found[slug] = math.inf
            continue
        try:
            number = float(value)
        except ValueError as error:
            raise ValueError(f"The threshold of {slug!r} cannot be {value!r}") from error
        if not LEAST <= number <= 1:
            raise ValueError(f"The threshold of {slug!r} lies in [{LEAST}, 1], got {value}")
        found[slug] = number
    return Thresholds(common or None, found)


def write(of_faq: Mapping[str, float]) -> tuple[str, ...]:
    """What `read` takes, in the order of the slugs; four digits are kept."""
    return tuple(
        f"{slug}={NEVER if math.isinf(value) else round(value, 4)}"
        for slug, value in sorted(of_faq.items())
    )
