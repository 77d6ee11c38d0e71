"""Runs in shards: any order, any engine, killed or not, the same is stored in the same order."""

from dataclasses import dataclass

import pytest

from support.batch import LocalEngine
from support.errors import ConflictError, FaqdeskError
from support.run_folders import run_folder, sweep_runs
from support.shard_runs import Job, Spread, run_shards, waiting


@dataclass(frozen=True)
class Doubling:
    by: int = 2

    def open(self):
        return lambda rows: {
            "id": [key for key in rows["id"] if key != 13],
            "value": [str(self.by * key).encode() for key in rows["id"] if key != 13],
        }


def doubling(by=2):
    return Job(
        "double", {"by": by}, Doubling(by), {"id": "int", "text": "text"},
        {"id": "int", "value": "bytes"}, "doubling",
    )  # fmt: skip


class Backwards:
    """Does the last first, and stops before it does the n-th."""

    place = ""

    def __init__(self, stop=None):
        self.stop = stop
        self.done = []

    def run(self, items, opener):
        work = opener.open()
        for number, item in enumerate(reversed(items)):
            if number == self.stop:
                raise FaqdeskError("stopped")
            self.done.append(item.number)
            yield work(item)


def cut(count=25, rows=10):
    for start in range(0, count, rows):
        ids = list(range(start, min(start + rows, count)))
        yield {"id": ids, "text": [f"환불 {key}" for key in ids]}


def no_cut():
    raise AssertionError("There is something to go on with.")


def run(place, engine, *, job=None, cut=cut, stored=None, told=None):
    stored = [] if stored is None else stored
    told = [] if told is None else told
    count = run_shards(
        Spread(engine, place), job or doubling(), cut=cut,
        store=lambda asked, made: stored.append((asked["id"][0], made["id"], made["value"])),
        progress=lambda *words: told.append(words),
    )  # fmt: skip
    return count, stored


@pytest.mark.parametrize("engine", [LocalEngine(1), LocalEngine(2), Backwards()])
def test_stores_each_shard_in_order_and_leaves_nothing(engine, tmp_path):
    told = []
    count, stored = run(tmp_path, engine, told=told)
    assert count == 25
    assert [first for first, _, _ in stored] == [0, 10, 20]
    assert stored[1][1] == [10, 11, 12, 14, 15, 16, 17, 18, 19]
    assert stored[2][2] == [b"40", b"42", b"44", b"46", b"48"]
    assert told[0] == (0, 25, "doubling")
    assert told[-1] == (25, 25, "doubling")
    assert list(tmp_path.iterdir()) == []


def test_goes_on_with_what_is_not_done(tmp_path):
    first = Backwards(stop=2)
    with pytest.raises(FaqdeskError, match="stopped"):
        run(tmp_path, first, stored=(stored := []))
    assert stored == []  # the first shard was not done, and nothing is stored before it
    assert waiting(tmp_path, doubling())
    again, told = Backwards(), []
    _, stored = run(tmp_path, again, cut=no_cut, told=told)
    assert (first.done, again.done) == ([3, 2], [1])
    assert told[0][:2] == (15, 25)
    assert [first for first, _, _ in stored] == [0, 10, 20]


def test_what_was_stored_is_not_stored_again_and_its_rows_are_gone(tmp_path):
    stored = []

    def store(asked, made):
        if asked["id"][0] == 10:
            raise KeyboardInterrupt
        stored.append(asked["id"][0])

    spread = Spread(LocalEngine(1), tmp_path)
    options = {"cut": cut, "progress": lambda *words: None}
    with pytest.raises(KeyboardInterrupt):
        run_shards(spread, doubling(), store=store, **options)
    left = sorted(path.name for path in (tmp_path / "double" / "in").iterdir())
    assert left == ["000002.parquet", "000003.parquet"]
    _, again = run(tmp_path, LocalEngine(1), cut=no_cut)
    assert (stored, [first for first, _, _ in again]) == ([0], [10, 20])


@pytest.mark.parametrize("way", ["cut", "gone", "nothing"])
def test_a_made_shard_that_is_not_whole_is_done_again(way, tmp_path):
    with pytest.raises(FaqdeskError, match="stopped"):
        run(tmp_path, Backwards(stop=2))
    made = tmp_path / "double" / "out" / "000003.parquet"
    data = made.read_bytes()
    made.unlink()
    if way != "gone":
        made.write_bytes(data[:-4] if way == "cut" else b"")
    again = Backwards()
    _, stored = run(tmp_path, again, cut=no_cut)
    assert again.done == [3, 1]
    assert len(stored) == 3


def test_rows_that_are_gone_and_another_job_are_cut_anew(tmp_path):
    with pytest.raises(FaqdeskError, match="stopped"):
        run(tmp_path, Backwards(stop=1))
    (tmp_path / "double" / "in" / "000002.parquet").unlink()
    assert len(run(tmp_path, Backwards())[1]) == 3
    with pytest.raises(FaqdeskError, match="stopped"):
        run(tmp_path, Backwards(stop=1))
    assert not waiting(tmp_path, doubling(3))
    _, stored = run(tmp_path, Backwards(), job=doubling(3))
    assert stored[0][2][:2] == [b"0", b"3"]


def test_rows_are_for_their_owner_alone(tmp_path):
    with pytest.raises(FaqdeskError, match="stopped"):
        run(tmp_path, Backwards(stop=1))
    folder = tmp_path / "double"
    assert folder.stat().st_mode & 0o777 == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_one_process_at_a_time_and_what_is_left_is_swept(tmp_path):
    folder = tmp_path / "double"
    with run_folder(folder):
        with pytest.raises(ConflictError, match="Another process"), run_folder(folder):
            pass
        sweep_runs(tmp_path)
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(FaqdeskError, match="stopped"):
        run(tmp_path, Backwards(stop=1))
    (tmp_path / "a file").write_text("of somebody else")
    sweep_runs(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]
    sweep_runs(tmp_path / "missing")


def test_a_machine_that_sees_another_folder_is_told_so(tmp_path):
    class Elsewhere(Backwards):
        def run(self, items, opener):
            (items[0].folder / "plan.json").write_text("{}")
            return super().run(items, opener)

    with pytest.raises(FaqdeskError, match="--shared"):
        run(tmp_path, Elsewhere())


def test_who_hung_does_not_write_into_a_run_that_was_begun_anew(tmp_path):
    class Hung(Backwards):
        def run(self, items, opener):
            work = opener.open()
            plan = items[0].folder / "plan.json"
            plan.write_text(plan.read_text() + " ")
            yield work(items[0])

    with pytest.raises(FaqdeskError, match="another folder"):
        run(tmp_path, Hung())
    assert list((tmp_path / "double" / "out").iterdir()) == []


def test_a_shard_that_was_given_out_twice_is_stored_once(tmp_path):
    class Twice(Backwards):
        def run(self, items, opener):
            work = opener.open()
            for item in items:
                yield work(item)
                work(item)  # too late: it may be stored by now

    assert len(run(tmp_path, Twice())[1]) == 3
