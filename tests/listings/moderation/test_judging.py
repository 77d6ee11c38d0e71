"""Listings of a desk judged by what is in force: each once, again when it changes, never twice."""

import pytest

from listings.moderation import judging, policy_store
from listings.moderation.cases import of_listing
from listings.moderation.moderator import Moderator
from listings.moderation.policy import Policy, Rules
from listings.store import Collected, ListingStore
from support.clock import ago
from support.database import scalar
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.listings.moderation.desk import edit
from tests.listings.moderation.model_desk import rows, write_model

QUIET = Rules(sample_all=0.0, sample_hidden=0.0)
WORDS = ("짝퉁 가방 팝니다", "아기 의자 팝니다", "위스키 팝니다")


@pytest.fixture
def space(tmp_path):
    return Workspace(tmp_path / "desk").create()


@pytest.fixture
def db(space):
    return space.database()


@pytest.fixture
def ids(space, db):
    items = [
        Collected(source="market", external_id=str(n), title=words) for n, words in enumerate(WORDS)
    ]
    return ListingStore(db, space.seal()).save(items).ids


def put(db, mode):
    stored = policy_store.store(db, ACTOR, Policy(rules=QUIET))
    return policy_store.set_mode(db, ACTOR, stored.id, mode)


def run(space, db, **options):
    moderator = judging.follow(space).held()
    return judging.judge_waiting(space, db, moderator=moderator, **options)


def test_without_a_policy_nothing_is_read_or_written(space, db, ids):
    assert run(space, db, everything=True) == judging.JudgingReport()
    assert scalar(db, "SELECT count(*) FROM moderation_verdicts") == 0


def test_without_a_model_everything_goes_to_people_and_nothing_is_hidden(space, db, ids):
    put(db, "live")
    report = run(space, db)
    assert (report.judged, report.mode, report.hidden_now) == (3, "live", 0)
    assert report.actions == {"hide": 0, "review": 3, "pass": 0}
    assert all(of_listing(db, listing_id).state == "open" for listing_id in ids)


def test_what_was_judged_is_judged_again_only_when_it_changed(space, db, ids):
    put(db, "shadow")
    assert run(space, db).judged == 3
    assert run(space, db).judged == 0
    edit(db, ids[1])
    assert run(space, db).judged == 1


def test_what_was_there_before_the_policy_waits_until_everything_is_asked_for(space, db, ids):
    db.table("listings").update(ids[0], {"revised_at": ago(days=2)})
    put(db, "live")
    assert run(space, db).judged == 2
    assert run(space, db, everything=True).judged == 1


def test_killed_half_way_the_next_run_goes_on(space, db, ids, monkeypatch):
    monkeypatch.setattr(judging, "PAGE", 1)
    put(db, "live")

    def stop(done, total, message):
        assert total == 3
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(space, db, progress=stop)
    assert run(space, db).judged == 1
    assert scalar(db, "SELECT count(*) FROM moderation_verdicts") == 3


def test_a_rule_file_that_changes_is_read_again(space, db, ids):
    follower = judging.follow(space)
    before = follower.held()
    assert follower.held() is before
    file = space.home / "moderation" / "rules.toml"
    file.parent.mkdir()
    file.write_text(
        '[[rule]]\nname = "chairs"\nclass = "animals"\nweight = 6.0\nwords = ["의자"]\n'
    )
    assert follower.held() is not before
    verdict = judging.judge(space, db, ids[1:2], moderator=follower.held())
    assert verdict == []
    put(db, "live")
    (acted,) = judging.judge(space, db, ids[1:2], moderator=follower.held())
    assert acted.choice.label == "animals"


def test_the_moderator_without_a_model_says_what_is_missing(space):
    assert isinstance(judging.follow(space).held(), Moderator)
    assert "faqdesk train moderation" in judging.follow(space).held().trouble


def test_what_changes_while_it_is_judged_is_judged_again(space, db, ids):
    put(db, "live")
    moderator = judging.follow(space).held()

    class Slow:
        release = moderator.release

        def judge(self, listings, signals):
            edit(db, ids[0])
            return moderator.judge(listings, signals)

    assert len(judging.judge(space, db, ids, moderator=Slow())) == 2
    assert run(space, db).judged == 1


def test_a_verdict_names_the_model_and_the_release_that_it_is_of(space, db, ids):
    put(db, "shadow")
    name = write_model(space, db, rows(8, 2))
    moderator = judging.follow(space).held()
    judging.judge(space, db, ids, moderator=moderator)
    found = set(db.conn.execute("SELECT model, release FROM moderation_verdicts").fetchall())
    assert found == {(moderator.version, name)}
    assert moderator.version
