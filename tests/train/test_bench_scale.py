"""The benchmark of growth: the law, the sums and the tables by hand, and a small run of it all."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from support.database import scalar
from support.errors import ConflictError
from support.workspace import Workspace
from tests import soaking
from train.bench_label import train_model
from train.bench_scale import DESKS, LEDGER, MATERIAL, Plan, duration, run_scale, too_much
from train.bench_scale_fit import Fit, expected
from train.bench_scale_ledger import FAILED, LEFT, MEASURED, Entry, Ledger, alone
from train.bench_scale_material import SOURCE, prepare
from train.bench_scale_outlook import outlook, rates
from train.bench_scale_projection import (
    Machine,
    bytes_a_vector,
    core_hours,
    gathered_kb,
    hours,
    machines,
    memory_gb,
    rows_at,
    scan_ms,
    works,
)
from train.bench_scale_report import as_dict, as_markdown
from train.bench_scale_table import MEASUREMENTS
from train.bench_scale_vectors import exact_ids
from train.label_rows import made_titles
from web.cli.bench_scale import begin_sample

ROOT = Path(__file__).parents[2]


def entry(name, rows, figures=None, *, state=MEASURED, run=1, **more):
    return Entry(name, rows, run, state, "sample", figures=figures or {}, **more)


# The law


@pytest.mark.parametrize(
    ("points", "scale", "power"),
    [
        ([(10, 30), (100, 300), (1000, 3000)], 3, 1),
        ([(1, 5), (4, 10), (16, 20)], 5, 0.5),
        ([(10, 7), (1000, 7)], 7, 0),
    ],
)
def test_an_exact_law_is_found(points, scale, power):
    law = Fit.of(points)
    assert law.scale == pytest.approx(scale)
    assert law.power == pytest.approx(power)
    assert law.factor == pytest.approx(1)
    assert law.at(50) == pytest.approx(scale * 50**power)


def test_a_law_says_how_well_it_holds():
    # Logarithms (0, 0), (1, 3), (2, 3) of base e: slope 1.5, rests -.5, 1, -.5.
    e = math.e
    law = Fit.of([(1, 1), (e, e**3), (e**2, e**3)])
    assert law.power == pytest.approx(1.5)
    assert law.error == pytest.approx(math.sqrt(1.5 / 1 / 2))
    assert law.factor == pytest.approx(math.exp(math.sqrt(1.5 / 3)))
    assert law.words() == "n^1.50 ± 0.87, ×/÷ 2.03"


def test_beyond_the_largest_size_the_last_step_counts_where_it_is_steeper():
    week = {10**4: 10.0, 10**5: 10.0, 10**6: 100.0}  # far from any law, and told all the same
    memory = {10**4: 100.0, 10**5: 190.0}  # a thousand bytes an inquiry more
    table = outlook(
        [entry("pages", rows, {"week p95": value}) for rows, value in week.items()]
        + [entry("search", rows, {"serving_mb": value}) for rows, value in memory.items()]
    )
    assert "| the week takes a second (p95) | 10,000,000 | n^1.00, the last step |" in table
    assert "| 16,000,000 | 1,000 bytes a row, the last step |" in table


def test_two_sizes_are_said_to_be_two():
    law = Fit.of([(10, 1.0), (10, 1.1), (100, 10.0), (100, 11.0)])
    assert (law.sizes, law.error) == (2, None)
    assert law.words() == "n^1.00 (two sizes)"


@pytest.mark.parametrize("points", [[], [(10, 1)], [(10, 1), (10, 2)], [(10, 0), (20, 1)]])
def test_there_is_no_law_of_one_size_or_of_nothing(points):
    assert Fit.of(points) is None


@pytest.mark.parametrize(
    ("points", "rows", "found"),
    [
        ([], 100, None),
        ([(10, 2.0)], 100, 20.0),  # by proportion
        ([(10, 2.0), (100, 20.0)], 1000, 200.0),
        # A start of 10 s flattens the law; the last step, 1 to the power of 1, counts.
        ([(1, 10.0), (10, 10.0), (100, 100.0)], 1000, 1000.0),
        ([(10, 5.0), (100, 4.0)], 1000, 4.0),  # never less than the largest took
    ],
)
def test_what_is_expected_of_a_larger_size(points, rows, found):
    assert expected(points, rows) == pytest.approx(found)


# The sums


def test_bytes_and_machines_by_hand():
    each = bytes_a_vector(384)  # the numbers of the engines' own tables
    assert each["Flat, floats"] == 1536
    assert each["HNSW32, floats"] == 1792
    assert each["HNSW32, bytes"] == 640
    assert each["PQ48 and id"] == 56
    assert memory_gb(10**8, 640) == 64
    small = Machine(cores=16, memory_gb=64, kept=0.75)  # 48 GB of each
    assert machines(64, small) == 2
    assert machines(48, small) == 1
    assert machines(0.1, small) == 1


def test_hours_by_hand():
    assert core_hours(10**8, 100) == pytest.approx(277.8, abs=0.1)
    assert hours(277.8, machine=Machine(cores=16)) == pytest.approx(17.4, abs=0.1)
    assert hours(277.8, machine=Machine(cores=16), count=10) == pytest.approx(1.74, abs=0.01)
    assert scan_ms(200_000, 1536) == pytest.approx(35.7, abs=0.1)
    assert scan_ms(10**8, 384, bytes_a_second=200e9) == pytest.approx(192)
    assert gathered_kb(100) == 12


def test_work_that_one_process_alone_can_do_is_not_shared_out():
    found = {work.name: work for work in works({"import": 1000, "label": 10_000}, 3.6e8)}
    assert found["import into one desk.db"].row(Machine(), (1, 10)) == (100, 100, 100)
    assert found["labelling by words"].row(Machine(cores=10), (1, 10)) == (10, 1, 0.1)
    assert not any("picture" in name for name in found)


def test_rows_at_which_a_limit_is_met():
    assert rows_at(Fit(0.001, 1.0, 3, 0.1, 1.1), 50) == pytest.approx(50_000)
    assert rows_at(Fit(2.0, 0.5, 3, 0.1, 1.1), 20) == pytest.approx(100)
    assert rows_at(Fit(2.0, 0.01, 3, 0.1, 1.1), 20) is None


# The ledger


def test_the_last_of_the_same_counts_and_a_torn_line_is_passed_over(tmp_path):
    path = tmp_path / "out" / LEDGER
    ledger = Ledger(path)
    ledger.add(entry("import", 10, state=FAILED, why="no"))
    ledger.add(entry("import", 10, {"seconds": 2.0}))
    with path.open("ab") as file:
        file.write(b'{"measurement": "import", "ro')
    ledger = Ledger(path)
    assert [e.state for e in ledger.entries] == [MEASURED]
    ledger.add(entry("import", 20, {"seconds": 4.0}))  # on a line of its own
    assert [e.rows for e in Ledger(path).measured("import", "sample")] == [10, 20]
    assert Ledger(path).measured("import", "public") == []


def test_two_do_not_measure_in_one_folder(tmp_path):
    with alone(tmp_path), pytest.raises(ConflictError, match="Wait for it"), alone(tmp_path):
        pass


# What is left


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (2_000, ""),
        (10_000, "would take about 17 min by the fit"),
        (4_000, "would need about 4.0 GB of memory by the fit, 3.0 are free"),
    ],
)
def test_what_would_not_fit_is_not_begun(rows, says):
    known = [entry("x", 1_000, seconds=100, peak_mb=1_000, disk_mb=10)]
    found = too_much(known, rows, limit=600, memory=3_000, disk=10_000)
    assert found == (says and f"not measured: {says}")
    assert "GB of disk" in too_much(known, 2_000, limit=600, memory=3_000, disk=30)
    assert too_much([], 10**9, limit=1, memory=1, disk=1) == ""


def test_durations_are_said_as_people_do():
    assert [duration(s) for s in (40, 600, 9000)] == ["40 s", "10 min", "2.5 h"]


def test_the_nearest_are_found_block_by_block(monkeypatch):
    monkeypatch.setattr("train.bench_scale_vectors._BLOCK", 7)
    vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    found = exact_ids(vectors, vectors[:5], top_k=3)
    scores = vectors[:5] @ vectors.T
    np.testing.assert_array_equal(found, np.argsort(-scores, axis=1)[:, :3])
    assert exact_ids(vectors[:2], vectors[:1], top_k=3).shape == (1, 2)


# The tables


@pytest.fixture
def known():
    found = [
        entry("import", n, {"seconds": n / 500, "rows_a_second": 500.0, "cpu_seconds": n / 400,
                            "peak_mb": 80.0, "database_bytes_a_row": 2_000.0}, at="2026-01-02")
        for n in (1_000, 10_000, 100_000)
    ]  # fmt: skip
    found += [
        entry("label", 1_000, {"seconds_1": s, "cpu_seconds_1": s}, run=run, load=s)
        for run, s in enumerate((2.0, 1.0, 4.0), 1)
    ]
    found += [
        entry("pages", n, {"inbox p50": 10.0, "inbox p95": n / 100, "serving_mb": 300.0})
        for n in (1_000, 10_000)
    ]
    return [*found, entry("train", 1_000, state=LEFT, why="not measured: would take about 3.0 h")]


def test_tables_by_hand(known):
    text = as_markdown(known)
    assert "| answered inquiries | 1,000 | 10,000 | 100,000 | growth |" in text
    assert "| import, s | 2.0 | 20.0 | 200.0 | n^1.00 ± 0.00, ×/÷ 1.00 |" in text
    assert "| inquiries imported a second | 500 | 500 | 500 | - |" in text
    assert "| one worker, s | 2.0 (1.0 to 4.0) | - |" in text  # the median of three
    assert "| inbox p95, ms | 10.0 | 100.0 | n^1.00 (two sizes) |" in text
    assert "1,000: not measured: would take about 3.0 h." in text
    # 10^8 rows at 500 a second: 55.6 hours, by one process; 2,000 bytes each.
    assert "| import into one desk.db | 500 | 56 | 55.6 | 55.6 |" in text
    assert "desk.db of 10^8 inquiries: 200 GB." in text
    assert "| HNSW32, bytes | 512 | 0.51 | 5.12 | 51 | 2 | 512 | 11 | - |" in text
    # A day of 500 a second; a second of n / 100 ms.
    assert "| import takes a day | 43,000,000 | n^1.00 ± 0.00, ×/÷ 1.00 | 100,000 |" in text
    assert "| the inbox takes a second (p95) | 100,000 | n^1.00 (two sizes) | 10,000 |" in text


def test_the_object_says_the_same(known):
    found = json.loads(json.dumps(as_dict(known)))
    assert len(found["entries"]) == len(known)
    assert found["growth"]["sample:import:seconds"]["power"] == pytest.approx(1)
    assert "sample:import:rows_a_second" not in found["growth"]
    assert rates(known) == {"import": 500.0, "label": 500.0}


def test_a_measurement_that_could_not_be_is_told(known):
    text = as_markdown([*known, entry("search", 10, state=FAILED, why="no disk")])
    assert "10: no disk." in text


# The real thing


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A folder with what every measurement begins with, its model made small."""
    folder = tmp_path_factory.mktemp("scale")
    prepared = folder / MATERIAL / "sample"
    prepared.mkdir(parents=True)
    # Pictures are measured by `make soak`: to learn them takes half a minute.
    titles = made_titles(400)
    if not soaking.many(0, 1):
        train_model(prepared, titles, sees=False)
    prepare(prepared, partial(begin_sample, labels=4), lambda: titles)
    return folder


def test_a_small_run_measures_and_goes_on(material):
    names = ["import", "train", "search", "vectors", "label"]
    names += ["pictures", "pages"] if soaking.many(0, 1) else []
    plan = Plan(sizes=[400, 200], only=names)
    assert 100 < _answered(material) <= 200  # pages cannot be measured on fewer
    done = {(e.measurement, e.rows): e for e in run_scale(material, plan)}
    assert {(name, rows) for name in names for rows in (200, 400)} == set(done)
    for (name, _), found in done.items():
        assert (found.state, found.why) == (MEASURED, "")
        known = {one.name: one for one in MEASUREMENTS}[name]
        assert {quantity.key for quantity in known.quantities} <= set(found.figures)
        assert all(math.isfinite(value) for value in found.figures.values())
        assert found.peak_mb > 20
    assert done["import", 400].figures["database_bytes_a_row"] > 500
    assert done["vectors", 400].figures["recall"] > 0.95
    assert done["search", 400].figures["recall"] > 0.95
    # Nothing lies about, and a second run has nothing to do.
    assert sorted(path.name for path in material.iterdir()) == [
        DESKS, LEDGER, "lock", MATERIAL,
    ]  # fmt: skip
    assert list((material / DESKS).iterdir()) == []
    assert list(run_scale(material, plan)) == []
    assert "| import, s |" in as_markdown(Ledger(material / LEDGER).entries)


def _answered(material):
    db = Workspace(material / MATERIAL / "sample" / SOURCE).database()
    found = scalar(db, "SELECT count(*) FROM inquiries WHERE answer_id IS NOT NULL")
    db.close()
    return found


def test_pages_are_left_where_the_desk_to_grow_from_is_larger(material, tmp_path):
    (tmp_path / MATERIAL).symlink_to(material / MATERIAL)
    (found,) = run_scale(tmp_path, Plan(sizes=[100], only=["pages"]))
    assert found.state == LEFT
    assert found.why.startswith("not measured: the desk it grows from has")


def test_what_takes_too_long_is_ended_and_tried_again_with_more_time(material, tmp_path):
    (tmp_path / MATERIAL).symlink_to(material / MATERIAL)
    plan = Plan(sizes=[300], only=["vectors"], limit=0.1)
    (first,) = run_scale(tmp_path, plan)
    assert (first.state, first.figures) == (LEFT, {})
    assert first.why.startswith("not measured: stopped after 0 s")
    (second,) = run_scale(tmp_path, Plan(sizes=[300], only=["vectors"]))
    assert second.state == MEASURED


def test_a_measurement_that_dies_says_its_last_words(material, tmp_path):
    (tmp_path / MATERIAL).mkdir()
    (found,) = run_scale(tmp_path, Plan(sizes=[300], only=["import"]))
    assert found.state == FAILED
    assert "source" in found.why


def test_a_killed_run_ends_its_measurement_and_goes_on(material, tmp_path):
    (tmp_path / MATERIAL).symlink_to(material / MATERIAL)
    words = ["bench", "scale", "--out", str(tmp_path), "--sizes", "100,200", "--only"]
    code = "from web.cli import main; main()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, *words, "vectors,import"], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ledger = tmp_path / LEDGER
    _wait(lambda: Ledger(ledger).entries)
    running.send_signal(signal.SIGKILL)
    running.wait()
    before = [e.key for e in Ledger(ledger).entries]
    assert 1 <= len(before) < 4
    _wait(lambda: not _probes(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "vectors,import", "--json"], cwd=ROOT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)["entries"]
    assert [(e["measurement"], e["rows"]) for e in found] == [
        ("import", 100), ("vectors", 100), ("import", 200), ("vectors", 200),
    ]  # fmt: skip
    assert {e["state"] for e in found} == {MEASURED}
    assert len(ledger.read_bytes().splitlines()) == 4
    assert not list(tmp_path.glob(".faqdesk-*"))


def _wait(until, seconds=240):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)


def _probes(folder):
    """Processes that still work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            place = os.readlink(process / "fd" / "2")
        except OSError:
            continue
        if b"bench_scale_probe" in words and str(folder) in place:
            found.append(process.name)
    return found
