"""Collects what the shopping search finds for some words: page by page, with pictures."""

from functools import partial
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from support.audit import Actor
from support.database import write
from support.errors import InputError
from support.importing.conversation import Rejected
from support.seal import Seal

from .categories import SEPARATOR, canonical
from .collect_fetch import PictureFetcher
from .collect_run import CollectReport, PictureKeeper, Progress, Run, running
from .naver import EXCLUDES, MAX_DISPLAY, MAX_START, SORTS, SOURCE, NaverShop, Page
from .store import ListingStore

LAST: Final = MAX_START + MAX_DISPLAY - 1  # the last result that can be paged to


def collect_naver(
    db: Database,
    seal: Seal,
    images: Path,
    shop: NaverShop,
    *,
    query: str = "",
    category: str = "",
    sort: str = "sim",
    exclude: tuple[str, ...] = (),
    limit: int = LAST,
    fetcher: PictureFetcher | None = None,
    again: bool = False,
    actor: Actor,
    progress: Progress = lambda done, total, message: None,
) -> CollectReport:
    """Collect what a search finds.

    Args:
        db: the desk's database.
        seal: its key.
        images: the folder of pictures.
        shop: whom to ask.
        query: the words; empty: the last level of `category`.
        category: keep only what lies in it; the search itself knows no categories.
        sort: sim, date, asc (price) or dsc.
        exclude: any of used, rental, cbshop.
        limit: results at most.
        fetcher: fetches the pictures; None: their addresses alone are kept.
        again: begin at the first result, even where an earlier run stopped on the way.
        actor: who collects.
        progress: called with results done, those to do, and what is done.

    Raises:
        InputError: an option is out of its range.
        CollectError: the API refuses.
    """
    path = canonical(category)
    words = " ".join(query.split()) or path.rsplit(SEPARATOR, 1)[-1]
    _check(words, sort, exclude, limit)
    store = ListingStore(db, seal)
    report = CollectReport(SOURCE, store.masked(words))
    options = {"category": path, "sort": sort, "exclude": sorted(exclude), "limit": limit}
    with running(db, report, options=options, actor=actor, again=again) as run:
        _pictures(db, images, report, fetcher)  # of a run that was killed
        while (start := run.next_start) <= min(limit, LAST):
            page = shop.page(
                words,
                # Past 1000 no page begins: the last one comes a little before its turn.
                start=min(start, MAX_START),
                display=min(MAX_DISPLAY, limit - min(start, MAX_START) + 1),
                sort=sort,
                exclude=":".join(exclude),
            )
            _keep(db, store, report, run, page, path, start)
            progress(run.next_start - 1, min(limit, LAST, page.total), "results")
            _pictures(db, images, report, fetcher)
            if not page.items or run.next_start > page.total:
                break
    return report


def _check(words: str, sort: str, exclude: tuple[str, ...], limit: int) -> None:
    if not words:
        raise InputError("Name what to search for, with --query, --category or both.")
    if sort not in SORTS:
        raise InputError(f"sort must be one of {', '.join(SORTS)}, got {sort!r}.")
    unknown = set(exclude) - set(EXCLUDES)
    if unknown:
        raise InputError(f"exclude knows {', '.join(EXCLUDES)}, not {sorted(unknown)}.")
    if not 1 <= limit <= LAST:
        raise InputError(f"limit must lie in [1, {LAST}], got {limit}: no page begins later.")


def _keep(
    db: Database,
    store: ListingStore,
    report: CollectReport,
    run: Run,
    page: Page,
    path: str,
    start: int,
) -> None:
    """Store a page, and note the next in the same transaction."""
    items = [item for item in page.items if _within(item.category, path)]
    read = len(page.items) + page.broken
    report.total = page.total
    report.seen += read
    report.passed_over += len(page.items) - len(items)
    for _ in range(page.broken):
        report.reject(Rejected(SOURCE, start, "a result without title or id"), store.masked)
    with write(db):
        report.saved(store.save(items, run_id=run.id))
        # What came before its turn counts as far as its page reaches.
        run.note(max(start + 1, min(start, MAX_START) + max(read, 1)), report)


def _within(category: str, path: str) -> bool:
    return not path or category == path or category.startswith(path + SEPARATOR)


def _pictures(
    db: Database, images: Path, report: CollectReport, fetcher: PictureFetcher | None
) -> None:
    """Fetch the pictures of this source that were never tried."""
    sql = """
        SELECT listing_pictures.id, origin FROM listing_pictures
        JOIN listings ON listings.id = listing_id
        WHERE source = ? AND file = '' AND problem = '' AND origin <> ''
        ORDER BY listing_pictures.id
    """
    wanted = db.conn.execute(sql, [SOURCE]).fetchall()
    if fetcher is None:
        report.picture_addresses = len(wanted)
        return
    with PictureKeeper(db, images, report, lambda done, total, message: None) as keeper:
        for picture_id, origin in wanted:
            keeper.keep(picture_id, partial(fetcher.fetch, origin), name=origin)
