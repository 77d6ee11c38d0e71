from train.examples import Example
from train.newcomers import introduce

TEXTS = {"a": "Title A\nbody", "b": "Title B", "c": "  ", "d": "Title D", "e": "Title E"}


def test_faqs_with_a_text_and_too_few_inquiries_stand_in_for_themselves():
    examples = [Example("x", ("a",), "2026", 1), Example("y", ("d",), "2026", 2)]
    found = introduce(examples, ["a"], TEXTS, most=10)
    assert [example.labels for example in found] == [("d",), ("b",), ("e",)]
    assert found[0].text == "Title D"


def test_there_are_no_more_than_asked_for():
    assert [e.labels[0] for e in introduce([], ["a"], TEXTS, most=1)] == ["b"]
    assert introduce([], ["a"], TEXTS, most=0) == []
