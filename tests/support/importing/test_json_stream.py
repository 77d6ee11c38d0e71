"""Objects out of JSON of any shape, one at a time."""

import io
import json

import pytest

from support.importing import json_stream
from support.importing.json_stream import records

TICKETS = [{"id": n, "subject": f"질문 {n}", "tags": [{"a": [1]}]} for n in range(3)]


def read(text):
    return [(record.where, record.value) for record in records(io.StringIO(text))]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(json_stream, "CHUNK", 7)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    ("shape", "where"),
    [
        (lambda rows: rows, ""),
        (lambda rows: {"count": 3, "tickets": rows, "next_page": None}, "tickets"),
        (lambda rows: {"data": {"meta": {"all": 3}, "payload": rows}}, "payload"),
        (lambda rows: {"_embedded": {"conversations": rows}, "page": {}}, "conversations"),
        (lambda rows: {"meta": {}, "data": rows}, "data"),
        (lambda rows: [{"type": "header"}, {"type": "table", "name": "t", "data": rows}], "data"),
    ],
)
def test_pages_and_arrays(shape, where, indent):
    found = read(json.dumps(shape(TICKETS), ensure_ascii=False, indent=indent))
    assert [value for at, value in found if at == where and "subject" in value] == TICKETS


def test_lines_pages_in_lines_and_pages_behind_each_other():
    lines = "\n".join(json.dumps(row) for row in TICKETS)
    assert [value for _, value in read("\ufeff" + lines + "\n\n")] == TICKETS
    pages = "\n".join(json.dumps({"tickets": [row]}) for row in TICKETS)
    assert read(pages) == [("tickets", row) for row in TICKETS]
    behind = "".join(json.dumps({"tickets": [row]}, indent=2) for row in TICKETS)
    assert read(behind) == [("tickets", row) for row in TICKETS]


def test_a_thing_with_lists_of_its_own_is_one_thing():
    ticket = {"id": 1, "comments": [{"id": 2}], "_embedded": {"threads": [{"id": 3}]}}
    assert read(json.dumps(ticket)) == [("", ticket)]
    assert read(json.dumps([ticket])) == [("", ticket)]


def test_numbers_at_the_edge_of_what_is_read_are_whole():
    assert read('{"id": 123456789012, "b": 1.5e3}') == [("", {"id": 123456789012, "b": 1500.0})]


def test_a_broken_line_costs_no_other():
    found = list(records(io.StringIO('{"id": 1}\n{"id": \n7\n{"id": 2}\n')))
    assert [record.value for record in found] == [{"id": 1}, None, None, {"id": 2}]
    assert [record.line for record in found] == [1, 2, 3, 4]
    assert found[1].reason.startswith("not JSON")


@pytest.mark.parametrize("text", ['[{"id": 1}, {"id"', '{"tickets": [{"id": 1}', '[{"a": 1} {]'])
def test_what_ends_before_its_time_says_so(text):
    with pytest.raises(ValueError, match="not JSON"):
        list(records(io.StringIO(text)))


def test_half_a_surrogate_is_replaced():
    assert read('[{"a": "\\ud800"}]') == [("", {"a": "\ufffd"})]
