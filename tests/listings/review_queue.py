"""A review queue that can be worked out by hand: shoes and bags, and who looks at them."""

from listings.categories import add_paths
from listings.review_fill import NewItem, add_items, priority
from listings.store import Collected, ListingStore
from support import agents
from support.database import scalar
from tests.conftest import ACTOR

TREE = "market"
SHOES, BAGS, COATS = "Women > Shoes", "Women > Bags", "Women > Coats"

# title, the seller's category, guesses, reason; the first has most to learn from
ROWS = [
    ("loafers or a purse", "", ((SHOES, 0.40), (BAGS, 0.38), (COATS, 0.1)), "unsure"),
    ("leather tote", SHOES, ((BAGS, 0.97), (SHOES, 0.02), (COATS, 0.01)), "disagree"),
    ("old boots", "", ((SHOES, 0.60), (COATS, 0.30), (BAGS, 0.05)), "unsure"),
]


def fill(db, seal, *, twice=0.0, rows=ROWS, batch_id=None):
    """Put the rows into the queue; gives their ids in order."""
    add_paths(db, TREE, [SHOES, BAGS, COATS])
    items = [
        Collected(source="batch:1", external_id=str(number), title=title, tree=TREE)
        for number, (title, *_) in enumerate(rows, 1)
    ]
    listings = ListingStore(db, seal).save(items).ids
    before = scalar(db, "SELECT coalesce(max(id), 0) FROM review_items")
    add_items(
        db,
        [
            NewItem(
                listing_id=listing_id,
                tree=TREE,
                guesses=guesses,
                model="m1",
                reason=reason,
                priority=priority(guesses, given=given, reason=reason),
                given=given,
                batch_id=batch_id,
                row=number if batch_id else None,
            )
            for number, (listing_id, (_, given, guesses, reason)) in enumerate(
                zip(listings, rows, strict=True), 1
            )
        ],
        twice=twice,
    )
    sql = "SELECT id FROM review_items WHERE id > ? ORDER BY id"
    return [row[0] for row in db.conn.execute(sql, [before])]


def person(db, login):
    """Add a labeller; gives their id."""
    return agents.add(db, ACTOR, login=login, name=login.title(), role="labeller").id
