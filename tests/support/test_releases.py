"""Releases move whole, one at a time, forwards and back; old ones are pruned."""

import shutil
import signal
import subprocess
import sys
import threading

import pytest

from support import shelf
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
from tests.support.parts import write_part


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


def test_a_move_asked_for_in_sight_of_another_release_is_refused(space, db, three):
    with pytest.raises(ConflictError, match=three[2]):
        rollback(space, db, actor=ACTOR, seen=three[1])
    with pytest.raises(ConflictError, match=three[2]):
        put_in_force(space, db, three[0], actor=ACTOR, seen="")
    assert live(space) == three[2]
    assert rollback(space, db, actor=ACTOR, seen=three[2]).name == three[1]
    assert put_in_force(space, db, three[0], actor=ACTOR, seen=three[1]).name == live(space)


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


KILLED = """
import os, signal, sys
from pathlib import Path
from support import publications, releases
from support.audit import Actor
from support.workspace import Workspace

where, home, name = sys.argv[1:]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
if where == "before the file":
    releases.point = die
else:
    publications.finish = die
space = Workspace(Path(home))
releases.put_in_force(space, space.database(), name, actor=Actor("cli:test"))
"""


def killed(space, name, where):
    """Publish a release in a process that is killed on the way."""
    words = [sys.executable, "-c", KILLED, where, str(space.home), name]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL


def test_killed_before_the_file_was_written_the_move_never_was(space, db, three):
    fresh = store(space, db, write_part(space, "v5"), actor=ACTOR)
    for name in (fresh.name, three[0]):
        killed(space, name, "before the file")
        assert live(space) == three[2]
        assert states(space, db) == {
            fresh.name: "candidate", three[2]: "live", three[1]: "retired", three[0]: "retired"
        }  # fmt: skip
        assert shelf.described(space, db, fresh.name).published_at is None
    assert scalar(db, "SELECT count(*) FROM publications") == 3 + 1  # the second mended the first
    # The next move mends it, and the way back is as it was.
    assert rollback(space, db, actor=ACTOR).name == three[1]
    assert scalar(db, "SELECT count(*) FROM publications") == 4
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'release.cut_off'") == 2
    assert put_in_force(space, db, fresh.name, actor=ACTOR).name == live(space)
    assert rollback(space, db, actor=ACTOR).name == three[1]
    assert states(space, db)[fresh.name] == "retired"


def test_killed_after_the_file_was_written_the_move_was(space, db, three):
    fresh = store(space, db, write_part(space, "v5"), actor=ACTOR)
    killed(space, fresh.name, "after the file")
    assert live(space) == fresh.name
    assert states(space, db)[fresh.name] == "live"
    assert rollback(space, db, actor=ACTOR).name == three[2]
    assert states(space, db)[fresh.name] == "retired"


# Lines


def test_each_line_moves_alone(space, db, three):
    parts = [write_part(space, f"c{n}", kind="category") for n in range(2)]
    models = [publish(space, db, part, actor=ACTOR, line="category") for part in parts]
    assert live(space) == three[2]
    assert current(space.models, line="category").parts == {"category": "c1"}
    assert [found.name for found in shelf.listed(space, db, line="category")] == [
        models[1].name, models[0].name
    ]  # fmt: skip
    assert set(states(space, db)) == set(three)
    assert shelf.described(space, db, "live", line="category").name == models[1].name
    assert rollback(space, db, actor=ACTOR, line="category") == models[0]
    with pytest.raises(NotFoundError, match="No release was in force before"):
        rollback(space, db, actor=ACTOR, line="category")
    assert rollback(space, db, actor=ACTOR).name == three[1]
    assert current(space.models, line="category") == models[0]
    assert put_in_force(space, db, models[1].name, actor=ACTOR) == models[1]
    assert current(space.models, line="category") == models[1]


def test_pruning_leaves_other_lines_alone(space, db, three):
    for n in range(2):
        part = write_part(space, f"c{n}", kind="category")
        publish(space, db, part, actor=ACTOR, line="category")
    found = shelf.prune(space, db, keep=0, actor=ACTOR, line="category")
    assert (found.folders, found.vectors) == (("category/c0",), 0)
    assert versions(space) == ["v0", "v1", "v2"]
    shelf.prune(space, db, keep=0, actor=ACTOR)
    assert versions(space, "category") == ["c1"]


def test_a_part_or_a_release_of_another_line_is_refused(space, db, three):
    part = write_part(space, "c1", kind="category")
    with pytest.raises(InputError, match="category does not move on the line 'desk'"):
        publish(space, db, part, actor=ACTOR)
    with pytest.raises(InputError, match="There are: desk, category"):
        publish(space, db, part, actor=ACTOR, line="nothing")
    with pytest.raises(NotFoundError, match="on the line 'category'"):
        put_in_force(space, db, three[0], actor=ACTOR, line="category")
    (space.models / "current-category").write_text("{")
    with pytest.raises(ModelDamagedError, match="faqdesk train category"):
        current(space.models, line="category")


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


def test_a_folder_that_cannot_be_deleted_is_not_said_to_be(space, db, three, monkeypatch):
    whole = shutil.rmtree

    def refuse(path):
        if path.name.endswith("-v1"):
            raise PermissionError(13, "Permission denied", str(path))
        whole(path)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    found = shelf.prune(space, db, keep=0, actor=ACTOR)
    assert found.folders == ("faq/v0",)
    assert found.failed == (("faq/v1", "Permission denied"),)
    assert 0 < found.bytes < shelf.prune(space, db, keep=0, actor=ACTOR, dry_run=True).bytes * 2
    monkeypatch.undo()
    again = shelf.prune(space, db, keep=0, actor=ACTOR)
    assert (again.folders, again.failed) == (("faq/v1",), ())
    assert versions(space) == ["v2"]


def test_vectors_go_with_their_encoder(trained):
    db = trained.database()
    before = scalar(db, "SELECT count(*) FROM embeddings")
    db.execute("INSERT INTO embeddings (item_id, encoder_version, vector) VALUES (1, 'old', x'00')")
    found = shelf.prune(trained, db, keep=0, actor=ACTOR)
    assert (found.vectors, found.folders) == (1, ())
    assert scalar(db, "SELECT count(*) FROM embeddings") == before > 100
    assert Recommender(trained).suggest(db, "인증번호가 안 와요").similar
    db.close()
