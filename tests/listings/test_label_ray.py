"""Labelling on a real cluster of several processes gives the local bytes, whatever is killed."""

import os
import random
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack, suppress

import pytest

from listings.listing import Listing
from tests import soaking
from tests.listings.ray_runs import TableRun
from tests.listings.small_category import category_model, listings, write_csv
from tests.ray_cluster import ray_cluster
from tests.train.moderation_rows import examples
from tests.web.doors import SLOW, until
from train.category import CategoryConfig, fit_category
from train.label_rows import draw_pictures
from train.moderation import fit_moderation
from train.moderation_voices import ModerationConfig

__all__ = ["category_model"]

ROWS, SHARD = 2400, 16
SHARDS = ROWS // SHARD


@pytest.fixture(scope="module")
def shared():
    """A cluster for all of these tests."""
    with ray_cluster() as found:
        yield found


@pytest.fixture
def cluster(shared):
    """It, whole: what a test before has killed is there again."""
    shared.mend()
    return shared


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rows = ((n, f"{title}, '{n}'") for n, (title, _) in enumerate(listings(ROWS, seed=5)))
    return write_csv(tmp_path_factory.mktemp("table") / "in.csv", rows, "id", "제목")


@pytest.fixture(scope="module")
def local(table, category_model, tmp_path_factory):
    """What the command makes of the table on this machine, by the kind of output."""
    folder, found = tmp_path_factory.mktemp("local"), {}

    def make(kind):
        if kind not in found:
            run = labelling(table, folder / f"out.{kind}", category_model)
            run.here()
            found[kind] = run.out.read_bytes()
        return found[kind]

    return make


def labelling(table, out, model):
    return TableRun(table, out, "--model", str(model), "--shard-rows", str(SHARD))


@pytest.fixture
def begin(table, category_model, tmp_path):
    """A run of the table into an output of the test's own."""
    return lambda name: labelling(table, tmp_path / name, category_model)


def test_a_cluster_gives_the_bytes_of_this_machine(cluster, begin, local):
    run = begin("out.csv")
    with run.on(cluster) as process:
        report = run.report(process)
    assert (report["rows"], report["resumed"]) == (ROWS, 0)
    assert run.out.read_bytes() == local("csv")
    run.check_nothing_left()


def stopped_at_work(cluster, process, nodes=None):
    """Stop a worker in the middle of a shard; returns its process, or None where all is done."""

    def stop():
        for pid in [pid for node in nodes or cluster.nodes for pid in node.workers()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                if pid in cluster.workers():
                    return pid
                os.kill(pid, signal.SIGCONT)
        return None

    found = until(lambda: stop() or process.poll() is not None, "a worker is at work")
    return found if found is not True else None


def end(pid):
    """Kill a process that was stopped; None: all was done before one could be."""
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_worker_that_is_killed_costs_no_row_and_adds_none(cluster, begin, local):
    run = begin("out.parquet")
    with run.on(cluster) as process:
        run.until_under_way(process)
        end(stopped_at_work(cluster, process))
        assert run.receipts < SHARDS
        report = run.report(process)
    assert (report["rows"], report["resumed"]) == (ROWS, 0)
    assert run.out.read_bytes() == local("parquet")
    run.check_nothing_left()


def test_a_machine_that_is_lost_costs_no_row_and_adds_none(cluster, begin, local):
    run = begin("out.jsonl")
    with run.on(cluster) as process:
        run.until_under_way(process)
        # At work, or about to be: each machine is given a shard before anything is done.
        cluster.nodes[-1].kill()
        assert run.receipts < SHARDS
        report = run.report(process)
    assert (report["rows"], report["resumed"]) == (ROWS, 0)
    assert run.out.read_bytes() == local("jsonl")
    run.check_nothing_left()


def test_a_run_whose_driver_was_killed_goes_on_where_it_was(cluster, begin, local):
    run = begin("out.csv")
    with run.on(cluster) as process:
        run.until_under_way(process)
        kill(process)
    until(lambda: not cluster.workers(), "the killed run's workers have ended")
    done = run.receipts
    assert 0 < done < SHARDS
    with run.on(cluster) as process:
        report = run.report(process)
    assert (report["rows"], report["resumed"]) == (ROWS, done * SHARD)
    assert run.out.read_bytes() == local("csv")
    run.check_nothing_left()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def test_a_worker_that_hangs_is_not_waited_for(cluster, begin, local):
    run = begin("out.csv")
    with run.on(cluster) as process:
        run.until_under_way(process)
        hangs = stopped_at_work(cluster, process)
        try:
            run.report(process)  # by the other machines: each has one core
        finally:
            end(hangs)
    assert run.out.read_bytes() == local("csv")
    run.check_nothing_left()


def test_a_second_driver_of_the_same_output_is_refused(cluster, begin, local):
    run = begin("out.csv")
    with run.on(cluster) as process:
        run.until_under_way(process)
        process.send_signal(signal.SIGSTOP)  # it does not end meanwhile
        second = begin("out.csv")
        with second.on(cluster) as other:
            assert other.wait(SLOW) == 1
        assert "is being written by another process" in second.said
        process.send_signal(signal.SIGCONT)
        run.report(process)
    assert run.out.read_bytes() == local("csv")
    run.check_nothing_left()


def test_pictures_are_looked_at_on_a_cluster_as_here(cluster, tmp_path):
    rows = listings(60)
    (tmp_path / "photos").mkdir()
    photos = draw_pictures(tmp_path / "photos", [n % 4 for n in range(60)], size=(64, 48))
    shown = zip(rows, photos, strict=True)
    fit_category(
        [Listing(title, pictures=(photo,)) for (title, _), photo in shown],
        [path for _, path in rows],
        folder=tmp_path / "model",
        config=CategoryConfig(texts=("linear",), image="patches", image_minutes=0.02),
    )
    table = write_csv(tmp_path / "in.csv", ((photo.name,) for photo in photos), "photo")
    words = ["--model", str(tmp_path / "model"), "--images", str(tmp_path / "photos"),
             "--image-column", "photo", "--map", "title=photo", "--shard-rows", "8"]  # fmt: skip
    same_bytes(cluster, table, *words)


def test_listings_are_judged_on_a_cluster_as_here(cluster, tmp_path):
    config = ModerationConfig(texts=("linear",), network=False, num_folds=2, evidence=0.0)
    fit_moderation(examples(80), folder=tmp_path / "model", config=config)
    rows = [(f"{example.listing.title} {n}",) for n, example in enumerate(examples(400, seed=2))]
    table = write_csv(tmp_path / "in.csv", rows, "title")
    words = ["--model", str(tmp_path / "model"), "--shard-rows", "40"]
    same_bytes(cluster, table, *words, command="moderate")


def same_bytes(cluster, table, *words, command="label"):
    here, there = (
        TableRun(table, table.with_name(name), *words, command=command)
        for name in ("here.csv", "there.csv")
    )
    here.here()
    with there.on(cluster) as process:
        there.report(process)
    assert there.out.read_bytes() == here.out.read_bytes()
    there.check_nothing_left()


def test_whatever_is_struck_and_whenever(cluster, begin, local):
    seed, struck = soaking.seed(), Counter()
    draw = random.Random(seed)
    for number in range(soaking.many(1, 60)):
        kind = draw.choice(["csv", "parquet", "jsonl"])
        run = begin(f"{number}.{kind}")
        blows = [
            (after, draw.choice(["worker", "machine", "driver", "hang"]))
            for after in sorted(draw.sample(range(1, SHARDS * 3 // 4), 2))
        ]
        struck.update(through(cluster, run, blows))
        assert run.out.read_bytes() == local(kind), (seed, number, blows)
        run.check_nothing_left()
        cluster.mend()
    soaking.tell(f"struck on a Ray cluster of three machines: {dict(struck)} (seed {seed})")


def through(cluster, run, blows):
    """Strike at a run after so many shards each time, until it has ended; tells what was struck."""
    struck = []
    with run.on(cluster) as process, ExitStack() as hanging:
        while blows:
            after, what = blows.pop(0)
            until(lambda: run.receipts >= after or process.poll() is not None, "it is so far")  # noqa: B023
            if process.poll() is not None:
                break
            struck.append(what)
            if what == "driver":
                kill(process)
                return struck + through(cluster, run, blows)
            if what == "machine":
                cluster.nodes[-1].kill()
            elif pid := stopped_at_work(cluster, process):
                hanging.callback(end, pid)
                if what == "worker":
                    end(pid)
        run.report(process)
    return struck
