"""What labelling tells beside its output: rows it could not read, sellers who disagree."""

import pytest

from listings.label_run import LabelRequest, label_file
from listings.label_work import CategoryEngine
from support.errors import InputError
from tests.listings.small_category import category_model, listings, read_csv, write_csv

__all__ = ["category_model"]

ROWS = listings(60, seed=5)


@pytest.fixture
def engine(category_model):
    return CategoryEngine(category_model)


@pytest.fixture
def table(tmp_path):
    return write_csv(tmp_path / "in.csv", ROWS, "title", "category")


def label(path, out, engine, **options):
    return label_file(path, out, engine, LabelRequest(**options), workers=1)


def test_what_cannot_be_labelled_is_told_and_kept(tmp_path, engine):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text(
        'title,memo\n나이키 운동화,a\n,b\nbroken\n"  ",c\n삼성 갤럭시,d\n', encoding="utf-8"
    )
    report = label(path, out, engine)
    assert [(row["memo"], bool(row["path"]), row["review"] == "unreadable")
            for row in read_csv(out)] == [
        ("a", True, False), ("b", False, True), ("c", False, True), ("d", True, False)
    ]  # fmt: skip
    assert [(row["line"], row["kind"], row["what"]) for row in
            read_csv(tmp_path / "out.csv.problems.csv")] == [
        ("3", "text", ""), ("4", "row", "broken"), ("5", "text", "")
    ]  # fmt: skip
    assert report.reports.problems == {"text": 2, "row": 1}


def test_disagreements_are_a_table_the_surest_first(table, tmp_path, engine):
    rows = [(t, "가구/침대" if n % 10 == 0 else p.replace(" > ", "/") if n % 3 else "")
            for n, (t, p) in enumerate(ROWS)]  # fmt: skip
    path = write_csv(tmp_path / "sellers.csv", rows, "title", "category")
    out = tmp_path / "out.csv"
    report = label(path, out, engine, compare="Category")
    found = read_csv(tmp_path / "out.csv.disagree.csv")
    shares = [float(row["probability"]) for row in found]
    assert shares == sorted(shares, reverse=True)
    wrong = [row for row in found if row["seller"] == "가구/침대"]
    # A bed in the wrong leaf of the right branch is still in the right branch.
    assert {row["kind"] for row in wrong if row["model"].startswith("가구")} <= {"same branch"}
    assert {row["kind"] for row in wrong if not row["model"].startswith("가구")} == {"other branch"}
    counts = report.reports.counts
    assert counts["compared"] == counts["agree"] + counts["disagree"]
    assert counts["disagree"] == len(found)
    assert counts["compared"] == sum(bool(category) for _, category in rows)
    assert sum(pair.rows for pair in report.reports.pairs) == len(found)
    labelled = read_csv(out)
    lines = {int(row["line"]) for row in found}
    for number, row in enumerate(labelled, 2):
        if not row["faqdesk_review"]:
            assert number not in lines
        if row["faqdesk_review"] == "disagree":
            assert number in lines


def test_reports_of_outputs_beside_each_other_do_not_meet(tmp_path, engine):
    path = write_csv(tmp_path / "in.csv", [("", "x"), ("소파", "신발")], "title", "given")
    for name in ("out.csv", "out.xlsx"):
        label(path, tmp_path / name, engine, compare="given")
    names = {each.name for each in tmp_path.iterdir()}
    assert {f"out.{kind}.{what}.csv" for kind in ("csv", "xlsx")
            for what in ("problems", "disagree")} <= names  # fmt: skip


@pytest.mark.parametrize("report", ["problems", "disagree"])
def test_a_report_never_replaces_the_input(table, tmp_path, engine, report):
    path = table.rename(tmp_path / f"x.csv.{report}.csv")
    before = path.read_bytes()
    with pytest.raises(InputError, match="would replace the input"):
        label(path, tmp_path / "x.csv", engine)
    assert path.read_bytes() == before


def test_a_disagreement_about_a_row_without_a_title_shows_what_it_says(tmp_path, engine):
    rows = [("나이키 운동화 새상품", "가구 > 거실")]
    path = write_csv(tmp_path / "in.csv", rows, "description", "given")
    label(path, tmp_path / "out.csv", engine, compare="given")
    (found,) = read_csv(tmp_path / "out.csv.disagree.csv")
    assert found["title"] == "나이키 운동화 새상품"
