"""Neighbours in training are those of serving, score for score."""

import pytest

from support.encoder import SentenceEncoder
from support.recommender import Recommender
from train.examples import Example
from train.nearest import nearest

ASKED = "인증번호 문자가 안 와요"


def test_training_and_serving_give_the_same_scores(trained):
    db = trained.database()
    similar = Recommender(trained).models().similar
    sql = """
        SELECT id, text, (SELECT group_concat(slug, char(10)) FROM labels WHERE inquiry_id = i.id)
            AS slugs FROM inquiries AS i WHERE answer_id > 0 AND text <> '' ORDER BY id
    """
    past = [
        Example(row["text"], tuple(row["slugs"].split("\n")) if row["slugs"] else (), "", row["id"])
        for row in db.query(sql)
    ]
    assert len(past) == len(similar)
    found = nearest(similar.encoder, [ASKED], past, top_k=len(past))[0]
    labelled = [pair for pair in found if pair[0]][:20]
    served = similar.look_back(db, ASKED, neighbours_k=20).neighbours
    assert [score for _, score in labelled] == pytest.approx(
        [score for _, score in served], abs=1e-3
    )
    db.close()


def test_without_a_past_there_are_no_neighbours():
    class Unused(SentenceEncoder):
        def __init__(self):
            pass

    assert nearest(Unused(), ["a", "b"], [], top_k=3) == [[], []]
