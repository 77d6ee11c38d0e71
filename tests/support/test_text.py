import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.text import bigram_query, bigrams, fold_line, normalize


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  a \t b\u00a0\u3000c ", "a b c"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a \n\n\n\n b", "a\n\nb"),
        ("\u1112\u116a\u11ab\u1107\u116e\u11af", "환불"),
        ("a\x00b\x1bc\u200bd\ufeff", "abcd"),
        ("a\ud800b", "a\ufffdb"),
        ("", ""),
    ],
)
def test_normalize(text, normal):
    assert normalize(text) == normal


@given(st.text())
def test_normalize_settles(text):
    assert normalize(normalize(text)) == normalize(text)


def test_fold_line():
    assert fold_line(" a\r\n\n b\tc ") == "a b c"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("환불받고싶어요", "환불 불받 받고 고싶 싶어 어요"),
        ("환불", "환불"),
        ("환", "환"),
        ("아이폰13 케이스", "아이 이폰 13 케이 이스"),
        ("iPhone 13-Pro!", "iphone 13 pro"),
        ("ＳＭ－Ｓ９０１Ｎ", "sm s901n"),
        ("東京タワー", "東京 京タ タワ ワー"),
        ("... !", ""),
    ],
)
def test_bigrams(text, tokens):
    assert bigrams(text) == tokens


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("환불", '"환불"'),
        ("환불받고 배송", '"환불 불받 받고" AND "배송"'),
        ("환", '"환" *'),
        ("환불 iph", '"환불" AND "iph" *'),
        ("iph 환불", '"iph" AND "환불"'),
        ('" OR * NOT', '"or" AND "not" *'),
        ("*:^()", ""),
        ("", ""),
    ],
)
def test_bigram_query(text, query):
    assert bigram_query(text) == query


@pytest.fixture(scope="module")
def table() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE inquiries USING fts5(pairs)")
    for text in ("환불받고싶어요", "배송이 안 와요", "비밀번호를 잊었어요", "iPhone13 교환 문의"):
        connection.execute("INSERT INTO inquiries VALUES (?)", (bigrams(text),))
    yield connection
    connection.close()


def search(table: sqlite3.Connection, text: str) -> list[int]:
    rows = table.execute(
        "SELECT rowid FROM inquiries WHERE inquiries MATCH ? ORDER BY rowid", (bigram_query(text),)
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("환불", [1]),
        ("불받고", [1]),
        ("비밀번호", [3]),
        ("비밀 잊었", [3]),
        ("배송 환불", []),
        ("배", [2]),
        ("iph", [4]),
        ("교환 IPHONE", [4]),
        ("호비", []),
    ],
)
def test_search(table, text, ids):
    assert search(table, text) == ids


@settings(max_examples=400)
@given(st.one_of(st.text(), st.text(alphabet="환불가 abAND OR NOT NEAR\"*():^-+{}'\\%,.")))
def test_nothing_typed_is_a_syntax_error(table, text):
    query = bigram_query(text)
    if query:
        table.execute("SELECT rowid FROM inquiries WHERE inquiries MATCH ?", (query,)).fetchall()


def test_a_very_long_query(table):
    assert search(table, "환불 " * 5_000 + "x" * 100_000) == [1]
    assert search(table, "가" * 50_000) == []


@given(st.text("가나다라마바사 ab1", min_size=1), st.data())
def test_a_part_of_a_text_finds_it(text, data):
    words = [word for word in text.split() if len(word) > 1 and not word.isascii()]
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE inquiries USING fts5(pairs)")
        connection.execute("INSERT INTO inquiries VALUES (?)", (bigrams(text),))
        assert search(connection, word) == [1]
    finally:
        connection.close()
