"""Asking addresses that somebody else wrote down, without harm: hosts of the public network alone.

An address may point into our own network, by its name or after a redirect. A name is resolved once,
every address that it has is checked, and one of those is connected to; so at each redirect. The
only file that makes such connections.
"""

import ipaddress
import socket
import threading
import time
from contextlib import suppress
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError

from .errors import AddressError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL = ipaddress.ip_network("2000::/3")  # what of IPv6 is given out; else NAT64 alone leads out
_PAPER = ipaddress.ip_network("3fff::/20")  # for documentation; Python 3.11 does not know it yet
_PORTS: Final = (None, 80, 443)
_TRIED: Final = 4  # addresses of a name, one after the other
HEAD_SECONDS: Final = 30.0  # to connect, ask and hear the head of an answer; however it trickles


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


def is_askable(address: str, *, private: bool) -> bool:
    """Whether an IP address may be connected to.

    Args:
        address: the address.
        private: whether our own networks may be asked; what a machine says to its link alone (the
            services of a cloud that tell its secrets) stays out even so.
    """
    if not private:
        return is_public(address)
    found = ipaddress.ip_address(address.split("%")[0])
    inside = getattr(found, "ipv4_mapped", None) or found
    return not (inside.is_link_local or inside.is_multicast or inside.is_unspecified)


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

    Asking raises AddressError beside urllib3's own errors.

    Args:
        private: whether addresses of private networks may be asked too: a desk's own shop.
        options: as for `urllib3.PoolManager`.
    """
    found = _Manager(**options)
    found.private = private
    found.pool_classes_by_scheme = _POOLS[private]
    return found


def read_within(answer: urllib3.BaseHTTPResponse, *, most: int, seconds: float) -> bytes:
    """The body of an answer, up to so many bytes; a time limit holds for each piece alone.

    We ask for it as it is: what comes packed all the same is not unpacked, however small it is.

    Args:
        answer: whose body is not read yet.
        most: bytes.
        seconds: for all of it.

    Raises:
        HTTPError: it broke off, or took too long.
    """
    edge, found = time.monotonic() + seconds, bytearray()
    while len(found) < most and (
        piece := answer.read1(min(65_536, most - len(found)), decode_content=False)
    ):
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


class _Manager(urllib3.PoolManager):
    private = False

    def urlopen(self, method: str, url: str, *args: Any, **kw: Any) -> Any:
        host_of(url, private=self.private)  # a redirect comes here too
        return super().urlopen(method, url, *args, **kw)


class _Connection(HTTPConnection):
    private: ClassVar[bool] = False
    _line: socket.socket | None = None
    late = False

    def _new_conn(self) -> socket.socket:
        # None of these errors is one that urllib3 would try again after.
        if not self.private and self.port not in _PORTS:
            raise AddressError(f"{self.host} is not asked: port {self.port} is not the web's.")
        name, failed = self._dns_host, None
        for address in self._addresses():
            self._dns_host = address  # what is connected to; certificates are still of the name
            try:
                sock = super()._new_conn()
            except (NewConnectionError, ConnectTimeoutError) as error:
                failed = error
                continue
            finally:
                self._dns_host = name
            self._line = sock.dup()
            return sock
        raise failed or NewConnectionError(self, f"{self.host} has no address.")

    def _addresses(self) -> list[str]:
        """What the name resolves to, once; all of it may be asked."""
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NewConnectionError(self, f"{self.host} cannot be resolved: {error}") from error
        addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
        for address in addresses:
            if not is_askable(address, private=self.private):
                raise AddressError(
                    f"{self.host} is not asked: {address} is no address of the public network."
                )
        return addresses[:_TRIED]

    def cut(self) -> None:
        """End what is under way, from another thread; whoever waits for it hears an error."""
        self.late = True
        if self._line:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._line:
            self._line.close()
            self._line = None
        super().close()


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _OwnConnection(_Connection):
    private = True


class _OwnSecureConnection(_SecureConnection):
    private = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection

    def _make_request(self, conn: Any, *args: Any, **kw: Any) -> Any:
        # Each byte of a head may come just before the time for one is over.
        alarm = threading.Timer(HEAD_SECONDS, conn.cut)
        alarm.daemon = True
        alarm.start()
        try:
            answer = super()._make_request(conn, *args, **kw)
        finally:
            alarm.cancel()
        if conn.late:  # a head that was cut may pass for a short one
            answer.close()
            conn.close()
            raise ProtocolError("the head of the answer took too long")
        return answer


class _SecurePool(_Pool, HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _OwnPool(_Pool):
    ConnectionCls = _OwnConnection


class _OwnSecurePool(_SecurePool):
    ConnectionCls = _OwnSecureConnection


_POOLS: Final[dict[bool, dict[str, type[HTTPConnectionPool]]]] = {
    False: {"http": _Pool, "https": _SecurePool},
    True: {"http": _OwnPool, "https": _OwnSecurePool},
}
