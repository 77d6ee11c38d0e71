"""Retrieval: recall and rank worked out by hand, and files that cannot be used."""

import pytest

from support.encoder import SentenceEncoder
from support.errors import ImportFileError
from tests.train.counting import LetterEngine
from train.bench_retrieval import Query, bench_retrieval, measure

CORPUS = "id,text\na,배송이 늦어요\nb,환불 방법\nc,비밀번호 변경 방법\n"
QUERIES = (
    "id,text,relevant\n1,배송이 언제 오나요,a\n2,비밀번호를 바꾸고 싶어요,c|c\n3,환불 방법,b|c\n"
)


@pytest.fixture
def files(tmp_path):
    def write(queries=QUERIES, corpus=CORPUS):
        (tmp_path / "queries.csv").write_text(queries, encoding="utf-8")
        (tmp_path / "corpus.csv").write_text(corpus, encoding="utf-8")
        return tmp_path / "queries.csv", tmp_path / "corpus.csv"

    return write


@pytest.fixture
def encoder():
    return SentenceEncoder(LetterEngine(), "letters")


@pytest.mark.parametrize(
    ("ranked", "relevant", "expected"),
    [
        (["a", "b"], ("a",), (1, 1, 1)),
        (["b", "a"], ("a",), (0, 1, 0.5)),
        (["a", "b", "c"], ("a", "c"), (0.5, 1, 1)),
        ([], ("a",), (0, 0, 0)),
    ],
)
def test_metrics_by_hand(ranked, relevant, expected):
    found = measure([ranked], [Query("?", relevant)])
    assert tuple(found[name] for name in ("recall@1", "recall@5", "mrr@10")) == expected


def test_each_way_is_measured(files, encoder):
    found = bench_retrieval(*files(), encoder=encoder)
    assert (found["set"], found["n_test"], found["labels"]) == ("queries", 3, 3)
    assert found["lexical"] == {"recall@1": 0.8333, "recall@5": 1.0, "mrr@10": 1.0}
    assert set(found["dense"]) == set(found["hybrid"]) == set(found["lexical"])


@pytest.mark.parametrize(
    ("queries", "corpus", "message"),
    [
        ("id,text\n1,a\n", CORPUS, "queries.csv, line 2: no column 'relevant'.*id,text,relevant"),
        ("id,text,relevant\n1,x,z\n", CORPUS, "line 2, column relevant: .*no id 'z'"),
        ("id,text,relevant\n1, ,a\n", CORPUS, "line 2, column text: nothing"),
        (QUERIES, "id,text\na,x\na,y\n", "corpus.csv, line 3, column id: 'a' stands there twice"),
        (QUERIES, "id,text\n", "holds no rows"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_how_to_mend_it(
    files, encoder, queries, corpus, message
):
    with pytest.raises(ImportFileError, match=message):
        bench_retrieval(*files(queries, corpus), encoder=encoder)
