"""Trees and mapping tables as CSV, there and back again."""

import csv

from listings.categories import add_paths, listed, map_paths, mapping_to
from listings.tree_files import read_mapping, read_tree, write_mapping, write_tree
from tests.conftest import ACTOR

FORMULA = "=1+1"
PATHS = [FORMULA, "+전화 > @home", "-50% 할인", "'quoted", "가구 > 의자"]


def cells(text):
    return [row[0] for row in csv.reader(text.removeprefix("\ufeff").splitlines())][1:]


def test_no_category_becomes_a_formula_and_each_is_read_back_as_it_was(db, tmp_path):
    add_paths(db, "shop", PATHS)
    text = write_tree(listed(db, "shop"))
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells(text))
    path = tmp_path / "tree.csv"
    path.write_text(text, "utf-8", newline="")
    read_tree(db, path, "again")
    assert [c.path for c in listed(db, "again")] == [c.path for c in listed(db, "shop")]


def test_nor_does_one_in_a_mapping(db, tmp_path):
    add_paths(db, "ours", PATHS)
    pairs = {path: path for path in PATHS}
    map_paths(db, ACTOR, "shop", "ours", pairs)
    text = write_mapping(db, "shop", "ours")
    assert "\r\n'=1+1,'=1+1\r\n" in text
    path = tmp_path / "mapping.csv"
    path.write_text(text, "utf-8", newline="")
    assert read_mapping(db, ACTOR, path, "shop", "ours") == 0
    assert read_mapping(db, ACTOR, path, "again", "ours") == len(PATHS)
    assert mapping_to(db, "ours").find("again", FORMULA) == FORMULA
