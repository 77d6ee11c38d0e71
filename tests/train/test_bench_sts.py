"""Graded similarity: files as people have them, and a figure that can be worked out."""

import pytest

from support.encoder import SentenceEncoder
from support.errors import ImportFileError
from tests.train.counting import LetterEngine
from train.bench_sts import bench_sts, read_pairs

ROWS = """genre\tfilename\tyear\tid\tscore\tsentence1\tsentence2
a\tb\t1\t1\t5.0\t배송이 "언제 오나요\t배송이 "언제 오나요
a\tb\t1\t2\t3.0\t배송이 언제 오나요\t배송은 언제
a\tb\t1\t3\t1.0\t배송이 언제 오나요\t환불 오류
a\tb\t1\t4\t0.0\t배송\t쿠폰
"""


@pytest.fixture
def encoder():
    return SentenceEncoder(LetterEngine(), "letters")


def test_scores_agree_with_people_by_rank(tmp_path, encoder):
    file = tmp_path / "pairs.tsv"
    file.write_text(ROWS, encoding="utf-8")
    found = bench_sts(file, encoder=encoder)
    assert (found["set"], found["n_test"], found["n_train"], found["labels"]) == ("pairs", 4, 0, 0)
    assert found["lexical"]["spearman"] >= 0.9
    assert set(found) >= {"seconds", "peak_mb", "dense", "lexical", "hybrid"}
    alone = bench_sts(file, encoder=encoder, mix=1.0)
    assert alone["hybrid"] == alone["dense"]


def test_quotes_are_letters(tmp_path):
    file = tmp_path / "pairs.tsv"
    file.write_text(ROWS, encoding="utf-8")
    assert read_pairs(file)[0].one == '배송이 "언제 오나요'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\n1\t2\n", "line 1: no column 'sentence1'.*sentence2, score"),
        ("sentence1\tsentence2\tscore\na\tb\thigh\n", "line 2, column score: 'high'"),
        ("sentence1\tsentence2\tscore\na\tb\tnan\n", "line 2, column score: 'nan'"),
        ("sentence1\tsentence2\tscore\na\tb\t1\na\t\t1\n", "line 3, column sentence2: nothing"),
        ("sentence1\tsentence2\tscore\na\tb\n", "line 2, column score: nothing"),
        ("sentence1\tsentence2\tscore\na\tb\t1\n", "holds 1 pairs"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_how_to_mend_it(tmp_path, text, message):
    file = tmp_path / "pairs.tsv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ImportFileError, match=message):
        read_pairs(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ImportFileError, match="nowhere"):
        read_pairs(tmp_path / "nowhere.tsv")
