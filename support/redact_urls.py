"""Where a URL may hold personal data: behind its question mark, among the values of its query.

A path holds the ids of pages and articles, which no rule but the surest may touch. The query is
read as a server would read it, yet each escape stays three signs wide: a match there is a match in
the text.
"""

import re

URL = re.compile(r"https?://[^\s<>\"']{1,2000}|www\.[^\s<>\"']{1,2000}")
ESCAPE_BEFORE = re.compile(r"%[0-9A-Fa-f]?\Z")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_BLANK = re.compile(r"(?<!=)\+")  # ?tel=+44... is a country code that somebody forgot to escape
_SIX_DIGITS = re.compile(r"(?:[0-9][^0-9&]{0,14}){6}")


def query_of(url: str) -> tuple[int, str]:
    """Return where a URL's query begins and its plain spelling, empty where no number fits."""
    start = url.find("?") + 1
    if not start or not _SIX_DIGITS.search(url, start):
        return 0, ""
    return start, _ESCAPE.sub(_plain, _BLANK.sub(" ", url[start:]))


def _plain(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    if not char.isascii() or not char.isprintable():
        return "   "  # a piece of a Korean letter, or a line's end
    if char == "+":
        return "  +"  # right before its country code
    return escape[0] if char.isalnum() else f" {char} "
