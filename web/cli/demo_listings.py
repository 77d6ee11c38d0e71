"""The demo's listings: the sample's, a few with drawn pictures, and a small model of them."""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw
from sqlite_utils import Database

import data
from listings import pictures
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support.audit import Actor
from support.database import scalar, write
from support.release import current
from support.workspace import Workspace

TREE = "도란장터"
LINE = "category"
# Every so-manieth listing came without a category: what is guessed of it is news to the model,
# which is all but sure of what it has learned from.
_WITHOUT = 8
_SIDE = 320  # pixels
_GROUND, _INK, _DARK = (236, 240, 234), (92, 128, 122), (52, 66, 64)

Pen = ImageDraw.ImageDraw


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
            pictures=(f"{row['id']}.png",) if row["category"] in _DRAWN else (),
        )
        for number, row in enumerate(rows, 1)
    ]
    with write(db):
        ids = ListingStore(db, space.seal()).save(items).ids
        for listing_id, row in zip(ids, rows, strict=True):
            for picture_id, _, name in wanted_pictures(db, [listing_id]):
                drawn = _picture(_DRAWN[row["category"]], shift=listing_id % 40)
                stored = pictures.store(images, drawn, name=name, sync=False)
                set_picture(db, picture_id, stored)


def _queue(space: Workspace, db: Database) -> None:
    from listings.categorise import CategoryClassifier
    from listings.following import folder_in_force
    from listings.review_fill import fill_from_listings

    classifier = CategoryClassifier.load(folder_in_force(space.models), threads=1)
    open_ = "SELECT count(*) FROM listings WHERE source = ? AND category = ''"
    limit = scalar(db, open_, [data.SOURCE])
    fill_from_listings(db, space.home / "images", classifier, tree=TREE, limit=limit, twice=0.2)


def _picture(draw: Callable[[Pen, int], None], *, shift: int) -> bytes:
    """A drawing as PNG; `shift` makes each a little different."""
    picture = Image.new("RGB", (_SIDE, _SIDE), _GROUND)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 250, _SIDE, _SIDE), fill=(214 - shift, 220 - shift, 212 - shift))
    draw(pen, shift)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _phone(pen: Pen, shift: int) -> None:
    pen.rounded_rectangle((110 + shift, 50, 200 + shift, 250), radius=14, fill=_DARK)
    pen.rectangle((118 + shift, 70, 192 + shift, 230), fill=(170, 200, 210))


def _shoe(pen: Pen, shift: int) -> None:
    body = [(60, 230), (60, 150), (120, 150), (170, 195), (250, 205), (262, 230)]
    pen.polygon([(x, y - shift // 2) for x, y in body], fill=_INK)
    pen.rectangle((56, 230 - shift // 2, 266, 246 - shift // 2), fill=_DARK)


def _bag(pen: Pen, shift: int) -> None:
    pen.arc((120, 60, 200, 190), 180, 360, fill=_DARK, width=10)
    pen.rounded_rectangle((80, 125, 240, 250 - shift // 3), radius=16, fill=(150, 100, 70))


def _sofa(pen: Pen, shift: int) -> None:
    pen.rounded_rectangle((50, 110 + shift // 2, 270, 220), radius=20, fill=_INK)
    for box in ((35, 150, 85, 250), (235, 150, 285, 250), (70, 185, 250, 250)):
        pen.rounded_rectangle(box, radius=14, fill=_DARK)


def _bicycle(pen: Pen, shift: int) -> None:
    for left in (40, 185):
        pen.ellipse((left, 150, left + 95, 245), outline=_DARK, width=8)
    pen.line([(88, 197), (140, 110 + shift), (215, 110 + shift), (232, 197)], fill=_INK, width=9)


_DRAWN: dict[str, Callable[[Pen, int], None]] = {
    "디지털 > 휴대폰": _phone,
    "패션잡화 > 신발": _shoe,
    "패션잡화 > 가방": _bag,
    "가구 > 거실·주방": _sofa,
    "스포츠·레저 > 자전거·운동기구": _bicycle,
}
