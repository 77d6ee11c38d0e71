"""Labelling whole tables with a model that was really trained."""

import fcntl
import json
import shutil

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from listings import shard_work
from listings.categorise import CategoryClassifier
from listings.label_run import LabelRequest, label_file
from listings.label_work import CategoryEngine
from listings.listing import Listing
from support.errors import ConflictError, InputError, MappingError, ModelMissingError
from tests.listings.small_category import (
    THINGS,
    category_model,
    listings,
    read_csv,
    write_csv,
)
from train.category import CategoryConfig, fit_category
from train.label_rows import draw_pictures

__all__ = ["category_model"]

ADDED = ["category", "path", "probability", "path_2", "probability_2", "path_3", "probability_3",
         "branch", "review", "model_version"]  # fmt: skip
ROWS = listings(60, seed=5)


@pytest.fixture
def engine(category_model):
    return CategoryEngine(category_model)


@pytest.fixture
def table(tmp_path):
    return write_csv(tmp_path / "in.csv", ((n, t) for n, (t, _) in enumerate(ROWS)), "id", "제목")


def label(path, out, engine, *, workers=1, restart=False, **options):
    request = LabelRequest(**{"shard_rows": 16, **options})
    return label_file(path, out, engine, request, workers=workers, restart=restart)


def test_a_table_is_labelled_as_the_model_says(table, tmp_path, engine, category_model):
    report = label(table, tmp_path / "out.csv", engine)
    found = read_csv(tmp_path / "out.csv")
    assert list(found[0]) == ["id", "제목", *ADDED]
    model = CategoryClassifier.load(category_model)
    said = model.predict([Listing(title) for title, _ in ROWS])
    assert [row["제목"] for row in found] == [title for title, _ in ROWS]
    for row, suggestion in zip(found, said, strict=True):
        first, second, third = suggestion.guesses
        assert row["path"] == first.path
        assert row["category"] == first.path.split(" > ")[1]
        assert float(row["probability"]) == pytest.approx(first.probability, abs=6e-5)
        assert [row["path_2"], row["path_3"]] == [second.path, third.path]
        assert row["review"] == ("unsure" if suggestion.review else "")
        assert row["branch"] == suggestion.branch
        assert row["model_version"] == model.version
    # Most are right, and those that name nothing are to be looked at.
    right = sum(row["path"] == path for row, (_, path) in zip(found, ROWS, strict=True))
    assert right > 48
    unsure = [row["제목"] for row in found if row["review"]]
    assert unsure
    assert sum("물건" in title for title in unsure) > len(unsure) / 2
    assert (report.rows, report.resumed) == (60, 0)
    assert report.reports.counts["review"] == len(unsure)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet", "xlsx"])
def test_any_kind_into_any_kind(table, tmp_path, engine, source):
    path = tmp_path / f"from.{source}"
    label(table, path, engine, top=1)
    found = {}
    for sink in ("csv", "jsonl", "parquet", "xlsx"):
        out = tmp_path / f"to-{source}.{sink}"
        label(path, out, engine, top=2)
        found[sink] = rows_of(out)
        assert len(found[sink]) == 60
        assert list(found[sink][0])[:2] == ["id", "제목"]
    # `path` was there already, so ours say whose they are.
    plain = [(row["제목"], row["faqdesk_path"], round(float(row["faqdesk_probability_2"]), 4))
             for row in found["csv"]]  # fmt: skip
    for rows in found.values():
        assert [(r["제목"], r["faqdesk_path"], round(float(r["faqdesk_probability_2"]), 4))
                for r in rows] == plain  # fmt: skip
        assert [row["path"] for row in rows] == [row["faqdesk_path"] for row in rows]


def rows_of(path):
    if path.suffix == ".csv":
        return read_csv(path)
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    book = load_workbook(path)
    names, *rows = book.active.iter_rows(values_only=True)
    book.close()
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_processes_and_shards_do_not_change_the_output(table, tmp_path, engine):
    label(table, tmp_path / "one.csv", engine)
    report = label(table, tmp_path / "two.csv", engine, workers=2)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert report.rows == 60


@pytest.mark.parametrize("sink", ["csv", "jsonl", "parquet", "xlsx"])
def test_a_run_that_was_cut_short_goes_on_and_does_no_row_twice(
    table, tmp_path, engine, monkeypatch, sink
):
    whole, out = tmp_path / f"whole.{sink}", tmp_path / f"out.{sink}"
    label(table, whole, engine)
    assert cut_short(table, out, engine, monkeypatch, after=2) == [1, 2]
    assert not out.exists()
    assert label(table, out, engine).resumed == 32
    if sink == "xlsx":  # which holds the time it was written
        assert rows_of(out) == rows_of(whole)
    else:
        assert out.read_bytes() == whole.read_bytes()


def cut_short(table, out, engine, monkeypatch, *, after):
    """Run until some shards are done, and stop."""
    done = []

    def stop(shard, *rest):
        if len(done) == after:
            raise KeyboardInterrupt
        found = original(shard, *rest)
        done.append(shard.number)
        return found

    original = shard_work.do
    with monkeypatch.context() as patch:
        patch.setattr(shard_work, "do", stop)
        with pytest.raises(KeyboardInterrupt):
            label(table, out, engine)
    return done


def test_another_input_other_options_or_another_model_are_refused(
    table, tmp_path, engine, monkeypatch, category_model
):
    out = tmp_path / "out.csv"
    cut_short(table, out, engine, monkeypatch, after=1)
    with pytest.raises(ConflictError, match=r"another options.*--restart"):
        label(table, out, engine, top=2)
    other = shutil.copytree(category_model, tmp_path / "other")
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest, indent=1))
    with pytest.raises(ConflictError, match=r"another model.*--restart"):
        label(table, out, CategoryEngine(other))
    before = table.read_text(encoding="utf-8")
    table.write_text(before + "x,y\n", encoding="utf-8")
    with pytest.raises(ConflictError, match=r"another input.*--restart"):
        label(table, out, engine)
    assert label(table, out, engine, restart=True).rows == 61
    assert len(read_csv(out)) == 61


def test_an_output_that_is_there_is_not_replaced_unasked(table, tmp_path, engine):
    out = tmp_path / "out.csv"
    out.write_text("mine")
    with pytest.raises(ConflictError, match="is there already"):
        label(table, out, engine)
    assert out.read_text() == "mine"
    label(table, out, engine, restart=True)
    assert len(read_csv(out)) == 60
    assert not (tmp_path / "out.csv.faqdesk").exists()


def test_a_second_run_on_the_same_output_is_refused(table, tmp_path, engine):
    out = tmp_path / "out.csv"
    folder = tmp_path / "out.csv.faqdesk"
    folder.mkdir()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConflictError, match="another process"):
            label(table, out, engine)
    assert label(table, out, engine).rows == 60


def test_a_shard_whose_output_was_lost_is_done_again(table, tmp_path, engine, monkeypatch):
    label(table, tmp_path / "whole.csv", engine)
    out = tmp_path / "out.csv"
    cut_short(table, out, engine, monkeypatch, after=3)
    folder = tmp_path / "out.csv.faqdesk"
    (folder / "out" / "000002").write_bytes(b"half")
    assert label(table, out, engine).resumed == 32
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"top": 0}, InputError, "--top"),
        ({"told": {"title": "name"}}, MappingError, "'name'"),
        ({"compare": "seller"}, MappingError, "'seller'"),
        ({"image_column": "id"}, InputError, "does not look at pictures"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_read(
    table, tmp_path, engine, options, error, words
):
    with pytest.raises(error, match=words):
        label(table, tmp_path / "out.csv", engine, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_places_and_kinds_that_cannot_be_are_refused(table, tmp_path, engine):
    with pytest.raises(InputError, match="the input itself"):
        label(table, table, engine)
    with pytest.raises(InputError, match="Cannot write"):
        label(table, tmp_path / "no" / "out.csv", engine)
    with pytest.raises(InputError, match="endings"):
        label(table, tmp_path / "out.doc", engine)
    with pytest.raises(ModelMissingError):
        label(table, tmp_path / "out.csv", CategoryEngine(tmp_path / "none"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_json_lines_without_a_title_leave_nothing_behind(tmp_path, engine):
    path = tmp_path / "in.jsonl"
    path.write_text('{"a": "운동화"}\n')
    with pytest.raises(MappingError, match="--map title=COLUMN"):
        label(path, tmp_path / "out.jsonl", engine)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"]
    assert label(path, tmp_path / "out.jsonl", engine, told={"title": "a"}).rows == 1


def test_more_rows_than_a_sheet_holds_are_refused_and_nothing_stays(
    table, tmp_path, engine, monkeypatch
):
    monkeypatch.setattr("listings.tables_xlsx.MAX_ROWS", 60)
    with pytest.raises(InputError, match="do not fit into a sheet"):
        label(table, tmp_path / "out.xlsx", engine)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Pictures of each category, which have shapes and colours in common."""
    folder = tmp_path_factory.mktemp("photos")
    places = [list(THINGS).index(path) for _, path in listings(80)]
    return draw_pictures(folder, places, size=(64, 48))


@pytest.fixture(scope="module")
def seeing_model(tmp_path_factory, photos):
    """A model that really learned from words and pictures."""
    folder = tmp_path_factory.mktemp("seeing") / "model"
    rows = listings(80)
    fit_category(
        [Listing(title, pictures=(photo,)) for (title, _), photo in zip(rows, photos, strict=True)],
        [path for _, path in rows],
        folder=folder,
        config=CategoryConfig(texts=("linear",), image="patches", image_minutes=0.1),
    )
    return folder


def test_pictures_speak_and_those_that_cannot_be_read_are_told(tmp_path, photos, seeing_model):
    folder = photos[0].parent
    (folder / "broken.jpg").write_bytes(photos[0].read_bytes()[:700])
    (folder / "words.jpg").write_text("no picture")
    shoes, *_, sofa = THINGS
    of = {path: photo.name for (_, path), photo in zip(listings(80), photos, strict=True)}
    rows = [
        ["", of[shoes]],  # the picture alone
        ["", f"{of[sofa]};words.jpg"],
        ["나이키 운동화 1 급처", "broken.jpg"],
        ["나이키 운동화 2 급처", "gone.jpg"],
        ["", "../in.csv"],
        ["", ""],
        ["한샘 소파 3", f'["{of[sofa]}", "{of[sofa]}"]'],
    ]
    path, out = write_csv(tmp_path / "in.csv", rows, "title", "photo"), tmp_path / "out.csv"
    engine = CategoryEngine(seeing_model)
    report = label(path, out, engine, images=folder, shard_rows=4)
    found = read_csv(out)
    assert [row["path"] for row in found] == [shoes, sofa, shoes, shoes, "", "", sofa]
    told = read_csv(tmp_path / "out.csv.problems.csv")
    assert [(row["line"], row["kind"], row["what"]) for row in told] == [
        ("3", "picture", "words.jpg"),
        ("4", "picture", "broken.jpg"),
        ("5", "picture", "gone.jpg"),
        ("6", "picture", "../in.csv"),
        ("6", "text", ""),
        ("7", "text", ""),
    ]
    assert "no picture of a known kind" in told[0]["reason"]
    assert "broken picture" in told[1]["reason"]
    assert report.options.columns.image == "photo"
    # A picture changes what is said of the same words.
    label(path, tmp_path / "words.csv", engine, shard_rows=4)
    assert read_csv(tmp_path / "words.csv")[6]["probability"] != found[6]["probability"]
    label(path, tmp_path / "two.csv", engine, images=folder, shard_rows=4, workers=2)
    assert (tmp_path / "two.csv").read_bytes() == out.read_bytes()
