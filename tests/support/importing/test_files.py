"""Files as people really have them: encodings, broken rows, wrong kinds."""

import gzip
import json

import pytest

from support.errors import ImportFileError
from support.importing.conversation import Rejected
from support.importing.files import detect_encoding, rows

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
