"""A training makes a candidate; what is worse, late or deaf stays one."""

import json
import signal
from dataclasses import replace

import pytest

from support import agents, answering, publications, settings, shelf, suggestions
from support.clock import now
from support.database import scalar
from support.errors import InputError, WorseError
from support.publications import Move
from support.recommender import Recommender
from support.releases import current, put_in_force, rollback
from tests.conftest import ACTOR, import_csv
from tests.train import desks
from tests.web.doors import faqdesk, running, until
from train.candidate import train_candidate
from train.desk import rebuild_index

# Knows the two commonest FAQs alone.
WORSE = replace(desks.CONFIG, min_examples=50, newcomers=0)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A desk with a release in force."""
    folder = tmp_path_factory.mktemp("taught")
    space = desks.make(folder, desks.rows(320))
    db = space.database()
    first = train_candidate(space, db, actor=ACTOR, config=desks.CONFIG)
    assert first.published
    assert first.judgement is None  # nothing to be compared with
    db.close()
    return space


@pytest.fixture
def space(taught, tmp_path):
    return desks.copy(taught, tmp_path)


def train(space, db, **options):
    return train_candidate(space, db, actor=ACTOR, **{"config": desks.CONFIG} | options)


def test_the_same_recipe_is_judged_alone_and_published(space, db):
    before = current(space.models)
    outcome = train(space, db)
    assert outcome.published
    assert current(space.models).name == outcome.release.name != before.name
    judged = outcome.judgement
    assert 50 <= judged.n <= 60
    assert "the same recipe" in judged.why
    assert judged.everything.candidate["hit@1"] > 0.9
    assert judged.everything.live == {}
    stored = shelf.described(space, db, "live")
    assert stored.hit_1 == pytest.approx(judged.everything.candidate["hit@1"])
    assert stored.recipe["encoder"] == "learned"
    assert stored.recipe["settings"]["svm_cost"] == 0.6
    assert rollback(space, db, actor=ACTOR).name == before.name


def test_what_is_worse_stays_a_candidate_until_somebody_insists(space, db):
    before = current(space.models)
    db.execute("UPDATE releases SET recipe = json_set(recipe, '$.code', 0)")  # of an older faqdesk
    outcome = train(space, db, config=WORSE)
    assert not outcome.published
    assert current(space.models) == before
    judged = outcome.judgement
    assert judged.worse
    everything = judged.everything
    assert everything.losses > everything.wins
    assert everything.wins + everything.losses + everything.ties == everything.in_scope == judged.n
    assert everything.differences["hit@1"].high < 0
    assert any("older faqdesk" in note for note in judged.notes)
    for words in (before.name, f"faqdesk models publish {outcome.release.name}", "--recipe live"):
        assert words in outcome.message
    stored = shelf.described(space, db, outcome.release.name)
    assert stored.state == "candidate"
    assert stored.judgement["worse"] is True
    assert stored.judgement["live"]["hit@1"] > stored.judgement["candidate"]["hit@1"]
    with pytest.raises(WorseError, match=r"worse: hit@1 -.*--force --reason"):
        put_in_force(space, db, stored.name, actor=ACTOR)
    with pytest.raises(InputError, match="Say why"):
        put_in_force(space, db, stored.name, actor=ACTOR, force=True, reason=" ")
    assert current(space.models) == before
    put_in_force(space, db, stored.name, actor=ACTOR, force=True, reason="Parcels stop today.")
    assert current(space.models).name == stored.name
    assert publications.history(db, stored.name, line="desk")[0].move == Move(
        "Parcels stop today.", forced=True
    )
    detail = scalar(db, "SELECT detail FROM audit WHERE action = 'release.published' "
                        "ORDER BY id DESC LIMIT 1")  # fmt: skip
    assert json.loads(detail)["reason"] == "Parcels stop today."


def test_inquiries_that_were_shown_a_suggestion_are_judged_apart(space, db, tmp_path):
    settings.change(db, ACTOR, holdout=0.5, faq_hosts=("help.example.com",))
    agents.add(db, ACTOR, login="mina", name="Mina", role="agent", password="correct horse")
    asked = desks.rows(16, seed=5)
    lines = [f"{name},{text},{now()}" for name, text, *_ in asked]
    import_csv(space, tmp_path / "open.csv", "\n".join(["id,question,created_at", *lines]))
    ids = {row["source_id"]: row["id"] for row in db.query("SELECT id, source_id FROM inquiries")}
    recommender, shown, held = Recommender(space), set(), set()
    for place, (name, text, slug, *_) in enumerate(asked):
        if place < 12:  # the last four are answered without a look
            found = recommender.suggest(db, text, inquiry_id=ids[name])
            suggestions.remember(db, found, inquiry_id=ids[name], asked_by="agent:1")
            shown |= {ids[name]} if found.faqs else set()
            held |= {ids[name]} if found.reason == "holdout" else set()
        answering.send(
            db, space.seal(),
            inquiry_id=ids[name], agent_id=1, text=f"안내 {desks.HELP}{slug}", actor=ACTOR,
        )  # fmt: skip
    assert shown
    assert held
    judged = train(space, db, config=WORSE).judgement
    assert (judged.shown.n, judged.held_out) == (len(shown), len(held))
    assert judged.unswayed.n == judged.n - len(shown)
    assert {ids[name] for name, *_ in asked} >= shown | held
    assert judged.shown.live["hit@1"] >= judged.shown.candidate["hit@1"]
    assert judged.shown.wins + judged.shown.losses + judged.shown.ties == judged.shown.in_scope


def test_publishing_come_what_may_still_judges(space, db):
    outcome = train(space, db, config=WORSE, judging="always")
    assert outcome.judgement.worse
    assert outcome.published
    assert current(space.models).name == outcome.release.name


def test_the_recipe_in_force_is_fitted_on_newer_history(space, db, tmp_path):
    before = shelf.described(space, db, "live")
    newer = [(f"x{n}", text, "refund", now(), now()) for n, text in enumerate(["환불 급해요"] * 3)]
    desks.add(space, tmp_path, newer)
    outcome = train(space, db, config=WORSE, live_again=True)
    assert outcome.published
    assert outcome.report.labels == len(desks.TOPICS)
    assert outcome.report.train + outcome.report.validation == 323
    after = shelf.described(space, db, "live").recipe
    assert after["config"] == before.recipe["config"]
    assert after["settings"]["svm_cost"] == before.recipe["settings"]["svm_cost"]


def test_there_must_be_a_recipe_to_take_again(tmp_path):
    fresh = desks.make(tmp_path, desks.rows(20))
    db = fresh.database()
    with pytest.raises(InputError, match="No classifier is in force"):
        train(fresh, db, live_again=True)
    db.close()


def test_too_little_after_the_cut_is_said_and_published(space, db):
    settings.change(db, ACTOR, judged_weeks=1)
    outcome = train(space, db, config=WORSE)
    assert outcome.published
    assert "Not judged: only 1" in outcome.judgement.why
    assert outcome.judgement.everything is None
    settings.change(db, ACTOR, judged_weeks=22)
    assert "too little to learn from" in train(space, db).judgement.why


def test_a_recipe_that_learns_nothing_where_the_live_one_does_is_worse(space, db):
    outcome = train(space, db, config=replace(WORSE, min_examples=100))
    assert "learns nothing" in outcome.judgement.why
    assert not outcome.published


def test_of_two_trainings_at_once_the_second_to_end_stays_a_candidate(space, db):
    names = []

    def train_beside(done, total, message):
        if message.startswith("features") and not names:
            done = faqdesk(space, "train", "--no-judge", "--json")
            assert done.returncode == 0, done.stderr
            names.append(json.loads(done.stdout)["release"])

    outcome = train(space, db, progress=train_beside)
    assert not outcome.published
    assert "came into force meanwhile" in outcome.message
    assert current(space.models).name == names[0]
    assert shelf.described(space, db, outcome.release.name).state == "candidate"


def test_an_index_built_meanwhile_hinders_nobody(space, db):
    built = []

    def build(done, total, message):
        if message.startswith("features") and not built:
            built.append(rebuild_index(space, db, actor=ACTOR).name)

    outcome = train(space, db, judging="unjudged", progress=build)
    assert outcome.published
    assert current(space.models).name == outcome.release.name != built[0]


def test_a_release_without_classifier_does_not_replace_one_with(space, db):
    before = current(space.models)
    db.execute("DELETE FROM labels")
    outcome = train(space, db)
    assert not outcome.published
    assert current(space.models) == before
    assert "faq" not in outcome.release.parts
    assert "needed" in outcome.release.no_classifier
    assert outcome.release.no_classifier in outcome.message


def test_killed_while_training_the_release_in_force_stays(space, db):
    before = current(space.models)
    kept = scalar(db, "SELECT count(*) FROM releases")
    with running(space, "train") as process:
        until(
            lambda: len(list((space.models / "encoder").iterdir())) > 1, "it is at its second part"
        )
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert current(space.models) == before
    assert scalar(db, "SELECT count(*) FROM releases") == kept
    outcome = train(space, db, judging="unjudged")
    assert outcome.published
    assert not list(space.models.rglob(".tmp-*"))
