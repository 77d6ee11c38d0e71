"""Which category a listing is learned under, in one tree.

A person's word comes first; then the seller's category (or a person's word in another tree) as a
mapping table carries it over; then the seller's own, where it is of this tree. Only people's words
are stored: the rest follows from listings and tables at once when either changes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from support.audit import Actor, record
from support.clock import now
from support.database import insert, one, write
from support.errors import ConflictError, InputError, NotFoundError

from .categories import CategoryMapping, add_paths, mapping_to
from .listing import Listing
from .stored import PAGE, load, pages, places


@dataclass(frozen=True, slots=True)
class Labelled:
    """A listing, its label, and the group of duplicates it belongs to."""

    id: int
    listing: Listing
    path: str
    source: str  # hand, mapped or seller
    group: int  # equal for duplicates; never split one between training and test


@dataclass(frozen=True, slots=True)
class _Words:
    """What is known of a listing's category, as stored."""

    id: int
    tree: str
    category: str
    group: int


def label_of(db: Database, listing_id: int, *, tree: str) -> tuple[str, str] | None:
    """The label of one listing and where it is from; None where it has none in this tree.

    Raises:
        NotFoundError: there is no such listing.
    """
    for words in _words(db, [listing_id]):
        return _winner(words, _hand(db, [listing_id]), mapping_to(db, tree))
    raise NotFoundError(f"No listing {listing_id}.")


def labelled(
    db: Database, images: Path, *, tree: str, sources: Iterable[str] = ("hand", "mapped", "seller")
) -> Iterator[Labelled]:
    """Every listing that has a label in a tree and was not left out by cleaning, by id.

    Args:
        db: the desk's database.
        images: the folder of pictures.
        tree: whose labels.
        sources: which kinds of labels count.
    """
    wanted = frozenset(sources)
    mapping = mapping_to(db, tree)
    for ids in pages(db):
        found = {}
        hand = _hand(db, ids)
        for words in _words(db, ids):
            winner = _winner(words, hand, mapping)
            if winner and winner[1] in wanted:
                found[words.id] = (words, *winner)
        read = load(db, images, list(found))
        for listing_id, (words, path, source) in found.items():
            yield Labelled(listing_id, read[listing_id], path, source, words.group)


def counts(db: Database, *, tree: str) -> dict[str, dict[str, int]]:
    """How many listings each category has, by where the label is from."""
    mapping = mapping_to(db, tree)
    result: dict[str, dict[str, int]] = {}

    def count(words: _Words, hand: dict[int, list[tuple[str, str]]], n: int) -> None:
        winner = _winner(words, hand, mapping)
        if winner:
            path, source = winner
            by_source = result.setdefault(path, {})
            by_source[source] = by_source.get(source, 0) + n

    # Of a million listings people labelled few by hand: only these are looked at one by one.
    sql = """
        SELECT tree, category, count(*) FROM listings
        WHERE removed = '' AND id NOT IN (
            SELECT listing_id FROM listing_labels WHERE undone_at IS NULL
        ) GROUP BY tree, category
    """
    for seller_tree, category, n in db.conn.execute(sql):
        count(_Words(0, seller_tree, category, 0), {}, n)
    sql = """
        SELECT DISTINCT l.id FROM listing_labels h JOIN listings l ON l.id = h.listing_id
        WHERE h.undone_at IS NULL AND l.removed = '' ORDER BY l.id
    """
    said = [listing_id for (listing_id,) in db.conn.execute(sql)]
    for start in range(0, len(said), PAGE):
        ids = said[start : start + PAGE]
        hand = _hand(db, ids)
        for words in _words(db, ids):
            count(words, hand, 1)
    return result


def default_tree(db: Database) -> str:
    """The tree that most listings have a category of, their own or a person's.

    Raises:
        NotFoundError: no listing has one.
    """
    sql = """
        SELECT tree FROM (
            SELECT tree, count(*) AS n FROM listings
            WHERE category <> '' AND removed = '' GROUP BY tree
            UNION ALL
            SELECT tree, count(*) FROM listing_labels WHERE undone_at IS NULL GROUP BY tree
        ) GROUP BY tree ORDER BY sum(n) DESC, tree LIMIT 1
    """
    row = one(db, sql)
    if row is None:
        raise NotFoundError(
            "No listing has a category yet. Collect some: faqdesk collect files listings.csv"
        )
    return str(row["tree"])


def add_hand_label(
    db: Database,
    actor: Actor,
    listing_id: int,
    path: str,
    *,
    tree: str,
    agent_id: int | None = None,
    decision_id: int | None = None,
) -> int:
    """Store what a person said of a listing; the newest word stands, older ones are kept.

    Args:
        db: the desk's database.
        actor: who acts.
        listing_id: the listing.
        path: canonical; made in the tree where it is new.
        tree: the tree it is of.
        agent_id: the person, where it is one of the desk.
        decision_id: the decision in the review queue that it came from.

    Returns:
        The label's id, for undoing it.

    Raises:
        InputError: the path is empty.
        NotFoundError: there is no such listing.
    """
    if not path:
        raise InputError("A label needs a category; to take one back, undo it.")
    with write(db):
        if one(db, "SELECT 1 AS found FROM listings WHERE id = ?", [listing_id]) is None:
            raise NotFoundError(f"No listing {listing_id}.")
        add_paths(db, tree, [path])
        row = {
            "listing_id": listing_id,
            "tree": tree,
            "path": path,
            "agent_id": agent_id,
            "made_by": actor.name,
            "decision_id": decision_id,
            "at": now(),
        }
        label_id = insert(db, "listing_labels", row)
        detail = {"tree": tree, "path": path, "label": label_id}
        record(db, actor, "listing.labelled", f"listing:{listing_id}", detail=detail)
    return label_id


def undo_label(db: Database, actor: Actor, label_id: int) -> None:
    """Take a label back: what stood before it stands again.

    Raises:
        NotFoundError: there is no such label.
        ConflictError: it was taken back already.
    """
    with write(db):
        row = one(db, "SELECT * FROM listing_labels WHERE id = ?", [label_id])
        if row is None:
            raise NotFoundError(f"No label {label_id}.")
        if row["undone_at"]:
            raise ConflictError(f"Label {label_id} was taken back already.")
        db.table("listing_labels").update(label_id, {"undone_at": now()})
        detail = {"tree": row["tree"], "path": row["path"], "label": label_id}
        record(db, actor, "listing.unlabelled", f"listing:{row['listing_id']}", detail=detail)


def _words(db: Database, ids: list[int]) -> Iterator[_Words]:
    sql = f"""
        SELECT id, tree, category, coalesce(duplicate_of, id) FROM listings
        WHERE id IN ({places(ids)}) ORDER BY id
    """  # noqa: S608 - only question marks are put in
    for row in db.conn.execute(sql, ids):
        yield _Words(*row)


def _hand(db: Database, ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    """The standing words of people: tree and path by listing, the newest first."""
    sql = f"""
        SELECT listing_id, tree, path FROM listing_labels
        WHERE undone_at IS NULL AND listing_id IN ({places(ids)}) ORDER BY id DESC
    """  # noqa: S608 - only question marks are put in
    found: dict[int, list[tuple[str, str]]] = {}
    for listing_id, tree, path in db.conn.execute(sql, ids):
        found.setdefault(listing_id, []).append((tree, path))
    return found


def _winner(
    words: _Words, hand: dict[int, list[tuple[str, str]]], mapping: CategoryMapping
) -> tuple[str, str] | None:
    said = hand.get(words.id, [])
    for tree, path in said:
        if tree == mapping.to_tree:
            return path, "hand"
    for tree, path in (*said, (words.tree, words.category)):
        carried = mapping.find(tree, path) if path else None
        if carried is not None:
            return (carried, "mapped") if carried else None
    if words.category and words.tree == mapping.to_tree:
        return words.category, "seller"
    return None
