"""What an FAQ said before: two texts as one, by hand."""

import pytest

from support import faq_edit, faq_revisions
from support.faq_revisions import Piece, difference, in_short
from tests.conftest import ACTOR


@pytest.mark.parametrize(
    ("then", "since", "pieces"),
    [
        ("", "", []),
        ("같다", "같다", [("same", "같다")]),
        ("3일 걸려요", "5일 걸려요", [("gone", "3일"), ("new", "5일"), ("same", " 걸려요")]),
        ("", "새 글", [("new", "새 글")]),
        ("하나 둘 셋 넷.", "하나 둘 넷.", [("same", "하나 둘 "), ("gone", "셋 "), ("same", "넷.")]),
        # A blank alone between two changes belongs to both.
        ("a b c d e f", "a x y d e f",
         [("same", "a "), ("gone", "b c"), ("new", "x y"), ("same", " d e f")]),
        ("전혀 다른 말", "무엇 하나", [("gone", "전혀 다른 말"), ("new", "무엇 하나")]),
    ],
)  # fmt: skip
def test_differences_by_hand(then, since, pieces):
    found = difference(then, since)
    assert [(piece.kind, piece.text) for piece in found] == pieces
    assert "".join(piece.text for piece in found if piece.kind != "new") == then
    assert "".join(piece.text for piece in found if piece.kind != "gone") == since


def test_long_texts_are_told_apart_line_by_line():
    lines = [f"{number} 번째 줄입니다\n" for number in range(2_000)]
    found = difference("".join(lines), "".join([*lines[:1000], "새 줄\n", *lines[1000:]]))
    assert [piece.kind for piece in found] == ["same", "new", "same"]
    assert found[1].text == "새 줄\n"


def test_a_cell_shows_what_changed_and_a_little_around_it():
    pieces = [Piece("same", "가" * 100), Piece("gone", "나" * 300), Piece("same", "다" * 100)]
    short = in_short(pieces, around=5, most=10)
    assert [piece.text for piece in short] == ["…가가가가가", "나" * 10 + "…", "다다다다다…"]


def test_what_was_said_before_is_newest_first(db):
    faq_edit.create(db, ACTOR, title="하나", slug="one", body="가")
    faq_edit.edit(db, ACTOR, "one", body="나")
    faq_edit.edit(db, ACTOR, "one", title="둘")
    faq_edit.edit(db, ACTOR, "one", category="카테고리")  # says nothing else
    found = faq_revisions.before(db, "one")
    assert [(item.title, item.body) for item in found] == [("하나", "나"), ("하나", "가")]
