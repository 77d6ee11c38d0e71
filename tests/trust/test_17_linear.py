"""Check 17: no words of a stranger hold the desk up, whatever pattern reads them.

Ours: every pattern of the four packages, and every function that reads strangers' words, on words
that make patterns try everything, in a process with a limit that what grows by the square breaks by
far. An operator's: only moderation's rules hold any, and those are judged before they are kept.
"""

import ast
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listings.moderation.rule_growth import growth
from listings.moderation.rule_words import Lower, sought
from listings.moderation.rules import parse_rules
from support.errors import SettingError
from tests import soaking

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("linear_worker.py")
# Slow on long words, which never reach them: what cuts or folds those stands beside.
ALLOWED = {
    "support.importing.conversation: [\\d\\s().+-]+$": "a cell cut to MAX_QUOTED",
    "listings.clean_phrases._WRITTEN": "runs of blanks are folded before",
}
RULE = '[[rule]]\nname = "x"\nclass = "pro_ads"\nweight = 1.0\npatterns = [{}]\n'


def test_every_pattern_and_every_reader_takes_time_in_proportion():
    words, letters = soaking.many(5, 99), soaking.many(40_000, 1_000_000)
    asked = [str(words), str(letters), json.dumps(ALLOWED)]
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(WORKER), *asked], cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=1700, check=True,
    )  # fmt: skip
    *slow, counted = [json.loads(line) for line in done.stdout.splitlines()]
    [patterns] = [line for line in slow if "patterns" in line]
    slow.remove(patterns)
    assert slow == []
    assert patterns["patterns"] > 200
    assert counted["functions"] > 15
    soaking.tell(
        f"patterns: {patterns['patterns']} on {words} words of 60,000 letters, "
        f"{counted['functions']} readers on {letters:,}: {time.monotonic() - started:.0f} s"
    )


def test_what_is_allowed_to_be_slow_is_cut_where_it_is_read():
    from support.importing.conversation import MAX_QUOTED

    assert MAX_QUOTED < 1000
    text = (ROOT / "listings/clean_phrases.py").read_text(encoding="utf-8")
    assert re.search(r"folded_blanks = less = _BLANKS\.sub\(.+\n    for pattern in _WRITTEN", text)


def test_nothing_that_people_type_is_taken_for_a_pattern():
    """Where a pattern is made of something that is not written in the code, it is one of these."""
    made = set()
    for package in ("support", "listings", "train", "web"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)) if "re." in text else ():
                if isinstance(node, ast.FunctionDef):
                    made |= {
                        (str(path.relative_to(ROOT)), node.name)
                        for call in ast.walk(node)
                        if isinstance(call, ast.Call)
                        and ast.unparse(call.func).startswith("re.")
                        and call.args
                        and not isinstance(call.args[0], ast.Constant)
                        and "escape" not in ast.unparse(call)
                        and ast.unparse(call.func) != "re.escape"
                    }
    assert made <= {
        ("listings/clean_price.py", "_korean"),  # our own number
        ("listings/moderation/rule_growth.py", "__init__"),
        ("listings/moderation/rule_patterns.py", "may_be"),  # one of three classes
        ("listings/moderation/rule_patterns.py", "pattern_problem"),  # an admin's, to judge it
        ("listings/moderation/rule_words.py", "sought"),  # an admin's, judged
        ("support/links.py", "__init__"),  # the program's: nobody can set slug_regex
        ("support/links.py", "__post_init__"),
        ("support/mail_people.py", "vouched"),  # the sender's domain, escaped
        ("web/delivery_words.py", "why"),  # our own errors
        ("web/similar_view.py", "marked"),  # words, escaped
    }
    for package in ("listings", "train", "web"):
        for path in (ROOT / package).rglob("*.py"):
            assert "slug_regex" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "power"),
    [
        ("abc", 1), (r"a\s*b\s*c", 1), (r"x(?:ab)*ab*y", 1), (r"a\s*+b", 1), ("[^\n]{0,20}가", 1),
        (r"\d+x", 2), ("직거래.*금지", 2), ("【[^】]+】", 2), (r"[a-z]+@[a-z]+", 2),
        (r"\s*\s*x", 3), ("a.*b.*c", 3), (r"\d*\d*\d*x", 4), (".*.*.*=", 4), (r"(\w+)\1+x", 3),
    ],
)  # fmt: skip
def test_how_the_time_of_a_pattern_grows_is_worked_out(pattern, power):
    found = growth(pattern, re.IGNORECASE)
    assert found.power == power
    assert bool(found.words) == (power > 1)


@pytest.mark.parametrize(
    "pattern", ["a.*b.*c", r"\d*\d*\d*x", "(?:a+)+", r"(?:.{0,99}x){2}.{0,99}y", ".*.*.*="]
)
def test_a_pattern_that_might_take_hours_is_refused_with_a_cure(pattern):
    with pytest.raises(SettingError, match=r"might take hours.*\{"):
        parse_rules(RULE.format(json.dumps(pattern)))


@pytest.mark.parametrize("pattern", [r"\d+x", "직거래.*금지", "【[^】]+】", r"\s*네고불가"])
def test_an_admins_slow_pattern_reads_a_piece_at_a_time(pattern):
    [found] = sought((), (pattern,))
    assert found.slow
    for word in growth(pattern, re.IGNORECASE).words:
        low = Lower.of(word * (51_000 // len(word)))
        assert found.search(low, len(low.words)) is None
    for at in (0, 1_400, 1_499, 1_500, 1_990, 2_000, 7_777, 50_000):
        hit = {"\\d+x": "123x", "직거래.*금지": "직거래는 금지", "【[^】]+】": "【a】"}.get(
            pattern, "  네고불가"
        )
        low = Lower.of("가" * at + hit + "가" * (50_100 - at))
        where = found.search(low, len(low.words))
        assert where is not None
        assert where[0] == hit
        assert where.start() == at


PIECES = st.sampled_from(["a", "b", "x", r"\d", r"\s", ".", "[ab]", "(?:ab|b)", "가"])
REPEATED = st.tuples(PIECES, st.sampled_from(["", "?", "*", "+", "{0,3}", "*?"])).map("".join)


@settings(max_examples=soaking.many(40, 2000), deadline=None, database=None)
@given(st.lists(REPEATED, min_size=1, max_size=5).map("".join), st.text("ab x0가", max_size=12))
def test_what_is_found_in_pieces_is_what_is_found_at_once(pattern, text):
    """Where a text is one piece; and a slow pattern is never one that is called fast."""
    try:
        parse_rules(RULE.format(json.dumps(pattern)))
    except SettingError:
        return
    [found] = sought((), (pattern,))
    low = Lower.of(text)
    at_once = re.compile(pattern, re.IGNORECASE).search(low.words)
    in_pieces = found.search(low, len(low.words))
    assert (in_pieces and in_pieces.span()) == (at_once and at_once.span())
    if not found.slow:  # then what speaks against slow ones ends at once
        for word in ("a", "ab", " ", "0", "가"):
            re.compile(pattern, re.IGNORECASE).search(word * 2_000)
