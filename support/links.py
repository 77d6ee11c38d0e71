"""FAQ links to labels: which FAQ does an address in an answer mean?

A desk says what its help centre's addresses look like; everything that varies without changing the
page (scheme, mobile host, locale, tracking, fragment, encoding, redirects, old and translated
slugs) is folded away. Reads addresses only, never fetches them.
"""

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from .errors import SettingError

_LOCALE: Final = r"[A-Za-z]{2,3}(?:[\-_][A-Za-z0-9]{2,8}){0,2}"
_MAX_LENGTH: Final = 4_000  # no browser's address bar takes more from a person
# Parameters in which redirectors carry the address they lead to.
_WRAPPED: Final = """
    url q u to target dest destination redirect redirect_url redirect_uri link href next
    continue goto
"""
_WRAPPED_NAMES = frozenset(_WRAPPED.split())
_MARKUP = re.compile(r"[<>|\"].*", re.DOTALL)
_WRAPPED_PATH = re.compile(r"/(https?(?::|%3A)(?:/|%2F){1,2}.+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class LinkPattern:
    r"""What the addresses of one help centre look like.

    Attributes:
        hosts: every host that serves it, mobile ones and old names too; "www." is optional.
        path: a template with `{slug}` and perhaps `{locale}` (which an address may leave out), such
            as `/{locale}/faq/{slug}`; the slug may be a parameter, as in `/faq/view?id={slug}`.
        slug_regex: what the decoded slug must look like; its first group, if any, is the slug:
            `(\d+)(?:-.*)?` reads Zendesk's number from `360012345-refunds`.
        relative: whether addresses without a host (`/ko/faq/refund`) are this help centre's.
    """

    hosts: tuple[str, ...]
    path: str
    slug_regex: str = ".+"
    relative: bool = False

    def __post_init__(self) -> None:
        if self.path.count("{slug}") != 1 or not self.path.startswith("/"):
            raise SettingError(
                f"A link path begins with / and holds {{slug}} once, got {self.path!r}."
            )
        try:
            re.compile(self.slug_regex)
        except re.error as error:
            raise SettingError(f"slug_regex {self.slug_regex!r} is not valid: {error}.") from error

    def address(self, slug: str) -> str:
        """The plain address of a page: first host, no locale, nothing that tracks."""
        path = self.path.replace("/{locale}", "").replace("{slug}", quote(slug, safe=""))
        return f"https://{self.hosts[0]}{path}"


class _Matcher:
    """One pattern, compiled."""

    def __init__(self, pattern: LinkPattern) -> None:
        path, _, query = pattern.path.partition("?")
        self.hosts = frozenset(map(_host, pattern.hosts))
        self.relative = pattern.relative
        self.parameter = query.partition("=")[0] if "{slug}" in query else ""
        regex = ""
        for segment in path.strip("/").split("/"):
            if segment == "{locale}":
                regex += f"(?:/(?P<locale>{_LOCALE}))?"
            else:
                literal = re.escape(segment).replace(re.escape("{slug}"), "(?P<slug>[^/]+)")
                regex += "/" + literal
        self.path = re.compile(regex + r"(?:/|\Z)", re.IGNORECASE)
        self.slug = re.compile(pattern.slug_regex, re.IGNORECASE | re.DOTALL)

    def read(self, path: str, query: str, known: Container[str]) -> tuple[str, str] | None:
        """Return locale and slug, both decoded, None if the path is another page's."""
        found = self.path.match(path)
        if found is None:
            return None
        groups = found.groupdict()
        encoded = groups.get("slug") or ""
        if self.parameter:
            encoded = dict(reversed(parse_qsl(query))).get(self.parameter, "")
        decoded = _decode(encoded)
        if decoded.casefold() not in known:
            decoded = _strip_tail(decoded)
        slug = self.slug.fullmatch(decoded)
        if slug is None:
            return None
        return groups.get("locale") or "", (slug[1] or "") if slug.re.groups else slug[0]


class LinkReader:
    """Reads the slugs of one desk's FAQs from addresses."""

    def __init__(
        self, patterns: Iterable[LinkPattern], aliases: Mapping[str, str] | None = None
    ) -> None:
        """Compile patterns and aliases.

        Args:
            patterns: the help centre's addresses; the first that fits decides.
            aliases: other slugs to the one in use: renamed, merged or translated. A key may be
                `locale/slug` where a translated slug means another page elsewhere. Letter case in
                keys says nothing. To fold the case of current slugs, name each as its own alias.
        """
        self._patterns = tuple(patterns)
        self._matchers = [_Matcher(pattern) for pattern in self._patterns]
        self._aliases = {_decode(key).casefold(): value for key, value in (aliases or {}).items()}

    def slug(self, url: str) -> str | None:
        """Return the canonical slug an address stands for, None if it is not an FAQ's."""
        url = url.strip()[:_MAX_LENGTH]
        direct = self._read(url)
        if direct is not None:
            return direct
        wrapped = _unwrap(url)
        return self._read(wrapped) if wrapped else None

    def canonical(self, slug: str) -> str:
        """The slug in use that another stands for; itself where it is no alias."""
        return self._canonical("", slug)

    def address(self, slug: str, link: str) -> str:
        """Where a page is, as one of its links shows it, without what that link carried along."""
        parts = urlsplit(link)
        host, path = parts.hostname or "", parts.path.rstrip("/")
        known = {_host(host) for pattern in self._patterns for host in pattern.hosts}
        # A link by an alias or through a redirector is not where the page is.
        if _host(host) in known and _decode(path).endswith("/" + slug):
            return f"https://{host}{path}"
        return self._patterns[0].address(slug)

    def slugs(self, links: Iterable[str]) -> tuple[str, ...]:
        """Return the distinct slugs of many addresses, in order of appearance."""
        found = (self.slug(link) for link in links)
        return tuple(dict.fromkeys(slug for slug in found if slug is not None))

    def _read(self, url: str) -> str | None:
        relative = url.startswith("/") and not url.startswith("//")
        if not relative and "://" not in url[:12]:
            url = "https://" + url.lstrip("/")
        try:
            parts = urlsplit(url)
            host = _host(parts.hostname or "")
        except ValueError:  # a bracket in the host, say
            return None
        if not relative and parts.scheme not in ("http", "https"):
            return None
        path = re.sub("/{2,}", "/", parts.path)
        for matcher in self._matchers:
            if (matcher.relative if relative else host in matcher.hosts) and (
                found := matcher.read(path, parts.query, self._aliases)
            ):
                return self._canonical(*found)
        return None

    def _canonical(self, locale: str, slug: str) -> str:
        """Follow the aliases to their end; all slugs of a loop come out as its smallest."""
        seen: list[str] = []
        while slug not in seen:
            seen.append(slug)
            key = slug.casefold()
            slug = self._aliases.get(f"{locale}/{key}".casefold()) or self._aliases.get(key, slug)
        return min(seen[seen.index(slug) :])


def _host(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")


def _decode(encoded: str) -> str:
    """Undo percent-encoding, even where it was applied twice or three times."""
    for _ in range(3):
        decoded = unquote(encoded, errors="replace")
        if decoded == encoded:
            break
        encoded = decoded
    return unicodedata.normalize("NFC", encoded).strip()


def _strip_tail(slug: str) -> str:
    """Drop the punctuation of the sentence that a careless linkifier took for part of a link."""
    slug = _MARKUP.sub("", slug).rstrip(".,;:!?'*\xa0 ")
    return slug.rstrip(")]'.,") if "(" not in slug and "[" not in slug else slug


def _unwrap(url: str) -> str | None:
    """Return the address a redirector's address leads to, one level deep."""
    try:
        parts = urlsplit(url)
        for name, value in parse_qsl(parts.query, max_num_fields=100):
            if name.lower() in _WRAPPED_NAMES:
                target = value if "://" in value[:12] else unquote(value)
                if target.lower().startswith(("http://", "https://")):
                    return target
    except ValueError:
        return None
    # https://outgoing.example.com/v1/0123abcd/https%3A//help.example.com/ko/faq/refund
    inner = _WRAPPED_PATH.search(parts.path)
    return unquote(inner[1]) if inner and "%3a" in inner[1][:10].lower() else None
