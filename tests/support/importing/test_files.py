"""Files as people really have them: encodings, broken rows, wrong kinds."""

import gzip
import json
import time

import pytest

from support.errors import ImportFileError
from support.importing import csv_rows, files, opening
from support.importing.conversation import Rejected
from support.importing.files import rows
from support.importing.opening import detect_encoding

QUESTIONS = ["비밀번호를 잊었어요", "환불은 언제 되나요"]
TEXT = f"id,question,answer\n1,{QUESTIONS[0]},재설정하세요\n2,{QUESTIONS[1]},사흘이요\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp949"])
@pytest.mark.parametrize("zipped", [False, True])
def test_reads_every_usual_encoding(tmp_path, encoding, zipped):
    path = tmp_path / ("a.csv.gz" if zipped else "a.csv")
    content = TEXT.encode(encoding)
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert [row["question"] for _, row in rows(path)] == QUESTIONS


def test_encoding_is_told_from_a_sample_that_ends_inside_a_character():
    assert detect_encoding("환불".encode()[:-1]) == "utf-8"
    assert detect_encoding("환불".encode("cp949")[:-1]) == "cp949"


def test_quoted_line_breaks_and_separators_stay_in_their_cell(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('question,answer\n"a\nb, c","say ""hi"""\n', encoding="utf-8")
    assert list(rows(path)) == [(3, {"question": "a\nb, c", "answer": 'say "hi"'})]


@pytest.mark.parametrize(("name", "separator"), [("a.tsv", "\t"), ("a.csv", ";")])
def test_other_separators(tmp_path, name, separator):
    path = tmp_path / name
    path.write_text(f"question{separator}answer\nq{separator}a\n", encoding="utf-8")
    assert list(rows(path)) == [(2, {"question": "q", "answer": "a"})]


def test_a_broken_row_never_stops_the_rest(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("question,answer\nq1,a1\nonly one\nq2,a2,more\nq3,a\0 3\n", encoding="utf-8")
    found = list(rows(path))
    assert [row for _, row in found if isinstance(row, dict)] == [
        {"question": "q1", "answer": "a1"},
        {"question": "q3", "answer": "a 3"},
    ]
    assert [row for _, row in found if isinstance(row, Rejected)] == [
        Rejected("a.csv", 3, "1 columns where the first line names 2"),
        Rejected("a.csv", 4, "3 columns where the first line names 2"),
    ]


def test_json_lines_with_broken_ones_between(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [json.dumps({"id": 7, "question": "q", "closed": None}), "{half", "[1]", "", "{}"]
    path.write_text("\n".join(lines), encoding="utf-8")
    found = list(rows(path))
    assert found[0] == (1, {"id": "7", "question": "q", "closed": ""})
    assert isinstance(found[1][1], Rejected)
    assert found[1][1].line == 2
    assert found[2][1] == Rejected("a.jsonl", 3, "not a JSON object but list")
    assert found[3] == (5, {})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        (b"PK\x03\x04" + b"x" * 50, "spreadsheet"),
        (b"question,question\n1,2\n", "name each column once"),
        (b"\x1f\x8b\x08garbage", "Cannot read"),
    ],
)
def test_refuses_what_it_cannot_read_and_says_why(tmp_path, content, words):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ImportFileError, match=words):
        list(rows(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ImportFileError, match=r"nowhere\.csv"):
        list(rows(tmp_path / "nowhere.csv"))


def test_a_cell_of_megabytes_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("question,answer\n" + "가" * 2_000_000 + ",a\n", encoding="utf-8")
    assert len(next(rows(path))[1]["question"]) == 2_000_000


def read(path):
    """The usable rows and the rejected ones."""
    found = [row for _, row in rows(path)]
    usable = [row for row in found if isinstance(row, dict)]
    return usable, [row for row in found if isinstance(row, Rejected)]


@pytest.mark.parametrize("broken", ['"q3,a3', 'q3,"a3', 'q3,a,"3'])
def test_a_lost_quote_costs_its_own_line(tmp_path, broken):
    lines = [f"q{number},a{number}" for number in range(1000)]
    lines[3] = broken
    path = tmp_path / "a.csv"
    path.write_text("question,answer\n" + "\n".join(lines) + "\n", encoding="utf-8")
    usable, rejected = read(path)
    assert [row["question"] for row in usable] == [f"q{n}" for n in range(1000) if n != 3]
    assert [row.line for row in rejected] == [5]
    assert [number for number, row in rows(path) if isinstance(row, dict)][2:5] == [4, 6, 7]


def test_a_lost_quote_before_a_quoted_row_costs_its_own_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('question,answer\n"q1","a1\n"q2","a\n2"\n"q3","a3"\nq4,a4\n', encoding="utf-8")
    usable, rejected = read(path)
    assert [row["answer"] for row in usable] == ["a\n2", "a3", "a4"]
    assert [(row.line, row.reason) for row in rejected] == [
        (2, "3 columns where the first line names 2, read up to line 4")
    ]


def test_a_sound_row_of_several_lines_with_a_column_too_many_is_one_rejection(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('question,answer\n"q\nx, y\nz",a,b\nq2,a2\n', encoding="utf-8")
    usable, rejected = read(path)
    assert [row["question"] for row in usable] == ["q2"]  # and no row "x, y"
    assert rejected == [Rejected("a.csv", 4, "3 columns where the first line names 2")]


def test_a_hostile_file_of_quotes_takes_linear_time(tmp_path, monkeypatch):
    # Every line closes a quote and opens another, however the reader comes to it.
    monkeypatch.setattr(csv_rows, "MAX_CELL", 1 << 16)
    path = tmp_path / "a.csv"
    path.write_text("question,answer\n" + 'a"b,"\n' * 200_000 + "q,a\n", encoding="utf-8")
    began = time.process_time()
    _, rejected = read(path)
    assert time.process_time() - began < 20
    assert len(rejected) < 200_000
    assert "were left out with it" in rejected[-1].reason


@pytest.mark.parametrize("half", ["\\ud800", "\\uDFFF", "\\udc00x"])
def test_half_a_surrogate_pair_is_replaced_wherever_it_stands(tmp_path, half):
    path = tmp_path / "a.jsonl"
    nested = f'["{half}", {{"n{half}": [["{half}"]]}}]'
    text = f'{{"k{half}": "v{half}", "t": {nested}, "e": "\\ud83d\\ude00"}}'
    path.write_text(text, encoding="utf-8")
    [(_, row)] = rows(path)
    words = json.dumps(row, ensure_ascii=False)
    assert words.encode("utf-8").count("\ufffd".encode()) == 5
    assert row["e"] == "😀"


def test_numbers_in_a_list_are_text_too(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"tags": ["a", 1, null]}', encoding="utf-8")
    assert list(rows(path)) == [(1, {"tags": ["a", "1", ""]})]


@pytest.mark.parametrize("zipped", [False, True])
def test_cp949_after_a_megabyte_of_ascii(tmp_path, zipped):
    path = tmp_path / ("a.csv.gz" if zipped else "a.csv")
    content = b"question,answer\n" + b"plain,words\n" * 100_000 + "환불,네\n".encode("cp949")
    path.write_bytes(gzip.compress(content) if zipped else content)
    usable, rejected = read(path)
    assert (usable[-1], rejected) == ({"question": "환불", "answer": "네"}, [])


@pytest.mark.parametrize("early", [False, True])
def test_bytes_that_are_no_text_reject_their_row_alone(tmp_path, early):
    path = tmp_path / "a.csv"
    plain = "" if early else "plain,words\n" * 100_000
    good = "환불은 언제 되나요,사흘이요\n" * 3
    content = (
        f"question,answer\n{plain}{good}".encode() + b"x\xff\xffx,a\n" + "\ufffd,네\n".encode()
    )
    path.write_bytes(content)
    usable, rejected = read(path)
    assert usable[-2:] == [
        {"question": "환불은 언제 되나요", "answer": "사흘이요"},
        {"question": "\ufffd", "answer": "네"},  # as the file has it
    ]
    assert [row.reason for row in rejected] == ["not readable as utf-8"]
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(f'{{"q": "{"환불" * 9}"}}\n'.encode() + b'{"q": "\xff"}\n{"q": "b"}\n')
    usable, rejected = read(lines)
    assert (len(usable), [row.line for row in rejected]) == (2, [2])


@pytest.mark.parametrize(("name", "indent"), [("a.json", None), ("a.json", 2), ("a.csv", 2)])
def test_a_json_array_is_rows(tmp_path, name, indent):
    path = tmp_path / name
    items = [{"id": 7, "question": "환불"}, 3, {"question": "\ud800"}]
    path.write_text(json.dumps(items, indent=indent) + "\n", encoding="utf-8")
    assert list(rows(path)) == [
        (1, {"id": "7", "question": "환불"}),
        (2, Rejected(name, 2, "not a JSON object but int")),
        (3, {"question": "\ufffd"}),
    ]


def test_json_lines_that_begin_with_a_list_are_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('["x"]\n{"question": "q"}\n', encoding="utf-8")
    usable, rejected = read(path)
    assert (usable, [row.line for row in rejected]) == ([{"question": "q"}], [1])


@pytest.mark.parametrize("rest", ["", ",", ', {"q"', ' {"q": 2}]'])
def test_a_json_array_with_an_error_says_where_and_what_to_do(tmp_path, rest):
    path = tmp_path / "a.json"
    path.write_text('[{"q": "1"}' + rest, encoding="utf-8")
    with pytest.raises(ImportFileError, match=r"item \d of the array .* JSON Lines"):
        list(rows(path))


def test_a_json_array_beyond_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_ARRAY", 1000)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"q": "x" * 2000}]), encoding="utf-8")
    with pytest.raises(ImportFileError, match="Save it as JSON Lines"):
        list(rows(path))


def test_a_line_without_an_end_is_read_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_LINE", 100)
    path = tmp_path / "a.csv"
    path.write_text(f"question,answer\n{'x' * 1000}\n환불은 언제 되나요,사흘이요\n")
    found = [row for _, row in rows(path)]
    assert all(isinstance(row, Rejected) for row in found[:-1])
    assert found[-1] == {"question": "환불은 언제 되나요", "answer": "사흘이요"}


def test_a_gzip_that_grows_as_no_text_does_is_read_no_further(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "SPARE", 1 << 20)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"question,answer\n" + b"why,so\n" * (1 << 20)))
    with pytest.raises(ImportFileError, match=r"a\.csv\.gz would grow to more than"):
        list(rows(path))


def test_a_gzip_that_was_cut_off_is_named(tmp_path):
    path = tmp_path / "a.csv.gz"
    content = gzip.compress("".join(f"q{n},{n * n}\n" for n in range(400_000)).encode())
    path.write_bytes(content[:-100])
    with pytest.raises(ImportFileError, match=r"a\.csv\.gz"):
        list(rows(path))
