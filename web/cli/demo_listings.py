"""The demo's listings: the sample's, a few with drawn pictures, and a small model of them."""

from collections.abc import Callable

from sqlite_utils import Database

import data
from listings import pictures
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support.audit import Actor
from support.database import scalar, write
from support.release import current
from support.workspace import Workspace

from .demo_pictures import draw

TREE = "도란장터"
LINE = "category"
# Every so-manieth listing came without a category: what is guessed of it is news to the model,
# which is all but sure of what it has learned from.
_WITHOUT = 8
_DRAWN = {
    "디지털 > 휴대폰": "phone",
    "패션잡화 > 신발": "shoe",
    "패션잡화 > 가방": "bag",
    "가구 > 거실·주방": "sofa",
    "스포츠·레저 > 자전거·운동기구": "bicycle",
}
_FIRST = 1000  # pictures of lower numbers are the other listings'


def prepare_listings(
    space: Workspace, db: Database, actor: Actor, progress: Callable[[int, int, str], None]
) -> None:
    """Store, train and queue what is not there yet; killed half way, the next call goes on."""
    rows = list(data.rows("listings"))
    known = "SELECT count(*) FROM listings WHERE source = ?"
    if scalar(db, known, [data.SOURCE]) < len(rows):
        _store(space, db, rows)
    if current(space.models, line=LINE) is None:
        from train.category_candidate import train_category
        from train.category_voices import CategoryConfig

        config = CategoryConfig(texts=("linear",), image=None)
        train_category(space, db, actor=actor, tree=TREE, config=config, progress=progress)
    if not scalar(db, "SELECT count(*) FROM review_items"):
        _queue(space, db)


def _store(space: Workspace, db: Database, rows: list[data.Row]) -> None:
    images = space.home / "images"
    items = [
        Collected(
            source=data.SOURCE,
            external_id=row["id"],
            title=row["title"],
            description=row["description"],
            price_text=row["price"],
            tree=TREE,
            category="" if number % _WITHOUT == 0 else row["category"],
            pictures=pictures_of(row["category"], number),
        )
        for number, row in enumerate(rows, 1)
    ]
    with write(db):
        ids = ListingStore(db, space.seal()).save(items).ids
        for picture_id, _, name in wanted_pictures(db, ids):
            stored = pictures.store(images, draw(name), name=name, sync=False)
            set_picture(db, picture_id, stored)


def pictures_of(category: str, number: int) -> tuple[str, ...]:
    """The pictures of a listing of `listings.csv`, which have numbers of their own."""
    motif = _DRAWN.get(category)
    return (f"{motif}-{_FIRST + number}.jpg",) if motif else ()


def _queue(space: Workspace, db: Database) -> None:
    from listings.categorise import CategoryClassifier
    from listings.following import folder_in_force
    from listings.review_fill import fill_from_listings

    classifier = CategoryClassifier.load(folder_in_force(space.models), threads=1)
    open_ = "SELECT count(*) FROM listings WHERE source = ? AND category = ''"
    limit = scalar(db, open_, [data.SOURCE])
    fill_from_listings(db, space.home / "images", classifier, tree=TREE, limit=limit, twice=0.2)
