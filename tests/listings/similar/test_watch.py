"""Those who come back are noticed; those who were copied are not accused."""

import pytest

from listings.similar.alerts import alerts, decide, undo
from listings.similar.apart import keep_apart
from listings.similar.catalogue import Catalogues
from listings.similar.groups import confirm, group_of, groups, split, unsplit
from listings.similar.sanctioned import sanctioned_sellers
from listings.similar.watch import Watch, WatchRules
from support.audit import Actor
from support.clock import ago, now
from support.errors import ConflictError, InputError, NotFoundError

ACTOR = Actor("cli:test")
BAG = "Leather bag, brown, from the market in Florence, with dust bag and card"
LAMP = "Brass desk lamp with green glass shade, works, plug included"


def listing(number, seller, text, **more):
    return {"number": number, "seller": seller, "title": text} | more


@pytest.fixture
def watch(similar):
    return Watch(similar, rules=WatchRules(link=0.8, sure=0.85))


@pytest.fixture
def run(db, watch, describer, described):
    def watched(sanctioned=None):
        described(describer)
        return watch.run(db, sanctioned=sanctioned or {})

    return watched


def seller_of(db, key):
    return next(iter(db.query("SELECT seller FROM listings WHERE id = ?", [key])))["seller"]


def test_a_sanctioned_sellers_repost_is_caught_with_the_match(db, desk_listings, run):
    old, honest = desk_listings(listing(1, "bad", BAG), listing(2, "mina", LAMP))
    run()
    bad = {seller_of(db, old): "counterfeit"}
    (again,) = desk_listings(listing(3, "new account", BAG + "!"))
    report = run(bad)
    (alert,) = alerts(db, kind="sanctioned")
    assert (alert.listing_id, alert.other_id) == (again, old)
    assert alert.detail == {"reason": "counterfeit"}
    assert "florence" in alert.reasons[0].words
    assert report.alerts["sanctioned"] == 1
    assert honest not in {one.listing_id for one in alerts(db)}


def test_whoever_was_copied_is_not_accused(db, desk_listings, run):
    mine, copied = desk_listings(listing(1, "mina", BAG), listing(2, "bad", BAG + "!"))
    run({seller_of(db, copied): "theft"})
    assert alerts(db, kind="sanctioned") == []
    assert [one.listing_id for one in alerts(db, kind="accounts")] == [copied]
    assert group_of(db, mine).listing_ids == (mine, copied)


def test_a_repost_is_caught_when_its_first_seller_is_suspended_later(db, desk_listings, run):
    """Both were looked at before anybody was suspended; nothing new comes."""
    old, again, honest = desk_listings(
        listing(1, "bad", BAG), listing(2, "new account", BAG + "!"), listing(3, "mina", LAMP)
    )
    assert run().looked == 3
    assert alerts(db, kind="sanctioned") == []
    bad = {seller_of(db, old): "counterfeit"}
    report = run(bad)
    assert (report.looked, report.alerts) == (0, {"sanctioned": 1})
    (alert,) = alerts(db, kind="sanctioned")
    assert (alert.listing_id, alert.other_id, alert.detail) == (
        *(again, old), {"reason": "counterfeit"}
    )  # fmt: skip
    assert "florence" in alert.reasons[0].words
    assert run(bad).alerts == {}
    # The other way round nobody is accused: the older one is not the repost.
    assert run({seller_of(db, again): "theft", seller_of(db, honest): "theft"}).alerts == {}


def test_a_pair_said_to_differ_is_no_repost_later(db, desk_listings, run):
    old, again = desk_listings(listing(1, "bad", BAG), listing(2, "new account", BAG + "!"))
    run()
    keep_apart(db, ACTOR, [(old, again)])
    assert run({seller_of(db, old): "counterfeit"}).alerts == {}


def test_a_seller_who_repeats_within_the_window(db, desk_listings, run):
    first, second, third = desk_listings(*(listing(n, "seller", BAG) for n in (1, 2, 3)))
    run()
    (alert,) = alerts(db, kind="repeat")
    assert (alert.listing_id, alert.detail["listings"]) == (third, 3)
    assert alerts(db, kind="accounts") == []
    assert groups(db)[0].listing_ids == (first, second, third)
    assert groups(db, sellers=2) == []


def test_what_was_posted_long_ago_is_no_repeat(db, desk_listings, run):
    ids = desk_listings(*(listing(n, "seller", BAG) for n in (1, 2)))
    db.conn.execute("UPDATE listings SET collected_at = ?", [ago(days=90)])
    db.conn.commit()
    desk_listings(listing(3, "seller", BAG))
    run()
    assert alerts(db, kind="repeat") == []
    assert len(group_of(db, ids[0]).listing_ids) == 3


def test_a_catalogue_of_one_dealer_is_one_alert(db, desk_listings, describer, similar, described):
    watch = Watch(similar, rules=WatchRules(catalogue=5, alike=0.6, link=0.999, sure=0.999))
    models = ("iPhone 7 32GB", "Galaxy S8 64GB", "iPhone X 256GB", "Galaxy A5 16GB", "LG G6 32GB")
    desk_listings(*(
        listing(n, "dealer", f"{model} unlocked phone, warranty, delivery same day, shop price")
        for n, model in enumerate(models)
    ))  # fmt: skip
    described(describer)
    assert watch.run(db, sanctioned={}).alerts == {"catalogue": 1}
    assert alerts(db)[0].detail["listings"] == 5


def test_a_dealers_listings_are_read_once_a_run(
    db, desk_listings, describer, similar, described, monkeypatch
):
    watch = Watch(similar, rules=WatchRules(catalogue=5, alike=1, link=0.999, sure=0.999))
    ids = desk_listings(*(listing(n, "dealer", f"Thing {n}, {BAG}") for n in range(12)))
    described(describer)
    similar.refresh(db)
    read, looks = [], similar.looks

    def counted(db, listing_ids):
        read.extend(listing_ids)
        return looks(db, listing_ids)

    monkeypatch.setattr(similar, "looks", counted)
    assert "catalogue" not in watch.run(db, sanctioned={}).alerts
    assert len(read) == 2 * len(ids)  # each as it is new, and once as one of its seller's


def test_a_catalogue_is_of_its_window(db, desk_listings, describer, similar, described):
    ids = desk_listings(*(listing(n, "dealer", BAG) for n in range(7)))
    described(describer)
    for key, days in zip(ids, (100, 70, 40, 35, 20, 10, 0), strict=True):
        db.conn.execute("UPDATE listings SET collected_at = ? WHERE id = ?", [ago(days=days), key])
    db.conn.commit()
    found = [
        Catalogues(similar, days=31, least=3).around(
            db, seller_of(db, key), key
        ) for key in ids
    ]  # fmt: skip
    assert [one and one[0] for one in found] == [None, 3, 5, 4, 5, 5, 3]
    assert all(one[1] == pytest.approx(1, abs=1e-4) for one in found if one)


def test_watching_goes_by_indexes(db, desk_listings, run, plans):
    old, again = desk_listings(listing(1, "bad", BAG), listing(2, "new account", BAG + "!"))
    with plans() as found:
        run()
        run({seller_of(db, old): "counterfeit"})
    assert [one.listing_id for one in alerts(db, kind="sanctioned")] == [again]
    assert any("listings USING INDEX listings_seller" in step for step in found)
    assert any("o USING INDEX listings_seller" in step for step in found)
    assert any("INDEX watch_alerts_seller (seller=? AND kind=? AND at>?" in step for step in found)


def test_it_reads_on_where_it_was_and_a_decision_stands(db, desk_listings, run):
    desk_listings(listing(1, "a", BAG), listing(2, "b", BAG))
    assert run().looked == 2
    assert run().looked == 0
    (alert,) = alerts(db, kind="accounts")
    decide(db, ACTOR, alert.id, right=False)
    assert alerts(db) == []
    with pytest.raises(ConflictError, match="dismissed"):
        decide(db, ACTOR, alert.id, right=True)
    db.conn.execute("UPDATE watch_state SET seq = 0")
    db.conn.commit()
    assert run().looked == 2
    assert alerts(db) == []
    undo(db, ACTOR, alert.id)
    assert [one.id for one in alerts(db)] == [alert.id]
    with pytest.raises(ConflictError, match="open"):
        undo(db, ACTOR, alert.id)
    with pytest.raises(NotFoundError):
        decide(db, ACTOR, 999, right=True)
    with pytest.raises(InputError, match="kinds"):
        alerts(db, kind="smell")


def test_groups_are_split_exactly_and_confirmed(db, desk_listings, run):
    one, two, three = desk_listings(*(listing(n, f"s{n}", BAG) for n in (1, 2, 3)))
    run()
    group = group_of(db, two)
    assert group.listing_ids == (one, two, three)
    assert len(group.sellers) == 3
    assert all(link.reasons and link.probability >= 0.8 for link in group.links)
    pairs = split(db, ACTOR, [three])
    assert pairs == [(one, three), (two, three)]
    assert group_of(db, one).listing_ids == (one, two)
    assert group_of(db, three).listing_ids == (three,)
    assert confirm(db, ACTOR, one).confirmed
    assert unsplit(db, ACTOR, pairs) == 2
    whole = group_of(db, three)
    assert whole.listing_ids == (one, two, three)
    assert not whole.confirmed
    assert confirm(db, ACTOR, three).confirmed
    with pytest.raises(InputError, match="at least one"):
        split(db, ACTOR, [one, two, three])
    with pytest.raises(InputError, match="not in the group"):
        split(db, ACTOR, [one, desk_listings(listing(9, "z", LAMP))[0]])
    with pytest.raises(NotFoundError):
        group_of(db, 999)


def test_suspensions_in_force_are_read(db):
    rows = [
        {"seller": "a", "kind": "suspension", "until": None, "lifted_at": None},
        {"seller": "b", "kind": "suspension", "until": ago(days=1), "lifted_at": None},
        {"seller": "c", "kind": "suspension", "until": ago(days=-1), "lifted_at": None},
        {"seller": "d", "kind": "warning", "until": None, "lifted_at": None},
        {"seller": "e", "kind": "suspension", "until": None, "lifted_at": now()},
    ]
    for row in rows:
        db.table("sanctions").insert(row | {"reason": "fakes", "actor": "x", "at": now()})
    assert sanctioned_sellers(db) == {"a": "fakes", "c": "fakes"}


@pytest.mark.parametrize("wrong", [{"link": 0}, {"days": 0}, {"repeats": 1}, {"catalogue": 2}])
def test_rules_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        WatchRules(**wrong)
