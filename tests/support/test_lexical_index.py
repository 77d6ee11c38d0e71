"""Words alone: what is shared and how rare it is, over snapshots, newer blocks and tombstones."""

import numpy as np
import pytest

from support import lexical_index
from support.errors import ModelDamagedError
from support.lexical_index import LexicalIndex
from support.lexical_terms import count_terms, terms_of

WORDS = """
    지연 취소 환불 교환 조회 분실 파손 변경 예약 도착 반품 포장 주소 요금 해외 새벽 당일 택배
    수령 보상 사진 접수 연락 확인 안내 시간 지역 방법 기간 비용 상품 누락 오류 결제 쿠폰 적립
"""
TEXTS = [f"배송 {word} 문의 드립니다 order {i}" for i, word in enumerate(WORDS.split())]


@pytest.fixture(params=["newer", "snapshot", "both", "many blocks"])
def made(request, tmp_path):
    """The texts under the ids 10, 13, ...: unsaved, saved, half saved, or added one by one."""
    ids = np.arange(len(TEXTS)) * 3 + 10
    first = {"newer": len(TEXTS), "snapshot": len(TEXTS)}.get(request.param, 33)
    index = LexicalIndex()
    index.add(ids[:first], TEXTS[:first])
    if request.param in ("snapshot", "both"):
        index.snapshot(tmp_path)
        index = LexicalIndex.load(tmp_path)
    step = 1 if request.param == "many blocks" else len(TEXTS)
    for start in range(first, len(TEXTS), step):
        index.add(ids[start : start + step], TEXTS[start : start + step])
    return index, ids


def test_a_shared_rare_word_wins_over_shared_common_ones(made):
    index, ids = made
    found, scores = index.search(index.weigh("새벽"), top_k=3)
    assert found.tolist() == [ids[15]]
    assert 0 < scores[0] <= 1
    found, scores = index.search(index.weigh("배송 문의 파손"), top_k=5)
    assert found[0] == ids[6]
    assert (np.diff(scores) <= 0).all()
    assert len(found) == 5


def test_a_text_is_wholly_like_itself_and_scores_agree(made):
    index, ids = made
    asked = index.weigh(TEXTS[35])
    found, scores = index.search(asked, top_k=len(TEXTS))
    assert found[0] == ids[35]
    assert scores[0] == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(index.score(asked, found), scores, atol=1e-6)
    assert index.score(asked, np.array([7, 999])).tolist() == [0, 0]


@pytest.mark.parametrize("top_k", [3, 100])
def test_find_names_what_search_ranks(made, top_k):
    index, ids = made
    for allow in (None, ids[::2]):
        for text in ("배송 문의 파손", "새벽", TEXTS[35]):
            asked = index.weigh(text)
            ranked, _ = index.search(asked, top_k=top_k, allow=allow)
            assert sorted(index.find(asked, top_k=top_k, allow=allow)) == sorted(ranked)


def test_scores_are_the_cosines_of_the_textbook():
    index = LexicalIndex()
    index.add(np.arange(40), [f"common word{number}" for number in range(39)] + ["rare rare word7"])
    # Of 40 texts 39 hold `common`, 2 `word7`, 1 `rare`, and 38 the beginning that long words share.
    rarity = {"common": 39, "word7": 2, "rare": 1}
    rarity = {word: np.log(41 / (1 + count)) + 1e-3 for word, count in rarity.items()}
    asked = np.array([rarity["word7"], (1 + np.log(2)) * rarity["rare"]])
    kept = np.array([rarity["common"], rarity["word7"]])
    wanted = asked[0] * kept[1] / np.linalg.norm(asked) / np.linalg.norm(kept)
    found = index.score(index.weigh("word7 rare rare"), np.array([7]))
    # `common` is longer than five letters, so its beginning is a term too.
    begins = np.array([*kept, rarity["common"]])
    wanted = asked[0] * kept[1] / np.linalg.norm(asked) / np.linalg.norm(begins)
    assert found[0] == pytest.approx(wanted, rel=0.02)


def test_removed_texts_are_gone_and_come_back_as_written_anew(made):
    index, ids = made
    index.remove(ids[[15, 34]])
    index.remove(np.array([5]))  # unknown: passed over
    assert len(index) == len(TEXTS) - 2
    assert len(index.search(index.weigh("새벽"), top_k=3)[0]) == 0
    index.add(ids[[15]], ["비밀번호 찾기"])
    assert index.search(index.weigh("비밀번호를 잊었어요"), top_k=3)[0][0] == ids[15]
    assert len(index.search(index.weigh("새벽"), top_k=3)[0]) == 0
    assert len(index) == len(TEXTS) - 1


def test_allow_limits_the_choice_and_is_asked_anew_after_a_removal(made):
    index, ids = made
    allow = np.sort(ids[[1, 20, 35]])
    asked = index.weigh("배송 문의 환불")
    assert sorted(index.search(asked, top_k=9, allow=allow)[0].tolist()) == allow.tolist()
    index.remove(ids[[20]])
    assert sorted(index.search(asked, top_k=9, allow=allow)[0].tolist()) == [ids[1], ids[35]]
    assert len(index.search(asked, top_k=9, allow=np.empty(0, np.int64))[0]) == 0


def test_a_snapshot_holds_every_block_without_what_was_removed(made, tmp_path):
    index, ids = made
    index.remove(ids[:3])
    folder = tmp_path / "again"
    folder.mkdir()
    index.snapshot(folder)
    again = LexicalIndex.load(folder)
    assert len(again) == len(TEXTS) - 3
    for text in ("배송 문의 파손", "적립 쿠폰", "order 12"):
        left = index.search(index.weigh(text), top_k=9)
        right = again.search(again.weigh(text), top_k=9)
        assert left[0].tolist() == right[0].tolist()
        np.testing.assert_allclose(left[1], right[1], atol=1e-6)


@pytest.mark.parametrize("texts", [[], [""], ["…", "!!"]])
def test_nothing_to_read_is_found_by_nothing(texts, tmp_path):
    index = LexicalIndex()
    index.add(np.arange(len(texts)), texts)
    index.snapshot(tmp_path)
    for candidate in (index, LexicalIndex.load(tmp_path)):
        assert len(candidate.search(candidate.weigh("환불"), top_k=3)[0]) == 0
        assert len(candidate.search(candidate.weigh("?"), top_k=3)[0]) == 0
        assert len(candidate) == len(texts)


def test_few_postings_choose_the_candidates_and_all_terms_score_them(monkeypatch, made):
    index, ids = made
    asked = index.weigh("배송 파손 문의")
    whole = dict(zip(*(part.tolist() for part in index.search(asked, top_k=99)), strict=True))
    monkeypatch.setattr(lexical_index, "MOST_READ", 1)
    found, scores = index.search(index.weigh("배송 파손 문의"), top_k=99)
    assert found[0] == ids[6]
    assert len(found) < len(whole)
    assert scores[0] == pytest.approx(whole[int(ids[6])])


def test_a_damaged_snapshot_is_refused(made, tmp_path):
    index, _ = made
    folder = tmp_path / "damaged"
    folder.mkdir()
    index.snapshot(folder)
    np.save(folder / "lexical-rarity.npy", np.ones(2, np.float32))
    with pytest.raises(ModelDamagedError, match="faqdesk index"):
        LexicalIndex.load(folder)
    (folder / "lexical-terms.npy").unlink()
    with pytest.raises(ModelDamagedError, match="faqdesk index"):
        LexicalIndex.load(folder)


def test_korean_is_read_inside_words_and_long_words_by_their_beginnings():
    def shared(one, other):
        return len(np.intersect1d(terms_of(one)[0], terms_of(other)[0]))

    assert shared("환불", "환불받고싶어요") == 3  # 환, 불, 환불
    assert shared("accounts", "accounting") == 1
    assert shared("mail", "mailbox") == 0
    assert shared("ＭＡＩＬ", "mail") == 1
    terms, counts = terms_of("a b a")
    assert sorted(counts.tolist()) == [1, 2]
    assert terms.dtype == np.uint32


def test_counts_must_agree():
    with pytest.raises(ValueError, match="2 ids"):
        LexicalIndex().add(np.array([1, 2]), ["one"])


@pytest.mark.parametrize("text", ["Running runs, the resumé_of a_b's ﬁnal straße", "", "?! —"])
def test_terms_are_the_same_beside_words_in_pairs(text):
    # A lone jamo takes the way of Hangul; it adds itself and nothing else.
    alone, beside = count_terms(text), count_terms(text + " ㅋ")
    added = beside - alone
    assert list(added.values()) == [1]
    assert beside - added == alone
