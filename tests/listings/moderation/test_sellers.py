"""Sellers in a list say what each seller's own page says."""

import pytest

from listings.moderation import appeals, sanctions, sellers
from listings.moderation.case_queue import open_for
from listings.moderation.decisions import decide, undo
from support.clock import ago
from support.errors import NotFoundError
from tests.conftest import ACTOR
from tests.listings.moderation.desk import add_listings, person


@pytest.fixture
def mina(db):
    return person(db, "mina")


def seller_of(db, listing_id):
    return db.table("listings").get(listing_id)["seller"]


def hide(db, mina, listing_id, label="pro_ads"):
    case = open_for(db, ACTOR, listing_id)
    return decide(db, ACTOR, mina, case.id, label=label, reason="a shop")


def test_the_list_counts_as_each_seller_s_page_does(db, seal, mina):
    names = {}
    for number, name in enumerate(("dealer", "pets", "wine", "quiet", "shop")):
        ids = add_listings(db, seal, number + 1, seller=name)
        names[name] = seller_of(db, ids[0])
        made = [hide(db, mina, key) for key in ids] if name != "quiet" else []
        if name == "pets":
            undo(db, ACTOR, made[-1])
        if name == "wine":
            appeals.file(db, ACTOR, made[-1], by="seller")
        if name == "shop":
            sanctions.place(db, ACTOR, mina, names[name], kind="suspension", reason="a shop",
                            decision_id=made[-1])  # fmt: skip
            undo(db, ACTOR, made[-1])  # it falls with its decision
        if name == "dealer":
            sanctions.place(db, ACTOR, mina, names[name], kind="suspension", reason="a shop")
    db.execute("UPDATE strikes SET at = ? WHERE id % 2 = 0", [ago(days=200)])
    found = {row.seller: row for row in sellers.sellers(db, limit=50)}
    assert set(found) == set(names.values()) - {names["quiet"]}
    for seller, row in found.items():
        own = sellers.get(db, seller)
        assert row.strength == pytest.approx(own.strength, abs=1e-4)
        assert row.strength == pytest.approx(sanctions.strength(db, seller), abs=1e-4)
        assert row.suspended == sanctions.suspended(db, seller)
        assert row.listings == own.listings
    ranked = [row.strength for row in sellers.sellers(db, limit=50)]
    assert ranked == sorted(ranked, reverse=True)
    assert [row.seller for row in sellers.sellers(db, only="suspended", limit=50)] == [
        names["dealer"]
    ]
    suggested = {row.seller for row in sellers.sellers(db, only="suggested", limit=50)}
    assert suggested == {key for key in found if sellers.get(db, key).suggested is not None}
    assert [row.seller for row in sellers.sellers(db, limit=1, offset=1)] == [
        sellers.sellers(db, limit=50)[1].seller
    ]


def test_nothing_is_suggested_that_stands_already(db, seal, mina):
    ids = add_listings(db, seal, 2)
    seller = seller_of(db, ids[0])
    hide(db, mina, ids[0])
    assert sellers.get(db, seller).suggested == ("warning", None)
    sanctions.place(db, ACTOR, mina, seller, kind="warning", reason="a shop")
    assert sellers.get(db, seller).suggested is None
    hide(db, mina, ids[1])
    assert sellers.get(db, seller).suggested == ("suspension", 7)
    sanctions.place(db, ACTOR, mina, seller, kind="suspension", reason="a shop")
    assert sellers.get(db, seller).suggested is None


def test_what_a_seller_sold(db, seal, mina):
    ids = add_listings(db, seal, 3)
    seller = seller_of(db, ids[0])
    hide(db, mina, ids[1], "counterfeit")
    open_for(db, ACTOR, ids[2])
    found = sellers.sold(db, seller, limit=9)
    assert [(item.id, item.hidden, item.waits, item.label) for item in found] == [
        (ids[2], False, True, ""), (ids[1], True, False, "counterfeit"), (ids[0], False, False, ""),
    ]  # fmt: skip
    assert [item.id for item in sellers.sold(db, seller, without=ids[2], limit=1)] == [ids[1]]
    assert [item.id for item in sellers.sold(db, seller, limit=1, offset=2)] == [ids[0]]
    assert sellers.sold(db, "", limit=9) == []
    for nobody in ("", "nobody"):
        with pytest.raises(NotFoundError):
            sellers.get(db, nobody)


def test_a_seller_s_page_reads_no_listings_but_theirs(db, seal, mina):
    ids = add_listings(db, seal, 2)
    hide(db, mina, ids[0])
    said = []
    db.conn.set_trace_callback(said.append)
    sellers.get(db, seller_of(db, ids[0]))
    sellers.sellers(db, limit=9)
    db.conn.set_trace_callback(None)
    plans = [
        row[3]
        for sql in said
        if "listings" in sql
        for row in db.conn.execute(f"EXPLAIN QUERY PLAN {sql}")
    ]
    assert any("listings_seller" in plan for plan in plans)
    assert not [plan for plan in plans if plan in ("SCAN listings", "SCAN l")]
    assert not [plan for plan in plans if "moderation_cases_hidden" in plan]  # of all sellers
