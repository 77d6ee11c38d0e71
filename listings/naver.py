"""The Naver Shopping search API as it was documented, one page of results at a time.

Naver closed this API on 31 July 2026 without a successor. What answers as it did can be asked by
naming its address; of Naver's own host a clear word comes back.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from urllib3.util import Retry, Timeout

from support.errors import CollectError, InputError, QuotaError

from .categories import joined
from .collect_fetch import USER_AGENT
from .collect_quota import Quota
from .store import Collected

SOURCE: Final = "naver"
URL: Final = "https://openapi.naver.com/v1/search/shop.json"
PER_DAY: Final = 25_000  # calls, of all search APIs together
PER_SECOND: Final = 10.0
MAX_DISPLAY: Final = 100
MAX_START: Final = 1000
SORTS: Final = ("sim", "date", "asc", "dsc")
EXCLUDES: Final = ("used", "rental", "cbshop")
TRIES: Final = 5
_MAX_PAGE_BYTES: Final = 8 << 20
_UNKNOWN_MALL: Final = "네이버"  # stands where no shop is known
_AGAIN: Final = frozenset((408, 500, 502, 503, 504))
_KINDS: Final = ("new", "used", "discontinued", "upcoming")  # three product types each, from 1


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results."""

    total: int  # results there are, more than can be paged through
    items: list[Collected]
    broken: int  # items that name neither a title nor an id


class NaverShop:
    """Asks the API; counts every call, also those that are tried again."""

    def __init__(
        self, client_id: str, secret: str, quota: Quota, *, url: str = URL, backoff: float = 0.5
    ) -> None:
        """Set up.

        Args:
            client_id: of the application registered with the API.
            secret: its secret.
            quota: what may be asked.
            url: the address asked; https, or on this machine.
            backoff: seconds; doubled at each try after the second.

        Raises:
            InputError: the address would send the secret in the clear.
        """
        parts = urlsplit(url)
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise InputError(f"{url} must begin with https: the client's secret goes there.")
        self._url = url
        self._quota = quota
        self._backoff = backoff
        self._pool = urllib3.PoolManager(
            timeout=Timeout(connect=5, read=20),
            retries=False,
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "application/json",
                "X-Naver-Client-Id": client_id,
                "X-Naver-Client-Secret": secret,
            },
        )

    def page(
        self,
        query: str,
        *,
        start: int = 1,
        display: int = MAX_DISPLAY,
        sort: str = "sim",
        exclude: str = "",
    ) -> Page:
        """Ask for one page.

        Args:
            query: the words to search for.
            start: the first result, from 1 to 1000.
            display: results, from 1 to 100.
            sort: sim, date, asc or dsc.
            exclude: used, rental and cbshop, joined by colons.

        Raises:
            QuotaError: the day's calls are used up.
            CollectError: it refuses, or cannot be reached after several tries.
        """
        fields: dict[str, Any] = {"query": query, "start": start, "display": display, "sort": sort}
        if exclude:
            fields["exclude"] = exclude
        retry = Retry(total=TRIES - 1, backoff_factor=self._backoff, retry_after_max=120)
        while True:
            self._quota.take()
            response: urllib3.BaseHTTPResponse | None = None
            error: Exception | None = None
            try:
                response = self._pool.request(
                    "GET", self._url, fields=fields, redirect=False, preload_content=False
                )
                body = response.read(_MAX_PAGE_BYTES + 1, decode_content=True)
                if response.status == 200:
                    return _page(body)
                self._refuse(response.status, body)
            except (urllib3.exceptions.HTTPError, _BrokenAnswerError) as problem:
                error = problem
            finally:
                if response is not None:
                    response.close()
            try:
                retry = retry.increment("GET", self._url, response=response, error=error)
            except urllib3.exceptions.MaxRetryError as problem:
                raise CollectError(
                    f"{self._url} failed {TRIES} times: {_words(problem.reason)}. Run the same "
                    f"command again later: it goes on where it stopped."
                ) from problem
            retry.sleep(response)

    def _refuse(self, status: int, body: bytes) -> None:
        """Raise what cannot be cured by asking again; return for what can."""
        code, message = _error(body)
        if status == 429:
            # 010 is the day's limit, 012 the second's.
            if code == "010":
                self._quota.used_up()
                raise QuotaError(
                    f"The API says that today's calls are used up ({message}). Run the same "
                    f"command again after midnight in Seoul: it goes on where it stopped."
                )
            return
        if status in _AGAIN:
            return
        said = f"{status} {code} {message}".strip()
        if status == 401:
            cure = "Check FAQDESK_NAVER_CLIENT_ID and FAQDESK_NAVER_CLIENT_SECRET."
        elif status == 403:
            cure = "Add the search API to the application, and ask by https."
        elif status in (404, 410):
            cure = (
                "Naver closed its shopping search on 31 July 2026. Name an address that answers as "
                "it did with FAQDESK_NAVER_URL, or collect files: faqdesk collect files"
            )
        elif status == 400:
            cure = "It did not understand the search."
        else:
            cure = "Look at what the address leads to."
        raise CollectError(f"{self._url} refuses: {said}. {cure}")


class _BrokenAnswerError(Exception):
    """An answer that says it is fine, and is not."""


def credentials(environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The client's id and secret, from the environment.

    Raises:
        InputError: one of them is not set.
    """
    names = ("FAQDESK_NAVER_CLIENT_ID", "FAQDESK_NAVER_CLIENT_SECRET")
    values = [environ.get(name, "").strip() for name in names]
    if not all(values):
        missing = " and ".join(name for name, value in zip(names, values, strict=True) if not value)
        raise InputError(f"{missing} must be set to the application's key.")
    return values[0], values[1]


def _page(body: bytes) -> Page:
    if len(body) > _MAX_PAGE_BYTES:
        raise _BrokenAnswerError(f"an answer of more than {_MAX_PAGE_BYTES:,} bytes")
    try:
        data = json.loads(body)
        total, items = int(data["total"]), list(data["items"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _BrokenAnswerError(f"an answer that is no page of results ({error})") from error
    found = [_item(item) for item in items if isinstance(item, dict)]
    usable = [item for item in found if item is not None]
    return Page(total, usable, len(items) - len(usable))


def _item(data: dict[str, Any]) -> Collected | None:
    def text(name: str) -> str:
        value = data.get(name)
        return "" if value is None else str(value).strip()

    if not text("title") or not text("productId"):
        return None
    mall, image, price = text("mallName"), text("image"), text("lprice")
    kind = int(text("productType")) - 1 if text("productType").isdecimal() else -1
    return Collected(
        source=SOURCE,
        external_id=text("productId"),
        title=text("title"),
        price_text="" if price == "0" else price,
        currency="KRW",
        seller="" if mall == _UNKNOWN_MALL else mall,
        category=joined(text(f"category{level}") for level in (1, 2, 3, 4)),
        brand=text("brand") or text("maker"),
        kind=_KINDS[kind // 3] if 0 <= kind < 3 * len(_KINDS) else "",
        url=text("link"),
        pictures=(image,) if image else (),
    )


def _error(body: bytes) -> tuple[str, str]:
    """The code and the words of a refusal; the gateway nests them, the search does not."""
    try:
        data = json.loads(body)
        data = data.get("error", data)
        code, message = data.get("errorCode", ""), data.get("errorMessage", data.get("message", ""))
        return str(code)[:20], " ".join(str(message).split())[:200]
    except (ValueError, AttributeError, RecursionError):
        return "", ""


def _words(reason: BaseException | None) -> str:
    words = " ".join(str(reason).rsplit("): ", 1)[-1].split()) or type(reason).__name__
    return words.rstrip(".")
