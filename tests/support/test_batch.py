"""The local engine, and how an engine is named."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.batch import LocalEngine, engine_named
from support.errors import FaqdeskError, InputError, SettingError
from support.ray_engine import RayEngine
from tests.support.squares import Squares, done, opened

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_item_is_done_once_and_the_work_opened_once_a_process(tmp_path, workers):
    found = list(LocalEngine(workers).run(range(20), Squares(tmp_path)))
    assert sorted(found) == [(n, n * n) for n in range(20)]
    assert done(tmp_path) == list(range(20))
    assert len(opened(tmp_path)) == len(set(opened(tmp_path))) <= workers


def test_nothing_to_do_opens_nothing(tmp_path):
    assert list(LocalEngine(2).run([], Squares(tmp_path))) == []
    assert opened(tmp_path) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_what_an_item_says_reaches_who_asked(tmp_path, workers):
    with pytest.raises(InputError, match="3 is refused"):
        list(LocalEngine(workers).run(range(6), Squares(tmp_path, refused=3)))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_work_says_when_it_is_opened_reaches_who_asked(tmp_path, workers):
    with pytest.raises(InputError, match="Not here"):
        list(LocalEngine(workers).run(range(6), Squares(tmp_path, opens=False)))


def test_a_worker_that_ends_is_told_with_its_cure(tmp_path):
    with pytest.raises(FaqdeskError, match=r"--workers 1\); what is done is kept"):
        list(LocalEngine(2).run(range(6), Squares(tmp_path, dies=3)))


def test_closed_before_its_end_it_begins_nothing_more(tmp_path):
    results = LocalEngine(2).run(range(1000), Squares(tmp_path, slow=0.05))
    next(results)
    results.close()
    assert len(done(tmp_path)) < 100


def test_engines_by_name():
    assert engine_named("local", workers=3) == LocalEngine(3)
    assert isinstance(engine_named("ray", workers=3), RayEngine)
    with pytest.raises(SettingError, match="one of local, ray"):
        engine_named("spark")
    with pytest.raises(SettingError, match="--engine ray"):
        engine_named("local", address="127.0.0.1:6379")


def test_naming_an_engine_imports_none():
    code = (
        "import sys; from support.batch import engine_named\n"
        "engine_named('ray'), engine_named('ray', address='127.0.0.1:6379')\n"
        "print([name for name in ('ray', 'grpc', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
