"""CSV in and out: no cell changes, broken rows cost no other."""

import csv
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.errors import ImportFileError
from support.table_rows import no_formula
from tests.listings.table_runs import problems, run

TEXT = '상품명,memo\n운동화,"두 줄\n""급처"", 네고"\n 구두 ,007\n'
ROWS = [["운동화", '두 줄\n"급처", 네고'], [" 구두 ", "007"]]


def cells(path, **options):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, **options))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_every_encoding_comes_out_as_utf_8(tmp_path, encoding):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert problems(run(path, out)) == []
    assert cells(out) == [
        ["상품명", "memo", "path", "probability"],
        [*ROWS[0], "2", "0.3333"],
        [*ROWS[1], "4", "0.3333"],
    ]
    # A spreadsheet wrote what is not plain UTF-8, and reads UTF-8 only by its mark.
    assert out.read_bytes().startswith(b"\xef\xbb\xbf") == (encoding != "utf-8")


def test_line_ends_separators_and_zipped_files(tmp_path):
    path, out = tmp_path / "a.csv.gz", tmp_path / "b.csv"
    path.write_bytes(gzip.compress(b"a;b\r\n1;x,y\r\n"))
    run(path, out)
    assert out.read_bytes() == b"a;b;path;probability\r\n1;x,y;2;0.3333\r\n"


def test_a_tab_separated_file_and_out_as_one(tmp_path):
    path, out = tmp_path / "a.tsv", tmp_path / "b.tsv"
    path.write_text("a\tb, c\n1\t2\n")
    run(path, out)
    assert cells(out, delimiter="\t")[1] == ["1", "2", "2", "0.3333"]


def test_a_header_of_several_lines_and_names_that_occur_twice(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text('"a\nb",c,c\n1,2,3\n')
    run(path, out)
    assert cells(out) == [["a\nb", "c", "c", "path", "probability"], ["1", "2", "3", "3", "0.3333"]]


def test_broken_rows_are_told_with_their_lines_and_left_out(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    text = '제목,설명\n운동화,새상품\nonly\n"두\n줄",4\n5,6,7\n"lost,8\n거실장,택포\n'
    path.write_bytes(text.encode() + b"\xff\xfe,11\n12,13")
    receipts = run(path, out)
    assert [row[:3] for row in cells(out)[1:]] == [
        ["운동화", "새상품", "2"],
        ["두\n줄", "4", "4"],
        ["거실장", "택포", "8"],
        ["12", "13", "10"],
    ]
    assert [(line, reason.split(" where")[0]) for line, reason in problems(receipts)] == [
        (3, "1 columns"),
        (6, "3 columns"),
        (7, "1 columns"),
        (9, "not readable as utf-8"),
    ]
    assert receipts[0].problems[0].what == "only"


def test_a_file_of_broken_rows_alone_gives_a_table_without_rows(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("a,b\n" + "x\n" * 5)
    assert len(problems(run(path, out))) == 5
    assert cells(out) == [["a", "b", "path", "probability"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b",,\n1,2,3\n", "must name the columns"),
        (b"PK\x03\x04aaa", "spreadsheet"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path, content, words):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ImportFileError, match=words):
        run(path, tmp_path / "b.csv")


TABLE = st.lists(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
        min_size=2,
        max_size=2,
    ).filter(any),
    min_size=1,
    max_size=7,
)


@settings(max_examples=60, deadline=None)
@given(rows=TABLE, end=st.sampled_from(["\n", "\r\n"]))
def test_any_cell_comes_through_as_it_is_but_for_formulas(tmp_path_factory, rows, end):
    folder = tmp_path_factory.mktemp("any")
    path, out = folder / "a.csv", folder / "b.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writerows([["title", "memo"], *rows])
    assert problems(run(path, out)) == []
    kept = [[cell if cell.startswith("'") else no_formula(cell) for cell in row] for row in rows]
    assert [row[:2] for row in cells(out)[1:]] == kept
