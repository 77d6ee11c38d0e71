"""The review queue: order, claims, decisions that become labels, undo, many at once, agreement."""

import pytest

from listings import review
from listings.agreement import agreements, cohens_kappa
from listings.labels import add_hand_label, label_of
from listings.review import Queue
from listings.review_decisions import accept_first, decide, drop, undo
from listings.review_fill import add_items, fill_from_listings, priority, wants_two
from support.database import scalar
from support.errors import ConflictError, InputError, NotFoundError
from tests.conftest import ACTOR
from tests.listings.review_queue import BAGS, COATS, SHOES, TREE, fill, person

WHOLE = Queue()


@pytest.fixture
def mina(db):
    return person(db, "mina")


@pytest.fixture
def yuna(db):
    return person(db, "yuna")


@pytest.fixture
def queue(db, seal):
    return fill(db, seal)


def hand_labels(db):
    sql = "SELECT listing_id, path FROM listing_labels WHERE undone_at IS NULL ORDER BY listing_id"
    return db.conn.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("guesses", "given", "reason", "expected"),
    [
        ([("a", 0.5), ("b", 0.5)], "", "unsure", 1.0),
        ([("a", 0.75), ("b", 0.25)], "", "unsure", 0.5),
        ([("a", 0.25)], "", "unsure", 0.75),
        ([], "", "unsure", 0.0),
        ([("a", 0.75), ("b", 0.25)], "b", "disagree", 0.5),
        ([("a", 0.75), ("b", 0.25)], "z", "disagree", 0.75),
        ([("a", 0.75), ("b", 0.25)], " ", "disagree", 0.75),
    ],
)
def test_what_there_is_to_learn_by_hand(guesses, given, reason, expected):
    assert priority(guesses, given=given, reason=reason) == pytest.approx(expected)


def test_two_people_are_asked_about_an_even_share():
    assert sum(wants_two(number, 0.1) for number in range(1, 101)) == 10
    assert not any(wants_two(number, 0.0) for number in range(1, 101))
    assert all(wants_two(number, 1.0) for number in range(1, 101))


def test_the_most_informative_comes_first(db, queue, mina):
    found = review.waiting(db, mina, WHOLE, limit=9)
    assert [item.id for item in found] == queue
    assert [item.priority for item in found] == pytest.approx([0.98, 0.95, 0.7])
    assert found[1].given == SHOES


def test_a_row_on_one_screen_is_kept_from_the_others(db, queue, mina, yuna):
    assert review.claim_next(db, mina, WHOLE).id == queue[0]
    assert review.claim_next(db, mina, WHOLE).id == queue[0]
    assert review.claim_next(db, yuna, WHOLE).id == queue[1]
    db.execute("UPDATE review_items SET claimed_at = '2020-01-01T00:00:00Z'")
    assert review.claim_next(db, yuna, WHOLE).id == queue[0]
    assert review.claim_next(db, mina, WHOLE).id == queue[1]


def test_a_decision_is_a_label_and_undo_takes_it_back_exactly(db, queue, mina):
    item = review.get(db, queue[0])
    add_hand_label(db, ACTOR, item.listing_id, COATS, tree=TREE)
    decide(db, ACTOR, mina, item.id, rank=2)
    assert label_of(db, item.listing_id, tree=TREE) == (BAGS, "hand")
    assert review.get(db, item.id).state == "decided"
    assert undo(db, ACTOR, mina).items == (item.id,)
    assert label_of(db, item.listing_id, tree=TREE) == (COATS, "hand")
    assert review.get(db, item.id) == item
    assert undo(db, ACTOR, mina) is None


def test_another_category_and_a_skip(db, queue, mina, yuna):
    decide(db, ACTOR, mina, queue[0], path=COATS)
    decide(db, ACTOR, mina, queue[1])
    assert [path for _, path in hand_labels(db)] == [COATS]
    sql = "SELECT decision, rank, path FROM review_decisions ORDER BY id"
    assert db.conn.execute(sql).fetchall() == [("accept", 3, COATS), ("skip", None, "")]
    assert [item.id for item in review.waiting(db, mina, WHOLE, limit=9)] == [queue[2]]
    # Skipped by one, it waits for the other.
    assert [item.id for item in review.waiting(db, yuna, WHOLE, limit=9)] == queue[1:]


def test_what_cannot_be_decided_is_refused(db, queue, mina):
    with pytest.raises(InputError, match="no number 4"):
        decide(db, ACTOR, mina, queue[0], rank=4)
    with pytest.raises(InputError, match="no category 'Boats'"):
        decide(db, ACTOR, mina, queue[0], path="Boats")
    with pytest.raises(NotFoundError):
        decide(db, ACTOR, mina, 77, rank=1)
    decide(db, ACTOR, mina, queue[0], rank=1)
    with pytest.raises(ConflictError, match="already"):
        decide(db, ACTOR, mina, queue[0], rank=1)
    assert len(hand_labels(db)) == 1


def test_many_at_once_are_undone_at_once(db, queue, mina, yuna):
    decide(db, ACTOR, yuna, queue[2], rank=2)
    decide(db, ACTOR, mina, queue[0], rank=2)
    assert accept_first(db, ACTOR, mina, [*queue, queue[1]], together="t") == 1
    assert [path for _, path in hand_labels(db)] == [BAGS, BAGS, COATS]
    assert undo(db, ACTOR, mina).decisions == 1
    assert undo(db, ACTOR, mina).items == (queue[0],)
    assert [path for _, path in hand_labels(db)] == [COATS]


def test_one_undo_for_a_whole_page(db, queue, mina):
    assert accept_first(db, ACTOR, mina, queue, together="t") == 3
    assert sorted(undo(db, ACTOR, mina).items) == queue
    assert hand_labels(db) == []
    assert review.progress(db, mina, WHOLE).left == 3


def test_a_row_for_two_waits_for_the_second(db, seal, mina, yuna):
    first, *_ = fill(db, seal, twice=1.0)
    decide(db, ACTOR, mina, first, rank=1)
    assert review.get(db, first).state == "open"
    assert first not in [item.id for item in review.waiting(db, mina, WHOLE, limit=9)]
    decide(db, ACTOR, yuna, first, rank=2)
    assert review.get(db, first).state == "decided"


def test_the_queue_is_filtered(db, seal, mina):
    db["label_batches"].insert(
        {"id": 7, "name": "a.csv", "file": "", "state": "done", "created_by": "x", "created_at": ""}
    )
    one, two, three = fill(db, seal, batch_id=7)
    for queue, expected in (
        (Queue(batch=7), [one, two, three]),
        (Queue(batch=8), []),
        (Queue(reason="disagree"), [two]),
        (Queue(category=SHOES), [one, three]),
        (Queue(category="Women"), [one, two, three]),
        (Queue(category="Wom"), []),
        (Queue(category="x' OR 1=1 --"), []),
        (Queue(batch=7, reason="unsure", category=BAGS), []),
    ):
        assert [item.id for item in review.waiting(db, mina, queue, limit=9)] == expected
    assert review.categories(db, WHOLE) == [(SHOES, 2), (BAGS, 1)]
    decide(db, ACTOR, mina, one, rank=1)
    assert drop(db, ACTOR, 7) == 2
    assert len(hand_labels(db)) == 1
    with pytest.raises(ConflictError, match="taken out"):
        decide(db, ACTOR, mina, two, rank=1)


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: (.7 - .5) / (1 - .5)
        ([("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15, 0.4),
        ([("a", "a"), ("b", "b")], 1.0),
        ([("a", "b"), ("b", "a")], -1.0),
        ([("a", "a")], None),
        ([], None),
    ],
)
def test_kappa_by_hand(pairs, kappa):
    found = cohens_kappa(pairs)
    assert found == (kappa if kappa is None else pytest.approx(kappa))


def test_agreement_of_two_people(db, seal, mina, yuna):
    items = fill(db, seal, twice=1.0)
    for item_id, ours, theirs in zip(items, (1, 1, 0), (1, 2, 1), strict=True):
        for who, rank in ((mina, ours), (yuna, theirs)):
            decide(db, ACTOR, who, item_id, rank=rank or None)
    (found,) = agreements(db, WHOLE)
    assert (found.people, found.n, found.same, found.share) == ((mina, yuna), 2, 1, 0.5)
    undo(db, ACTOR, yuna)  # of the row that the other skipped
    undo(db, ACTOR, yuna)
    assert agreements(db, WHOLE)[0].n == 1


class Opinion:
    """Thinks everything is shoes, surely or not, by a word of the title."""

    version = "m1"

    def predict(self, listings, *, top_k=3, words=False):
        from listings.categorise import CategorySuggestion, Guess

        return [
            CategorySuggestion((Guess(SHOES, share), Guess(BAGS, 1 - share)), share < 0.9, "", ())
            for share in (0.55 if "maybe" in item.title else 0.95 for item in listings)
        ]


def test_the_desks_own_listings_come_in_where_a_look_pays(db, seal, images):
    from listings.store import Collected, ListingStore

    told = [("maybe a", SHOES), ("sure b", SHOES), ("sure c", BAGS), ("maybe d", SHOES)]
    ids = (
        ListingStore(db, seal)
        .save(
            [
                Collected(source="s", external_id=title, title=title, category=path, tree=TREE)
                for title, path in told
            ]
        )
        .ids
    )
    add_hand_label(db, ACTOR, ids[3], BAGS, tree=TREE)  # nobody need look again
    assert fill_from_listings(db, images, Opinion(), tree=TREE) == 2
    rows = db.conn.execute("SELECT listing_id, reason, priority FROM review_items ORDER BY id")
    assert rows.fetchall() == [(ids[0], "unsure", 0.9), (ids[2], "disagree", 0.9)]
    assert fill_from_listings(db, images, Opinion(), tree=TREE) == 0
    assert add_items(db, []) == 0
    assert scalar(db, "SELECT count(*) FROM review_items") == 2
