"""Pictures by address, fetched without harm: to public hosts alone, small, slow, and few at a time.

An address in a stranger's table may point into our own network. What is connected to is checked,
not what the name resolved to a moment before.
"""

import ipaddress
import socket
import time
from typing import Final
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Retry, Timeout

from support.errors import PictureError

from .pictures import MAX_BYTES

USER_AGENT: Final = "faqdesk (a support desk's listing collector)"
DELAY: Final = 0.1  # seconds between two requests to one host
SECONDS: Final = 60.0  # for one picture, all told
REDIRECTS: Final = 3
_CHUNK: Final = 64 << 10
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network, and nothing of ours in disguise."""
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside and not is_public(str(inside)):
            return False
    return found.is_global and not found.is_multicast


def _checked(sock: socket.socket, host: str) -> socket.socket:
    peer = sock.getpeername()[0]
    if not is_public(peer):
        sock.close()
        # None of the errors that urllib3 would try again after.
        raise PictureError(f"{host} is not asked: {peer} is no address of the public network.")
    return sock


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self.host)


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self.host)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


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
        retries = Retry(
            total=3,
            redirect=REDIRECTS,
            status_forcelist=(429, 500, 502, 503, 504),
            backoff_factor=0.5,
            retry_after_max=30,
            raise_on_status=False,
        )
        self._pools = urllib3.PoolManager(
            num_pools=16,
            retries=retries,
            timeout=Timeout(connect=5, read=15),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )
        if not private:
            self._pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

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
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise PictureError(f"Cannot fetch {url}: {_reason(error)}.") from error
        finally:
            self._asked[host] = time.monotonic()

    def _refuse(self, url: str) -> str:
        """Refuse what need not be connected to for that; returns the host."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise PictureError(f"{url} is no address: {error}.") from error
        if parts.scheme.lower() not in ("http", "https") or not host:
            raise PictureError(f"{url} is not fetched: only http and https addresses are.")
        if parts.username is not None:
            raise PictureError(f"{host} is not asked with a name and password in its address.")
        if not self._private and port not in (None, 80, 443):
            raise PictureError(f"{url} is not fetched: port {port} is not the web's.")
        return host

    def _read(self, url: str) -> bytes:
        deadline = time.monotonic() + SECONDS
        response = self._pools.request("GET", url, preload_content=False)
        try:
            if response.status != 200:
                raise ValueError(f"it answers {response.status}")
            said = response.headers.get("Content-Length", "")
            if said.isdecimal() and int(said) > MAX_BYTES:
                raise ValueError(f"it has {int(said):,} bytes, more than {MAX_BYTES:,}")
            data = bytearray()
            while chunk := response.read(_CHUNK, decode_content=False):
                data += chunk
                if len(data) > MAX_BYTES:
                    raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
                if time.monotonic() > deadline:
                    raise ValueError(f"it takes longer than {SECONDS:.0f} seconds")
            return bytes(data)
        finally:
            response.close()


def _reason(error: BaseException) -> str:
    """The reason at the bottom of urllib3's chain, without addresses of objects."""
    while isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason:
        error = error.reason
    if isinstance(error, ValueError):
        return str(error)
    words = str(error).rsplit("): ", 1)[-1]
    return words.rstrip(".") or type(error).__name__
