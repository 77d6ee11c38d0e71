"""What the two pages promise is held by tests that exist, and each of the 25 by its own."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)
NAMED = re.compile(r"`((?:\w+/)+(?:test_\w+|access_table)\.py)`")


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["security.md", "reliability.md"])
def test_every_test_that_a_page_names_is_there(name):
    named = set(NAMED.findall(page(name)))
    assert named
    assert not {path for path in named if not (ROOT / "tests" / path).is_file()}


def test_each_of_the_25_has_its_row_and_its_tests():
    rows = page("security.md")
    assert [int(number) for number in ROW.findall(rows)] == list(range(1, 26))
    for line in rows.splitlines():
        if found := ROW.match(line):
            assert f"`trust/test_{int(found[1]):02}_" in line, line


def test_every_test_of_trust_stands_on_a_page():
    there = {f"trust/{path.name}" for path in (ROOT / "tests" / "trust").glob("test_*.py")}
    told = set(NAMED.findall(page("security.md") + page("reliability.md")))
    assert there - told == {"trust/test_promises.py"}
