import numpy as np
import pytest

from support.features import Features
from train.answered import Answered, Reply
from train.blend import targets_of
from train.examples import Example
from train.linear import fit_logistic
from train.teacher import fit_taught, teach

LABELS = ["refund", "parcel", "account"]
LINKED = {"refund": "money back", "parcel": "box lost", "account": "sign in"}  # with a link
UNLINKED = {"refund": "cancel payment", "parcel": "courier late", "account": "password gone"}
ANSWERS = {
    "refund": "we refund within three days",
    "parcel": "please track the shipment",
    "account": "reset your login",
}
CUT = "2026-02"


@pytest.fixture(scope="module")
def history():
    """Answered inquiries; those without a link use words of their own, but get the same answers."""
    learn, answered = [], []
    for i in range(240):
        label = LABELS[i % 3]
        learn.append(Example(f"{LINKED[label]} {i}", (label,), "2026-01", i))
        replies = (Reply("2026-01", f"{ANSWERS[label]} https://help.example.com/{label}"),)
        answered.append(Answered(i, learn[-1].text, "2026-01", replies))
    for i in range(240, 480):
        label = LABELS[i % 3]
        # Some answers say more besides, so that no label is the surest throughout.
        besides = " hello there, thank you for writing to us" * (i // 3 % 6)
        replies = (Reply("2026-01", ANSWERS[label] + besides),)
        answered.append(Answered(i, f"{UNLINKED[label]} {i}", "2026-01", replies))
    return learn, answered


@pytest.fixture(scope="module")
def learned(history):
    learn, _ = history
    texts = [e.text for e in learn] + list(UNLINKED.values()) * 2
    features = Features.fit(texts)
    return features, features.transform([e.text for e in learn])


def lesson_of(history, learned, *, before=CUT, faq_texts=None, answered=None):
    learn, everything = history
    features, rows = learned
    return teach(
        features,
        learn,
        rows,
        targets_of([e.labels for e in learn], LABELS),
        everything if answered is None else answered,
        before=before,
        labelled=[e.inquiry_id for e in learn],
        faq_texts=faq_texts or {},
    )


def test_answers_label_what_has_no_link_and_teach_its_words(history, learned):
    features, rows = learned
    targets = targets_of([e.labels for e in history[0]], LABELS)
    lesson = lesson_of(history, learned)
    assert lesson is not None
    assert lesson.rows.shape == (160, len(features))  # the surest two thirds of 240
    np.testing.assert_allclose(lesson.shares.sum(axis=1), 1, atol=1e-5)
    asked = features.transform(list(UNLINKED.values()))
    taught = fit_taught(rows, targets, lesson, n_threads=1)(asked)
    assert taught.argmax(axis=1).tolist() == [0, 1, 2]
    alone = fit_logistic(rows, targets, n_threads=1)(asked)
    assert (taught - taught.mean(axis=1, keepdims=True)).diagonal().min() > (
        alone - alone.mean(axis=1, keepdims=True)
    ).diagonal().max()


def test_replies_of_later_than_the_moment_are_not_read(history, learned):
    late = [
        Answered(a.inquiry_id, a.text, a.at, (Reply("2026-03", a.replies[0].text),))
        for a in history[1]
    ]
    assert lesson_of(history, learned, answered=late) is None


def test_without_enough_answers_or_pupils_there_is_no_lesson(history, learned):
    assert lesson_of(history, learned, answered=[]) is None
    assert lesson_of(history, learned, answered=history[1][:240]) is None  # nobody to teach
    assert lesson_of(history, learned, answered=history[1][100:]) is None  # 140 known


def test_an_answer_is_read_without_addresses():
    one = Answered(
        1,
        "text",
        "2026-01-01",
        (Reply("2026-01-02", "see https://help.example.com/x now"), Reply("2026-01-04", "bye")),
    )
    assert one.said("2026-01-03") == "see now"
    assert one.said("2026-01-05") == "see now bye"
    assert one.said("2026-01-02") == ""
