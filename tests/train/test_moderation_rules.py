"""What rules are worth is learned from where they stand; worked on listings of our own."""

from pathlib import Path

import numpy as np
import pytest

from listings.listing import Listing
from listings.moderation.classes import Signals
from listings.moderation.reading import NAMES, Reading, read
from listings.moderation.rule_voice import RuleVoice
from listings.moderation.rules import RuleSet, parse_rules
from support.errors import ModelDamagedError
from train.category_text import one_hot
from train.moderation_rules import fit_rules

LABELS = ["normal", "alcohol_tobacco"]
RULES = """
[[rule]]
name = "smoke"
class = "alcohol_tobacco"
weight = 4
words = ["담배"]

[[rule]]
name = "glass"
class = "normal"
weight = 1
words = ["잔"]
"""


@pytest.fixture
def rules() -> RuleSet:
    return parse_rules(RULES)


def rows(*some: tuple[str, str, int | None]) -> tuple[list[Reading], list[str]]:
    readings = [read(Listing(title), Signals(repeats=repeats)) for title, _, repeats in some]
    return readings, [label for _, label, _ in some]


def fit(rules: RuleSet, *some: tuple[str, str, int | None], signals: bool = True) -> RuleVoice:
    readings, labels = rows(*some)
    return fit_rules(readings, one_hot(labels, LABELS), LABELS, rules, signals=signals)


def said(voice: RuleVoice, title: str, repeats: int | None = None) -> float:
    scores = voice.log_scores([read(Listing(title), Signals(repeats=repeats))])
    assert np.exp(scores).sum() == pytest.approx(1, abs=1e-5)
    return float(np.exp(scores[0, 1]))


def test_with_little_to_learn_from_rules_count_as_they_stand(rules: RuleSet) -> None:
    voice = fit(rules, ("의자", "normal", None), ("책상", "normal", None))
    gained = voice.weights[0, 1] - voice.weights[0, 0]
    assert gained == pytest.approx(4, abs=0.05)
    assert said(voice, "담배") > 10 * said(voice, "의자")


def test_decisions_move_a_rule_away_from_what_it_states(rules: RuleSet) -> None:
    false = [(f"담배 그림 {n}", "normal", None) for n in range(60)]
    true = [(f"보루 {n}", "alcohol_tobacco", None) for n in range(30)]
    plain = [(f"의자 {n}", "normal", None) for n in range(60)]
    voice = fit(rules, *false, *true, *plain)
    assert voice.weights[0, 1] - voice.weights[0, 0] < 1
    assert said(voice, "담배 그림 7") < 0.5


def test_signals_are_heard_where_they_shall_be(rules: RuleSet) -> None:
    some = [(f"의자 {n}", "normal", n % 2) for n in range(40)]
    some += [(f"책상 {n}", "alcohol_tobacco", 30 + n) for n in range(40)]
    voice = fit(rules, *some)
    assert said(voice, "전등", 40) > 0.8 > 0.2 > said(voice, "전등", 0)
    deaf = fit(rules, *some, signals=False)
    assert said(deaf, "전등", 40) == pytest.approx(said(deaf, "전등", 0))
    told = voice.reasons(read(Listing("전등"), Signals(repeats=40)), 1, "alcohol_tobacco")
    assert told[0].what == "repeats=40"


def test_hidden_letters_never_speak_for_a_listing(rules: RuleSet) -> None:
    some = [(f"의\u200b자\u200b {n}", "normal", None) for n in range(30)]
    some += [(f"보루 {n}", "alcohol_tobacco", None) for n in range(30)]
    voice = fit(rules, *some)
    tricks = voice.weights[len(rules.rules) + NAMES.index("tricks")]
    assert tricks[0] <= 0 <= tricks[1]


def test_it_is_read_back_for_the_same_rules_alone(rules: RuleSet, tmp_path: Path) -> None:
    voice = fit(rules, ("의자", "normal", 1), ("담배", "alcohol_tobacco", 2))
    voice.save(tmp_path)
    assert said(RuleVoice.load(tmp_path, rules), "담배 잔", 3) == said(voice, "담배 잔", 3)
    fewer = parse_rules(RULES.partition('[[rule]]\nname = "glass"')[0])
    with pytest.raises(ModelDamagedError, match="other rules"):
        RuleVoice.load(tmp_path, fewer)
