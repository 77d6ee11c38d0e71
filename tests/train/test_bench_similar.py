"""Which petitions are asked for, and what counts as found."""

import gzip
import json

import pytest

from support.encoder import SentenceEncoder
from tests.train.counting import LetterEngine
from train import bench_similar
from train.bench_similar import bm25, linked, share_at
from train.datasets import PETITIONS
from train.examples import Example


@pytest.fixture
def data(tmp_path):
    """A petition a month; the title of one that was read is nowhere in its own text."""
    folder = tmp_path / "petitions"
    folder.mkdir()
    for number, month in enumerate(PETITIONS):
        row = {"begin": f"{month}-03", "title": f"제목 {number}", "content": f"제목 {number} 본문"}
        if month < "2019-06":
            row["title"] = "전혀 다른 말"
        with gzip.open(folder / f"petitions_{month}.jsonl.gz", "wt") as file:
            file.write(json.dumps(row) + "\n")
    return tmp_path


@pytest.mark.parametrize("test", [False, True])
def test_titles_that_the_shipped_encoder_has_read_are_not_asked_for(data, test):
    encoder = SentenceEncoder(LetterEngine(), "letters")
    found = bench_similar._petitions(data, encoder, test, None)
    assert found["lexical"]["recall@1"] == 1  # a month that was read would not be found


def test_shares_count_the_places_that_are_right():
    past = [
        Example("배송 지연", ("a",), "", 1),
        Example("환불", ("b",), "", 2),
        Example("배송", ("a", "c"), "", 3),
    ]
    right = linked([Example("배송 언제", ("c", "a"), "", 4)], past)
    assert right == [{0, 2}]
    ranked = bm25(["배송 지연"], [example.text for example in past], top_k=3)
    assert ranked[0][:2] == [0, 2]
    assert share_at(ranked, right, top_k=2) == 1
    assert share_at([[1, 0]], right, top_k=2) == 0.5
