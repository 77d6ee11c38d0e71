"""A batch from the table to the review queue: labelled, cut short, gone on with, deleted."""

import csv
import shutil

import pytest

from listings import batches, review
from listings.batch_run import run
from listings.batches import BatchOptions
from listings.labels import label_of
from listings.pictures import MIN_SIDE
from listings.review_decisions import decide
from support import releases
from support.database import scalar
from support.errors import ConflictError, InputError, JobCancelledError, ModelMissingError
from tests.conftest import ACTOR
from tests.listings.review_queue import person
from tests.listings.small_category import category_model, read_csv, write_csv

__all__ = ["category_model"]

# The model is sure of the first two, and the seller of another thing in the second.
ROWS = [
    ("나이키 운동화 새상품", "패션 > 신발", "10,000원"),
    ("삼성 갤럭시 공기계", "가구 > 거실", ""),
    ("물건 팝니다", "패션 > 의류", "5만원"),
    ("", "", ""),
]


@pytest.fixture(autouse=True)
def model(space, db, category_model):
    """The small model is in force."""
    shutil.copytree(category_model, space.models / "category" / "m1")
    releases.publish(space, db, {"category": "m1"}, actor=ACTOR, line="category")


def begin(space, db, rows=ROWS, **options):
    path = write_csv(batches.folder(space) / "goods.csv", rows, "title", "given", "price")
    options = BatchOptions(**{"compare": "given", "twice": 0.0} | options)
    return batches.create(
        space, db, ACTOR, name=path.name, save=path.rename if options.top == 2 else None,
        options=options,
    )  # fmt: skip


def test_a_batch_is_labelled_and_its_rows_wait_for_people(space, db):
    number = begin(space, db)
    done = run(space, db, number)
    batch = batches.get(db, number)
    assert done == {"batch": number, "rows": 4, "queued": batch.queued}
    out = read_csv(space.home / batch.output)
    assert [row["title"] for row in out] == [title for title, *_ in ROWS]
    assert out[0]["path"] == "패션 > 신발"
    looks = ("unsure", "disagree")
    wanted = {place for place, row in enumerate(out, 1) if row["review"] in looks}
    me = person(db, "mina")
    items = review.waiting(db, me, review.Queue(batch=number), limit=9)
    assert {item.row for item in items} == wanted
    assert 2 in wanted
    item = next(item for item in items if item.row == 2)
    assert (item.given, item.reason, item.tree) == ("가구 > 거실", "disagree", "faqdesk")
    assert item.guesses[0].path == "디지털 > 휴대폰"
    assert item.guesses[0].probability == float(out[1]["probability"])
    decide(db, ACTOR, me, item.id, rank=1)
    assert label_of(db, item.listing_id, tree="faqdesk") == ("디지털 > 휴대폰", "hand")
    assert set(batches.reports(space, batch)) == {"result", "problems", "disagreements"}
    # Once more it does nothing twice.
    assert run(space, db, number)["queued"] == batch.queued
    assert scalar(db, "SELECT count(*) FROM review_items") == len(items)


def test_cut_short_it_goes_on(space, db):
    number = begin(space, db)

    def stop(done, total, message):
        if message == "filling the review queue":
            raise JobCancelledError("enough")

    with pytest.raises(JobCancelledError):
        run(space, db, number, progress=stop)
    assert batches.get(db, number).queued is None
    assert run(space, db, number)["rows"] == 4
    assert batches.get(db, number).queued
    db.execute("UPDATE label_batches SET report = '{}'")
    with pytest.raises(ConflictError, match="there already"):
        run(space, db, number)
    assert run(space, db, number, restart=True)["rows"] == 4


def test_the_most_informative_rows_alone(space, db):
    rows = [("물건 팝니다", "", "")] * 3 + [("나이키 운동화", "가구 > 거실", "")] * 3
    number = begin(space, db, rows=rows, review=2, top=2)
    assert batches.get(db, number).file == f"batches/{number}/input.csv"
    assert run(space, db, number)["queued"] == 2
    chosen = [row[0] for row in db.conn.execute("SELECT priority FROM review_items")]
    assert len(chosen) == 2
    every = begin(space, db, rows=rows)
    run(space, db, every)
    sql = "SELECT priority FROM review_items WHERE batch_id = ? ORDER BY priority DESC"
    assert sorted(chosen, reverse=True) == pytest.approx(
        [row[0] for row in db.conn.execute(sql, [every])][:2], abs=1e-3
    )


def test_files_are_deleted_and_open_rows_leave_the_queue(space, db):
    number = begin(space, db)
    run(space, db, number)
    me = person(db, "mina")
    first, *others = review.waiting(db, me, review.Queue(), limit=9)
    decide(db, ACTOR, me, first.id, rank=1)
    batches.delete_files(space, db, ACTOR, number)
    assert not (space.home / "batches" / str(number)).exists()
    assert (space.home / "batches/goods.csv").exists()  # it was put there by hand
    assert review.waiting(db, me, review.Queue(), limit=9) == []
    assert label_of(db, first.listing_id, tree="faqdesk")
    with pytest.raises(ConflictError, match="deleted"):
        run(space, db, number)
    assert all(review.get(db, item.id).state == "dropped" for item in others)


def test_pictures_come_with_the_rows(space, db, monkeypatch, photos):
    folder = batches.folder(space) / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(photos(1, size=MIN_SIDE * 4))
    path = batches.folder(space) / "p.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [["title", "file"], ["운동화 소파", "a.png;../../desk.db"], ["운동화 소파", "none.png"]]
        )
    number = batches.create(
        space, db, ACTOR, name="p.csv", save=None,
        options=BatchOptions(image="file", images="photos"),
    )  # fmt: skip
    with pytest.raises(InputError, match="does not look at pictures"):
        run(space, db, number)
    # The queue takes them all the same once a model that sees has labelled the table.
    plain = batches.create(space, db, ACTOR, name="p.csv", save=None, options=BatchOptions())
    run(space, db, plain)
    report = "json_set(report, '$.columns.image', 'file')"
    options = "json_set(options, '$.image', 'file', '$.images', 'photos')"
    change = f"UPDATE label_batches SET report = {report}, options = {options} WHERE id = ?"
    db.execute(change, [plain])
    db.execute("DELETE FROM review_items")
    db.conn.commit()
    assert run(space, db, plain)["queued"] == 2
    kept = db.conn.execute("SELECT origin, file <> '' FROM listing_pictures").fetchall()
    assert kept == [("a.png", 1)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"top": 0}, "1 to 20"),
        ({"review": -1}, "100,000"),
        ({"twice": 2.0}, "0 to 1"),
        ({"format": "doc"}, "No format"),
        ({"image": "file"}, "both or neither"),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(InputError, match=words):
        BatchOptions(**options)


def test_no_file_of_elsewhere_is_taken(space, db):
    (space.home / "batches").mkdir(exist_ok=True)
    (space.home / "secret.csv").write_text("title\nx\n", "utf-8")
    for name in ("../secret.csv", "/etc/passwd", "secret.csv", "notes.doc"):
        with pytest.raises(InputError):
            batches.create(space, db, ACTOR, name=name, save=None, options=BatchOptions())


def test_without_a_model_it_says_what_to_do(space, db):
    number = begin(space, db)
    (space.models / "current-category").unlink()
    with pytest.raises(ModelMissingError, match="faqdesk train category"):
        run(space, db, number)
