"""Runs patterns and functions on hostile words, each for so much processor time and no longer.

A process of its own: `re` takes a signal now and then, and what does not is killed with it. Writes
a line of JSON for each thing that took too long: what, and on which words.
"""

import ast
import importlib
import json
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from listings.moderation.rule_growth import Growth

ROOT = Path(__file__).parents[2]
PACKAGES = ("support", "listings", "train", "web")
METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")
# What grows by the square is slow in these; what grows in proportion is done in a hundredth.
LETTERS, SECONDS = 60_000, 0.7
WHOLE_LETTERS, WHOLE_SECONDS = 1_000_000, 20.0
WORDS = (
    "0", "a", " ", "가", "<", '"', "0-", "a.", "a@", "\n", "- ", ",", "(", "01", "&", "일이",
    ">", "'", "[]", "\t", " \n", "-", "0 ", "http://", "/", "&amp", "e\u0301", "=", "%20", ":",
    "<a ", "</", "https://a.b/", "_", "*", "공", "A0", "ab ", "ㄱ", "\u200b", "\\", "1만 ", "|",
)  # fmt: skip


class TooLongError(Exception):
    """It took longer than what grows in proportion does."""


def alarm(*_: object) -> None:
    raise TooLongError


def within(seconds: float, call: Callable[[], object]) -> bool:
    """Whether a call is done within so much processor time."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        call()
    except TooLongError:
        return False
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return True


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            text = path.read_text(encoding="utf-8")
            if "re." in text or "_RE" in text or "import " in text:
                yield name.removesuffix(".__init__"), ast.parse(text)


def compiled(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    """Every pattern that a module's variable holds."""
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif isinstance(value, tuple | list | set | frozenset) and depth < 4:
        for one in value:
            yield from compiled(one, depth + 1)
    elif isinstance(value, dict) and depth < 4:
        yield from compiled(tuple(value.values()), depth + 1)


def used(tree: ast.Module) -> Iterator[tuple[str, str, Any]]:
    """What is asked of patterns: the variable's name or "", the method, and a literal pattern."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of, method = node.func.value, node.func.attr
            if method in METHODS and isinstance(of, ast.Name | ast.Attribute | ast.Subscript):
                name = of.id if isinstance(of, ast.Name) else getattr(of, "attr", "")
                if name != "re":
                    yield name, method, ""
                elif node.args and isinstance(node.args[0], ast.Constant):
                    yield "", method, node.args[0].value


def patterns() -> dict[str, tuple[re.Pattern[str], set[str]]]:
    """Every pattern of the packages by where it is, and how it is used there."""
    found: dict[str, tuple[re.Pattern[str], set[str]]] = {}
    asked: dict[tuple[str, str], set[str]] = {}  # "" stands for wherever it came from
    kept = []
    for module, tree in modules():
        own = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        for name, method, literal in used(tree):
            if isinstance(literal, bytes):
                continue  # of files of ours
            if literal:
                found[f"{module}: {literal}"] = (re.compile(literal), {method})
            else:
                asked.setdefault((module if name in own else "", name), set()).add(method)
        if any(isinstance(node, ast.Name) and node.id == "re" for node in ast.walk(tree)):
            for name, value in vars(importlib.import_module(module)).items():
                for number, one in enumerate(compiled(value)):
                    kept.append((f"{module}.{name}[{number}]", (module, name), one))
    for place, (module, name), one in kept:
        methods = asked.get((module, name), set()) | asked.get(("", name), set())
        found[place] = (one, methods or {"search"})
    return found


def run(pattern: re.Pattern[str], methods: set[str], text: str) -> None:
    if methods <= {"match", "fullmatch"}:
        for method in methods:
            getattr(pattern, method)(text)
    else:
        for _ in pattern.finditer(text):
            pass


def hostile(word: str, letters: int) -> str:
    return word * (letters // len(word)) + "\x02"


def check_patterns(few: int, allowed: dict[str, str]) -> int:
    """Run each pattern on the words above, and on those that speak against it itself."""
    found = patterns()
    for place, (pattern, methods) in found.items():
        if any(place.startswith(name) for name in allowed):
            continue
        own = Growth(pattern.pattern, pattern.flags).words[:4]
        for word in (*WORDS[:few], *own):
            text = hostile(word, LETTERS)
            if not within(SECONDS, lambda: run(pattern, methods, text)):  # noqa: B023 - at once
                say({"what": place, "word": word, "pattern": pattern.pattern[:200]})
                break
    return len(found)


def functions() -> dict[str, Callable[[str], object]]:
    """Whatever reads words of strangers, whole."""
    from listings.clean_phrases import without_written
    from listings.clean_price import parse_price
    from listings.clean_text import spaced, without_decorations, without_html, without_runs
    from listings.collect_columns import find_columns
    from listings.moderation.evasion import undo
    from listings.moderation.rules import default_rules
    from support.html import to_plain_text
    from support.importing.guess import guess
    from support.importing.quoting import cut_html, cut_text
    from support.links import LinkPattern, LinkReader
    from support.redact import Redactor, masks_in
    from support.text import bigrams, fold_line, normalize, split_tokens
    from web.marking import marked

    links = LinkReader([LinkPattern(hosts=("help.example.com",), path="/{locale}/faq/{slug}")])
    rules = [one for rule in default_rules().rules for one in rule.find]
    return {
        "normalize": normalize, "fold_line": fold_line, "bigrams": bigrams,
        "split_tokens": split_tokens, "to_plain_text": to_plain_text, "links": links.slug,
        "redact": Redactor(()).redact, "masks_in": masks_in, "cut_text": cut_text,
        "cut_html": cut_html, "without_written": without_written, "price": parse_price,
        "spaced": spaced, "without_decorations": without_decorations, "undo": undo,
        "without_html": without_html, "without_runs": without_runs,
        "columns": lambda text: find_columns(("title", text)),
        "guess": lambda text: guess([{"question": text, text[:99]: text}]),
        "marked": lambda text: marked(text, text[:200]),
        "rules": lambda text: rule_search(rules, text[:51_000]),
    }  # fmt: skip


def rule_search(rules: Any, text: str) -> None:
    from listings.moderation.rule_words import Lower

    low = Lower.of(text)
    for one in rules:
        one.search(low, len(low.words))


def say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Arguments: how many words, how many letters for functions, what is allowed as JSON."""
    few, letters = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGVTALRM, alarm)
    resource.setrlimit(resource.RLIMIT_CPU, (1500, 1500))
    say({"patterns": check_patterns(few, json.loads(sys.argv[3]))})
    for name, function in functions().items():
        for word in WORDS[:few]:
            text = hostile(word, letters)
            seconds = WHOLE_SECONDS * max(letters / WHOLE_LETTERS, 0.2)
            if not within(seconds, lambda: function(text)):  # noqa: B023 - at once
                say({"what": name, "word": word})
                break
    say({"functions": len(functions())})


if __name__ == "__main__":
    main()
