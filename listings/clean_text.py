"""Steps that tidy one text, each alone: HTML, decorations, repetitions, spacing; and its key.

Pure functions of one string; what is common to many listings, `clean_phrases` learns.
"""

import hashlib
import re
import unicodedata
from typing import Final

from support.html import to_plain_text
from support.text import normalize

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
# Arrows, boxes, stars, hearts, dingbats and pictographs that say "look here", not what it is.
_DECORATION = re.compile(
    "[\u2022\u203b\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3003\u3013\u3020\u3030\ufe0f\u200d\U0001f000-\U0001faff]+"
)
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]|\{\s*\}|<\s*>|【\s*】|《\s*》|「\s*」")
_RUNS: Final = (
    (re.compile(r"([!?~.,\-_=+*#^/|:;])\1{2,}"), r"\1"),  # !!!!! and -----
    (re.compile(r"([ㄱ-ㅎㅏ-ㅣ])\1{2,}"), r"\1\1"),  # ㅋㅋㅋㅋㅋ and ㅠㅠㅠ
    (re.compile(r"([^\W\d_])\1{4,}"), r"\1\1"),  # soooooo
)
_BEFORE_MARK = re.compile(r"(?<![ \t])[ \t]+([,.!?;:)\]])")
_KEY_DROPPED = re.compile(r"[^\w]+|_")


def without_html(text: str) -> str:
    """Tags away, entities read, also those that were escaped twice."""
    plain = to_plain_text(text).text
    return to_plain_text(plain).text if _ENTITY.search(plain) or "</" in plain else plain


def without_decorations(text: str) -> str:
    """Compatibility forms folded (Ａ to A, ㎝ to cm, ① away), stars and pictographs away."""
    plain = _DECORATION.sub(" ", text)
    return _DECORATION.sub(" ", unicodedata.normalize("NFKC", plain))


def without_runs(text: str) -> str:
    """Signs and letters that are repeated for effect, once or twice."""
    for run, kept in _RUNS:
        text = run.sub(kept, text)
    return text


def spaced(text: str) -> str:
    """Blanks and empty lines folded, none before a mark; brackets that hold nothing away."""
    while (less := _EMPTY_BRACKETS.sub(" ", text)) != text:
        text = less
    return _BEFORE_MARK.sub(r"\1", normalize(text)).strip(" \n-,/|·:;")


# In this order; the report names them.
STEPS: Final = (
    ("html", without_html),
    ("decorations", without_decorations),
    ("repetitions", without_runs),
    ("spacing", spaced),
)


def folded(text: str) -> str:
    """Letters and digits alone, small: what two spellings of one text have in common."""
    return _KEY_DROPPED.sub("", unicodedata.normalize("NFKC", text).casefold())


def text_key(title: str, description: str) -> str:
    """Equal for texts that differ in spacing, case and signs alone; "" for one without words."""
    words = f"{folded(title)}\0{folded(description)}"
    return hashlib.sha256(words.encode()).hexdigest()[:32] if len(words) > 1 else ""
