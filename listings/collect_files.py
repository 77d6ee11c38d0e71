"""Collects listings from tables, and their pictures from folders, tar files and addresses.

Tables are CSV, TSV, JSON or JSON Lines in any usual encoding. Rows are stored first, then every
folder and archive is gone through once and each picture that a listing names is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor
from support.database import write
from support.errors import ImportFileError, InputError
from support.importing.conversation import Rejected
from support.importing.files import rows
from support.seal import Seal

from .collect_archive import is_archive, pictures_in
from .collect_columns import ListingColumns, find_columns, to_listing
from .collect_fetch import PictureFetcher
from .collect_run import CollectReport, PictureKeeper, Progress, running
from .store import Collected, ListingStore

BATCH: Final = 250  # rows a transaction
TABLES: Final = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
_NOWHERE: Final = "in none of the folders and archives"


def collect_files(
    db: Database,
    seal: Seal,
    images: Path,
    paths: Sequence[Path],
    *,
    source: str = "files",
    told: Mapping[str, str] | None = None,
    tree: str = "",
    currency: str = "",
    separator: str | None = None,
    fetcher: PictureFetcher | None = None,
    again: bool = False,
    actor: Actor,
    progress: Progress = lambda done, total, message: None,
) -> list[CollectReport]:
    """Collect from files.

    Args:
        db: the desk's database.
        seal: its key.
        images: the folder where pictures are kept.
        paths: tables, folders of tables and pictures, tar files of pictures.
        source: the name of where they come from; with a row's id, its name for ever.
        told: role to column, where guessing does not do.
        tree: whose categories they are; the source's own where empty.
        currency: of prices that name none.
        separator: between the levels of a category, where it is an unusual one.
        fetcher: fetches pictures that are named by address; None: they are left.
        again: read every row, even where an earlier run stopped on the way.
        actor: who collects.
        progress: called with rows or pictures done, 0, and what is done.

    Returns:
        A report for each table; pictures are counted in the last.

    Raises:
        ImportFileError: a path is missing or cannot be read, or there is no table among them.
        MappingError: a table's columns cannot be told.
    """
    tables, places = _sorted_out(paths)
    if not tables:
        names = ", ".join(path.name for path in paths)
        raise ImportFileError(
            f"There is no table of listings among {names}. Give a CSV or JSON Lines file, and "
            f"folders or tar files of pictures beside it."
        )
    store = ListingStore(db, seal)
    reports = []
    for table in tables:
        report = CollectReport(source, store.masked(table.name))
        size = table.stat().st_size
        options = {
            "bytes": size, "told": dict(told or {}), "tree": tree, "currency": currency,
            "separator": separator,
        }  # fmt: skip
        with running(db, report, options=options, actor=actor, again=again) as run:
            lines = _listings(
                table, report, store, source=source, told=told, tree=tree, currency=currency,
                separator=separator, behind=run.next_start - 1,
            )  # fmt: skip
            while batch := list(islice(lines, BATCH)):
                items = [item for _, item in batch if item is not None]
                with write(db):
                    report.saved(store.save(items, run_id=run.id))
                    run.note(batch[-1][0] + 1, report)
                progress(batch[-1][0], 0, table.name)
            if not run.next_start > 1 and not report.rejected:
                raise ImportFileError(f"{table.name} names columns but holds no row.")
        reports.append(report)
    _pictures(db, images, places, source, store, fetcher, reports[-1], progress)
    return reports


def _sorted_out(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Tables, and places where pictures are."""
    tables: list[Path] = []
    places: list[Path] = []
    for path in paths:
        if path.is_dir():
            places.append(path)
            inside = sorted(path.iterdir())
            tables += [file for file in inside if file.is_file() and _is_table(file)]
            places += [file for file in inside if file.is_file() and is_archive(file)]
        elif not path.is_file():
            raise ImportFileError(f"No file {path}.")
        elif is_archive(path):
            places.append(path)
        else:
            tables.append(path)
    return tables, places


def _is_table(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(TABLES)


def _listings(
    table: Path,
    report: CollectReport,
    store: ListingStore,
    *,
    source: str,
    told: Mapping[str, str] | None,
    tree: str,
    currency: str,
    separator: str | None,
    behind: int,
) -> Iterator[tuple[int, Collected | None]]:
    """The rows of a table that are not stored yet, numbered from 1; None for a rejected one."""
    columns: ListingColumns | None = None
    for number, (line, row) in enumerate(rows(table), 1):
        if columns is None and isinstance(row, dict):
            columns = find_columns(_header(table, row), told=told)
            report.columns = columns.as_dict()
        if number <= behind:
            continue
        report.seen += 1
        if isinstance(row, Rejected):
            report.reject(row, store.masked)
            yield number, None
            continue
        assert columns is not None  # noqa: S101 - a row came before
        try:
            item = to_listing(
                row, columns, source=source, tree=tree, currency=currency, separator=separator
            )
        except InputError as error:
            report.reject(Rejected(table.name, line, str(error)), store.masked)
            yield number, None
            continue
        yield number, item


def _header(table: Path, first: dict[str, Any]) -> list[str]:
    """The columns of a table; of JSON Lines those of its first rows, as any may leave some out."""
    names = dict.fromkeys(first)
    if not table.name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt")):
        for _, row in islice(rows(table), 100):
            if isinstance(row, dict):
                names.update(dict.fromkeys(row))
    return list(names)


def _pictures(
    db: Database,
    images: Path,
    places: list[Path],
    source: str,
    store: ListingStore,
    fetcher: PictureFetcher | None,
    report: CollectReport,
    progress: Progress,
) -> None:
    """Keep the pictures that listings of a source name and that there is no file of."""
    wanted = _Wanted(db, source, store)
    with PictureKeeper(db, images, report, progress) as keeper:
        for place in places:
            for name, read in pictures_in(place):
                for picture_id in wanted.take(name):
                    keeper.keep(picture_id, read, name=store.masked(name))
        for url, ids in wanted.take_addresses():
            if fetcher is None:
                report.picture_addresses += len(ids)
                continue
            for picture_id in ids:
                keeper.keep(picture_id, partial(fetcher.fetch, url), name=url)
        for origin, ids in wanted.left.items():
            for picture_id in ids:
                keeper.miss(picture_id, f"{origin}: {_NOWHERE}")


class _Wanted:
    """The pictures of a source without a file, by the name that listings call them by."""

    def __init__(self, db: Database, source: str, store: ListingStore) -> None:
        sql = """
            SELECT origin, listing_pictures.id FROM listing_pictures
            JOIN listings ON listings.id = listing_id
            WHERE source = ? AND file = '' AND origin <> '' ORDER BY listing_pictures.id
        """
        self._store = store
        self.left: dict[str, list[int]] = {}
        for origin, picture_id in db.conn.execute(sql, [source]):
            self.left.setdefault(origin, []).append(picture_id)
        # A listing may say photos/1.jpg while the folder that was given is photos itself.
        self._by_end: dict[str, str | None] = {}
        for origin in self.left:
            if not _is_address(origin):
                end = PurePosixPath(origin).name
                self._by_end[end] = None if end in self._by_end else origin

    def take(self, name: str) -> list[int]:
        """The pictures that a file is: by its path or the end of it, else by its own name."""
        parts = PurePosixPath(name).parts
        for start in range(len(parts)):
            ids = self.left.pop(self._store.origin("/".join(parts[start:])), None)
            if ids is not None:
                return ids
        origin = self._by_end.get(parts[-1])
        if origin and PurePosixPath(origin).parts[-len(parts) :] == parts:
            return self.left.pop(origin, [])
        return []

    def take_addresses(self) -> list[tuple[str, list[int]]]:
        """Those that are named by address."""
        urls = [origin for origin in self.left if _is_address(origin)]
        return [(url, self.left.pop(url)) for url in urls]


def _is_address(origin: str) -> bool:
    return origin.lower().startswith(("http://", "https://"))
