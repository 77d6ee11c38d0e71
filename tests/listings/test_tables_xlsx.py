"""Spreadsheets in and out: equal cells, no formula out of a seller's words."""

import csv
import datetime as dt
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from listings.tables import open_source
from listings.tables_xlsx import MAX_CELL, check_size
from support.errors import ImportFileError, InputError
from tests.listings.table_runs import problems, run


def write(path, *rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    book.close()


def read(path, *, types=False):
    book = load_workbook(path)
    rows = [
        [cell.data_type if types else cell.value for cell in row] for row in book.active.iter_rows()
    ]
    book.close()
    return rows


def test_cells_of_every_kind_stay_equal(tmp_path):
    path, out = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    rows = [
        ["제목", "n", "at", "ok"],
        ["운동화\n두 줄", 7, dt.datetime(2026, 1, 2, 3, 4, 5), True],
        [" 구두 ", 0.1, dt.datetime(2026, 1, 3), None],
        ["007", 10**15, None, False],
    ]
    write(path, *rows)
    assert problems(run(path, out)) == []
    assert [row[:4] for row in read(out)] == rows
    assert [row[4:] for row in read(out)] == [
        ["path", "probability"],
        *([str(n), 0.3333] for n in (2, 3, 4)),
    ]


def test_words_never_become_a_formula_or_an_error(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.xlsx"
    words = ["=1+1", "#N/A", "007", "a\rb\x01", "_x000D_", "+1", " x "]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["title"], *([word] for word in words)])
    run(path, out)
    assert {row[0] for row in read(out, types=True)[1:]} == {"s"}
    # Written as Excel writes them; read back by us, they are what they were.
    assert [row[0] for row in read(out)[1:]] == [
        "=1+1", "#N/A", "007", "a_x000D_b_x0001_", "_x005F_x000D_", "+1", " x "
    ]  # fmt: skip
    (tmp_path / "c").mkdir()
    run(out, tmp_path / "c" / "c.csv")
    with (tmp_path / "c" / "c.csv").open(newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:] == ["'=1+1", *words[1:]]


def test_a_formula_is_the_value_last_computed_or_itself(tmp_path):
    path, out = tmp_path / "a.xlsx", tmp_path / "b.csv"
    write(path, ["title", "n"], ["a", "=1+1"], ["b", "=2+2"])
    # As Excel would, write what the first one came to.
    with zipfile.ZipFile(path) as before:
        files = {name: before.read(name) for name in before.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    files[sheet] = files[sheet].replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    files[sheet] = files[sheet].replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
    assert b"<v>2</v>" in files[sheet]
    with zipfile.ZipFile(path, "w") as after:
        for name, content in files.items():
            after.writestr(name, content)
    run(path, out)
    with out.open(newline="") as file:
        assert [row[:2] for row in csv.reader(file)][1:] == [["a", "2"], ["b", "'=2+2"]]


def test_empty_rows_are_left_out_and_wide_ones_told(tmp_path):
    path, out = tmp_path / "a.xlsx", tmp_path / "b.csv"
    write(path, ["title", "n"], ["a", 1], [], ["b", 2, "more"], ["c"])
    receipts = run(path, out)
    assert problems(receipts) == [(4, "3 columns where the first row names 2")]
    with out.open(newline="") as file:
        assert [row[:3] for row in csv.reader(file)][1:] == [["a", "1", "2"], ["c", "", "5"]]


def test_a_cell_that_no_sheet_can_hold_is_cut_and_told(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.xlsx"
    path.write_text("title,memo\na,b\nc," + "x" * (MAX_CELL + 1))
    assert problems(run(path, out)) == [
        (3, f"'memo' has {MAX_CELL + 1:,} characters, a sheet's cell holds {MAX_CELL:,}: cut")
    ]
    assert len(read(out)[2][1]) == MAX_CELL


def test_more_rows_than_a_sheet_has_are_refused_with_the_cure():
    check_size(1_048_575)
    with pytest.raises(InputError, match="CSV, JSON Lines or Parquet"):
        check_size(1_048_576)


@pytest.mark.parametrize("content", [None, b"PK\x03\x04 no sheet", b"words"])
def test_what_is_no_sheet_is_refused(tmp_path, content):
    path = tmp_path / "a.xlsx"
    if content:
        path.write_bytes(content)
    with pytest.raises(ImportFileError, match=r"a\.xlsx"):
        run(path, tmp_path / "b.xlsx")


def change(path, name, by):
    """Write a spreadsheet anew with one of its files changed."""
    with zipfile.ZipFile(path) as before:
        files = {each: before.read(each) for each in before.namelist()}
    files[name] = by(files[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for each, content in files.items():
            after.writestr(each, content)


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_sheet_that_is_cut_is_told(tmp_path, share):
    path = tmp_path / "a.xlsx"
    write(path, ["title"], *([f"thing {n}"] for n in range(50)))
    change(path, SHEET, lambda xml: xml[: int(len(xml) * share)])
    with pytest.raises(ImportFileError, match=r"a\.xlsx"):
        run(path, tmp_path / "b.csv")


def test_a_cell_of_a_text_that_is_not_there_is_told(tmp_path):
    path = tmp_path / "a.xlsx"
    write(path, ["title"], ["thing"])
    text = b't="inlineStr"><is><t>thing</t></is>'
    change(path, SHEET, lambda xml: xml.replace(text, b't="s"><v>99</v>'))
    with pytest.raises(ImportFileError, match="to its end"):
        run(path, tmp_path / "b.csv")


def test_a_file_that_grows_out_of_all_proportion_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("listings.tables_xlsx.SPARE", 1 << 20)
    path = tmp_path / "a.xlsx"
    write(path, ["title"], ["thing"])
    assert open_source(path)
    change(path, SHEET, lambda xml: xml.replace(b"thing", b"x" * (20 << 20)))
    with pytest.raises(ImportFileError, match="would grow"):
        open_source(path)


def test_a_row_beyond_the_last_that_a_sheet_has_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("listings.tables_xlsx.MAX_ROWS", 1000)
    path = tmp_path / "a.xlsx"
    write(path, ["title"], ["a"])
    change(path, SHEET, lambda xml: xml.replace(b'r="2"', b'r="3000000"'))
    with pytest.raises(ImportFileError, match="more than 1,000 rows"):
        run(path, tmp_path / "b.csv")
