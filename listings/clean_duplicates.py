"""Groups of listings that are one: of equal text, of nearly equal text, of the same picture.

Training keeps a group on one side of a split. Of equal texts all but one are left out besides;
what is merely alike stays in.
"""

from collections.abc import Callable, Iterator
from typing import Final

from sqlite_utils import Database

from .clean_groups import Groups
from .clean_near import near_texts
from .clean_pictures import STOCK, near_pictures, to_hashes
from .clean_report import CleanReport, CleanRow
from .clean_text import folded

DUPLICATE: Final = "duplicate"

Progress = Callable[[int, int, str], None]


def group_duplicates(
    db: Database,
    rows: list[CleanRow],
    skip: tuple[str, ...],
    report: CleanReport,
    progress: Progress,
) -> None:
    """Join duplicates; all of one text but the best are left out.

    Args:
        db: the desk's database.
        rows: every listing, its texts cleaned; `removed`, `group` and `by` are set here.
        skip: steps to leave out: near, pictures.
        report: counts what is found.
        progress: called with listings done, all of them, and the step.
    """
    groups = Groups(len(rows))
    seen: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.key and not row.removed:
            seen.setdefault(row.key, []).append(place)
    same = [places for places in seen.values() if len(places) > 1]
    kept = _best(db, rows, same)
    for places in same:
        groups.join((places[0], other) for other in places[1:])
        for place in places:
            if place not in kept:
                rows[place].removed, rows[place].by = DUPLICATE, "text"
    report.duplicates["text"] = sum(len(places) - 1 for places in same)
    if "near" not in skip:
        texts = ["" if row.removed else f"{row.title}\n{row.description}" for row in rows]
        pairs = near_texts(texts, progress=lambda done, total: progress(done, total, "near texts"))
        report.duplicates["near"] = _join(groups, rows, pairs, "near")
    if "pictures" not in skip:
        progress(0, len(rows), "pictures")
        pairs = list(_by_picture(db, rows, report))
        report.duplicates["picture"] = _join(groups, rows, pairs, "picture")
    for first, members in groups.members().items():
        # The group's name is its first listing that is in, so that nothing points at what is out.
        named = next((place for place in members if not rows[place].removed), first)
        report.groups += 1
        report.largest = max(report.largest, len(members))
        for place in members:
            if place != named:
                rows[place].group = rows[named].id
            else:
                rows[place].by = ""


def _best(db: Database, rows: list[CleanRow], same: list[list[int]]) -> set[int]:
    """Of each set of equal listings the one to keep: labelled by hand, with pictures, the first."""
    hand = _ids(db, "SELECT DISTINCT listing_id FROM listing_labels WHERE undone_at IS NULL")
    pictured = _ids(db, "SELECT DISTINCT listing_id FROM listing_pictures WHERE file <> ''")
    return {
        min(
            places,
            key=lambda at: (rows[at].id not in hand, rows[at].id not in pictured, at),
        )
        for places in same
    }


def _ids(db: Database, sql: str) -> set[int]:
    return {row[0] for row in db.conn.execute(sql)}


def _join(groups: Groups, rows: list[CleanRow], pairs: list[tuple[int, int]], by: str) -> int:
    fewer = 0
    for left, right in pairs:
        if groups.join([(left, right)]):
            fewer += 1
            rows[right].by = rows[right].by or by
            rows[left].by = rows[left].by or by
    return fewer


def _by_picture(
    db: Database, rows: list[CleanRow], report: CleanReport
) -> Iterator[tuple[int, int]]:
    """Pairs of listings that show nearly the same picture, but for pictures that many share."""
    place_of = {row.id: place for place, row in enumerate(rows)}
    sql = "SELECT listing_id, phash FROM listing_pictures WHERE phash <> '' ORDER BY listing_id, id"
    found = [(place_of[key], phash) for key, phash in db.conn.execute(sql) if key in place_of]
    pictures = Groups(len(found))
    pictures.join(near_pictures(to_hashes([phash for _, phash in found])))
    for members in pictures.members().values():
        places = list(dict.fromkeys(found[member][0] for member in members))
        if len({folded(rows[place].title) for place in places}) >= STOCK:
            report.stock_pictures += 1
            continue
        for other in places[1:]:
            yield min(places[0], other), max(places[0], other)
