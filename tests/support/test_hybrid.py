"""Meaning and words in one ranking, by vectors whose cosines can be seen."""

import numpy as np
import pytest

from support.faiss_index import FaissIndex
from support.hybrid import HybridIndex, fuse, mix_for
from support.lexical_index import LexicalIndex

# The first is the nearest in meaning, the second shares the words, the third has a little of both.
TEXTS = ["로그인이 안 됩니다", "비밀번호 변경 방법", "비밀번호 찾기"]
VECTORS = np.array([[1, 0], [0, 1], [0.8, 0.6]], np.float32)
ASKED = "비밀번호 변경"


def made(mix):
    index = HybridIndex(FaissIndex(2), LexicalIndex(), mix=mix)
    index.add(np.array([10, 20, 30]), VECTORS, TEXTS)
    return index


@pytest.mark.parametrize(("mix", "last"), [(1.0, 0.0), (0.5, 0.4), (0.0, 0.8)])
def test_the_mix_decides_how_much_words_make_good(mix, last):
    hits = made(mix).search(VECTORS[:1], [ASKED], top_k=3)[0]
    assert (np.diff(hits.scores) <= 0).all()
    by_id = dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))
    assert by_id[10] == pytest.approx(1)  # nothing is left open
    assert by_id[20] == pytest.approx((1 - mix) * np.sqrt(hits.lexical[hits.ids == 20][0]))
    assert by_id[20] >= last


def test_words_never_lower_a_score_and_count_less_the_nearer_the_meaning():
    dense = np.array([-0.2, 0.0, 0.4, 0.8, 1.0], np.float32)
    with_words = fuse(dense, np.full(5, 0.25, np.float32), mix=0.25)
    gained = with_words - fuse(dense, np.zeros(5, np.float32), mix=0.25)
    np.testing.assert_allclose(gained[:2], 0.75 * 0.5, atol=1e-6)
    assert (np.diff(gained[1:]) < 0).all()
    assert gained[-1] == 0
    assert (np.diff(with_words) > 0).all()
    assert np.isnan(fuse(np.array([np.nan], np.float32), np.array([0.5], np.float32)))[0]


def test_both_scores_are_given_for_what_either_found():
    hits = made(0.3).search(VECTORS[:1], [ASKED], top_k=3)[0]
    by_id = dict(zip(hits.ids.tolist(), zip(hits.dense, hits.lexical, strict=True), strict=True))
    assert by_id[10][0] == pytest.approx(1)
    assert by_id[10][1] == 0
    assert by_id[20][0] == pytest.approx(0)
    assert by_id[20][1] > by_id[30][1] > 0


def test_compare_scores_in_the_order_asked_for():
    index = made(0.5)
    hits = index.compare(VECTORS[0], ASKED, np.array([30, 99, 10]))
    assert hits.dense[0] == pytest.approx(0.8)
    assert np.isnan(hits.scores[1])
    assert hits.scores[2] == pytest.approx(1)


def test_removed_and_disallowed_are_not_found():
    index = made(0.5)
    index.remove(np.array([20]))
    assert 20 not in index.search(VECTORS[:1], [ASKED], top_k=3)[0].ids
    only = index.search(VECTORS[:1], [ASKED], top_k=3, allow=np.array([10, 20]))[0]
    assert only.ids.tolist() == [10]
    assert len(index) == 2


def test_an_empty_index_finds_nothing_and_a_wrong_mix_is_refused():
    index = HybridIndex(FaissIndex(2), LexicalIndex())
    assert len(index.search(VECTORS[:1], [ASKED], top_k=3)[0].ids) == 0
    with pytest.raises(ValueError, match=r"got 1\.5"):
        HybridIndex(FaissIndex(2), LexicalIndex(), mix=1.5)


def test_an_encoder_may_name_its_own_mix():
    class Encoder:
        mix = 0.7

    assert mix_for(Encoder()) == 0.7
    assert 0 < mix_for(object()) < 1
