"""A stored release is replayed beside the one in force: every inquiry on which they differ."""

from dataclasses import replace

import numpy as np
import pytest

from support import replays, retention, settings
from support.clock import ago
from support.database import scalar
from support.errors import InputError, JobCancelledError, NotFoundError, WorseError
from support.releases import current, put_in_force
from tests.conftest import ACTOR
from tests.train import desks
from train import replay as replaying
from train.candidate import train_candidate
from train.compare import Answers, pairs
from train.replay import replay

# Knows the two commonest FAQs alone.
WORSE = replace(desks.CONFIG, min_examples=50, newcomers=0)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A desk with a release in force, and a candidate that was judged worse."""
    space = desks.make(tmp_path_factory.mktemp("taught"), desks.rows(320))
    db = space.database()
    assert train_candidate(space, db, actor=ACTOR, config=desks.CONFIG).published
    judged = train_candidate(space, db, actor=ACTOR, config=WORSE)
    assert not judged.published
    db.close()
    return space


@pytest.fixture
def space(taught, tmp_path):
    return desks.copy(taught, tmp_path)


@pytest.fixture
def worse(db):
    return scalar(db, "SELECT name FROM releases ORDER BY rowid DESC LIMIT 1")


def asked(db, slug, *, since):
    """How many inquiries of an FAQ were asked since a moment."""
    sql = "SELECT count(*) FROM labels JOIN inquiries ON inquiries.id = inquiry_id " \
          "WHERE opened_at >= ? AND slug = ?"  # fmt: skip
    return scalar(db, sql, [since, slug])


def heard(first, bands, slugs):
    first = np.array(first)
    return Answers(first, first, np.full(len(first), 0.5), first, first, slugs, bands)


def test_each_inquiry_s_outcome_by_hand():
    ours = heard([True, False, True, False, True], ["likely"] * 5, ["a", "b", "a", "c", "a"])
    bands = ["likely", "likely", "silent", "likely", "likely"]
    theirs = heard([False, True, True, False, True], bands, ["b", "a", "a", "b", "a"])
    found = pairs([5, 6, 7, 8, 9], ours, theirs)
    assert [pair.outcome for pair in found] == ["won", "lost", "band", "other", "same"]
    assert found[2].inquiry_id == 7
    assert (found[2].ours.band, found[2].theirs.band) == ("likely", "silent")


def test_a_training_keeps_what_its_judgement_heard(space, db, worse):
    live = current(space.models).name
    (found,) = replays.listed(db, worse)
    assert (found.against, found.way, found.worse) == (live, "refitted", True)
    assert found.counts["won"] == 0
    assert found.counts["lost"] == found.figures["losses"]
    assert found.n == found.figures["n"]
    rows = replays.differing(db, found.id, outcome="lost", limit=100)
    # The rarest FAQ is lost, each time, and nothing else is.
    assert len(rows) == asked(db, "chat", since=found.since) == found.counts["lost"] > 4
    for row in rows:
        assert row.pair.theirs.slug == row.sent[0] == "chat"
        assert row.pair.ours.slug in ("refund", "parcel", "account")
        assert set(row.text.split()) & set(desks.TOPICS[row.sent[0]])
    dates = [row.asked_at for row in rows]
    assert dates == sorted(dates, reverse=True)
    chat = replays.differing(db, found.id, slug="chat", limit=100)
    assert len(chat) >= len(rows)
    assert all("chat" in (row.pair.theirs.slug, *row.sent) for row in chat)
    again = replays.differing(db, found.id, outcome="lost", limit=3, offset=2)
    assert again == rows[2:5]
    assert "chat" in replays.slugs(db, found.id)


def test_what_was_asked_since_both_were_made_is_asked_of_the_models_themselves(
    space, db, tmp_path, worse
):
    desks.add(space, tmp_path, desks.rows(40, seed=3, ends_days_ago=-30))
    found = replay(space, db, worse, actor=ACTOR)
    assert (found.way, found.n, found.worse) == ("unseen", 40, True)
    gone = {row.sent[0] for row in replays.differing(db, found.id, outcome="lost", limit=50)}
    assert "chat" in gone <= {"chat", "account"}
    assert found.counts["lost"] == sum(asked(db, slug, since=found.since) for slug in gone)
    assert found.figures["swayed"] == 0
    assert "worse" in found.figures["why"]
    assert len(replays.listed(db, worse)) == 2  # beside the training's
    again = replay(space, db, worse, actor=ACTOR)
    assert replays.listed(db, worse)[0].id == again.id
    with pytest.raises(NotFoundError, match="newer one"):
        replays.get(db, found.id)


def test_a_release_of_before_there_were_replays_is_fitted_again(space, db, worse):
    db.execute("DELETE FROM replays")
    steps = []
    found = replay(space, db, worse, actor=ACTOR,
                   progress=lambda done, total, message: steps.append(message))  # fmt: skip
    assert (found.way, found.worse) == ("refitted", True)
    assert found.counts["lost"] == found.figures["losses"] > 4
    assert any(step.startswith("judging: ") for step in steps)
    assert scalar(db, "SELECT count(*) FROM replay_answers") == found.n


def test_with_the_same_recipe_it_shows_what_would_change_and_proves_nothing(space, db):
    first = current(space.models).name
    assert train_candidate(space, db, actor=ACTOR, config=desks.CONFIG).published
    found = replay(space, db, first, actor=ACTOR)
    assert (found.way, found.worse) == ("learned", False)
    assert found.n == found.figures["n"] > 50
    assert "proves nothing" in found.figures["why"]
    put_in_force(space, db, first, actor=ACTOR)


def test_a_replay_that_proves_it_worse_refuses_it_too(space, db, tmp_path, worse):
    """Whatever a release's own judgement said, beside the one in force now it is worse."""
    db.execute("UPDATE releases SET judgement = '{}'")
    db.execute("DELETE FROM replays")
    desks.add(space, tmp_path, desks.rows(40, seed=3, ends_days_ago=-30))
    replay(space, db, worse, actor=ACTOR)
    with pytest.raises(WorseError, match=r"worse: hit@1"):
        put_in_force(space, db, worse, actor=ACTOR)
    put_in_force(space, db, worse, actor=ACTOR, force=True, reason="Chat is closed.")
    assert current(space.models).name == worse


def test_what_is_deleted_is_not_shown_and_the_figures_stay(space, db, worse):
    (before,) = replays.listed(db, worse)
    gone = [row.pair.inquiry_id for row in replays.differing(db, before.id, limit=3)]
    db.execute("UPDATE inquiries SET closed_at = ?", [ago(days=1)])
    marks = ",".join("?" * 3)
    db.execute(f"UPDATE inquiries SET closed_at = ? WHERE id IN ({marks})", [ago(days=99), *gone])
    assert retention.forget_closed(db, days=50) == 3
    (after,) = replays.listed(db, worse)
    assert (after.n, after.figures) == (before.n - 3, before.figures)
    assert not {row.pair.inquiry_id for row in replays.differing(db, after.id, limit=100)} & {*gone}


def test_there_must_be_another_in_force_and_something_to_ask(space, db, worse):
    with pytest.raises(InputError, match="another release in force"):
        replay(space, db, current(space.models).name, actor=ACTOR)
    with pytest.raises(NotFoundError):
        replay(space, db, "nothing", actor=ACTOR)
    settings.change(db, ACTOR, judged_weeks=1)
    db.execute("UPDATE releases SET recipe = '{}'")
    db.execute("DELETE FROM labels")
    with pytest.raises(InputError, match="recent enough"):
        replay(space, db, worse, actor=ACTOR)


def test_a_cancelled_replay_keeps_nothing(space, db, worse):
    kept = scalar(db, "SELECT group_concat(id) FROM replays")

    def cancel(done, total, message):
        if message != replaying.ASKING:
            raise JobCancelledError("cancelled")

    with pytest.raises(JobCancelledError):
        replay(space, db, worse, actor=ACTOR, progress=cancel)
    assert scalar(db, "SELECT group_concat(id) FROM replays") == kept
