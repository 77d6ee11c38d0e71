"""A batch with pictures as people run one: handed in as an archive, killed, gone on with."""

import os
import shutil
import signal
import zipfile

import pytest

from listings.label_run import CategoryEngine, LabelRequest, label_file
from listings.listing import Listing
from support import agents, releases
from support.database import one, scalar
from tests.conftest import ACTOR
from tests.listings.drawn import draw
from tests.listings.small_category import read_csv, write_csv
from tests.web.conftest import PASSWORD, signed_in
from tests.web.doors import end_group, running, until
from train.category import CategoryConfig, fit_category

PATHS = {"Box": "장난감 > 상자", "Ball": "장난감 > 공", "Flag": "소품 > 깃발"}
SHARD = 256  # rows with pictures
ROWS = 2 * SHARD + 10


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Drawn photos with their labels."""
    return draw(tmp_path_factory.mktemp("photos"), 90)


@pytest.fixture(scope="module")
def sees(tmp_path_factory, photos):
    """A model of boxes, balls and flags by their photos; the titles say little."""
    files, labels = photos
    listings = [
        Listing(f"{label} {n}" if n // 3 % 3 == 0 else f"물건 {n}", pictures=(file,))
        for n, (file, label) in enumerate(zip(files, labels, strict=True))
    ]
    folder = tmp_path_factory.mktemp("model") / "m1"
    fit_category(
        listings,
        [PATHS[label] for label in labels],
        folder=folder,
        config=CategoryConfig(texts=("linear",), image="patches", image_minutes=0.1),
    )
    return folder


@pytest.fixture
def labeller(app, space, db, sees):
    shutil.copytree(sees, space.models / "category" / sees.name)
    releases.publish(space, db, {"category": sees.name}, actor=ACTOR, line="category")
    agents.add(db, ACTOR, login="hana", name="최하나", role="labeller", password=PASSWORD)
    return signed_in(app, "hana")


@pytest.fixture
def archive(tmp_path, photos):
    """The photos in a folder of their own, as systems make archives of folders."""
    path = tmp_path / "사진.zip"
    with zipfile.ZipFile(path, "w") as made:
        for file in photos[0]:
            made.write(file, f"가을 사진/{file.name}")
        made.writestr("가을 사진/broken.jpg", b"no picture")
        made.writestr("../../out.jpg", b"no picture")
    return path


def begin(client, table, archive):
    """Hand a table and its pictures in; gives the page of the batch."""
    with table.open("rb") as file, archive.open("rb") as pictures:
        body = {"file": (file, table.name), "pictures": (pictures, archive.name)}
        return client.post("/batches", data=body).headers["Location"]


def take(client, page, which):
    answer = client.get(f"{page}/files/{which}")
    with answer:
        return answer.data


def test_a_batch_that_was_killed_goes_on_to_the_same_bytes(
    labeller, space, db, archive, photos, sees, tmp_path
):
    files, labels = photos
    names = [file.name if n % 50 else "broken.jpg" for n, file in enumerate(files)]
    rows = [(f"물건 {n}", names[n % len(names)]) for n in range(ROWS)]
    table = write_csv(tmp_path / "goods.csv", rows, "title", "photo")
    page = begin(labeller, table, archive)
    done = space.home / "batches/1/labelled.csv.faqdesk/done"
    with running(space, "worker") as process:
        until(lambda: done.is_dir() and len(list(done.glob("0*.json"))), "a shard is done")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        end_group(process.pid)  # and what it had started
    receipts = {path.name: path.stat().st_ino for path in done.glob("0*.json")}
    assert 0 < len(receipts) < 3
    assert not (space.home / "batches/1/labelled.csv").exists()
    assert one(db, "SELECT state FROM jobs ") == {"state": "running"}
    with running(space, "worker"):
        # Who started it again need not wait until its silence is long enough.
        state = "SELECT state FROM jobs WHERE id = ?"
        until(lambda: scalar(db, state, [1]) == "interrupted", "it is noticed", seconds=60)
        shown = labeller.get(page).text
        assert "이어서 하기" in shown
        assert "여기까지 한 것은 남아 있어요" in shown
        labeller.post(page + "/again")
        until(lambda: scalar(db, state, [2]) == "done", "it is labelled")
        until(lambda: not list((space.home / "running").iterdir()), "its lock is gone")
    report = scalar(db, "SELECT json_extract(report, '$.resumed') FROM label_batches")
    assert report == sum(10 if name.startswith("000003") else SHARD for name in receipts)
    whole = tmp_path / "whole.csv"
    request = LabelRequest(images=space.home / "batches/1/pictures")
    label_file(table, whole, CategoryEngine(sees), request, workers=1)
    assert take(labeller, page, "result") == whole.read_bytes()
    assert take(labeller, page, "problems") == (tmp_path / "whole.csv.problems.csv").read_bytes()
    found = read_csv(whole)
    assert len(found) == ROWS
    told = [row["path"] == PATHS[labels[n % len(labels)]] for n, row in enumerate(found)]
    assert sum(told) > 0.9 * ROWS
    broken = sum(name == "broken.jpg" for _, name in rows)
    assert len(read_csv(tmp_path / "whole.csv.problems.csv")) == broken
    assert not (tmp_path / "out.jpg").exists()
