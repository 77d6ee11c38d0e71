"""The Ray engine on a cluster that it starts for itself; those of many machines are elsewhere."""

import os
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from support import ray_sharing, ray_worker
from support.errors import FaqdeskError, InputError
from support.ray_engine import RayEngine
from support.ray_sharing import Sharing
from support.ray_worker import Given, Made, do, versions
from tests.support.squares import Squares, done, opened

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A cluster that was begun among somebody's files, one of them named like a library."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "threadpoolctl.py").write_text("raise RuntimeError('a file that was sent was run')")
    before = {name: value for name, value in os.environ.items() if name.startswith("RAY_AUTH")}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(ROOT))  # the work of these tests is not installed
        engine = RayEngine("local", parallel=2).__enter__()
    with ExitStack() as opened:
        opened.push(engine)
        yield engine
    after = {name: value for name, value in os.environ.items() if name.startswith("RAY_AUTH")}
    assert after == before


@contextmanager
def quick(monkeypatch):
    monkeypatch.setattr(ray_sharing, "LATE_AT_LEAST", 1.0)
    monkeypatch.setattr(ray_sharing, "LOOK", 0.2)
    yield


def test_each_item_is_done_once_and_the_work_opened_once_a_process(engine, tmp_path):
    found = list(engine.run(range(40), Squares(tmp_path)))
    assert sorted(found) == [(n, n * n) for n in range(40)]
    assert done(tmp_path) == list(range(40))
    assert len(opened(tmp_path)) == len(set(opened(tmp_path))) <= 2
    assert str(os.getpid()) not in opened(tmp_path)
    assert engine.place == "2 workers on 1 machine"
    assert list(engine.run([], Squares(tmp_path))) == []


def test_no_more_is_begun_than_there_are_workers(engine, tmp_path):
    results = engine.run(range(200), Squares(tmp_path, slow=0.05))
    next(results)
    results.close()
    assert len(done(tmp_path)) <= 4


def test_what_an_item_says_reaches_who_asked_as_it_was_said(engine, tmp_path):
    with pytest.raises(InputError) as told:
        list(engine.run(range(6), Squares(tmp_path, refused=3)))
    assert type(told.value) is InputError
    assert str(told.value) == "3 is refused. Give another."
    assert "squares.py" in told.value.__notes__[0]
    # An error whose class takes more than its words is told by these.
    with pytest.raises(FaqdeskError) as told:
        list(engine.run([3], Squares(tmp_path, broken=3)))
    assert str(told.value) == "Too much."


def test_an_item_whose_worker_died_is_done_by_another(engine, tmp_path, capfd):
    found = sorted(engine.run(range(6), Squares(tmp_path, dies=3)))
    assert found == [(n, n * n) for n in range(6)]
    assert done(tmp_path).count(3) == 2
    assert capfd.readouterr() == ("", "")


def test_an_item_that_ends_each_of_its_workers_ends_the_run(engine, tmp_path):
    with pytest.raises(FaqdeskError, match=r"4 times.*--workers 1\); what is done is kept"):
        list(engine.run([3], Squares(tmp_path, dies=3, always=True)))
    assert done(tmp_path) == [3] * (ray_sharing.RETRIES + 1)


def test_what_is_late_is_done_by_a_second_worker_and_counts_once(engine, tmp_path, monkeypatch):
    with quick(monkeypatch):
        found = sorted(engine.run(range(8), Squares(tmp_path, stuck=7)))
    assert found == [(n, n * n) for n in range(8)]
    assert done(tmp_path) == [*range(8), 7]
    # The one that hung was ended: both workers are there for the next run.
    assert len(list(engine.run(range(8), Squares(tmp_path)))) == 8


class Scripted:
    """A cluster of six cores whose tries end as it was told; numbered as they were begun."""

    exceptions = SimpleNamespace(RayTaskError=TypeError, RaySystemError=TypeError, RayError=OSError)
    util = SimpleNamespace(
        scheduling_strategies=SimpleNamespace(NodeAffinitySchedulingStrategy=lambda *a, **kw: a)
    )

    def __init__(self, *ends):
        self._ends = iter(ends)
        self.begun = []

    def nodes(self):
        return [{"NodeID": "one", "Resources": {"CPU": 6}, "Alive": True}]

    def put(self, given):
        return given

    def remote(self, **how):
        def begin(item, given):
            self.begun.append(item)
            return len(self.begun) - 1

        task = SimpleNamespace(remote=begin)
        return lambda work: SimpleNamespace(options=lambda **how: task)

    def wait(self, tries, **how):
        number, self._end = next(self._ends)
        assert number in tries
        return [number], []

    def get(self, number):
        if isinstance(self._end, OSError):
            raise self._end
        return Made(self.begun[number], self._end)


@pytest.mark.parametrize("end", [OSError("the worker died"), InputError("refused"), None])
def test_how_the_slower_of_two_ends_is_no_matter(monkeypatch, end):
    monkeypatch.setattr(ray_sharing, "LATE_AT_LEAST", 0.0)
    monkeypatch.setattr(ray_sharing, "LATE", 0.0)
    # The first ends; the other two are late and begun again, as 3 and 4; 3 is quicker than 1.
    ray = Scripted((0, None), (3, None), (1, end), (2, None))
    sharing = Sharing(ray, Given(b"", "", {}), parallel=None)
    sharing._end = lambda: None
    assert list(sharing.share("abc")) == ["a", "b", "c"]
    assert ray.begun == list("abcbc")


def test_another_version_of_what_decides_the_bytes_is_refused(tmp_path, monkeypatch):
    given = Given.of(Squares(tmp_path))
    assert do(3, given).result == (3, 9)
    ray_worker._opened.clear()
    here = versions()
    monkeypatch.setattr(ray_worker, "versions", lambda: {**here, "faqdesk": "0.1", "numpy": ""})
    made = do(3, given)
    assert type(made.error) is FaqdeskError
    assert f"faqdesk 0.1 instead of {here['faqdesk']}, numpy none instead of" in str(made.error)
    assert "Install" in str(made.error)


def test_a_worker_without_faqdesk_is_told_as_that(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_sharing, "do", only_here())
    with pytest.raises(FaqdeskError, match=r"No module named 'only_here'.*same faqdesk"):
        list(engine.run([3], Squares(tmp_path)))


def only_here():
    """A function of a module that only this process has."""
    module = type(sys)("only_here")
    exec("def do(item, given): return item", module.__dict__)
    module.do.__module__ = "only_here"
    sys.modules["only_here"] = module
    return module.do


def test_without_ray_the_cure_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(FaqdeskError, match=r'pip install "faqdesk\[scale\]"'),
        RayEngine("local"),
    ):
        pass
