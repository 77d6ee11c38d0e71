"""Cells that go to a spreadsheet and come back, and rows that contradict each other."""

import pytest

from support.table_rows import as_written, doubles, no_formula, switch


@pytest.mark.parametrize("text", ["=SUM(A1)", "+82 10", "-", "@name", "\tx", "\rx"])
def test_a_formula_goes_out_as_text_and_comes_back(text):
    assert no_formula(text) == f"'{text}"
    assert as_written(no_formula(text)) == text


@pytest.mark.parametrize("value", ["'quoted'", "plain", "", 3, None, -1.5])
def test_all_else_stays_as_it_is(value):
    assert no_formula(value) == value
    if isinstance(value, str):
        assert as_written(value) == value


def test_a_switch_is_off_by_any_no_and_unknown_without_its_column():
    assert [switch({"a": word}, "a") for word in ("No", "0", "아니오", "yes", "")] == [
        False, False, False, True, True,
    ]  # fmt: skip
    assert switch({}, "a") is None


def test_of_rows_that_say_the_same_the_first_is_taken_of_others_none():
    rows = [("a", {"x": "1"}), ("b", {"x": "1"}), ("a", {"x": "1"}), ("b", {"x": "2"}), ("", {})]
    assert sorted(doubles(rows)) == [1, 2, 3]
    assert doubles(rows)[1] == "2 rows are called 'b'"
