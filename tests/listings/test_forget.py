"""What is forgotten is gone, with all that hangs on it, and nothing else is."""

import json

import pytest

from listings.clean import clean
from listings.forget import forget_listings
from listings.labels import add_hand_label
from listings.pictures import store as store_picture
from listings.store import set_picture, wanted_pictures
from listings.stored import summary
from support import agents
from support.audit import Actor
from support.errors import InputError, NotFoundError

ACTOR = Actor("cli:test")
DESK = "An oak desk with four drawers and a leather top, a little worn at one of its corners"


@pytest.fixture
def full(db, store, images, collected, photos):
    """Two sources that show one picture together and one each, and are duplicates."""
    store.save(
        [
            collected(1, source="naver", title="Desk", description=DESK, pictures=("a", "b")),
            collected(2, source="shop", title="Desk", description=DESK, pictures=("a", "c")),
        ]
    )
    for listing_id, numbers in ((1, (1, 2)), (2, (1, 3))):
        for (picture_id, _, name), number in zip(
            wanted_pictures(db, [listing_id]), numbers, strict=True
        ):
            set_picture(db, picture_id, store_picture(images, photos(number), name=name))
    clean(db, actor=ACTOR)
    add_hand_label(db, ACTOR, 1, "Desks", tree="ours")
    agent = db.table("agents").insert(
        {"login": "mina", "name": "Mina", "role": "labeller", "created_at": "2026-01-01T00:00:00Z"}
    )
    review = {"listing_id": 1, "guesses": json.dumps([]), "reason": "unsure", "created_at": "x"}
    item = db.table("review_items").insert(review).last_pk
    db.table("review_decisions").insert(
        {"item_id": item, "agent_id": agent.last_pk, "decision": "skip", "at": "x"}
    )
    return db


def test_a_source_goes_with_everything_but_what_others_show(full, images):
    assert [row["removed"] for row in full.query("SELECT removed FROM listings")] == [
        "",
        "duplicate",
    ]
    assert len(list(images.rglob("*.jpg"))) == 3
    assert forget_listings(full, images, "naver", actor=ACTOR) == (1, 1)
    assert summary(full)["by_source"] == {"shop": 1}
    assert len(list(images.rglob("*.jpg"))) == 2
    for table in ("listing_labels", "review_items", "review_decisions"):
        assert full.table(table).count == 0
    [left] = full.query("SELECT duplicate_of, removed, source FROM listings")
    assert left == {"duplicate_of": None, "removed": "", "source": "shop"}
    assert full.table("listing_pictures").count == 2
    assert list(full.query("PRAGMA foreign_key_check")) == []


def test_only_what_is_older_than_so_many_days_goes(full, images):
    assert forget_listings(full, images, "naver", days=21, actor=ACTOR) == (0, 0)
    full.execute("UPDATE listings SET collected_at = '2020-01-01T00:00:00Z' WHERE id = 1")
    assert forget_listings(full, images, "naver", days=21, actor=ACTOR)[0] == 1


def test_a_source_that_is_not_there_is_named(full, images):
    with pytest.raises(NotFoundError, match="There are: naver, shop"):
        forget_listings(full, images, "market", actor=ACTOR)
    with pytest.raises(InputError, match="0 or more"):
        forget_listings(full, images, "shop", days=-1, actor=ACTOR)


def test_an_agent_s_own_rows_stay(full, images):
    forget_listings(full, images, "naver", actor=ACTOR)
    assert [agent.login for agent in agents.listed(full)] == ["mina"]
