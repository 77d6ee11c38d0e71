"""Asking addresses that somebody else wrote down, without harm: hosts of the public network alone.

An address may point into our own network, by its name or after a redirect. What is connected to is
checked, not what the name resolved to a moment before. The only file that makes such connections.
"""

import ipaddress
import socket
import time
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .errors import AddressError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL = ipaddress.ip_network("2000::/3")  # what of IPv6 is given out; else NAT64 alone leads out
_PAPER = ipaddress.ip_network("3fff::/20")  # for documentation; Python 3.11 does not know it yet
_PORTS: Final = (None, 80, 443)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network, and nothing of ours in disguise."""
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in _PAPER or not (found in _GLOBAL or found in _NAT64 or found.ipv4_mapped):
            return False
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside and not is_public(str(inside)):
            return False
    return found.is_global and not found.is_multicast


def host_of(url: str, *, private: bool = False) -> str:
    """The host of an address that may be asked.

    Args:
        url: the address.
        private: whether private networks, and ports that are not the web's, may be asked too.

    Raises:
        AddressError: it is no plain web address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressError(f"{url} is no address: {error}.") from error
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise AddressError(f"{url} is not fetched: only http and https addresses are.")
    if parts.username is not None:
        raise AddressError(f"{host} is not asked with a name and password in its address.")
    if not private and port not in _PORTS:
        raise AddressError(f"{url} is not fetched: port {port} is not the web's.")
    return host


def pools(*, private: bool = False, **options: Any) -> urllib3.PoolManager:
    """Connections that lead to public hosts alone, whatever a name or a redirect says.

    Args:
        private: whether addresses of private networks may be asked too: a desk's own shop.
        options: as for `urllib3.PoolManager`.
    """
    found = urllib3.PoolManager(**options)
    if not private:
        found.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return found


def read_within(answer: urllib3.BaseHTTPResponse, *, most: int, seconds: float) -> bytes:
    """The body of an answer, up to so many bytes; a time limit holds for each piece alone.

    Args:
        answer: whose body is not read yet.
        most: bytes.
        seconds: for all of it.

    Raises:
        HTTPError: it broke off, or took too long.
    """
    edge, found = time.monotonic() + seconds, bytearray()
    while len(found) < most and (piece := answer.read1(min(65_536, most - len(found)))):
        found += piece
        if time.monotonic() > edge:
            raise urllib3.exceptions.HTTPError("it took too long")
    return bytes(found)


def reason(error: BaseException) -> str:
    """The reason at the bottom of urllib3's chain, without addresses of objects."""
    while isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason:
        error = error.reason
    if isinstance(error, ValueError):
        return str(error)
    words = str(error).rsplit("): ", 1)[-1]
    return words.rstrip(".") or type(error).__name__


def _checked(sock: socket.socket, host: str) -> socket.socket:
    peer = sock.getpeername()[0]
    if not is_public(peer):
        sock.close()
        # None of the errors that urllib3 would try again after.
        raise AddressError(f"{host} is not asked: {peer} is no address of the public network.")
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
