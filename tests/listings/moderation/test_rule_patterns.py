"""A pattern that some listing could hold up for hours is refused, an honest one is not."""

import pytest

from listings.moderation.rule_patterns import pattern_problem


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:a+)+b",
        "(a*)*b",
        "(a|a)*b",
        r"(?:\w|ab)+!",
        r"(?:\w+\s?)+!",
        r"(?:한\s*쌍|한쌍)*분양",
        "(a?){50}b",
        "(?:a{1,9}){1,30}b",
        "(?:a+){9}b",
        "(?:a|b|ab)*c",
        "(?=(?:a+)+b)a",
        "((?:[a-f]+|[d-k]+)x?)*!",
        "(?:Ab|aB)+c",
        "x(?:a|(?:b*)?)+y",
    ],
)
def test_what_is_repeated_in_several_ways_is_refused(pattern: str) -> None:
    assert "several ways" in pattern_problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"[A-Z]{2}\d{4}",
        r"(?:\d+,)+원",
        r"(?:\d{1,3}\s?){1,3}원",
        "(?:[a-z] ){4,}",
        "(?:카톡|카카오)+",
        r"강아지(?:\s*(?:새끼|암컷|\d+\s*마리|\d+\s*개월))*\s*분양",
        "[^\n]{0,20}레플리카",
        r"(?:\s+\w+)+",
        r"(?<![가-힣])이미(?![가-힣])",
        r"(\d)\1{3}",
        "(?:ab){50}",
    ],
)
def test_what_can_be_read_in_one_way_is_not(pattern: str) -> None:
    assert pattern_problem(pattern) == ""


@pytest.mark.parametrize("pattern", ["(", "(" * 3000 + ")" * 3000, "a{99999999999999}", "[z-a]"])
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    assert "is not one" in pattern_problem(pattern)
