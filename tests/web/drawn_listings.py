"""Listings with drawn pictures on a desk, for the tests of what is alike."""

import io

from listings.moderation import sanctions
from listings.pictures import store as store_picture
from listings.store import Collected, ListingStore, set_picture, wanted_pictures
from support import agents
from support.database import scalar
from tests.conftest import ACTOR
from tests.listings import drawn

BAG = "Leather bag, brown, from the market in Florence, with dust bag and card"
BAG_AGAIN = "Brown leather bag from a market in Florence, dust bag and card included"
LAMP = "Brass desk lamp with green glass shade, works, plug included"


def jpeg(thing, take=0):
    """A drawn photo of a thing as a file's bytes."""
    file = io.BytesIO()
    drawn.thing(thing, take=take).save(file, "JPEG", quality=90)
    return file.getvalue()


def sell(space, db, number, seller, title, *, photos=(), **more):
    """Add a listing; `photos` are pairs of a thing and a take. Returns its id."""
    names = tuple(f"{thing}-{take}.jpg" for thing, take in photos)
    row = Collected(
        source="shop", external_id=str(number), title=title, seller=seller, pictures=names, **more
    )
    (listing_id,) = ListingStore(db, space.seal()).save([row]).ids
    for key, _, origin in wanted_pictures(db, [listing_id]):
        thing, take = origin.removesuffix(".jpg").split("-")
        stored = store_picture(space.home / "images", jpeg(int(thing), int(take)), name=origin)
        set_picture(db, key, stored)
    return listing_id


def seller_of(db, listing_id):
    """The keyed hash of a listing's seller."""
    return scalar(db, "SELECT seller FROM listings WHERE id = ?", [listing_id])


def suspend(db, listing_id, why="counterfeit bags"):
    """Suspend a listing's seller; returns the id of whoever did."""
    agent_id = scalar(db, "SELECT id FROM agents LIMIT 1") or agents.add(
        db, ACTOR, login="judge", name="Judge", role="moderator", password="correct horse"
    )
    seller = seller_of(db, listing_id)
    sanctions.place(db, ACTOR, agent_id, seller, kind="suspension", reason=why)
    return agent_id
