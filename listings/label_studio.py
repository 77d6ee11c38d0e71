"""The review queue as Label Studio's JSON tasks, so that teams can move there.

A task holds a listing under `data`, the model's guesses as `predictions`, and what people said as
`annotations`; a category stands in `value.taxonomy` as the levels of its path, or in
`value.choices` as the path in one piece. The way back is `label_studio_import.py`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sqlite_utils import Database

from support.errors import InputError

from . import review, stored
from .categories import SEPARATOR
from .review import Queue, ReviewItem

CONTROLS: Final = ("taxonomy", "choices")
FROM, TO = "category", "title"  # names of the control and of what it speaks of
LOCAL_FILES: Final = "/data/local-files/?d="  # how Label Studio serves a folder beside it
OURS: Final = "faqdesk"  # under `data`: which row and listing a task is
_PAGE: Final = 200


def export_tasks(
    db: Database,
    images: Path,
    *,
    queue: Queue | None = None,
    control: str = "taxonomy",
    prefix: str = LOCAL_FILES,
) -> Iterator[dict[str, Any]]:
    """Every row of the queue as a task, decided ones with their annotations.

    Args:
        db: the desk's database.
        images: the folder of pictures.
        queue: which part of it; None: the whole.
        control: "taxonomy" or "choices", as the other side's labelling interface has it.
        prefix: what goes before a picture's file below `images/` to make an address of it.

    Raises:
        InputError: there is no such control.
    """
    if control not in CONTROLS:
        raise InputError(f"No control {control!r}. There are: {', '.join(CONTROLS)}.")
    where, values = (queue or Queue()).where()
    last = 0
    sql = f"""
        SELECT i.id FROM review_items i
        WHERE i.state <> 'dropped' AND i.id > ? {where} ORDER BY i.id LIMIT ?
    """  # noqa: S608 - only conditions of ours are put in
    while ids := [row[0] for row in db.conn.execute(sql, [last, *values, _PAGE])]:
        items = [review.get(db, item_id) for item_id in ids]
        listings = stored.load(db, images, [item.listing_id for item in items])
        for item in items:
            listing = listings[item.listing_id]
            files = [prefix + path.relative_to(images).as_posix() for path in listing.pictures]
            yield {
                "id": item.id,
                "data": {
                    "title": listing.title,
                    "description": listing.description,
                    "price": listing.price,
                    "given": item.given,
                    "image": files[0] if files else "",
                    "images": files,
                    OURS: {"item": item.id, "listing": item.listing_id, "tree": item.tree},
                },
                "annotations": _annotations(db, item, control),
                "predictions": [
                    {
                        "model_version": item.model,
                        "score": guess.probability,
                        "result": [_result(guess.path, control)],
                    }
                    for guess in item.guesses
                ],
            }
        last = ids[-1]


def interface(paths: Iterable[str], *, control: str = "taxonomy") -> str:
    """The labelling interface for such tasks, to paste into a Label Studio project.

    Args:
        paths: the tree's categories.
        control: "taxonomy" or "choices".
    """
    view = Element("View")
    SubElement(view, "Image", name="image", valueList="$images")
    SubElement(view, "Header", value="$title")
    SubElement(view, "Text", name=TO, value="$title")
    SubElement(view, "Text", name="description", value="$description")
    ordered = sorted(set(paths))
    if control == "choices":
        choices = SubElement(view, "Choices", name=FROM, toName=TO, choice="single")
        for path in ordered:
            SubElement(choices, "Choice", value=path)
    else:
        top = SubElement(view, "Taxonomy", name=FROM, toName=TO, maxUsages="1", leafsOnly="false")
        nodes: dict[str, Element] = {}
        for path in ordered:
            parent = top
            levels = path.split(SEPARATOR)
            for depth, name in enumerate(levels, 1):
                branch = SEPARATOR.join(levels[:depth])
                if branch not in nodes:
                    nodes[branch] = SubElement(parent, "Choice", value=name)
                parent = nodes[branch]
    indent(view)
    return tostring(view, encoding="unicode") + "\n"


def _annotations(db: Database, item: ReviewItem, control: str) -> list[dict[str, Any]]:
    sql = """
        SELECT d.*, a.login FROM review_decisions d JOIN agents a ON a.id = d.agent_id
        WHERE d.item_id = ? AND d.undone_at IS NULL ORDER BY d.id
    """
    return [
        {
            "id": row["id"],
            "completed_by": {"email": row["login"]},
            "created_at": row["at"],
            "was_cancelled": row["decision"] == "skip",  # what Label Studio calls a skip
            "result": [] if row["decision"] == "skip" else [_result(row["path"], control)],
        }
        for row in db.query(sql, [item.id])
    ]


def _result(path: str, control: str) -> dict[str, Any]:
    value = {control: [path.split(SEPARATOR)] if control == "taxonomy" else [path]}
    return {"type": control, "from_name": FROM, "to_name": TO, "value": value}
