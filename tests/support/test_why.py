"""The reasons of a suggestion: spans by hand, evidence counted, a lead that adds up."""

import unicodedata

import numpy as np
import pytest

from support import why
from support.database import scalar
from support.linear import Contribution
from support.similar import READ
from support.why import Span
from tests.conftest import import_csv

HELP = "https://help.example.com/ko/faq/"


def words(*pairs):
    return [Contribution(word, weight) for word, weight in pairs]


@pytest.mark.parametrize(
    ("text", "said", "marked"),
    [
        ("환불 해 주세요. 환불!", words(("환불", 2.0)), ["환불", "환불"]),
        ("ＲＥＦＵＮＤ please", words(("refund", 1.0)), ["ＲＥＦＵＮＤ"]),
        (unicodedata.normalize("NFD", "환불요"), words(("환불요", 1.0)), None),
        ("[전화번호] 로 전화번호 주세요", words(("전화번호", 1.0)), ["전화번호"]),
        ("배송 문의", words(("배송", -1.0)), []),
        ("배송 문의", [], []),
    ],
)
def test_words_are_marked_where_they_stand(text, said, marked):
    found = [text[span.start : span.end] for span in why.spans(text, said)]
    assert found == ([text] if marked is None else marked)


def test_strength_is_beside_the_strongest_word():
    found = why.spans("환불 언제 되나요", words(("환불", 4.0), ("언제", 1.0), ("되나요", -2.0)))
    assert found == (Span(0, 2, 1.0), Span(3, 5, 0.25))


def test_evidence_counts_similar_inquiries_and_names_them(space, db, tmp_path):
    rows = "".join(
        f"{i},환불 {i},안내 {HELP}{slug},2026-01-0{i}T00:00:00Z\n"
        for i, slug in enumerate(["refund", "refund", "parcel"], 1)
    )
    import_csv(space, tmp_path / "h.csv", "id,question,answer,created_at\n" + rows)
    found = why.evidence(db, [1, 2, 3], ["refund", "chat"])
    refund = found["refund"]
    assert (refund.linked, refund.n, refund.ids) == (2, 3, (2, 1))
    assert refund.latest_at == "2026-01-02T00:00:00Z"
    assert (found["chat"].linked, found["chat"].n, found["chat"].latest_at) == (0, 3, "")


def test_a_suggestion_of_a_trained_desk_is_explained(desk):
    recommender, db, _ = desk
    asked = scalar(db, "SELECT text FROM inquiries ORDER BY id LIMIT 1")
    suggestion = recommender.suggest(db, asked)
    assert suggestion.faqs
    found = why.explain(db, suggestion, asked)
    assert list(found) == [item.faq.slug for item in suggestion.faqs]
    for item in suggestion.faqs:
        reasons = found[item.faq.slug]
        said = {part.word for part in item.words if part.weight > 0}
        marked = [asked[span.start : span.end].lower() for span in reasons.spans]
        assert set(marked) <= said or not said
        assert reasons.evidence.n == len(suggestion.near)
        assert reasons.evidence.linked <= reasons.evidence.n
        assert sum(reasons.shares.values()) == pytest.approx(1) or not reasons.shares
    first = found[suggestion.faqs[0].faq.slug]
    assert first.evidence.ids
    assert first.decided_by == max(first.shares, key=first.shares.get)


def test_the_parts_of_a_lead_are_the_blends_own(desk):
    recommender, db, _ = desk
    asked = scalar(db, "SELECT text FROM inquiries ORDER BY id DESC LIMIT 1 OFFSET 30")
    models = recommender.models()
    classifier = models.classifier
    past = models.similar.look_back(db, asked, top_k=3, neighbours_k=classifier.neighbours_k)
    prediction = classifier.predict(
        [asked], neighbours=[past.neighbours], vectors=past.vector, top_k=5
    )[0]
    suggestion = recommender.suggest(db, asked[:READ])
    if not suggestion.faqs:
        pytest.fail("the desk should have something to say of its own history")
    # In the blend a label's score is its weighted log-probability: leads are differences of those.
    a, b = prediction.scored[:2]
    lead = sum(
        weight * np.log(a.voices[name] / b.voices[name])
        for name, weight in prediction.weights.items()
    )
    assert sum(suggestion.faqs[0].parts.values()) == pytest.approx(lead, rel=1e-4)
    assert len(past.near) == len(past.neighbours)
