"""What cleaning did, step by step, and one listing on its way through it."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

SHOWN: Final = 10  # learned phrases and examples in a report


@dataclass(slots=True)
class CleanReport:
    """What a run did, or would do."""

    dry_run: bool
    listings: int = 0
    changed: dict[str, int] = field(default_factory=dict)  # texts, by the step that changed them
    letters: dict[str, int] = field(default_factory=dict)  # letters and signs fewer, by step
    examples: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # before, after
    learned: list[tuple[str, int]] = field(default_factory=list)  # segments, texts they were in
    empty: int = 0
    duplicates: dict[str, int] = field(default_factory=dict)  # text, near, picture
    groups: int = 0  # of two listings and more
    largest: int = 0
    stock_pictures: int = 0  # shared by so many that they tell nothing

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)

    def note(self, step: str, before: str, after: str) -> str:
        """Count what a step did to a text, and pass the text on."""
        if before != after:
            self.changed[step] = self.changed.get(step, 0) + 1
            fewer = _letters(before) - _letters(after)
            self.letters[step] = self.letters.get(step, 0) + fewer
            shown = self.examples.setdefault(step, [])
            if len(shown) < SHOWN:
                shown.append((before[:200], after[:200]))
        return after


@dataclass(slots=True)
class CleanRow:
    """One listing while it is cleaned."""

    id: int
    seller: str
    category: str
    collected: tuple[str, str]  # title and description
    title: str
    description: str
    key: str = ""
    removed: str = ""
    group: int = 0
    by: str = ""


def _letters(text: str) -> int:
    return len("".join(text.split()))
