"""Rows as they stand in a CSV, with the lines that they span."""

import io

import pytest

from support.importing.csv_rows import CsvRow, csv_rows, guess_separator, read_header
from support.importing.opening import UNREADABLE


def read(text, *, width=2, separator=","):
    lines = io.StringIO(text, newline="")
    return list(csv_rows(lines, separator=separator, width=width, encoding="utf-8"))


def test_every_row_tells_its_lines_and_stays_as_it_was_written():
    assert read('a,b\r\n\r\n"x\ny, z","say ""hi"""\nc,d') == [
        CsvRow(2, 2, "a,b\r\n", ""),
        CsvRow(4, 5, '"x\ny, z","say ""hi"""\n', ""),
        CsvRow(6, 6, "c,d", ""),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("only one", "1 columns where the first line names 2"),
        ("a,b,c", "3 columns where the first line names 2"),
        ('"a",b,c', "3 columns where the first line names 2"),
        (f"a{UNREADABLE},b", "not readable as utf-8"),
        (f'"a{UNREADABLE}",b', "not readable as utf-8"),
    ],
)
def test_a_broken_row_says_why_and_the_next_is_read(row, reason):
    assert read(f"{row}\ngood,row\n") == [
        CsvRow(2, 2, f"{row}\n", reason),
        CsvRow(3, 3, "good,row\n", ""),
    ]


def test_a_lost_quote_costs_its_own_line_alone():
    found = read('a,b\n"lost,1\nc,d\ne,f\n')
    assert [(row.first, row.raw) for row in found if not row.reason] == [
        (2, "a,b\n"),
        (4, "c,d\n"),
        (5, "e,f\n"),
    ]
    (broken,) = [row for row in found if row.reason]
    assert (broken.first, broken.last) == (3, 3)
    assert broken.reason.endswith("read up to line 5")


def test_a_quoted_row_of_the_wrong_width_spans_all_its_lines():
    found = read('"a\nb",c,d\ne,f\n')
    assert [(row.first, row.last, bool(row.reason)) for row in found] == [
        (2, 3, True),
        (4, 4, False),
    ]


def test_header_and_separator():
    assert guess_separator("a;b;c,d") == ";"
    assert guess_separator("a,b", tab=True) == "\t"
    assert read_header('\ufeff"제목", price ', ",") == ["제목", "price"]
