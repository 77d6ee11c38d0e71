"""A file is there whole or not at all; what killed writers left goes, what others write stays."""

import os
import signal
import stat

import pytest

from support.whole_files import sweep, whole_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def killed_while_it_writes(path):
    child = os.fork()
    if not child:
        with whole_file(path) as half:
            half.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


def test_it_takes_its_place_when_it_is_done_and_only_then(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("before")
    with whole_file(path) as half:
        half.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    with pytest.raises(UnicodeEncodeError), whole_file(path) as half:
        half.write_text("\ud800", encoding="utf-8")
    assert path.read_text() == "after"
    assert names(tmp_path) == ["out.csv"]


def test_what_a_killed_writer_left_is_swept_by_the_next_and_nothing_else_is(tmp_path):
    path = tmp_path / "out[1].csv"
    for place in (path, tmp_path / "other.csv"):
        killed_while_it_writes(place)
    with whole_file(path) as first, whole_file(path) as second:
        # Neither took the other for left; the other file's is not theirs to sweep.
        assert len(names(tmp_path)) == 3
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # whoever ends last
    assert len(names(tmp_path)) == 2
    sweep(tmp_path)
    assert names(tmp_path) == ["out[1].csv"]


def test_one_that_is_there_stays_where_it_is_not_to_be_replaced(tmp_path):
    path = tmp_path / "key"
    with whole_file(path, mode=0o600, replaces=False) as half:
        half.write_text("first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError), whole_file(path, replaces=False) as half:
        half.write_text("second")
    assert path.read_text() == "first"
    assert names(tmp_path) == ["key"]
