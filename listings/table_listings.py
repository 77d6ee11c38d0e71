"""Listings out of a table's rows, their pictures found; what cannot be found is told."""

from collections.abc import Sequence
from pathlib import Path

from .clean_price import parse_price
from .columns import Columns
from .label_pictures import PictureFolder
from .listing import Listing
from .table_values import as_text
from .tables import Problem, Rows


class TableListings:
    """Reads listings out of rows.

    Args:
        header: the table's columns; of two by one name the first is read.
        columns: which are read.
        images: the folder that pictures lie in.
        confined: whether only pictures inside that folder are looked at.
        price: the column of prices; "" for none.
        category: the column of the seller's category; "" for none.
    """

    def __init__(
        self,
        header: Sequence[str],
        columns: Columns,
        *,
        images: str,
        confined: bool,
        price: str = "",
        category: str = "",
    ) -> None:
        names = (columns.title, columns.description, price, category, columns.image)
        places = [list(header).index(name) if name in header and name else -1 for name in names]
        self._words, self._image = places[:4], places[4]
        self._pictures = PictureFolder(images, confined)

    def __call__(self, rows: Rows, lines: Sequence[int], problems: list[Problem]) -> list[Listing]:
        """The listings of rows; pictures that are not there are added to the problems."""
        titles, descriptions, prices, categories = (
            self._texts(rows, place, len(lines)) for place in self._words
        )
        pictures = self._find_pictures(rows, lines, problems)
        return [
            Listing(title, description, files, parse_price(price).amount if price else None, path)
            for title, description, files, price, path in zip(
                titles, descriptions, pictures, prices, categories, strict=True
            )
        ]

    @staticmethod
    def _texts(rows: Rows, place: int, count: int) -> list[str]:
        """A column as text; empty where the table has none."""
        return [as_text(cell) for cell in rows.cells(place)] if place >= 0 else [""] * count

    def _find_pictures(
        self, rows: Rows, lines: Sequence[int], problems: list[Problem]
    ) -> list[tuple[Path, ...]]:
        if self._image < 0:
            return [()] * len(lines)
        found = []
        for line, cell in zip(lines, rows.cells(self._image), strict=True):
            files, missing = self._pictures.find(cell)
            problems += [Problem(line, "picture", reason, name) for name, reason in missing]
            found.append(files)
        return found
