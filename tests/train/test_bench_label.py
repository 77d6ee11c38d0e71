"""The benchmark of labelling: small runs of the real thing."""

import json

import pytest

from support.errors import FaqdeskError
from tests.listings.small_category import train
from train import bench_label
from train.bench_command import measure_command
from train.bench_label import LabelSpeed, PictureRun, TextRun
from train.label_rows import draw_pictures, made_titles, perturbed


def test_rows_are_made_the_same_way_each_time_and_hardly_two_alike():
    titles = made_titles(50)
    assert titles == made_titles(50)
    assert titles != made_titles(50, seed=1)
    names = [title for title, _ in titles]
    rows = list(perturbed(names, 400, seed=3))
    assert rows == list(perturbed(names, 400, seed=3))
    assert len({title for title, _ in rows}) == 400
    # Still the title that it was made of, for the most part.
    for title, place in rows[:50]:
        assert len(set(title.split()) & set(names[place].split())) >= len(names[place].split()) - 2


def test_pictures_are_files_that_are_told_apart(tmp_path):
    paths = draw_pictures(tmp_path, [0, 1, 0], size=(80, 60))
    assert [path.suffix for path in paths] == [".jpg"] * 3
    assert len({path.read_bytes() for path in paths}) == 3


def test_a_command_is_measured_with_all_its_processes(tmp_path):
    found = measure_command(["--help"])
    assert "Commands:" in found.said
    assert found.seconds > 0
    assert found.cpu_seconds > 0
    with pytest.raises(FaqdeskError, match=r"ended with 2: (.|\n)*no-such"):
        measure_command(["no-such"])


def test_a_small_run_counts_what_it_did(tmp_path):
    model = train(tmp_path / "model")
    found = bench_label.bench_label(sizes=[200, 400], pictures=0, model=model)
    assert [run.rows for run in found.text] == [200, 400]
    assert all(run.per_second > 0 and run.peak_mb > 20 for run in found.text)
    assert found.model == "linear"
    assert found.labels == 4
    assert found.pictures is None
    assert 0.5 < found.growth < 2


def test_figures_and_table_say_the_same():
    runs = [TextRun(100, 2.0, 3.0, 100.0), TextRun(1000, 10.0, 15.0, 110.0)]
    pictures = PictureRun(60, (640, 480), 1.0, 2.0, 300.0, 20, 1.0)
    speed = LabelSpeed("linear+pictures", 4, 2, 0.5, runs, pictures)
    data = json.loads(json.dumps(speed.as_dict()))
    assert [run["per_second"] for run in data["text"]] == [50.0, 100.0]
    assert data["growth"] == 1.1
    assert data["pictures"]["per_second"] == 60.0
    assert data["pictures"]["plain_per_second"] == 20.0
    assert data["pictures"]["ratio"] == 3.0
    table = speed.table()
    assert "3.0 times" in table
    assert "1.10" in table
    assert LabelSpeed("linear", 4, 2, 0.5, runs[:1], None).growth is None
