"""A training is timed on labelled inquiries and copies of them."""

from train.bench_training import MOST_LABELS, grow_examples
from train.examples import Example

WORDS = "where is my parcel it should have been here on monday " * 3


def test_copies_follow_the_real_ones_with_their_labels_and_moments():
    real = [Example(f"{WORDS} {i}", (f"faq-{i % 3}",), f"2025-01-0{i + 1}", i) for i in range(6)]
    found = grow_examples(real, size=20)
    assert found[:6] == real
    assert len(found) == 20
    assert len({e.inquiry_id for e in found}) == 20
    for number, copy in enumerate(found[6:], start=6):
        original = real[number % 6]
        assert (copy.labels, copy.at) == (original.labels, original.at)
        assert copy.text != original.text
        assert set(copy.text.split()) <= set(original.text.split())
    assert grow_examples(real, size=20) == found
    assert grow_examples(real, size=4) == real[:4]


def test_only_the_commonest_labels_are_kept():
    many = range(MOST_LABELS + 5)
    real = [Example("a b c", (f"faq-{i:03}", "common"), "2025-01-01", i) for i in many]
    labels = {label for e in grow_examples(real, size=10) for label in e.labels}
    assert "common" in labels
    everything = {label for e in grow_examples(real, size=len(many)) for label in e.labels}
    assert len(everything) == MOST_LABELS


def test_nothing_grows_from_nothing():
    assert grow_examples([Example(" ", ("a",), "2025-01-01", 1)], size=5) == []
