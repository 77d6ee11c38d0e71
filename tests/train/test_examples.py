import pytest

from train.examples import (
    Example,
    choose_labels,
    count_labels,
    hash_examples,
    label_rows,
    split_by_date,
    split_by_fraction,
    usable,
)


def example(number, *labels, text="환불"):
    return Example(text, labels, f"2026-01-{number:02d}T00:00:00Z", number)


def test_only_text_with_evidence_is_used_oldest_first():
    found = usable([example(3, "a"), example(1, "a"), example(2), example(4, "a", text=" \n")])
    assert [e.inquiry_id for e in found] == [1, 3]


def test_split_by_fraction_is_in_order_of_time():
    split = split_by_fraction([example(i, "a") for i in range(20, 0, -1)])
    assert [len(part) for part in (split.train, split.validation, split.test)] == [14, 3, 3]
    assert [e.inquiry_id for e in split.test] == [18, 19, 20]


def test_split_by_date_begins_each_part_with_its_day():
    split = split_by_date(
        [example(i, "a") for i in range(1, 11)],
        validation_from="2026-01-05",
        test_from="2026-01-08",
        test_until="2026-01-10",
    )
    assert [len(part) for part in (split.train, split.validation, split.test)] == [4, 3, 2]


def test_splits_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="shares"):
        split_by_fraction([], train=0.9, validation=0.2)
    with pytest.raises(ValueError, match="order"):
        split_by_date([], validation_from="2026", test_from="2025")


def test_labels_need_enough_examples():
    examples = [example(1, "a", "b"), example(2, "a", "a"), example(3, "c"), example(4, "b")]
    assert count_labels(examples) == {"a": 2, "b": 2, "c": 1}
    assert choose_labels(examples, min_examples=2) == ["a", "b"]


def test_the_hash_tells_any_change():
    one = [example(1, "a")]
    assert hash_examples(one) == hash_examples([example(1, "a")])
    assert hash_examples(one) != hash_examples([example(1, "b")])
    assert hash_examples(one) != hash_examples([example(1, "a", text="배송")])


def test_an_inquiry_of_several_labels_gives_a_row_for_each_that_is_kept():
    examples = [Example("a", ("x", "z", "x", "y"), "2026", 1), Example("b", ("z",), "2026", 2)]
    assert label_rows(examples, ["y", "x"]) == [("a", 1), ("a", 0)]
