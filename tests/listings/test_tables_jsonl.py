"""JSON Lines in and out, and into the other kinds."""

import csv
import json

import pyarrow.parquet as pq
import pytest

from support.errors import ImportFileError
from tests.listings.table_runs import problems, run


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_an_object_stays_as_it_was_written(tmp_path):
    path, out = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_text('{"title": "운동화" ,"n":1.10,"deep":{"a": [1]}}\n\n{ }\n{"title":"\\ud800"}')
    assert problems(run(path, out)) == []
    assert lines(out) == [
        '{"title": "운동화" ,"n":1.10,"deep":{"a": [1]}, "path": "1", "probability": 0.3333}',
        '{"path": "3", "probability": 0.3333}',
        '{"title":"\\ud800", "path": "4", "probability": 0.3333}',
    ]
    assert all(json.loads(line)["probability"] == 0.3333 for line in lines(out))


def test_broken_lines_are_told(tmp_path):
    path, out = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_bytes(
        '{"a": "가나다라마바사"}\n{half\n[1]\n'.encode() + b'{"a": "\xff"}\n{"a": 2}\n'
    )
    assert [(line, reason.split(":")[0]) for line, reason in problems(run(path, out))] == [
        (2, "not JSON"),
        (3, "not a JSON object but list"),
        (4, "not readable as utf-8"),
    ]
    assert [json.loads(line)["path"] for line in lines(out)] == ["1", "5"]


def test_into_csv_a_number_stays_as_it_was_written(tmp_path):
    path, out = tmp_path / "a.jsonl", tmp_path / "b.csv"
    path.write_text(
        '{"a": 1.10, "b": true}\n{"b": null, "c": ["x", 1]}\n{"a": 10000000000000000001}\n'
    )
    run(path, out)
    with out.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["a", "b", "c", "path", "probability"],
            ["1.10", "true", "", "1", "0.3333"],
            ["", "", '["x", "1"]', "2", "0.3333"],
            ["10000000000000000001", "", "", "3", "0.3333"],
        ]


def test_into_parquet_a_column_has_the_type_of_all_its_values(tmp_path):
    path, out = tmp_path / "a.jsonl", tmp_path / "b.parquet"
    rows = [
        {"int": 1, "big": 2**60, "float": 1, "bool": True, "mixed": 1, "deep": {"a": 1}, "huge": 1},
        {"int": None, "big": 3, "float": 0.5, "bool": False, "mixed": "x", "huge": 2**70},
        {"int": 3},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    run(path, out)
    table = pq.read_table(out)
    assert {field.name: str(field.type) for field in table.schema} == {
        "int": "int64", "big": "int64", "float": "double", "bool": "bool", "mixed": "string",
        "deep": "string", "huge": "string", "path": "string", "probability": "double",
    }  # fmt: skip
    assert table.slice(0, 1).to_pylist()[0] == {
        "int": 1, "big": 2**60, "float": 1.0, "bool": True, "mixed": "1", "deep": '{"a": 1}',
        "huge": "1", "path": "1", "probability": 0.3333,
    }  # fmt: skip
    assert table["huge"].to_pylist() == ["1", str(2**70), None]


def test_an_array_is_refused_with_the_cure(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('[{"title": "a"}]')
    with pytest.raises(ImportFileError, match="one object a line"):
        run(path, tmp_path / "b.jsonl")


@pytest.mark.parametrize("sink", ["csv", "jsonl", "parquet", "xlsx"])
def test_a_row_that_is_nested_too_deeply_costs_no_other(tmp_path, sink):
    path, out = tmp_path / "a.jsonl", tmp_path / f"b.{sink}"
    deep = '{"title": "x", "a": ' + "[" * 500 + "]" * 500 + "}"
    title = '{"title": ' + '{"a": ' * 900 + "1" + "}" * 901
    flat = '{"title": "y", "a": [' + ", ".join(["[]"] * 500) + "]}"
    hundred = '{"title": "z", "a": ' + "[" * 99 + "]" * 99 + "}"
    path.write_text(f"{deep}\n{title}\n{flat}\n{hundred}\n")
    found = problems(run(path, out))
    assert [line for line, _ in found] == [1, 2]
    assert all("nested too deeply" in reason for _, reason in found)
