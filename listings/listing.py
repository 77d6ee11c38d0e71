"""Something for sale, as models read it. Knows nothing of databases, files' contents or sellers."""

from dataclasses import dataclass
from pathlib import Path


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
        """Title and description as one, title first, each on lines of its own."""
        return "\n".join(part for part in (self.title, self.description) if part)
