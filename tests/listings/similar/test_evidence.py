"""What is known already of a listing's likeness: links and alerts, each other listing once."""

from listings.similar.alerts import alerts, put_alert
from listings.similar.alerts import decide as decide_alert
from listings.similar.apart import keep_apart
from listings.similar.evidence import alike, linked_of
from listings.similar.groups import put_links
from listings.similar.looks import Match, Reason
from listings.store import Collected, ListingStore
from tests.conftest import ACTOR

WORDS = (Reason("text", 0.8, 0.7, words=("oak", "table")),)


def save(db, seal, count=5):
    items = [
        Collected(source="s", external_id=str(n), title=f"oak table {n}", seller=f"seller {n % 2}")
        for n in range(count)
    ]
    return ListingStore(db, seal).save(items).ids


def test_links_of_both_directions_and_alerts_each_once(db, seal):
    first, second, third, fourth, _ = save(db, seal)
    put_links(db, second, [Match(first, 0.6, WORDS), Match(third, 0.9, WORDS)], version="v")
    put_alert(db, second, "sanctioned", seller="x", match=Match(first, 0.95, WORDS), detail={})
    put_alert(db, second, "catalogue", seller="x", detail={"listings": 12})  # names no other
    put_alert(db, fourth, "sanctioned", seller="x", match=Match(second, 0.99, WORDS), detail={})
    found = alike(db, second)
    assert [(a.listing_id, a.kind, a.probability) for a in found] == [
        (first, "sanctioned", 0.95), (third, "link", 0.9),
    ]  # fmt: skip
    assert found[0].title == "oak table 0"
    assert found[0].reasons == WORDS
    assert alike(db, fourth)[0].listing_id == second
    assert alike(db, second, limit=1) == found[:1]


def test_what_people_ruled_out_is_not_told(db, seal):
    first, second, third, *_ = save(db, seal)
    put_links(db, second, [Match(third, 0.9, WORDS)], version="v")
    put_alert(db, second, "sanctioned", seller="x", match=Match(first, 0.95, WORDS), detail={})
    keep_apart(db, ACTOR, [(second, third)])
    decide_alert(db, ACTOR, alerts(db)[0].id, right=False)
    assert alike(db, second) == []


def test_a_seller_s_group_is_that_of_their_newest_linked_listing(db, seal):
    first, second, third, *_ = save(db, seal)
    seller = db.table("listings").get(first)["seller"]
    assert linked_of(db, seller) is None
    put_links(db, first, [Match(second, 0.9, WORDS)], version="v")
    assert linked_of(db, seller) == first
    put_links(db, second, [Match(first, 0.9, WORDS), Match(third, 0.8, WORDS)], version="v")
    assert linked_of(db, seller) == third
    assert linked_of(db, "") is None
