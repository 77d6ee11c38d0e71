"""Groups at a glance and one in whole, against links set by hand."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listings.similar.apart import keep_apart, undo_apart
from listings.similar.evidence import alike
from listings.similar.group_evidence import evidence
from listings.similar.group_list import group_page
from listings.similar.groups import confirm, group_of, groups, links_of, put_links, unconfirm
from listings.similar.looks import Match, Reason
from support.audit import Actor
from support.clock import now
from support.errors import InputError, NotFoundError

ACTOR = Actor("cli:test")


@pytest.fixture
def shop(desk_listings):
    """Ten listings; the seller of each is its number's last bit, the last one's is unknown."""
    rows = [{"number": n, "title": f"Thing {n}", "seller": f"s{n % 4}"} for n in range(9)]
    return desk_listings(*rows, {"number": 9, "title": "Thing 9"})


@pytest.fixture
def link(db):
    def join(one, other, probability=0.9, *, reasons=()):
        row = {"first_id": min(one, other), "other_id": max(one, other), "at": now(),
               "probability": probability, "reasons": json.dumps(list(reasons))}  # fmt: skip
        with db.conn:
            db.table("listing_links").insert(row, replace=True)

    return join


@pytest.fixture
def alert(db):
    def put(listing_id, kind, state="open"):
        row = {"listing_id": listing_id, "kind": kind, "probability": 1.0, "at": now(),
               "state": state, "seller": str(listing_id)}  # fmt: skip
        with db.conn:
            db.table("watch_alerts").insert(row)

    return put


def test_older_evidence_is_found_by_indexes(db, shop, plans):
    with plans() as found:
        put_links(db, shop[1], [Match(shop[0], 0.9, ())], version="v")
    steps = [step for step in found if "listing_links" in step]
    assert len(steps) >= 2
    assert not [step for step in steps if step.startswith("SCAN")]


def test_parting_one_from_many_takes_so_many_steps(db, collected, store):
    """Ten times as many take about ten times the work, not a hundred times."""
    ids = store.save([collected(number, title="Thing") for number in range(801)]).ids
    counted = []
    for rest in (ids[1:81], ids[1:]):
        ticks = []
        db.conn.set_progress_handler(lambda told=ticks: told.append(1), 10)
        made = keep_apart(db, ACTOR, [(ids[0], other) for other in rest])
        db.conn.set_progress_handler(None, 0)
        assert len(made) == len(rest)
        counted.append(len(ticks))
        undo_apart(db, ACTOR, made)
    few, many = counted
    assert many < 13 * few, (few, many)


def test_an_empty_desk_has_no_groups(db):
    assert group_page(db).groups == ()
    assert group_page(db, kind="repeat", sellers=2).total == 0
    with pytest.raises(InputError, match="smell"):
        group_page(db, kind="smell")


def test_groups_are_counted_by_hand(db, shop, link, alert):
    a, b, c, d, e, f, *_, unknown = shop  # sellers 0 1 2 3 0 1
    link(a, b, 0.9)
    link(b, c, 0.97)
    link(d, unknown, 0.88)
    link(e, f, 0.86)
    alert(unknown, "sanctioned")
    alert(c, "accounts", "dismissed")
    alert(e, "repeat")
    alert(e, "accounts")
    alert(shop[8], "catalogue")  # of a listing that nothing links
    found = group_page(db)
    assert found.total == 3
    assert [line.listing_ids for line in found.groups] == [(d, unknown), (e, f), (a, b, c)]
    assert [line.sellers for line in found.groups] == [1, 2, 3]
    assert [line.links for line in found.groups] == [1, 1, 2]
    assert [line.probability for line in found.groups] == [0.88, 0.86, 0.97]
    assert [line.kinds for line in found.groups] == [
        ("sanctioned",), ("accounts", "repeat"), ()
    ]  # fmt: skip
    assert [line.listing_ids for line in group_page(db, sellers=3).groups] == [(a, b, c)]
    assert [line.listing_ids for line in group_page(db, kind="repeat").groups] == [(e, f)]
    second = group_page(db, start=1, limit=1)
    assert (second.total, second.groups) == (3, found.groups[1:2])
    assert group_page(db, start=50).groups == ()


def test_a_group_whole_by_hand(db, shop, link):
    a, b, c, d, e, *_ = shop  # sellers 0 1 2 3 0
    for one, other, sure in ((a, b, 0.9), (b, c, 0.95), (a, c, 0.99), (c, e, 0.86)):
        link(one, other, sure)
    found = evidence(db, b, links=3)
    assert found.listing_ids == (a, b, c, e)
    # What holds it together comes first, the surest first; then the rest.
    pairs = [(found.first_id, found.other_id) for found in found.links]
    assert pairs == [(a, c), (b, c), (c, e)]
    assert found.n_links == 4
    assert [(len(one.listing_ids), one.others) for one in found.accounts] == [
        (2, 1),
        (1, 1),
        (1, 1),
    ]
    assert not found.confirmed
    pairs = keep_apart(db, ACTOR, [(c, e)])
    left = evidence(db, b)
    assert left.listing_ids == (a, b, c)
    assert [(part.listing_id, part.pairs) for part in left.parted] == [(e, ((c, e),))]
    assert left.parted[0].actor == "cli:test"
    assert evidence(db, d).links == ()
    undo_apart(db, ACTOR, pairs)
    assert evidence(db, b, links=3) == found
    with pytest.raises(NotFoundError):
        evidence(db, 999)


def test_a_confirmation_is_taken_back_exactly(db, shop, link):
    a, b, c, *_ = shop
    link(a, b)
    confirm(db, ACTOR, a)
    link(b, c)
    confirm(db, ACTOR, a)
    assert evidence(db, c).confirmed
    detail = json.loads(
        next(iter(db.query("SELECT detail FROM audit ORDER BY id DESC LIMIT 1")))["detail"]
    )
    assert detail["pairs"] == [[b, c]]  # a and b were confirmed before
    assert unconfirm(db, ACTOR, [(b, c)]) == 1
    assert [one.confirmed for one in evidence(db, a).links] == [True, False]
    assert unconfirm(db, ACTOR, [(b, c)]) == 0


def test_whose_picture_is_whose_does_not_hang_on_who_was_asked_about(db, shop):
    a, b, *_ = shop
    reason = Reason("hash", 1.0, 0.99, picture=0, other_picture=3, bits=0)
    put_links(db, b, [Match(a, 0.99, (reason,))], version="v")  # b's first is a's fourth
    (found,) = links_of(db, a)
    assert (found.first_id, found.reasons[0].picture, found.reasons[0].other_picture) == (a, 3, 0)
    put_links(db, a, [Match(b, 0.99, (found.reasons[0],))], version="v")
    (again,) = links_of(db, b)
    assert again.reasons == found.reasons
    assert [one.reasons for one in alike(db, a)] == [found.reasons]
    assert [one.reasons for one in alike(db, b)] == [(reason,)]


@settings(max_examples=40, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda p: p[0] != p[1])),
    apart=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda p: p[0] != p[1])),
)
def test_the_list_the_group_and_the_plain_search_agree(space_of_nine, pairs, apart):
    db = space_of_nine
    with db.conn:
        db.conn.execute("DELETE FROM listing_links")
        db.conn.execute("DELETE FROM listing_apart")
        for table, rows in (("listing_links", pairs), ("listing_apart", apart)):
            for one, other in {(min(pair), max(pair)) for pair in rows}:
                row = {"first_id": one, "other_id": other, "at": now()}
                more = (
                    {"probability": 0.9, "reasons": "[]"}
                    if table == "listing_links"
                    else {"actor": "cli:test"}
                )
                db.table(table).insert(row | more)
    listed = {line.listing_ids: line for line in group_page(db, limit=99).groups}
    assert set(listed) == {group.listing_ids for group in groups(db, sellers=0, limit=99)}
    for key in range(1, 10):
        own = evidence(db, key, links=99)
        assert own.listing_ids == group_of(db, key).listing_ids
        if len(own.listing_ids) > 1:
            line = listed[own.listing_ids]
            assert line.links == own.n_links == len(own.links)
            assert line.sellers == len({one.seller for one in own.accounts} - {""})
        assert sorted(itertools.chain(*(one.listing_ids for one in own.accounts))) == list(
            own.listing_ids
        )


@pytest.fixture(scope="module")
def space_of_nine(tmp_path_factory):
    from listings.store import Collected, ListingStore
    from support.workspace import Workspace

    space = Workspace(tmp_path_factory.mktemp("nine") / "desk").create()
    db = space.database()
    rows = [
        Collected(
            source="shop", external_id=str(n), title=f"Thing {n}", seller=("a", "b", "")[n % 3]
        )
        for n in range(9)
    ]
    ListingStore(db, space.seal()).save(rows)
    yield db
    db.close()
