import json
import os

import pytest

from support.artifact import read_artifact, write_artifact
from support.errors import ModelDamagedError, ModelMissingError, ModelVersionError


def write(folder, content="weights"):
    def files(temporary):
        (temporary / "inner").mkdir()
        (temporary / "inner" / "weights.bin").write_text(content)

    return write_artifact(
        folder, kind="faq", config={"seed": 3, "labels": ["환불"]}, files=files, metrics={"n": 1}
    )


def test_a_folder_explains_itself(tmp_path):
    written = write(tmp_path / "faq" / "1")
    read = read_artifact(tmp_path / "faq" / "1", "faq")
    assert read == written
    assert read.config["labels"] == ["환불"]
    assert read.metrics == {"n": 1}
    assert {"kind", "format_version", "created_at", "libraries", "seed"} <= set(read.config)
    assert read.version == written.version


def test_a_missing_folder_says_how_to_train(tmp_path):
    with pytest.raises(ModelMissingError, match="faqdesk train faq"):
        read_artifact(tmp_path / "nothing", "faq")


@pytest.mark.parametrize("name", ["inner/weights.bin", "config.json", "metrics.json"])
def test_a_changed_file_is_refused(tmp_path, name):
    write(tmp_path / "m")
    path = tmp_path / "m" / name
    path.write_text(path.read_text() + "\n")
    with pytest.raises(ModelDamagedError, match="faqdesk train faq"):
        read_artifact(tmp_path / "m", "faq")


@pytest.mark.parametrize("name", ["inner/weights.bin", "config.json", "manifest.json"])
def test_a_missing_file_is_refused_even_without_sums(tmp_path, name):
    write(tmp_path / "m")
    (tmp_path / "m" / name).unlink()
    with pytest.raises(ModelDamagedError, match="missing"):
        read_artifact(tmp_path / "m", "faq", verify=False)


def test_a_skipped_file_may_be_damaged(tmp_path):
    write(tmp_path / "m")
    (tmp_path / "m" / "inner" / "weights.bin").write_text("broken")
    assert read_artifact(tmp_path / "m", "faq", skip=("inner/",)).config["seed"] == 3


def test_a_foreign_kind_is_refused(tmp_path):
    write(tmp_path / "m")
    with pytest.raises(ModelVersionError, match="'faq', not 'encoder'"):
        read_artifact(tmp_path / "m", "encoder")


@pytest.mark.parametrize(
    ("version", "cure"), [(99, "Update faqdesk, or train"), (1, "Train again")]
)
def test_another_format_is_refused(tmp_path, version, cure):
    write(tmp_path / "m")
    path = tmp_path / "m" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": version}))
    with pytest.raises(ModelVersionError, match=cure):
        read_artifact(tmp_path / "m", "faq")


def test_a_failed_write_leaves_nothing_and_keeps_what_was_there(tmp_path):
    write(tmp_path / "m", "first")

    def fail(temporary):
        (temporary / "half.bin").write_text("half")
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        write_artifact(tmp_path / "m", kind="faq", config={}, files=fail, metrics={})
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    read_artifact(tmp_path / "m", "faq")


def test_writing_again_replaces_the_folder(tmp_path):
    first = write(tmp_path / "m", "first").version
    assert write(tmp_path / "m", "second").version != first
    assert (tmp_path / "m" / "inner" / "weights.bin").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_what_a_killed_write_left_is_swept_but_not_what_another_is_writing(tmp_path):
    dead = tmp_path / ".tmp-4000000-abc"
    living = tmp_path / f".tmp-{os.getppid()}-abc"
    for folder in (dead, living):
        folder.mkdir()
    (tmp_path / ".tmp-4000000-rows.txt").write_text("left of a training")
    write(tmp_path / "m")
    assert sorted(path.name for path in tmp_path.iterdir()) == [living.name, "m"]


def test_a_folder_that_had_stepped_aside_when_the_run_was_killed_comes_back(tmp_path):
    write(tmp_path / "m", "first")
    os.rename(tmp_path / "m", tmp_path / ".tmp-4000000-m-replaced")

    def fail(temporary):
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        write_artifact(tmp_path / "m", kind="faq", config={}, files=fail, metrics={})
    assert (tmp_path / "m" / "inner" / "weights.bin").read_text() == "first"
