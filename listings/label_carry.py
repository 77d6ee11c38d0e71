"""Sellers' categories in the words of the model's tree, by the desk's mapping tables.

A table of goods names categories, not the tree that they are of; so all tables into the model's
tree are asked, and what two of them carry to different places is left as the seller wrote it.
"""

from collections.abc import Mapping

from sqlite_utils import Database

from .categories import mapping_to
from .label_compare import disagrees, fold, levels, relation


def carried_to(db: Database, tree: str) -> dict[str, str]:
    """Where categories of other trees belong in a tree; "" for nowhere. Keys are folded."""
    found: dict[str, set[str]] = {}
    for (_, path), to in mapping_to(db, tree).table.items():
        found.setdefault(fold(path), set()).add(to)
    return {path: places.pop() for path, places in found.items() if len(places) == 1}


def carry(seller: str, model: str, carried: Mapping[str, str]) -> str:
    """What a seller's category is compared as with the model's.

    Args:
        seller: as the table of goods has it.
        model: a path of the model's tree.
        carried: of `carried_to`; what is not in it belongs where its nearest branch does.

    Returns:
        The seller's own words where they do not disagree with the model's or no table knows them,
        else a path of the model's tree; "" where it belongs nowhere there.
    """
    if not carried or not disagrees(relation(seller, model)):
        return seller
    own = levels(seller)
    for end in range(len(own), 0, -1):
        found = carried.get(" ".join(own[:end]))
        if found is not None:
            return found
    return seller
