"""Trees of categories, and tables that say where a category of one tree belongs in another.

A category is its path: the names of its levels joined by " > ". Sources write paths in many ways;
`canonical` brings them to the one. Which label a listing has, `listings.labels` knows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import write
from support.errors import InputError, NotFoundError
from support.text import fold_line

SEPARATOR: Final = " > "
MAX_LEVELS: Final = 12
MAX_LEVEL: Final = 200  # characters of one level's name

_ARROWS = re.compile(r"(?:(?<!\s)\s+)?(?:[>›»→|]|&gt;|::)\s*")
_SLASHES = re.compile(r"(?<!\s)\s+[/／]\s+")


@dataclass(frozen=True, slots=True)
class Category:
    """One category of a tree, and how many listings' sellers chose it or one below it."""

    path: str
    listings: int
    active: bool = True

    @property
    def name(self) -> str:
        """The last level."""
        return self.path.rsplit(SEPARATOR, 1)[-1]

    @property
    def depth(self) -> int:
        """1 for a top category."""
        return self.path.count(SEPARATOR) + 1


def levels(text: str, *, separator: str | None = None) -> tuple[str, ...]:
    """Split a path as people write them.

    Without a separator: at `>`, `›`, `»`, `→`, `|`; where there is none of these, at a slash with
    blanks around it, and at every slash of a path that begins with one. A bare slash otherwise
    belongs to a name, as in 디지털/가전.

    Raises:
        InputError: there are too many levels, or one is far too long to be a name.
    """
    folded = fold_line(text)
    if separator is not None:
        parts = folded.split(separator.strip() or separator)
    elif _ARROWS.search(folded):
        parts = _ARROWS.split(folded)
    elif _SLASHES.search(folded):
        parts = _SLASHES.split(folded)
    elif folded.startswith("/"):
        parts = folded.split("/")
    else:
        parts = [folded]
    return _checked(parts, text)


def canonical(text: str, *, separator: str | None = None) -> str:
    """Write a path the one way; "" stays ""."""
    return SEPARATOR.join(levels(text, separator=separator))


def joined(parts: Iterable[str]) -> str:
    """Write levels that a source gives one by one as a path."""
    # A source's own > in a name would become a level.
    names = [_ARROWS.sub("/", fold_line(part)) for part in parts]
    return SEPARATOR.join(_checked(names, " ".join(names)))


def ancestors(path: str) -> list[str]:
    """Every branch on the way to a path and the path itself, the top first."""
    parts = path.split(SEPARATOR) if path else []
    return [SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts))]


def _checked(parts: Iterable[str], text: str) -> tuple[str, ...]:
    names = tuple(name for part in parts if (name := part.strip()))
    if len(names) > MAX_LEVELS or any(len(name) > MAX_LEVEL for name in names):
        raise InputError(
            f"{text[:80]!r} is no category path: at most {MAX_LEVELS} levels of {MAX_LEVEL} "
            f"characters."
        )
    return names


def trees(db: Database) -> list[str]:
    """The names of the trees there are."""
    return [row["name"] for row in db.query("SELECT name FROM category_trees ORDER BY name")]


def add_paths(db: Database, tree: str, paths: Iterable[str]) -> int:
    """Add paths with their branches to a tree, making the tree where there is none.

    Args:
        db: the desk's database.
        tree: its name.
        paths: canonical; "" is passed over.

    Returns:
        How many categories are new.
    """
    every = {branch for path in set(paths) for branch in ancestors(path)}
    with write(db):
        db.execute("INSERT OR IGNORE INTO category_trees VALUES (?, ?)", [tree, now()])
        before = db.conn.total_changes
        db.conn.executemany(
            "INSERT OR IGNORE INTO categories (tree, path) VALUES (?, ?)",
            [(tree, path) for path in sorted(every)],
        )
        return db.conn.total_changes - before


def listed(db: Database, tree: str) -> list[Category]:
    """Every category of a tree in the order of its paths, with counts.

    Raises:
        NotFoundError: there is no such tree.
    """
    if tree not in trees(db):
        raise NotFoundError(f"No category tree {tree!r}. There are: {', '.join(trees(db)) or '-'}.")
    counts: dict[str, int] = {}
    sql = """
        SELECT category, count(*) AS n FROM listings
        WHERE tree = ? AND removed = '' AND category <> '' GROUP BY category
    """
    for row in db.query(sql, [tree]):
        for branch in ancestors(row["category"]):
            counts[branch] = counts.get(branch, 0) + row["n"]
    sql = "SELECT path, active FROM categories WHERE tree = ?"
    found = [
        Category(row["path"], counts.get(row["path"], 0), bool(row["active"]))
        for row in db.query(sql, [tree])
    ]
    return sorted(found, key=lambda category: category.path.split(SEPARATOR))


def paths(db: Database, tree: str, *, active: bool = True) -> list[str]:
    """The paths of a tree in their order, without counting: quick however many listings there are.

    `active`: only the categories that are chosen among today. A tree that is not there has none.
    """
    sql = "SELECT path FROM categories WHERE tree = ? AND active >= ?"
    found = [str(path) for (path,) in db.conn.execute(sql, (tree, int(active)))]
    return sorted(found, key=lambda path: path.split(SEPARATOR))


def holds(db: Database, tree: str, path: str) -> bool:
    """Whether a tree has this category."""
    sql = "SELECT 1 FROM categories WHERE tree = ? AND path = ? AND active = 1"
    return db.conn.execute(sql, (tree, path)).fetchone() is not None


@dataclass(frozen=True, slots=True)
class CategoryMapping:
    """Where categories of any tree belong in one tree.

    What is not in the table belongs where its nearest branch does.
    """

    to_tree: str
    table: Mapping[tuple[str, str], str]

    def find(self, from_tree: str, path: str) -> str | None:
        """Where a path belongs: a path, "" for nowhere, None where the table does not say."""
        for branch in reversed(ancestors(path)):
            found = self.table.get((from_tree, branch))
            if found is not None:
                return found
        return None


def mapping_to(db: Database, tree: str) -> CategoryMapping:
    """Read the whole mapping into a tree."""
    sql = "SELECT from_tree, from_path, to_path FROM category_mappings WHERE to_tree = ?"
    return CategoryMapping(
        tree,
        {(row["from_tree"], row["from_path"]): row["to_path"] for row in db.query(sql, [tree])},
    )


def map_paths(
    db: Database, actor: Actor, from_tree: str, to_tree: str, pairs: Mapping[str, str]
) -> int:
    """Add or change rows of the mapping between two trees.

    Args:
        db: the desk's database.
        actor: who says so.
        from_tree: where the paths come from.
        to_tree: where they go.
        pairs: path by path, canonical; "" says that it belongs nowhere there.

    Returns:
        How many rows are new or changed.

    Raises:
        InputError: the other tree has no such category.
    """
    for path in pairs.values():
        if path and not holds(db, to_tree, path):
            raise InputError(f"{to_tree!r} has no category {path!r}. Import its tree first.")
    known = mapping_to(db, to_tree).table
    fresh = {path: to for path, to in pairs.items() if known.get((from_tree, path)) != to}
    with write(db):
        db.conn.executemany(
            "INSERT OR REPLACE INTO category_mappings VALUES (?, ?, ?, ?, ?, ?)",
            [(from_tree, path, to_tree, to, actor.name, now()) for path, to in fresh.items()],
        )
        if fresh:
            record(
                db,
                actor,
                "mapping.changed",
                f"tree:{to_tree}",
                detail={"from": from_tree, "rows": len(fresh)},
            )
    return len(fresh)


def unmap_paths(
    db: Database, actor: Actor, from_tree: str, to_tree: str, paths: Iterable[str]
) -> int:
    """Take rows out of the mapping between two trees; returns how many there were."""
    with write(db):
        before = db.conn.total_changes
        db.conn.executemany(
            "DELETE FROM category_mappings WHERE from_tree = ? AND from_path = ? AND to_tree = ?",
            [(from_tree, path, to_tree) for path in paths],
        )
        gone = db.conn.total_changes - before
        if gone:
            detail = {"from": from_tree, "removed": gone}
            record(db, actor, "mapping.changed", f"tree:{to_tree}", detail=detail)
    return gone
