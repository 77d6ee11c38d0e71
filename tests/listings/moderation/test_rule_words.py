"""What must be in a text for a pattern to be found is told rightly, so that nothing is missed."""

import re

import pytest

from listings.moderation.rule_words import Lower, lower, sought
from listings.moderation.rules import default_rules


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"담배\s*한", ("담배",)),
        (r"담배?", ("담",)),
        (r"(?<![가-힣])이미(?![가-힣])", ("이미",)),
        (r"(?:조니 워커|발렌타인)\s*\d", ("조니워커", "발렌타인")),
        (r"(?:조니|발렌)*\s*\d", ()),
        (r"(?:조니|발[렌랜])", ()),
        (r"담배|시가", ()),
        (r"\d+마리", ()),
        (r"(?<=[0-9])\s?마리", ("마리",)),
        (r"\bbottles? of", ("bottle",)),
    ],
)
def test_needed_words(pattern: str, needed: tuple[str, ...]) -> None:
    (found,) = sought([], [pattern])
    assert found.needed == needed


def test_the_quick_way_finds_what_the_pattern_finds() -> None:
    text = (
        "발렌타인 30년 산 위스키와 담 배 한 보루, 강아지 2마리 분양\n귤 10kg 3만->2만 "
        "월계동 상계동 중계동 st 샤* 스타일 ★★ 선착순 1 : 1 제작 cigarettes for sale"
    )
    lower = Lower.of(text)
    for rule in default_rules().rules:
        for some in (*rule.find, *rule.unless):
            quick = some.search(lower, len(lower.words))
            plain = some.pattern.search(lower.words)
            assert (quick and quick.span()) == (plain and plain.span()), rule.name


def test_a_words_title_ends_with_its_line() -> None:
    lower = Lower.of("Vape\n담배")
    (found,) = sought(["담배"])
    assert found.search(lower, lower.title) is None
    assert found.search(lower, len(lower.words)) is not None
    with pytest.raises(re.error):
        sought([], ["("])


def test_a_letter_whose_lower_case_is_two_hides_no_word() -> None:
    text = "İ WHİSKY TELEGRAM"
    assert lower(text) == "i whisky telegram"
    found, place = sought(["telegram", "WHİSKY"]), Lower.of(text)
    assert len(place.words) == len(text)
    assert [some.search(place, len(text)) is not None for some in found] == [True]
    (whisky,) = sought(["whisky"])
    match = whisky.search(place, len(text))
    assert match is not None
    assert text[slice(*match.span())] == "WHİSKY"
