"""`faqdesk label` as a process: killed outright, and started again."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from listings.categories import add_paths, map_paths
from support import releases
from tests.conftest import ACTOR
from tests.listings.small_category import category_model, listings, read_csv, write_csv
from tests.web.doors import ROOT, SLOW, environment, until
from web.cli import main

__all__ = ["category_model"]


@pytest.fixture
def table(tmp_path):
    rows = (
        [number, title, f"{title}\n둘째 줄"] for number, (title, _) in enumerate(listings(3000))
    )
    return write_csv(tmp_path / "in.csv", rows, "id", "title", "memo")


@pytest.fixture
def shell(space, monkeypatch, capsys):
    """Runs a command in this process; what it prints."""
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))

    def run(*words, code=0):
        monkeypatch.setattr(sys, "argv", ["faqdesk", *words])
        try:
            main()
            ended = 0
        except SystemExit as end:
            ended = end.code or 0
        said = capsys.readouterr()
        assert ended == code, said.err
        return said.out if not code else said.out + said.err

    return run


def command(table, out, model, *more):
    return [
        "label",
        str(table),
        "--out",
        str(out),
        "--model",
        str(model),
        "--shard-rows",
        "100",
        *more,
    ]


def kill_when(space, words, ready):
    """Start a command, kill it outright once something holds; whether it came to that in time."""
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", *words],
        cwd=ROOT, env=environment(space), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    edge = time.monotonic() + SLOW
    while process.poll() is None and not ready(process.pid):
        assert time.monotonic() < edge
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def count(folder, name):
    # Files that are being written begin with a dot.
    try:
        return sum(not entry.startswith(".") for entry in os.listdir(folder / name))
    except FileNotFoundError:
        return 0


def test_killed_again_and_again_it_ends_with_the_same_bytes(
    space, table, tmp_path, category_model, shell
):
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    shell(*command(table, whole, category_model, "--workers", "1"))
    folder = tmp_path / "out.csv.faqdesk"
    words = command(table, out, category_model, "--workers", "1")
    # While it cuts the table, while it labels, and a good way further on.
    assert kill_when(space, words, lambda pid: count(folder, "in") > 3)
    assert not out.exists()
    assert kill_when(space, words, lambda pid: count(folder, "done") >= 3)
    receipts = {path.stem for path in (folder / "done").glob("0*.json")}
    done = {name: (folder / "out" / name).stat().st_ino for name in receipts}
    assert len(receipts) >= 3
    assert kill_when(space, words, lambda pid: count(folder, "done") >= len(receipts) + 5)
    # What was done is not done again: a file that is written again is another file.
    assert {name: (folder / "out" / name).stat().st_ino for name in receipts} == done
    assert not out.exists()
    more = count(folder, "done")

    report = json.loads(shell(*words, "--json"))
    assert report["rows"] == 3000
    assert report["resumed"] == 100 * more
    assert out.read_bytes() == whole.read_bytes()
    assert not folder.exists()


def test_killed_with_its_workers_it_goes_on_with_other_workers(
    space, table, tmp_path, category_model, shell
):
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    shell(*command(table, whole, category_model, "--workers", "1"))
    folder = tmp_path / "out.csv.faqdesk"
    words = command(table, out, category_model, "--workers", "2")
    found = []

    def ready(pid):
        found[:] = workers_of(pid)
        return found and count(folder, "done") >= 3

    assert kill_when(space, words, ready)
    # Nobody else would end the workers.
    until(lambda: not any("spawn_main" in command_line(pid) for pid in found), "workers end")
    assert len(found) == 2
    before = count(folder, "done")
    report = json.loads(shell(*words, "--json"))
    assert report["resumed"] == 100 * before
    assert out.read_bytes() == whole.read_bytes()


def workers_of(pid):
    return [
        entry
        for entry in os.listdir("/proc")
        if entry.isdigit() and parent_of(entry) == pid and "spawn_main" in command_line(entry)
    ]


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read()
    except OSError:
        return ""


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def test_the_model_in_force_labels_and_says_what_it_did(space, db, tmp_path, category_model, shell):
    table = write_csv(
        tmp_path / "in.csv",
        [["나이키 운동화 1 급처", "신발"], ["한샘 소파 2 택포", "패션/의류"], ["", ""]],
        "상품명",
        "category",
    )
    out = tmp_path / "out.csv"
    assert "faqdesk train category" in shell("label", str(table), "--out", str(out), code=3)
    shutil.copytree(category_model, space.models / "category" / "v1")
    releases.publish(space, db, {"category": "v1"}, actor=ACTOR, line="category")

    # 4: there is a row without words.
    said = shell("label", str(table), "--out", str(out), "--compare", "category", code=4)
    assert "3 rows in" in said
    assert "title from '상품명'" in said
    assert "1 agree, 1 disagree" in said
    assert "패션/의류  ->  가구 > 거실" in said
    assert "1 rows without words or picture" in said
    assert [row["faqdesk_path"] for row in read_csv(out)] == ["패션 > 신발", "가구 > 거실", ""]
    with (tmp_path / "out.csv.problems.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row[:2] for row in csv.reader(file)] == [["line", "kind"], ["4", "text"]]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--map", "title"], 2, "title=COLUMN"),
        (["--map", "title=none"], 1, "No column 'none'"),
        (["--top", "0"], 2, "--top"),
        (["--images", "no-such-folder"], 2, "no-such-folder"),
        (["--out", "x.doc"], 1, "endings"),
    ],
)
def test_what_cannot_be_done_ends_with_words(
    table, tmp_path, category_model, shell, words, code, said
):
    line = ["label", str(table), "--out", str(tmp_path / "o.csv"), "--model", str(category_model)]
    assert said in shell(*line, *words, code=code)


def test_mapping_tables_of_the_desk_carry_sellers_categories(
    space, db, tmp_path, category_model, shell, monkeypatch
):
    table = write_csv(tmp_path / "in.csv", [["한샘 소파 2", "생활"]], "title", "given")
    add_paths(db, "faqdesk", ["가구 > 거실"])
    map_paths(db, ACTOR, "shop", "faqdesk", {"생활": "가구 > 거실"})
    asked = ("label", str(table), "--compare", "given", "--model", str(category_model))
    assert "1 agree, 0 disagree" in shell(*asked, "--out", str(tmp_path / "out.csv"))
    # Without a desk there are none, and no desk is made.
    monkeypatch.setenv("FAQDESK_HOME", str(tmp_path / "none"))
    assert "0 agree, 1 disagree" in shell(*asked, "--out", str(tmp_path / "none.csv"))
    assert not (tmp_path / "none").exists()
