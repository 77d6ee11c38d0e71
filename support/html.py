"""HTML to readable text and its links.

Answers arrive as HTML, as plain text, or as plain text in which somebody wrote `a < b`; all three
come out as text a person can read, with the links in the order they appeared. Never raises: what
lxml cannot parse loses its tags to a regular expression. Which of the links lead to FAQs,
`support.links` knows.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from .text import normalize


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BREAKING = _names(
    "address article aside blockquote body br center dd details dialog div dl dt fieldset"
    " figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol option p pre"
    " section select summary table tbody tfoot thead tr ul"
)
_DROPPED = _names("script style template title")
_INLINE = _names(
    "a abbr acronym applet area audio b base bdi bdo big blink button canvas caption cite code col"
    " colgroup data datalist del dfn dir em embed font frame frameset head html"
    " i iframe img input ins kbd label link map mark marquee meta meter noembed noframes noscript"
    " object optgroup output param picture progress q rp rt ruby s samp small source span strike"
    " strong sub sup svg td textarea th time track tt u var video wbr xml"
)
_KNOWN = _BREAKING | _DROPPED | _INLINE
# A tag ends before the next "<"; quoted attributes may hold either sign.
_TAG = re.compile(
    r"</?([a-zA-Z][a-zA-Z0-9:\-]{0,30})(?=[\s/>])(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+>"
)
_LESS = re.compile(
    r"<(?:(?:/?([a-zA-Z][a-zA-Z0-9:\-]{0,30})(?=[\s/>])[^<>]*+>)|(![dD][oO][cC]|\?xml)[^<>]*+>)?"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
# Ideographic punctuation and quotes end an address; Hangul may be part of it.
_URL = re.compile(
    r"(?:https?://|www\.(?=[a-zA-Z0-9]))[^\s<>\"'`\u2018-\u201f\u3001\u3002\u3008-\u3011"
    r"\u2026\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u00ab\u00bb|\\^{}]{1,2000}",
    re.IGNORECASE,
)
_PARTICLE = re.compile(r"(?<=[A-Za-z0-9])[가-힣ㄱ-ㅎ].*")
_LONE_PARTICLE = re.compile(
    r"(?<=/)(?:에서|에는|에도|으로|로|를|을|은|는|이|가|에|와|과|의|도|만|입니다|이에요|예요|참고)+\Z"
)
_MAX_CHARS: Final = 2_000_000  # beyond this no message was written by a person


@dataclass(frozen=True, slots=True)
class PlainText:
    """Readable text, and the distinct links it held in order of appearance.

    In `spelled` an anchor's address stands behind its words, so that whoever copies the text keeps
    the link: 여기 (https://help.example.com/ko/faq/refund).
    """

    text: str
    links: tuple[str, ...]
    spelled: str


def to_plain_text(markup: str) -> PlainText:
    """Turn HTML or plain text into readable text and its links."""
    markup = markup[:_MAX_CHARS]
    if "<" not in markup and "&" not in markup:
        return _written_out(markup)
    markup = _SURROGATE.sub("\ufffd", markup.replace("\x00", ""))
    if "<!--" in markup:
        markup = _without_comments(markup)
    found = _TAG.search(markup) if "<" in markup else None
    while found is not None and not _is_known(found[1]):
        found = _TAG.search(markup, found.end())
    if found is None:
        return _written_out(_ENTITY.sub(lambda entity: html.unescape(entity[0]), markup))
    reader = _Reader()
    target: Any = reader  # the type stubs ask for methods that lxml itself does not
    try:
        # A parser for each text: after an error lxml's parsers keep their target's state.
        parser = etree.HTMLParser(target=target, huge_tree=True, remove_comments=True)
        parser.feed(_LESS.sub(_escape_stray, markup))
        parser.close()
    except (etree.LxmlError, ValueError, AssertionError):
        reader = _Reader()
        reader.data(html.unescape(_TAG.sub(" ", markup)))
    return reader.result()


def _written_out(words: str) -> PlainText:
    text = normalize(words)
    return PlainText(text, tuple(dict.fromkeys(_bare_links(text))), text)


def _is_known(name: str) -> bool:
    # Office writes <o:p>, web components <x-card>: markup, whatever they mean.
    return name.lower() in _KNOWN or ":" in name or "-" in name


def _escape_stray(less: re.Match[str]) -> str:
    if less[2] or (less[1] and _is_known(less[1])):
        return less[0]
    return "&lt;" + less[0][1:]


def _without_comments(markup: str) -> str:
    first, *rest = markup.split("<!--")
    pieces = [first]
    for part in rest:
        _, closing, after = part.partition("-->")
        pieces.append(after if closing else "&lt;!--" + part)
    return "".join(pieces)


def _bare_links(text: str) -> list[str]:
    """Find addresses written out in text, without the punctuation and particles after them."""
    if "://" not in text and "www." not in text.lower():
        return []
    links = []
    for found in _URL.finditer(text):
        link = _trim(found[0])
        if len(link) > len("https://"):
            links.append(link)
    return links


def _trim(link: str) -> str:
    # Hangul right after a letter or digit is a particle (.../faq/a에서); after a slash or a hyphen
    # it belongs to a slug (/faq/환불-방법), unless all after the last slash is a particle.
    link = _LONE_PARTICLE.sub("", _PARTICLE.sub("", link))
    while True:
        shorter = link.rstrip(".,;:!?*~_")
        for opening, closing in ("()", "[]"):
            if shorter.endswith(closing) and shorter.count(closing) > shorter.count(opening):
                shorter = shorter[:-1]
        if shorter == link:
            return link
        link = shorter


class _Reader:
    """lxml's parser target: collects text and links while the tags go by; no tree is built."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._addresses: list[tuple[int, str]] = []  # behind which piece an address belongs
        self._anchor = (0, "")  # first piece and address of the anchor that is open
        self._loose: list[str] = []  # text since the last anchor: bare links are looked for here
        self._links: list[str] = []
        self._dropped = 0
        self._preformatted = 0
        self._in_anchor = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        elif tag == "a":
            self._flush()
            link = _href(attributes.get("href") or "")
            self._in_anchor = bool(link)
            self._anchor = (len(self._pieces), link)
            if link:
                self._links.append(link)
        elif tag in _BREAKING:
            self._add("\n- " if tag == "li" else "\n")
            if tag == "pre":
                self._preformatted += 1
        elif tag in ("td", "th"):
            self._add(" ")

    def end(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag == "a":
            self._in_anchor = False
            first, link = self._anchor
            shown = "".join(self._pieces[first:])
            if link and not link.startswith("/") and link not in shown:
                self._addresses.append((len(self._pieces), f" ({link})" if shown.strip() else link))
        elif tag in _BREAKING and tag != "br":
            self._add("\n")
            if tag == "pre":
                self._preformatted -= 1

    def data(self, text: str) -> None:
        if not self._dropped:
            self._add(text if self._preformatted else _SPACES.sub(" ", text))

    def close(self) -> None:
        self._flush()

    def result(self) -> PlainText:
        self._flush()
        text = _tidy("".join(self._pieces))
        spelled = text
        if self._addresses:
            for place, address in reversed(self._addresses):
                self._pieces.insert(place, address)
            spelled = _tidy("".join(self._pieces))
        return PlainText(text, tuple(dict.fromkeys(self._links)), spelled)

    def _add(self, text: str) -> None:
        self._pieces.append(text)
        if not self._in_anchor:
            self._loose.append(text)

    def _flush(self) -> None:
        self._links += _bare_links("".join(self._loose))
        self._loose.clear()


def _tidy(text: str) -> str:
    text = re.sub(r"\n{2,}", "\n", normalize(text))
    return re.sub(r"(?m)^- ?\n(?!- )", "- ", text)  # <li><p>


def _href(href: str) -> str:
    """Return an anchor's address if it leads to a page, else ''."""
    href = _SPACES.sub("", href) if "\n" in href or "\t" in href else href.strip()
    if href.startswith("//"):
        return "https:" + href
    if href.startswith("/") or href[:8].lower().startswith(("http://", "https://")):
        return href
    return ""
