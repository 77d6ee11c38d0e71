"""Which column is which, and a row as a listing."""

import pytest

from listings.collect_columns import find_columns, to_listing
from support.errors import InputError, MappingError


def found(header, **told):
    return find_columns(header, told=told).as_dict()


def test_columns_are_guessed_by_their_names_in_either_language():
    assert found(["상품번호", "제목", "내용", "가격", "카테고리", "사진", "판매자"]) == {
        "id": ["상품번호"],
        "title": ["제목"],
        "description": ["내용"],
        "price": ["가격"],
        "category": ["카테고리"],
        "images": ["사진"],
        "seller": ["판매자"],
    }
    assert found(["Product ID", "Title", "Image URLs", "mallName", "colour"]) == {
        "id": ["Product ID"],
        "title": ["Title"],
        "images": ["Image URLs"],
        "seller": ["mallName"],
    }


def test_levels_in_columns_of_their_own_are_one_path():
    names = ["title", "category1", "category2", "category3", "category"]
    columns = find_columns(names)
    assert columns.as_dict()["category"] == ["category1", "category2", "category3"]
    row = {"title": "t", "category1": "디지털/가전", "category2": "노트북", "category3": ""}
    assert columns.category(row, separator=None) == "디지털/가전 > 노트북"


def test_what_is_told_comes_first():
    header = ["title", "name", "cat1", "cat2", "price"]
    columns = found(header, title="name", category="cat2,cat1", price="")
    assert columns["title"] == ["name"]
    assert columns["category"] == ["cat2", "cat1"]
    assert columns["price"] == []


@pytest.mark.parametrize(
    ("header", "told", "words"),
    [
        (["a", "b"], {}, "No column looks like a title"),
        (["title"], {"colour": "a"}, "'colour' is nothing"),
        (["title", "price"], {"title": "titel"}, "Was 'title' meant"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(header, told, words):
    with pytest.raises(MappingError, match=words):
        find_columns(header, told=told)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("", ()),
        ("a.jpg", ("a.jpg",)),
        ("a.jpg|b.jpg", ("a.jpg", "b.jpg")),
        ("a.jpg; b.jpg", ("a.jpg", "b.jpg")),
        ("a.jpg, b.png,c.WEBP", ("a.jpg", "b.png", "c.WEBP")),
        ("a.jpg b.jpg", ("a.jpg", "b.jpg")),
        ("my red chair.jpg", ("my red chair.jpg",)),
        ("chair, red.jpg", ("chair, red.jpg",)),
        ('["a.jpg", "b.jpg"]', ("a.jpg", "b.jpg")),
        ("[1] a.jpg", ("[1] a.jpg",)),
        ("a.jpg|a.jpg", ("a.jpg",)),
        (["a.jpg", "", "b.jpg"], ("a.jpg", "b.jpg")),
        ("https://x.example/a.jpg?w=1,2", ("https://x.example/a.jpg?w=1,2",)),
    ],
)
def test_pictures_of_a_cell(cell, names):
    assert find_columns(["title", "images"]).images({"images": cell}) == names


def test_a_row_becomes_a_listing():
    header = ["id", "title", "price", "category", "images", "seller"]
    row = {
        "id": "7", "title": " Red chair ", "price": "£5", "category": "Home / Chairs",
        "images": ["a.jpg"], "seller": "s",
    }  # fmt: skip
    item = to_listing(row, find_columns(header), source="shop", currency="GBP")
    assert (item.external_id, item.title, item.category) == ("7", "Red chair", "Home > Chairs")
    assert (item.price_text, item.currency, item.pictures) == ("£5", "GBP", ("a.jpg",))


def test_without_an_id_the_row_s_words_are_its_id():
    columns = find_columns(["title"])
    one, same, other = (
        to_listing({"title": title}, columns, source="s").external_id for title in ("a", "a", "b")
    )
    assert one == same != other
    assert one.startswith("row:")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"title": " ", "description": ""}, "neither title nor description"),
        ({"title": "t", "category": "x" * 400}, "no category path"),
    ],
)
def test_a_row_that_is_no_listing_is_refused(row, words):
    columns = find_columns(["title", "description", "category"])
    with pytest.raises(InputError, match=words):
        to_listing(row, columns, source="s")


def test_times_are_read_as_exports_write_them_and_no_listing_is_lost_for_one():
    header = ["제목", "작성일", "가입일"]
    found = find_columns(header)
    row = {"제목": "자전거", "작성일": "2026.11.3 9:30", "가입일": "지난해"}
    item = to_listing(row, found, source="files")
    assert (item.posted_at, item.seller_since) == ("2026-11-03T09:30:00Z", "")
