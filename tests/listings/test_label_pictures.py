"""Which files a cell names."""

import json

import pytest

from listings.label_pictures import PictureFolder


@pytest.fixture
def folder(tmp_path):
    for name in ("photos/a.jpg", "photos/b.jpg", "photos/c, d.jpg", "photos/in/e.jpg", "out.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "photos"


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("a.jpg", ["a.jpg"]),
        ("a.jpg;b.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg | in/e.jpg", ["a.jpg", "in/e.jpg"]),
        ("a.jpg, b.jpg,", ["a.jpg", "b.jpg"]),
        ("c, d.jpg", ["c, d.jpg"]),
        (json.dumps(["a.jpg", "c, d.jpg"]), ["a.jpg", "c, d.jpg"]),
        (["a.jpg", None, "b.jpg"], ["a.jpg", "b.jpg"]),
        ("in/../a.jpg", ["a.jpg"]),
        ("", []),
        (None, []),
        ("[]", []),
    ],
)
def test_a_cell_names_files_in_many_ways(folder, cell, names):
    found, missing = PictureFolder(str(folder), confined=True).find(cell)
    assert found == tuple(folder / name for name in names)
    assert missing == []


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("none.jpg", "no such file"),
        ("in", "no such file"),
        ("[half", "no such file"),
        ("a\0b", "no name of a file"),
        ("../out.jpg", "outside of"),
        ("/etc/passwd", "outside of"),
        ("https://example.com/a.jpg", "fetch the pictures first"),
    ],
)
def test_what_names_no_file_says_why(folder, cell, reason):
    found, ((name, why),) = PictureFolder(str(folder), confined=True).find(cell)
    assert found == ()
    assert name == cell
    assert reason in why


def test_one_missing_picture_costs_no_other(folder):
    found, missing = PictureFolder(str(folder), confined=True).find("a.jpg;x.jpg;b.jpg")
    assert found == (folder / "a.jpg", folder / "b.jpg")
    assert missing == [("x.jpg", "no such file")]


def test_where_no_folder_was_named_any_file_may_be(folder):
    found, _ = PictureFolder(str(folder), confined=False).find("../out.jpg")
    assert found == (folder.parent / "out.jpg",)
