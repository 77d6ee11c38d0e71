"""Something for sale, as models read it. Knows nothing of databases, files' contents or sellers."""

from dataclasses import dataclass
from pathlib import Path

from support.html import to_plain_text


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing: its words, its pictures, and the seller's own category where there is one."""

    title: str
    description: str = ""
    pictures: tuple[Path, ...] = ()  # files; may be missing or broken: readers say so
    price: int | None = None  # in the smallest everyday unit of its currency: won, pence, cents
    category: str = ""  # the seller's path, levels joined by " > "; "" where unknown

    @property
    def text(self) -> str:
        """Title and description as one, title first, each on lines of its own; HTML is read."""
        return "\n".join(_plain(part) for part in (self.title, self.description) if part)


def _plain(words: str) -> str:
    """Words without tags and entities, as they were when the desk collected its own."""
    return to_plain_text(words).text if "<" in words or "&" in words else words
