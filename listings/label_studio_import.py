"""Label Studio's JSON tasks into the desk: annotations become labels, the rest goes into the queue.

What Label Studio exports as JSON (not JSON-MIN) is read, whoever made the tasks.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from sqlite_utils import Database

from support.audit import Actor
from support.database import one, write
from support.errors import FaqdeskError, InputError
from support.seal import Seal

from . import review
from .categories import SEPARATOR, add_paths, canonical
from .label_studio import OURS
from .labels import add_hand_label
from .review import ReviewItem
from .review_decisions import decide, decided
from .review_fill import NewItem, add_items
from .store import Collected, ListingStore
from .table_values import whole

SOURCE: Final = "label-studio"
_SHA = re.compile(r"\b([0-9a-f]{64})\.jpg\b")
_MAX_ID: Final = 2**63 - 1


@dataclass(slots=True)
class Imported:
    """What an import did."""

    tasks: int = 0
    listings: int = 0  # that the desk did not have
    labels: int = 0
    known: int = 0  # annotations that the desk has already
    queued: int = 0  # tasks without an annotation, which went into the queue
    rejected: list[str] = field(default_factory=list)  # why, by the task's place

    def add(self, other: "Imported") -> None:
        """Count another import in."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def import_tasks(
    db: Database,
    seal: Seal,
    actor: Actor,
    tasks: Sequence[Any],
    *,
    tree: str,
    people: Mapping[str, int],
) -> Imported:
    """Take tasks in: annotations become labels, tasks without one go into the queue.

    A task that this desk exported is known again; imported twice it changes nothing. A person is
    known by their login, which Label Studio holds as `completed_by.email` or `completed_by`;
    annotations of others become labels without a person.

    Args:
        db: the desk's database.
        seal: its key.
        actor: who imports.
        tasks: as Label Studio exports them (JSON, not JSON-MIN).
        tree: whose categories other desks' tasks speak of.
        people: ids by login, in small letters.
    """
    found = Imported()
    for place, task in enumerate(tasks, 1):
        done = Imported(tasks=1)  # of this task alone: what is refused half way counts for nothing
        try:
            with write(db):
                _take(db, seal, actor, task, tree, people, done)
        except FaqdeskError as error:
            done = Imported(tasks=1, rejected=[f"{place}: {error}"])
        found.add(done)
    return found


def read_tasks(data: bytes, name: str) -> list[Any]:
    """The tasks of a file.

    Raises:
        InputError: it is no JSON, or no list of tasks.
    """
    try:
        tasks = whole(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON: {error}") from error
    if not isinstance(tasks, list):
        raise InputError(f"{name} is no list of tasks. Export it from Label Studio as JSON.")
    return tasks


def _take(
    db: Database,
    seal: Seal,
    actor: Actor,
    task: Any,
    tree: str,
    people: Mapping[str, int],
    found: Imported,
) -> None:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise InputError("no task: an object with `data` is expected.")
    data = task["data"]
    item = _known(db, data)
    if item is None:
        listing_id, tree = _listing(db, seal, task, tree, found), tree
    else:
        listing_id, tree = item.listing_id, item.tree
    said = [each for each in _list(task.get("annotations")) if isinstance(each, dict)]
    labelled = False
    for annotation in said:
        path = "" if annotation.get("was_cancelled") else _path(annotation.get("result"))
        if path:
            labelled = True
            _label(db, actor, item, listing_id, path, tree, _person(annotation, people), found)
    if not labelled and item is None:
        guesses = _guesses(task.get("predictions"))
        add_paths(db, tree, [path for path, _ in guesses])
        known = "SELECT 1 FROM review_items WHERE listing_id = ? AND state = 'open'"
        if one(db, known, [listing_id]) is None:
            fresh = NewItem(
                listing_id=listing_id, tree=tree, guesses=guesses, model=_model(task),
                reason="sample", priority=0.5, given=_text(data, "given")[:500],
            )  # fmt: skip
            found.queued += add_items(db, [fresh])


def _known(db: Database, data: Mapping[str, Any]) -> ReviewItem | None:
    """The row that a task was exported from; None where it is of another desk."""
    ours = data.get(OURS)
    if not isinstance(ours, dict):
        return None
    ids = [ours.get("item"), ours.get("listing")]
    if not all(isinstance(each, int) and 0 < each <= _MAX_ID for each in ids):
        return None
    sql = """
        SELECT i.id FROM review_items i JOIN listings l ON l.id = i.listing_id
        WHERE i.id = ? AND l.id = ? AND ? IN (l.title, l.collected_title)
    """
    row = one(db, sql, [*ids, _text(data, "title")])
    return review.get(db, row["id"]) if row else None


def _listing(db: Database, seal: Seal, task: Mapping[str, Any], tree: str, found: Imported) -> int:
    data = task["data"]
    title = _text(data, "title") or _text(data, "text")
    if not title and not _text(data, "description"):
        raise InputError("its `data` has neither `title` nor `text` nor `description`.")
    description, price = _text(data, "description"), _text(data, "price")
    # Every project counts its tasks from 1: what a task says belongs to what it is known by.
    words = json.dumps([title, description, price], ensure_ascii=False)
    collected = Collected(
        source=SOURCE,
        external_id=f"{task.get('id') or ''}:{seal.fingerprint(words)[:16]}",
        title=title,
        description=description,
        price_text=price,
        tree=tree,
    )
    saved = ListingStore(db, seal).save([collected])
    found.listings += saved.added
    if saved.added:
        _link_pictures(db, saved.ids[0], data)
    return saved.ids[0]


def _link_pictures(db: Database, listing_id: int, data: Mapping[str, Any]) -> None:
    """Pictures that the desk has already, known by the hash in their name."""
    named = [str(name) for name in [*_list(data.get("images")), data.get("image") or ""]]
    hashes = dict.fromkeys(match[1] for name in named for match in _SHA.finditer(name))
    sql = "SELECT * FROM listing_pictures WHERE sha256 = ? AND file <> '' LIMIT 1"
    known = [row for sha in hashes if (row := one(db, sql, [sha]))]
    for position, row in enumerate(known):
        fresh = {**row, "listing_id": listing_id, "position": position}
        fresh.pop("id")
        db.table("listing_pictures").insert(fresh)


def _label(
    db: Database,
    actor: Actor,
    item: ReviewItem | None,
    listing_id: int,
    path: str,
    tree: str,
    agent_id: int | None,
    found: Imported,
) -> None:
    sql = """
        SELECT 1 FROM listing_labels
        WHERE listing_id = ? AND tree = ? AND path = ? AND agent_id IS ? AND undone_at IS NULL
    """
    if one(db, sql, [listing_id, tree, path, agent_id]):
        found.known += 1
        return
    add_paths(db, tree, [path])
    # A row that was dropped meanwhile takes no decision; the label is kept all the same.
    asked = item is not None and item.state != "dropped"
    if item and asked and agent_id is not None and not decided(db, item.id, agent_id):
        decide(db, actor, agent_id, item.id, path=path)
    else:
        add_hand_label(db, actor, listing_id, path, tree=tree, agent_id=agent_id)
    found.labels += 1


def _path(result: Any) -> str:
    """The category that a result says, canonical; "" where it says none."""
    for part in _list(result):
        value = part.get("value") if isinstance(part, dict) else None
        if not isinstance(value, dict):
            continue
        for levels in _list(value.get("taxonomy")):
            names = [str(name) for name in _list(levels) if str(name).strip()]
            if names:
                return canonical(SEPARATOR.join(names))
        for choice in _list(value.get("choices")):
            if str(choice).strip():
                return canonical(str(choice))
    return ""


def _person(annotation: Mapping[str, Any], people: Mapping[str, int]) -> int | None:
    by = annotation.get("completed_by")
    name = by.get("email") or by.get("username") if isinstance(by, dict) else by
    return people.get(str(name or "").lower())


def _guesses(predictions: Any) -> list[tuple[str, float]]:
    """The guesses of a task's predictions, best first; of a category the likeliest."""
    best: dict[str, float] = {}
    for prediction in _list(predictions):
        if not isinstance(prediction, dict):
            continue
        path, score = _path(prediction.get("result")), prediction.get("score")
        share = min(1.0, max(0.0, score)) if isinstance(score, int | float) else 0.0
        if path:
            best[path] = max(share, best.get(path, 0.0))
    return sorted(best.items(), key=lambda guess: -guess[1])[:3]


def _model(task: Mapping[str, Any]) -> str:
    named = [
        str(each["model_version"])
        for each in _list(task.get("predictions"))
        if isinstance(each, dict) and each.get("model_version")
    ]
    return named[0][:100] if named else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return str(value).strip() if isinstance(value, str | int | float) else ""
