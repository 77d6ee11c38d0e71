"""Which column is what."""

import pytest

from listings.columns import Columns, existing, find_columns, free_names
from support.errors import MappingError


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["id", "제목", "가격", "내용"], Columns("제목", "내용")),
        (["상품명", "상세설명"], Columns("상품명", "상세설명")),
        (["Product Name", "DESC"], Columns("Product Name", "DESC")),
        (["productDisplayName", "id"], Columns("productDisplayName")),
        (["name", "title"], Columns("title")),  # the surer name wins, wherever it stands
        (["text"], Columns("", "text")),
        (["\u1109\u1161\u11bc\u1111\u116e\u11b7\u1106\u1167\u11bc"], Columns("상품명")),  # in jamo
    ],
)
def test_columns_are_guessed_by_their_names(header, columns):
    found = find_columns(header)
    # A name in jamo is found, and stays as the table writes it.
    assert found.description == columns.description
    assert found.title == columns.title or found.title == header[0]
    assert found.image == ""


def test_pictures_are_guessed_where_they_are_asked_for():
    assert find_columns(["title", "사진"], pictures=True).image == "사진"
    assert find_columns(["title", "사진"]).image == ""
    with pytest.raises(MappingError, match="--image-column"):
        find_columns(["title", "price"], pictures=True)


def test_what_is_told_wins_and_may_be_nothing():
    header = ["title", "품목", "description"]
    assert find_columns(header, told={"title": "품목", "description": ""}) == Columns("품목")
    # A column that was told for one thing is not guessed for another.
    assert find_columns(["title", "name"], told={"description": "title"}) == Columns(
        "name", "title"
    )


@pytest.mark.parametrize(
    ("header", "told", "words"),
    [
        (["a", "b"], {}, "'a', 'b'.*--map title=COLUMN"),
        (["title"], {"titel": "title"}, "'titel'.*title, description, image"),
        (["title", "product"], {"title": "prodct"}, "'prodct'.*Was 'product' meant"),
        ([], {}, "no columns"),
    ],
)
def test_what_is_not_there_is_refused_with_the_cure(header, told, words):
    with pytest.raises(MappingError, match=words):
        find_columns(header, told=told)


def test_a_column_is_found_without_case_and_signs():
    assert existing(["Product Name", "b"], "product_name") == "Product Name"
    with pytest.raises(MappingError):
        existing(["A b", "a_b"], "AB")  # two are alike


def test_names_that_are_taken_give_all_of_ours_a_prefix():
    assert free_names(["title"], ["category", "path"]) == ["category", "path"]
    assert free_names(["Category "], ["category", "path"]) == [
        "faqdesk_category",
        "faqdesk_path",
    ]
    assert free_names(["category", "faqdesk_path"], ["category", "path"]) == [
        "faqdesk_faqdesk_category",
        "faqdesk_faqdesk_path",
    ]
