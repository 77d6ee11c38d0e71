"""Trees of categories and mapping tables as CSV, out and in."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from support.audit import Actor
from support.errors import InputError
from support.importing.conversation import Rejected
from support.importing.files import rows
from support.table_rows import no_formula

from .categories import Category, add_paths, canonical, map_paths, mapping_to

_PATH: Final = ("path", "category", "카테고리", "분류", "경로")
_FROM: Final = ("from", "from_path", "원래 카테고리")
_TO: Final = ("to", "to_path", "옮길 카테고리")
_MARK: Final = "\ufeff"  # tells spreadsheets that it is UTF-8


def write_tree(found: Iterable[Category]) -> str:
    """A tree as CSV: path, and how many listings' sellers chose it or one below it."""
    return _table(("path", "listings"), ((item.path, item.listings) for item in found))


def write_mapping(db: Database, from_tree: str, to_tree: str) -> str:
    """A mapping table as CSV: from, to; an empty `to` says that it belongs nowhere there."""
    table = mapping_to(db, to_tree).table
    pairs = sorted((path, to) for (tree, path), to in table.items() if tree == from_tree)
    return _table(("from", "to"), pairs)


def mappings(db: Database) -> list[tuple[str, str, int]]:
    """Every mapping table there is: from which tree, to which, and its rows."""
    sql = """
        SELECT from_tree, to_tree, count(*) AS n FROM category_mappings
        GROUP BY from_tree, to_tree ORDER BY from_tree, to_tree
    """
    return [(row["from_tree"], row["to_tree"], row["n"]) for row in db.query(sql)]


def read_tree(db: Database, path: Path, tree: str) -> int:
    """Add a file's categories to a tree, making the tree where there is none.

    Args:
        db: the desk's database.
        path: CSV, JSON Lines or JSON with a column `path` or `category`.
        tree: its name.

    Returns:
        How many categories are new.

    Raises:
        InputError: the file has no such column, or one of its paths is none.
    """
    if not tree.strip():
        raise InputError("A tree needs a name.")
    found = [canonical(cells[0]) for cells in _columns(path, _PATH)]
    return add_paths(db, tree.strip(), [each for each in found if each])


def read_mapping(db: Database, actor: Actor, path: Path, from_tree: str, to_tree: str) -> int:
    """Add a file's rows to the mapping between two trees; later rows win.

    Returns:
        How many rows are new or changed.

    Raises:
        InputError: a column is missing, or the tree has no such category.
    """
    if not from_tree.strip() or not to_tree.strip():
        raise InputError("Name both trees: the one that paths come from, and where they belong.")
    pairs = {canonical(a): canonical(b) for a, b in _columns(path, _FROM, _TO)}
    pairs.pop("", None)
    return map_paths(db, actor, from_tree.strip(), to_tree.strip(), pairs)


def _columns(path: Path, *wanted: tuple[str, ...]) -> Iterable[list[str]]:
    for number, row in rows(path):
        if isinstance(row, Rejected):
            raise InputError(f"Line {number}: {row.reason}")
        by_name = {name.strip().lower(): str(cell or "") for name, cell in row.items()}
        cells = []
        for names in wanted:
            name = next((name for name in names if name in by_name), None)
            if name is None:
                raise InputError(
                    f"The file has no column {names[0]!r}; it has {', '.join(by_name) or 'none'}."
                )
            cells.append(by_name[name])
        yield cells


def _table(header: tuple[str, ...], found: Iterable[tuple[object, ...]]) -> str:
    file = io.StringIO(_MARK)
    file.seek(0, io.SEEK_END)
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([no_formula(cell) for cell in row] for row in found)
    return file.getvalue()
