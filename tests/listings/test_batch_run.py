"""A batch from the table to the review queue: labelled, cut short, gone on with, deleted."""

import csv
import json
import shutil

import pytest

from listings import batches, review
from listings.batch_run import run
from listings.batches import BatchOptions
from listings.categories import add_paths, map_paths
from listings.label_work import CategoryEngine
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


def stop_at(message):
    """A progress that cancels the job where it tells of this."""

    def stop(done, total, told):
        if told == message:
            raise JobCancelledError("enough")

    return stop


def cancel_at(message, space, db, number, **options):
    with pytest.raises(JobCancelledError):
        run(space, db, number, progress=stop_at(message), **options)


def publish_another(space, db, category_model):
    """A model of another version is in force; returns it."""
    folder = shutil.copytree(category_model, space.models / "category" / "m2")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    releases.publish(space, db, {"category": "m2"}, actor=ACTOR, line="category")
    return CategoryEngine(folder).describe().version


def test_cut_short_it_goes_on(space, db):
    number = begin(space, db)
    cancel_at("filling the review queue", space, db, number)
    assert batches.get(db, number).queued is None
    assert run(space, db, number)["rows"] == 4
    assert batches.get(db, number).queued


def test_killed_before_the_desk_knew_of_the_output_it_goes_on(space, db):
    number = begin(space, db)
    run(space, db, number)
    db.execute("UPDATE label_batches SET report = '{}', finished_at = NULL")
    assert run(space, db, number)["rows"] == 4
    # So it does where the run's folder was left behind, all but empty.
    db.execute("UPDATE label_batches SET report = '{}', finished_at = NULL")
    db.conn.commit()
    out = space.home / batches.get(db, number).output
    left = out.with_name(f"{out.name}.faqdesk")
    left.mkdir()
    for name in ("plan.json", "finished.json"):
        (left / name).write_text("{}")
    assert run(space, db, number)["rows"] == 4
    assert not left.exists()


@pytest.mark.parametrize("message", ["checking", "labelling", "joining"])
def test_labelling_anew_that_was_cut_short_goes_on_with_the_new_model(
    space, db, category_model, message
):
    number = begin(space, db)
    run(space, db, number)
    version = publish_another(space, db, category_model)
    cancel_at(message, space, db, number, restart=True)
    assert batches.reports(space, batches.get(db, number)) == {}  # which would be of two models
    run(space, db, number)
    batch = batches.get(db, number)
    assert batch.model == version
    assert {row["model_version"] for row in read_csv(space.home / batch.output)} == {version}
    assert not list((space.home / batch.output).parent.glob("*.faqdesk"))


def test_labelling_anew_that_is_refused_leaves_what_was_made(space, db):
    number = begin(space, db)
    run(space, db, number)
    before = batches.get(db, number).report
    path = space.home / batches.get(db, number).file
    path.write_text("nothing\n", "utf-8")
    with pytest.raises(InputError):
        run(space, db, number, restart=True)
    assert batches.get(db, number).report == before


def test_labelled_anew_the_queue_asks_what_the_new_model_guessed(space, db, category_model):
    number = begin(space, db)
    run(space, db, number)
    me = person(db, "mina")
    queue = review.Queue(batch=number)
    stale = review.waiting(db, me, queue, limit=9)
    decide(db, ACTOR, me, stale[0].id, rank=1)
    decide(db, ACTOR, me, stale[1].id)  # skipped
    version = publish_another(space, db, category_model)
    run(space, db, number, restart=True)
    fresh = review.waiting(db, me, queue, limit=9)
    assert {item.row for item in fresh} == {item.row for item in stale[1:]}
    assert {item.model for item in fresh} == {version}
    # Whoever has an old one on the screen is told; what was decided stands.
    with pytest.raises(ConflictError, match="taken out"):
        decide(db, ACTOR, me, stale[-1].id, rank=1)
    assert review.get(db, stale[0].id).state == "decided"
    assert label_of(db, stale[0].listing_id, tree="faqdesk")


def test_the_sellers_column_may_be_told_in_other_spelling(space, db):
    number = begin(space, db, compare="Given")
    run(space, db, number)
    items = review.waiting(db, person(db, "mina"), review.Queue(batch=number), limit=9)
    disagreeing = next(item for item in items if item.row == 2)
    assert disagreeing.given == "가구 > 거실"
    assert disagreeing.priority > 0


def test_sellers_categories_of_another_tree_are_carried_over(space, db):
    phones = "디지털 > 휴대폰"
    add_paths(db, "faqdesk", [phones])
    map_paths(db, ACTOR, "shop", "faqdesk", {"가구": phones, "패션 > 의류": ""})
    number = begin(space, db)
    run(space, db, number)
    batch = batches.get(db, number)
    assert batch.report["compared"] == {"compared": 2, "agree": 2, "disagree": 0}
    assert batch.report["pairs"] == []
    assert read_csv(space.home / batch.output)[1]["review"] != "disagree"


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
        ({"image": "file"}, "Where are the pictures"),
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
