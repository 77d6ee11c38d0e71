"""From a labelled table into the review queue: the rows to look at, as listings with pictures."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from support.database import write
from support.errors import PictureError
from support.picture_decoder import MAX_BYTES
from support.scratch import scratch
from support.workspace import Workspace

from .batches import Batch
from .categories import add_paths
from .collect_columns import NAMES
from .columns import existing
from .label import DISAGREE, UNSURE, added_columns
from .label_carry import carried_to, carry
from .label_pictures import PictureFolder
from .pictures import store
from .review_fill import NewItem, add_items, priority
from .shards import plan
from .store import Collected, ListingStore, set_picture, wanted_pictures
from .table_values import as_text
from .tables import Layout, Rows, kind_of, open_source, read_rows

_BLOCK: Final = 2000  # rows that are read at once
_TOGETHER: Final = 200  # listings that are written in one transaction

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row to look at."""

    number: int  # of the output, 1 is the first
    title: str
    description: str
    price: str
    given: str
    guesses: tuple[tuple[str, float], ...]
    reason: str
    priority: float
    pictures: tuple[Path, ...]


def fill(db: Database, workspace: Workspace, batch: Batch, *, tree: str, progress: Progress) -> int:
    """Put the most informative rows of a labelled batch into the review queue.

    Done again it changes nothing, so that it may be cut short.

    Args:
        db: the desk's database.
        workspace: the desk.
        batch: labelled.
        tree: whose categories the model tells.
        progress: told of rows; may raise.

    Returns:
        How many rows of the batch went into the queue.
    """
    if not batch.options.review:
        return 0
    progress(0, 0, "choosing rows to review")
    rows = _choose(workspace, batch, carried_to(db, tree))
    # The categories of the model are those that people may choose.
    add_paths(db, tree, {path for row in rows for path, _ in row.guesses})
    listings = ListingStore(db, workspace.seal())
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        source = f"batch:{batch.id}"
        with write(db):
            ids = listings.save([_collected(row, source, tree) for row in some]).ids
            for listing_id, row in zip(ids, some, strict=True):
                _keep_pictures(db, workspace.home / "images", listing_id, row.pictures)
            if any(row.pictures for row in some):
                os.sync()  # once for all of them, before the database says that they are there
            add_items(
                db,
                [
                    _item(row, listing_id, batch, tree)
                    for row, listing_id in zip(some, ids, strict=True)
                ],
                twice=batch.options.twice,
            )
        progress(start + len(some), len(rows), "filling the review queue")
    return len(rows)


def _choose(workspace: Workspace, batch: Batch, carried: Mapping[str, str]) -> list[_Row]:
    """The rows with most to learn from, those first."""
    out = workspace.home / batch.output
    images = workspace.home / "batches" / batch.options.images
    folder = PictureFolder(str(images), confined=True) if batch.options.images else None
    kept: list[_Row] = []
    with scratch("review", out.parent) as folder_of_parts:
        layout, shards = plan(
            open_source(out), folder_of_parts, size=_BLOCK,
            layout=lambda shape: _layout(out, shape),
        )  # fmt: skip
        before = 0
        for shard in shards:
            cells = _Cells(read_rows(layout, shard.kept), layout.columns, shard.rows)
            kept += _rows(cells, layout.columns, batch, folder, before, carried)
            kept = sorted(kept, key=lambda row: (-row.priority, row.number))[: batch.options.review]
            before += shard.rows
    return kept


def _layout(out: Path, shape: dict[str, Any]) -> Layout:
    kind = kind_of(out)
    shape = {name: value for name, value in shape.items() if name in Layout.__dataclass_fields__}
    return Layout(**{"source": kind, "sink": kind, **shape})


def _rows(
    read: "_Cells",
    columns: Sequence[str],
    batch: Batch,
    folder: PictureFolder | None,
    before: int,
    carried: Mapping[str, str],
) -> Iterator[_Row]:
    ours = _ours(columns, batch.options.top)
    read_from = batch.report["columns"]
    reviews = read.text(ours["review"])
    wanted = [place for place, reason in enumerate(reviews) if reason in (UNSURE, DISAGREE)]
    if not wanted:
        return
    titles, descriptions = (read.text(read_from.get(role, "")) for role in ("title", "description"))
    prices = read.text(_price(columns))
    given = read.text(_compared(columns, ours, batch.options.compare))
    named = read.raw(read_from.get("image", "")) if folder else []
    ranked = [
        (read.text(ours[path]), read.text(ours[share]))
        for path, share in _places(batch.options.top)
    ]
    for place in wanted:
        guesses = tuple(
            (paths[place], float(shares[place] or 0)) for paths, shares in ranked if paths[place]
        )
        reason = reviews[place]
        theirs = carry(given[place], guesses[0][0], carried) if guesses else ""
        yield _Row(
            number=before + place + 1,
            title=titles[place],
            description=descriptions[place],
            price=prices[place],
            given=given[place],
            guesses=guesses,
            reason=reason,
            priority=priority(guesses, given=theirs, reason=reason),
            pictures=folder.find(named[place])[0] if folder else (),
        )


class _Cells:
    """The columns of a block by name; one that is not there is empty."""

    def __init__(self, rows: Rows, columns: Sequence[str], count: int) -> None:
        self._rows = rows
        self._places = {name: place for place, name in reversed(list(enumerate(columns)))}
        self._count = count

    def raw(self, name: str) -> list[Any]:
        if name not in self._places:
            return [""] * self._count
        return self._rows.cells(self._places[name])

    def text(self, name: str) -> list[str]:
        return [as_text(cell) for cell in self.raw(name)]


def _ours(columns: Sequence[str], top: int) -> dict[str, str]:
    """The names that our columns got: see `columns.free_names`."""
    wanted = [name for name, _ in added_columns(top)]
    prefix, longest = "", ""
    while any(name.startswith(prefix) for name in columns):
        if all(prefix + name in columns for name in wanted):
            longest = prefix
        prefix += "faqdesk_"
    return {name: longest + name for name in wanted}


def _compared(columns: Sequence[str], ours: dict[str, str], asked: str) -> str:
    """The seller's column as the table writes it: labelling finds it in other spelling too."""
    theirs = [name for name in columns if name not in ours.values()]
    return existing(theirs, asked) if asked else ""


def _places(top: int) -> list[tuple[str, str]]:
    more = [(f"path_{place}", f"probability_{place}") for place in range(2, top + 1)]
    return [("path", "probability"), *more][:3]


def _price(columns: Sequence[str]) -> str:
    known = NAMES["price"]
    return next((name for name in columns if name.strip().lower() in known), "")


def _collected(row: _Row, source: str, tree: str) -> Collected:
    # Without the seller's category: of these rows only what people say is learned.
    return Collected(
        source=source,
        external_id=str(row.number),
        title=row.title,
        description=row.description,
        price_text=row.price,
        tree=tree,
        pictures=tuple(path.name for path in row.pictures),
    )


def _item(row: _Row, listing_id: int, batch: Batch, tree: str) -> NewItem:
    return NewItem(
        listing_id=listing_id,
        tree=tree,
        guesses=row.guesses,
        model=batch.model,
        reason=row.reason,
        priority=row.priority,
        given=row.given[:500],
        batch_id=batch.id,
        row=row.number,
    )


def _keep_pictures(db: Database, images: Path, listing_id: int, files: Sequence[Path]) -> None:
    for picture_id, position, _ in wanted_pictures(db, [listing_id]):
        if position >= len(files):
            continue
        try:
            if files[position].stat().st_size > MAX_BYTES:
                raise PictureError(f"{files[position].name} is too large.")
            set_picture(
                db, picture_id,
                store(images, files[position].read_bytes(), name=files[position].name, sync=False),
            )  # fmt: skip
        except (PictureError, OSError) as error:
            set_picture(db, picture_id, str(error))
