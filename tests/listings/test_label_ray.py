"""Labelling on a real cluster of several processes gives the local bytes, whatever is killed."""

import os
import signal
import subprocess
from contextlib import suppress

import pytest

from tests.listings.ray_runs import TableRun
from tests.listings.small_category import category_model, listings, write_csv
from tests.ray_cluster import ray_cluster
from tests.web.doors import SLOW, until

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
    return lambda kind: labelling(table, tmp_path / f"out.{kind}", category_model)


def test_a_cluster_gives_the_bytes_of_this_machine(cluster, begin, local):
    run = begin("csv")
    with run.on(cluster) as process:
        run.until_under_way(process)
        assert len({node for node in cluster.nodes if node.workers()}) > 1  # several do it
        report = run.report(process)
    assert (report["rows"], report["resumed"]) == (ROWS, 0)
    assert run.out.read_bytes() == local("csv")
    run.check_nothing_left()


def stopped_at_work(cluster, nodes=None):
    """Stop a worker in the middle of a shard; returns its process."""

    def stop():
        for pid in [pid for node in nodes or cluster.nodes for pid in node.workers()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                if pid in cluster.workers():
                    return pid
                os.kill(pid, signal.SIGCONT)
        return None

    return until(stop, "a worker is at work")


def test_a_worker_that_is_killed_costs_no_row_and_adds_none(cluster, begin, local):
    run = begin("parquet")
    with run.on(cluster) as process:
        run.until_under_way(process)
        os.kill(stopped_at_work(cluster), signal.SIGKILL)
        assert run.receipts < SHARDS
        report = run.report(process)
    assert (report["rows"], report["resumed"]) == (ROWS, 0)
    assert run.out.read_bytes() == local("parquet")
    run.check_nothing_left()


def test_a_machine_that_is_lost_costs_no_row_and_adds_none(cluster, begin, local):
    run = begin("jsonl")
    with run.on(cluster) as process:
        run.until_under_way(process)
        stopped_at_work(cluster, cluster.nodes[-1:])
        cluster.nodes[-1].kill()
        assert run.receipts < SHARDS
        report = run.report(process)
    assert (report["rows"], report["resumed"]) == (ROWS, 0)
    assert run.out.read_bytes() == local("jsonl")
    run.check_nothing_left()


def test_a_run_whose_driver_was_killed_goes_on_where_it_was(cluster, begin, local):
    run = begin("csv")
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
    run = begin("csv")
    with run.on(cluster) as process:
        run.until_under_way(process)
        hangs = stopped_at_work(cluster)
        try:
            run.report(process)
        finally:
            with suppress(ProcessLookupError):
                os.kill(hangs, signal.SIGKILL)
    assert run.out.read_bytes() == local("csv")
    run.check_nothing_left()


def test_a_second_driver_of_the_same_output_is_refused(cluster, begin, local):
    run = begin("csv")
    with run.on(cluster) as process:
        run.until_under_way(process)
        process.send_signal(signal.SIGSTOP)  # it does not end meanwhile
        second = begin("csv")
        with second.on(cluster) as other:
            assert other.wait(SLOW) == 1
        assert "is being written by another process" in second.said
        process.send_signal(signal.SIGCONT)
        run.report(process)
    assert run.out.read_bytes() == local("csv")
    run.check_nothing_left()
