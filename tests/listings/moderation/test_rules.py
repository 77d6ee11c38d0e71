"""Rules: what they find, where, and what the check of a file says."""

from pathlib import Path

import numpy as np
import pytest

from listings.listing import Listing
from listings.moderation.classes import CLASSES, NORMAL, Signals
from listings.moderation.reading import read
from listings.moderation.rules import (
    RuleSet,
    default_rules,
    desk_rules,
    load_rules,
    parse_rules,
)
from support.errors import SettingError

RULES = """
[[rule]]
name = "smoke"
class = "alcohol_tobacco"
weight = 4
words = ["담배", "vape"]
unless = ["재떨이"]

[[rule]]
name = "title only"
class = "animals"
weight = 3.0
patterns = ['강아지\\s*분양']
in = "title"

[[rule]]
name = "many"
class = "pro_ads"
weight = 2.0
[rule.at_least]
repeats = 10
"""


@pytest.fixture
def rules() -> RuleSet:
    return parse_rules(RULES)


def names(rules: RuleSet, title: str, description: str = "", **signals: int) -> list[str]:
    reading = read(Listing(title, description), Signals(**signals))
    return [reason.what.partition(":")[0] for reason in rules.reasons(reading)]


def test_words_are_found_inside_korean_and_alone_in_english(rules: RuleSet) -> None:
    assert names(rules, "국산담배팔아요") == ["smoke"]
    assert names(rules, "Vape pen") == ["smoke"]
    assert names(rules, "vapery") == []


def test_unless_silences_a_rule(rules: RuleSet) -> None:
    assert names(rules, "담배 재떨이") == []


def test_a_rule_may_read_the_title_alone(rules: RuleSet) -> None:
    assert names(rules, "강아지 분양") == ["title only"]
    assert names(rules, "사진첩", "강아지 분양") == []


def test_signals_speak_where_they_are_known(rules: RuleSet) -> None:
    assert names(rules, "의자", repeats=10) == ["many"]
    assert names(rules, "의자", repeats=9) == []
    assert names(rules, "의자") == []


def test_evasion_is_seen_through_and_shown_as_posted(rules: RuleSet) -> None:
    title = "국산 담♥배 팝니다"
    (reason,) = rules.reasons(read(Listing(title)))
    assert title[reason.start : reason.stop] == "담♥배"
    assert reason.what == "smoke: 담배"


def test_scores_are_log_odds_against_normal(rules: RuleSet) -> None:
    said = [rules.reasons(read(Listing(title))) for title in ("의자", "담배")]
    scores = rules.log_scores(said)
    assert np.exp(scores).sum(axis=1) == pytest.approx([1, 1], abs=1e-6)
    place = CLASSES.index("alcohol_tobacco")
    assert scores[0, place] - scores[0, 0] == pytest.approx(-3.5)
    assert scores[1, place] - scores[1, 0] == pytest.approx(0.5)


def test_classes_nobody_asks_for_are_not_heard(rules: RuleSet) -> None:
    said = [rules.reasons(read(Listing("담배")))]
    assert rules.log_scores(said, (NORMAL, "animals"))[0].argmax() == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]]\nname = 'a'\nclass = 'x'\nweight = 1\nwords = ['b']", "line 1: class must be"),
        ("\n[[rule]]\nname = 'a'\nclass = 'normal'\nweight = 0\nwords = ['b']", "line 2: weight"),
        ("[[rule]]\nname = 'a'\nclass = 'normal'\nweight = 1", "line 1: a rule needs words"),
        (
            "[[rule]]\nname = 'a'\nclass = 'normal'\nweight = 1\npatterns = ['(']",
            "line 1: the pattern '\\('",
        ),
        (
            "[[rule]]\nname = 'a'\nclass = 'normal'\nweight = 1\nwords = ['b']\n"
            "[[rule]]\nname = 'a'\nclass = 'normal'\nweight = 1\nwords = ['c']",
            "line 6: 'a' is the name of the rule in line 1",
        ),
        ("[[rule]]\nname = 'a'\ncolour = 1", "line 1: 'colour' is nothing a rule has"),
        ("[[rule]]\nname = 'a'\nclass = 'normal'\nweight = 1\n[rule.at_least]\nx = 1",
         "at_least.x must be"),
        ("[[rule]", "not TOML.*line 1"),
        ("[rules]", "only \\[\\[rule\\]\\] stands at the top"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        parse_rules(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"rules\.toml"):
        load_rules(tmp_path / "rules.toml")


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("새 담 배 한 보루 팝니다", "alcohol_tobacco"),
        ("말티즈 새끼 2마리 분양합니다", "animals"),
        ("강아지 사료 나눔", "normal"),
        ("명품 레플리카 시계 정리", "counterfeit"),
        ("중고폰 최고가 매입합니다", "pro_ads"),
        ("대포통장 구합니다", "legal"),
        ("와인색 원피스 새상품", "normal"),
        ("three kittens to good home", "animals"),
        ("원목 책상과 의자", "normal"),
    ],
)
def test_the_rules_that_come_with_it_know_plain_cases(title: str, label: str) -> None:
    rules = default_rules()
    scores = rules.log_scores([rules.reasons(read(Listing(title)))])
    assert CLASSES[int(scores[0].argmax())] == label


def test_the_workspaces_own_rules_come_first(tmp_path: Path) -> None:
    assert desk_rules(tmp_path) == default_rules()
    (tmp_path / "moderation").mkdir()
    (tmp_path / "moderation" / "rules.toml").write_text(RULES, encoding="utf-8")
    assert [rule.name for rule in desk_rules(tmp_path).rules] == ["smoke", "title only", "many"]
    assert desk_rules(tmp_path).version != default_rules().version


@pytest.mark.parametrize(
    "wrong",
    [
        "patterns = ['(?:a+)+b']",
        "patterns = ['a{99999999999999}']",
        f"patterns = ['{'(' * 3000}{')' * 3000}']",
        "at_least = {repeats = nan}",
        "at_least = {repeats = inf}",
        f"at_least = {{repeats = {10**400}}}",
    ],
)
def test_what_would_hang_or_never_speak_is_refused(wrong: str) -> None:
    with pytest.raises(SettingError, match=r"line 1: (?:the pattern|at_least)"):
        parse_rules(f"[[rule]]\nname = 'x'\nclass = 'animals'\nweight = 1\n{wrong}\n")


def test_a_pattern_in_capitals_is_found() -> None:
    rules = parse_rules(
        "[[rule]]\nname = 'x'\nclass = 'animals'\nweight = 1\npatterns = ['[A-Z]{2}\\d{4}']\n"
    )
    for title in ("AB1234", "ab1234"):
        assert [reason.what for reason in rules.reasons(read(Listing(title)))] == ["x: ab1234"]
