"""A listing's story as people read it: marks in its words, what stands, what is new."""

import pytest

from listings.listing import Listing
from listings.moderation import appeals, history
from listings.moderation.case_queue import open_for
from listings.moderation.cases import add_sign
from listings.moderation.classes import Reason
from listings.moderation.decisions import decide, undo
from listings.moderation.policy_act import act
from tests.conftest import ACTOR
from tests.listings.moderation.desk import (
    a_policy,
    add_listings,
    edit,
    person,
    put,
    report,
    verdict,
)


def mark(start, stop, weight=1.0, what="x"):
    return Reason("word", "counterfeit", what, weight, start, stop)


def told(pieces):
    """Pieces as text, what is marked in brackets."""
    return "".join(f"[{p.text}]" if p.reason else p.text for p in pieces)


@pytest.mark.parametrize(
    ("listing", "reasons", "title", "description"),
    [
        (Listing("a fake bag", "no box"), [mark(2, 6), mark(14, 17)], "a [fake] bag", "no [box]"),
        (Listing("", "no box"), [mark(3, 6)], "", "no [box]"),
        (Listing("fake"), [mark(0, 4)], "[fake]", ""),
        (Listing("a fake", "b"), [], "a fake", "b"),
        (Listing("a fake"), [mark(-1, -1), mark(0, 99), mark(3, 3), mark(5, 2)], "a fake", ""),
        (Listing("fake bag", "box"), [mark(5, 12)], "fake [bag]", "[box]"),
        (Listing("a &lt;b&gt; fake"), [mark(2, 5)], "a [<b>] fake", ""),
        (Listing("", ""), [mark(0, 1)], "", ""),
    ],
)
def test_words_are_cut_where_reasons_were_found(listing, reasons, title, description):
    found = history.pieces(listing, tuple(reasons))
    assert (told(found[0]), told(found[1])) == (title, description)


def test_of_two_reasons_in_one_place_the_heavier_is_told():
    found, _ = history.pieces(Listing("a fake bag"), (mark(2, 6, 3.0, "a"), mark(4, 10, 1.0, "b")))
    assert [(p.text, p.reason.what if p.reason else "") for p in found] == [
        ("a ", ""), ("fake", "a"), (" bag", "b"),
    ]  # fmt: skip


def test_a_story_is_whole_and_the_newest_comes_first(db, seal):
    (listing_id,) = add_listings(db, seal, 1)
    nobody = history.story(db, listing_id)
    assert (nobody.case, nobody.verdicts, nobody.decisions) == (None, [], [])
    put(db, a_policy())
    put(db, a_policy(no_hiding=("Cars",)), "shadow")
    act(db, [(listing_id, verdict(counterfeit=0.6))], release="r1")
    report(db, seal, listing_id, "ann", words="a copy")
    mina = person(db, "mina")
    case = history.story(db, listing_id).case
    first = decide(db, ACTOR, mina, case.id, label="counterfeit", reason="a copy")
    undo(db, ACTOR, first)
    second = decide(db, ACTOR, mina, case.id, label="animals", reason="a cat")
    appeals.file(db, ACTOR, second, by="seller", words="a toy cat")
    story = history.story(db, listing_id)
    assert [found.mode for found in story.verdicts] == ["shadow", "live"]
    assert history.last_verdict(db, listing_id).mode == "live"
    assert history.last_verdict(db, listing_id).thresholds["counterfeit"].hide == 0.9
    assert [(d.id, bool(d.undone_at), d.undone_by) for d in story.decisions] == [
        (second, False, ""), (first, True, ACTOR.name),
    ]  # fmt: skip
    assert [(a.action, a.cause) for a in story.actions] == [
        ("hide", "decided"), ("show", "undone"), ("hide", "decided"),
    ]  # fmt: skip
    assert [a.words for a in story.appeals] == ["a toy cat"]
    assert [r.words for r in story.reports] == ["a copy"]
    assert history.why_open(db, [case.id]) == {case.id: ["appeal"]}


def test_a_stamp_changes_with_all_that_a_person_must_see(db, seal):
    (listing_id,) = add_listings(db, seal, 1)
    case = open_for(db, ACTOR, listing_id)
    mina = person(db, "mina")
    seen = {history.stamp(db, case)}
    assert seen == {history.stamp(db, case)}
    report(db, seal, listing_id, "ann")
    seen.add(history.stamp(db, case))
    edit(db, listing_id)
    seen.add(history.stamp(db, case))
    decision = decide(db, ACTOR, mina, case.id, label="counterfeit", reason="a copy")
    seen.add(history.stamp(db, case))
    appeal = appeals.file(db, ACTOR, decision, by="seller")
    seen.add(history.stamp(db, case))
    appeals.overturn(db, ACTOR, person(db, "yuna"), appeal.id, label="normal", reason="a toy")
    seen.add(history.stamp(db, case))
    assert len(seen) == 6


def test_a_stamp_changes_with_what_leaves_no_newer_row(db, seal):
    ids = add_listings(db, seal, 2)
    report(db, seal, ids[0], "ann")
    case = history.story(db, ids[0]).case
    mina = person(db, "mina")
    seen = [history.stamp(db, case)]
    report(db, seal, ids[0], "ann", label="legal")  # merged with the first
    seen.append(history.stamp(db, case))
    add_sign(db, case.id, "watch", note="a seller who is back")
    seen.append(history.stamp(db, case))
    decision = decide(db, ACTOR, mina, case.id, label="counterfeit", reason="a copy")
    seen.append(history.stamp(db, case))
    undo(db, ACTOR, decision)
    seen.append(history.stamp(db, case))
    assert len(set(seen)) == 5
    other = open_for(db, ACTOR, ids[1])
    assert history.stamps(db, [case.id, other.id, 99]) == {
        case.id: seen[-1], other.id: history.stamp(db, other)
    }  # fmt: skip
