"""Gaps: a known truth is found, named, kept from search to search, made an FAQ and taken back."""

import json
from collections import Counter

import numpy as np
import pytest

from support import agents, faq_undo, gaps, inquiries
from support.database import scalar
from support.errors import ConflictError, InputError, ModelMissingError, NotFoundError
from tests import knowledge_desk
from tests.conftest import ACTOR
from train import grouping
from train.common_words import CommonWords, draft_title
from train.gaps import find_gaps
from train.near import nearest, nearest_among


@pytest.fixture
def desk(space, tmp_path):
    knowledge_desk.make(space, tmp_path)
    knowledge_desk.use_shipped_encoder(space)
    db = space.database()
    yield db
    db.close()


def topics(db, gap):
    return Counter(knowledge_desk.topic_of(db, i) for i in gaps.inquiry_ids(db, gap.id))


def test_what_is_asked_without_an_faq_is_found_in_the_order_of_its_count(space, desk):
    found = find_gaps(space, desk)
    assert found.inquiries == 14  # those about refunds have an FAQ
    kept = gaps.listed(desk)
    assert [gap.n for gap in kept] == sorted((gap.n for gap in kept), reverse=True)
    most = [topics(desk, gap).most_common(1)[0] for gap in kept[:3]]
    assert {topic for topic, _ in most} == {"code", "delivery", "name"}
    assert all(count / gap.n > 0.6 for (_, count), gap in zip(most, kept, strict=False))
    first = next(gap for gap in kept if "code" in topics(desk, gap))
    assert first.words[0].startswith("인증번호")
    assert "인증번호" in first.title
    assert first.body == "스팸함을 확인해 주세요."
    assert first.minutes is None  # an import says nothing of agents' time
    examples = gaps.examples(desk, first.id, limit=2)
    assert [item.answer for item in examples] == ["스팸함을 확인해 주세요."] * 2


def test_a_gap_keeps_its_number_and_stays_set_aside_until_it_has_doubled(space, desk, tmp_path):
    find_gaps(space, desk)
    gap = next(gap for gap in gaps.listed(desk) if "name" in topics(desk, gap))
    gaps.dismiss(desk, ACTOR, gap.id, reason="soon in the app")
    find_gaps(space, desk)
    assert gaps.get(desk, gap.id).state == "dismissed"
    assert gap.id not in {other.id for other in gaps.listed(desk)}
    more = {
        "name": [*knowledge_desk.TOPICS["name"], *(f"닉네임 변경 {n}번째 질문" for n in range(4))]
    }
    knowledge_desk.make(space, tmp_path, more)
    find_gaps(space, desk)
    again = gaps.get(desk, gap.id)
    assert (again.state, again.n) == ("open", 7)
    with pytest.raises(ConflictError, match="no dismissal"):
        gaps.reopen(desk, ACTOR, gap.id)
    gaps.dismiss(desk, ACTOR, gap.id)
    assert gaps.reopen(desk, ACTOR, gap.id).state == "open"
    with pytest.raises(NotFoundError, match="faqdesk gaps list"):
        gaps.get(desk, 999)


def test_a_gap_made_an_faq_teaches_its_inquiries_and_can_be_taken_back(space, desk):
    find_gaps(space, desk)
    gap = gaps.listed(desk)[0]
    ids = gaps.inquiry_ids(desk, gap.id)
    faq, change = gaps.make_faq(desk, ACTOR, gap.id, slug="code", inquiry_ids=ids[:3])
    assert (faq.title, faq.sent, faq.url) == (gap.title, 3, "https://help.example.com/faq/code")
    assert inquiries.labels(desk, ids) == dict.fromkeys(sorted(ids[:3]), ("code",))
    assert gaps.get(desk, gap.id).state == "closed"
    with pytest.raises(ConflictError, match="closed already"):
        gaps.give_to_faq(desk, ACTOR, gap.id, "refund")
    faq_undo.undo(desk, ACTOR, change)
    assert inquiries.labels(desk, ids) == {}
    assert scalar(desk, "SELECT count(*) FROM faqs") == 1
    assert gaps.get(desk, gap.id).state == "open"
    # or it is answered by an FAQ that is there
    change = gaps.give_to_faq(desk, ACTOR, gap.id, "refund")
    assert set(inquiries.labels(desk, ids)) == set(ids)
    assert find_gaps(space, desk).inquiries == 14 - len(ids)
    with pytest.raises(InputError, match="not of gap"):
        gaps.make_faq(desk, ACTOR, gaps.listed(desk)[0].id, inquiry_ids=[ids[0]])


def test_what_a_gap_quotes_is_forgotten_with_its_inquiries(space, desk):
    find_gaps(space, desk)
    gap = gaps.listed(desk)[0]
    ids = gaps.inquiry_ids(desk, gap.id)
    knowledge_desk.forget(desk, ids[:-1])
    assert gaps.get(desk, gap.id).n == 1
    assert gaps.inquiry_ids(desk, gap.id) == ids[-1:]
    knowledge_desk.forget(desk, ids[-1:])
    with pytest.raises(NotFoundError):
        gaps.get(desk, gap.id)


def test_agents_minutes_are_those_from_opening_to_the_first_reply(space, desk):
    agent = agents.add(
        desk, ACTOR, login="mina", name="미나", role="agent", password="long enough 1"
    )
    ids = [row["id"] for row in desk.query("SELECT id FROM inquiries WHERE source_id LIKE 'code%'")]
    for number, (opened, replied) in enumerate(
        [("10:00:00", "10:06:00"), ("10:00:00", "18:00:00"), ("10:00:00", None)]
    ):
        desk.execute(
            "INSERT INTO suggestions (id, inquiry_id, asked_by, release, band, at) "
            "VALUES (?, ?, 'agent:1', '', 'silent', ?)",
            [f"sg_{number}", ids[number], f"2026-02-01T{opened}Z"],
        )
        if replied:
            desk.execute(
                "INSERT INTO messages (inquiry_id, source_id, role, agent_id, text, at) "
                "VALUES (?, 'x', 'agent', ?, 'ok', ?)",
                [ids[number], agent.id, f"2026-02-01T{replied}Z"],
            )
    minutes = gaps.agent_minutes(desk, ids)
    assert minutes.keys() == set(ids[:2])
    assert minutes[ids[0]] == pytest.approx(6)
    assert minutes[ids[1]] == 60  # an agent who went home counts no more than an hour
    find_gaps(space, desk)
    first = gaps.listed(desk, order="minutes")[0]
    assert "code" in topics(desk, first)
    assert (first.minutes, first.timed) == (pytest.approx(66), 2)


def test_without_an_encoder_the_cure_is_named(space, db):
    with pytest.raises(ModelMissingError, match="faqdesk train"):
        find_gaps(space, db)


def clouds(sizes, dim=32, seed=0, spread=0.25):
    """Unit vectors around directions of their own, and the number of each one's direction."""
    random = np.random.default_rng(seed)
    middles = np.linalg.qr(random.normal(size=(dim, len(sizes))))[0].T
    truth = np.repeat(np.arange(len(sizes)), sizes)
    rows = middles[truth] + spread * random.normal(size=(len(truth), dim)) / np.sqrt(dim)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), truth


@pytest.mark.parametrize("most", [4000, 60])
def test_groups_are_the_clouds_they_were_drawn_from(monkeypatch, most):
    monkeypatch.setattr(grouping, "MOST", most)
    vectors, truth = clouds([60, 40, 20, 2])
    groups = grouping.group(vectors, cut=0.5)
    assert [sorted(set(truth[groups == number])) for number in range(3)] == [[0], [1], [2]]
    assert (groups == 3).sum() == 0  # two are no group
    assert (groups >= 0).sum() == 120


def test_the_cut_is_the_loosest_at_which_groups_still_share_an_faq():
    vectors, truth = clouds([80, 80, 80], spread=1.0)
    slugs = [(f"faq-{number}",) for number in truth]
    cut, share = grouping.choose_cut(vectors, slugs)
    assert cut in grouping.CUTS
    assert share is not None
    assert share >= grouping.SHARED
    assert grouping.choose_cut(vectors[:20], slugs[:20]) == (grouping.PLAIN_CUT, None)
    alone = [(f"faq-{number}",) for number in range(len(truth))]  # nothing is ever shared
    assert grouping.choose_cut(vectors, alone) == (grouping.PLAIN_CUT, None)


def test_the_nearest_others_are_the_same_by_hand_and_through_the_graph(monkeypatch):
    vectors, _ = clouds([30, 30], seed=3)
    ids, scores = nearest(vectors, top_k=5)
    whole = vectors @ vectors.T
    np.fill_diagonal(whole, -2)
    assert (ids[:, 0] == whole.argmax(axis=1)).all()
    assert np.allclose(scores[:, 0], whole.max(axis=1), atol=1e-6)
    monkeypatch.setattr("train.near.EXACT_UP_TO", 10)
    through, _ = nearest(vectors, top_k=5)
    assert not (through == np.arange(60)[:, None]).any()
    assert (through[:, 0] == ids[:, 0]).mean() > 0.9
    assert nearest(vectors[:1], top_k=5)[0].shape == (1, 0)
    assert nearest_among(vectors, vectors[:0], top_k=3)[0].shape == (60, 0)


def test_words_are_those_that_a_group_has_and_others_have_not():
    texts = [
        "환불은 언제 되나요",
        "환불이 안 돼요",
        "환불금 언제요",
        "택배 언제 와요",
        "택배는 언제요",
    ]
    words = CommonWords(texts)
    assert words.of([0, 1, 2])[0] == "환불"
    assert words.of([3, 4])[0] == "택배"
    english = ["my refund is the late one", "the refund please"]
    assert CommonWords([*english, *["언제 와요"] * 4]).of([0, 1]) == ["refund"]  # not "the"


@pytest.mark.parametrize(
    ("text", "words", "title"),
    [
        ("안녕하세요.\n환불은 언제 되나요? 급합니다.", ["환불"], "환불은 언제 되나요?"),
        ("Hi there.\nThe code [전화번호] never arrives.", ["code"], "The code never arrives."),
        ("가" * 200, [], "가" * 80 + "…"),
    ],
)
def test_a_draft_title_is_the_sentence_that_says_what_it_is_about(text, words, title):
    assert draft_title(text, words) == title


def test_a_title_is_stored_as_json_words(space, desk):
    find_gaps(space, desk)
    assert all(json.loads(row["words"]) for row in desk.query("SELECT words FROM gaps"))


def test_the_language_of_a_few_does_not_make_them_one_group():
    draw = np.random.default_rng(3)
    topics = draw.normal(size=(6, 32))
    asked = np.repeat(np.arange(6), 30)
    foreign = np.arange(len(asked)) % 5 == 0
    tongue = draw.normal(size=32)  # what all in the rarer language have in common
    rows = topics[asked] + 0.3 * draw.normal(size=(len(asked), 32)) + 2 * foreign[:, None] * tongue
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    texts = ["refund" if other else "환불" for other in foreign]

    def topics_together(rows):
        """Of the rarer language: how many topics are in one group at most."""
        numbers = grouping.group(rows, cut=0.4)
        return max(len(set(asked[foreign & (numbers == found)])) for found in range(numbers.max()))

    assert topics_together(vectors) > 3
    cleaned = grouping.without_language(vectors, texts)
    assert np.allclose(np.linalg.norm(cleaned, axis=1), 1, atol=1e-5)
    assert topics_together(cleaned) == 1
