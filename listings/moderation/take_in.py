"""One listing handed over by a program, with its pictures: stored as collecting stores it."""

from collections.abc import Sequence
from dataclasses import replace

from sqlite_utils import Database

from listings.pictures import StoredPicture, store
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support.database import one, write
from support.errors import InputError, NotFoundError
from support.seal import Seal
from support.workspace import Workspace


def take_in(
    workspace: Workspace,
    db: Database,
    item: Collected,
    pictures: Sequence[tuple[str, bytes]] = (),
) -> tuple[int, list[str]]:
    """Store a listing, or what changed of a known one.

    Args:
        workspace: where pictures are kept.
        db: its database.
        item: the listing; its own names of pictures are replaced by those given.
        pictures: name and file of each, in order; none keeps those that it had.

    Returns:
        Its id, and why pictures could not be read; the others are kept.
    """
    images = workspace.home / "images"
    kept: dict[str, StoredPicture] = {}
    wrong = []
    for name, data in pictures:
        try:
            stored = store(images, data, name=name)
        except InputError as error:
            wrong.append(str(error))
        else:
            # By what it shows: the same file under another name is the same picture.
            kept[f"{stored.sha256}.jpg"] = stored
    with write(db):
        door = ListingStore(db, workspace.seal())
        names = tuple(kept) or _names(db, door, item)
        listing_id = door.save([replace(item, pictures=names)]).ids[0]
        for picture_id, _, origin in wanted_pictures(db, [listing_id]):
            if origin in kept:
                set_picture(db, picture_id, kept[origin])
    return listing_id, wrong


def listing_id_of(db: Database, seal: Seal, source: str, external_id: str) -> int:
    """The desk's id of a listing.

    Raises:
        NotFoundError: it was never stored.
    """
    known = ListingStore(db, seal).external_id(external_id)
    sql = "SELECT id FROM listings WHERE source = ? AND external_id = ?"
    row = one(db, sql, [source, known])
    if row is None:
        raise NotFoundError(f"No listing {external_id!r} of {source!r}. Hand it over first.")
    return int(row["id"])


def _names(db: Database, door: ListingStore, item: Collected) -> tuple[str, ...]:
    sql = """
        SELECT origin FROM listing_pictures JOIN listings ON listings.id = listing_id
        WHERE source = ? AND external_id = ? ORDER BY position
    """
    known = door.external_id(item.external_id)
    return tuple(row[0] for row in db.conn.execute(sql, (item.source, known)))
