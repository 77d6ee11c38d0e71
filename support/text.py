"""Plain text: cleaning it, and the character bigrams that make Korean searchable.

SQLite's full-text index splits at blanks, so 환불 is not found in 환불받고싶어요. A column of
overlapping pairs (환불 불받 받고 ...) is indexed instead, and `bigram_query` asks for the pairs in
a row. Text and query go through the same function, so they agree. Knows nothing of databases.
"""

import re
import unicodedata
from typing import Final

_BLANKS = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_EDGES = re.compile(" ?\n ?")
_EMPTY_LINES = re.compile("\n{3,}")
_DROPPED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\u00ad\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_CJK: Final = (
    "\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U000323af"
)
_TOKEN = re.compile(rf"[{_CJK}]+|(?:(?![{_CJK}])[^\W_])+")
_IS_CJK = re.compile(f"[{_CJK}]")
_MAX_WORDS: Final = 32  # of one search; nobody types more, and SQLite limits the depth of a query


def normalize(text: str) -> str:
    """Bring text to NFC: no control characters, blanks folded, one empty line at most."""
    text = _SURROGATE.sub("\ufffd", text)
    text = _DROPPED.sub("", _LINE_ENDS.sub("\n", text))
    text = _EDGES.sub("\n", _BLANKS.sub(" ", unicodedata.normalize("NFC", text)))
    return _EMPTY_LINES.sub("\n\n", text).strip()


def fold_line(text: str) -> str:
    """Normalize text into one line."""
    return " ".join(normalize(text).split())


def split_tokens(text: str) -> list[tuple[str, bool]]:
    """The words of a folded text, in order, and whether each is a run of Hangul, kana or such."""
    return [(token, _IS_CJK.match(token) is not None) for token in _TOKEN.findall(text)]


def _tokens(text: str) -> list[str]:
    """Split text into words, and runs of Hangul, kana and ideographs into overlapping pairs."""
    folded = unicodedata.normalize("NFKC", text).lower()
    tokens: list[str] = []
    for token, in_pairs in split_tokens(folded):
        if len(token) > 1 and in_pairs:
            tokens += (token[place : place + 2] for place in range(len(token) - 1))
        else:
            tokens.append(token)
    return tokens


def bigrams(text: str) -> str:
    """Write text as the tokens to index in FTS5: 환불받고 DVD becomes 환불 불받 받고 dvd."""
    return " ".join(_tokens(text))


def bigram_query(text: str) -> str:
    """Write what a person typed as an FTS5 query over `bigrams`; '' when nothing can be searched.

    Every word must occur, its pairs in a row. A lone syllable, and a last word in Latin letters
    that is perhaps still being typed, match as beginnings.
    """
    words = [tokens for word in text.split()[:_MAX_WORDS] if (tokens := _tokens(word))]
    phrases = []
    for place, tokens in enumerate(words):
        korean = _IS_CJK.match(tokens[-1]) is not None
        last = place == len(words) - 1
        prefix = len(tokens) == len(tokens[-1]) == 1 if korean else last
        phrases.append(f'"{" ".join(tokens)}"' + " *" * prefix)
    return " AND ".join(phrases)
