"""Parquet in and out: types stay, whatever they are."""

import csv
import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.errors import ImportFileError
from tests.listings.table_runs import run

MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC)


def table(rows=7):
    return pa.table(
        {
            "title": pa.array([f"운동화 {n}" if n else None for n in range(rows)]),
            "price": pa.array([Decimal("12.30")] * rows, pa.decimal128(10, 2)),
            "at": pa.array([MOMENT] * rows, pa.timestamp("ns", "UTC")),
            "kind": pa.array([f"k{n % 3}" for n in range(rows)]).dictionary_encode(),
            "photos": pa.array([["a.jpg", "b.jpg"]] * rows),
            "raw": pa.array([b"\xff\x00"] * rows),
            "small": pa.array(range(rows), pa.int8()),
            "share": pa.array([float("nan")] * rows),
        }
    )


def test_columns_keep_type_and_value(tmp_path):
    path, out = tmp_path / "a.parquet", tmp_path / "b.parquet"
    before = table()
    pq.write_table(before, path, row_group_size=3)
    run(path, out)
    after = pq.read_table(out)
    assert after.select(before.column_names).schema.equals(before.schema)
    assert str(after.select(before.column_names).to_pydict()) == str(before.to_pydict())
    assert after["path"].to_pylist() == [str(row) for row in range(1, 8)]
    assert after["probability"].to_pylist() == [0.3333] * 7


def test_into_csv_and_json_lines(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(table(2), path)
    (tmp_path / "c").mkdir()
    run(path, tmp_path / "b.csv")
    run(path, tmp_path / "c" / "b.jsonl")
    with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as file:
        row = list(csv.DictReader(file))[1]
    assert row["title"] == "운동화 1"
    assert row["price"] == "12.30"
    assert dt.datetime.fromisoformat(row["at"]) == MOMENT
    assert json.loads(row["photos"]) == ["a.jpg", "b.jpg"]
    first = json.loads((tmp_path / "c" / "b.jsonl").read_text().splitlines()[0])
    assert first["title"] is None
    assert first["small"] == 0
    assert first["share"] is None
    assert first["raw"] == "/wA="


def test_row_groups_are_large_however_small_the_shards(tmp_path):
    path, out = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(pa.table({"title": ["a"] * 3000}), path)
    run(path, out, size=100)
    assert pq.ParquetFile(out).num_row_groups == 1


def test_a_table_without_rows(tmp_path):
    path, out = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(table(0), path)
    run(path, out)
    schema = pq.read_table(out).schema
    assert schema.names == [*table(0).column_names, "path", "probability"]
    assert schema.field("price").type == pa.decimal128(10, 2)


def test_a_csv_without_rows_gives_a_table_without_rows(tmp_path):
    (tmp_path / "a.csv").write_text("title,b\n")
    run(tmp_path / "a.csv", tmp_path / "b.parquet")
    found = pq.read_table(tmp_path / "b.parquet")
    assert (found.num_rows, found.column_names) == (0, ["title", "b", "path", "probability"])


@pytest.mark.parametrize("content", [None, b"PAR1 but no more"])
def test_what_is_no_parquet_is_refused(tmp_path, content):
    path = tmp_path / "a.parquet"
    if content:
        path.write_bytes(content)
    with pytest.raises(ImportFileError, match=r"a\.parquet"):
        run(path, tmp_path / "b.parquet")


def odd():
    """Columns whose second value no Python value can be."""
    broken = pa.array([b"ok", "ab\uac00".encode()[:-1]])
    words = pa.Array.from_buffers(pa.string(), 2, broken.buffers())
    return pa.table(
        {
            "title": words,
            "kind": words.dictionary_encode(),
            "list": pa.ListArray.from_arrays([0, 1, 2], words),
            "deep": pa.StructArray.from_arrays([words], ["a"]),
            "ns": pa.array([0, 1], pa.timestamp("ns")),
            "late": pa.array([0, 4 * 10**11], pa.timestamp("s")),
            "never": pa.array([0, 10**18], pa.timestamp("us")),
            "span": pa.array([0, 1], pa.duration("ns")),
            "nowhere": pa.array([0, 1], pa.timestamp("s", "Mars/Olympus")),
        }
    )


@pytest.mark.parametrize("sink", ["csv", "jsonl", "xlsx"])
def test_a_value_that_python_cannot_hold_becomes_text(tmp_path, sink):
    path, out = tmp_path / "a.parquet", tmp_path / f"b.{sink}"
    pq.write_table(odd(), path)
    receipts = run(path, out)
    assert sum(receipt.rows for receipt in receipts) == 2
    if sink != "csv":
        return
    with out.open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["title"], second["title"], second["kind"]) == ("ok", "ab\ufffd", "ab\ufffd")
    assert json.loads(second["list"]) == ["ab\ufffd"]
    assert json.loads(second["deep"]) == {"a": "ab\ufffd"}
    assert (first["ns"], second["ns"]) == (
        "1970-01-01T00:00:00", "1970-01-01T00:00:00.000000001"
    )  # fmt: skip
    assert second["late"].startswith("14645-")
    assert str(10**18) in second["never"]
    assert second["span"] == "1"
    assert second["nowhere"].startswith("1970-01-01T00:00:01")


def test_nanoseconds_read_the_same_with_and_without_pandas(tmp_path):
    moments = pa.array([0, 1000, None, 1], pa.timestamp("ns"))
    table = pa.table(
        {
            "whole": moments.slice(0, 3),
            "nested": pa.array(
                [[{"at": 1}], None, [{"at": 0}]], pa.list_(pa.struct([("at", pa.duration("ns"))]))
            ),
            "odd": moments.slice(1),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    run(tmp_path / "a.parquet", tmp_path / "b.csv")
    with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["whole"] for row in rows] == [
        "1970-01-01T00:00:00", "1970-01-01T00:00:00.000001", ""
    ]  # fmt: skip
    assert rows[2]["odd"] == "1970-01-01T00:00:00.000000001"
    assert [row["nested"] for row in rows] == ['[{"at": "1"}]', "", '[{"at": "0:00:00"}]']


def test_columns_that_python_cannot_hold_stay_as_they_are_in_parquet(tmp_path):
    path, out = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(odd(), path)
    run(path, out)
    after = pq.read_table(out)
    assert after.select(odd().column_names).equals(pq.read_table(path))
