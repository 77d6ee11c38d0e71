"""What a model calls an FAQ, and what it is called by now.

A classifier knows FAQs by the slugs they had when it was trained. Renamed or merged since, they are
suggested under today's name at once, and today's labels of neighbours reach the label it learned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .faq import Prediction
from .links import LinkReader
from .similar import Neighbours


class Renamed:
    """Translates between a classifier's labels and the slugs in use."""

    def __init__(self, labels: Iterable[str], aliases: Mapping[str, str]) -> None:
        """Take a classifier's labels, and old slugs with what they stand for."""
        known = set(labels)
        changed = known & aliases.keys()
        reader = LinkReader((), aliases)
        self._now = {label: reader.canonical(label) for label in sorted(changed)}
        self._then: dict[str, str] = {}
        for label, slug in self._now.items():
            # Where it knows today's name too, that one has learned the most of it.
            if slug not in known:
                self._then.setdefault(slug, label)

    def __bool__(self) -> bool:
        return bool(self._now)

    def now(self, label: str) -> str:
        """What a label is called today."""
        return self._now.get(label, label)

    def neighbours(self, found: Neighbours) -> Neighbours:
        """Neighbours with the labels that the classifier learned."""
        if not self._then:
            return found
        return [
            (tuple(dict.fromkeys(self._then.get(slug, slug) for slug in slugs)), score)
            for slugs, score in found
        ]

    def prediction(self, found: Prediction) -> tuple[Prediction, dict[str, str]]:
        """A prediction with the slugs in use.

        Of two labels that are one FAQ by now the better one stays.

        Returns:
            The prediction, and for each of its slugs the label that the classifier knows it by.
        """
        own: dict[str, str] = {}
        kept = []
        for item in found.scored:
            slug = self.now(item.label)
            if slug not in own:
                own[slug] = item.label
                kept.append(replace(item, label=slug) if slug != item.label else item)
        return replace(found, scored=tuple(kept)), own
