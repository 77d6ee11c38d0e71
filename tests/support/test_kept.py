"""A part whose files are as they were is not read twice; one whose files changed is."""

import gc
import os

from support import kept
from support.models import Follower
from support.releases import publish
from tests.conftest import ACTOR
from train.desk import rebuild_index


class Part:
    pass


def test_a_part_is_read_once_while_somebody_holds_it(tmp_path):
    (tmp_path / "weights").write_text("one")
    first = kept.once("a", tmp_path, Part)
    assert kept.once("a", tmp_path, Part) is first
    assert kept.once("b", tmp_path, Part) is not first
    assert kept.once("a", tmp_path, Part, fits=lambda found: False) is not first


def test_a_part_goes_with_its_last_user(tmp_path):
    held = kept.once("a", tmp_path, Part)
    assert any(part is held for part in kept._parts.values())
    del held
    gc.collect()
    assert not any(key[1] == tmp_path for key in kept._parts)


def test_files_that_changed_are_read_again(tmp_path):
    path = tmp_path / "weights"
    path.write_text("one")
    stat = path.stat()

    def same_size_and_time():
        path.write_text("two")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    def renamed_into_place():
        (tmp_path / "beside").write_text("one")
        os.replace(tmp_path / "beside", path)

    changes = [same_size_and_time, renamed_into_place, (tmp_path / "more").touch, path.unlink]
    for change in changes:
        held = kept.once("a", tmp_path, Part)
        change()
        assert kept.once("a", tmp_path, Part) is not held, change


def test_what_came_while_it_was_read_is_read_again(tmp_path):
    def load():
        (tmp_path / "late").touch()
        return Part()

    first = kept.once("a", tmp_path, load)
    assert kept.once("a", tmp_path, Part) is not first


def test_an_index_built_anew_leaves_encoder_and_classifier_as_they_are(trained):
    follower = Follower(trained.models)
    before = follower.models()
    db = trained.database()
    rebuild_index(trained, db, actor=ACTOR)
    after = follower.models()
    assert after.release.name != before.release.name
    assert after.similar is not before.similar
    assert after.similar.encoder is before.similar.encoder
    assert after.classifier is before.classifier
    publish(trained, db, before.release.parts, actor=ACTOR)
    again = follower.models()
    assert (again.similar, again.classifier) == (before.similar, before.classifier)
    db.close()


def test_a_part_that_was_damaged_is_not_taken_for_whole(trained):
    follower = Follower(trained.models)
    release = follower.models().release
    weights = release.folder(trained.models, "faq") / "linear" / "linear.safetensors"
    whole = weights.read_bytes()
    beside = weights.with_name("beside")
    beside.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    os.replace(beside, weights)
    os.utime(trained.models / "current")
    assert "not as it was written" in follower.models().degraded
