"""Check 23: work in parts, killed at each boundary of one, goes on to the same and twice nothing.

Killed at random points: `test_21_killed.py`. Here it is every boundary there is, one after the
other: a fork of this process does the work and kills itself right before it, or right after.
"""

import os
import shutil
import signal
from contextlib import closing
from functools import partial

import numpy as np
import pytest

from listings.label_run import CategoryEngine, LabelRequest, label_file
from listings.moderation.judge_run import JudgeRequest, Judges, judge_file
from listings.moderation.rules import default_rules
from support import embeddings
from support.clock import ago
from support.encoder import SentenceEncoder
from support.importing import load
from support.workspace import Workspace
from tests.conftest import import_csv
from tests.listings.small_category import category_model, listings, write_csv
from tests.support.importing.test_exports import SINCE, desk
from train.index import build_index

__all__ = ["category_model"]

ROWS, SHARD = 40, 16  # three shards, the last one smaller
HELP = "https://help.example.com/ko/faq/"


def killed_at(work, module, name, boundary, *, after=False):
    """Do work in a fork that is killed at its n-th call of a function; False: it came to an end."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return True
        assert os.WEXITSTATUS(status) == 0
        return False
    try:
        plain, calls = getattr(module, name), 0

        def counted(*values, **named):
            nonlocal calls
            calls += 1
            if calls == boundary and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            found = plain(*values, **named)
            if calls == boundary:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        setattr(module, name, counted)
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rows = ((n, title if n % 11 else "") for n, (title, _) in enumerate(listings(ROWS)))
    return write_csv(tmp_path_factory.mktemp("table") / "in.csv", rows, "id", "title")


@pytest.fixture(scope="module", params=["label", "moderate"])
def work(request):
    """Labels or judges a table, and how many rows were done before."""
    if request.param == "moderate":
        request_, judges = JudgeRequest(shard_rows=SHARD), Judges(default_rules())
        return lambda path, out: judge_file(path, out, judges, request_, workers=1).resumed
    engine = CategoryEngine(request.getfixturevalue("category_model"))
    asked = LabelRequest(shard_rows=SHARD)
    return lambda path, out: label_file(path, out, engine, asked, workers=1).resumed


def written(folder):
    """Every file in a folder with its bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("kind", "after"), [("csv", False), ("parquet", True)], ids=["before", "after"]
)
def test_a_table_killed_at_each_boundary_ends_in_the_same_bytes(work, table, tmp_path, kind, after):
    whole, place = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    work(table, whole / f"out.{kind}")
    edge = resumed = 0
    while True:
        edge += 1
        place.mkdir()
        out = place / f"out.{kind}"
        if not killed_at(lambda out=out: work(table, out), os, "replace", edge, after=after):
            break
        run = place / f"{out.name}.faqdesk"
        done = {path: path.stat().st_ino for path in (run / "out").glob("[!.]*")}
        receipts = {path.name for path in (run / "done").glob("0*.json")}
        if out.exists():  # all was there: nothing is done again, and it says so
            assert out.read_bytes() == (whole / out.name).read_bytes()
            shutil.rmtree(place)
            continue
        before = min(SHARD * len(receipts), ROWS)
        # Killed once more at the next boundary, then left alone.
        assert killed_at(lambda out=out: work(table, out), os, "replace", 1, after=after)
        again = {path: path.stat().st_ino for path in done if path.exists()}
        kept = [path for path in done if f"{path.stem.partition('.')[0]}.json" in receipts]
        assert all(again[path] == done[path] for path in kept)
        more = len(list((run / "done").glob("0*.json")))
        assert work(table, out) == min(SHARD * more, ROWS) >= before
        resumed += more
        assert written(place) == written(whole)
        shutil.rmtree(place)
    assert written(place) == written(whole)
    # plan and run, each shard and its receipt, and more: every one of them was an edge.
    assert edge > 2 + 2 * -(-ROWS // SHARD)
    assert resumed >= 6


class Lengths:
    """A text as the lengths of its words: anybody can work out what it is like."""

    dim = 4

    def __call__(self, texts):
        rows = [[len(text), text.count(" "), 1.0, len(text) % 7] for text in texts]
        return np.array(rows, np.float32)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A desk that has no vectors yet."""
    folder = tmp_path_factory.mktemp("history")
    lines = [f"{n},질문 {n},답 {n} {HELP}a{n % 5}" for n in range(40)]
    space = Workspace(folder / "desk").create()
    import_csv(space, folder / "h.csv", "id,question,answer\n" + "\n".join(lines))
    return folder


def copied(folder, to):
    shutil.copytree(folder, to)
    return Workspace(to / "desk")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_index_killed_at_each_batch_of_vectors_is_the_same(
    history, tmp_path, monkeypatch, after
):
    monkeypatch.setattr(embeddings, "BATCH", 8)
    encoder = SentenceEncoder(Lengths(), "lengths")

    def build(space):
        with closing(space.database()) as db:
            build_index(db, encoder, folder=space.models / "index" / "v1")

    def there(space):
        with closing(space.database()) as db:
            rows = db.execute("SELECT seq, item_id, vector FROM embeddings ORDER BY seq").fetchall()
        folder = space.models / "index" / "v1"
        sums = (folder / "manifest.json").read_text() if folder.is_dir() else ""
        return rows, written(folder) if sums else {}

    whole = copied(history, tmp_path / "whole")
    build(whole)
    rows, files = there(whole)
    assert len(rows) == 40
    for edge in range(1, 7):
        space = copied(history, tmp_path / f"edge-{edge}")
        cut = killed_at(partial(build, space), embeddings, "save_told", edge, after=after)
        assert cut == (edge <= 5)
        kept, _ = there(space)
        assert kept == rows[: 8 * (edge if after else edge - 1)] or not cut
        build(space)
        again, made = there(space)
        assert again == rows  # what was encoded is not encoded twice: the same numbers
        for name in set(files) - {"config.json", "manifest.json"}:  # which say when
            assert made[name] == files[name], name


def test_an_import_killed_at_each_batch_and_run_again_adds_nothing_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "BATCH", 20)
    text = "id,question,answer,customer,created_at\n" + "\n".join(
        f"{n},질문 {n} 010-2938-{n:04},{f'답 {HELP}a{n % 5}' if n % 4 else ''},c{n // 3},"
        f"{ago(hours=n)}"
        for n in range(90)
    )

    (tmp_path / "laid").mkdir()
    Workspace(tmp_path / "laid" / "desk").create()  # copied: each desk has the same key

    def take_in(space):
        return import_csv(space, space.home.with_name("h.csv"), text)

    def there(space):
        with closing(space.database()) as db:
            return desk(db, but=SINCE)

    whole = copied(tmp_path / "laid", tmp_path / "whole")
    take_in(whole)
    expected, edge = there(whole), 0
    while True:
        edge += 1
        space = copied(tmp_path / "laid", tmp_path / f"edge-{edge}")
        cut = killed_at(lambda space=space: take_in(space), load, "write", edge)
        take_in(space)
        assert there(space) == expected
        assert take_in(space).inquiries == 0
        assert there(space) == expected
        if not cut:
            break
    assert edge > 5  # begun, five batches, ended
