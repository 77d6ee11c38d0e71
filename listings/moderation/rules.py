"""A rule file that admins edit: words, patterns and signals, each speaking for a class.

Rules work from the first day, without a model. They are read from TOML and checked as a whole; what
is wrong is named with its line. They see words with evasions undone.
"""

import hashlib
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from support.blend import log_normalize
from support.errors import SettingError

from .classes import CLASSES, NORMAL, Reason
from .reading import NAMES, Reading
from .rule_growth import growth
from .rule_patterns import pattern_problem
from .rule_words import Lower, Sought, sought

FILE: Final = "rules.toml"
PRIOR: Final = -3.5  # log-odds of each problem against normal where nothing speaks
_MOST: Final = 8.0  # what all rules of one class may weigh together
_MOST_READ: Final = 500  # how often a letter may be read again within repeats that have an end
_MOST_WEIGHT: Final = 10.0
_KEYS: Final = ("name", "class", "weight", "words", "patterns", "unless", "in", "at_least")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*rule[ \t]*\]\]", re.M)
_FIELDS: Final = ("text", "title")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; see the file's own head for what its parts mean."""

    name: str
    label: str
    weight: float
    find: tuple[Sought, ...]
    unless: tuple[Sought, ...]
    field: str
    at_least: Mapping[str, float]
    line: int

    def hit(self, text: Lower, known: Mapping[str, float]) -> tuple[int, int] | None:
        """Where it speaks, [start, stop) of lower-case words; (-1, -1) where for signals alone."""
        if any(known.get(name, -1.0) < least for name, least in self.at_least.items()):
            return None
        place = (-1, -1)
        if self.find:
            stop = text.title if self.field == "title" else len(text.words)
            found = next((m for some in self.find if (m := some.search(text, stop))), None)
            if found is None:
                return None
            place = found.span()
        if any(some.search(text, len(text.words)) for some in self.unless):
            return None
        return place


@dataclass(frozen=True, slots=True)
class Spoken:
    """Which rules speak of one listing."""

    words: str  # of the listing, in lower case
    rules: tuple[tuple[int, tuple[int, int]], ...]  # number in the file, and where in the words


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one file."""

    rules: tuple[Rule, ...]
    source: str  # the file's whole text, kept with a model that learned beside these rules

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that change when the file does."""
        return hashlib.sha256(self.source.encode("utf-8")).hexdigest()[:12]

    def read(self, reading: Reading) -> "Spoken":
        """Which rules speak of a listing."""
        text = Lower.of(reading.words.text)
        known = reading.known()
        found = []
        for at, rule in enumerate(self.rules):
            place = rule.hit(text, known)
            if place is not None:
                found.append((at, place))
        return Spoken(text.words, tuple(found))

    def reasons(self, reading: Reading, spoken: "Spoken | None" = None) -> list[Reason]:
        """Every rule that speaks, the heaviest first.

        Args:
            reading: the listing.
            spoken: what `read` found of it, where that was asked already.
        """
        spoken = spoken or self.read(reading)
        found = []
        for at, place in spoken.rules:
            rule = self.rules[at]
            start, stop = reading.words.span(*place)
            words = spoken.words[slice(*place)] if start >= 0 else ""
            what = f"{rule.name}: {words}" if words else rule.name
            found.append(Reason("rule", rule.label, what, rule.weight, start, stop))
        return sorted(found, key=lambda reason: -reason.weight)

    def log_scores(
        self, said: Sequence[Sequence[Reason]], labels: Sequence[str] = CLASSES
    ) -> npt.NDArray[np.float32]:
        """(n, labels) log-probabilities from what `reasons` said of n listings.

        Rules for a class that is none of `labels` are not heard.
        """
        number = {label: i for i, label in enumerate(labels)}
        scores = np.full((len(said), len(labels)), PRIOR)
        if NORMAL in number:
            scores[:, number[NORMAL]] = 0.0
        for row, reasons in zip(scores, said, strict=True):
            sums: dict[str, float] = {}
            for reason in reasons:
                sums[reason.label] = sums.get(reason.label, 0.0) + reason.weight
            for label, weight in sums.items():
                if label in number:
                    row[number[label]] += min(weight, _MOST)
        return log_normalize(scores).astype(np.float32)


def load_rules(path: Path) -> RuleSet:
    """Read and check a rule file.

    Raises:
        SettingError: it cannot be read, or something in it is wrong; every line is named.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The rule file {path} cannot be read: {error}.") from error
    return parse_rules(source, name=str(path))


def parse_rules(source: str, *, name: str = "the rule file") -> RuleSet:
    """Check the text of a rule file.

    Raises:
        SettingError: something in it is wrong; every line is named.
    """
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{name} is not TOML: {error}.") from error
    wrong = [f"only [[rule]] stands at the top, got {key!r}" for key in data if key != "rule"]
    given = data.get("rule", [])
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise SettingError(f"{name}: write each rule as [[rule]].")
    lines = [source.count("\n", 0, found.start()) + 1 for found in _HEADER.finditer(source)]
    lines += [0] * (len(given) - len(lines))  # rules written in a line of their own
    rules: list[Rule] = []
    names: dict[str, int] = {}
    for line, item in zip(lines, given, strict=False):
        problems, rule = _rule(item, line)
        if rule is not None and rule.name in names:
            problems.append(f"{rule.name!r} is the name of the rule in line {names[rule.name]} too")
        wrong += [f"line {line}: {problem}" for problem in problems]
        if rule is not None:
            names.setdefault(rule.name, line)
            rules.append(rule)
    if wrong:
        raise SettingError(f"{name}: " + "; ".join(wrong) + ".")
    return RuleSet(tuple(rules), source)


def default_rules() -> RuleSet:
    """The rules that come with the project."""
    place = files("data") / "moderation_rules.toml"
    return parse_rules(place.read_text(encoding="utf-8"), name="the rules that come with faqdesk")


def rule_file(home: Path) -> Path:
    """Where a workspace keeps its own rules, if it has some."""
    return home / "moderation" / FILE


def desk_rules(home: Path) -> RuleSet:
    """The workspace's own rules where it has some, else those that come with the project.

    Args:
        home: the workspace's folder.

    Raises:
        SettingError: its file is wrong.
    """
    own = rule_file(home)
    return load_rules(own) if own.exists() else default_rules()


def _rule(item: Mapping[str, Any], line: int) -> tuple[list[str], Rule | None]:
    """A rule, or what is wrong with it."""
    wrong = [f"{key!r} is nothing a rule has" for key in item if key not in _KEYS]
    name, label, weight = item.get("name"), item.get("class"), item.get("weight")
    if not isinstance(name, str) or not name.strip():
        wrong.append("a rule needs a name")
    if label not in CLASSES:
        wrong.append(f"class must be one of {', '.join(CLASSES)}, got {label!r}")
    if not _number(weight) or not 0 < weight <= _MOST_WEIGHT:  # type: ignore[operator]
        wrong.append(f"weight must be above 0 and at most {_MOST_WEIGHT:g}, got {weight!r}")
    field = item.get("in", "text")
    if field not in _FIELDS:
        wrong.append(f"in must be text or title, got {field!r}")
    texts = {}
    for key in ("words", "patterns", "unless"):
        texts[key] = item.get(key, [])
        if not isinstance(texts[key], list) or not all(
            isinstance(word, str) and word.strip() for word in texts[key]
        ):
            wrong.append(f"{key} must be a list of words that are not empty")
            texts[key] = []
    wrong += [problem for pattern in texts["patterns"] if (problem := _unusable(pattern))]
    at_least = item.get("at_least", {})
    if not isinstance(at_least, dict):
        wrong.append("at_least must be a table of signals")
        at_least = {}
    wrong += [
        f"at_least.{key} must be a number of 0 or more, and one of {', '.join(NAMES)}"
        for key, value in at_least.items()
        if key not in NAMES or not _number(value) or value < 0
    ]
    if not texts["words"] and not texts["patterns"] and not at_least:
        wrong.append("a rule needs words, patterns or at_least")
    if wrong:
        return wrong, None
    return [], Rule(
        str(name),
        str(label),
        float(weight),  # type: ignore[arg-type]
        sought(texts["words"], texts["patterns"]),
        sought(texts["unless"]),
        field,
        {key: float(value) for key, value in at_least.items()},
        line,
    )


def _unusable(pattern: str) -> str:
    """What is wrong with a pattern; "" where nothing is."""
    problem = pattern_problem(pattern)
    if not problem and ((grown := growth(pattern, re.I)).power > 2 or grown.factor > _MOST_READ):
        problem = (
            f"the pattern {pattern[:200]!r} might take hours for a long text: one repeat after "
            f"another reads the same letters; say how often at most, as in {{0,20}}"
        )
    return problem


def _number(value: object) -> bool:
    """Whether it is a number that a float can be: neither endless nor none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max
