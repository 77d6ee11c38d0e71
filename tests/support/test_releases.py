"""Releases move whole, one at a time, forwards and back; old ones are pruned."""

import json
import shutil
import threading

import pytest

from support import shelf
from support.artifact import write_artifact
from support.database import scalar
from support.errors import (
    ConflictError,
    InputError,
    ModelDamagedError,
    ModelMissingError,
    NotFoundError,
)
from support.recommender import Recommender
from support.releases import current, in_force, publish, put_in_force, rollback, store
from tests.conftest import ACTOR


def write_part(space, version, *, kind="faq", weight=b"w"):
    """A model folder of nothing but a weight; enough to be moved."""

    def files(folder):
        (folder / "weights.bin").write_bytes(weight)

    folder = space.models / kind / version
    write_artifact(folder, kind=kind, config={}, files=files, metrics={"hit": 0.5})
    return {kind: version}


@pytest.fixture
def three(space, db):
    """Three releases, published one after the other: their names."""
    return [
        publish(space, db, write_part(space, f"v{number}"), actor=ACTOR).name for number in range(3)
    ]


def states(space, db):
    return {found.name: found.state for found in shelf.listed(space, db)}


def live(space):
    return current(space.models).name


def test_the_newest_is_live_and_the_others_are_retired(space, db, three):
    assert states(space, db) == {three[2]: "live", three[1]: "retired", three[0]: "retired"}
    stored = store(space, db, write_part(space, "v9"), actor=ACTOR, judgement={"n": 3})
    assert states(space, db)[stored.name] == "candidate"
    assert live(space) == three[2]
    found = shelf.described(space, db, stored.name)
    assert found.judgement == {"n": 3}
    assert found.size > 100
    assert shelf.described(space, db, "live").name == three[2]
    with pytest.raises(NotFoundError, match="faqdesk models list"):
        shelf.described(space, db, "nothing")


def test_rolling_back_twice_goes_back_twice_and_then_there_is_nothing(space, db, three):
    assert rollback(space, db, actor=ACTOR).name == three[1] == live(space)
    assert rollback(space, db, actor=ACTOR).name == three[0] == live(space)
    with pytest.raises(NotFoundError, match="No release was in force before"):
        rollback(space, db, actor=ACTOR)
    assert live(space) == three[0]
    actions = [row["action"] for row in db.query("SELECT action FROM audit ORDER BY id")]
    assert actions.count("release.rolled_back") == 2


def test_what_was_rolled_back_is_not_come_back_to(space, db, three):
    """Published after a rollback, a release goes back to what was in force then."""
    rollback(space, db, actor=ACTOR)
    newer = publish(space, db, write_part(space, "v5"), actor=ACTOR)
    assert live(space) == newer.name
    assert rollback(space, db, actor=ACTOR).name == three[1]
    assert rollback(space, db, actor=ACTOR).name == three[0]


def test_a_release_published_again_and_again_still_has_a_way_back(space, db, three):
    put_in_force(space, db, three[0], actor=ACTOR)
    put_in_force(space, db, three[1], actor=ACTOR)
    names = [rollback(space, db, actor=ACTOR).name for _ in range(4)]
    assert names == [three[0], three[2], three[1], three[0]]


def test_publishing_what_is_in_force_changes_nothing_about_the_way_back(space, db, three):
    put_in_force(space, db, three[2], actor=ACTOR)
    assert live(space) == three[2]
    assert rollback(space, db, actor=ACTOR).name == three[1]


def test_another_release_meanwhile_is_not_overwritten(space, db, three):
    seen = in_force(space.models)
    other = publish(space, db, write_part(space, "v6"), actor=ACTOR)
    with pytest.raises(ConflictError, match=f"{other.name} came into force meanwhile"):
        publish(space, db, write_part(space, "v7"), actor=ACTOR, expected=seen)
    assert live(space) == other.name
    assert list(states(space, db).values()).count("candidate") == 1
    with pytest.raises(ConflictError):
        publish(space, db, write_part(space, "v8"), actor=ACTOR, expected=None)
    publish(space, db, write_part(space, "v8"), actor=ACTOR, expected=in_force(space.models))


def test_an_index_built_anew_is_no_other_model(space, db, three):
    seen = in_force(space.models)
    publish(space, db, dict(seen.parts) | write_part(space, "i1", kind="index"), actor=ACTOR)
    newer = publish(space, db, write_part(space, "v7"), actor=ACTOR, expected=seen)
    assert live(space) == newer.name


def test_of_many_who_publish_at_once_one_is_first(space, db, three):
    seen = in_force(space.models)
    parts = [write_part(space, f"w{number}") for number in range(5)]
    outcomes = []
    gate = threading.Barrier(5)

    def run(part):
        own = space.database()
        gate.wait()
        try:
            outcomes.append(publish(space, own, part, actor=ACTOR, expected=seen).name)
        except ConflictError:
            outcomes.append(None)
        own.close()

    threads = [threading.Thread(target=run, args=[part]) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 5
    assert [name for name in outcomes if name] == [live(space)]


@pytest.mark.parametrize("go", ["publish", "rollback"])
def test_a_damaged_or_foreign_part_never_comes_back_into_force(space, db, three, go):
    def move():
        if go == "publish":
            return put_in_force(space, db, three[1], actor=ACTOR)
        return rollback(space, db, actor=ACTOR)

    folder = space.models / "faq" / "v1"
    weights = folder / "weights.bin"
    weights.write_bytes(b"x")
    with pytest.raises(ModelDamagedError, match=r"weights\.bin"):
        move()
    write_part(space, "v1", weight=b"another")  # whole, but not the one of that release
    with pytest.raises(ModelDamagedError, match="is not what release"):
        move()
    shutil.rmtree(folder)
    with pytest.raises(ModelMissingError):
        move()
    assert live(space) == three[2]
    with pytest.raises(NotFoundError, match="'nothing'"):
        put_in_force(space, db, "nothing", actor=ACTOR)


def test_a_damaged_pointer_is_mended_by_publishing(space, db, three):
    (space.models / "current").write_text("{")
    with pytest.raises(ModelDamagedError, match="faqdesk models publish"):
        current(space.models)
    put_in_force(space, db, three[1], actor=ACTOR)
    assert live(space) == three[1]


def test_killed_between_database_and_file_the_file_is_right(space, db, three):
    """The database says the newest, the file still names the one before: that one is in force."""
    before = json.loads((space.models / "current").read_text())
    newest = publish(space, db, write_part(space, "v5"), actor=ACTOR)
    (space.models / "current").write_text(json.dumps(before))
    assert states(space, db)[newest.name] == "retired"
    assert states(space, db)[three[2]] == "live"
    assert rollback(space, db, actor=ACTOR).name == three[1]


def test_why_there_is_no_classifier_is_kept_with_the_release(space, db):
    part = write_part(space, "i1", kind="index")
    publish(space, db, part, actor=ACTOR, no_classifier="Only 3 labels.")
    assert current(space.models).no_classifier == "Only 3 labels."
    assert shelf.described(space, db, "live").no_classifier == "Only 3 labels."


# Pruning


def versions(space, kind="faq"):
    return sorted(path.name for path in (space.models / kind).iterdir())


def test_pruning_says_first_and_then_does(space, db, three):
    old = store(space, db, write_part(space, "v9"), actor=ACTOR)  # made before the live one
    newest = publish(space, db, write_part(space, "va"), actor=ACTOR)
    waiting = store(space, db, write_part(space, "vb"), actor=ACTOR)
    dry = shelf.prune(space, db, keep=1, actor=ACTOR, dry_run=True)
    assert set(dry.releases) == {three[0], three[1], old.name}
    assert set(dry.folders) == {"faq/v0", "faq/v1", "faq/v9"}
    assert dry.bytes > 0
    assert versions(space) == ["v0", "v1", "v2", "v9", "va", "vb"]
    assert shelf.prune(space, db, keep=1, actor=ACTOR) == dry
    assert versions(space) == ["v2", "va", "vb"]
    assert states(space, db) == {
        waiting.name: "candidate", newest.name: "live", old.name: "pruned",
        three[2]: "retired", three[1]: "pruned", three[0]: "pruned",
    }  # fmt: skip
    assert rollback(space, db, actor=ACTOR).name == three[2]
    with pytest.raises(ModelMissingError, match="pruned"):
        rollback(space, db, actor=ACTOR)
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'releases.pruned'") == 1
    again = shelf.prune(space, db, keep=1, actor=ACTOR)
    assert (again.releases, again.folders) == ((newest.name,), ("faq/va",))
    again = shelf.prune(space, db, keep=1, actor=ACTOR)
    assert (again.releases, again.folders) == ((), ())
    with pytest.raises(InputError, match="-1"):
        shelf.prune(space, db, keep=-1, actor=ACTOR)


def test_pruning_keeps_what_rolling_back_leads_to(space, db, three):
    rollback(space, db, actor=ACTOR)
    assert live(space) == three[1]
    assert shelf.prune(space, db, keep=1, actor=ACTOR).releases == (three[2],)
    assert rollback(space, db, actor=ACTOR).name == three[0]


def test_the_live_release_and_parts_it_shares_are_never_pruned(space, db, three):
    seen = current(space.models)
    publish(space, db, dict(seen.parts) | write_part(space, "i1", kind="index"), actor=ACTOR)
    found = shelf.prune(space, db, keep=0, actor=ACTOR)
    assert three[2] in found.releases
    assert versions(space) == ["v2"]
    assert versions(space, "index") == ["i1"]


def test_a_folder_that_a_training_may_be_at_work_on_is_left(space, db, three):
    write_part(space, "v8")
    assert "faq/v8" not in shelf.prune(space, db, keep=0, actor=ACTOR).folders
    assert "v8" in versions(space)


def test_vectors_go_with_their_encoder(trained):
    db = trained.database()
    before = scalar(db, "SELECT count(*) FROM embeddings")
    db.execute("INSERT INTO embeddings (item_id, encoder_version, vector) VALUES (1, 'old', x'00')")
    found = shelf.prune(trained, db, keep=0, actor=ACTOR)
    assert (found.vectors, found.folders) == (1, ())
    assert scalar(db, "SELECT count(*) FROM embeddings") == before > 100
    assert Recommender(trained).suggest(db, "인증번호가 안 와요").similar
    db.close()
