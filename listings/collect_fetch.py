"""Pictures by address, fetched without harm: from public hosts alone, small, slow, few at a time.

An address in a stranger's table may point into our own network: none is fetched unless whoever
collects says so, and `support.public_net` guards it.
"""

import time
from typing import Final

import urllib3
from urllib3.util import Retry, Timeout

from support.errors import AddressError, PictureError
from support.picture_decoder import MAX_BYTES
from support.public_net import host_of, is_public, pools, read_within, reason

__all__ = ["PictureFetcher", "is_public"]

USER_AGENT: Final = "faqdesk (a support desk's listing collector)"
DELAY: Final = 0.1  # seconds between two requests to one host
SECONDS: Final = 60.0  # for one picture, all told
TIMEOUT: Final = Timeout(connect=5, read=15)
RETRIES: Final = Retry(
    total=3,
    redirect=3,
    status_forcelist=(429, 500, 502, 503, 504),
    backoff_factor=0.5,
    retry_after_max=30,
    raise_on_status=False,
)


class PictureFetcher:
    """Fetches pictures one after the other."""

    def __init__(self, *, private: bool = False, delay: float = DELAY) -> None:
        """Set up.

        Args:
            private: whether addresses of private networks may be asked too: a desk's own shop.
            delay: seconds between two requests to one host.
        """
        self._private = private
        self._delay = delay
        self._asked: dict[str, float] = {}
        self._pools = pools(
            private=private,
            num_pools=16,
            retries=RETRIES,
            timeout=TIMEOUT,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    def fetch(self, url: str) -> bytes:
        """Fetch a picture's bytes; whether they are one, decoding tells.

        Raises:
            PictureError: the address is not http or https, leads into a private network, or does
                not answer with something small enough in time.
        """
        host = self._refuse(url)
        wait = self._asked.get(host, 0.0) + self._delay - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            return self._read(url)
        except AddressError as error:
            raise PictureError(str(error)) from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise PictureError(f"Cannot fetch {url}: {reason(error)}.") from error
        finally:
            self._asked[host] = time.monotonic()

    def _refuse(self, url: str) -> str:
        """Refuse what need not be connected to for that; returns the host."""
        try:
            return host_of(url, private=self._private)
        except AddressError as error:
            raise PictureError(str(error)) from error

    def _read(self, url: str) -> bytes:
        response = self._pools.request("GET", url, preload_content=False)
        try:
            if response.status != 200:
                raise ValueError(f"it answers {response.status}")
            said = response.headers.get("Content-Length", "")
            if said.isdecimal() and int(said) > MAX_BYTES:
                raise ValueError(f"it has {int(said):,} bytes, more than {MAX_BYTES:,}")
            data = read_within(response, most=MAX_BYTES + 1, seconds=SECONDS)
            if len(data) > MAX_BYTES:
                raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
            return data
        finally:
            response.close()
