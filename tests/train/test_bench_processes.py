"""What processes hold: told by the kernel, by what lies there; and one real server of two."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import save_file

from train.bench_processes import ProcessesReport, Run, bench_processes
from train.process_memory import KINDS, Held, Memory, held
from web.cli.bench_processes import processes, program

SIZE = 8_000_000  # bytes: more than a process writes by chance
HOLD = """
import sys
import numpy as np
from pathlib import Path
from support.mapped import mapped
shared = mapped(Path(sys.argv[1]))["a"]
own = np.ones(int(sys.argv[2]), np.uint8)
print(shared.sum(), flush=True)
sys.stdin.read()
"""


def test_what_two_processes_map_is_counted_once_and_their_own_twice(tmp_path):
    path = tmp_path / "models" / "faq" / "weights.safetensors"
    path.parent.mkdir(parents=True)
    save_file({"a": np.ones(SIZE, np.uint8)}, path)
    root = Path(__file__).parents[2]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), str(SIZE)], cwd=root,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        for process in both:
            assert process.stdout.readline().strip() == str(SIZE).encode()
        found = [held(process.pid, models=tmp_path / "models") for process in both]
    finally:
        for process in both:
            process.communicate(b"")
    files = [one.files["faq/weights.safetensors"] for one in found]
    assert all(one.rss >= SIZE / 1e6 and one.own == 0 for one in files)
    assert sum(one.pss for one in files) == pytest.approx(files[0].rss, rel=0.05)
    for one in found:
        assert one.kinds["own memory"].own >= SIZE / 1e6
        assert one.kinds["code"].rss > 0
        assert set(one.kinds) <= set(KINDS)


def test_this_process_is_told_as_the_kernel_sums_it_up(tmp_path):
    rss = held(os.getpid(), models=tmp_path).total.rss
    line = next(
        line for line in Path("/proc/self/smaps_rollup").read_text().splitlines()
        if line.startswith("Rss:")
    )  # fmt: skip
    assert rss == pytest.approx(int(line.split()[1]) * 1024 / 1e6, rel=0.1)


def test_one_more_costs_what_the_shares_of_all_grow_by():
    def run(n, pss):
        one = Held(1, {"own memory": Memory(90, pss / n, 30)}, {})
        return Run((one,) * n, one, one, 9.0)

    report = ProcessesReport(100, (run(1, 100), run(2, 150), run(4, 220)))
    assert report.one_more == pytest.approx(40)
    assert "One web process more costs 40 MB." in report.table()
    assert report.as_dict()["runs"][2]["web"]["pss"] == pytest.approx(220)
    alone = ProcessesReport(100, (run(2, 150),))
    assert alone.one_more is None
    assert "more costs" not in alone.table()


def test_two_web_processes_hold_the_models_together(trained):
    def begin(home):
        raise AssertionError("the desk is there")

    found = bench_processes(begin, program, workers=(2,), inquiries=1, keep=trained.home)
    [run] = found.runs
    assert len(run.workers) == 2
    files = run.as_dict()["models"]
    [weights] = [name for name in files if name.endswith("linear.safetensors")]
    # Both touched it, and neither has a copy.
    assert files[weights]["own"] == 0
    assert files[weights]["rss"] > files[weights]["pss"] > 0
    assert run.p50_ms > 0


@pytest.mark.parametrize("words", ["", "0", "1,x", "-1", "1,,2", "33"])
def test_numbers_that_are_none_are_refused(words):
    found = CliRunner().invoke(processes, ["--workers", words])
    assert found.exit_code == 2
    assert repr(words) in found.output
